//! Another address, another password, and a forgotten one.

use http::Method;
use ironleaf_auth::{AccountError, Accounts, FieldError, FieldReason};

use super::*;

const NEW_VALUE: &str = "anotherToken.b3RoZXI%3D";

fn status() -> Answer {
    answer(200, &json!({ "status": true }))
}

fn session() -> Answer {
    answer(200, &json!({ "session": { "id": "s1" }, "user": user() }))
}

fn with_pages() -> World {
    World::with(|settings| {
        settings.change_email_page = Some("https://app.test/account".parse().unwrap());
        settings.set_password_page = Some("https://app.test/set-password".parse().unwrap());
    })
}

fn sent(request: &Request) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

/// The answer to a changed password: its session is a new one, and the old one is over.
fn changed(user: &Value) -> Answer {
    let body = json!({ "token": "anotherToken", "user": user });
    setting(answer(200, &body), &format!("{COOKIE}={NEW_VALUE}; Max-Age={WEEK}; Path=/; HttpOnly"))
}

async fn change_password(calls: &Calls<'_>) -> Result<(), AccountError> {
    calls.world.provider.change_password(calls, "u1", &"old password".into(), &"new password".into()).await
}

async fn change_email(calls: &Calls<'_>) -> Result<(), AccountError> {
    calls.world.provider.change_email(calls, "u1", &address("new@test.com")).await
}

#[tokio::test]
async fn a_password_is_changed_with_the_present_one_and_all_other_sessions_end() {
    let world = World::new();
    let calls = Calls { grant: world.grant().await, world: &world };
    world.answers("/get-session", [session()]);
    world.answers("/change-password", [changed(&user())]);
    assert_eq!(change_password(&calls).await, Ok(()));
    let asked = world.take_requests();
    assert_eq!(asked[1].uri().path(), "/api/auth/change-password");
    let expected = json!({
        "currentPassword": "old password", "newPassword": "new password", "revokeOtherSessions": true,
    });
    assert_eq!(sent(&asked[1]), expected);
    assert_eq!(header(&asked[1], "cookie"), Some(&*format!("{COOKIE}={VALUE}")));
    assert!(world.provider.ends_other_sessions());
}

#[tokio::test]
async fn the_cookie_that_a_changed_password_brings_is_kept_at_once() {
    let world = World::new();
    let grant = world.grant().await;
    let request = wire::request(Method::POST, &world.provider.endpoint(&["change-password"]), &json!({}));
    let asked = Asked::of(&request.unwrap());
    let Observed::AtOnce(change) = world.provider.observe(&grant, &asked, &changed(&user()).unwrap()) else {
        panic!("it has to be kept at once");
    };
    let mut kept = grant.clone();
    change(&mut kept);
    assert_eq!(kept.field(grant::SESSION).unwrap().expose(), format!("{COOKIE}={NEW_VALUE}"));
    let mut mallory = user();
    mallory["id"] = "u2".into();
    let observed = world.provider.observe(&grant, &asked, &changed(&mallory).unwrap());
    assert!(matches!(observed, Observed::Nothing), "that of another person is not");
}

#[tokio::test]
async fn each_refused_password_has_its_meaning() {
    let world = World::new();
    let calls = Calls { grant: world.grant().await, world: &world };
    world.answers("/get-session", [session()]);
    world.answers("/change-password", [error(400, "INVALID_PASSWORD")]);
    assert_eq!(change_password(&calls).await, Err(AccountError::WrongPassword));
    for (code, reason) in [
        ("PASSWORD_TOO_SHORT", FieldReason::TooShort),
        ("PASSWORD_TOO_LONG", FieldReason::NotAccepted),
        ("PASSWORD_COMPROMISED", FieldReason::Breached),
    ] {
        world.answers("/change-password", [error(400, code)]);
        let field = FieldError { field: "password".to_owned(), reason };
        assert_eq!(change_password(&calls).await, Err(AccountError::Invalid(vec![field])), "{code}");
    }
    world.answers("/change-password", [throttled()]);
    let after_nine = Some(Duration::from_secs(9));
    assert_eq!(change_password(&calls).await, Err(AccountError::TooManyRequests { retry_after: after_nine }));
    let mut mallory = user();
    mallory["id"] = "u2".into();
    let strange =
        [changed(&mallory), error(500, "FAILED_TO_GET_SESSION"), error(400, "CREDENTIAL_ACCOUNT_NOT_FOUND")];
    for answers in nonsense().into_iter().chain(strange) {
        world.answers("/change-password", [answers.clone()]);
        let refused = change_password(&calls).await;
        assert!(
            matches!(refused, Err(AccountError::Unavailable(_) | AccountError::SignedOut)),
            "{answers:?}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn nobody_elses_address_or_password_is_changed() {
    let world = with_pages();
    let calls = Calls { grant: world.grant().await, world: &world };
    let mut mallory = user();
    mallory["id"] = "u2".into();
    let hers = answer(200, &json!({ "session": { "id": "s1" }, "user": mallory }));
    for who in [hers, text(200, "null"), text(200, "<html>"), error(401, "UNAUTHORIZED"), lost()] {
        world.answers("/get-session", [who.clone()]);
        assert!(change_password(&calls).await.is_err(), "{who:?}");
        assert!(change_email(&calls).await.is_err(), "{who:?}");
        assert_eq!(world.take_calls(), ["GET /api/auth/get-session"; 2], "{who:?}");
    }
}

#[tokio::test]
async fn an_address_is_changed_where_the_link_leads_back_here() {
    let world = with_pages();
    let calls = Calls { grant: world.grant().await, world: &world };
    world.answers("/get-session", [session()]);
    world.answers("/change-email", [status()]);
    assert_eq!(change_email(&calls).await, Ok(()));
    let expected = json!({ "newEmail": "new@test.com", "callbackURL": "https://app.test/account" });
    assert_eq!(sent(&world.take_requests()[1]), expected);
    world.answers("/change-email", [error(400, "VALIDATION_ERROR")]);
    let refused = change_email(&calls).await;
    assert!(matches!(refused, Err(AccountError::Invalid(_))), "{refused:?}");
    for answers in nonsense() {
        world.answers("/change-email", [answers.clone()]);
        let refused = change_email(&calls).await;
        assert!(matches!(refused, Err(AccountError::Unavailable(_))), "{answers:?}: {refused:?}");
    }
}

#[tokio::test]
async fn what_is_switched_off_is_named_in_the_log() {
    let world = with_pages();
    let calls = Calls { grant: world.grant().await, world: &world };
    world.answers("/get-session", [session()]);
    for (status, code, advice) in [
        (400, "CHANGE_EMAIL_DISABLED", "BETTER_AUTH_CHANGE_EMAIL=false"),
        (403, "INVALID_CALLBACK_URL", "trustedOrigins"),
    ] {
        world.answers("/change-email", [error(status, code)]);
        let Err(AccountError::Unavailable(detail)) = change_email(&calls).await else { panic!("{code}") };
        assert!(detail.contains(advice), "{detail}");
    }
    for (status, code, advice) in [
        (400, "RESET_PASSWORD_DISABLED", "BETTER_AUTH_RESET_PASSWORD=false"),
        (403, "INVALID_REDIRECT_URL", "trustedOrigins"),
    ] {
        world.answers("/request-password-reset", [error(status, code)]);
        let refused = world.provider.request_password_reset(&caller(), &address("ada@test.com")).await;
        let Err(AccountError::Unavailable(detail)) = refused else { panic!("{code}") };
        assert!(detail.contains(advice), "{detail}");
    }
}

#[tokio::test]
async fn the_link_of_a_forgotten_password_leads_to_our_page() {
    let world = with_pages();
    world.answers("/request-password-reset", [status()]);
    let asked = world.provider.request_password_reset(&caller(), &address("ada@test.com")).await;
    assert_eq!(asked, Ok(()));
    let requests = world.take_requests();
    let expected = json!({ "email": "ada@test.com", "redirectTo": "https://app.test/set-password" });
    assert_eq!(sent(&requests[0]), expected);
    assert_eq!(header(&requests[0], "cookie"), None);
    for answers in nonsense() {
        world.answers("/request-password-reset", [answers.clone()]);
        let refused = world.provider.request_password_reset(&caller(), &address("ada@test.com")).await;
        assert!(matches!(refused, Err(AccountError::Unavailable(_))), "{answers:?}: {refused:?}");
    }
}

#[tokio::test]
async fn a_token_sets_a_password_and_signs_nobody_in() {
    let world = with_pages();
    let reset = async |answers: Answer| {
        world.answers("/reset-password", [answers]);
        world.provider.reset_password(&caller(), &"once".into(), &"new password".into()).await
    };
    assert_eq!(reset(status()).await, Ok(()));
    let requests = world.take_requests();
    assert_eq!(sent(&requests[0]), json!({ "newPassword": "new password", "token": "once" }));
    assert_eq!(requests[0].uri().query(), None, "the token is in no address");
    assert_eq!(header(&requests[0], "cookie"), None);
    for code in ["INVALID_TOKEN", "USER_NOT_FOUND"] {
        assert_eq!(reset(error(400, code)).await, Err(AccountError::InvalidToken));
    }
    assert!(matches!(reset(error(400, "PASSWORD_TOO_LONG")).await, Err(AccountError::Invalid(_))));
    assert!(matches!(reset(throttled()).await, Err(AccountError::TooManyRequests { .. })));
    for answers in nonsense() {
        let refused = reset(answers.clone()).await;
        assert!(matches!(refused, Err(AccountError::Unavailable(_))), "{answers:?}: {refused:?}");
    }
}
