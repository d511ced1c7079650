use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironleaf_auth::{Challenge, SignInError};

use super::*;

async fn refused(answers: Answer) -> SignInError {
    let world = World::new();
    world.answers("/sign-in/email", [answers]);
    world.provider.sign_in(&caller(), password("password1"), None).await.unwrap_err()
}

#[tokio::test]
async fn a_person_signs_in_with_a_session_and_a_first_token() {
    let world = World::new();
    let signed_in = world.sign_in().await;
    let grant = &signed_in.grant;
    let identity = grant.identity.as_ref().unwrap();
    assert_eq!((identity.id.as_str(), identity.email.as_deref()), ("u1", Some("ada@test.com")));
    assert_eq!((identity.claims["name"].as_str(), identity.has_role("admin")), ("Ada", true));
    assert!(identity.has_role("user") && identity.roles.len() == 2);
    assert_eq!(grant.field(grant::SESSION).unwrap().expose(), format!("{COOKIE}={VALUE}"));
    assert_eq!(grant.access_expires_at, Some(world.now() + QUARTER));
    assert_eq!(grant.refresh_expires_at, Some(world.now() + Duration::from_secs(WEEK)));
    assert_eq!(signed_in.authenticated_at, world.now());
    assert!(world.provider.is_ours(grant));

    let asked = world.take_requests();
    let paths: Vec<_> = asked.iter().map(|request| request.uri().path()).collect();
    assert_eq!(paths, ["/api/auth/sign-in/email", "/api/auth/token", "/api/auth/jwks"]);
    let sent: Value = serde_json::from_slice(asked[0].body()).unwrap();
    assert_eq!(sent, json!({ "email": "ada@test.com", "password": "password1", "rememberMe": true }));
    assert_eq!(header(&asked[0], "cookie"), None);
    assert_eq!(header(&asked[1], "cookie"), Some(&*format!("{COOKIE}={VALUE}")));
    for request in &asked[..2] {
        assert_eq!(header(request, "origin"), Some(ORIGIN));
        assert_eq!(header(request, "x-forwarded-for"), Some("203.0.113.7"));
    }
}

#[tokio::test]
async fn a_session_that_is_not_remembered_lasts_a_day_and_both_cookies_go_along() {
    let world = World::with(|settings| settings.remember_me = false);
    let given = setting(answer(200, &signed_in_answer()), &format!("{COOKIE}={VALUE}; Path=/"));
    let given = setting(given, "better-auth.dont_remember=true.c2ln%3D; Path=/");
    world.answers("/sign-in/email", [given]);
    let grant = world.sign_in().await.grant;
    assert_eq!(grant.refresh_expires_at, Some(world.now() + Duration::from_hours(24)));
    let asked = world.take_requests();
    let sent: Value = serde_json::from_slice(asked[0].body()).unwrap();
    assert_eq!(sent["rememberMe"], false);
    let both = format!("{COOKIE}={VALUE}; better-auth.dont_remember=true.c2ln%3D");
    assert_eq!(header(&asked[1], "cookie"), Some(&*both));
}

#[tokio::test]
async fn the_cookie_has_the_name_that_the_auth_server_gave_it() {
    let world = World::new();
    let given = setting(
        answer(200, &signed_in_answer()),
        &format!("__Secure-{COOKIE}={VALUE}; Max-Age=60; Secure; HttpOnly"),
    );
    world.answers("/sign-in/email", [given]);
    let grant = world.sign_in().await.grant;
    assert_eq!(grant.refresh_expires_at, Some(world.now() + Duration::from_mins(1)));
    let asked = world.take_requests();
    assert_eq!(header(&asked[1], "cookie"), Some(&*format!("__Secure-{COOKIE}={VALUE}")));
}

#[tokio::test]
async fn of_two_cookies_with_one_name_the_last_counts() {
    let world = World::new();
    let given = setting(answer(200, &signed_in_answer()), &format!("{COOKIE}=earlier.c2ln; Max-Age=60"));
    let given = setting(given, "theme=dark; Max-Age=60");
    let given = setting(given, &format!("{COOKIE}={VALUE}; Max-Age=120"));
    world.answers("/sign-in/email", [given.clone()]);
    let grant = world.sign_in().await.grant;
    assert_eq!(grant.field(grant::SESSION).unwrap().expose(), format!("{COOKIE}={VALUE}"));
    // An expired one is a cookie like others, and if it comes last, there is no session.
    let cleared = setting(given, &format!("{COOKIE}=; Max-Age=0; Path=/"));
    assert!(matches!(refused(cleared).await, SignInError::Misconfigured(_)));
}

#[tokio::test]
async fn each_refusal_has_its_meaning() {
    let after_nine = Some(Duration::from_secs(9));
    for (answers, expected) in [
        (error(401, "INVALID_EMAIL_OR_PASSWORD"), SignInError::InvalidCredentials),
        (error(400, "INVALID_EMAIL"), SignInError::InvalidCredentials),
        (error(403, "EMAIL_NOT_VERIFIED"), SignInError::Forbidden),
        (error(403, "BANNED_USER"), SignInError::Forbidden),
        (answer(200, &json!({ "twoFactorRedirect": true })), SignInError::SecondFactor),
        (throttled(), SignInError::TooManyRequests { retry_after: after_nine }),
    ] {
        assert_eq!(refused(answers).await, expected);
    }
}

#[tokio::test]
async fn an_answer_says_which_setting_is_wrong() {
    let path = "POST /api/auth/sign-in/email answered 404: check that BETTER_AUTH_URL has the base path";
    let cookie = "POST /api/auth/sign-in/email answered 200 with no cookie better-auth.session_token: check \
                  BETTER_AUTH_COOKIE_PREFIX";
    for (answers, is_certain, expected) in [
        (
            error(403, "INVALID_ORIGIN"),
            true,
            "POST /api/auth/sign-in/email answered 403 `INVALID_ORIGIN`: check BETTER_AUTH_ORIGIN and \
             trustedOrigins of the auth server",
        ),
        (
            error(400, "EMAIL_PASSWORD_DISABLED"),
            true,
            "POST /api/auth/sign-in/email answered 400 `EMAIL_PASSWORD_DISABLED`: enable emailAndPassword at \
             the auth server",
        ),
        (text(404, ""), true, path),
        (answer(404, &json!({ "message": "Route not found" })), true, path),
        (text(404, "<html>"), false, path),
        (answer(200, &signed_in_answer()), true, cookie),
        (setting(answer(200, &signed_in_answer()), "other.session_token=a.b"), true, cookie),
        (answer(200, &json!({})), false, cookie),
        (error(500, "OOPS"), false, "POST /api/auth/sign-in/email answered 500 `OOPS`"),
    ] {
        let told = match refused(answers.clone()).await {
            SignInError::Misconfigured(detail) => (true, detail),
            SignInError::Unavailable(detail) => (false, detail),
            other => panic!("{answers:?}: {other:?}"),
        };
        assert_eq!(told, (is_certain, expected.to_owned()), "{answers:?}");
    }
}

#[tokio::test]
async fn nonsense_signs_nobody_in_and_is_no_wrong_password() {
    for answers in nonsense() {
        let error = refused(answers.clone()).await;
        let is_not_found = matches!(&answers, Ok(answer) if answer.status() == 404);
        let is_certain = is_not_found && matches!(error, SignInError::Misconfigured(_));
        assert!(is_certain || matches!(error, SignInError::Unavailable(_)), "{answers:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_sign_in_that_gets_no_token_leaves_no_session_behind() {
    for (token, is_certain, advice) in [
        (error(404, "NOT_FOUND"), true, "jwt plugin"),
        (
            text(404, "<html>"),
            true,
            "GET /api/auth/token answered 404: check BETTER_AUTH_URL, and that the jwt",
        ),
        (
            token_of(
                &json!({ "sub": "u1", "iss": "https://other.test", "aud": ORIGIN, "exp": 9_000_000_000_u64 }),
            ),
            true,
            "BETTER_AUTH_ISSUER",
        ),
        (
            token_of(&json!({ "sub": "u1", "iss": ORIGIN, "aud": "other", "exp": 9_000_000_000_u64 })),
            true,
            "BETTER_AUTH_AUDIENCE",
        ),
        (error(403, "INVALID_ORIGIN"), true, "BETTER_AUTH_ORIGIN"),
        (error(403, "EMAIL_PASSWORD_DISABLED"), true, "enable emailAndPassword"),
        // A code of the auth server that reads like one of our settings.
        (error(500, "BETTER_AUTH_URL"), false, "GET /api/auth/token answered 500 `BETTER_AUTH_URL`"),
        (answer(200, &json!({})), false, "GET /api/auth/token answered 200 without a `token`"),
    ] {
        let world = World::new();
        world.answers("/token", [token]);
        let failed = world.provider.sign_in(&caller(), password("password1"), None).await;
        let (certain, detail) = match failed {
            Err(SignInError::Misconfigured(detail)) => (true, detail),
            Err(SignInError::Unavailable(detail)) => (false, detail),
            other => panic!("{other:?}"),
        };
        assert!(certain == is_certain && detail.contains(advice), "{detail}");
        assert_eq!(world.take_calls().last().unwrap(), "POST /api/auth/sign-out");
    }
}

#[tokio::test]
async fn a_limit_on_the_first_token_is_a_limit_on_the_sign_in() {
    let world = World::new();
    world.answers("/token", [throttled()]);
    let refused = world.provider.sign_in(&caller(), password("password1"), None).await;
    let wait = Some(Duration::from_secs(9));
    assert_eq!(refused.err(), Some(SignInError::TooManyRequests { retry_after: wait }));
    assert_eq!(world.take_calls().last().unwrap(), "POST /api/auth/sign-out");
}

#[tokio::test]
async fn a_token_of_another_algorithm_says_which_ones_are_accepted() {
    let world = World::new();
    let header = json!({ "alg": "ES512", "kid": KID });
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let token = format!("{}.{}.c2ln", encoded(&header), encoded(&world.claims()));
    world.answers("/token", [answer(200, &json!({ "token": token }))]);
    let refused = world.provider.sign_in(&caller(), password("password1"), None).await;
    let Err(SignInError::Misconfigured(detail)) = refused else { panic!("{refused:?}") };
    assert!(detail.contains("keyPairConfig") && detail.contains("EdDSA"), "{detail}");
}

#[tokio::test]
async fn the_keys_are_asked_for_with_the_trusted_origin() {
    let world = World::with(|settings| settings.origin = "https://shop.test".to_owned());
    world.sign_in().await;
    let asked = world.take_requests();
    let keys = asked.iter().find(|request| request.uri().path() == "/api/auth/jwks").unwrap();
    assert_eq!((header(keys, "origin"), header(keys, "cookie")), (Some("https://shop.test"), None));
}

#[tokio::test]
async fn the_first_tokens_of_an_empty_key_table_each_find_their_key() {
    let world = World::new();
    let keys = |count: usize| {
        let both = signing::both_keys();
        let listed = both["keys"].as_array().unwrap()[..count].to_vec();
        answer(200, &json!({ "keys": listed }))
    };
    let second = signing::signed_by_other(signing::OTHER_KID, &world.claims());
    world.answers("/jwks", [keys(1), keys(2)]);
    world.answers("/token", [world.token(), answer(200, &json!({ "token": second }))]);
    let [one, other] = [world.sign_in().await, world.sign_in().await];
    assert_ne!(one.grant.field(grant::JWT), other.grant.field(grant::JWT));
    let jwks = world.take_calls().into_iter().filter(|call| call.ends_with("/jwks")).count();
    assert_eq!(jwks, 2, "the second key is fetched at once");
    assert_ne!(KID, signing::OTHER_KID);
}

#[tokio::test]
async fn an_address_that_nobody_has_verified_is_not_the_persons() {
    let world = World::new();
    let mut claims = world.claims();
    claims["emailVerified"] = false.into();
    claims["role"] = Value::Null;
    world.answers("/token", [token_of(&claims)]);
    let identity = world.sign_in().await.grant.identity.unwrap();
    assert_eq!(
        (identity.email.as_deref(), identity.unverified_email.as_deref()),
        (None, Some("ada@test.com"))
    );
    assert!(identity.roles.is_empty());
}

#[tokio::test]
async fn a_sign_in_after_a_new_password_ends_the_other_sessions() {
    let world = World::new();
    world.answers("/revoke-other-sessions", [answer(200, &json!({ "status": true })), text(500, "")]);
    for _ in 0..2 {
        let signed_in = world.provider.sign_in_and_end_others(&caller(), password("password1"), None).await;
        assert!(signed_in.is_ok(), "it is good, whatever becomes of the others");
        let asked = world.take_requests();
        let last = asked.last().unwrap();
        assert_eq!(last.uri().path(), "/api/auth/revoke-other-sessions");
        assert_eq!(header(last, "cookie"), Some(&*format!("{COOKIE}={VALUE}")));
    }
}

#[tokio::test]
async fn there_is_no_other_way_to_sign_in() {
    let world = World::new();
    let link = SignIn::OneTimeToken { email: address("ada@test.com"), token: "t".into() };
    for attempt in [link, SignIn::ClientCredentials] {
        let refused = world.provider.sign_in(&caller(), attempt, None).await;
        assert_eq!(refused.err(), Some(SignInError::Unsupported));
    }
    assert!(world.take_calls().is_empty());
}

const PENDING: &str = "better-auth.two_factor=2fa-1.c2ln%3D";

/// The answer to a right password whose sign-in waits for its second step.
fn two_factor(methods: &Value) -> Answer {
    let body = json!({ "twoFactorRedirect": true, "twoFactorMethods": methods });
    let cleared = setting(answer(200, &body), &format!("{COOKIE}=; Max-Age=0; Path=/"));
    setting(cleared, &format!("{PENDING}; Max-Age=600; Path=/"))
}

#[tokio::test]
async fn a_code_of_an_app_or_a_backup_code_completes_a_sign_in_with_the_cookie_of_its_first_step() {
    for (code, path, sent) in [
        ("123 456", "/two-factor/verify-totp", "123456"),
        ("aB3dE-fG7hI", "/two-factor/verify-backup-code", "aB3dE-fG7hI"),
    ] {
        let world = World::new();
        world.answers("/sign-in/email", [two_factor(&json!(["totp", "otp"]))]);
        world.answers(path, [with_session(&signed_in_answer())]);
        let asked = world.provider.sign_in(&caller(), password("password1"), None).await.unwrap_err();
        let challenge = Challenge { token: PENDING.into(), takes_recovery_codes: true };
        assert_eq!(asked, SignInError::Challenged(challenge));
        world.take_requests();
        let attempt = SignIn::SecondFactor { challenge: PENDING.into(), code: code.into() };
        let grant = world.provider.sign_in(&caller(), attempt, None).await.unwrap().grant;
        assert_eq!(grant.field(grant::SESSION).unwrap().expose(), format!("{COOKIE}={VALUE}"));
        let request = &world.take_requests()[0];
        assert_eq!(request.uri().path(), format!("/api/auth{path}"));
        assert_eq!(serde_json::from_slice::<Value>(request.body()).unwrap(), json!({ "code": sent }));
        assert_eq!((header(request, "cookie"), header(request, "origin")), (Some(PENDING), Some(ORIGIN)));
    }
}

#[tokio::test]
async fn a_session_that_is_not_remembered_is_not_remembered_after_a_code_either() {
    let mark = "better-auth.dont_remember=true.c2ln";
    let asked = refused(setting(two_factor(&json!(["totp"])), &format!("{mark}; Path=/"))).await;
    let token = format!("{PENDING}; {mark}").into();
    assert_eq!(asked, SignInError::Challenged(Challenge { token, takes_recovery_codes: true }));
}

#[tokio::test]
async fn nobody_is_asked_for_a_code_that_they_do_not_have() {
    assert_eq!(refused(two_factor(&json!(["otp"]))).await, SignInError::SecondFactor);
}

#[tokio::test]
async fn each_refusal_of_a_code_has_its_meaning() {
    let locked = with_header(error(429, "ACCOUNT_TEMPORARILY_LOCKED"), "x-retry-after", "9");
    for (answers, expected) in [
        (error(401, "INVALID_CODE"), SignInError::InvalidCredentials),
        (error(400, "TOTP_NOT_ENABLED"), SignInError::InvalidCredentials),
        (error(401, "INVALID_TWO_FACTOR_COOKIE"), SignInError::ChallengeOver),
        (error(400, "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE"), SignInError::ChallengeOver),
        (locked, SignInError::TooManyRequests { retry_after: Some(Duration::from_secs(9)) }),
    ] {
        let world = World::new();
        world.answers("/two-factor/verify-totp", [answers]);
        let attempt = SignIn::SecondFactor { challenge: PENDING.into(), code: "123456".into() };
        assert_eq!(world.provider.sign_in(&caller(), attempt, None).await.unwrap_err(), expected);
    }
}
