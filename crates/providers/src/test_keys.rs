//! Keys of tests. Both are published as test vectors (RFC 8037, appendix A; RFC 8032, section 7.1, test 2): they are no
//! secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ironleaf_auth::SecretText;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

pub(crate) const KID: &str = "test-key-1";
pub(crate) const OTHER_KID: &str = "test-key-2";
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const OTHER_X: &str = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw";

const SEED: [u8; 32] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, //
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];
const OTHER_SEED: [u8; 32] = [
    0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f, //
    0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb,
];

/// RFC 8410, section 7: the PKCS #8 frame around a seed.
const FRAME: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A token of the provider's key.
pub(crate) fn signed(claims: &Value) -> String {
    signed_with(&header(), claims)
}

pub(crate) fn signed_with(header: &Header, claims: &Value) -> String {
    jsonwebtoken::encode(header, claims, &key(&SEED)).unwrap()
}

/// A token of the provider's other key, under this name.
pub(crate) fn signed_by_other(kid: &str, claims: &Value) -> String {
    let header = Header { kid: Some(kid.to_owned()), ..header() };
    jsonwebtoken::encode(&header, claims, &key(&OTHER_SEED)).unwrap()
}

pub(crate) fn header() -> Header {
    Header { kid: Some(KID.to_owned()), ..Header::new(Algorithm::EdDSA) }
}

/// A private key as a file has it.
pub(crate) fn pem() -> SecretText {
    let der = [&FRAME[..], &SEED].concat();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der)).into()
}

pub(crate) fn key_set() -> Value {
    json!({ "keys": [jwk(KID, X)] })
}

pub(crate) fn both_keys() -> Value {
    json!({ "keys": [jwk(KID, X), jwk(OTHER_KID, OTHER_X)] })
}

fn jwk(kid: &str, x: &str) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x })
}

fn key(seed: &[u8; 32]) -> EncodingKey {
    EncodingKey::from_ed_der(&[&FRAME[..], seed].concat())
}
