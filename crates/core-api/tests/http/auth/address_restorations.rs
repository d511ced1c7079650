//! `POST /v1/auth/address-restorations`: taking back an address.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApi, Tokens, USER};

const DAY: Duration = Duration::from_hours(24);
const ATTACKER: &str = "attacker@test.com";

async fn set_password_by_link(api: &TestApi, email: &str, password: &str) {
    let link = api.mailed_token(email).await;
    let tokens = api.refresh(email, &link).await.into_tokens();
    let id = api.user_id(&tokens.access).await;
    api.patch_user(&id, &tokens.access, &json!({ "password": password })).await;
}

/// Somebody is in the account of `USER`, and has changed its address twice and its password.
async fn taken_over() -> (TestApi, Tokens) {
    let api = TestApi::new().await;
    let attacker = api.sign_in(USER, PASSWORD).await;
    api.change_address(&attacker.access, ATTACKER).await;
    let id = api.user_id(&attacker.access).await;
    api.patch_user(&id, &attacker.access, &json!({ "password": "the attacker's" })).await;
    api.change_address(&attacker.access, "second@attacker.com").await;
    let attacker = api.sign_in("second@attacker.com", "the attacker's").await;
    (api, attacker)
}

#[tokio::test]
async fn the_first_address_takes_the_account_back_with_everything() {
    let (api, attacker) = taken_over().await;
    let path = format!("/v1/user/users/{}", api.user_id(&attacker.access).await);
    api.patch_user(
        &api.user_id(&attacker.access).await,
        &attacker.access,
        &json!({ "email": "third@attacker.com" }),
    )
    .await;
    let waiting = api.mailed_token("third@attacker.com").await;
    api.tokens(&json!({ "email": "second@attacker.com" })).await;
    let reset = api.mailed_token("second@attacker.com").await;
    let later = api.way_back(ATTACKER).await;

    let answer = api.restore_address(&api.way_back(USER).await).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(answer.json()["item"]["email"], USER);

    // Whatever the attacker still holds is worthless.
    for body in [json!({ "password": "again 12" }), json!({ "email": ATTACKER })] {
        let refused = api.request(Method::PATCH, &path).bearer(&attacker.access).json(&body).send().await;
        refused.assert_error(401, "Unauthorized", "Unauthorized");
    }
    let refused = api.request(Method::DELETE, &path).bearer(&attacker.access).send().await;
    refused.assert_error(401, "Unauthorized", "Unauthorized");
    for email in [USER, "second@attacker.com"] {
        for token in [&attacker.refresh, &reset] {
            assert_eq!(api.refresh(email, token).await.status, StatusCode::UNAUTHORIZED);
        }
        for password in [PASSWORD, "the attacker's"] {
            let body = json!({ "email": email, "password": password });
            assert_eq!(api.tokens(&body).await.status, StatusCode::UNAUTHORIZED);
        }
    }
    api.restore_address(&later).await.assert_error(400, "Invalid token", "Bad Request");
    api.verify(&waiting).await;

    set_password_by_link(&api, USER, "my own again").await;
    let tokens = api.sign_in(USER, "my own again").await;
    let user = api.user(&tokens.access).await;
    assert_eq!((&user["email"], user.get("unverifiedEmail")), (&json!(USER), None));
    let told = api.mails_to("second@attacker.com").await[0].clone();
    assert_eq!(told.subject, "Your account has its former e-mail address again · Ironleaf");
    assert!(!told.link.contains("token"), "{}", told.link);
}

#[tokio::test]
async fn a_later_address_leaves_the_way_back_to_the_first() {
    let (api, _) = taken_over().await;
    let first = api.way_back(USER).await;
    assert_eq!(api.restore_address(&api.way_back(ATTACKER).await).await.status, StatusCode::CREATED);
    assert_eq!(api.restore_address(&first).await.status, StatusCode::CREATED);
    set_password_by_link(&api, USER, "my own again").await;
    api.sign_in(USER, "my own again").await;
}

#[tokio::test]
async fn a_way_back_works_for_seven_days() {
    for (after, status) in
        [(Duration::from_hours(7 * 24 - 1), StatusCode::CREATED), (7 * DAY, StatusCode::BAD_REQUEST)]
    {
        let (api, _) = taken_over().await;
        let token = api.way_back(USER).await;
        api.clock.advance(after);
        assert_eq!(api.restore_address(&token).await.status, status);
    }
}

#[tokio::test]
async fn a_lost_answer_is_given_again_for_ten_minutes_and_nothing_is_done_twice() {
    let (api, attacker) = taken_over().await;
    let token = api.way_back(USER).await;
    api.clock.advance(Duration::from_mins(7 * 24 * 60 - 5));
    // Nobody reads this answer.
    let lost = api.restore_address(&token).await;
    set_password_by_link(&api, USER, "my own again").await;
    let mine = api.sign_in(USER, "my own again").await;
    let mails = async || [api.mails_to(USER).await.len(), api.mails_to("second@attacker.com").await.len()];
    let (ended, sent) = (api.api.stats().families_revoked, mails().await);

    for _ in 0..2 {
        api.clock.advance(Duration::from_secs(299));
        let again = api.restore_address(&token).await;
        assert_eq!((again.status, &again.bytes), (StatusCode::CREATED, &lost.bytes));
    }
    assert_eq!((api.api.stats().families_revoked, mails().await), (ended, sent));
    assert_eq!(api.user(&mine.access).await["email"], USER, "their new session is not ended");
    api.sign_in(USER, "my own again").await;
    api.current(&attacker.access).await.assert_error(401, "Unauthorized", "Unauthorized");
    api.clock.advance(Duration::from_secs(2));
    api.restore_address(&token).await.assert_error(400, "Invalid token", "Bad Request");
}

#[tokio::test]
async fn a_way_back_that_was_used_reserves_nothing_and_says_nothing_that_is_not_true() {
    let (api, _) = taken_over().await;
    let token = api.way_back(USER).await;
    api.restore_address(&token).await;
    set_password_by_link(&api, USER, "my own again").await;
    let mine = api.sign_in(USER, "my own again").await;
    api.change_address(&mine.access, "my-new@test.com").await;
    api.restore_address(&token).await.assert_error(400, "Invalid token", "Bad Request");
    let newer = api.way_back(USER).await;
    assert_eq!(api.restore_address(&newer).await.json()["item"]["email"], USER);
    set_password_by_link(&api, USER, "my own again").await;
    let mine = api.sign_in(USER, "my own again").await;
    let path = format!("/v1/user/users/{}", api.user_id(&mine.access).await);
    let deleted = api.request(Method::DELETE, &path).bearer(&mine.access).send().await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    api.restore_address(&newer).await.assert_error(400, "Invalid token", "Bad Request");
    api.register(USER).await;
}

#[tokio::test]
async fn an_earlier_address_ends_also_the_repetition_of_a_later_one() {
    let (api, _) = taken_over().await;
    let (first, later) = (api.way_back(USER).await, api.way_back(ATTACKER).await);
    for token in [&later, &later, &first] {
        assert_eq!(api.restore_address(token).await.status, StatusCode::CREATED);
    }
    api.restore_address(&later).await.assert_error(400, "Invalid token", "Bad Request");
}

#[tokio::test]
async fn nobody_else_can_take_the_address_meanwhile() {
    let (api, _) = taken_over().await;
    let register = json!({ "email": USER, "password": PASSWORD });
    let register = async || api.post("/v1/user/users").json(&register).send().await;
    register().await.assert_error(409, "A user with this email already exists", "Conflict");
    let other = api.register("other@attacker.com").await;
    let path = format!("/v1/user/users/{}", api.user_id(&other.access).await);
    let body = json!({ "email": USER });
    let changed = api.request(Method::PATCH, &path).bearer(&other.access).json(&body).send().await;
    changed.assert_error(409, "A user with this email already exists", "Conflict");
    api.clock.advance(7 * DAY);
    assert_eq!(register().await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_same_person_can_go_back_without_the_link() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    api.change_address(&tokens.access, "new@test.com").await;
    api.change_address(&tokens.access, USER).await;
    assert_eq!(api.user(&tokens.access).await["email"], USER);
}

#[tokio::test]
async fn the_browsers_of_before_are_new_again() {
    let (api, _) = taken_over().await;
    api.restore_address(&api.way_back(USER).await).await;
    set_password_by_link(&api, USER, "my own again").await;
    let subjects: Vec<_> = api.mails_to(USER).await.into_iter().map(|mail| mail.subject).collect();
    assert!(subjects.contains(&"New sign-in to your account · Ironleaf".to_owned()), "{subjects:?}");
}

#[tokio::test]
async fn the_way_back_is_shown_in_the_activity() {
    let (api, _) = taken_over().await;
    api.restore_address(&api.way_back(USER).await).await;
    set_password_by_link(&api, USER, "my own again").await;
    let tokens = api.sign_in(USER, "my own again").await;
    let answer = api.get("/v1/user/users/current/activity").bearer(&tokens.access).send().await;
    let kinds: Vec<Value> =
        answer.json()["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    let expected = ["SIGNED_IN", "PASSWORD_CHANGED", "SIGNED_IN", "EMAIL_RESTORED"].map(Value::from);
    assert_eq!(kinds[..4], expected, "nobody asked for that link");
}

#[tokio::test]
async fn anything_but_the_token_of_a_way_back_is_refused() {
    let (api, attacker) = taken_over().await;
    let verification = api.mailed_token("second@attacker.com").await;
    for token in ["", "x", "\u{0}", &attacker.access, &attacker.refresh, &verification] {
        api.restore_address(token).await.assert_error(400, "Invalid token", "Bad Request");
    }
    let answer = api.post("/v1/auth/address-restorations").json(&json!({})).send().await;
    assert_eq!(answer.issues()[0].0, "token");
}

#[tokio::test]
async fn who_took_the_account_back_works_with_it_within_the_same_second() {
    let (api, attacker) = taken_over().await;
    let kept = api.sign_in("second@attacker.com", "the attacker's").await;
    api.restore_address(&api.way_back(USER).await).await;
    set_password_by_link(&api, USER, "my own again").await;
    let mine = api.sign_in(USER, "my own again").await;
    assert_eq!(api.user(&mine.access).await["email"], USER);
    for stolen in [&attacker, &kept] {
        api.current(&stolen.access).await.assert_error(401, "Unauthorized", "Unauthorized");
    }
    // Their own sessions end as all others do: a spent refresh token leaves the access token until it expires.
    let other = api.sign_in(USER, "my own again").await;
    api.clock.advance(Duration::from_millis(1));
    api.refresh(USER, &other.refresh).await;
    api.refresh(USER, &other.refresh).await.assert_error(401, "Invalid credentials", "Unauthorized");
    assert_eq!(api.user(&other.access).await["email"], USER);
}
