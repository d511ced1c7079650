//! Where a person wanted to go before they asked for an e-mail.

use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{FlashKind, Payload, PayloadError, ReturnTo, Worth};

/// Set when the e-mail is requested, and cleared by the sign-in that follows. The e-mail itself does not contain it, so
/// opening its link in another browser leads home.
pub(crate) const PLACE: FlashKind<Place> =
    FlashKind::new("ironleaf-place", Duration::from_hours(24)).worth(Worth::Place);

/// It shares the space for cookies with the session.
const MAX_BYTES: usize = 512;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place(pub(crate) ReturnTo);

impl Place {
    /// `None` if it is too long to keep.
    pub(crate) fn kept(place: ReturnTo) -> Option<Self> {
        (place.as_str().len() <= MAX_BYTES).then_some(Self(place))
    }
}

impl Payload for Place {
    fn encode(&self, out: &mut Encoder) {
        out.str(self.0.as_str());
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        ReturnTo::parse(input.str()?).map(Self).ok_or(PayloadError::Invalid("no place on this origin"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_arrives_as_it_left_and_a_long_one_is_not_kept() {
        let place = Place::kept(ReturnTo::parse("/account?tab=100%").unwrap()).unwrap();
        let mut out = Encoder::new();
        place.encode(&mut out);
        let bytes = out.finish();
        assert_eq!(Place::decode(1, &mut Decoder::new(&bytes)).unwrap(), place);
        assert_eq!(Place::kept(ReturnTo::parse(&format!("/{}", "a".repeat(MAX_BYTES))).unwrap()), None);
    }
}
