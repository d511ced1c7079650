//! `GET /v1/user/users`.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{ADMIN, Answer, PASSWORD, TestApi, USER};

/// The two seeded people and three more, registered a second apart, and not in alphabetical order.
async fn five_people() -> (TestApi, String) {
    let api = TestApi::new().await;
    for email in ["carol@test.com", "alice@test.com", "bob_x@other.org"] {
        api.clock.advance(Duration::from_secs(1));
        api.register(email).await;
    }
    let admin = api.sign_in(ADMIN, PASSWORD).await.access;
    (api, admin)
}

async fn list(api: &TestApi, access: &str, query: &str) -> Answer {
    api.get(&format!("/v1/user/users{query}")).bearer(access).send().await
}

fn emails(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let items = answer.json()["items"].as_array().unwrap().clone();
    items.iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
}

fn pagination(answer: &Answer) -> Value {
    answer.json()["meta"]["pagination"].clone()
}

#[tokio::test]
async fn everybody_is_listed_on_pages() {
    let (api, admin) = five_people().await;
    let all = list(&api, &admin, "").await;
    assert_eq!(emails(&all).len(), 5);
    assert_eq!(pagination(&all), json!({ "page": 1, "perPage": 20, "totalItems": 5 }));
    let second = list(&api, &admin, "?page=2&perPage=2&orderBy=email&order=ASC").await;
    assert_eq!(emails(&second), ["bob_x@other.org", "carol@test.com"]);
    assert_eq!(pagination(&second), json!({ "page": 2, "perPage": 2, "totalItems": 5 }));
    let beyond = list(&api, &admin, "?page=4294967295&perPage=100").await;
    assert_eq!((emails(&beyond).len(), &pagination(&beyond)["totalItems"]), (0, &json!(5)));
}

#[tokio::test]
async fn pages_neither_repeat_nor_miss_people_who_are_equal_in_the_order() {
    let (api, admin) = five_people().await;
    let mut seen = Vec::new();
    for page in 1..=5 {
        seen.extend(emails(&list(&api, &admin, &format!("?page={page}&perPage=1&orderBy=updatedAt")).await));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn the_order_can_be_chosen() {
    let (api, admin) = five_people().await;
    let by_email = ["admin@test.com", "alice@test.com", "bob_x@other.org", "carol@test.com", USER];
    let mut reversed = by_email;
    reversed.reverse();
    for (order, expected) in
        [("ASC", &by_email), ("asc", &by_email), ("DESC", &reversed), ("desc", &reversed)]
    {
        let answer = list(&api, &admin, &format!("?orderBy=email&order={order}")).await;
        assert_eq!(emails(&answer), expected, "{order}");
    }
    assert_eq!(emails(&list(&api, &admin, "?orderBy=email").await), reversed);
    let newest = list(&api, &admin, "?orderBy=createdAt&order=desc&perPage=3").await;
    assert_eq!(emails(&newest), ["bob_x@other.org", "alice@test.com", "carol@test.com"]);
}

#[tokio::test]
async fn whoever_changed_last_comes_first() {
    let (api, admin) = five_people().await;
    api.clock.advance(Duration::from_secs(1));
    let user = api.sign_in(USER, PASSWORD).await.access;
    let id = api.user_id(&user).await;
    api.patch_user(&id, &user, &json!({ "email": "later@test.com" })).await;
    let newest = [USER, "bob_x@other.org", "alice@test.com", "carol@test.com", ADMIN];
    for query in ["", "?orderBy=updatedAt", "?order=DESC", "?orderBy=updatedAt&order=DESC"] {
        assert_eq!(emails(&list(&api, &admin, query).await), newest, "{query}");
    }
}

#[tokio::test]
async fn page_0_is_the_first_and_a_page_may_be_long() {
    let (api, admin) = five_people().await;
    for page in [0, 1] {
        let answer = list(&api, &admin, &format!("?page={page}&perPage=2&orderBy=email&order=ASC")).await;
        assert_eq!(emails(&answer), [ADMIN, "alice@test.com"]);
        assert_eq!(pagination(&answer), json!({ "page": page, "perPage": 2, "totalItems": 5 }));
    }
    for per_page in [101, 500, 1000] {
        let answer = list(&api, &admin, &format!("?page=0&perPage={per_page}")).await;
        assert_eq!(emails(&answer).len(), 5);
    }
}

#[tokio::test]
async fn people_can_be_searched_and_filtered_by_role() {
    let (api, admin) = five_people().await;
    let found = async |query: &str| emails(&list(&api, &admin, query).await);
    assert_eq!(found("?q=OTHER").await, ["bob_x@other.org"]);
    assert_eq!(found("?q=b_x%40").await, ["bob_x@other.org"]);
    assert_eq!(found("?q=%25").await, [""; 0], "a percent sign is a percent sign");
    assert_eq!(found("?role=ADMIN").await, [ADMIN]);
    assert_eq!(found("?role=VERIFIED_USER&orderBy=email&order=ASC&q=").await, [ADMIN, USER]);
    assert_eq!(found("?role=ADMIN&q=alice").await, [""; 0]);
}

#[tokio::test]
async fn an_address_that_is_still_to_be_verified_is_found_too() {
    let api = TestApi::new().await;
    let user = api.sign_in(USER, PASSWORD).await.access;
    let id = api.user_id(&user).await;
    api.patch_user(&id, &user, &json!({ "email": "later@test.com" })).await;
    let admin = api.sign_in(ADMIN, PASSWORD).await.access;
    assert_eq!(emails(&list(&api, &admin, "?q=later").await), [USER]);
}

#[tokio::test]
async fn a_wrong_query_is_invalid() {
    let api = TestApi::new().await;
    let admin = api.sign_in(ADMIN, PASSWORD).await.access;
    let query = "?page=x&perPage=1001&role=KING&orderBy=password_hash&order=Desc";
    let issues = list(&api, &admin, query).await.issues();
    let found: Vec<_> = issues.iter().map(|(path, _, code)| (path.as_str(), code.as_str())).collect();
    let expected = [
        ("page", "invalid_type"),
        ("perPage", "too_big"),
        ("role", "invalid_value"),
        ("orderBy", "invalid_value"),
        ("order", "invalid_value"),
    ];
    assert_eq!(found, expected);
    assert_eq!(list(&api, &admin, "?page=-1").await.issues()[0].2, "invalid_type");
    assert_eq!(list(&api, &admin, "?perPage=0").await.issues()[0].2, "too_small");
}

#[tokio::test]
async fn only_an_administrator_lists_people() {
    let api = TestApi::new().await;
    let user = api.sign_in(USER, PASSWORD).await.access;
    list(&api, &user, "?page=0").await.assert_error(403, "Forbidden", "Forbidden");
    api.get("/v1/user/users").send().await.assert_error(401, "Unauthorized", "Unauthorized");
}
