//! Shared by the fuzz targets: a test key, its key set, the clock and the rules. Nothing here is random, so the same input
//! always does the same.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ironleaf_jwks::{KeySet, Rules};

pub const ISSUER: &str = "https://id.example.com";
pub const CLIENT: &str = "my-client";

/// The key that signs. Its seed is public: it is of use for tests only.
static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("any 32 bytes are a seed"));

/// The key set of the provider: an RSA and an EC key whose owner nobody knows, and the key that signs.
pub static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let x = URL_SAFE_NO_PAD.encode(KEY.public_key());
    let rsa = URL_SAFE_NO_PAD.encode([0xff; 256]);
    let text = format!(
        r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"{x}"}},
            {{"kty":"RSA","kid":"rs","n":"{rsa}","e":"AQAB"}},
            {{"kty":"EC","crv":"P-256","kid":"es","x":"{x}","y":"{x}"}}]}}"#
    );
    KeySet::parse(text.as_bytes()).expect("the keys are well formed")
});

/// 2026-01-01T00:00:00Z
pub fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

/// Rules for each kind of token.
pub fn all_rules() -> [Rules; 5] {
    let recent = Rules { max_age: Some(Duration::from_secs(60)), ..Rules::id_token(ISSUER, CLIENT) };
    [
        Rules::id_token(ISSUER, CLIENT).with_nonce("n-1").with_subject("person-1"),
        recent,
        Rules::access_token(ISSUER, CLIENT),
        Rules::plain_access_token(ISSUER, CLIENT),
        Rules::logout_token(ISSUER, CLIENT),
    ]
}

/// A genuine token with these parts.
pub fn sign(header: &[u8], claims: &[u8]) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    let signed = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(KEY.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}
