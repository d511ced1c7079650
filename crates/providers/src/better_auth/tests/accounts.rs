use ironleaf_auth::{AccountAbility, AccountError, Accounts};

use super::*;

async fn registered(world: &World, answers: Answer) -> Result<String, AccountError> {
    world.answers("/sign-up/email", [answers]);
    let accounts = world.provider.accounts().unwrap();
    let created = accounts.register(&caller(), &address("ada.l@test.com"), &"password1".into()).await;
    created.map(|user| user.id)
}

fn field_of(error: AccountError) -> String {
    let AccountError::Invalid(fields) = error else { panic!("{error:?}") };
    fields[0].field.clone()
}

#[tokio::test]
async fn what_the_auth_server_does_not_offer_is_not_offered() {
    use AccountAbility::{
        Change, ChangeEmail, ChangePassword, Delete, Register, ResetPassword, SetPasswordByLink,
        SignInByLink, VerifyEmail,
    };
    let all = [
        Register,
        Change,
        ChangeEmail,
        ChangePassword,
        Delete,
        ResetPassword,
        SignInByLink,
        SetPasswordByLink,
        VerifyEmail,
    ];
    for (change, offered) in [
        ((|_| {}) as fn(&mut BetterAuthSettings), &[Register, ChangePassword][..]),
        (|settings| settings.sign_up = false, &[ChangePassword]),
        (|settings| settings.delete_user = true, &[Register, ChangePassword, Delete]),
        (|settings| settings.verify_email = true, &[Register, ChangePassword, VerifyEmail]),
        (
            |settings| settings.change_email_page = Some(page("/account")),
            &[Register, ChangeEmail, ChangePassword],
        ),
        (
            |settings| settings.set_password_page = Some(page("/set-password")),
            &[Register, ChangePassword, ResetPassword, SetPasswordByLink],
        ),
    ] {
        let world = World::with(change);
        let accounts = world.provider.accounts().unwrap();
        let seen: Vec<_> = all.into_iter().filter(|ability| accounts.offers(*ability)).collect();
        assert_eq!(seen, offered);
    }
}

fn page(path: &str) -> url::Url {
    format!("https://app.test{path}").parse().unwrap()
}

#[tokio::test]
async fn an_account_is_registered_under_the_name_before_the_at_sign() {
    let world = World::new();
    assert_eq!(registered(&world, with_session(&signed_in_answer())).await.unwrap(), "u1");
    assert!(!world.provider.hides_known_addresses());
    let asked = world.take_requests();
    let sent: Value = serde_json::from_slice(asked[0].body()).unwrap();
    assert_eq!(sent, json!({ "name": "ada.l", "email": "ada.l@test.com", "password": "password1" }));
    assert_eq!(asked[1].uri().path(), "/api/auth/sign-out", "nobody uses the session of the sign-up");
    assert_eq!(header(&asked[1], "cookie"), Some(&*format!("{COOKIE}={VALUE}")));
}

#[tokio::test]
async fn a_known_address_may_look_like_a_success() {
    let world = World::new();
    let invented =
        answer(200, &json!({ "token": null, "user": { "id": "invented", "email": "ada.l@test.com" } }));
    assert!(registered(&world, invented).await.is_ok());
    assert!(world.provider.hides_known_addresses());
    assert_eq!(world.take_calls(), ["POST /api/auth/sign-up/email"]);
}

#[tokio::test]
async fn each_refused_registration_has_its_meaning() {
    let world = World::new();
    for code in ["USER_ALREADY_EXISTS", "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"] {
        assert_eq!(registered(&world, error(422, code)).await, Err(AccountError::EmailTaken));
    }
    for (code, field) in
        [("PASSWORD_TOO_SHORT", "password"), ("PASSWORD_TOO_LONG", "password"), ("INVALID_EMAIL", "email")]
    {
        assert_eq!(field_of(registered(&world, error(400, code)).await.unwrap_err()), field);
    }
    let after_nine = Some(Duration::from_secs(9));
    let limited = registered(&world, throttled()).await;
    assert_eq!(limited, Err(AccountError::TooManyRequests { retry_after: after_nine }));
    for answers in nonsense() {
        let created = registered(&world, answers.clone()).await;
        assert!(matches!(created, Err(AccountError::Unavailable(_))), "{answers:?}: {created:?}");
    }
}

#[tokio::test]
async fn the_person_is_asked_for_past_the_cookie_cache() {
    let world = World::new();
    let calls = Calls { grant: world.grant().await, world: &world };
    let body = json!({ "session": { "id": "s1" }, "user": user() });
    world.answers("/get-session", [answer(200, &body), text(200, "null")]);
    let found = world.provider.current_user(&calls).await.unwrap();
    assert_eq!(found, **calls.grant.identity.as_ref().unwrap());
    assert_eq!(world.take_requests()[0].uri().query(), Some("disableCookieCache=true"));
    assert_eq!(world.provider.current_user(&calls).await, Err(AccountError::Gone));
}

#[tokio::test]
async fn nonsense_is_no_answer_about_the_person() {
    let world = World::new();
    let calls = Calls { grant: world.grant().await, world: &world };
    for answers in nonsense() {
        world.answers("/get-session", [answers.clone()]);
        let found = world.provider.current_user(&calls).await;
        assert!(matches!(found, Err(AccountError::Unavailable(_))), "{answers:?}: {found:?}");
    }
}

#[tokio::test]
async fn an_account_is_deleted_only_if_the_auth_server_says_so() {
    let world = World::with(|settings| settings.delete_user = true);
    let calls = Calls { grant: world.grant().await, world: &world };
    world.answers(
        "/delete-user",
        [
            answer(200, &json!({ "success": true, "message": "User deleted" })),
            answer(200, &json!({ "success": true, "message": "Verification email sent" })),
            error(400, "SESSION_EXPIRED"),
            error(404, "NOT_FOUND"),
        ],
    );
    world.answers("/get-session", [session_of(&user())]);
    let accounts = world.provider.accounts().unwrap();
    assert_eq!(accounts.delete(&calls, "u1").await, Ok(()));
    assert_eq!(world.take_calls(), ["GET /api/auth/get-session", "POST /api/auth/delete-user"]);
    assert!(matches!(accounts.delete(&calls, "u1").await, Err(AccountError::Unavailable(_))));
    assert_eq!(accounts.delete(&calls, "u1").await, Err(AccountError::NotRecent));
    assert!(matches!(accounts.delete(&calls, "u1").await, Err(AccountError::Unavailable(_))));
    assert!(world.provider.tokens_end_with_account());
}

fn session_of(user: &Value) -> Answer {
    answer(200, &json!({ "session": { "id": "s1" }, "user": user }))
}

#[tokio::test]
async fn nobody_elses_account_is_deleted() {
    let world = World::with(|settings| settings.delete_user = true);
    let calls = Calls { grant: world.grant().await, world: &world };
    let mut mallory = user();
    mallory["id"] = "u2".into();
    for who in
        [session_of(&mallory), text(200, "null"), text(200, "<html>"), error(401, "UNAUTHORIZED"), lost()]
    {
        world.answers("/get-session", [who.clone()]);
        let deleted = world.provider.accounts().unwrap().delete(&calls, "u1").await;
        assert!(deleted.is_err(), "{who:?}");
        assert_eq!(world.take_calls(), ["GET /api/auth/get-session"], "{who:?}");
    }
}

#[tokio::test]
async fn a_verification_signs_nobody_in() {
    let world = World::new();
    let accounts = world.provider.accounts().unwrap();
    world.answers(
        "/verify-email",
        [
            with_session(&json!({ "status": true, "user": null })),
            error(401, "INVALID_TOKEN"),
            error(401, "TOKEN_EXPIRED"),
            text(500, ""),
        ],
    );
    assert_eq!(accounts.verify_email(&caller(), &"a token&x=1".into()).await, Ok(()));
    let asked = world.take_requests();
    assert_eq!(asked[0].uri().query(), Some("token=a+token%26x%3D1"));
    assert_eq!(asked[1].uri().path(), "/api/auth/sign-out");
    for _ in 0..2 {
        let refused = accounts.verify_email(&caller(), &"t".into()).await;
        assert_eq!(refused, Err(AccountError::InvalidToken));
    }
    assert!(matches!(accounts.verify_email(&caller(), &"t".into()).await, Err(AccountError::Unavailable(_))));
}

#[tokio::test]
async fn address_and_password_are_not_changed_together() {
    let world = World::new();
    let calls = Calls { grant: world.grant().await, world: &world };
    let accounts = world.provider.accounts().unwrap();
    let changed = accounts.update(&calls, "u1", None, Some(&"another".into())).await;
    assert!(matches!(changed, Err(AccountError::Unavailable(_))));
    assert!(world.take_calls().is_empty());
}
