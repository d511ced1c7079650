use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::request::Parts;
use ironleaf_auth::EmailAddress;
use ironleaf_session::{Decoder, Encoder, Flash, FlashKind, Payload, PayloadError, Worth};

use crate::address_hash::{HASH_BYTES, address_hash};
use crate::use_case::UseCase;
use crate::{Bff, Remember, SignInLink, VerificationLink};

/// How long a person may take to read an e-mail. After that, the person has to press the button.
const LIFE: Duration = Duration::from_hours(24);

/// The number of addresses that one browser remembers, latest first.
const MAX_ADDRESSES: usize = 3;

/// The e-mails that this browser has asked for.
///
/// # Security
///
/// It is sealed, so neither another site nor the sender of a link can forge it. A page may use a link without a click
/// only if its own browser has asked for that link: mail scanners run scripts, and any site can send a browser to a
/// link of its choice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestedMail {
    /// The addresses.
    to_sign_in: Vec<Asked>,
    to_verify_until: u64,
}

/// An address that a link was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    name: [u8; HASH_BYTES],
    /// The Unix time in seconds until which it counts.
    until: u64,
    /// What the person has said about being remembered.
    remember: Remember,
}

pub(crate) const REQUESTED_MAIL: FlashKind<RequestedMail> =
    FlashKind::new("ironleaf-asked", LIFE).worth(Worth::Step);

/// Notes that this browser has asked for a link that signs in with this address.
pub(crate) fn note_sign_in(use_case: &UseCase, email: &EmailAddress, remember: Option<Remember>) {
    note(use_case, |asked, until| {
        let name = name(email);
        asked.to_sign_in.retain(|known| known.name != name);
        asked.to_sign_in.insert(0, Asked { name, until, remember: remember.unwrap_or_default() });
        asked.to_sign_in.truncate(MAX_ADDRESSES);
    });
}

/// Notes that this browser has asked for a link that verifies an address.
pub(crate) fn note_verification(use_case: &UseCase) {
    note(use_case, |asked, until| asked.to_verify_until = until);
}

/// Forgets everything when the person leaves this browser to others.
pub(crate) fn forget(flash: Option<&Flash>) {
    if let Some(flash) = flash {
        flash.clear(&REQUESTED_MAIL);
    }
}

fn note(use_case: &UseCase, change: impl FnOnce(&mut RequestedMail, u64)) {
    let Some(flash) = &use_case.flash else { return };
    let mut asked = flash.peek(&REQUESTED_MAIL).unwrap_or_default();
    change(&mut asked, unix_secs(use_case.bff.now() + LIFE));
    flash.set(&REQUESTED_MAIL, &asked);
}

/// The e-mails that were asked for, and the current Unix time.
fn asked(parts: &Parts) -> Option<(RequestedMail, u64)> {
    let now = parts.extensions.get::<Bff>()?.now();
    Some((parts.extensions.get::<Flash>()?.peek(&REQUESTED_MAIL)?, unix_secs(now)))
}

fn unix_secs(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl SignInLink {
    /// Whether the browser of this request has asked for such an e-mail to the address of the link within a day. Only
    /// then may a page use the link without a click.
    pub fn was_asked_for_by(&self, parts: &Parts) -> bool {
        self.asked_for_by(parts).is_some()
    }

    /// What the person has said about being remembered when they asked for such an e-mail in this browser. Whoever has
    /// not is remembered.
    pub fn remembered_by(&self, parts: &Parts) -> Remember {
        self.asked_for_by(parts).unwrap_or_default()
    }

    fn asked_for_by(&self, parts: &Parts) -> Option<Remember> {
        let name = name(self.email());
        let (asked, now) = asked(parts)?;
        let asked = asked.to_sign_in.iter().find(|known| known.name == name && now < known.until)?;
        Some(asked.remember)
    }
}

impl VerificationLink {
    /// Whether the browser of this request has asked for an e-mail that verifies an address within a day. A
    /// registration or a change counts as well. Only then may a page use the link without a click.
    pub fn was_asked_for_by(parts: &Parts) -> bool {
        asked(parts).is_some_and(|(asked, now)| now < asked.to_verify_until)
    }
}

fn name(email: &EmailAddress) -> [u8; HASH_BYTES] {
    address_hash("ironleaf/v1/asked\0", email.as_str())
}

impl Payload for RequestedMail {
    fn encode(&self, out: &mut Encoder) {
        out.varint(self.to_verify_until);
        out.varint(self.to_sign_in.len() as u64);
        for Asked { name, until, .. } in &self.to_sign_in {
            out.raw(name);
            out.varint(*until);
        }
        for Asked { remember, .. } in &self.to_sign_in {
            out.bool(remember.ends_with_browser());
        }
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let to_verify_until = input.varint()?;
        let addresses = 0..input.varint()?;
        let asked = addresses.map(|_| {
            Ok(Asked { name: input.array()?, until: input.varint()?, remember: Remember::default() })
        });
        let mut to_sign_in = asked.collect::<Result<Vec<_>, PayloadError>>()?;
        // Appended later, after all addresses.
        if !input.is_empty() {
            for asked in &mut to_sign_in {
                asked.remember = Remember::decode(input)?;
            }
        }
        // A newer process may have appended something that is of no use here.
        input.rest();
        Ok(Self { to_sign_in, to_verify_until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_comes_back_and_an_older_cookie_remembers() {
        let asked = |first: u8, remember| Asked { name: [first; HASH_BYTES], until: 7, remember };
        let to_sign_in = vec![asked(1, Remember::No), asked(2, Remember::Yes)];
        let mail = RequestedMail { to_sign_in, to_verify_until: 9 };
        let mut out = Encoder::new();
        mail.encode(&mut out);
        let bytes = out.finish();
        assert_eq!(RequestedMail::decode(1, &mut Decoder::new(&bytes)).unwrap(), mail);
        let newer = [&bytes[..], b"more"].concat();
        assert_eq!(RequestedMail::decode(1, &mut Decoder::new(&newer)).unwrap(), mail);
        let older = RequestedMail::decode(1, &mut Decoder::new(&bytes[..bytes.len() - 2])).unwrap();
        let to_sign_in = vec![asked(1, Remember::Yes), asked(2, Remember::Yes)];
        assert_eq!(older, RequestedMail { to_sign_in, to_verify_until: 9 });
    }
}
