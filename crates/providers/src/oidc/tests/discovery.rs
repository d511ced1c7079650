use std::pin::pin;
use std::task::{Context, Waker};

use super::*;
use crate::test_log::Log;

async fn begin(world: &World) -> Result<Arc<metadata::Metadata>, DiscoveryError> {
    world.provider.discovery.current().await
}

#[tokio::test]
async fn metadata_that_cannot_be_trusted_is_refused() {
    let cases: [(Change, DiscoveryError); 11] = [
        (|value| value["issuer"] = "https://id.test/".into(), other("https://id.test/")),
        (|value| value["issuer"] = "https://evil.test".into(), other("https://evil.test")),
        (|value| value["issuer"] = "https://id.test/{tenantid}".into(), other("https://id.test/{tenantid}")),
        (|value| drop(value.as_object_mut().unwrap().remove("issuer")), DiscoveryError::NotMetadata),
        (|value| *value = json!([]), DiscoveryError::NotMetadata),
        (|value| drop(value.as_object_mut().unwrap().remove("token_endpoint")), missing("token_endpoint")),
        (|value| value["jwks_uri"] = Value::Null, missing("jwks_uri")),
        (|value| value["authorization_endpoint"] = "/authorize".into(), missing("authorization_endpoint")),
        (|value| value["token_endpoint"] = "http://id.test/token".into(), insecure("token_endpoint")),
        (
            |value| value["end_session_endpoint"] = "javascript:alert(1)".into(),
            insecure("end_session_endpoint"),
        ),
        (
            |value| value["require_pushed_authorization_requests"] = true.into(),
            missing("pushed_authorization_request_endpoint"),
        ),
    ];
    for (change, error) in cases {
        let world = World::new();
        world.describes(change);
        let is_of_settings = error != DiscoveryError::NotMetadata;
        assert_eq!(begin(&world).await.err(), Some(error));
        assert!(!world.provider.is_ready());
        match world.sign_in().await {
            Err(SignInError::Misconfigured(detail)) if is_of_settings => {
                assert!(detail.contains("OIDC_ISSUER"), "{detail}");
            }
            Err(SignInError::Unavailable(_)) if !is_of_settings => {}
            refused => panic!("{refused:?}"),
        }
    }
}

fn other(stated: &str) -> DiscoveryError {
    DiscoveryError::OtherIssuer { stated: stated.to_owned() }
}

fn missing(name: &'static str) -> DiscoveryError {
    DiscoveryError::NoEndpoint(name)
}

fn insecure(name: &'static str) -> DiscoveryError {
    DiscoveryError::InsecureEndpoint(name)
}

#[tokio::test]
async fn a_provider_that_is_down_at_start_is_found_later() {
    let world = World::new();
    for answer in [unreachable(), lost(), text(503, "sorry"), text(404, ""), text(200, "<html>")] {
        world.answers(CONFIGURATION, [answer.clone()]);
        assert!(world.provider.warm().await.is_err(), "{answer:?}");
        let refused = world.sign_in().await;
        assert!(matches!(refused, Err(SignInError::Unavailable(_))), "{refused:?}");
        assert!(!world.provider.is_ready());
        world.advance(Duration::from_secs(6));
    }
    world.describes(|_| {});
    world.issues(&world.claims());
    assert!(world.sign_in().await.is_ok());
    assert!(world.provider.is_ready());
}

#[tokio::test]
async fn the_log_says_when_the_provider_was_found_and_that_it_is_asked_again() {
    let world = World::new();
    let log = Log::start();
    world.answers(CONFIGURATION, [unreachable(), text(404, ""), json_answer(200, &metadata())]);
    for reason in ["connection refused", "answered 404", "the provider was found"] {
        let before = log.text().len();
        let _ = world.provider.warm().await;
        let said = log.text()[before..].to_owned();
        assert!(said.contains(reason), "{said}");
        let is_found = reason.contains("was found");
        assert_eq!(said.contains("it is asked again within half a minute"), !is_found, "{said}");
        assert_eq!(said.contains("issuer=\"https://id.test\" millis="), is_found, "{said}");
        world.advance(Duration::from_secs(6));
    }
    // It is said once, and again after a failure.
    world.advance(Duration::from_hours(2));
    world.provider.warm().await.unwrap();
    assert_eq!(log.text().matches("the provider was found").count(), 1);
    world.answers(CONFIGURATION, [lost(), json_answer(200, &metadata())]);
    for _ in 0..2 {
        world.advance(Duration::from_hours(2));
        world.provider.warm().await.unwrap();
    }
    assert!(log.text().contains("the old stays in use"), "{}", log.text());
    assert_eq!(log.text().matches("the provider was found").count(), 2);
}

#[tokio::test]
async fn a_failed_fetch_is_not_repeated_by_each_request() {
    let world = World::new();
    world.answers(CONFIGURATION, [unreachable()]);
    for _ in 0..100 {
        assert!(begin(&world).await.is_err());
    }
    assert_eq!(world.take_calls().len(), 1);
    world.advance(Duration::from_secs(5));
    assert!(begin(&world).await.is_err());
    assert_eq!(world.take_calls().len(), 1);
}

#[tokio::test]
async fn many_requests_at_once_are_one_fetch() {
    let world = Arc::new(World::new());
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { begin(&world).await.is_ok() })
        })
        .collect();
    for one in waiting {
        assert!(one.await.unwrap());
    }
    assert_eq!(world.take_calls(), [CONFIGURATION]);
}

#[tokio::test]
async fn metadata_is_kept_as_long_as_the_provider_says_within_bounds() {
    for (cache_control, life_secs) in [
        ("max-age=1800", 1800),
        ("public", 3600),
        ("no-store", 300),
        ("max-age=1", 300),
        ("max-age=31536000", 86_400),
    ] {
        let world = World::new();
        world.answers(CONFIGURATION, [header(json_answer(200, &metadata()), "cache-control", cache_control)]);
        begin(&world).await.unwrap();
        world.advance(Duration::from_secs(life_secs - 1));
        begin(&world).await.unwrap();
        assert_eq!(world.take_calls().len(), 1, "{cache_control}");
        world.advance(Duration::from_secs(1));
        begin(&world).await.unwrap();
        assert_eq!(world.take_calls().len(), 1, "{cache_control}");
    }
}

#[tokio::test]
async fn stale_metadata_serves_while_the_provider_is_down() {
    let world = World::new();
    let grant = world.grant().await;
    world.advance(Duration::from_hours(48));
    for answer in [unreachable(), text(500, ""), json_answer(200, &json!({ "issuer": "https://evil.test" }))]
    {
        world.answers(CONFIGURATION, [answer]);
        assert!(begin(&world).await.is_ok());
        world.advance(Duration::from_mins(1));
    }
    world.take_requests();
    world.answers("/token", [oauth_error(400, "invalid_grant")]);
    let _ = world.provider.refresh(&Caller::default(), &grant).await;
    assert_eq!(world.take_calls(), ["/token"], "a refresh does not wait for metadata");
}

#[tokio::test]
async fn those_who_come_during_a_renewal_do_not_wait_for_it() {
    let world = World::new();
    begin(&world).await.unwrap();
    world.advance(Duration::from_hours(2));
    world.take_calls();
    let mut renewal = pin!(begin(&world));
    assert!(renewal.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(begin(&world).await.is_ok());
    assert_eq!(world.take_calls(), [""; 0], "the renewal has not even asked yet");
    assert!(renewal.await.is_ok());
    assert_eq!(world.take_calls(), [CONFIGURATION]);
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_nothing_last_for_ever() {
    let world = World::new();
    begin(&world).await.unwrap();
    world.script.set_back(Duration::from_hours(1000));
    begin(&world).await.unwrap();
    assert_eq!(world.take_calls().len(), 2);
}

#[tokio::test]
async fn warming_fetches_metadata_and_keys_once() {
    let world = World::new();
    world.provider.warm().await.unwrap();
    assert_eq!(world.take_calls(), [CONFIGURATION, "/keys"]);
    world.provider.warm().await.unwrap();
    assert_eq!(world.take_calls(), [""; 0]);
    world.advance(Duration::from_secs(560));
    world.provider.warm().await.unwrap();
    assert_eq!(world.take_calls(), ["/keys"], "before a request would have to wait for them");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_at_start_is_found_without_a_request() {
    let world = Arc::new(World::new());
    world.answers(CONFIGURATION, [unreachable()]);
    let warmed = Arc::clone(&world);
    let background = tokio::spawn(async move { warmed.provider.keep_warm().await });
    pass(Duration::from_secs(1)).await;
    assert_eq!(world.take_calls(), [CONFIGURATION]);
    assert!(!world.provider.is_ready());

    world.describes(|_| {});
    world.advance(Duration::from_secs(31));
    pass(Duration::from_secs(31)).await;
    assert!(world.provider.is_ready());
    assert_eq!(world.take_calls(), [CONFIGURATION, "/keys"]);
    // Nothing is due.
    world.advance(Duration::from_mins(5));
    pass(Duration::from_mins(5)).await;
    assert_eq!(world.take_calls(), [""; 0]);
    // A provider that is down again changes nothing.
    world.answers(CONFIGURATION, [unreachable()]);
    world.advance(Duration::from_hours(2));
    pass(Duration::from_hours(2)).await;
    assert!(world.take_calls().contains(&CONFIGURATION.to_owned()) && world.provider.is_ready());
    background.abort();
}

/// Lets the runtime's paused time pass.
async fn pass(time: Duration) {
    let _ = tokio::time::timeout(time, std::future::pending::<()>()).await;
}
