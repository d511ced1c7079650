//! No text opens that was not sealed. A sealed value opens, and only for the purpose and context that it was sealed for.
#![no_main]

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ironleaf_session::{Purpose, Sealer};
use ironleaf_session_fuzz::{FLASH_COOKIE, SECRET, SESSION_COOKIE, sealer};
use libfuzzer_sys::fuzz_target;

static SEALER: LazyLock<Sealer> = LazyLock::new(|| sealer(SECRET));

const PLACES: [(Purpose, &str); 3] =
    [(Purpose::Cookie, SESSION_COOKIE), (Purpose::Flash, FLASH_COOKIE), (Purpose::Head, "record")];

/// The key id of the secret, as in `FORMAT.md`.
const KEY_ID: [u8; 8] = [0x1d, 0x72, 0x56, 0x98, 0x45, 0xe1, 0xdb, 0x5d];

fuzz_target!(|input: &[u8]| {
    // The cipher takes most of the time and is the same everywhere, so each input is tested as plaintext in one place only.
    let place = PLACES[input.len() % PLACES.len()];
    if let Ok(text) = str::from_utf8(input) {
        for place in PLACES {
            opens_only_if_it_was_sealed(place, text);
        }
    }
    // The same bytes in the right form and with the right key id, so that they reach the check of the tag.
    let formed = URL_SAFE_NO_PAD.encode([&KEY_ID, input].concat());
    opens_only_if_it_was_sealed(place, &format!("v1.{formed}"));
    opens_in_its_place_alone(place, input);
});

fn opens_only_if_it_was_sealed((purpose, context): (Purpose, &str), text: &str) {
    if let Ok(unsealed) = SEALER.unseal(purpose, context, text) {
        // The nonce is fixed, so the only value that may open is the one that this sealer makes from its plaintext.
        assert_eq!(SEALER.seal(purpose, context, &unsealed.plaintext), text);
    }
}

fn opens_in_its_place_alone(place: (Purpose, &str), plaintext: &[u8]) {
    let value = SEALER.seal(place.0, place.1, plaintext);
    for other in PLACES {
        let opened = SEALER.unseal(other.0, other.1, &value).ok();
        let expected = (other == place).then_some(plaintext);
        assert_eq!(opened.as_ref().map(|unsealed| &unsealed.plaintext[..]), expected);
    }
}
