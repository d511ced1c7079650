//! For any text as a key set: nothing panics, and no key of it verifies what it did not sign.
#![no_main]

use std::sync::LazyLock;

use ironleaf_jwks::{KeySet, TokenError};
use ironleaf_jwks_fuzz::{all_rules, now};
use libfuzzer_sys::fuzz_target;

/// Tokens with signatures of the right lengths that nobody made, with and without `kid`.
static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let header = |text: &str| base64(text.as_bytes());
    let algorithms = [("RS256", 256), ("PS256", 256), ("ES256", 64), ("ES384", 96), ("EdDSA", 64)];
    let tokens = algorithms.iter().flat_map(|(algorithm, bytes)| {
        let signature = base64(&vec![1; *bytes]);
        let headers = [
            header(&format!(r#"{{"alg":"{algorithm}"}}"#)),
            header(&format!(r#"{{"alg":"{algorithm}","kid":"a"}}"#)),
        ];
        headers.map(|header| format!("{header}.e30.{signature}"))
    });
    tokens.collect()
});

fuzz_target!(|input: &[u8]| {
    let Ok(keys) = KeySet::parse(input) else { return };
    assert!((1..=100).contains(&keys.len()));
    let [rules, ..] = all_rules();
    for token in TOKENS.iter() {
        let refused = keys.verify(token, &rules, now()).expect_err("nobody signed this");
        assert!(matches!(refused, TokenError::UnknownKey | TokenError::Signature), "{refused}");
    }
});

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
