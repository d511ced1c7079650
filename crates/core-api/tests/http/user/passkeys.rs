//! One's own passkeys: adding, naming and removing them.

use std::time::Duration;

use http::{Method, StatusCode};
use ironleaf_core_api::Config;
use serde_json::{Value, json};

use crate::support::{
    ADMIN, PASSWORD, TestApi, USER,
    authenticator::enable,
    passkey::{
        PASSKEYS, Passkey, REGISTRATION, USER_VERIFIED, add, api, begin, config, kinds, list, registered,
    },
};

fn body(begun: &Value, credential: &Value) -> Value {
    json!({ "name": "My phone", "state": begun["state"], "credential": credential })
}

#[tokio::test]
async fn a_passkey_is_added_listed_renamed_and_removed() {
    let api = api().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    assert_eq!(list(&api, &tokens.access).await, Vec::<Value>::new());
    let answer = Passkey::new("a").register(&api, &tokens.access).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let added = answer.json()["item"].clone();
    let id = added["id"].as_str().unwrap().to_owned();
    let expected =
        json!({ "id": id, "name": "My phone", "createdAt": "2026-11-21T10:48:52.360Z", "backedUp": true });
    assert_eq!(added, expected);
    assert_eq!(list(&api, &tokens.access).await, [added]);

    let path = format!("{PASSKEYS}/{id}");
    let rename = api.request(Method::PATCH, &path).bearer(&tokens.access);
    let renamed = rename.json(&json!({ "name": " Work laptop " })).send().await;
    assert_eq!((renamed.status, &renamed.json()["item"]["name"]), (StatusCode::OK, &json!("Work laptop")));

    let removed = api.request(Method::DELETE, &path).bearer(&tokens.access).send().await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(list(&api, &tokens.access).await, Vec::<Value>::new());
    let again = api.request(Method::DELETE, &path).bearer(&tokens.access).send().await;
    again.assert_error(404, "Not Found", "Not Found");
    assert_eq!(kinds(&api, &tokens.access).await, ["PASSKEY_REMOVED", "PASSKEY_ADDED", "SIGNED_IN"]);
    let titles: Vec<_> = api.mails_to(USER).await.into_iter().map(|mail| mail.subject).collect();
    assert!(titles[0].contains("has been removed"), "{titles:?}");
    assert!(titles[1].contains("new passkey"), "{titles:?}");
}

#[tokio::test]
async fn a_browser_is_asked_for_a_passkey_that_verifies_its_person_and_is_found_without_an_address() {
    let api = api().await;
    let (tokens, _) = registered(&api, USER).await;
    let options = begin(&api, &tokens.access).await["options"].clone();
    assert_eq!(options["rp"], json!({ "id": "localhost", "name": "Ironleaf" }));
    assert_eq!((&options["user"]["name"], &options["attestation"]), (&json!(USER), &json!("none")));
    let selection = &options["authenticatorSelection"];
    assert_eq!(selection["residentKey"], "required");
    assert_eq!(selection["requireResidentKey"], true);
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_registration_is_good_once_for_ten_minutes_and_for_whoever_began_it() {
    let api = api().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let stranger = api.sign_in(ADMIN, PASSWORD).await;
    let begun = begin(&api, &tokens.access).await;
    let first = body(&begun, &Passkey::new("a").create(&begun["options"]));
    add(&api, &stranger.access, &first).await.assert_error(400, "Invalid token", "Bad Request");
    let added = add(&api, &tokens.access, &first).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");

    let path = format!("{PASSKEYS}/{}", added.json()["item"]["id"].as_str().unwrap());
    api.request(Method::DELETE, &path).bearer(&tokens.access).send().await;
    add(&api, &tokens.access, &first).await.assert_error(400, "Invalid token", "Bad Request");

    let begun = begin(&api, &tokens.access).await;
    let late = body(&begun, &Passkey::new("b").create(&begun["options"]));
    api.clock.advance(Duration::from_mins(10));
    add(&api, &tokens.access, &late).await.assert_error(400, "Invalid token", "Bad Request");
    assert_eq!(list(&api, &tokens.access).await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_altered_or_foreign_state_is_void() {
    let api = api().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let begun = begin(&api, &tokens.access).await;
    let credential = Passkey::new("a").create(&begun["options"]);
    let state = begun["state"].as_str().unwrap();
    let altered = format!("{}{}", if state.starts_with('A') { 'B' } else { 'A' }, &state[1..]);
    let sign_in = crate::support::passkey::begin_sign_in(&api).await;
    for state in [&altered, "", "?", sign_in["state"].as_str().unwrap()] {
        let answer = add(&api, &tokens.access, &body(&json!({ "state": state }), &credential)).await;
        answer.assert_error(400, "Invalid token", "Bad Request");
    }
}

#[tokio::test]
async fn what_another_site_or_an_unverified_person_has_made_is_refused() {
    let api = api().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let alterations: [fn(&mut Passkey); 4] = [
        |passkey| passkey.origin = "http://localhost.example.com:3000".to_owned(),
        |passkey| passkey.origin = "http://localhost:3001".to_owned(),
        |passkey| passkey.domain = "example.com".to_owned(),
        |passkey| passkey.flags &= !USER_VERIFIED,
    ];
    for alter in alterations {
        let mut passkey = Passkey::new("a");
        alter(&mut passkey);
        let answer = passkey.register(&api, &tokens.access).await;
        let issue = ("credential".to_owned(), "Invalid credential".to_owned(), "invalid_value".to_owned());
        assert_eq!(answer.issues(), [issue]);
    }
    let begun = begin(&api, &tokens.access).await;
    for other in [json!({}), Passkey::new("a").get(&begun["options"])] {
        assert_eq!(add(&api, &tokens.access, &body(&begun, &other)).await.issues()[0].0, "credential");
    }
    // The challenge of another registration.
    let credential = Passkey::new("a").create(&begin(&api, &tokens.access).await["options"]);
    assert_eq!(add(&api, &tokens.access, &body(&begun, &credential)).await.issues()[0].0, "credential");
}

#[tokio::test]
async fn a_credential_belongs_to_one_account() {
    let api = api().await;
    let (tokens, _) = registered(&api, USER).await;
    let stranger = api.sign_in(ADMIN, PASSWORD).await;
    for access in [&tokens.access, &stranger.access] {
        let answer = Passkey::of_device("a credential of a device").register(&api, access).await;
        answer.assert_error(409, "The passkey is registered already", "Conflict");
    }
    assert_eq!(list(&api, &stranger.access).await, Vec::<Value>::new());
}

#[tokio::test]
async fn nobody_reaches_the_passkeys_of_others() {
    let api = api().await;
    let (tokens, _) = registered(&api, USER).await;
    let stranger = api.sign_in(ADMIN, PASSWORD).await;
    let id = list(&api, &tokens.access).await[0]["id"].clone();
    let path = format!("{PASSKEYS}/{}", id.as_str().unwrap());
    let removal = api.request(Method::DELETE, &path).bearer(&stranger.access).send().await;
    removal.assert_error(404, "Not Found", "Not Found");
    let rename = api.request(Method::PATCH, &path).bearer(&stranger.access);
    rename.json(&json!({ "name": "Mine" })).send().await.assert_error(404, "Not Found", "Not Found");
    assert_eq!(list(&api, &tokens.access).await[0]["name"], "My phone");
    api.get(PASSKEYS).send().await.assert_error(401, "Unauthorized", "Unauthorized");
    api.post(REGISTRATION).send().await.assert_error(401, "Unauthorized", "Unauthorized");
}

#[tokio::test]
async fn an_account_has_twenty_passkeys_at_most() {
    let api = api().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let last = begin(&api, &tokens.access).await;
    for number in 0..20 {
        let answer = Passkey::new(&number.to_string()).register(&api, &tokens.access).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }
    let too_many = "The account has 20 passkeys already";
    let refused = api.post(REGISTRATION).bearer(&tokens.access).send().await;
    refused.assert_error(409, too_many, "Conflict");
    let credential = Passkey::new("one more").create(&last["options"]);
    add(&api, &tokens.access, &body(&last, &credential)).await.assert_error(409, too_many, "Conflict");
    assert_eq!(list(&api, &tokens.access).await.len(), 20);
}

#[tokio::test]
async fn a_name_has_one_to_sixty_characters() {
    let api = api().await;
    let (tokens, _) = registered(&api, USER).await;
    let id = list(&api, &tokens.access).await[0]["id"].clone();
    let path = format!("{PASSKEYS}/{}", id.as_str().unwrap());
    for name in ["", "  ", "a\nb", &"x".repeat(61)] {
        let rename = api.request(Method::PATCH, &path).bearer(&tokens.access);
        let answer = rename.json(&json!({ "name": name })).send().await;
        assert_eq!(answer.issues()[0].0, "name", "{name:?}");
    }
    let rename = api.request(Method::PATCH, &path).bearer(&tokens.access);
    let longest = "ü".repeat(60);
    assert_eq!(rename.json(&json!({ "name": longest })).send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_address_that_was_never_verified_gets_no_passkey() {
    let api = api().await;
    let tokens = api.register("new@test.com").await;
    let refused = api.post(REGISTRATION).bearer(&tokens.access).send().await;
    refused.assert_error(403, "The e-mail address is not verified", "Forbidden");
    api.verify(&api.mailed_token("new@test.com").await).await;
    begin(&api, &tokens.access).await;
}

#[tokio::test]
async fn an_application_without_a_domain_has_no_passkeys() {
    let without = TestApi::new().await;
    let tokens = without.sign_in(USER, PASSWORD).await;
    assert_eq!(without.current(&tokens.access).await.header("passkeys"), "");
    without.post(REGISTRATION).bearer(&tokens.access).send().await.assert_error(
        404,
        "Not Found",
        "Not Found",
    );
    let sign_in = without.post(crate::support::passkey::SIGN_IN).send().await;
    sign_in.assert_error(404, "Not Found", "Not Found");

    let with = api().await;
    let tokens = with.sign_in(USER, PASSWORD).await;
    assert_eq!(with.current(&tokens.access).await.header("passkeys"), "true");
}

#[tokio::test]
async fn the_passkeys_of_a_deleted_account_are_gone() {
    let api = api().await;
    let (tokens, passkey) = registered(&api, USER).await;
    let path = format!("/v1/user/users/{}", api.user_id(&tokens.access).await);
    let deleted = api.request(Method::DELETE, &path).bearer(&tokens.access).send().await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    passkey.sign_in(&api).await.assert_error(401, "Invalid credentials", "Unauthorized");
    let other = api.sign_in(ADMIN, PASSWORD).await;
    let answer = Passkey::of_device("a credential of a device").register(&api, &other.access).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
}

/// The passkeys that are left once their person has taken the account back and set a password.
async fn left_after_the_way_back(api: &TestApi) -> Vec<Value> {
    let restored = api.restore_address(&api.way_back(USER).await).await;
    assert_eq!(restored.status, StatusCode::CREATED, "{restored:?}");
    let tokens = api.refresh(USER, &api.mailed_token(USER).await).await.into_tokens();
    list(api, &tokens.access).await
}

#[tokio::test]
async fn whoever_did_not_add_a_passkey_takes_the_account_back_by_the_e_mail_about_it() {
    let api = api().await;
    let (attacker, passkey) = registered(&api, USER).await;
    let told = api.mails_to(USER).await[0].clone();
    assert!(told.text.contains("The link is good for 7 days.\n"), "{}", told.text);
    assert_eq!(left_after_the_way_back(&api).await, Vec::<Value>::new());
    api.current(&attacker.access).await.assert_error(401, "Unauthorized", "Unauthorized");
    passkey.sign_in(&api).await.assert_error(401, "Invalid credentials", "Unauthorized");
}

#[tokio::test]
async fn a_passkey_from_long_before_a_change_of_address_stays() {
    let month = Duration::from_hours(30 * 24);
    let api = TestApi::with(Config { access_token_ttl: month, ..config() }).await;
    let (tokens, _) = registered(&api, USER).await;
    api.clock.advance(Duration::from_hours(7 * 24));
    Passkey::new("an attacker's").register(&api, &tokens.access).await;
    api.change_address(&tokens.access, "new@test.com").await;
    let left = left_after_the_way_back(&api).await;
    assert_eq!((left.len(), &left[0]["backedUp"]), (1, &json!(false)));
}

/// Whoever registers with their own address, and leaves the account with a passkey to somebody else's address long
/// after that.
async fn left_at(api: &TestApi, victim: &str) -> Passkey {
    let attacker = api.register("attacker@test.com").await;
    api.verify(&api.mailed_token("attacker@test.com").await).await;
    let mut planted = Passkey::new("planted");
    assert_eq!(planted.register(api, &attacker.access).await.status, StatusCode::CREATED);
    api.clock.advance(Duration::from_hours(8 * 24));
    let attacker = planted.sign_in(api).await.into_tokens();
    api.change_address(&attacker.access, victim).await;
    planted
}

#[tokio::test]
async fn a_password_set_by_an_e_mailed_link_removes_what_was_left_at_a_former_address() {
    let api = api().await;
    let victim = "victim@test.com";
    let planted = left_at(&api, victim).await;
    let own = planted.sign_in(&api).await.into_tokens();
    api.clock.advance(Duration::from_mins(1));
    let id = api.user_id(&own.access).await;

    api.tokens(&json!({ "email": victim })).await;
    let tokens = api.refresh(victim, &api.mailed_token(victim).await).await.into_tokens();
    Passkey::of_device("their own").register(&api, &tokens.access).await;
    api.patch_user(&id, &tokens.access, &json!({ "password": "another password" })).await;

    planted.sign_in(&api).await.assert_error(401, "Invalid credentials", "Unauthorized");
    let left = list(&api, &tokens.access).await;
    assert_eq!((left.len(), &left[0]["backedUp"]), (1, &json!(false)));
    assert_eq!(kinds(&api, &tokens.access).await[..2], ["PASSKEY_REMOVED", "PASSWORD_CHANGED"]);
    let told = api.mails_to(victim).await;
    assert!(told.iter().any(|mail| mail.subject.contains("passkey of your account has been removed")));
}

#[tokio::test]
async fn a_code_after_the_link_makes_no_difference_to_what_was_left() {
    let api = api().await;
    let victim = "victim@test.com";
    let planted = left_at(&api, victim).await;
    let (app, _) = enable(&api, victim).await;
    let id = api.user_id(&app.access).await;
    api.clock.advance(Duration::from_mins(1));

    api.tokens(&json!({ "email": victim })).await;
    let challenged = api.refresh(victim, &api.mailed_token(victim).await).await;
    let body = json!({ "challenge": challenged.json()["challenge"], "code": app.code(&api) });
    let tokens = api.tokens(&body).await.into_tokens();
    api.patch_user(&id, &tokens.access, &json!({ "password": "another password" })).await;
    planted.sign_in(&api).await.assert_error(401, "Invalid credentials", "Unauthorized");
}

#[tokio::test]
async fn a_password_that_its_person_changes_leaves_their_passkeys() {
    let api = api().await;
    let (tokens, mut passkey) = registered(&api, USER).await;
    api.change_address(&tokens.access, "new@test.com").await;
    let id = api.user_id(&tokens.access).await;
    api.patch_user(&id, &tokens.access, &json!({ "password": "another password" })).await;
    passkey.sign_in(&api).await.into_tokens();
    passkey.counter += 1;

    // Without a change of address, a link leaves them as well.
    let unmoved = self::api().await;
    let (_, passkey) = registered(&unmoved, USER).await;
    unmoved.tokens(&json!({ "email": USER })).await;
    let reader = unmoved.refresh(USER, &unmoved.mailed_token(USER).await).await.into_tokens();
    let id = unmoved.user_id(&reader.access).await;
    unmoved.patch_user(&id, &reader.access, &json!({ "password": "another password" })).await;
    passkey.sign_in(&unmoved).await.into_tokens();
}
