//! For any text as a token: nothing panics, and without a signature of the provider nothing is accepted.
#![no_main]

use ironleaf_jwks_fuzz::{KEYS, all_rules, now, sign};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    // A genuine token of a seed would be accepted, and an input could contain it.
    let genuine = sign(br#"{"alg":"EdDSA","kid":"ed"}"#, b"{}");
    let spoilt = format!("{text}{}", genuine.rsplit_once('.').map_or("", |(_, signature)| signature));
    for rules in all_rules() {
        for token in [text.as_ref(), &spoilt] {
            if let Err(error) = KEYS.verify(token, &rules, now()) {
                assert!(!error.label().is_empty());
            } else {
                panic!("nobody signed this");
            }
        }
    }
});
