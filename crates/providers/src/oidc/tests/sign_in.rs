use super::*;
use crate::test_log::Log;

fn identity(grant: &Grant) -> ironleaf_auth::Identity {
    grant.identity.as_deref().unwrap().clone()
}

fn roles(grant: &Grant) -> Vec<String> {
    identity(grant).roles.iter().map(|role| role.name().to_owned()).collect()
}

#[tokio::test]
async fn a_sign_in_with_known_keys_is_one_call() {
    let world = World::with(|settings| settings.resources = vec!["https://api.test".to_owned()]);
    world.grant().await;
    world.issues(&world.claims());
    let signed_in = world.sign_in().await.unwrap();
    assert_eq!(
        world.form("/token"),
        [
            ("grant_type", "authorization_code"),
            ("code", "a code"),
            ("redirect_uri", "https://app.test/callback"),
            ("code_verifier", "a verifier"),
            ("resource", "https://api.test"),
            ("client_id", CLIENT),
            ("client_secret", "a secret"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(world.take_calls(), ["/token"]);

    let SignedIn { grant, authenticated_at } = signed_in;
    assert_eq!(authenticated_at, world.now() - Duration::from_secs(10));
    assert_eq!(grant.provider_sid.as_deref(), Some("s1"));
    assert_eq!(grant.access_expires_at, Some(world.now() + Duration::from_mins(10)));
    assert_eq!(grant.refresh_expires_at, Some(world.now() + Duration::from_hours(7 * 24)));
    let identity = identity(&grant);
    assert_eq!((identity.id.as_str(), identity.email.as_deref()), ("u1", Some("user@test.com")));
    assert_eq!(identity.unverified_email, None);
    let numbers: Vec<_> = grant.fields().map(|(number, _)| number).collect();
    assert_eq!(numbers, [1, 2, 5, 4, 3], "the numbers of the sealed format");
}

#[tokio::test]
async fn only_a_stated_and_plausible_time_counts_as_a_recent_sign_in() {
    let world = World::new();
    let now = world.now_secs();
    for (auth_time, expected) in [
        (json!(now - 10), now - 10),
        (json!(1_799_999_999.5), now - 1),
        (json!((now - 10).to_string()), now - 10),
        // Within the difference of two clocks.
        (json!(now + 20), now),
        (json!(now + 31), 0),
        // Milliseconds.
        (json!(now * 1000), 0),
        (json!(-5), 0),
        (json!(1e300), 0),
        (json!("yesterday"), 0),
        (Value::Null, 0),
    ] {
        world.issues(&world.claims_with(|claims| claims["auth_time"] = auth_time.clone()));
        let at = world.sign_in().await.unwrap().authenticated_at;
        let secs = at.duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert_eq!(secs, expected, "{auth_time}");
    }
}

#[tokio::test]
async fn only_an_address_that_the_provider_has_verified_is_the_persons() {
    let world = World::new();
    for (verified, is_verified) in [
        (json!(true), true),
        (json!("true"), true),
        (json!("True"), true),
        (json!(false), false),
        (json!("false"), false),
        (json!(1), false),
        (Value::Null, false),
    ] {
        world.issues(&world.claims_with(|claims| claims["email_verified"] = verified.clone()));
        let identity = identity(&world.sign_in().await.unwrap().grant);
        let address = Some("user@test.com".to_owned());
        let expected = if is_verified { (address, None) } else { (None, address) };
        assert_eq!((identity.email, identity.unverified_email), expected, "{verified}");
    }
}

#[tokio::test]
async fn names_are_few_and_short() {
    let world = World::new();
    for (name, username, shown) in [
        (json!("Ada Lovelace"), json!("ada"), "Ada Lovelace"),
        (Value::Null, json!("ada"), "ada"),
        (json!(42), json!("ada"), "42"),
        (json!(["x"]), json!("ada"), "ada"),
        (json!(" \u{7}Ada\n"), json!("ada"), "Ada"),
    ] {
        world.issues(&world.claims_with(|claims| {
            claims["name"] = name.clone();
            claims["preferred_username"] = username;
            claims["picture"] = "https://id.test/a.png".into();
        }));
        let identity = identity(&world.sign_in().await.unwrap().grant);
        assert_eq!(identity.claims.get("name").map(String::as_str), Some(shown), "{name}");
        assert!(identity.claims.keys().all(|name| ["name", "preferred_username"].contains(&name.as_str())));
    }
    world.issues(&world.claims_with(|claims| claims["name"] = "ü".repeat(100).into()));
    let name = identity(&world.sign_in().await.unwrap().grant).claims["name"].clone();
    assert_eq!(name, "ü".repeat(64));
}

#[tokio::test]
async fn userinfo_is_asked_only_for_what_the_id_token_lacks() {
    let world = World::with(|settings| settings.roles_claim = Some("realm_access.roles".to_owned()));
    world.answers(
        "/userinfo",
        [json_answer(
            200,
            &json!({
                "sub": "u1", "email": "other@test.com", "email_verified": true,
                "realm_access": { "roles": ["admin"] }, "name": "Ada",
            }),
        )],
    );
    let with_roles = |claims: &mut Value| claims["realm_access"] = json!({ "roles": ["evaluator"] });
    world.issues(&world.claims_with(with_roles));
    let grant = world.sign_in().await.unwrap().grant;
    assert_eq!(roles(&grant), ["evaluator"]);
    assert!(!world.take_calls().contains(&"/userinfo".to_owned()), "asked for what is there");

    world.issues(&world.claims());
    let grant = world.sign_in().await.unwrap().grant;
    let requests = world.take_requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].headers()["authorization"], format!("Bearer {ACCESS}").as_str());
    assert!(requests[1].headers()["authorization"].is_sensitive());
    assert_eq!(roles(&grant), ["admin"]);
    // The ID token is signed, so it comes first.
    assert_eq!(identity(&grant).email.as_deref(), Some("user@test.com"));

    world.issues(&world.claims_with(|claims| {
        with_roles(claims);
        claims.as_object_mut().unwrap().remove("email");
    }));
    let grant = world.sign_in().await.unwrap().grant;
    assert_eq!(identity(&grant).email.as_deref(), Some("other@test.com"));
    assert_eq!(roles(&grant), ["evaluator"]);
}

/// Without `SIGN_IN_ROLES`, nobody would notice that the variable is wrong.
#[tokio::test]
async fn a_missing_claim_of_roles_is_said_once() {
    let world = World::with(|settings| settings.roles_claim = Some("groops".to_owned()));
    world.issues(&world.claims_with(|claims| claims["groups"] = json!(["admin"])));
    let log = Log::start();
    let said = || log.text().matches("has the claim of OIDC_ROLES_CLAIM").count();
    // It is not known yet whether the claim is there.
    world.answers("/userinfo", [oauth_error(401, "invalid_token")]);
    assert!(world.sign_in().await.is_ok() && said() == 0, "{}", log.text());
    world.answers("/userinfo", [json_answer(200, &json!({ "sub": "u1", "groups": ["admin"] }))]);
    for _ in 0..3 {
        let grant = world.sign_in().await.unwrap().grant;
        assert_eq!((roles(&grant).len(), said()), (0, 1), "{}", log.text());
    }
    assert!(log.text().contains("claim=\"groops\""), "{}", log.text());
    // A person without roles, and a provider that says so.
    let world = World::with(|settings| settings.roles_claim = Some("groups".to_owned()));
    world.issues(&world.claims_with(|claims| claims["groups"] = json!([])));
    assert!(world.sign_in().await.is_ok());
    assert_eq!(said(), 1);
    // Nobody asks for roles.
    assert!(World::new().grant().await.identity.is_some());
    assert_eq!(said(), 1);
}

#[tokio::test]
async fn userinfo_that_is_of_no_use_does_not_stop_a_sign_in() {
    let world = World::with(|settings| settings.roles_claim = Some("groups".to_owned()));
    world.issues(&world.claims());
    let good = json!({ "sub": "u1", "groups": ["admin"] });
    let signed_answer = header(text(200, "e30.e30.e30"), "content-type", "application/jwt");
    for answer in [
        oauth_error(401, "invalid_token"),
        text(200, "<html>"),
        json_answer(200, &json!({ "sub": "u2", "groups": ["admin"] })),
        json_answer(200, &json!({ "groups": ["admin"] })),
        signed_answer,
    ] {
        world.answers("/userinfo", [answer.clone()]);
        let grant = world.sign_in().await.unwrap().grant;
        assert_eq!(roles(&grant), [""; 0], "{answer:?}");
    }
    world.answers("/userinfo", [json_answer(200, &good)]);
    assert_eq!(roles(&world.sign_in().await.unwrap().grant), ["admin"]);
}

/// Without their roles, a person would be told that they may not sign in.
#[tokio::test]
async fn roles_that_may_be_known_in_a_moment_put_a_sign_in_off() {
    let world = World::with(|settings| settings.roles_claim = Some("groups".to_owned()));
    world.issues(&world.claims());
    for answer in [unreachable(), lost(), text(500, "sorry"), text(429, "later")] {
        world.answers("/userinfo", [answer.clone()]);
        world.take_calls();
        assert!(matches!(world.sign_in().await, Err(SignInError::Unavailable(_))), "{answer:?}");
        assert_eq!(world.take_calls().last().unwrap(), "/revoke", "the tokens are given back");
    }
    // Roles that are known already, or that nobody asks for, are not waited for.
    let world = World::new();
    world.issues(&world.claims());
    world.answers("/userinfo", [text(500, "sorry")]);
    assert!(world.sign_in().await.is_ok());
}

#[tokio::test]
async fn a_person_without_an_address_signs_in() {
    let world = World::with(|settings| settings.scopes = vec!["profile".to_owned()]);
    world.issues(&world.claims_with(|claims| drop(claims.as_object_mut().unwrap().remove("email"))));
    let grant = world.sign_in().await.unwrap().grant;
    assert_eq!((identity(&grant).email, identity(&grant).unverified_email), (None, None));
    assert_eq!(world.take_calls(), [CONFIGURATION, "/token", "/keys"], "nobody asked for an address");
}

#[tokio::test]
async fn answers_of_real_providers_are_accepted() {
    let world = World::new();
    let id_token = signed(&world.claims());
    let hour = Some(world.now() + Duration::from_hours(1));
    let week = Some(world.now() + Duration::from_hours(7 * 24));
    let changes: [(Change, Option<SystemTime>, Option<SystemTime>); 8] = [
        (|answer| answer["expires_in"] = 3600.into(), hour, week),
        (|answer| answer["expires_in"] = "3600".into(), hour, week),
        (|answer| drop(answer.as_object_mut().unwrap().remove("expires_in")), None, week),
        (|answer| answer["expires_in"] = 0.into(), None, week),
        (
            |answer| (answer["expires_in"], answer["refresh_expires_in"]) = (3600.into(), 3600.into()),
            hour,
            hour,
        ),
        (|answer| (answer["expires_in"], answer["refresh_expires_in"]) = (3600.into(), 0.into()), hour, week),
        (
            |answer| {
                (answer["expires_in"], answer["refresh_token_expires_in"]) = (3600.into(), 31_536_000.into());
            },
            hour,
            week,
        ),
        (|answer| (answer["expires_in"], answer["token_type"]) = (3600.into(), "bearer".into()), hour, week),
    ];
    for (index, (change, access, refresh)) in changes.into_iter().enumerate() {
        world.answers(
            "/token",
            [tokens_with(|answer| {
                answer["id_token"] = id_token.as_str().into();
                change(answer);
            })],
        );
        let grant = world.sign_in().await.unwrap().grant;
        assert_eq!((grant.access_expires_at, grant.refresh_expires_at), (access, refresh), "{index}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_no_wrong_password() {
    let world = World::new();
    let id_token = signed(&world.claims());
    let usable = |change: Change| {
        tokens_with(|answer| {
            answer["id_token"] = id_token.as_str().into();
            change(answer);
        })
    };
    for answer in [
        unreachable(),
        lost(),
        text(200, "<html>Sorry</html>"),
        text(200, "{\"access"),
        text(302, ""),
        text(503, "<html>Sorry</html>"),
        oauth_error(500, "server_error"),
        oauth_error(503, "temporarily_unavailable"),
        // A proxy's word, not the provider's.
        text(400, "invalid_grant"),
        oauth_error(502, "invalid_grant"),
        usable(|answer| answer["access_token"] = Value::Null),
        usable(|answer| answer["access_token"] = "two\nlines".into()),
        usable(|answer| answer["refresh_token"] = json!(["x"])),
        usable(|answer| answer["token_type"] = "DPoP".into()),
        // The provider itself is in trouble, whatever its code is.
        oauth_error(500, "invalid_client"),
    ] {
        world.answers("/token", [answer.clone()]);
        let refused = world.sign_in().await;
        assert!(matches!(refused, Err(SignInError::Unavailable(_))), "{answer:?} gave {refused:?}");
    }
    world.answers("/token", [tokens(None)]);
    let refused = world.sign_in().await;
    assert!(matches!(refused, Err(SignInError::Misconfigured(_))), "{refused:?}");
}

#[tokio::test]
async fn an_answer_of_another_issuer_never_reaches_ours() {
    let world = World::new();
    world.describes(|metadata| metadata["authorization_response_iss_parameter_supported"] = true.into());
    world.issues(&world.claims());
    let with_issuer = |named: Option<&str>| {
        let mut attempt = code();
        if let SignIn::AuthorizationCode { issuer, .. } = &mut attempt {
            *issuer = named.map(str::to_owned);
        }
        attempt
    };
    let log = Log::start();
    for (named, reason) in [
        (Some("https://evil.test"), "answer_issuer"),
        (Some("https://id.test/"), "answer_issuer"),
        (Some(""), "answer_issuer"),
        (None, "answer_without_issuer"),
    ] {
        let refused = world.provider.sign_in(&Caller::default(), with_issuer(named), None).await;
        assert_eq!(refused.err(), Some(SignInError::InvalidCredentials));
        assert_eq!(log.take_reasons(), [reason], "{named:?}");
    }
    assert_eq!(world.take_calls(), [CONFIGURATION], "the code was sent to somebody");
    let signed_in = world.provider.sign_in(&Caller::default(), with_issuer(Some(ISSUER)), None).await;
    assert!(signed_in.is_ok());
}

#[tokio::test]
async fn an_attempt_without_a_nonce_and_other_ways_are_refused_without_a_call() {
    let world = World::new();
    world.provider.warm().await.unwrap();
    world.take_requests();
    let mut attempt = code();
    if let SignIn::AuthorizationCode { nonce, .. } = &mut attempt {
        *nonce = None;
    }
    let refused = world.provider.sign_in(&Caller::default(), attempt, None).await;
    assert_eq!(refused.err(), Some(SignInError::InvalidCredentials));
    let refused = world.provider.sign_in(&Caller::default(), SignIn::ClientCredentials, None).await;
    assert_eq!(refused.err(), Some(SignInError::Unsupported));
    assert_eq!(world.take_calls(), [""; 0]);
}

#[tokio::test]
async fn a_long_id_token_stays_out_of_the_cookie() {
    let world = World::new();
    world.issues(&world.claims_with(|claims| claims["groups"] = json!(vec!["a long group name"; 200])));
    let grant = world.sign_in().await.unwrap().grant;
    assert_eq!(grant.field(grant::ID_TOKEN), None);
    assert!(world.grant().await.field(grant::ID_TOKEN).is_some());
}

#[tokio::test]
async fn calls_to_the_api_carry_the_access_token_and_nothing_of_the_browser() {
    let world = World::new();
    let grant = world.grant().await;
    let mut request = http::Request::builder().uri("https://api.test/orders").body(Bytes::new()).unwrap();
    request.headers_mut().insert("cookie", http::HeaderValue::from_static("a=b"));
    request.headers_mut().insert("authorization", http::HeaderValue::from_static("Bearer browser"));
    let caller = Caller { client_ip: Some([203, 0, 113, 7].into()), ..Caller::default() };
    world.provider.authorize(&caller, &grant, &mut request);
    let headers = request.headers();
    assert_eq!(headers["authorization"], format!("Bearer {ACCESS}").as_str());
    assert_eq!((headers.get("cookie"), headers["x-forwarded-for"].to_str().unwrap()), (None, "203.0.113.7"));
}
