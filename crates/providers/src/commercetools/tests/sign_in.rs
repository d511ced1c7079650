use super::*;
use crate::test_log::Log;

const TOKEN: &str = "auth POST /oauth/shop/customers/token";
const ME: &str = "api GET /shop/me";
const REVOKE: &str = "auth POST /oauth/token/revoke";

#[tokio::test]
async fn a_customer_signs_in_with_scope_and_project() {
    let (provider, script) = scripted([tokens(CUSTOMER), record("c1", "user@test.com")]);
    let signed_in = provider.sign_in(&caller(), password("user@test.com"), None).await.unwrap();
    assert_eq!(script.asked(), [TOKEN, ME]);
    let form = script.form(0);
    let sent = ["grant_type", "username", "password", "scope"].map(|name| form[name].as_str());
    let scope = "manage_my_profile:shop manage_my_orders:shop";
    assert_eq!(sent, ["password", "user@test.com", "password1", scope]);
    // RFC 6749, section 2.3.1: `my client` and `a secret: 50%`, each form-encoded.
    let basic = script.header(0, "authorization").unwrap();
    assert_eq!(basic, "Basic bXkrY2xpZW50OmErc2VjcmV0JTNBKzUwJTI1");
    assert_eq!(script.header(0, "content-type").as_deref(), Some("application/x-www-form-urlencoded"));
    assert_eq!(script.header(1, "authorization").as_deref(), Some("Bearer a1"));
    assert_eq!(script.header(0, "x-forwarded-for").as_deref(), Some("::1"));

    let grant = signed_in.grant;
    assert_eq!(grant.field(REFRESH_TOKEN), Some(&"shop:r1".into()));
    assert_eq!(grant.access_lifetime, Some(Duration::from_hours(48)));
    assert_eq!(grant.access_expires_at, Some(start() + Duration::from_hours(48) + Duration::from_secs(1)));
    assert_eq!(signed_in.authenticated_at, start() + Duration::from_secs(1));
    let person = grant.identity.unwrap();
    assert_eq!(
        (person.id.as_str(), person.email.as_deref(), person.is_guest),
        ("c1", Some("user@test.com"), false)
    );
    assert_eq!(
        (person.claims["name"].as_str(), person.claims["email_verified"].as_str()),
        ("Ada Lovelace", "true")
    );
}

#[tokio::test]
async fn an_address_that_nobody_has_verified_is_not_the_persons() {
    let body = json!({ "id": "c1", "version": 1, "email": "ceo@corp.test", "isEmailVerified": false });
    let (provider, _) = scripted([tokens(CUSTOMER), answer(200, &body)]);
    let grant = provider.sign_in(&caller(), password("ceo@corp.test"), None).await.unwrap().grant;
    let identity = grant.identity.unwrap();
    assert_eq!((identity.email.as_deref(), identity.address()), (None, Some("ceo@corp.test")));
}

#[tokio::test]
async fn without_scopes_the_clients_own_are_meant() {
    let settings = CommercetoolsSettings { scopes: Vec::new(), ..settings() };
    let (provider, script) = with_settings(settings, [tokens(GUEST)]);
    provider.sign_in(&caller(), SignIn::ClientCredentials, None).await.unwrap();
    assert!(!script.form(0).contains_key("scope"));
}

#[tokio::test]
async fn a_guest_gets_tokens_of_their_own() {
    let (provider, script) = scripted([tokens(GUEST)]);
    let guest = provider.sign_in(&caller(), SignIn::ClientCredentials, None).await.unwrap().grant;
    assert_eq!(script.asked(), ["auth POST /oauth/shop/anonymous/token"]);
    assert_eq!(script.form(0)["grant_type"], "client_credentials");
    assert_eq!(guest.identity.as_deref(), Some(&Identity::guest("g1")));
    assert!(guest.field(ACCESS_TOKEN).is_some() && guest.field(REFRESH_TOKEN).is_some());
}

#[tokio::test]
async fn an_address_is_tried_as_it_was_typed_and_then_in_its_one_form() {
    let wrong = || error(400, "invalid_customer_account_credentials");
    for (typed, tried) in [
        ("user@test.com", &["user@test.com"][..]),
        (" User@Test.com ", &["User@Test.com", "user@test.com"]),
        ("User@exämple.com", &["User@exämple.com", "user@xn--exmple-cua.com", "user@exämple.com"]),
    ] {
        let (provider, script) = scripted(tried.iter().map(|_| wrong()));
        let attempt = SignIn::Password { email: EmailAddress::parse(typed).unwrap(), password: "x".into() };
        let refused = provider.sign_in(&caller(), attempt, None).await;
        assert_eq!(refused.err(), Some(SignInError::InvalidCredentials));
        let sent: Vec<_> = (0..tried.len()).map(|index| script.form(index)["username"].clone()).collect();
        assert_eq!(sent, tried, "{typed}");
    }
    let (provider, script) = scripted([wrong(), tokens(CUSTOMER), record("c1", "user@test.com")]);
    provider.sign_in(&caller(), password("User@test.com"), None).await.unwrap();
    assert_eq!(script.asked(), [TOKEN, TOKEN, ME]);
}

#[tokio::test]
async fn wrong_credentials_are_found_wherever_they_stand_in_the_body() {
    let code = "invalid_customer_account_credentials";
    for body in [
        json!({ "statusCode": 400, "message": "Sorry.", "errors": [{ "code": code }] }),
        json!({ "statusCode": 400, "message": "Sorry.", "errors": [{ "error": code }] }),
        json!({ "statusCode": 400, "message": "Sorry.", "error": code, "error_description": "Sorry." }),
        json!({ "error": "invalid_grant" }),
    ] {
        let (provider, _) = scripted([answer(400, &body)]);
        let refused = provider.sign_in(&caller(), password("user@test.com"), None).await;
        assert_eq!(refused.err(), Some(SignInError::InvalidCredentials), "{body}");
    }
}

#[tokio::test]
async fn nothing_else_is_a_wrong_password() {
    for response in [
        error(400, "invalid_request"),
        error(500, "invalid_client"),
        answer(400, &json!({ "errors": "invalid_customer_account_credentials" })),
        text(400, "invalid_customer_account_credentials"),
        error(500, "invalid_customer_account_credentials"),
        error(200, "invalid_customer_account_credentials"),
        text(204, ""),
        text(302, ""),
        answer(200, &json!({ "access_token": 7 })),
        answer(200, &json!({ "access_token": "a\nb" })),
        answer(200, &json!({ "access_token": "a", "token_type": "DPoP" })),
        lost(),
        unreachable(),
    ] {
        let shown = format!("{response:?}");
        let (provider, script) = scripted([response]);
        let refused = provider.sign_in(&caller(), password("user@test.com"), None).await;
        assert!(matches!(refused, Err(SignInError::Unavailable(_))), "{shown}: {refused:?}");
        assert_eq!(script.asked().len(), 1, "{shown}");
    }
    let (provider, _) = scripted([throttled()]);
    let refused = provider.sign_in(&caller(), password("user@test.com"), None).await;
    let retry_after = Some(Duration::from_secs(30));
    assert_eq!(refused.err(), Some(SignInError::TooManyRequests { retry_after }));
    let (provider, _) = scripted([]);
    let attempt = SignIn::OneTimeToken { email: EmailAddress::of_record("a@b.c"), token: "t".into() };
    assert_eq!(provider.sign_in(&caller(), attempt, None).await.err(), Some(SignInError::Unsupported));
    let attempt = SignIn::Password { email: EmailAddress::of_record("a@b.c"), password: "".into() };
    assert_eq!(provider.sign_in(&caller(), attempt, None).await.err(), Some(SignInError::InvalidCredentials));
}

#[tokio::test]
async fn the_scope_of_the_tokens_says_who_it_is() {
    // The mock gives the first customer of the project to everybody.
    for told in
        [record("c2", "first@test.com"), error(403, "insufficient_scope"), lost(), text(200, "<html>")]
    {
        let (provider, _) = scripted([tokens(CUSTOMER), told]);
        let grant = provider.sign_in(&caller(), password("User@test.com"), None).await.unwrap().grant;
        let identity = grant.identity.unwrap();
        let addresses = (identity.email.as_deref(), identity.unverified_email.as_deref());
        assert_eq!((identity.id.as_str(), addresses), ("c1", (None, Some("User@test.com"))));
    }
    // What was asked for comes before it.
    let scope = "customer_id:c2 manage_my_profile:shop customer_id:c1";
    let (provider, _) = scripted([tokens(scope), record("c1", "user@test.com")]);
    let grant = provider.sign_in(&caller(), password("user@test.com"), None).await.unwrap().grant;
    assert_eq!(grant.identity.unwrap().id, "c1");
    let (provider, _) = scripted([tokens(""), record("c7", "user@test.com")]);
    let grant = provider.sign_in(&caller(), password("user@test.com"), None).await.unwrap().grant;
    assert_eq!(grant.identity.unwrap().id, "c7");
}

#[tokio::test]
async fn tokens_of_nobody_are_given_back() {
    let gone = || text(404, "");
    for (attempt, answers) in [
        (password("user@test.com"), vec![tokens(""), lost(), gone(), gone()]),
        (password("user@test.com"), vec![tokens(GUEST), gone(), gone()]),
        (SignIn::ClientCredentials, vec![tokens(""), gone(), gone()]),
        (SignIn::ClientCredentials, vec![tokens(CUSTOMER), gone(), gone()]),
        (SignIn::ClientCredentials, vec![tokens("anonymous_id:../admin"), gone(), gone()]),
    ] {
        let (provider, script) = scripted(answers);
        let refused = provider.sign_in(&caller(), attempt, None).await;
        assert!(matches!(refused, Err(SignInError::Unavailable(_))), "{refused:?}");
        let asked = script.asked();
        assert_eq!(asked[asked.len() - 2..], [REVOKE, REVOKE]);
    }
}

#[tokio::test]
async fn a_refresh_token_counts_no_longer_than_it_may() {
    let max_age = Duration::from_hours(24);
    for (said, life) in [(None, max_age), (Some(3600), Duration::from_hours(1)), (Some(9_999_999), max_age)] {
        let settings = CommercetoolsSettings { refresh_token_max_age: max_age, ..settings() };
        let mut body = token_body("a1", Some("r1"), GUEST);
        if let Some(secs) = said {
            body["refresh_token_expires_in"] = secs.into();
        }
        let (provider, _) = with_settings(settings, [answer(200, &body)]);
        let grant = provider.sign_in(&caller(), SignIn::ClientCredentials, None).await.unwrap().grant;
        let received_at = start() + Duration::from_secs(1);
        assert_eq!(grant.refresh_expires_at, Some(received_at + life));
        // The access token lives for two days, and the session for one.
        assert_eq!(grant.access_expires_at, Some(received_at + max_age));
    }
}

async fn misconfigured(answers: impl IntoIterator<Item = Answer>, attempt: SignIn) -> String {
    let (provider, _) = scripted(answers);
    let refused = provider.sign_in(&caller(), attempt, None).await;
    let Err(SignInError::Misconfigured(detail)) = refused else { panic!("{refused:?}") };
    detail
}

/// The bodies of the mock, byte for byte, are those with a `message` of its own.
#[tokio::test]
async fn a_wrong_setting_is_told_from_wrong_credentials_and_named() {
    let route = "Route POST:/oauth/shop/customers/tokens not found";
    let not_found = json!({ "message": route, "error": "Not Found", "statusCode": 404 });
    let no_project =
        json!({ "statusCode": 404, "message": "Sorry.", "errors": [{ "code": "ProjectNotFound" }] });
    for (refused, setting) in [
        (error(400, "invalid_scope"), "COMMERCETOOLS_SCOPES"),
        (error(403, "insufficient_scope"), "COMMERCETOOLS_PROJECT"),
        (answer(401, &mock_error(401, "invalid_client")), "COMMERCETOOLS_CLIENT_SECRET"),
        (error(400, "unauthorized_client"), "allow the API client"),
        (
            answer(400, &json!({ "error": "invalid_client", "errors": [{ "code": "invalid_grant" }] })),
            "COMMERCETOOLS_CLIENT_SECRET",
        ),
        (answer(404, &not_found), "COMMERCETOOLS_AUTH_URL"),
        (answer(404, &no_project), "COMMERCETOOLS_PROJECT"),
        (text(404, "<h1>Not Found</h1>"), "COMMERCETOOLS_AUTH_URL"),
        (text(405, ""), "COMMERCETOOLS_AUTH_URL"),
        (answer(401, &mock_error(401, "invalid_token")), "COMMERCETOOLS_AUTH_URL"),
    ] {
        let shown = format!("{refused:?}");
        for attempt in [password("user@test.com"), SignIn::ClientCredentials] {
            let again = refused.clone();
            let detail = misconfigured([again], attempt).await;
            assert!(detail.contains(setting), "{shown}: {detail}");
        }
    }
}

/// As the mock writes one.
fn mock_error(status: u16, code: &str) -> Value {
    json!({ "statusCode": status, "message": code, "errors": [{ "code": code, "message": code }] })
}

#[tokio::test]
async fn a_record_that_cannot_be_read_because_of_a_setting_names_it() {
    let gone = || text(404, "");
    let route = json!({ "message": "Route GET:/shop/me not found", "error": "Not Found", "statusCode": 404 });
    for (told, setting) in [
        (answer(403, &mock_error(403, "insufficient_scope")), "COMMERCETOOLS_SCOPES"),
        (answer(401, &mock_error(401, "invalid_token")), "COMMERCETOOLS_API_URL"),
        (answer(404, &route), "COMMERCETOOLS_API_URL"),
        (text(404, "<h1>Not Found</h1>"), "COMMERCETOOLS_PROJECT"),
    ] {
        // Without a subject in `scope`, nothing else says who it is.
        let copy = told.clone();
        let detail = misconfigured([tokens(""), copy, gone(), gone()], password("user@test.com")).await;
        assert!(detail.contains(setting), "{detail}");
        // With one, the person is signed in all the same, and the log says it.
        let log = Log::start();
        let (provider, _) = scripted([tokens(CUSTOMER), told]);
        provider.sign_in(&caller(), password("user@test.com"), None).await.unwrap();
        let logged = log.text();
        assert!(logged.contains("a setting hides") && logged.contains(setting), "{logged}");
    }
}
