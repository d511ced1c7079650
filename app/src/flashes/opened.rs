use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{FlashKind, Payload, PayloadError, Worth};

/// Left by the request that brought a link, for the page that follows it: only that one goes on by itself. Whoever comes
/// back later, or is somebody else, presses the button.
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
