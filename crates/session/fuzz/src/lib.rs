//! Shared by the fuzz targets: the keys, the clock and the random source that the values in `FORMAT.md` were computed
//! with, and one request through the layer. Nothing here is random, so the same input always does the same.

use std::{
    convert::Infallible,
    future::ready,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, UNIX_EPOCH},
};

use http::{
    HeaderValue, Request, Response,
    header::{COOKIE, SET_COOKIE},
};
use ironleaf_session::{
    Clock, Flash, KeyRing, Payload, Random, Sealer, Secret, Session, SessionLayer, SessionSettings,
};
use tower::{Layer as _, Service as _, service_fn};

pub const SESSION_COOKIE: &str = "__Host-Http-ironleaf-session";
pub const FLASH_COOKIE: &str = "__Host-Http-ironleaf-message";

/// The secret of `FORMAT.md`.
pub const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub const OLD_SECRET: &str = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
pub const FOREIGN_SECRET: &str = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";

/// 2026-01-01T00:00:00.123Z
pub const NOW: Duration = Duration::from_millis(1_767_225_600_123);

/// Every buffer is filled with 0, 1, 2, …
fn counting() -> Random {
    Arc::new(|buffer| buffer.iter_mut().zip(0..).for_each(|(byte, value)| *byte = value))
}

/// A sealer with this list of secrets, the newest first. Their bytes count up, which [`Secret::parse`] refuses.
pub fn sealer(secrets: &str) -> Sealer {
    let secrets = secrets.split(',').map(|text| {
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("the secrets are hex");
        let bytes = (0..text.len()).step_by(2).map(byte).collect();
        Secret::from_bytes(bytes).expect("the secrets are long enough")
    });
    Sealer::new(KeyRing::new(secrets).expect("the secrets are well formed"), counting())
}

/// The settings that everything is sealed with. They allow any session that an input can make.
pub fn settings() -> SessionSettings {
    SessionSettings { header_budget_bytes: 128 * 1024, ..SessionSettings::default() }
}

/// The layer of a server whose clock shows `now` after 1970.
pub fn layer<P: Payload>(secrets: &str, settings: SessionSettings, now: Duration) -> SessionLayer<P> {
    let clock: Clock = Arc::new(move || UNIX_EPOCH + now);
    SessionLayer::new(sealer(secrets), settings, clock, counting())
}

/// Both secrets of this server.
pub fn secrets() -> String {
    format!("{SECRET},{OLD_SECRET}")
}

/// The result of one request.
pub struct Answer<B> {
    pub page: B,
    pub written: Vec<Cookie>,
}

/// A cookie in a `Set-Cookie` line. Without a value it is a removal.
pub struct Cookie {
    pub name: String,
    pub value: String,
}

impl<B> Answer<B> {
    /// The `Cookie` header of the next request, from a browser that had no other cookies.
    pub fn cookie_header(&self) -> HeaderValue {
        let kept = self.written.iter().filter(|cookie| !cookie.value.is_empty());
        let pairs: Vec<String> = kept.map(|Cookie { name, value }| format!("{name}={value}")).collect();
        HeaderValue::from_str(&pairs.join("; ")).expect("a browser can send what it got")
    }
}

/// Sends one request with this `Cookie` header to a page that sees its session and its flashes.
pub fn visit<P: Payload, B: Send + 'static>(
    layer: &SessionLayer<P>,
    cookie: HeaderValue,
    page: impl Fn(&Session<P>, &Flash) -> B + Clone + Send + 'static,
) -> Answer<B> {
    let mut service = layer.layer(service_fn(move |request: Request<()>| {
        let session = request.extensions().get::<Session<P>>().expect("the layer brings a session");
        let flash = request.extensions().get::<Flash>().expect("the layer brings the flashes");
        ready(Ok::<_, Infallible>(Response::new(page(session, flash))))
    }));
    let mut request = Request::new(());
    request.headers_mut().insert(COOKIE, cookie);
    let polled = service.call(request).as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Ok(response)) = polled else { unreachable!("without a ledger nothing waits") };
    let written = response.headers().get_all(SET_COOKIE).iter().map(parse).collect();
    Answer { page: response.into_body(), written }
}

fn parse(line: &HeaderValue) -> Cookie {
    let line = line.to_str().expect("lines of Set-Cookie are ASCII");
    let pair = line.split_once(';').map_or(line, |(pair, _)| pair);
    let (name, value) = pair.split_once('=').expect("a cookie has a name and a value");
    Cookie { name: name.to_owned(), value: value.to_owned() }
}
