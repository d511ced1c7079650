//! Keys that sign, a provider that counts how often it is asked, and a clock that is moved by hand.

use std::{
    collections::VecDeque,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use aws_lc_rs::{
    hmac, rand, rsa,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaEncoding,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use ironleaf_jwks::{Clock, FetchedKeys, KeySet, KeySource, KeySourceError, Rules, TokenError, Verified};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const CLIENT: &str = "my-client";
/// 2026-01-01T00:00:00Z
pub(crate) const NOW_SECS: u64 = 1_767_225_600;

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW_SECS)
}

/// A key that signs.
pub(crate) struct TestKey {
    pub(crate) kid: &'static str,
    pub(crate) alg: &'static str,
    secret: Secret,
}

enum Secret {
    Rsa(rsa::KeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

pub(crate) static RS256: LazyLock<TestKey> = LazyLock::new(|| TestKey::new("rs", "RS256"));
pub(crate) static PS256: LazyLock<TestKey> = LazyLock::new(|| TestKey::new("ps", "PS256"));
pub(crate) static ES256: LazyLock<TestKey> = LazyLock::new(|| TestKey::new("es", "ES256"));
pub(crate) static ED25519: LazyLock<TestKey> = LazyLock::new(|| TestKey::new("ed", "EdDSA"));

/// One key of every kind.
pub(crate) fn all_keys() -> [&'static TestKey; 4] {
    [&RS256, &PS256, &ES256, &ED25519]
}

/// The set of all of them.
pub(crate) fn key_set() -> KeySet {
    KeySet::parse(&jwks(&all_keys())).unwrap()
}

/// The JSON text of a key set.
pub(crate) fn jwks(keys: &[&TestKey]) -> Bytes {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    json!({ "keys": keys }).to_string().into()
}

impl TestKey {
    pub(crate) fn new(kid: &'static str, alg: &'static str) -> Self {
        let rsa = || rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
        let secret = match alg {
            "RS256" => Secret::Rsa(rsa(), &RSA_PKCS1_SHA256),
            "PS256" => Secret::Rsa(rsa(), &RSA_PSS_SHA256),
            "ES256" => Secret::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
            "EdDSA" => Secret::Ed(Ed25519KeyPair::generate().unwrap()),
            _ => panic!("no test key for {alg}"),
        };
        Self { kid, alg, secret }
    }

    /// The public key.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = match &self.secret {
            Secret::Rsa(pair, _) => {
                let public = pair.public_key();
                let [n, e] = [public.modulus(), public.exponent()]
                    .map(|number| encode(number.big_endian_without_leading_zero()));
                json!({ "kty": "RSA", "n": n, "e": e })
            }
            Secret::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
            }
            Secret::Ed(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key()) }),
        };
        jwk["kid"] = self.kid.into();
        jwk["alg"] = self.alg.into();
        jwk["use"] = "sig".into();
        jwk
    }

    pub(crate) fn header(&self, typ: &str) -> Value {
        json!({ "alg": self.alg, "kid": self.kid, "typ": typ })
    }

    /// A token with exactly this header and these claims.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_parts(header.to_string().as_bytes(), claims.to_string().as_bytes())
    }

    pub(crate) fn sign_parts(&self, header: &[u8], claims: &[u8]) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.signature(signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }

    /// A token with the usual header for this type.
    pub(crate) fn token(&self, typ: &str, claims: &Value) -> String {
        self.sign(&self.header(typ), claims)
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = rand::SystemRandom::new();
        match &self.secret {
            Secret::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Secret::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Secret::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

/// A token with a symmetric signature.
pub(crate) fn sign_hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    format!("{signed}.{}", encode(tag))
}

/// The claims of a valid ID token.
pub(crate) fn id_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT, "sub": "person-1", "exp": NOW_SECS + 300, "iat": NOW_SECS, "nonce": "n-1",
    })
}

/// The claims with one of them changed, or removed if it is `null`.
pub(crate) fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    let object = claims.as_object_mut().unwrap();
    match value {
        Value::Null => object.remove(name),
        value => object.insert(name.to_owned(), value),
    };
    claims
}

pub(crate) fn id_rules() -> Rules {
    Rules::id_token(ISSUER, CLIENT).with_nonce("n-1")
}

pub(crate) fn verify(token: &str, rules: &Rules) -> Result<Verified, TokenError> {
    key_set().verify(token, rules, now())
}

/// The reason for which a token is refused.
pub(crate) fn refusal(token: &str, rules: &Rules) -> TokenError {
    verify(token, rules).map(|_| "accepted").unwrap_err()
}

/// A clock that is moved by hand.
#[derive(Clone)]
pub(crate) struct Hands(Arc<AtomicU64>);

impl Hands {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(NOW_SECS)))
    }

    pub(crate) fn clock(&self) -> Clock {
        let secs = Arc::clone(&self.0);
        Arc::new(move || UNIX_EPOCH + Duration::from_secs(secs.load(Ordering::SeqCst)))
    }

    pub(crate) fn advance(&self, secs: u64) {
        self.0.fetch_add(secs, Ordering::SeqCst);
    }

    pub(crate) fn set_back(&self, secs: u64) {
        self.0.fetch_sub(secs, Ordering::SeqCst);
    }

    /// An ID token that is valid for five minutes from now.
    pub(crate) fn token_of(&self, key: &TestKey) -> String {
        let secs = self.0.load(Ordering::SeqCst);
        let claims = with(&with(&id_claims(), "iat", secs.into()), "exp", (secs + 300).into());
        key.token("JWT", &claims)
    }
}

type Answer = Result<FetchedKeys, KeySourceError>;

/// A provider that answers what it is told to, and counts how often it is asked.
pub(crate) struct Provider {
    pub(crate) asked: AtomicUsize,
    answers: Mutex<(VecDeque<Answer>, Answer)>,
    /// Each answer takes one permit.
    pub(crate) gate: Semaphore,
}

impl Provider {
    pub(crate) fn new(body: Bytes) -> Arc<Self> {
        let answers = Mutex::new((VecDeque::new(), Ok(keys(body))));
        Arc::new(Self { asked: AtomicUsize::new(0), answers, gate: Semaphore::new(1_000_000) })
    }

    /// One that does not answer until its gate is opened.
    pub(crate) fn waiting(body: Bytes) -> Arc<Self> {
        let provider = Self::new(body);
        provider.gate.forget_permits(1_000_000);
        provider
    }

    /// From now on it answers this.
    pub(crate) fn answer(&self, answer: Answer) {
        self.answers.lock().unwrap().1 = answer;
    }

    /// It answers this once.
    pub(crate) fn answer_once(&self, answer: Answer) {
        self.answers.lock().unwrap().0.push_back(answer);
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

pub(crate) fn keys(body: Bytes) -> FetchedKeys {
    FetchedKeys { body, max_age: None }
}

pub(crate) fn down() -> Answer {
    Err(KeySourceError::new("the provider is down"))
}

#[async_trait]
impl KeySource for Provider {
    async fn fetch(&self) -> Answer {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        let mut answers = self.answers.lock().unwrap();
        answers.0.pop_front().unwrap_or_else(|| answers.1.clone())
    }
}
