//! `/v1/user/users/current/authenticator` and `/recovery-codes`.

use std::{collections::BTreeSet, time::Duration};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Answer, PASSWORD, TestApi, USER,
    authenticator::{AUTHENTICATOR, App, CONFIRMATION, RECOVERY_CODES, enable},
};

async fn state(api: &TestApi, access: &str) -> Value {
    let answer = api.get(AUTHENTICATOR).bearer(access).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["item"].clone()
}

async fn send(api: &TestApi, method: Method, path: &str, access: &str, code: &str) -> Answer {
    api.request(method, path).bearer(access).json(&json!({ "code": code })).send().await
}

async fn titles(api: &TestApi) -> Vec<String> {
    api.mails_to(USER).await.into_iter().map(|mail| mail.subject).collect()
}

#[tokio::test]
async fn an_app_is_enabled_by_its_first_code_and_its_person_is_told() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let off = json!({ "enabled": false, "recoveryCodesLeft": 0 });
    assert_eq!(state(&api, &tokens.access).await, off);
    let app = App::begin(&api, &tokens.access).await;
    assert_eq!(state(&api, &tokens.access).await, off, "nothing has changed yet");
    api.sign_in(USER, PASSWORD).await;

    let wrong = send(&api, Method::POST, CONFIRMATION, &tokens.access, &app.wrong_code(&api)).await;
    assert_eq!(wrong.issues(), [("code".into(), "Invalid code".into(), "invalid_value".into())]);
    let right = send(&api, Method::POST, CONFIRMATION, &tokens.access, &app.code(&api)).await;
    assert_eq!(right.status, StatusCode::CREATED, "{right:?}");
    let codes: BTreeSet<String> =
        serde_json::from_value(right.json()["item"]["recoveryCodes"].clone()).unwrap();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 19), "{codes:?}");
    let on = json!({ "enabled": true, "enabledAt": "2026-11-21T10:48:52.360Z", "recoveryCodesLeft": 10 });
    assert_eq!(state(&api, &tokens.access).await, on);
    assert_eq!(titles(&api).await, ["Your account asks for a code now · Ironleaf"]);
}

#[tokio::test]
async fn the_uri_names_the_application_and_the_account() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let answer = api.post(AUTHENTICATOR).bearer(&tokens.access).send().await;
    let item = &answer.json()["item"];
    let secret = item["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    let uri = format!("otpauth://totp/Ironleaf:user%40test.com?secret={secret}&issuer=Ironleaf");
    assert_eq!(item["uri"], uri);
}

#[tokio::test]
async fn every_other_session_ends_as_none_has_proved_a_code() {
    let api = TestApi::new().await;
    let other = api.sign_in(USER, PASSWORD).await;
    let (app, _) = enable(&api, USER).await;
    assert_eq!(api.refresh(USER, &other.refresh).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(api.current(&app.access).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_second_app_is_refused_until_the_first_one_is_disabled() {
    let api = TestApi::new().await;
    let (app, _) = enable(&api, USER).await;
    let taken = ("An authenticator is enabled already", "Conflict");
    let answer = api.post(AUTHENTICATOR).bearer(&app.access).send().await;
    answer.assert_error(409, taken.0, taken.1);
    api.clock.advance(Duration::from_secs(30));
    let answer = send(&api, Method::POST, CONFIRMATION, &app.access, &app.code(&api)).await;
    answer.assert_error(409, taken.0, taken.1);
}

#[tokio::test]
async fn a_code_disables_it_and_a_wrong_one_does_not() {
    let api = TestApi::new().await;
    let (app, codes) = enable(&api, USER).await;
    api.clock.advance(Duration::from_secs(30));
    let wrong = send(&api, Method::DELETE, AUTHENTICATOR, &app.access, &app.wrong_code(&api)).await;
    assert_eq!(wrong.issues()[0].0, "code");
    assert_eq!(state(&api, &app.access).await["enabled"], true);
    let right = send(&api, Method::DELETE, AUTHENTICATOR, &app.access, &app.code(&api)).await;
    assert_eq!(right.status, StatusCode::NO_CONTENT, "{right:?}");
    api.sign_in(USER, PASSWORD).await;
    let again = send(&api, Method::DELETE, AUTHENTICATOR, &app.access, &codes[0]).await;
    again.assert_error(404, "Not Found", "Not Found");
    assert_eq!(titles(&api).await[0], "Your account no longer asks for a code · Ironleaf");
}

#[tokio::test]
async fn new_recovery_codes_replace_the_old_ones() {
    let api = TestApi::new().await;
    let (app, old) = enable(&api, USER).await;
    let answer = send(&api, Method::POST, RECOVERY_CODES, &app.access, &old[0]).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let new: Vec<String> = serde_json::from_value(answer.json()["item"]["recoveryCodes"].clone()).unwrap();
    assert_eq!((new.len(), new.iter().any(|code| old.contains(code))), (10, false));
    let refused = send(&api, Method::POST, RECOVERY_CODES, &app.access, &old[1]).await;
    assert_eq!(refused.issues()[0].0, "code");
    assert_eq!(
        send(&api, Method::DELETE, AUTHENTICATOR, &app.access, &new[9]).await.status,
        StatusCode::NO_CONTENT
    );
}

/// The kinds of the newest events, newest first.
async fn kinds(api: &TestApi, access: &str) -> Vec<Value> {
    let answer = api.get("/v1/user/users/current/activity").bearer(access).send().await.json();
    answer["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect()
}

const USED: &str = "A recovery code of your account has been used · Ironleaf";
const REPLACED: &str = "Your account has new recovery codes · Ironleaf";

#[tokio::test]
async fn a_recovery_code_that_is_used_for_a_change_is_shown_and_told() {
    let api = TestApi::new().await;
    let (app, old) = enable(&api, USER).await;
    let answer = send(&api, Method::POST, RECOVERY_CODES, &app.access, &old[0]).await;
    assert_eq!(kinds(&api, &app.access).await[..2], ["RECOVERY_CODES_REPLACED", "RECOVERY_CODE_USED"]);
    let told: BTreeSet<String> = titles(&api).await.drain(..2).collect();
    assert_eq!(told, BTreeSet::from([USED, REPLACED].map(ToOwned::to_owned)));

    api.clock.advance(Duration::from_secs(30));
    let new: Vec<String> = serde_json::from_value(answer.json()["item"]["recoveryCodes"].clone()).unwrap();
    send(&api, Method::DELETE, AUTHENTICATOR, &app.access, &new[0]).await;
    assert_eq!(kinds(&api, &app.access).await[..2], ["SECOND_FACTOR_DISABLED", "RECOVERY_CODE_USED"]);
    assert!(titles(&api).await[..2].contains(&USED.to_owned()));
}

#[tokio::test]
async fn a_code_of_the_app_replaces_the_recovery_codes_and_only_that_is_told() {
    let api = TestApi::new().await;
    let (app, _) = enable(&api, USER).await;
    api.clock.advance(Duration::from_secs(30));
    send(&api, Method::POST, RECOVERY_CODES, &app.access, &app.code(&api)).await;
    assert_eq!(titles(&api).await[..], [REPLACED, "Your account asks for a code now · Ironleaf"]);
    assert_eq!(kinds(&api, &app.access).await[..2], ["RECOVERY_CODES_REPLACED", "SECOND_FACTOR_ENABLED"]);
}

#[tokio::test]
async fn guesses_of_a_code_wait_here_as_well() {
    let api = TestApi::new().await;
    let (app, _) = enable(&api, USER).await;
    api.clock.advance(Duration::from_secs(30));
    for _ in 0..5 {
        send(&api, Method::DELETE, AUTHENTICATOR, &app.access, &app.wrong_code(&api)).await;
    }
    let refused = send(&api, Method::DELETE, AUTHENTICATOR, &app.access, &app.code(&api)).await;
    refused.assert_error(429, "Too Many Requests", "Too Many Requests");
    let refused = send(&api, Method::POST, RECOVERY_CODES, &app.access, &app.code(&api)).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn each_call_needs_a_bearer_and_each_that_changes_something_a_code() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    for (method, path) in [
        (Method::GET, AUTHENTICATOR),
        (Method::POST, AUTHENTICATOR),
        (Method::DELETE, AUTHENTICATOR),
        (Method::POST, CONFIRMATION),
        (Method::POST, RECOVERY_CODES),
    ] {
        let answer = api.request(method.clone(), path).json(&json!({ "code": "1" })).send().await;
        answer.assert_error(401, "Unauthorized", "Unauthorized");
        if path != AUTHENTICATOR || method == Method::DELETE {
            let answer = api.request(method, path).bearer(&tokens.access).json(&json!({})).send().await;
            assert_eq!(answer.issues()[0].0, "code");
        }
    }
    for path in [CONFIRMATION, RECOVERY_CODES] {
        let answer = send(&api, Method::POST, path, &tokens.access, "123456").await;
        answer.assert_error(404, "Not Found", "Not Found");
    }
}
