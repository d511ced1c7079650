//! Tokens that are really signed, so that the real checks see them. The keys are test keys and say so.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use ironleaf_auth::Response;
use serde_json::{Value, json};

use super::authorization::{CLIENT_ID, ISSUER};
use super::message;

/// These 32 bytes are the whole private key, with its number in the last four: it protects nothing.
const TEST_KEY: &[u8; 32] = b"test key of Ironleaf simula 0000";
/// The prefix of the name of a key.
const KEY_ID: &str = "test-key-of-the-simulation-";
/// OpenID Connect Back-Channel Logout 1.0, section 2.4.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const LOGOUT_TOKEN_LIFE_SECS: u64 = 120;

/// The keys that the provider publishes, by their numbers. The newest signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Published {
    oldest: u32,
    newest: u32,
}

impl Published {
    /// The next key signs from now on. Tokens of the one before are checked as before, or no longer.
    pub(super) const fn rotate(&mut self, keeps_the_last: bool) {
        let last = self.newest;
        self.newest += 1;
        self.oldest = if keeps_the_last { last } else { self.newest };
    }

    pub(super) const fn newest(self) -> u32 {
        self.newest
    }
}

/// The answer with the public halves.
pub(super) fn published(published: Published) -> Response {
    for_an_hour(&key_set(published))
}

/// An answer that may be kept for an hour.
pub(super) fn for_an_hour(body: &Value) -> Response {
    let mut response = message::json(StatusCode::OK, body.to_string());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    response
}

/// The public halves (RFC 8037).
fn key_set(published: Published) -> Value {
    let keys = (published.oldest..=published.newest).map(|number| {
        let x = URL_SAFE_NO_PAD.encode(key(number).public_key().as_ref());
        let kid = format!("{KEY_ID}{number}");
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x })
    });
    json!({ "keys": keys.collect::<Vec<_>>() })
}

/// The key with this number, which is made once.
fn key(number: u32) -> Arc<Ed25519KeyPair> {
    static KEYS: Mutex<Vec<Arc<Ed25519KeyPair>>> = Mutex::new(Vec::new());
    let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    while keys.len() <= number as usize {
        let mut seed = *TEST_KEY;
        let next = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        seed[28..].copy_from_slice(&next.to_be_bytes());
        keys.push(Arc::new(Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 bytes are a key")));
    }
    Arc::clone(&keys[number as usize])
}

pub(super) fn id_token(claims: &Value, key: u32) -> String {
    signed("JWT", claims, key)
}

/// A logout token for one sign-in, or for all of a person if it names no `sid`.
pub(super) fn logout_token(subject: &str, sid: Option<&str>, number: u64, now: u64, key: u32) -> String {
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
    signed("logout+jwt", &claims, key)
}

/// The claims of a token that was signed here, with whichever key.
pub(super) fn read(token: &str) -> Option<Value> {
    let (text, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let part = |index| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.split('.').nth(index)?).ok()?).ok()
    };
    let number: u16 = part(0)?.get("kid")?.as_str()?.strip_prefix(KEY_ID)?.parse().ok()?;
    let key = key(u32::from(number));
    UnparsedPublicKey::new(&ED25519, key.public_key().as_ref()).verify(text.as_bytes(), &signature).ok()?;
    part(1)
}

fn signed(kind: &str, claims: &Value, number: u32) -> String {
    let header = json!({ "alg": "EdDSA", "typ": kind, "kid": format!("{KEY_ID}{number}") });
    let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", part(&header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(key(number).sign(text.as_bytes()));
    format!("{text}.{signature}")
}
