use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{FlashKind, Payload, PayloadError, Worth};

/// Set by the request that opened a link, for the page that follows it. Only that page continues without a click. A
/// later visit, or another person, has to press the button.
pub(crate) const OPENED: FlashKind<Opened> =
    FlashKind::new("ironleaf-opened", Duration::from_mins(1)).worth(Worth::Step);

/// A link was opened a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opened;

impl Payload for Opened {
    fn encode(&self, _: &mut Encoder) {}

    fn decode(_: u32, _: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self)
    }
}
