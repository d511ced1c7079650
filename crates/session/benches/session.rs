//! The cost of a session: sealing by size, and the layer against a bare route.

use std::{convert::Infallible, hint::black_box};

use axum::{Router, body::Body, routing::get};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use http::{Request, header};
use ironleaf_session::{
    Beginning, Decoder, Encoder, KeyRing, Owner, Payload, PayloadError, Purpose, Sealer, Secret, Session,
    SessionLayer, SessionSettings, system_clock, system_random,
};
use tower::{Service as _, ServiceExt as _};

const NAME: &str = "__Host-Http-ironleaf-session";

/// The usual content of a session: an access token, a refresh token, and when the first one expires.
#[derive(Clone)]
struct Tokens {
    access: String,
    refresh: String,
    expires_at: u64,
}

impl Tokens {
    /// Tokens that take this many bytes in the payload.
    fn of_bytes(bytes: usize) -> Self {
        let claims = "eyJh".repeat((bytes.saturating_sub(150)) / 3);
        Self {
            access: format!("eyJhbGciOiJSUzI1NiJ9.{claims}.{}", "AAAA".repeat(21)),
            refresh: "0123456789abcdef".repeat(4),
            expires_at: 1_767_225_600,
        }
    }
}

impl Payload for Tokens {
    fn encode(&self, out: &mut Encoder) {
        out.token(&self.access);
        out.token(&self.refresh);
        out.varint(self.expires_at);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self {
            access: input.token()?.to_string(),
            refresh: input.token()?.to_string(),
            expires_at: input.varint()?,
        })
    }
}

fn sealer() -> Sealer {
    let (secret, _) = Secret::generate(&system_random());
    Sealer::new(KeyRing::new([secret]).expect("one secret is a ring"), system_random())
}

fn sealing(criterion: &mut Criterion) {
    let sealer = sealer();
    let mut group = criterion.benchmark_group("seal");
    for bytes in [200, 1024, 4096, 16_384] {
        let plaintext = vec![7; bytes];
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_with_input(BenchmarkId::from_parameter(bytes), &plaintext, |bencher, plaintext| {
            bencher.iter(|| sealer.seal(Purpose::Cookie, NAME, black_box(plaintext)));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("unseal");
    for bytes in [200, 1024, 4096, 16_384] {
        let value = sealer.seal(Purpose::Cookie, NAME, &vec![7; bytes]);
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_with_input(BenchmarkId::from_parameter(bytes), &value, |bencher, value| {
            bencher
                .iter(|| sealer.unseal(Purpose::Cookie, NAME, black_box(value)).expect("it was sealed here"));
        });
    }
    group.finish();
}

fn unsealing_and_decoding(criterion: &mut Criterion) {
    let sealer = sealer();
    let mut out = Encoder::new();
    Tokens::of_bytes(1024).encode(&mut out);
    let value = sealer.seal(Purpose::Cookie, NAME, &out.finish());
    criterion.bench_function("unseal and decode 1 KB of tokens", |bencher| {
        bencher.iter(|| {
            let unsealed =
                sealer.unseal(Purpose::Cookie, NAME, black_box(&value)).expect("it was sealed here");
            Tokens::decode(1, &mut Decoder::new(&unsealed.plaintext)).expect("it was encoded here")
        });
    });
}

fn layer(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let bare = Router::new().route("/", get(async || "page"));
    let sign_in = async |session: Session<Tokens>| {
        session.insert(Tokens::of_bytes(1024), Beginning::of(Owner::new("provider", "subject")));
    };
    let read = async |session: Session<Tokens>| session.current().map_or("anonymous", |_| "page");
    let layered = Router::new().route("/sign-in", get(sign_in)).route("/", get(read)).layer(SessionLayer::<
        Tokens,
    >::new(
        sealer(),
        SessionSettings::default(),
        system_clock(),
        system_random(),
    ));
    let signed_in = runtime.block_on(send(layered.clone(), "/sign-in", None));
    let cookie = signed_in.headers()[header::SET_COOKIE].to_str().expect("a cookie is text");
    let cookie = cookie.split(';').next().map(str::to_owned);

    let mut group = criterion.benchmark_group("request");
    for (name, router, cookie) in [
        ("bare route", &bare, None),
        ("bare route, same cookie", &bare, cookie.as_deref()),
        ("layer, no cookie", &layered, None),
        ("layer, session of 1 KB", &layered, cookie.as_deref()),
    ] {
        let mut service = router.clone().into_service::<Body>();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let service = service.ready().await.unwrap_or_else(|error: Infallible| match error {});
                    service.call(request("/", cookie)).await
                })
            });
        });
    }
    group.finish();
}

fn request(path: &str, cookie: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().uri(path);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    request.body(Body::empty()).expect("a request")
}

async fn send(router: Router, path: &str, cookie: Option<&str>) -> http::Response<Body> {
    router.oneshot(request(path, cookie)).await.unwrap_or_else(|error| match error {})
}

criterion_group!(benches, sealing, unsealing_and_decoding, layer);
criterion_main!(benches);
