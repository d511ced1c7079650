use ironleaf_auth::{AuthorizationRequest, Identity};
use url::Url;

use super::*;
use crate::test_log::Log;

fn request(reauthenticate: bool) -> AuthorizationRequest {
    AuthorizationRequest {
        redirect_uri: "https://app.test/callback".to_owned(),
        state: "a state".into(),
        nonce: NONCE.into(),
        code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
        reauthenticate,
    }
}

async fn url(world: &World, reauthenticate: bool, existing: Option<&Grant>) -> Url {
    let url = world.provider.authorization_url(&Caller::default(), &request(reauthenticate), existing).await;
    url.unwrap().parse().unwrap()
}

fn parameters(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn the_request_binds_the_answer_to_this_browser() {
    let world = World::with(|settings| {
        settings.audience = Some("https://api.test".to_owned());
        settings.resources = vec!["https://api.test/a".to_owned(), "https://api.test/b".to_owned()];
    });
    world.describes(|metadata| {
        metadata["authorization_endpoint"] = "https://id.test/authorize?tenant=1".into();
    });
    let url = url(&world, false, None).await;
    assert!(url.as_str().starts_with("https://id.test/authorize?tenant=1&response_type=code&"));
    let sent = parameters(&url);
    for (name, value) in [
        ("client_id", CLIENT),
        ("redirect_uri", "https://app.test/callback"),
        ("scope", "openid profile email offline_access"),
        ("state", "a state"),
        ("nonce", NONCE),
        // The example of RFC 7636, appendix B.
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        ("audience", "https://api.test"),
    ] {
        assert_eq!(sent.get(name).map(String::as_str), Some(value), "{name}");
    }
    let resources: Vec<_> = url.query_pairs().filter(|(name, _)| name == "resource").collect();
    assert_eq!(resources.len(), 2);
    for absent in ["prompt", "max_age", "login_hint", "code_verifier", "client_secret"] {
        assert_eq!(sent.get(absent), None, "{absent}");
    }
    assert_eq!(world.take_calls(), [CONFIGURATION]);
}

#[tokio::test]
async fn a_reauthentication_demands_that_the_person_is_asked() {
    for (reauthentication, ask_for_consent, max_age, prompt) in [
        (Reauthentication::Both, false, Some("0"), Some("login")),
        (Reauthentication::Both, true, Some("0"), Some("login consent")),
        (Reauthentication::MaxAge, false, Some("0"), None),
        (Reauthentication::Prompt, false, None, Some("login")),
    ] {
        let world = World::with(|settings| {
            settings.reauthentication = reauthentication;
            settings.ask_for_consent = ask_for_consent;
            settings.authorization_parameters = vec![("prompt".to_owned(), "none".to_owned())];
        });
        let sent = parameters(&url(&world, true, None).await);
        let sent = |name: &str| sent.get(name).map(String::as_str).filter(|value| *value != "none");
        assert_eq!((sent("max_age"), sent("prompt")), (max_age, prompt), "{reauthentication:?}");
        let sent = parameters(&url(&world, false, None).await);
        let prompt = if ask_for_consent { "consent" } else { "none" };
        assert_eq!((sent.get("max_age"), sent["prompt"].as_str()), (None, prompt));
    }
}

#[tokio::test]
async fn the_provider_is_told_who_is_expected() {
    let world = World::new();
    let verified = Identity::new("u1", "user@test.com");
    let unverified =
        Identity { email: None, unverified_email: Some("new@test.com".to_owned()), ..verified.clone() };
    let mut named = Identity { id: "u1".to_owned(), ..Identity::default() };
    named.claims.insert("preferred_username".to_owned(), "ada".to_owned());
    for (identity, hint) in [
        (verified, Some("user@test.com")),
        (unverified, Some("new@test.com")),
        (named, Some("ada")),
        (Identity::guest("g"), None),
    ] {
        let sent = parameters(&url(&world, true, Some(&Grant::of(identity))).await);
        assert_eq!(sent.get("login_hint").map(String::as_str), hint);
    }
}

#[tokio::test]
async fn further_parameters_override_nothing() {
    let ours =
        ["state", "nonce", "code_challenge", "redirect_uri", "scope", "request", "response_mode", "resource"];
    let world = World::with(|settings| {
        let parameters = ours.into_iter().chain(["kc_idp_hint"]);
        settings.authorization_parameters =
            parameters.map(|name| (name.to_owned(), "from-the-settings".to_owned())).collect();
    });
    let sent = parameters(&url(&world, false, None).await);
    assert_eq!(sent["kc_idp_hint"], "from-the-settings");
    for name in ours {
        assert_ne!(sent.get(name).map(String::as_str), Some("from-the-settings"), "{name}");
    }
}

fn offer_pushing(world: &World, is_required: bool) {
    world.describes(|metadata| {
        metadata["pushed_authorization_request_endpoint"] = "https://id.test/par".into();
        metadata["require_pushed_authorization_requests"] = is_required.into();
    });
}

#[tokio::test]
async fn a_pushed_request_leaves_nothing_for_the_browser() {
    let world = World::new();
    offer_pushing(&world, false);
    let answer = json!({ "request_uri": "urn:x:1", "expires_in": 60 });
    world.answers("/par", [json_answer(201, &answer)]);
    let url = url(&world, true, None).await;
    assert_eq!(url.as_str(), "https://id.test/authorize?client_id=app&request_uri=urn%3Ax%3A1");
    let pushed: HashMap<_, _> = world.form("/par").into_iter().collect();
    for (name, value) in [("state", "a state"), ("max_age", "0"), ("client_secret", "a secret")] {
        assert_eq!(pushed[name], value, "{name}");
    }
}

#[tokio::test]
async fn pushing_can_be_switched_off_unless_the_provider_requires_it() {
    let world = World::with(|settings| settings.push_requests = false);
    offer_pushing(&world, false);
    assert_eq!(parameters(&url(&world, false, None).await)["state"], "a state");
    world.advance(Duration::from_hours(1));
    offer_pushing(&world, true);
    world.answers("/par", [json_answer(201, &json!({ "request_uri": "urn:x:1" }))]);
    assert_eq!(parameters(&url(&world, false, None).await).get("state"), None);
}

#[tokio::test]
async fn a_client_that_may_not_push_goes_through_the_browser_and_the_log_says_so() {
    let world = World::new();
    offer_pushing(&world, false);
    for answer in [oauth_error(400, "unauthorized_client"), text(404, "<html>"), text(403, ""), text(405, "")]
    {
        world.answers("/par", [answer]);
        let log = Log::start();
        assert_eq!(parameters(&url(&world, false, None).await)["state"], "a state");
        assert!(log.text().contains("does not allow them to this client"), "{}", log.text());
    }
    let required = World::new();
    offer_pushing(&required, true);
    required.answers("/par", [oauth_error(400, "unauthorized_client")]);
    let refused = required.provider.authorization_url(&Caller::default(), &request(false), None).await;
    assert!(matches!(refused, Err(SignInError::Misconfigured(_))), "{refused:?}");
}

#[tokio::test]
async fn a_pushed_request_that_the_provider_refuses_names_the_setting() {
    let world = World::new();
    offer_pushing(&world, false);
    for (answer, setting) in [
        (oauth_error(400, "invalid_request"), "https://app.test/callback is registered as a redirect URI"),
        (oauth_error(401, "invalid_client"), "OIDC_CLIENT_SECRET"),
        (oauth_error(400, "invalid_scope"), "OIDC_SCOPES"),
    ] {
        world.answers("/par", [answer]);
        let refused = world.provider.authorization_url(&Caller::default(), &request(false), None).await;
        let Err(SignInError::Misconfigured(detail)) = refused else {
            panic!("{setting}: {refused:?}");
        };
        assert!(detail.contains(setting), "{detail}");
    }
}

#[tokio::test]
async fn a_request_that_could_not_be_pushed_is_no_way_to_sign_in() {
    let world = World::new();
    offer_pushing(&world, false);
    for answer in [
        unreachable(),
        lost(),
        text(500, "sorry"),
        text(400, "<html>"),
        oauth_error(400, "temporarily_unavailable"),
        oauth_error(503, "invalid_client"),
        text(201, "<html>"),
        json_answer(201, &json!({ "request_uri": "" })),
        json_answer(201, &json!({ "request_uri": "x".repeat(4000) })),
    ] {
        world.answers("/par", [answer.clone()]);
        let refused = world.provider.authorization_url(&Caller::default(), &request(false), None).await;
        assert!(matches!(refused, Err(SignInError::Unavailable(_))), "{answer:?} gave {refused:?}");
    }
    world.answers("/par", [header(text(429, ""), "retry-after", "9")]);
    let refused = world.provider.authorization_url(&Caller::default(), &request(false), None).await;
    assert_eq!(refused, Err(SignInError::TooManyRequests { retry_after: Some(Duration::from_secs(9)) }));
}

#[tokio::test]
async fn a_sign_in_is_three_calls_at_most() {
    let world = World::with(|settings| settings.roles_claim = Some("groups".to_owned()));
    offer_pushing(&world, true);
    world.answers("/par", [json_answer(201, &json!({ "request_uri": "urn:x:1" }))]);
    world.answers("/userinfo", [json_answer(200, &json!({ "sub": "u1", "groups": ["admin"] }))]);
    world.provider.warm().await.unwrap();
    world.take_calls();
    url(&world, false, None).await;
    let claims = world.claims_with(|claims| drop(claims.as_object_mut().unwrap().remove("email")));
    world.issues(&claims);
    world.sign_in().await.unwrap();
    assert_eq!(world.take_calls(), ["/par", "/token", "/userinfo"]);
}

#[tokio::test]
async fn no_call_to_the_provider_tells_the_browsers_address() {
    let world = World::with(|settings| settings.roles_claim = Some("groups".to_owned()));
    offer_pushing(&world, true);
    world.answers("/par", [json_answer(201, &json!({ "request_uri": "urn:x:1" }))]);
    world.answers("/userinfo", [json_answer(200, &json!({ "sub": "u1" }))]);
    world.issues(&world.claims());
    let caller = Caller { client_ip: Some([203, 0, 113, 7].into()), ..Caller::default() };
    let provider = &world.provider;
    provider.authorization_url(&caller, &request(false), None).await.unwrap();
    let grant = provider.sign_in(&caller, code(), None).await.unwrap().grant;
    let _ = provider.refresh(&caller, &grant).await;
    provider.sign_out(&caller, &grant).await.unwrap();
    let requests = world.take_requests();
    assert_eq!(requests.len(), 8, "every kind of call");
    for request in requests {
        let text = format!("{request:?}");
        assert!(!text.contains("203.0.113.7"), "{text}");
    }
}
