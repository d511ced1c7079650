//! What the checker looks at beside its own notes.

use std::time::Duration;

use crate::core_api::{CoreApi, FamilyId, PersonId};
use crate::trace::Trace;

/// A moment of the simulated world.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) now: Duration,
    /// By the core API's clock, which its families use.
    pub(crate) core_now: Duration,
    pub(crate) core: &'a CoreApi,
    pub(crate) trace: &'a Trace,
}

impl Scene<'_> {
    pub(super) fn person_of(&self, family: FamilyId) -> PersonId {
        self.core.look(family, |family| family.person).unwrap_or(PersonId(0))
    }
}
