//! Tokens that are really signed, so that the real checks see them. The key is a test key and says so.

use std::sync::LazyLock;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::authorization::{CLIENT_ID, ISSUER};

/// Its 32 bytes are the whole private key: it protects nothing.
const TEST_KEY: &[u8; 32] = b"test key of Ironleaf simulations";
const KEY_ID: &str = "test-key-of-the-simulation";
/// OpenID Connect Back-Channel Logout 1.0, section 2.4.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const LOGOUT_TOKEN_LIFE_SECS: u64 = 120;

static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(TEST_KEY).expect("32 bytes are a key"));

/// The public half (RFC 8037).
pub(super) fn key_set() -> Value {
    let x = URL_SAFE_NO_PAD.encode(KEY.public_key().as_ref());
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": KEY_ID, "x": x }] })
}

pub(super) fn id_token(claims: &Value) -> String {
    signed("JWT", claims)
}

/// A logout token for one sign-in, or for all of a person if it names no `sid`.
pub(super) fn logout_token(subject: &str, sid: Option<&str>, number: u64, now: u64) -> String {
    let mut claims = json!({
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "sub": subject,
        "iat": now,
        "exp": now + LOGOUT_TOKEN_LIFE_SECS,
        "jti": format!("logout-{number}"),
        "events": { LOGOUT_EVENT: {} },
    });
    if let Some(sid) = sid {
        claims["sid"] = Value::from(sid);
    }
    signed("logout+jwt", &claims)
}

/// The claims of a token that was signed here.
pub(super) fn read(token: &str) -> Option<Value> {
    let (text, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let key = UnparsedPublicKey::new(&ED25519, KEY.public_key().as_ref());
    key.verify(text.as_bytes(), &signature).ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?).ok()?).ok()
}

fn signed(kind: &str, claims: &Value) -> String {
    let header = json!({ "alg": "EdDSA", "typ": kind, "kid": KEY_ID });
    let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", part(&header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(KEY.sign(text.as_bytes()));
    format!("{text}.{signature}")
}
