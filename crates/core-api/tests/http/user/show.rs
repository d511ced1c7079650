//! `GET /v1/user/users/current` and `GET /v1/user/users/{id}`.

use http::StatusCode;
use serde_json::json;

use crate::support::{ADMIN, PASSWORD, TestApi, USER};

#[tokio::test]
async fn a_bearer_shows_its_person() {
    let api = TestApi::new().await;
    let user = api.user(&api.sign_in(USER, PASSWORD).await.access).await;
    assert_eq!((&user["email"], &user["roles"]), (&json!(USER), &json!(["VERIFIED_USER"])));
    assert_eq!(user.as_object().unwrap().len(), 5, "{user}");
    let admin = api.user(&api.sign_in(ADMIN, PASSWORD).await.access).await;
    assert_eq!(admin["roles"], json!(["ADMIN", "VERIFIED_USER"]));
}

#[tokio::test]
async fn the_scheme_of_a_bearer_has_no_case() {
    let api = TestApi::new().await;
    let access = api.sign_in(USER, PASSWORD).await.access;
    let call = api.get("/v1/user/users/current").header("authorization", &format!("bearer {access}"));
    assert_eq!(call.send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_person_sees_themselves_and_an_administrator_everybody() {
    let api = TestApi::new().await;
    let (user, admin) = (api.sign_in(USER, PASSWORD).await.access, api.sign_in(ADMIN, PASSWORD).await.access);
    let user_id = api.user_id(&user).await;
    let admin_id = api.user_id(&admin).await;
    let show =
        async |id: &str, access: &str| api.get(&format!("/v1/user/users/{id}")).bearer(access).send().await;
    assert_eq!(show(&user_id, &user).await.json()["item"]["email"], USER);
    assert_eq!(show(&user_id, &admin).await.json()["item"]["email"], USER);
    show(&admin_id, &user).await.assert_error(403, "Forbidden", "Forbidden");

    let nobody = "2f1c1df2-0c5a-4d9c-9d5e-0f7a4f1a3c11";
    show(nobody, &user).await.assert_error(403, "Forbidden", "Forbidden");
    show(nobody, &admin).await.assert_error(404, "Not Found", "Not Found");
    show("x", &admin).await.assert_error(404, "Not Found", "Not Found");
}
