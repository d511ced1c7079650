use ironleaf_auth::{RefreshTiming, Rejection, Repetition};
use proptest::prelude::*;

use super::*;

const TOKEN: &str = "auth POST /oauth/token";

#[tokio::test]
async fn the_refresh_token_stays_and_the_access_token_is_new() {
    let old = customer().await;
    let (provider, script) = scripted([renewed(CUSTOMER)]);
    let RefreshOutcome::Rotated(new) = provider.refresh(&caller(), &old).await else {
        panic!("not rotated");
    };
    assert_eq!(script.asked(), [TOKEN]);
    let form = script.form(0);
    assert_eq!((form["grant_type"].as_str(), form["refresh_token"].as_str()), ("refresh_token", "shop:r1"));
    assert!(script.header(0, "authorization").unwrap().starts_with("Basic "));
    assert_eq!(
        (new.field(REFRESH_TOKEN), new.field(ACCESS_TOKEN)),
        (Some(&"shop:r1".into()), Some(&"a2".into()))
    );
    // Its life begins again with each use.
    let received_at = start() + Duration::from_secs(1);
    assert_eq!(new.refresh_expires_at, Some(received_at + Duration::from_hours(7 * 24)));
    assert_eq!(new.identity, old.identity);
    assert!(matches!(provider.repetition(&old), Repetition::Free));
    assert_eq!(provider.refresh_timing(&old), RefreshTiming::Before(Duration::from_mins(1)));
}

#[tokio::test]
async fn a_guests_cart_outlives_a_refresh() {
    let (provider, _) = scripted([renewed(GUEST)]);
    let old = guest_with_cart().await;
    let RefreshOutcome::Rotated(new) = provider.refresh(&caller(), &old).await else {
        panic!("not rotated");
    };
    assert_eq!((&new.identity, new.field(CART)), (&old.identity, old.field(CART)));
}

#[tokio::test]
async fn a_session_never_turns_into_that_of_somebody_else() {
    for (old, subject) in
        [(customer().await, "customer_id:c2"), (customer().await, GUEST), (guest().await, "customer_id:g1")]
    {
        let (provider, script) = scripted([renewed(subject)]);
        let outcome = provider.refresh(&caller(), &old).await;
        assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "{subject}: {outcome:?}");
        assert_eq!(script.asked(), [TOKEN]);
    }
}

#[tokio::test]
async fn without_a_scope_the_record_tells_whose_the_new_tokens_are() {
    let gone = || error(404, "ResourceNotFound");
    for (old, told, is_over) in [
        (customer().await, record("c1", "user@test.com"), false),
        (customer().await, record("c2", "other@test.com"), true),
        (customer().await, gone(), false),
        (customer().await, lost(), false),
        (customer().await, throttled(), false),
        (guest().await, gone(), false),
        (guest().await, record("g1", "user@test.com"), true),
    ] {
        let shown = format!("{told:?}");
        let (provider, script) = scripted([renewed(""), told]);
        let outcome = provider.refresh(&caller(), &old).await;
        assert_eq!(matches!(outcome, RefreshOutcome::Rejected(_)), is_over, "{shown}: {outcome:?}");
        assert!(is_over || matches!(outcome, RefreshOutcome::Rotated(_)), "{shown}: {outcome:?}");
        assert_eq!(script.asked(), [TOKEN, "api GET /shop/me"]);
        assert_eq!(
            script.header(1, "authorization").as_deref(),
            Some("Bearer a2"),
            "it is asked with the new one"
        );
    }
}

#[tokio::test]
async fn an_ended_grant_is_found_wherever_it_stands_in_the_body() {
    let grant = customer().await;
    for (status, body) in [
        (400, json!({ "statusCode": 400, "message": "Sorry.", "errors": [{ "error": "invalid_grant" }] })),
        (400, json!({ "statusCode": 400, "errors": [{ "code": "invalid_grant" }] })),
        (400, json!({ "error": "invalid_grant", "error_description": "Sorry." })),
        (400, json!({ "errors": [{ "code": 7 }, null, { "error": "invalid_grant" }] })),
        (
            401,
            json!({ "statusCode": 401, "message": "invalid_token", "errors": [{ "code": "invalid_token" }] }),
        ),
        (401, json!({ "error": "invalid_token" })),
    ] {
        let (provider, _) = scripted([answer(status, &body)]);
        let outcome = provider.refresh(&caller(), &grant).await;
        assert!(matches!(outcome, RefreshOutcome::Rejected(Rejection::InvalidGrant)), "{body}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_is_our_own_fault_ends_no_session() {
    let grant = customer().await;
    for response in [
        error(401, "invalid_client"),
        error(400, "invalid_client"),
        error(400, "invalid_scope"),
        error(403, "insufficient_scope"),
        error(400, "unsupported_grant_type"),
        error(400, "invalid_request"),
        answer(401, &json!({ "error": "invalid_client", "errors": [{ "code": "invalid_grant" }] })),
    ] {
        let shown = format!("{response:?}");
        let (provider, script) = scripted([response]);
        let outcome = provider.refresh(&caller(), &grant).await;
        assert!(matches!(outcome, RefreshOutcome::Unspent { .. }), "{shown}: {outcome:?}");
        assert_eq!(script.asked().len(), 1);
    }
    let (provider, _) = scripted([throttled()]);
    let RefreshOutcome::Unspent { retry_after, .. } = provider.refresh(&caller(), &grant).await else {
        panic!("a throttled refresh is not unspent");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(30)));
}

#[tokio::test]
async fn nonsense_ends_no_session() {
    let grant = customer().await;
    for response in [
        text(401, "<h1>Unauthorized</h1>"),
        text(401, ""),
        answer(401, &json!({ "statusCode": 401, "message": "Unauthorized" })),
        text(400, "invalid_grant"),
        answer(400, &json!({ "errors": { "code": "invalid_grant" } })),
        answer(400, &json!(["invalid_grant"])),
        error(403, "invalid_grant"),
        error(404, "invalid_grant"),
        error(500, "invalid_grant"),
        error(200, "invalid_grant"),
        text(200, "<html>"),
        text(200, ""),
        text(204, ""),
        text(302, ""),
        text(502, "<html>"),
        answer(200, &json!({ "access_token": null })),
        answer(200, &json!({ "access_token": "a\nb" })),
        answer(200, &json!({ "access_token": "a", "refresh_token": 7 })),
        answer(200, &json!({ "access_token": "a", "token_type": "mac" })),
        lost(),
    ] {
        let shown = format!("{response:?}");
        let whole = response.is_ok();
        let (provider, script) = scripted([response]);
        let outcome = provider.refresh(&caller(), &grant).await;
        assert!(
            matches!(outcome, RefreshOutcome::InDoubt { answered, .. } if answered == whole),
            "{shown}: {outcome:?}"
        );
        assert_eq!(script.asked().len(), 1, "{shown}: presented again");
    }
    let (provider, _) = scripted([unreachable()]);
    let outcome = provider.refresh(&caller(), &grant).await;
    assert!(matches!(outcome, RefreshOutcome::NotSent(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_grant_of_other_settings_is_sent_nowhere() {
    let grant = customer().await;
    let elsewhere = CommercetoolsSettings { project: "other".to_owned(), ..settings() };
    let (provider, script) = with_settings(elsewhere, []);
    assert!(!provider.is_ours(&grant));
    assert!(matches!(provider.refresh(&caller(), &grant).await, RefreshOutcome::Rejected(_)));
    assert_eq!(provider.sign_out(&caller(), &grant).await, Ok(()));
    let mut request = crate::oauth::request(Method::GET, "https://api.test/other/me").unwrap();
    provider.authorize(&caller(), &grant, &mut request);
    assert_eq!(request.headers().get("authorization"), None);
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn a_grant_without_a_refresh_token_ends_with_its_access_token_and_without_a_call() {
    let mut grant = customer().await;
    grant.remove(REFRESH_TOKEN);
    let (provider, script) = scripted([]);
    assert_eq!(provider.refresh_timing(&grant), RefreshTiming::AfterExpiry);
    assert!(matches!(provider.refresh(&caller(), &grant).await, RefreshOutcome::Rejected(_)));
    assert!(script.asked().is_empty());
    grant.access_expires_at = None;
    assert_eq!(provider.refresh_timing(&grant), RefreshTiming::On401);
}

#[tokio::test]
async fn what_an_answer_shows_of_the_person_is_kept() {
    let mut grant = customer().await;
    let (provider, _) = scripted([]);
    for nothing in [
        record("c1", "user@test.com"),
        record("c2", "other@test.com"),
        error(404, "ResourceNotFound"),
        text(200, "<html>"),
        answer(200, &json!({ "id": "c1", "version": 1 })),
        answer(200, &cart("Active", &json!({ "customerId": "c1" }))),
    ] {
        let observed = provider.observe(&grant, &asked(Method::GET, "/shop/me"), &nothing.unwrap());
        assert!(matches!(observed, Observed::Nothing));
    }
    let response = record("c1", "new@test.com").unwrap();
    for (method, path) in [
        (Method::GET, "/shop/me/orders"),
        (Method::GET, "/shop/meadow"),
        (Method::GET, "/shop/customers/c1"),
        (Method::GET, "/other/me"),
        (Method::DELETE, "/shop/me"),
    ] {
        let observed = provider.observe(&grant, &asked(method.clone(), path), &response);
        assert!(matches!(observed, Observed::Nothing), "{method} {path}: it may be what somebody else wrote");
    }
    let observed = provider.observe(&grant, &asked(Method::POST, "/shop/me"), &response);
    let Observed::AtOnce(change) = observed else { panic!("not seen") };
    change(&mut grant);
    assert_eq!(grant.identity.unwrap().email.as_deref(), Some("new@test.com"));
}

proptest! {
    /// For any answer: no panic, and only the listed answers end a session.
    #[test]
    fn no_other_answer_ends_a_session(status in 100_u16..1000, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let grant = customer().await;
            let (provider, _) = scripted([text(status, body), lost()]);
            match provider.refresh(&caller(), &grant).await {
                RefreshOutcome::InDoubt { answered: true, .. } => {}
                RefreshOutcome::Unspent { .. } => assert_eq!(status, 429),
                other => panic!("{status}: {other:?}"),
            }
        });
    }

    #[test]
    fn no_lifetime_is_too_long(expires_in in any::<u64>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let grant = guest().await;
            let mut body = token_body("a2", None, GUEST);
            body["expires_in"] = expires_in.into();
            let (provider, _) = scripted([answer(200, &body)]);
            let RefreshOutcome::Rotated(renewed) = provider.refresh(&caller(), &grant).await else {
                panic!("not rotated");
            };
            assert!(renewed.access_lifetime <= Some(Duration::from_hours(7 * 24)));
        });
    }
}
