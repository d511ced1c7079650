//! What the fuzz targets share: answers in order, a runtime, and an issuer that signs whatever it is given, so that the
//! fuzzer gets past the signature.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use ironleaf_auth::{EmailAddress, Request, Response, SignIn, Transport, TransportError};
use ironleaf_providers::{ClientAuthentication, Issuer, OidcProvider, OidcSettings};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// The issuer.
pub const ISSUER: &str = "https://id.test";
/// The client of the issuer.
pub const CLIENT: &str = "app";
/// The nonce of each sign-in.
pub const NONCE: &str = "a nonce";
/// What the clock shows, in seconds.
pub const NOW_SECS: u64 = 1_800_000_000;

const KID: &str = "test-key";

/// The published test key of RFC 8037, appendix A, in the frame of RFC 8410. It is no secret.
const PKCS8: [u8; 48] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20, //
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, //
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];

/// Providers set time limits, so their calls need the clock of a runtime.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));

/// Runs a call of a provider to its end.
pub fn run<T>(call: impl Future<Output = T>) -> T {
    RUNTIME.block_on(call)
}

/// A back end that gives these answers in order, then fails every call.
pub struct Script(Mutex<VecDeque<Response>>);

impl Script {
    /// A back end with these answers.
    pub fn of(answers: impl IntoIterator<Item = Response>) -> Arc<dyn Transport> {
        Arc::new(Self(Mutex::new(answers.into_iter().collect())))
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.ok_or_else(|| TransportError::Interrupted("no more".to_owned()))
    }
}

/// A sign-in with an e-mail address and a password.
pub fn password() -> SignIn {
    SignIn::Password { email: EmailAddress::of_record("user@test.com"), password: "password1".into() }
}

/// The provider under test, and what its issuer answers.
pub struct World {
    /// The provider.
    pub provider: OidcProvider,
    answers: Arc<Answers>,
}

#[derive(Default)]
struct Answers(Mutex<HashMap<&'static str, Response>>);

#[async_trait]
impl Transport for Answers {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get(request.uri().path()).cloned();
        answer.ok_or_else(|| TransportError::Interrupted("no answer".to_owned()))
    }
}

/// One for all inputs: its keys are fetched once.
pub static WORLD: LazyLock<World> = LazyLock::new(World::open);

impl World {
    fn open() -> Self {
        let answers = Arc::<Answers>::default();
        let issuer = Issuer::parse(ISSUER).expect("it is one");
        let settings = OidcSettings {
            roles_claim: Some("realm.roles".to_owned()),
            ..OidcSettings::of(issuer, CLIENT, ClientAuthentication::Public)
        };
        let transport: Arc<dyn Transport> = Arc::<Answers>::clone(&answers);
        let provider =
            OidcProvider::new(settings, transport, Arc::new(now), Arc::new(|buffer| buffer.fill(7)));
        let world = Self { provider, answers };
        world.answers("/.well-known/openid-configuration", json_answer(&metadata()));
        world.answers("/keys", json_answer(&key_set()));
        run(world.provider.warm()).expect("the issuer is there");
        world
    }

    /// What the issuer answers at this path from now on.
    pub fn answers(&self, path: &'static str, answer: Response) {
        self.answers.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path, answer);
    }
}

/// What the clock shows.
pub fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW_SECS)
}

fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://id.test/authorize",
        "token_endpoint": "https://id.test/token",
        "jwks_uri": "https://id.test/keys",
        "userinfo_endpoint": "https://id.test/userinfo",
    })
}

/// The key set with the key that signs.
pub fn key_set() -> Value {
    json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": KID,
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }] })
}

/// A genuine token with these claims, or with something that is no JSON object in their place.
pub fn signed(typ: &str, claims: &Value) -> String {
    let header =
        Header { typ: Some(typ.to_owned()), kid: Some(KID.to_owned()), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_der(&PKCS8)).expect("the key is good")
}

/// An answer with this body.
pub fn answer(status: u16, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).expect("it is one");
    response
}

/// A successful answer.
pub fn json_answer(body: &Value) -> Response {
    answer(200, body.to_string())
}
