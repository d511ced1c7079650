use proptest::prelude::*;

use super::*;
use ironleaf_auth::Rejection;

fn presented(email: &str) -> (String, Value) {
    ("POST /v1/auth/tokens".to_owned(), json!({ "email": email, "refreshToken": "r1" }))
}

fn asked_for_record() -> (String, Value) {
    ("GET /v1/user/users/current".to_owned(), Value::Null)
}

#[tokio::test]
async fn a_new_pair_replaces_the_old_one_and_the_person_stays() {
    let (provider, script) = scripted([tokens("r2")]);
    let old = grant(Some("new@test.com")).await;
    let RefreshOutcome::Rotated(new) = provider.refresh(&caller(), &old).await else {
        panic!("not rotated");
    };
    assert_eq!(script.asked(), [presented("user@test.com")]);
    assert_eq!(new.field(REFRESH_TOKEN), Some(&"r2".into()));
    assert_eq!(new.access_expires_at, Some(start() + Duration::from_secs(1201)));
    assert_eq!(new.identity, old.identity);
}

#[tokio::test]
async fn only_the_listed_refusal_ends_a_session() {
    let grant = grant(None).await;
    let record = user("user@test.com", None);
    let (provider, _) = scripted([refused(), record]);
    let outcome = provider.refresh(&caller(), &grant).await;
    assert!(matches!(outcome, RefreshOutcome::Rejected(Rejection::InvalidGrant)), "{outcome:?}");

    let without = |field: &str| {
        let mut item = json!({ "accessToken": "a", "ttlSeconds": 1200, "refreshToken": "r2" });
        item.as_object_mut().unwrap().remove(field);
        answer(201, &json!({ "item": item }))
    };
    for answer in [
        error(401, "Unauthorized"),
        text(401, "Invalid credentials"),
        answer(401, &json!({ "statusCode": 403, "message": "Invalid credentials" })),
        answer(400, &json!({ "statusCode": 401, "message": "Invalid credentials" })),
        error(403, "Invalid credentials"),
        error(400, "Validation failed"),
        error(404, "Not Found"),
        error(500, "Internal Server Error"),
        text(502, "<html>"),
        text(302, ""),
        text(201, ""),
        text(201, "{\"item\":{\"accessToken\":\"a\",\"ttl"),
        without("accessToken"),
        answer(201, &json!({ "item": { "accessToken": "a\nb", "ttlSeconds": 1, "refreshToken": "r2" } })),
        answer(201, &json!({ "item": { "accessToken": "a", "ttlSeconds": 1, "refreshToken": "r\n2" } })),
        answer(201, &json!({ "item": { "accessToken": "a", "ttlSeconds": 1, "refreshToken": 7 } })),
        answer(201, &json!({ "item": { "accessToken": "", "ttlSeconds": 1, "refreshToken": "r2" } })),
        answer(201, &json!({ "item": { "accessToken": "a", "ttlSeconds": 0, "refreshToken": "r2" } })),
        lost(),
    ] {
        let text = format!("{answer:?}");
        let (provider, script) = scripted([answer]);
        let outcome = provider.refresh(&caller(), &grant).await;
        let whole = !text.starts_with("Err");
        assert!(
            matches!(outcome, RefreshOutcome::InDoubt { answered, .. } if answered == whole),
            "{text}: {outcome:?}"
        );
        assert_eq!(script.asked().len(), 1, "{text}: presented again");
    }
    let (provider, _) = scripted([unreachable()]);
    let outcome = provider.refresh(&caller(), &grant).await;
    assert!(matches!(outcome, RefreshOutcome::NotSent(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_life_that_is_written_otherwise_or_not_at_all_is_read_all_the_same() {
    let times = URL_SAFE_NO_PAD.encode(r#"{"exp":1700000900,"iat":1700000000}"#);
    let jwt = format!("e30.{times}.c2ln");
    for (access_token, ttl_seconds, secs) in [
        ("opaque", json!(1200), 1200),
        ("opaque", json!("1200"), 1200),
        ("opaque", json!(" 1200 "), 1200),
        ("opaque", json!(1200.9), 1200),
        ("opaque", json!("1.2e3"), 1200),
        (&jwt, json!(60), 60),
        (&jwt, Value::Null, 900),
        (&jwt, json!("soon"), 900),
        (&jwt, json!(-1), 900),
        (&jwt, json!({}), 900),
        ("opaque", Value::Null, 300),
        ("opaque", json!(true), 300),
    ] {
        let mut item =
            json!({ "accessToken": access_token, "ttlSeconds": ttl_seconds, "refreshToken": "r2" });
        if ttl_seconds.is_null() {
            item.as_object_mut().unwrap().remove("ttlSeconds");
        }
        let (provider, _) = scripted([answer(201, &json!({ "item": item }))]);
        let outcome = provider.refresh(&caller(), &grant(None).await).await;
        let RefreshOutcome::Rotated(new) = outcome else {
            panic!("{access_token} {ttl_seconds}: {outcome:?}")
        };
        assert_eq!(new.access_lifetime, Some(Duration::from_secs(secs)), "{access_token} {ttl_seconds}");
    }
}

#[tokio::test]
async fn an_answer_without_a_refresh_token_keeps_the_one_that_was_presented() {
    for refresh_token in [None, Some(Value::Null), Some(json!(""))] {
        let mut item = json!({ "accessToken": "a2", "ttlSeconds": 1200 });
        if let Some(value) = refresh_token {
            item["refreshToken"] = value;
        }
        let (provider, script) = scripted([answer(201, &json!({ "item": item })), tokens("r2")]);
        let old = grant(None).await;
        let RefreshOutcome::Rotated(new) = provider.refresh(&caller(), &old).await else { panic!("{item}") };
        assert_eq!((new.field(REFRESH_TOKEN), new.field(1)), (old.field(REFRESH_TOKEN), Some(&"a2".into())));
        assert!(matches!(provider.refresh(&caller(), &new).await, RefreshOutcome::Rotated(_)));
        assert_eq!(script.asked(), [presented("user@test.com"), presented("user@test.com")]);
    }
}

#[tokio::test]
async fn a_byte_order_mark_changes_nothing() {
    let marked = |answer: Answer| {
        answer.map(|response| response.map(|body| [b"\xef\xbb\xbf", body.as_ref()].concat().into()))
    };
    let grant = grant(None).await;
    let (provider, _) = scripted([marked(tokens("r2"))]);
    assert!(matches!(provider.refresh(&caller(), &grant).await, RefreshOutcome::Rotated(_)));
    let (provider, _) = scripted([marked(refused()), marked(user("user@test.com", None))]);
    assert!(matches!(provider.refresh(&caller(), &grant).await, RefreshOutcome::Rejected(_)));
}

#[tokio::test]
async fn after_a_verified_change_the_other_address_is_tried() {
    let (provider, script) = scripted([refused(), tokens("r2")]);
    let outcome = provider.refresh(&caller(), &grant(Some("new@test.com")).await).await;
    let RefreshOutcome::Rotated(grant) = outcome else {
        panic!("not rotated: {outcome:?}");
    };
    assert_eq!(script.asked(), [presented("user@test.com"), presented("new@test.com")]);
    assert_eq!(addresses(&grant), (Some("new@test.com".to_owned()), None));
}

#[tokio::test]
async fn after_that_the_owners_record_is_asked() {
    let (provider, script) = scripted([refused(), refused(), user("third@test.com", None), tokens("r2")]);
    let outcome = provider.refresh(&caller(), &grant(Some("new@test.com")).await).await;
    let RefreshOutcome::Rotated(grant) = outcome else {
        panic!("not rotated: {outcome:?}");
    };
    let tried = [
        presented("user@test.com"),
        presented("new@test.com"),
        asked_for_record(),
        presented("third@test.com"),
    ];
    assert_eq!(script.asked(), tried);
    assert_eq!(addresses(&grant).0.as_deref(), Some("third@test.com"));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_keeps_the_session() {
    for failure in [lost(), unreachable(), error(500, "Down"), text(401, "<html>")] {
        let (provider, _) = scripted([refused(), failure]);
        let outcome = provider.refresh(&caller(), &grant(None).await).await;
        assert!(matches!(outcome, RefreshOutcome::Unspent { .. }), "{outcome:?}");
    }
    let (provider, _) = scripted([refused(), error(401, "Unauthorized")]);
    let outcome = provider.refresh(&caller(), &grant(None).await).await;
    assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "{outcome:?}");
}

#[tokio::test]
async fn an_ended_access_token_cannot_ask_for_the_record() {
    let mut grant = grant(None).await;
    grant.access_expires_at = Some(start());
    let (provider, script) = scripted([refused()]);
    let outcome = provider.refresh(&caller(), &grant).await;
    assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "{outcome:?}");
    assert_eq!(script.asked(), [presented("user@test.com")]);
}

#[tokio::test]
async fn a_doubt_about_the_second_address_is_a_doubt() {
    let (provider, _) = scripted([refused(), lost()]);
    let outcome = provider.refresh(&caller(), &grant(Some("new@test.com")).await).await;
    assert!(matches!(outcome, RefreshOutcome::InDoubt { .. }), "{outcome:?}");
}

fn is_recognised(provider: &CoreApiProvider, grant: &Grant) -> bool {
    matches!(provider.repetition(grant), Repetition::Recognised { .. })
}

#[tokio::test]
async fn whoever_is_turned_away_by_a_limit_was_not_looked_at() {
    for (header, wait_secs) in [(Some("17"), Some(17)), (None, None), (Some("soon"), None)] {
        for body in [error(429, "Too Many Requests"), text(429, "<h1>Slow down</h1>")] {
            let mut answer = body.unwrap();
            if let Some(header) = header {
                answer.headers_mut().insert("retry-after", http::HeaderValue::from_static(header));
            }
            let (provider, script) = scripted([Ok(answer)]);
            let outcome = provider.refresh(&caller(), &grant(None).await).await;
            let RefreshOutcome::Unspent { retry_after, .. } = outcome else {
                panic!("{outcome:?}");
            };
            assert_eq!(retry_after, wait_secs.map(Duration::from_secs));
            assert_eq!(script.asked().len(), 1);
        }
    }
}

#[tokio::test]
async fn a_grant_of_the_first_version_still_knows_its_addresses() {
    let former = |grant: Grant| grant.with(3, "former@test.com").with(4, "waiting@test.com").with(6, "u1");
    let (provider, script) = scripted([refused(), refused(), tokens("r2")]);
    let RefreshOutcome::Rotated(renewed) = provider.refresh(&caller(), &former(grant(None).await)).await
    else {
        panic!("not rotated");
    };
    let tried = ["user@test.com", "former@test.com", "waiting@test.com"].map(presented);
    assert_eq!(script.asked(), tried);
    assert_eq!(addresses(&renewed), (Some("waiting@test.com".to_owned()), None));
    assert!([3, 4, 6].into_iter().all(|field| renewed.field(field).is_none()));
}

#[tokio::test]
async fn the_idempotency_key_goes_where_the_api_declares_it() {
    let plain = grant(None).await;
    let (provider, script) =
        scripted([idempotent(tokens("r2")), lost(), idempotent(tokens("r3")), tokens("r4")]);
    assert!(!is_recognised(&provider, &plain));
    let mut grant = plain;
    for _ in 0..4 {
        if let RefreshOutcome::Rotated(renewed) = provider.refresh(&caller(), &grant).await {
            assert_eq!(is_recognised(&provider, &renewed), renewed.field(IDEMPOTENCY_KEY).is_some());
            grant = renewed;
        }
    }
    assert!(!is_recognised(&provider, &grant), "an API that stops declaring it has lost it");
    let key = |index| script.header(index, "idempotency-key");
    assert_eq!(key(0), None, "not declared yet");
    assert!(key(1).is_some());
    assert_eq!(key(1), key(2), "the same token is presented under the same key");
}

#[tokio::test]
async fn an_answer_repeated_after_the_end_of_its_access_token_still_has_the_newest_refresh_token() {
    let item = json!({ "accessToken": "a", "ttlSeconds": 0, "refreshToken": "r2" });
    let (provider, _) = scripted([idempotent(answer(201, &json!({ "item": item })))]);
    let outcome = provider.refresh(&caller(), &grant(None).await).await;
    let RefreshOutcome::Rotated(renewed) = outcome else {
        panic!("not rotated: {outcome:?}");
    };
    assert_eq!(renewed.access_lifetime, Some(Duration::ZERO));
    assert_eq!(renewed.field(REFRESH_TOKEN), Some(&"r2".into()));
}

#[tokio::test]
async fn each_refresh_token_gets_a_key_of_its_own() {
    let (mut provider, _) = scripted([idempotent(tokens("r2")), idempotent(tokens("r3"))]);
    provider.random = ironleaf_auth::system_random();
    let mut keys = Vec::new();
    let mut grant = grant(None).await;
    for _ in 0..2 {
        let RefreshOutcome::Rotated(renewed) = provider.refresh(&caller(), &grant).await else {
            panic!("not rotated");
        };
        keys.push(renewed.field(IDEMPOTENCY_KEY).cloned());
        grant = renewed;
    }
    assert_ne!(keys[0], keys[1]);
}

fn asked(method: http::Method, path: &str) -> Asked {
    Asked { method, uri: format!("http://core.test/v1{path}").parse().unwrap() }
}

fn for_record() -> Asked {
    asked(http::Method::GET, "/user/users/current")
}

#[tokio::test]
async fn a_record_with_the_persons_identifier_is_not_the_persons() {
    let (provider, _) = scripted([]);
    let grant = grant(None).await;
    let response = user("other@test.com", None).unwrap();
    for (method, path, counts) in [
        (http::Method::GET, "/user/users/current", true),
        (http::Method::PATCH, "/user/users/u1", true),
        (http::Method::GET, "/user/users/u1", false),
        (http::Method::PATCH, "/user/users/u2", false),
        (http::Method::PATCH, "/user/users/current", false),
        (http::Method::POST, "/user/users/current", false),
        (http::Method::GET, "/invitations/u1", false),
        (http::Method::GET, "/user/users/current/../u1", false),
    ] {
        let asked = asked(method, path);
        let observed = provider.observe(&grant, &asked, &response);
        assert_eq!(matches!(observed, Observed::AtOnce(_)), counts, "{asked:?}");
    }
}

#[tokio::test]
async fn the_addresses_follow_every_record_of_the_same_person() {
    let (provider, _) = scripted([]);
    let mut grant = grant(None).await;
    let mut learns = |answer: Answer| match provider.observe(&grant, &for_record(), &answer.unwrap()) {
        Observed::Nothing => None,
        Observed::Lazily(_) => panic!("an address that is lost costs the session"),
        Observed::AtOnce(change) => {
            change(&mut grant);
            Some(addresses(&grant))
        }
    };
    let both = (Some("user@test.com".to_owned()), Some("new@test.com".to_owned()));
    assert_eq!(learns(user("user@test.com", Some("new@test.com"))), Some(both));
    assert_eq!(learns(user("user@test.com", Some("new@test.com"))), None);

    let other = json!({ "item": { "id": "u2", "email": "other@test.com", "roles": [] } });
    for nothing in [answer(200, &other), error(404, "Not Found"), text(200, "garbage")] {
        assert_eq!(learns(nothing), None);
    }
    assert_eq!(learns(user("new@test.com", None)), Some((Some("new@test.com".to_owned()), None)));
}

proptest! {
    /// For any answer: no panic, and only the listed answer ends a session.
    #[test]
    fn no_other_answer_ends_a_session(status in 100_u16..1000, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let grant = grant(None).await;
            let (provider, _) = scripted([text(status, body)]);
            let outcome = provider.refresh(&caller(), &grant).await;
            match outcome {
                RefreshOutcome::InDoubt { answered: true, .. } => {}
                RefreshOutcome::Unspent { .. } => assert_eq!(status, 429),
                other => panic!("{status}: {other:?}"),
            }
        });
    }

    #[test]
    fn no_lifetime_is_too_long(ttl in any::<u64>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let item = json!({ "accessToken": "a", "ttlSeconds": ttl, "refreshToken": "r2" });
            let (provider, _) = scripted([answer(201, &json!({ "item": item }))]);
            let outcome = provider.refresh(&caller(), &grant(None).await).await;
            assert_eq!(matches!(outcome, RefreshOutcome::Rotated(_)), ttl > 0, "{outcome:?}");
        });
    }
}

/// Another record with the person's identifier, such as a profile, is not the person's record.
#[tokio::test]
async fn a_record_without_address_or_roles_takes_none_away_and_ends_no_session() {
    for record in [
        json!({ "item": { "id": "u1", "theme": "dark" } }),
        json!({ "item": { "id": "u1", "email": "contact@test.com" } }),
        json!({ "item": { "id": "u1", "roles": ["OTHER"] } }),
    ] {
        let (provider, script) = scripted([tokens("r2")]);
        let mut grant = grant(None).await;
        let known = grant.identity.clone();
        let response = answer(200, &record).unwrap();
        if let Observed::AtOnce(change) = provider.observe(&grant, &for_record(), &response) {
            change(&mut grant);
        }
        assert_eq!(grant.identity, known, "{record}");
        script.advance(Duration::from_mins(30));
        let outcome = provider.refresh(&caller(), &grant).await;
        assert!(matches!(outcome, RefreshOutcome::Rotated(_)), "{record}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_sign_in_whose_record_has_no_address_keeps_the_one_that_was_typed() {
    let record = answer(200, &json!({ "item": { "id": "u1" } }));
    let (provider, _) = scripted([tokens("r1"), record]);
    let attempt =
        SignIn::Password { email: EmailAddress::of_record("user@test.com"), password: "password1".into() };
    let signed_in = provider.sign_in(&caller(), attempt, None).await.unwrap();
    assert_eq!(addresses(&signed_in.grant).0.as_deref(), Some("user@test.com"));
}
