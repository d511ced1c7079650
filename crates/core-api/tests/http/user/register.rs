//! `POST /v1/user/users`.

use http::StatusCode;
use serde_json::json;

use crate::support::{ADMIN, PASSWORD, TestApi, USER};

#[tokio::test]
async fn registering_gives_an_unverified_person_and_sends_an_e_mail() {
    let api = TestApi::new().await;
    let body = json!({ "email": "New@Test.com", "password": PASSWORD });
    let answer = api.post("/v1/user/users").json(&body).send().await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let user = &answer.json()["item"];
    let id: uuid::Uuid = user["id"].as_str().unwrap().parse().unwrap();
    let now = "2026-11-21T10:48:52.360Z";
    let expected = json!({
        "id": id, "email": "new@test.com", "roles": [], "createdAt": now, "updatedAt": now,
        "unverifiedEmail": "new@test.com",
    });
    assert_eq!(user, &expected);
    assert_eq!(api.mails_to("new@test.com").await.len(), 1);
    api.sign_in("new@test.com", PASSWORD).await;
}

#[tokio::test]
async fn any_password_of_8_characters_or_more_is_kept() {
    let api = TestApi::new().await;
    let long = "long ".repeat(50);
    for (number, password) in ["12345678", " spaces ", "ünïcödé✓", &long].into_iter().enumerate() {
        let email = format!("person{number}@test.com");
        let body = json!({ "email": email, "password": password });
        assert_eq!(api.post("/v1/user/users").json(&body).send().await.status, StatusCode::CREATED);
        api.sign_in(&email, password).await;
        let trimmed = json!({ "email": email, "password": format!("{password} ") });
        assert_eq!(api.tokens(&trimmed).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_password_is_the_same_however_a_system_composes_its_letters() {
    let api = TestApi::new().await;
    for (number, (first, second)) in
        [("Grüße aus Köln", "Gru\u{308}ße aus Ko\u{308}ln"), ("mit Leerzeichen", "mit\u{a0}Leerzeichen")]
            .into_iter()
            .enumerate()
    {
        for (turn, (set, typed)) in [(first, second), (second, first)].into_iter().enumerate() {
            let email = format!("person{number}{turn}@test.com");
            let body = json!({ "email": email, "password": set });
            assert_eq!(api.post("/v1/user/users").json(&body).send().await.status, StatusCode::CREATED);
            api.sign_in(&email, set).await;
            api.sign_in(&email, typed).await;
        }
    }
}

#[tokio::test]
async fn a_password_is_counted_in_the_form_in_which_it_is_kept_and_has_no_control_characters() {
    let api = TestApi::new().await;
    for (password, message, code) in [
        ("u\u{308}u\u{308}u\u{308}u\u{308}567", "Password must be at least 8 characters", "too_small"),
        ("", "Password must be at least 8 characters", "too_small"),
        ("pass\tword", "Password cannot contain control characters", "invalid_format"),
        ("password\u{0}", "Password cannot contain control characters", "invalid_format"),
        ("password\u{85}", "Password cannot contain control characters", "invalid_format"),
    ] {
        let body = json!({ "email": "new@test.com", "password": password });
        let issues = api.post("/v1/user/users").json(&body).send().await.issues();
        assert_eq!(issues, [("password".into(), message.into(), code.into())], "{password:?}");
    }
}

#[tokio::test]
async fn an_address_in_unicode_and_in_punycode_is_one() {
    let api = TestApi::new().await;
    for (first, second, form) in [
        ("user@exämple.com", "user@xn--exmple-cua.com", "user@xn--exmple-cua.com"),
        ("user@xn--e1afmkfd.xn--p1ai", "User@ПРИМЕР.РФ", "user@xn--e1afmkfd.xn--p1ai"),
        ("u\u{308}ser@test.com", "Üser@test.com", "üser@test.com"),
    ] {
        let register = |email: &str| {
            api.post("/v1/user/users").json(&json!({ "email": email, "password": PASSWORD })).send()
        };
        let registered = register(first).await;
        assert_eq!(registered.status, StatusCode::CREATED, "{first}");
        assert_eq!(registered.json()["item"]["email"], form);
        register(second).await.assert_error(409, "A user with this email already exists", "Conflict");
        let tokens = api.sign_in(second, PASSWORD).await;
        assert_eq!(api.refresh(first, &tokens.refresh).await.status, StatusCode::CREATED);
        assert_eq!(api.mails_to(form).await.len(), 1);

        let admin = api.sign_in(ADMIN, PASSWORD).await.access;
        let query = url::form_urlencoded::byte_serialize(first.as_bytes()).collect::<String>();
        let found = api.get(&format!("/v1/user/users?q={query}")).bearer(&admin).send().await.json();
        assert_eq!(found["items"][0]["email"], form);
    }
}

#[tokio::test]
async fn an_address_is_registered_once_whatever_its_case() {
    let api = TestApi::new().await;
    for email in [USER, "USER@TEST.COM"] {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = api.post("/v1/user/users").json(&body).send().await;
        answer.assert_error(409, "A user with this email already exists", "Conflict");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_10_registrations_of_one_address_at_once_one_succeeds() {
    let api = TestApi::new().await;
    let registrations: Vec<_> = (0..10)
        .map(|_| {
            let api = api.clone();
            tokio::spawn(async move {
                let body = json!({ "email": "new@test.com", "password": PASSWORD });
                api.post("/v1/user/users").json(&body).send().await.status.as_u16()
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for registration in registrations {
        statuses.push(registration.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [&[201][..], &[409; 9][..]].concat());
}

#[tokio::test]
async fn only_an_administrator_registers_somebody_without_a_password() {
    let api = TestApi::new().await;
    let body = json!({ "email": "new@test.com" });
    let answer = api.post("/v1/user/users").json(&body).send().await;
    answer.assert_error(403, "Forbidden", "Forbidden");
    let user = api.sign_in(USER, PASSWORD).await.access;
    let answer = api.post("/v1/user/users").bearer(&user).json(&body).send().await;
    answer.assert_error(403, "Forbidden", "Forbidden");
    let admin = api.sign_in(ADMIN, PASSWORD).await.access;
    let answer = api.post("/v1/user/users").bearer(&admin).json(&body).send().await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(api.mails_to("new@test.com").await.len(), 1);

    let guess = json!({ "email": "new@test.com", "password": PASSWORD });
    api.tokens(&guess).await.assert_error(401, "Invalid credentials", "Unauthorized");
    api.tokens(&body).await;
    let token = api.mailed_token("new@test.com").await;
    assert_eq!(api.refresh("new@test.com", &token).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_bad_bearer_is_refused_even_where_none_is_needed() {
    let api = TestApi::new().await;
    let body = json!({ "email": "new@test.com", "password": PASSWORD });
    let answer = api.post("/v1/user/users").bearer("x").json(&body).send().await;
    answer.assert_error(401, "Unauthorized", "Unauthorized");
}
