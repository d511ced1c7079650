//! The sender of an e-mail.

use std::{fmt, str::FromStr};

use lettre::message::Mailbox;

/// An address, optionally with a name: `no-reply@example.com`, `Ironleaf <no-reply@example.com>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// The text is not a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be an address, optionally with a name, such as Ironleaf <no-reply@example.com>")]
pub struct SenderError;

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Sender {
    type Err = SenderError;

    fn from_str(text: &str) -> Result<Self, SenderError> {
        if text.chars().any(char::is_control) {
            return Err(SenderError);
        }
        text.parse().map(Self).map_err(|_| SenderError)
    }
}

impl Sender {
    /// With its own name, or else with this one.
    pub(super) fn named(&self, name: &str) -> Mailbox {
        let name = self.0.name.clone().unwrap_or_else(|| name.to_owned());
        Mailbox::new(Some(name), self.0.email.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(text: &str) -> Result<(Option<String>, String), SenderError> {
        text.parse().map(|Sender(Mailbox { name, email })| (name, email.to_string()))
    }

    #[test]
    fn an_address_has_a_name_or_none() {
        let address = "no-reply@example.com".to_owned();
        assert_eq!(sender("no-reply@example.com"), Ok((None, address.clone())));
        assert_eq!(sender("<no-reply@example.com>"), Ok((None, address.clone())));
        for text in ["Tree & Leaf <no-reply@example.com>", "\"Tree & Leaf\" <no-reply@example.com>"] {
            assert_eq!(sender(text), Ok((Some("Tree & Leaf".to_owned()), address.clone())), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in
            ["", "Ironleaf", "no-reply@", "a@example.com, b@example.com", "A\r\nBcc: x <a@example.com>"]
        {
            assert_eq!(sender(text), Err(SenderError), "{text}");
        }
    }
}
