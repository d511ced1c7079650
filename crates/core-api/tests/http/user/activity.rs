//! `GET /v1/user/users/current/activity`.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{ADMIN, PASSWORD, TestApi, USER};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";

/// The events of a person, newest first.
async fn events(api: &TestApi, access: &str) -> Vec<Value> {
    api.api.settled().await;
    let answer = api.get("/v1/user/users/current/activity").bearer(access).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["items"].as_array().unwrap().clone()
}

/// Their types, oldest first.
async fn types(api: &TestApi, access: &str) -> Vec<String> {
    let events = events(api, access).await;
    events.iter().rev().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_event_says_what_happened_when_and_from_where() {
    let api = TestApi::new().await;
    let body = json!({ "email": USER, "password": PASSWORD });
    let answer = api
        .post("/v1/auth/tokens")
        .header("x-forwarded-for", "198.51.100.1, 203.0.113.9")
        .header("x-forwarded-user-agent", FIREFOX)
        .json(&body)
        .send()
        .await;
    let tokens = answer.into_tokens();
    let expected = json!({
        "type": "SIGNED_IN",
        "createdAt": "2026-11-21T10:48:52.360Z",
        "browser": "Firefox on Linux",
        "address": "203.0.113.9",
        "byAdministrator": false,
    });
    assert_eq!(events(&api, &tokens.access).await, [expected]);
}

#[tokio::test]
async fn refused_sign_ins_are_shown_and_do_not_push_out_the_others() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    for _ in 0..25 {
        api.clock.advance(Duration::from_secs(1));
        let wrong = json!({ "email": USER, "password": "not this one" });
        assert_eq!(api.tokens(&wrong).await.status, StatusCode::UNAUTHORIZED);
        api.api.settled().await;
    }
    let types = types(&api, &tokens.access).await;
    assert_eq!((types.len(), types[0].as_str()), (21, "SIGNED_IN"));
    assert!(types[1..].iter().all(|kind| kind == "SIGN_IN_FAILED"), "{types:?}");
}

/// How many events of each type there are, in the order of their first one.
fn counts(types: &[String]) -> Vec<(&str, usize)> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for kind in types {
        match counts.iter_mut().find(|(known, _)| known == kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((kind, 1)),
        }
    }
    counts
}

#[tokio::test]
async fn whoever_has_the_password_cannot_push_out_what_was_changed() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    api.change_address(&tokens.access, "new@test.com").await;
    let id = api.user_id(&tokens.access).await;
    api.patch_user(&id, &tokens.access, &json!({ "password": "a new password" })).await;
    for _ in 0..205 {
        api.clock.advance(Duration::from_secs(1));
        api.sign_in("new@test.com", "a new password").await;
    }
    let shown = types(&api, &tokens.access).await;
    let changes = [("EMAIL_CHANGE_REQUESTED", 1), ("EMAIL_CHANGED", 1), ("PASSWORD_CHANGED", 1)];
    assert_eq!(counts(&shown), [&changes[..], &[("SIGNED_IN", 47)]].concat());
    let path = "/v1/user/users/current/activity?limit=200";
    let all = api.get(path).bearer(&tokens.access).send().await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 3 + 60);
    let path = "/v1/user/users/current/activity?limit=1";
    let newest = api.get(path).bearer(&tokens.access).send().await.json();
    assert_eq!(newest["items"][0]["type"], "SIGNED_IN", "one is the newest one");
}

#[tokio::test]
async fn no_kind_of_change_pushes_out_another() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    api.change_address(&tokens.access, "new@test.com").await;
    let id = api.user_id(&tokens.access).await;
    for _ in 0..205 {
        api.patch_user(&id, &tokens.access, &json!({ "password": PASSWORD })).await;
    }
    let shown = types(&api, &tokens.access).await;
    let expected = [("EMAIL_CHANGE_REQUESTED", 1), ("EMAIL_CHANGED", 1), ("PASSWORD_CHANGED", 48)];
    assert_eq!(counts(&shown), expected);
}

#[tokio::test]
async fn a_password_that_is_asked_for_again_and_changed_is_shown() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let id = api.user_id(&tokens.access).await;
    api.tokens(&json!({ "email": USER })).await;
    let link = api.mailed_token(USER).await;
    let by_link = api.refresh(USER, &link).await.into_tokens();
    let again = api.refresh(USER, &by_link.refresh).await.into_tokens();
    api.patch_user(&id, &again.access, &json!({ "password": "a new password" })).await;
    let expected = ["SIGNED_IN", "PASSWORD_RESET_REQUESTED", "SIGNED_IN", "PASSWORD_CHANGED"];
    assert_eq!(
        types(&api, &tokens.access).await,
        expected,
        "a refresh is not a sign-in, and a link is one once"
    );
}

#[tokio::test]
async fn a_new_address_is_shown_as_it_is_asked_for_and_verified() {
    let api = TestApi::new().await;
    let tokens = api.register("first@test.com").await;
    let id = api.user_id(&tokens.access).await;
    api.verify(&api.mailed_token("first@test.com").await).await;
    for _ in 0..2 {
        api.patch_user(&id, &tokens.access, &json!({ "email": "second@test.com" })).await;
    }
    api.verify(&api.mailed_token("second@test.com").await).await;
    let expected = ["SIGNED_IN", "EMAIL_VERIFIED", "EMAIL_CHANGE_REQUESTED", "EMAIL_CHANGED"];
    assert_eq!(types(&api, &tokens.access).await, expected);
}

#[tokio::test]
async fn a_spent_token_is_a_theft_unless_its_owner_says_that_it_is_a_sign_out() {
    let api = TestApi::new().await;
    for (after_secs, header, expected) in [
        (0, Some("true"), "SIGNED_OUT"),
        (59, Some("true"), "SIGNED_OUT"),
        (60, Some("true"), "TOKEN_REUSED"),
        (0, Some("no"), "TOKEN_REUSED"),
        (0, None, "TOKEN_REUSED"),
    ] {
        let leaving = api.sign_in(USER, PASSWORD).await;
        api.refresh(USER, &leaving.refresh).await;
        api.clock.advance(Duration::from_secs(after_secs));
        for _ in 0..2 {
            let body = json!({ "email": USER, "refreshToken": leaving.refresh });
            let call = api.post("/v1/auth/tokens").json(&body);
            let call = if let Some(value) = header { call.header("sign-out", value) } else { call };
            assert_eq!(call.send().await.status, StatusCode::UNAUTHORIZED);
        }
        let types = types(&api, &leaving.access).await;
        assert_eq!(&types[types.len() - 2..], ["SIGNED_IN", expected], "{after_secs} {header:?}: once");
    }
}

#[tokio::test]
async fn ended_sessions_are_shown_by_whoever_ended_them() {
    let api = TestApi::new().await;
    let others = json!({ "email": USER, "password": PASSWORD, "invalidateTokens": true });
    let first = api.tokens(&others).await.into_tokens();
    assert_eq!(types(&api, &first.access).await, ["SIGNED_IN"], "there were no others");
    let second = api.tokens(&others).await.into_tokens();
    assert_eq!(types(&api, &second.access).await[1..], ["SIGNED_IN", "OTHER_SESSIONS_ENDED"]);
}

#[tokio::test]
async fn what_an_administrator_did_does_not_tell_where_they_are() {
    let api = TestApi::new().await;
    let (user, admin) = (api.sign_in(USER, PASSWORD).await, api.sign_in(ADMIN, PASSWORD).await);
    let id = api.user_id(&user.access).await;
    let answer = api
        .request(Method::PATCH, &format!("/v1/user/users/{id}"))
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-forwarded-user-agent", FIREFOX)
        .bearer(&admin.access)
        .json(&json!({ "password": "a new password" }))
        .send()
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let newest = events(&api, &user.access).await[0].clone();
    assert_eq!(
        (&newest["type"], &newest["byAdministrator"], &newest["browser"], &newest["address"]),
        (&json!("PASSWORD_CHANGED"), &json!(true), &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn nobody_sees_the_activity_of_somebody_else() {
    let api = TestApi::new().await;
    api.sign_in(USER, PASSWORD).await;
    let admin = api.sign_in(ADMIN, PASSWORD).await;
    assert_eq!(types(&api, &admin.access).await, ["SIGNED_IN"]);
    let path = "/v1/user/users/current/activity";
    api.get(path).send().await.assert_error(401, "Unauthorized", "Unauthorized");
}

#[tokio::test]
async fn as_many_events_are_shown_as_were_asked_for() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let id = api.user_id(&tokens.access).await;
    for _ in 0..205 {
        api.patch_user(&id, &tokens.access, &json!({ "password": PASSWORD })).await;
    }
    let path = "/v1/user/users/current/activity";
    for (query, number) in [("", 50), ("?limit=1", 1), ("?limit=", 50), ("?limit=200", 200)] {
        let answer = api.get(&format!("{path}{query}")).bearer(&tokens.access).send().await;
        assert_eq!(answer.json()["items"].as_array().unwrap().len(), number, "{query}");
    }
    let newest = api.get(path).bearer(&tokens.access).send().await.json();
    assert_eq!(newest["items"][0]["type"], "PASSWORD_CHANGED");
    for query in ["?limit=0", "?limit=201", "?limit=x"] {
        let answer = api.get(&format!("{path}{query}")).bearer(&tokens.access).send().await;
        assert_eq!(answer.issues()[0].0, "limit", "{query}");
    }
}

#[tokio::test]
async fn an_event_is_kept_for_90_days() {
    let api = TestApi::new().await;
    api.sign_in(USER, PASSWORD).await;
    api.clock.advance(Duration::from_hours(90 * 24 - 1));
    let tokens = api.sign_in(USER, PASSWORD).await;
    assert_eq!(types(&api, &tokens.access).await.len(), 2);
    api.clock.advance(Duration::from_hours(1));
    let tokens = api.sign_in(USER, PASSWORD).await;
    assert_eq!(types(&api, &tokens.access).await.len(), 2, "the first one is gone");
}
