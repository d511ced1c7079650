//! What a call has done.

use super::authorization::CodeId;
use super::ids::FamilyId;

/// The effect of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    /// Nothing that could be noticed later.
    None,
    SignedIn(FamilyId),
    /// The family's token was consumed. This is the family's new generation.
    Rotated(FamilyId, u32),
    /// The last answer was given again.
    Repeated(FamilyId, u32),
    /// A token of a family that is over, or an unknown one.
    Refused,
    /// A token was used as a thief would use it. It ended its family, or all families of the person.
    CaughtReuse(FamilyId),
    /// A code was presented again, which ended the family of the first time.
    CodeAgain(FamilyId, CodeId),
}
