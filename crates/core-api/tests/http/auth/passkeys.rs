//! Signing in with a passkey.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    ADMIN, Answer, PASSWORD, TestApi, USER,
    authenticator::enable,
    passkey::{PASSKEYS, Passkey, USER_VERIFIED, api, begin_sign_in, kinds, list, present, registered},
};

#[track_caller]
fn assert_refused(answer: &Answer) {
    answer.assert_error(401, "Invalid credentials", "Unauthorized");
}

#[tokio::test]
async fn a_passkey_signs_its_person_in_without_an_address() {
    let api = api().await;
    let (_, passkey) = registered(&api, USER).await;
    api.clock.advance(Duration::from_mins(1));
    let tokens = passkey.sign_in(&api).await.into_tokens();
    assert_eq!(api.user(&tokens.access).await["email"], USER);
    assert_eq!(list(&api, &tokens.access).await[0]["lastUsedAt"], "2026-11-21T10:49:52.360Z");
    assert_eq!(api.refresh(USER, &tokens.refresh).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_browser_is_asked_for_any_passkey_and_is_told_of_none() {
    let api = api().await;
    let options = begin_sign_in(&api).await["options"].clone();
    registered(&api, USER).await;
    let with_a_passkey = begin_sign_in(&api).await["options"].clone();
    for options in [&options, &with_a_passkey] {
        assert_eq!(options["allowCredentials"], json!([]));
        assert_eq!(
            (&options["rpId"], &options["userVerification"]),
            (&json!("localhost"), &json!("required"))
        );
    }
    assert_ne!(options["challenge"], with_a_passkey["challenge"]);
}

#[tokio::test]
async fn a_passkey_counts_as_both_steps() {
    let api = api().await;
    let (_, passkey) = registered(&api, USER).await;
    enable(&api, USER).await;
    let tokens = passkey.sign_in(&api).await.into_tokens();
    // Whoever is signed in proves with the password alone that it is still them.
    let body = json!({ "email": USER, "password": PASSWORD });
    api.post("/v1/auth/tokens").bearer(&tokens.access).json(&body).send().await.into_tokens();
}

#[tokio::test]
async fn an_answer_is_good_once_and_for_ten_minutes() {
    let api = api().await;
    registered(&api, USER).await;
    // One without a counter, so that only the challenge is in the way.
    let tokens = api.sign_in(USER, PASSWORD).await;
    let mut passkey = Passkey::new("without a counter");
    passkey.register(&api, &tokens.access).await;
    let begun = begin_sign_in(&api).await;
    let answer = passkey.get(&begun["options"]);
    present(&api, &begun["state"], &answer).await.into_tokens();
    present(&api, &begun["state"], &answer).await.assert_error(400, "Invalid token", "Bad Request");
    let again = passkey.get(&begun["options"]);
    present(&api, &begun["state"], &again).await.assert_error(400, "Invalid token", "Bad Request");

    let begun = begin_sign_in(&api).await;
    api.clock.advance(Duration::from_mins(10));
    let late = passkey.get(&begun["options"]);
    present(&api, &begun["state"], &late).await.assert_error(400, "Invalid token", "Bad Request");
}

#[tokio::test]
async fn the_same_answer_again_blocks_no_passkey() {
    let api = api().await;
    let (tokens, mut passkey) = registered(&api, USER).await;
    let begun = begin_sign_in(&api).await;
    let answer = passkey.get(&begun["options"]);
    present(&api, &begun["state"], &answer).await.into_tokens();
    let events = kinds(&api, &tokens.access).await;
    present(&api, &begun["state"], &answer).await.assert_error(400, "Invalid token", "Bad Request");
    assert_eq!(kinds(&api, &tokens.access).await, events);
    assert_eq!(list(&api, &tokens.access).await[0].get("blockedAt"), None);
    passkey.counter += 1;
    passkey.sign_in(&api).await.into_tokens();

    // That of a copy is told once as well.
    let begun = begin_sign_in(&api).await;
    let copied = passkey.get(&begun["options"]);
    assert_refused(&present(&api, &begun["state"], &copied).await);
    let events = kinds(&api, &tokens.access).await;
    present(&api, &begun["state"], &copied).await.assert_error(400, "Invalid token", "Bad Request");
    assert_eq!(kinds(&api, &tokens.access).await, events);
}

#[tokio::test]
async fn answers_that_overtake_each_other_block_no_passkey() {
    let api = api().await;
    let (tokens, mut passkey) = registered(&api, USER).await;
    let first = begin_sign_in(&api).await;
    let slow = passkey.get(&first["options"]);
    api.clock.advance(Duration::from_secs(1));
    passkey.counter += 1;
    passkey.sign_in(&api).await.into_tokens();
    present(&api, &first["state"], &slow).await.assert_error(400, "Invalid token", "Bad Request");
    assert_eq!(list(&api, &tokens.access).await[0].get("blockedAt"), None);
    assert_eq!(kinds(&api, &tokens.access).await[0], "SIGN_IN_FAILED");
    passkey.counter += 1;
    passkey.sign_in(&api).await.into_tokens();
}

#[tokio::test]
async fn an_empty_state_does_not_count() {
    let api = api().await;
    let body = json!({ "email": USER, "password": PASSWORD, "passkeyState": "", "challenge": "" });
    api.tokens(&body).await.into_tokens();
}

#[tokio::test]
async fn what_another_site_or_an_unverified_person_has_signed_is_refused() {
    let api = api().await;
    let (_, passkey) = registered(&api, USER).await;
    let alterations: [fn(&mut Passkey); 5] = [
        |passkey| passkey.origin = "http://localhost.example.com:3000".to_owned(),
        |passkey| passkey.origin = "https://localhost:3000".to_owned(),
        |passkey| passkey.domain = "example.com".to_owned(),
        |passkey| passkey.flags &= !USER_VERIFIED,
        |passkey| passkey.flags = 0,
    ];
    for alter in alterations {
        let mut altered = Passkey::of_device("a credential of a device");
        altered.user_handle.clone_from(&passkey.user_handle);
        altered.counter = passkey.counter;
        alter(&mut altered);
        // Its own key, so that only the alteration is wrong.
        let altered = altered.with_key_of(&passkey);
        assert_refused(&altered.sign_in(&api).await);
    }
    passkey.sign_in(&api).await.into_tokens();
}

#[tokio::test]
async fn a_foreign_credential_or_signature_is_refused() {
    let api = api().await;
    let (_, passkey) = registered(&api, USER).await;
    // Another key under the same identifier.
    let mut foreign = Passkey::of_device("a credential of a device");
    foreign.user_handle.clone_from(&passkey.user_handle);
    foreign.counter = passkey.counter;
    assert_refused(&foreign.sign_in(&api).await);
    // Unknown.
    let mut unknown = Passkey::of_device("unknown");
    unknown.user_handle.clone_from(&passkey.user_handle);
    assert_refused(&unknown.sign_in(&api).await);
    // The challenge of another sign-in.
    let (begun, other) = (begin_sign_in(&api).await, begin_sign_in(&api).await);
    assert_refused(&present(&api, &begun["state"], &passkey.get(&other["options"])).await);
    for credential in [json!({}), json!({ "id": "a" })] {
        assert_refused(&present(&api, &begun["state"], &credential).await);
    }
    assert_eq!(present(&api, &begun["state"], &json!("text")).await.issues()[0].0, "passkey");
    present(&api, &json!("no state"), &json!({})).await.assert_error(400, "Invalid token", "Bad Request");
}

#[tokio::test]
async fn a_passkey_does_not_sign_somebody_else_in() {
    let api = api().await;
    let (_, mut passkey) = registered(&api, USER).await;
    let stranger = api.sign_in(ADMIN, PASSWORD).await;
    let mut theirs = Passkey::new("theirs");
    theirs.register(&api, &stranger.access).await;
    passkey.user_handle = theirs.user_handle;
    assert_refused(&passkey.sign_in(&api).await);
}

#[tokio::test]
async fn a_counter_that_does_not_grow_blocks_the_passkey_and_its_person_is_told() {
    let api = api().await;
    let (tokens, mut passkey) = registered(&api, USER).await;
    passkey.sign_in(&api).await.into_tokens();
    // The copy has the counter that the other one has used.
    assert_refused(&passkey.sign_in(&api).await);
    passkey.counter += 1;
    assert_refused(&passkey.sign_in(&api).await);

    assert_eq!(list(&api, &tokens.access).await[0]["blockedAt"], "2026-11-21T10:48:52.360Z");
    assert_eq!(
        kinds(&api, &tokens.access).await[..3],
        ["SIGN_IN_FAILED", "PASSKEY_BLOCKED", "SIGN_IN_FAILED"]
    );
    let told = api.mails_to(USER).await;
    let told = told.iter().filter(|mail| mail.subject.contains("may have been copied"));
    assert_eq!(told.count(), 1);
}

#[tokio::test]
async fn a_removed_passkey_signs_nobody_in() {
    let api = api().await;
    let (tokens, passkey) = registered(&api, USER).await;
    let path = format!("{PASSKEYS}/{}", list(&api, &tokens.access).await[0]["id"].as_str().unwrap());
    api.request(Method::DELETE, &path).bearer(&tokens.access).send().await;
    assert_refused(&passkey.sign_in(&api).await);
    assert_eq!(api.current(&tokens.access).await.status, StatusCode::OK);
}

async fn present_with(api: &TestApi, passkey: &Passkey, more: Value) -> Answer {
    let begun = begin_sign_in(api).await;
    let mut body = json!({ "passkeyState": begun["state"], "passkey": passkey.get(&begun["options"]) });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    api.tokens(&body).await
}

#[tokio::test]
async fn the_role_and_the_end_of_other_sessions_count_as_with_a_password() {
    let api = api().await;
    let (other, mut passkey) = registered(&api, USER).await;
    assert_refused(&present_with(&api, &passkey, json!({ "role": "ADMIN" })).await);
    present_with(&api, &passkey, json!({ "role": "VERIFIED_USER" })).await.into_tokens();
    passkey.counter += 1;
    present_with(&api, &passkey, json!({ "invalidateTokens": true })).await.into_tokens();
    assert_eq!(api.refresh(USER, &other.refresh).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_sign_in_with_a_passkey_from_a_new_browser_is_told_by_e_mail() {
    let api = api().await;
    let (_, passkey) = registered(&api, USER).await;
    let begun = begin_sign_in(&api).await;
    let body = json!({ "passkeyState": begun["state"], "passkey": passkey.get(&begun["options"]) });
    let call = api.post("/v1/auth/tokens").header("x-device-id", "another").json(&body);
    call.send().await.into_tokens();
    let newest = api.mails_to(USER).await[0].clone();
    assert!(newest.subject.contains("New sign-in"), "{}", newest.subject);
    assert!(newest.text.contains("http://localhost:3000/account/passkeys\n"), "{}", newest.text);
}
