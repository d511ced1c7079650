//! No `Cookie` header signs anyone in or makes the layer panic, whole values and chunks alike.
#![no_main]

use std::{convert::Infallible, sync::Arc};

use http::{HeaderValue, Request, Response, header::COOKIE};
use ironleaf_session::{
    KeyRing, Sealer, Secret, Serde, Session, SessionLayer, SessionSettings, system_clock,
};
use libfuzzer_sys::fuzz_target;
use tower::{Layer as _, ServiceExt as _, service_fn};

type Payload = Serde<String>;

fuzz_target!(|input: &[u8]| {
    let Ok(mut header) = HeaderValue::from_bytes(input) else { return };
    // Half of the inputs begin inside a value of the right name, where the interesting paths are.
    if input.len() % 2 == 0 {
        let named = [b"ironleaf-session.0=", input, b"; ironleaf-session=v1.", input].concat();
        let Ok(longer) = HeaderValue::from_bytes(&named) else { return };
        header = longer;
    }
    let secret = Secret::from_bytes(vec![1; 32]).expect("32 bytes are a secret");
    let keys = KeyRing::new([secret]).expect("one secret is a ring");
    let random: ironleaf_session::Random = Arc::new(|buffer| buffer.fill(7));
    let settings = SessionSettings { secure: false, ..SessionSettings::default() };
    let layer =
        SessionLayer::<Payload>::new(Sealer::new(keys, random.clone()), settings, system_clock(), random);
    let service = layer.layer(service_fn(|request: Request<()>| async move {
        let session = request.extensions().get::<Session<Payload>>().expect("the layer is there");
        assert!(session.current().is_none(), "nobody sealed this");
        Ok::<_, Infallible>(Response::new(()))
    }));
    let mut request = Request::new(());
    request.headers_mut().insert(COOKIE, header);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(service.oneshot(request)).unwrap_or_else(|error| match error {});
});
