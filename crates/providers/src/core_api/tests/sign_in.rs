use super::*;

#[tokio::test]
async fn the_address_is_sent_in_lower_case_and_the_person_is_asked_for() {
    let (provider, script) = scripted([tokens("r1"), user("user@test.com", None)]);
    let signed_in = provider.sign_in(&caller(), password(" User@Test.COM "), None).await.unwrap();

    let sent = json!({ "email": "user@test.com", "password": "password1" });
    let expected =
        [("POST /v1/auth/tokens".to_owned(), sent), ("GET /v1/user/users/current".to_owned(), Value::Null)];
    assert_eq!(script.asked(), expected);
    let identity = signed_in.grant.identity.clone().unwrap();
    assert!(identity.has_role(ironleaf_auth::Role::VERIFIED_USER));
    for index in 0..2 {
        assert_eq!(script.header(index, "x-forwarded-for").as_deref(), Some("::1"));
        assert_eq!(script.header(index, "auth-context"), None);
        assert_eq!(script.header(index, "cookie"), None);
    }
}

#[tokio::test]
async fn expiry_counts_from_the_moment_of_receipt() {
    let grant = grant(None).await;
    let received_at = start() + Duration::from_secs(1);
    assert_eq!(grant.access_expires_at, Some(received_at + Duration::from_mins(20)));
    assert_eq!(grant.access_lifetime, Some(Duration::from_mins(20)));
    assert_eq!(grant.refresh_expires_at, Some(received_at + Duration::from_hours(7 * 24)));
}

#[tokio::test]
async fn a_one_time_token_signs_in_like_a_refresh() {
    let (provider, script) = scripted([tokens("r1"), user("user@test.com", None)]);
    let attempt =
        SignIn::OneTimeToken { email: EmailAddress::of_record("User@test.com"), token: "once".into() };
    provider.sign_in(&caller(), attempt, None).await.unwrap();
    let sent = json!({ "email": "user@test.com", "refreshToken": "once" });
    assert_eq!(script.asked()[0].1, sent);
}

#[tokio::test]
async fn without_a_user_record_the_claims_say_who_it_is() {
    for failure in [lost(), unreachable(), error(503, "Down"), error(401, "Unauthorized"), text(200, "{")] {
        let (provider, _) = scripted([tokens("r1"), failure]);
        let signed_in = provider.sign_in(&caller(), password("user@test.com"), None).await.unwrap();
        let identity = signed_in.grant.identity.unwrap();
        assert_eq!((identity.id.as_str(), identity.roles.len()), ("u1", 0));
        assert_eq!(identity.email.as_deref(), Some("user@test.com"));
    }
}

#[tokio::test]
async fn tokens_of_nobody_are_revoked() {
    let item = json!({ "accessToken": "opaque", "ttlSeconds": 1200, "refreshToken": "r1" });
    let issued = answer(201, &json!({ "item": item }));
    let (provider, script) = scripted([issued, lost(), tokens("r2"), refused()]);
    let result = provider.sign_in(&caller(), password("user@test.com"), None).await;
    assert!(matches!(result, Err(SignInError::Unavailable(_))), "{result:?}");
    assert_eq!(script.asked().len(), 4);
}

fn typed(email: &str, password: &str) -> SignIn {
    SignIn::Password { email: EmailAddress::of_record(email), password: password.into() }
}

/// Address and password of each attempt.
fn tried(script: &Script) -> Vec<(String, String)> {
    let asked = script.asked().into_iter().filter(|(line, _)| line == "POST /v1/auth/tokens");
    let text = |body: &Value, field: &str| body[field].as_str().unwrap().to_owned();
    asked.map(|(_, body)| (text(&body, "email"), text(&body, "password"))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(email, password)| ((*email).to_owned(), (*password).to_owned())).collect()
}

#[tokio::test]
async fn the_password_is_sent_in_one_form_and_then_as_it_was_typed() {
    let (provider, script) = scripted([refused(), tokens("r1"), user("user@test.com", None)]);
    provider.sign_in(&caller(), typed("user@test.com", "gru\u{308}n\u{a0}span"), None).await.unwrap();
    let expected = [("user@test.com", "grün span"), ("user@test.com", "gru\u{308}n\u{a0}span")];
    assert_eq!(tried(&script), pairs(&expected));
}

#[tokio::test]
async fn a_wrong_password_is_tried_in_each_form_and_no_more_often() {
    for (email, password, forms) in [
        ("user@test.com", "password1", 1),
        ("user@test.com", "grünspan", 1),
        ("user@test.com", "gru\u{308}nspan", 2),
        ("user@test.com", "with\ta tab", 1),
        ("user@exämple.com", "password1", 2),
        ("user@xn--exmple-cua.com", "password1", 2),
        ("user@exämple.com", "gru\u{308}nspan", 4),
    ] {
        let (provider, script) = scripted(std::iter::repeat_with(refused).take(forms));
        let outcome = provider.sign_in(&caller(), typed(email, password), None).await;
        assert_eq!(outcome.err(), Some(SignInError::InvalidCredentials));
        assert_eq!(script.asked().len(), forms, "{email} {password:?}");
    }
}

#[tokio::test]
async fn only_a_refusal_leads_to_another_form() {
    for failure in [error(500, "Down"), throttled(), lost(), error(403, "Forbidden")] {
        let (provider, script) = scripted([failure]);
        let outcome = provider.sign_in(&caller(), typed("user@test.com", "gru\u{308}nspan"), None).await;
        assert!(outcome.is_err_and(|error| error != SignInError::InvalidCredentials));
        assert_eq!(script.asked().len(), 1);
    }
}

#[tokio::test]
async fn an_address_of_another_script_is_sent_as_ascii_and_then_as_some_have_stored_it() {
    for email in ["user@exämple.com", "User@EXÄMPLE.com", "user@xn--exmple-cua.com"] {
        let (provider, script) = scripted([refused(), tokens("r1"), user("user@exämple.com", None)]);
        let signed_in = provider.sign_in(&caller(), typed(email, "password1"), None).await.unwrap();
        let expected = [("user@xn--exmple-cua.com", "password1"), ("user@exämple.com", "password1")];
        assert_eq!(tried(&script), pairs(&expected));
        assert_eq!(addresses(&signed_in.grant).0.as_deref(), Some("user@exämple.com"), "as it is stored");
    }
}

#[tokio::test]
async fn a_password_is_sent_as_it_was_typed_where_that_is_asked_for() {
    let (mut provider, script) = scripted([refused()]);
    provider.settings.normalize_passwords = false;
    let outcome = provider.sign_in(&caller(), typed("user@test.com", "gru\u{308}nspan"), None).await;
    assert_eq!(outcome.err(), Some(SignInError::InvalidCredentials));
    assert_eq!(tried(&script), pairs(&[("user@test.com", "gru\u{308}nspan")]));
}

/// The API would take an empty secret for a request to reset the password, and send an e-mail.
#[tokio::test]
async fn an_empty_secret_is_not_sent() {
    let (provider, script) = scripted([]);
    for attempt in [
        SignIn::Password { email: EmailAddress::of_record("user@test.com"), password: "".into() },
        SignIn::OneTimeToken { email: EmailAddress::of_record("user@test.com"), token: "".into() },
        SignIn::Password { email: EmailAddress::of_record(" "), password: "password1".into() },
    ] {
        let result = provider.sign_in(&caller(), attempt, None).await;
        assert_eq!(result.err(), Some(SignInError::InvalidCredentials));
    }
    let result = provider.sign_in(&caller(), SignIn::ClientCredentials, None).await;
    assert_eq!(result.err(), Some(SignInError::Unsupported));
    assert_eq!(script.asked(), []);
}

#[tokio::test]
async fn a_refusal_is_told_apart_from_a_failure() {
    let busy = http::Response::builder().status(429).header("retry-after", "30").body(Bytes::new());
    let validation = json!({ "statusCode": 400, "message": "Validation failed", "errors": [] });
    for (answer, expected) in [
        (refused(), Some(SignInError::InvalidCredentials)),
        (answer(400, &validation), Some(SignInError::InvalidCredentials)),
        (error(403, "Forbidden"), Some(SignInError::Forbidden)),
        (
            Ok(busy.unwrap()),
            Some(SignInError::TooManyRequests { retry_after: Some(Duration::from_secs(30)) }),
        ),
        (text(429, ""), Some(SignInError::TooManyRequests { retry_after: None })),
        (text(401, "<html>"), None),
        (error(401, "Unauthorized"), None),
        (text(403, "<html>"), None),
        (text(400, "<html>"), None),
        (error(500, "Internal"), None),
        (answer(201, &json!({ "item": { "action": "CHECK_EMAIL" } })), None),
        (lost(), None),
        (unreachable(), None),
    ] {
        let text = format!("{answer:?}");
        let (provider, _) = scripted([answer]);
        let result = provider.sign_in(&caller(), password("user@test.com"), None).await.err().unwrap();
        match expected {
            Some(expected) => assert_eq!(result, expected, "{text}"),
            None => assert!(matches!(result, SignInError::Unavailable(_)), "{text}: {result:?}"),
        }
    }
}

fn challenged(body: &Value) -> Answer {
    let mut all = json!({ "statusCode": 401, "message": "A code is required", "error": "SECOND_FACTOR" });
    all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    answer(401, &all)
}

#[tokio::test]
async fn a_challenge_is_read_in_its_form_and_its_code_sent_without_an_address() {
    for (methods, takes_recovery_codes) in
        [(json!(["TOTP", "RECOVERY_CODE"]), true), (json!(["TOTP"]), false), (json!([]), false)]
    {
        let asked = challenged(&json!({ "challenge": "c1", "methods": methods }));
        let (provider, script) = scripted([asked, tokens("r1"), user("user@test.com", None)]);
        let refused = provider.sign_in(&caller(), password("user@test.com"), None).await.unwrap_err();
        let challenge = Challenge { token: "c1".into(), takes_recovery_codes };
        assert_eq!(refused, SignInError::Challenged(challenge));
        let attempt = SignIn::SecondFactor { challenge: "c1".into(), code: "123456".into() };
        provider.sign_in(&caller(), attempt, None).await.unwrap();
        assert_eq!(script.asked()[1].1, json!({ "challenge": "c1", "code": "123456" }));
    }
    for unusable in [json!({ "challenge": "" }), json!({}), json!({ "challenge": 1 })] {
        let (provider, _) = scripted([challenged(&unusable)]);
        let refused = provider.sign_in(&caller(), password("user@test.com"), None).await.unwrap_err();
        assert!(matches!(refused, SignInError::Unavailable(_)), "{refused:?}");
    }
}

#[tokio::test]
async fn the_access_token_goes_along_with_a_password_only_where_the_api_expects_it() {
    let grant = grant(None).await;
    let declaring = with_header(user("user@test.com", None), "second-factor", "true");
    let answers = [tokens("r1"), user("user@test.com", None), declaring];
    let later = (0..4).flat_map(|_| [tokens("r2"), user("user@test.com", None)]);
    let (provider, script) = scripted(answers.into_iter().chain(later));
    let bearer = |index| script.header(index, "authorization");
    provider.sign_in(&caller(), password("user@test.com"), Some(&grant)).await.unwrap();
    assert_eq!(bearer(0), None, "an API that has not declared it");
    provider.current_user(&accounts::Calls(Arc::clone(&script))).await.unwrap();
    provider.sign_in(&caller(), password("user@test.com"), Some(&grant)).await.unwrap();
    assert!(bearer(3).is_some_and(|bearer| bearer.starts_with("Bearer ")));
    provider.sign_in(&caller(), password("other@test.com"), Some(&grant)).await.unwrap();
    assert_eq!(bearer(5), None, "the token of somebody else");
    let link = SignIn::OneTimeToken { email: address("user@test.com"), token: "t".into() };
    provider.sign_in(&caller(), link, Some(&grant)).await.unwrap();
    assert_eq!(bearer(7), None);
}
