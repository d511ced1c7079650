use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{FlashKind, Payload, PayloadError};

use crate::validation::FieldProblem;

/// What is weak about the password that was just set. Cleared by the page that shows it.
pub(crate) const PASSWORD_HINT: FlashKind<PasswordHint> =
    FlashKind::new("ironleaf-hint", Duration::from_mins(1));

/// A hint for the person: their new password is in force, but this is wrong with it. It says nothing else about the
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PasswordHint(pub(crate) FieldProblem);

impl Payload for PasswordHint {
    fn encode(&self, out: &mut Encoder) {
        out.varint(self.0.number());
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let problem = FieldProblem::from_number(input.varint()?);
        problem.map(Self).ok_or(PayloadError::Invalid("unknown problem"))
    }
}
