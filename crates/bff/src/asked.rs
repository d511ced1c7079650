use std::time::Duration;

use http::request::Parts;
use ironleaf_session::{Decoder, Encoder, Flash, FlashKind, Payload, PayloadError};
use sha2::{Digest as _, Sha256};

use crate::{SignInLink, VerificationLink};

/// As long as somebody may take to read an e-mail. Later, the person presses the button.
const LIFE: Duration = Duration::from_hours(24);

/// So many addresses of one browser are remembered, the latest first.
const MAX_ADDRESSES: usize = 3;

/// Enough of a hash that no two addresses meet in one browser.
const NAME_BYTES: usize = 16;

/// Which e-mails this browser has asked for.
///
/// # Security
///
/// It is sealed, so neither another site nor whoever sends a link can make one. A page may go on by itself with a link that its own
/// browser has asked for, and with no other: mail scanners run scripts, and any site can send a browser to a link of its own choice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked {
    to_sign_in: Vec<[u8; NAME_BYTES]>,
    to_verify: bool,
}

const ASKED: FlashKind<Asked> = FlashKind::new("ironleaf-asked", LIFE);

/// This browser has asked for a link that signs in as whoever has this address, in lower case.
pub(crate) fn note_sign_in(flash: Option<&Flash>, email: &str) {
    note(flash, |asked| {
        let name = name(email);
        asked.to_sign_in.retain(|known| *known != name);
        asked.to_sign_in.insert(0, name);
        asked.to_sign_in.truncate(MAX_ADDRESSES);
    });
}

/// This browser has asked for a link that verifies an address.
pub(crate) fn note_verification(flash: Option<&Flash>) {
    note(flash, |asked| asked.to_verify = true);
}

fn note(flash: Option<&Flash>, change: impl FnOnce(&mut Asked)) {
    let Some(flash) = flash else { return };
    let mut asked = flash.peek(&ASKED).unwrap_or_default();
    change(&mut asked);
    flash.set(&ASKED, &asked);
}

fn asked(parts: &Parts) -> Asked {
    parts.extensions.get::<Flash>().and_then(|flash| flash.peek(&ASKED)).unwrap_or_default()
}

impl SignInLink {
    /// Whether the browser of this request has asked for such an e-mail to the address of the link within a day. Only then may a page
    /// go on with it by itself.
    pub fn was_asked_for_by(&self, parts: &Parts) -> bool {
        asked(parts).to_sign_in.contains(&name(self.email()))
    }
}

impl VerificationLink {
    /// Whether the browser of this request has asked within a day for an e-mail that verifies an address, by a registration or a change
    /// as well. Only then may a page go on with the link by itself.
    pub fn was_asked_for_by(parts: &Parts) -> bool {
        asked(parts).to_verify
    }
}

fn name(email: &str) -> [u8; NAME_BYTES] {
    let hash: [u8; 32] =
        Sha256::new().chain_update("ironleaf/v1/asked\0").chain_update(email).finalize().into();
    let (name, _) = hash.split_first_chunk().expect("a hash is longer");
    *name
}

impl Payload for Asked {
    fn encode(&self, out: &mut Encoder) {
        out.bool(self.to_verify);
        out.varint(self.to_sign_in.len() as u64);
        for name in &self.to_sign_in {
            out.raw(name);
        }
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let to_verify = input.bool()?;
        let to_sign_in = (0..input.varint()?).map(|_| input.array()).collect::<Result<_, _>>()?;
        Ok(Self { to_sign_in, to_verify })
    }
}
