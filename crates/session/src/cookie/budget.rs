//! Whether a session fits the part of the `Cookie` header that it may use.

use super::chunks::{self, Pair, Seat};
use crate::{SessionTooLarge, context::Context, sealer::sealed_length};

/// Whether a session with this length on arrival fits without a closer look. Today's code never appends so much that
/// the length doubles.
pub(crate) fn is_far_from_the_budget(context: &Context, plaintext_bytes: usize) -> bool {
    2 * sealed_length(plaintext_bytes) <= context.settings.header_budget_bytes
}

/// Whether a session with this many bytes of plaintext fits the header budget.
pub(crate) fn fits(context: &Context, seat: Seat, plaintext_bytes: usize) -> Result<(), SessionTooLarge> {
    // Only lengths count, so there is no need to seal.
    pairs(context, seat, "x".repeat(sealed_length(plaintext_bytes))).map(drop)
}

/// The sealed value as cookies, if they stay within the budget.
pub(crate) fn pairs(context: &Context, seat: Seat, sealed: String) -> Result<Vec<Pair>, SessionTooLarge> {
    let budget_bytes = context.settings.header_budget_bytes;
    // Uses the longest possible Max-Age, so that the size does not depend on the time.
    let longest = Some(context.settings.absolute_timeout);
    let attributes = super::set_cookie("", "", context.settings.secure, longest);
    let sealed_bytes = sealed.len();
    let pairs = chunks::split(&context.cookie_name, sealed, seat, attributes.len(), &context.random);
    let needed_bytes = pairs.as_ref().map_or(sealed_bytes, |pairs| chunks::header_bytes(pairs));
    match pairs {
        Some(pairs) if needed_bytes <= budget_bytes => Ok(pairs),
        _ => Err(SessionTooLarge { needed_bytes, budget_bytes }),
    }
}
