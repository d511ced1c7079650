//! `DELETE /v1/user/users/{id}`.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;

use crate::support::{ADMIN, Answer, PASSWORD, TestApi, USER};

async fn delete(api: &TestApi, id: &str, access: &str) -> Answer {
    api.request(Method::DELETE, &format!("/v1/user/users/{id}")).bearer(access).send().await
}

#[tokio::test]
async fn a_deleted_person_is_gone_with_every_token() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let other = api.sign_in(USER, PASSWORD).await;
    let id = api.user_id(&tokens.access).await;
    let answer = delete(&api, &id, &tokens.access).await;
    assert_eq!((answer.status, answer.bytes.len()), (StatusCode::NO_CONTENT, 0));

    api.current(&other.access).await.assert_error(401, "Unauthorized", "Unauthorized");
    delete(&api, &id, &tokens.access).await.assert_error(401, "Unauthorized", "Unauthorized");
    api.refresh(USER, &other.refresh).await.assert_error(401, "Invalid credentials", "Unauthorized");
    let body = json!({ "email": USER, "password": PASSWORD });
    api.tokens(&body).await.assert_error(401, "Invalid credentials", "Unauthorized");
    assert_eq!(api.api.stats().families_revoked, 2);

    let again = api.register(USER).await;
    assert_ne!(api.user(&again.access).await["id"], id.as_str(), "the address is free, the person is new");
}

#[tokio::test]
async fn only_an_administrator_deletes_somebody_else() {
    let api = TestApi::new().await;
    let (user, admin) = (api.sign_in(USER, PASSWORD).await.access, api.sign_in(ADMIN, PASSWORD).await.access);
    let user_id = api.user_id(&user).await;
    let admin_id = api.user_id(&admin).await;
    delete(&api, &admin_id, &user).await.assert_error(403, "Forbidden", "Forbidden");
    assert_eq!(delete(&api, &user_id, &admin).await.status, StatusCode::NO_CONTENT);
    delete(&api, &user_id, &admin).await.assert_error(404, "Not Found", "Not Found");
}

/// Somebody has changed the address of `USER` to `attacker@test.com`, and deletes the account after this time.
async fn taken_over_and_deleted(after: Duration) -> TestApi {
    let api = TestApi::new().await;
    let attacker = api.sign_in(USER, PASSWORD).await;
    api.change_address(&attacker.access, "attacker@test.com").await;
    api.clock.advance(after);
    let attacker = api.sign_in("attacker@test.com", PASSWORD).await;
    let id = api.user_id(&attacker.access).await;
    let call = api.request(Method::DELETE, &format!("/v1/user/users/{id}")).bearer(&attacker.access);
    let call = call.header("x-forwarded-for", "203.0.113.9");
    assert_eq!(call.send().await.status, StatusCode::NO_CONTENT);
    api
}

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_deleted_account_is_told_to_every_address_that_it_had_in_seven_days() {
    let api = taken_over_and_deleted(DAY).await;
    for (email, said) in [("attacker@test.com", "with everything in it"), (USER, "had this e-mail address")] {
        let mails = api.mails_to(email).await;
        let about: Vec<_> = mails.iter().filter(|mail| mail.subject.contains("deleted")).collect();
        assert_eq!(about.len(), 1, "{email}");
        assert_eq!(about[0].link, "http://127.0.0.1:3000/", "there is no way back");
        for said in [said, "When: 22 November 2026, 10:48 UTC\n", "address 203.0.113.9\n"] {
            assert!(about[0].text.contains(said), "{said}: {}", about[0].text);
        }
    }
    assert!(!api.mails_to(USER).await[0].text.contains("attacker"), "the new address is not theirs to know");
}

#[tokio::test]
async fn an_address_of_more_than_seven_days_ago_is_not_told() {
    let api = taken_over_and_deleted(7 * DAY).await;
    let mails = api.mails_to(USER).await;
    assert!(mails.iter().all(|mail| !mail.subject.contains("deleted")), "{mails:?}");
    assert!(api.mails_to("attacker@test.com").await[0].subject.contains("deleted"));
}

#[tokio::test]
async fn a_replaced_address_is_nobody_elses_although_its_account_is_deleted() {
    let api = taken_over_and_deleted(DAY).await;
    api.restore_address(&api.way_back(USER).await).await.assert_error(400, "Invalid token", "Bad Request");
    let register = async |email: &str| {
        let body = json!({ "email": email, "password": PASSWORD });
        api.post("/v1/user/users").json(&body).send().await
    };
    register(USER).await.assert_error(409, "A user with this email already exists", "Conflict");
    assert_eq!(register("attacker@test.com").await.status, StatusCode::CREATED, "it was not replaced");
    api.clock.advance(6 * DAY);
    assert_eq!(register(USER).await.status, StatusCode::CREATED);
}
