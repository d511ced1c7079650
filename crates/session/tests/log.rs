//! What the log says about cookies, and what it never says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, routing::any};
use http::{Request, header};
use ironleaf_session::{
    Beginning, KeyRing, Owner, Purpose, Sealer, Secret, Serde, Session, SessionLayer, SessionSettings,
    system_clock, system_random,
};
use tower::ServiceExt as _;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

fn router(sealer: &Sealer) -> Router {
    let layer: SessionLayer<Serde<String>> =
        SessionLayer::new(sealer.clone(), SessionSettings::default(), system_clock(), system_random());
    let too_large = async |session: Session<Serde<String>>| {
        session.insert(Serde("hunter2".repeat(2_000)), Beginning::of(Owner::new("provider", "subject")));
    };
    Router::new().route("/", any(async || "")).route("/too-large", any(too_large)).layer(layer)
}

async fn visit(router: &Router, path: &str, value: &str) {
    let cookie = format!("__Host-Http-ironleaf-session={value}");
    let request = Request::builder().uri(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap();
}

/// This is one test, because the subscriber is global to the process.
#[tokio::test]
async fn one_line_for_what_is_wrong_and_never_a_value() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
    let (secret, text) = Secret::generate(&system_random());
    let sealer = Sealer::new(KeyRing::new([secret]).unwrap(), system_random());
    let router = router(&sealer);

    let elsewhere = sealer.seal(Purpose::Cookie, "another-cookie", b"hunter2");
    visit(&router, "/", &elsewhere).await;
    let lines = log.take();
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert!(lines.contains(" WARN ") && lines.contains("altered"), "{lines}");
    assert!(!lines.contains(&elsewhere[3..20]), "{lines}");

    visit(&router, "/", &elsewhere.replacen("v1.", "v2.", 1)).await;
    visit(
        &router,
        "/",
        "v1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    )
    .await;
    assert_eq!(log.take(), "", "a rolling deployment does not fill the log");

    visit(&router, "/too-large", "").await;
    let lines = log.take();
    let errors: Vec<_> = lines.lines().filter(|line| line.contains("ERROR")).collect();
    assert!(matches!(errors[..], [line] if line.contains("bytes of the Cookie header")), "{lines}");
    assert!(!lines.contains("hunter2") && !lines.contains(&text), "{lines}");
}
