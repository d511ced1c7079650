//! `DELETE /v1/user/users/{id}`.

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
