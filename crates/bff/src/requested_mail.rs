use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::request::Parts;
use ironleaf_auth::EmailAddress;
use ironleaf_session::{Decoder, Encoder, Flash, FlashKind, Payload, PayloadError, Worth};

use crate::address_hash::{HASH_BYTES, address_hash};
use crate::use_case::UseCase;
use crate::{Bff, SignInLink, VerificationLink};

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
    /// The addresses, and the Unix time in seconds until which each counts.
    to_sign_in: Vec<([u8; HASH_BYTES], u64)>,
    to_verify_until: u64,
}

pub(crate) const REQUESTED_MAIL: FlashKind<RequestedMail> =
    FlashKind::new("ironleaf-asked", LIFE).worth(Worth::Step);

/// Notes that this browser has asked for a link that signs in with this address.
pub(crate) fn note_sign_in(use_case: &UseCase, email: &EmailAddress) {
    note(use_case, |asked, until| {
        let name = name(email);
        asked.to_sign_in.retain(|(known, _)| *known != name);
        asked.to_sign_in.insert(0, (name, until));
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
        let name = name(self.email());
        asked(parts).is_some_and(|(asked, now)| {
            asked.to_sign_in.iter().any(|(known, until)| *known == name && now < *until)
        })
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
        for (name, until) in &self.to_sign_in {
            out.raw(name);
            out.varint(*until);
        }
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let to_verify_until = input.varint()?;
        let addresses = 0..input.varint()?;
        let to_sign_in = addresses.map(|_| Ok((input.array()?, input.varint()?)));
        Ok(Self { to_sign_in: to_sign_in.collect::<Result<_, PayloadError>>()?, to_verify_until })
    }
}
