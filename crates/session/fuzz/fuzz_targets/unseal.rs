//! No text opens that was not sealed, none panics, and what was sealed opens.
#![no_main]

use std::sync::{Arc, LazyLock};

use ironleaf_session::{Decoder, KeyRing, Purpose, Sealer, Secret};
use libfuzzer_sys::fuzz_target;

static SEALER: LazyLock<Sealer> = LazyLock::new(|| {
    let secret = Secret::from_bytes(vec![1; 32]).expect("32 bytes are a secret");
    let keys = KeyRing::new([secret]).expect("one secret is a ring");
    Sealer::new(keys, Arc::new(|buffer| buffer.fill(7)))
});

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = str::from_utf8(input) {
        // The nonce is fixed, so the only value that may open is the one this sealer gives for its plaintext.
        if let Ok(unsealed) = SEALER.unseal(Purpose::Cookie, "name", text) {
            assert_eq!(SEALER.seal(Purpose::Cookie, "name", &unsealed.plaintext), text);
        }
    }
    let value = SEALER.seal(Purpose::Cookie, "name", input);
    let unsealed = SEALER.unseal(Purpose::Cookie, "name", &value).expect("it was sealed here");
    assert_eq!(&unsealed.plaintext[..], input);

    // What is authentic may still be of another release: decoding must not trust it.
    let _ = Decoder::new(input).varint();
    let _ = Decoder::new(input).str();
    let _ = Decoder::new(input).token();
    let _ = Decoder::new(input).option(|input| input.seconds());
    let _ = Decoder::new(input).serde::<(String, Vec<u64>, Option<bool>)>();
});
