use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{FlashKind, Payload, PayloadError, Worth};

/// Set by a sign-out and by a sign-in at the provider that failed, and cleared by a sign-in. As long as it is there, the
/// sign-in page shows its button and does not lead on by itself: at most providers the person would come back at once,
/// signed in again, or with the same failure.
pub(crate) const BUTTON_FIRST: FlashKind<ButtonFirst> =
    FlashKind::new("ironleaf-button-first", Duration::from_mins(10)).worth(Worth::Step);

/// The person decides when they leave for the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ButtonFirst;

impl Payload for ButtonFirst {
    fn encode(&self, _: &mut Encoder) {}

    fn decode(_: u32, _: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self)
    }
}
