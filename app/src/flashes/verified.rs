use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{FlashKind, Payload, PayloadError, Worth};

/// Whether the last verification link of this browser was valid. It stays for ten minutes, so that the result can be
/// reloaded.
pub(crate) const VERIFIED: FlashKind<Verified> =
    FlashKind::new("ironleaf-verified", Duration::from_mins(10)).worth(Worth::Errand);

/// Whether the last link of this browser that takes an address back was valid, likewise.
pub(crate) const RESTORED: FlashKind<Verified> =
    FlashKind::new("ironleaf-restored", Duration::from_mins(10)).worth(Worth::Errand);

/// The result of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verified(pub(crate) bool);

impl Payload for Verified {
    fn encode(&self, out: &mut Encoder) {
        out.varint(u64::from(self.0));
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self(input.varint()? == 1))
    }
}
