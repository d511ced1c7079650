use super::*;
use ironleaf_auth::{
    AccountAbility, AccountError, Activity, ActivityKind, AuthorizedCalls, CallError, FieldError, FieldReason,
};

/// Sends authorized calls to the script. The script decides who is signed in.
pub(super) struct Calls(pub(super) Arc<Script>);

#[async_trait]
impl AuthorizedCalls for Calls {
    async fn send(&self, request: Request) -> Result<Response, CallError> {
        let sent = self.0.send(request).await;
        sent.map_err(|error| CallError::Unavailable(error.to_string()))
    }
}

fn action(status: &str) -> Answer {
    let item = json!({ "id": "a1", "action": "EMAIL_VERIFICATION", "status": status });
    answer(202, &json!({ "item": item }))
}

fn failed() -> Answer {
    error(500, "Internal server error")
}

fn invalid_email() -> Answer {
    let errors = json!([{ "path": ["email"], "message": "Invalid email address", "code": "invalid_format" }]);
    answer(400, &json!({ "statusCode": 400, "message": "Validation failed", "errors": errors }))
}

fn invalid() -> AccountError {
    let (field, reason) = ("email".to_owned(), FieldReason::NotAccepted);
    AccountError::Invalid(vec![FieldError { field, reason }])
}

fn too_many(secs: Option<u64>) -> AccountError {
    AccountError::TooManyRequests { retry_after: secs.map(Duration::from_secs) }
}

#[tokio::test]
async fn what_is_sent_is_what_the_contract_says() {
    let (provider, script) = scripted([
        user("user@test.com", None),
        user("new@test.com", None),
        user("user@test.com", Some("new@test.com")),
        text(204, ""),
        answer(201, &json!({ "item": { "action": "CHECK_EMAIL" } })),
    ]);
    let calls = Calls(Arc::clone(&script));
    provider.current_user(&calls).await.unwrap();
    provider.register(&caller(), &address("New@test.com"), &"password2".into()).await.unwrap();
    provider.update(&calls, "a/b", Some(&address("New@test.com")), Some(&"password3".into())).await.unwrap();
    provider.delete(&calls, "u1").await.unwrap();
    provider.request_password_reset(&caller(), &address("User@test.com")).await.unwrap();
    let expected = [
        ("GET /v1/user/users/current", Value::Null),
        ("POST /v1/user/users", json!({ "email": "new@test.com", "password": "password2" })),
        ("PATCH /v1/user/users/a%2Fb", json!({ "email": "new@test.com", "password": "password3" })),
        ("DELETE /v1/user/users/u1", Value::Null),
        ("POST /v1/auth/tokens", json!({ "email": "user@test.com" })),
    ];
    assert_eq!(script.asked(), expected.map(|(line, body)| (line.to_owned(), body)));
}

#[tokio::test]
async fn addresses_and_passwords_are_sent_in_one_form() {
    let answers = || [user("u@test.com", None), user("u@test.com", None)];
    let (email, password) = ("User@exämple.com", "gru\u{308}n\u{a0}span");
    for (normalize, sent) in [(true, "grün span"), (false, password)] {
        let (mut provider, script) = scripted(answers());
        provider.settings.normalize_passwords = normalize;
        provider.register(&caller(), &address(email), &password.into()).await.unwrap();
        let calls = Calls(Arc::clone(&script));
        provider.update(&calls, "u1", Some(&address(email)), Some(&password.into())).await.unwrap();
        let expected = json!({ "email": "user@xn--exmple-cua.com", "password": sent });
        assert_eq!(
            script.asked().into_iter().map(|(_, body)| body).collect::<Vec<_>>(),
            [(); 2].map(|()| expected.clone())
        );
    }
}

#[tokio::test]
async fn control_characters_are_refused_before_anything_is_sent_unless_the_api_decides() {
    let field = FieldError { field: "password".to_owned(), reason: FieldReason::ControlCharacters };
    let (provider, script) = scripted([]);
    let refused = provider.register(&caller(), &address("a@b.c"), &"pass\tword".into()).await.unwrap_err();
    assert_eq!(refused, AccountError::Invalid(vec![field.clone()]));
    let calls = Calls(Arc::clone(&script));
    let refused = provider.update(&calls, "u1", None, Some(&"pass\tword".into())).await.unwrap_err();
    assert_eq!(refused, AccountError::Invalid(vec![field]));
    let (mut provider, _) = scripted([user("a@b.c", None)]);
    provider.settings.normalize_passwords = false;
    provider.register(&caller(), &address("a@b.c"), &"pass\tword".into()).await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_a_password_is_told_by_the_sentence_of_the_contract() {
    for (message, reason) in [
        ("Password must be at least 8 characters", FieldReason::TooShort),
        ("Password cannot contain control characters", FieldReason::ControlCharacters),
        ("Password contains your name", FieldReason::NotAccepted),
    ] {
        let errors = json!([{ "path": ["password"], "message": message, "code": "too_small" }]);
        let refusal =
            answer(400, &json!({ "statusCode": 400, "message": "Validation failed", "errors": errors }));
        let (provider, _) = scripted([refusal]);
        let refused = provider.register(&caller(), &address("a@b.c"), &"password2".into()).await;
        let field = FieldError { field: "password".to_owned(), reason };
        assert_eq!(refused.err(), Some(AccountError::Invalid(vec![field])), "{message}");
    }
}

#[tokio::test]
async fn each_status_means_one_thing() {
    let conflict = || error(409, "Conflict");
    for (answer, anonymous, signed_in) in [
        (invalid_email(), Some(invalid()), Some(invalid())),
        (error(401, "Unauthorized"), None, Some(AccountError::SignedOut)),
        (error(403, "Forbidden"), Some(AccountError::Forbidden), Some(AccountError::Forbidden)),
        (conflict(), Some(AccountError::EmailTaken), Some(AccountError::EmailTaken)),
        (error(404, "Not Found"), None, None),
        (text(429, "slow down"), Some(too_many(None)), Some(too_many(None))),
        (throttled(), Some(too_many(Some(30))), Some(too_many(Some(30)))),
        (error(500, "Internal"), None, None),
        (text(409, "<html>"), None, None),
        (text(200, "{}"), None, None),
        (lost(), None, None),
        (unreachable(), None, None),
    ] {
        let text = format!("{answer:?}");
        let (provider, script) = scripted([answer.clone(), answer]);
        let calls = Calls(script);
        let registered =
            provider.register(&caller(), &address("a@b.c"), &"password1".into()).await.unwrap_err();
        let updated = provider.update(&calls, "u1", Some(&address("a@b.c")), None).await.unwrap_err();
        for (got, expected) in [(registered, anonymous), (updated, signed_in)] {
            match expected {
                Some(expected) => assert_eq!(got, expected, "{text}"),
                None => assert!(matches!(got, AccountError::Unavailable(_)), "{text}: {got:?}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_verification_is_waited_for() {
    let (provider, script) = scripted([
        action("PROCESSING"),
        action("PROCESSING"),
        error(502, "Down"),
        lost(),
        action("COMPLETED"),
    ]);
    provider.verify_email(&caller(), &"jwt".into()).await.unwrap();
    let asked = script.asked();
    assert_eq!(asked[0], ("POST /v1/auth/action-requests".to_owned(), json!({ "token": "jwt" })));
    assert_eq!(asked[4], ("GET /v1/auth/action-requests/a1".to_owned(), Value::Null));
}

#[tokio::test(start_paused = true)]
async fn a_bad_token_is_told_apart_from_a_failure() {
    for (answers, invalid) in [
        (vec![action("FAILED")], true),
        (vec![action("PROCESSING"), action("FAILED")], true),
        (vec![error(400, "Validation failed")], true),
        (vec![error(401, "Unauthorized")], true),
        (vec![error(404, "Not Found")], true),
        (vec![text(404, "<h1>Not Found</h1>")], false),
        (vec![error(409, "Conflict")], false),
        // The API fails at every token, but is otherwise up.
        (vec![failed(), failed(), error(404, "Not Found"), failed()], true),
        (vec![failed(), failed(), error(404, "Not Found"), action("FAILED")], true),
        (vec![failed(), failed(), error(404, "Not Found"), lost()], false),
        (vec![failed(), failed(), failed()], false),
        (vec![failed(), failed(), text(404, "<h1>Not Found</h1>")], false),
        (vec![failed(), failed(), lost()], false),
        // The API fails at this token, and recognises an invalid one.
        (vec![failed(), error(400, "Invalid token")], false),
        (vec![failed(), lost()], false),
        (vec![text(500, "<h1>Sorry</h1>")], false),
        (vec![error(503, "Unavailable")], false),
        (vec![text(202, "{}")], false),
        (vec![lost()], false),
    ] {
        let text = format!("{answers:?}");
        let (provider, _) = scripted(answers);
        let error = provider.verify_email(&caller(), &"jwt".into()).await.unwrap_err();
        assert_eq!(error == AccountError::InvalidToken, invalid, "{text}: {error:?}");
    }
}

#[tokio::test]
async fn a_verification_or_a_reset_that_is_throttled_says_for_how_long() {
    let (provider, _) = scripted([throttled(), throttled()]);
    let verified = provider.verify_email(&caller(), &"jwt".into()).await;
    let reset = provider.request_password_reset(&caller(), &address("a@b.c")).await;
    assert_eq!((verified, reset), (Err(too_many(Some(30))), Err(too_many(Some(30)))));
}

#[tokio::test(start_paused = true)]
async fn a_verification_that_never_settles_is_given_up_at_the_deadline() {
    let (provider, script) = scripted(std::iter::repeat_with(|| action("PROCESSING")).take(200));
    let begin = tokio::time::Instant::now();
    let error = provider.verify_email(&caller(), &"jwt".into()).await.unwrap_err();
    assert_eq!(error, AccountError::InvalidToken, "a newer link has replaced it");
    assert_eq!(begin.elapsed(), Duration::from_secs(3));
    assert_eq!(script.asked().len(), 8, "after 100, 200 and 400 ms, then each half second");
}

#[tokio::test(start_paused = true)]
async fn a_verification_whose_api_goes_away_is_decided_by_nobody() {
    let answers = [action("PROCESSING"), action("PROCESSING")].into_iter();
    let (provider, _) = scripted(answers.chain(std::iter::repeat_with(lost).take(10)));
    let error = provider.verify_email(&caller(), &"jwt".into()).await.unwrap_err();
    assert!(matches!(error, AccountError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn a_token_at_which_the_api_failed_once_is_good() {
    let (provider, script) = scripted([failed(), failed(), error(404, "Not Found"), action("COMPLETED")]);
    provider.verify_email(&caller(), &"jwt".into()).await.unwrap();
    let asked = script.asked();
    let nobodys = asked[1].1["token"].as_str().unwrap();
    assert_eq!(asked[2].0, format!("GET /v1/auth/action-requests/{nobodys}"));
    assert_eq!(uuid::Uuid::parse_str(nobodys).unwrap().get_version_num(), 4, "{nobodys}");
    assert_eq!(asked[0], asked[3]);
}

/// Adds the header with which an API declares that a new password ends every other token family.
fn declaring(answer: Answer) -> Answer {
    let mut response = answer?;
    let declared = http::HeaderValue::from_static("true");
    response.headers_mut().insert("password-change-ends-families", declared);
    Ok(response)
}

#[tokio::test]
async fn what_a_new_password_ends_is_what_the_api_declares() {
    let (provider, script) = scripted([
        user("user@test.com", None),
        declaring(user("user@test.com", None)),
        text(502, "Bad Gateway"),
        user("user@test.com", None),
    ]);
    let calls = Calls(Arc::clone(&script));
    for (is_answered, ends) in [(true, false), (true, true), (false, true), (true, false)] {
        assert_eq!(provider.current_user(&calls).await.is_ok(), is_answered);
        assert_eq!(provider.ends_other_sessions(), ends);
    }
}

#[tokio::test]
async fn a_sign_in_that_ends_the_others_asks_for_it_where_the_new_password_has_not() {
    for (answer, body) in [
        (
            user("user@test.com", None),
            json!({ "email": "user@test.com", "password": "p", "invalidateTokens": true }),
        ),
        (declaring(user("user@test.com", None)), json!({ "email": "user@test.com", "password": "p" })),
    ] {
        let (provider, script) = scripted([answer, lost()]);
        provider.update(&Calls(Arc::clone(&script)), "u1", None, Some(&"p".into())).await.unwrap();
        let attempt =
            SignIn::Password { email: EmailAddress::of_record("user@test.com"), password: "p".into() };
        provider.sign_in_and_end_others(&caller(), attempt, None).await.unwrap_err();
        assert_eq!(script.asked()[1], ("POST /v1/auth/tokens".to_owned(), body));
    }
}

#[tokio::test]
async fn a_link_is_asked_for_in_each_form_that_an_address_may_be_stored_in() {
    let sent = || answer(201, &json!({ "item": { "action": "CHECK_EMAIL" } }));
    let (provider, script) = scripted([sent(), sent(), sent()]);
    for email in ["user@ex\u{e4}mple.com", "user@test.com"] {
        provider.request_password_reset(&caller(), &address(email)).await.unwrap();
    }
    let emails: Vec<_> = script.asked().into_iter().map(|(_, body)| body["email"].clone()).collect();
    assert_eq!(emails, ["user@xn--exmple-cua.com", "user@ex\u{e4}mple.com", "user@test.com"]);
}

#[tokio::test]
async fn a_token_is_presented_for_each_form_of_its_address() {
    let (provider, script) = scripted([refused(), tokens("r1"), user("user@ex\u{e4}mple.com", None)]);
    let attempt = SignIn::OneTimeToken { email: address("user@ex\u{e4}mple.com"), token: "t".into() };
    provider.sign_in(&caller(), attempt, None).await.unwrap();
    let emails: Vec<_> = script.asked().into_iter().take(2).map(|(_, body)| body["email"].clone()).collect();
    assert_eq!(emails, ["user@xn--exmple-cua.com", "user@ex\u{e4}mple.com"]);
}

/// Not every API repeats in its answers to changes what it declares in the answer to a question.
#[tokio::test]
async fn a_second_step_is_offered_as_the_last_answer_about_the_person_has_declared() {
    let declaring = with_header(user("user@test.com", None), "second-factor", "true");
    let (provider, script) = scripted([declaring, user("user@test.com", None), user("user@test.com", None)]);
    let calls = Calls(Arc::clone(&script));
    provider.current_user(&calls).await.unwrap();
    provider.update(&calls, "u1", None, Some(&"p".into())).await.unwrap();
    assert!(provider.offers(AccountAbility::SecondFactor), "a change takes nothing back");
    provider.current_user(&calls).await.unwrap();
    assert!(!provider.offers(AccountAbility::SecondFactor));
}

#[tokio::test]
async fn activity_is_offered_once_the_api_has_declared_it_and_read_in_its_form() {
    let events = json!({ "items": [
        { "type": "SIGNED_IN", "createdAt": "2026-11-21T11:08:52.360Z", "browser": "Firefox on Linux",
          "address": "203.0.113.9", "byAdministrator": false },
        { "type": "SOMETHING_NEW", "createdAt": "2026-11-21T11:08:52Z", "byAdministrator": true },
        { "type": "SIGNED_OUT", "createdAt": "some day" },
    ] });
    let declaring = user("user@test.com", None).map(|mut response| {
        response.headers_mut().insert("account-activity", http::HeaderValue::from_static("true"));
        response
    });
    let (provider, script) = scripted([declaring, answer(200, &events), user("user@test.com", None)]);
    let calls = Calls(Arc::clone(&script));
    assert!(!provider.offers(AccountAbility::Activity));
    provider.current_user(&calls).await.unwrap();
    assert!(provider.offers(AccountAbility::Activity));

    let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
    let signed_in = Activity {
        kind: ActivityKind::SignedIn,
        at: at(1_795_259_332_360),
        browser: Some("Firefox on Linux".to_owned()),
        address: Some("203.0.113.9".to_owned()),
        by_administrator: false,
    };
    let unknown = Activity {
        kind: ActivityKind::Other,
        at: at(1_795_259_332_000),
        browser: None,
        address: None,
        by_administrator: true,
    };
    assert_eq!(provider.activity(&calls, 7).await, Ok(vec![signed_in, unknown]));
    assert_eq!(script.asked()[1].0, "GET /v1/user/users/current/activity");
    provider.current_user(&calls).await.unwrap();
    assert!(!provider.offers(AccountAbility::Activity), "another API, or an older version of it");
}

#[tokio::test]
async fn an_address_is_taken_back_by_its_token_and_any_refusal_is_the_tokens_fault() {
    let restored = json!({ "item": { "id": "u1", "email": "user@test.com" } });
    let (provider, script) = scripted([
        answer(201, &restored),
        error(400, "Invalid token"),
        error(404, "Not Found"),
        error(500, "Down"),
        throttled(),
    ]);
    let restore = async || provider.restore_address(&caller(), &"t1".into()).await;
    assert_eq!(restore().await.as_deref(), Ok("u1"));
    let asked = script.asked()[0].clone();
    assert_eq!(asked, ("POST /v1/auth/address-restorations".to_owned(), json!({ "token": "t1" })));
    for _ in 0..2 {
        assert_eq!(restore().await, Err(AccountError::InvalidToken));
    }
    assert!(matches!(restore().await, Err(AccountError::Unavailable(_))));
    assert_eq!(restore().await, Err(too_many(Some(30))));
}
