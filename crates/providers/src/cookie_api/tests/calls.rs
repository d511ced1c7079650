use super::*;

fn call(provider: &CookieApiProvider, grant: &Grant, method: http::Method) -> Request {
    let mut request =
        http::Request::builder().method(method).uri("http://nest.test/api/x").body(Bytes::new()).unwrap();
    for (name, value) in
        [("cookie", "ironleaf-session=s; refresh_token=theirs"), ("authorization", "Bearer theirs")]
    {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    provider.authorize(&caller(), grant, &mut request);
    request
}

#[tokio::test]
async fn a_call_carries_the_access_cookie_alone() {
    let (provider, _) = scripted([]);
    for method in [http::Method::GET, http::Method::POST, http::Method::DELETE] {
        let request = call(&provider, &grant().await, method);
        let cookies: Vec<_> = request.headers().get_all(COOKIE).iter().collect();
        assert_eq!(cookies, ["access_token=a1"]);
        assert!(cookies[0].is_sensitive() && !request.headers().contains_key("authorization"));
    }
    let nobody = call(&provider, &Grant::default(), http::Method::GET);
    assert!(!nobody.headers().contains_key(COOKIE));
}

/// What is seen in an answer about the person.
fn seen(provider: &CookieApiProvider, grant: &Grant, answer: Answer) -> Option<Grant> {
    seen_at(provider, grant, (http::Method::GET, "http://nest.test/api/users/me"), answer)
}

fn seen_at(
    provider: &CookieApiProvider,
    grant: &Grant,
    (method, uri): (http::Method, &str),
    answer: Answer,
) -> Option<Grant> {
    let asked = Asked { method, uri: uri.parse().unwrap() };
    match provider.observe(grant, &asked, &answer.unwrap()) {
        Observed::AtOnce(change) => {
            let mut changed = grant.clone();
            change(&mut changed);
            Some(changed)
        }
        Observed::Lazily(_) | Observed::Nothing => None,
    }
}

#[tokio::test]
async fn what_the_api_says_about_the_person_is_kept_at_once() {
    let (provider, _) = scripted([]);
    let grant = grant().await;
    let mut changed = person();
    changed["roles"] = json!(["admin"]);
    changed["email"] = "new@test.com".into();
    changed["emailVerified"] = false.into();
    let new = seen(&provider, &grant, answer(200, &changed)).unwrap();
    let identity = new.identity.clone().unwrap();
    assert!(identity.has_role("admin") && !identity.has_role("evaluator"));
    assert_eq!(
        (identity.email.as_deref(), identity.unverified_email.as_deref()),
        (None, Some("new@test.com"))
    );
    assert_eq!(seen(&provider, &new, answer(200, &changed)), None, "once");
}

#[tokio::test]
async fn nothing_else_changes_who_somebody_is() {
    let (provider, _) = scripted([]);
    let grant = grant().await;
    let with = |name: &str, value: Value| {
        let mut person = person();
        person[name] = value;
        person
    };
    let mut other = with("id", "p2".into());
    other["roles"] = json!(["admin"]);
    let long = with("firstName", "x".repeat(70_000).into());
    for body in [
        person(),
        other,
        json!({ "id": "p1" }),
        json!({ "id": "p1", "email": "x@y.z" }),
        json!([person()]),
        long,
    ] {
        assert_eq!(seen(&provider, &grant, answer(200, &body)), None, "{}", body.to_string().len());
    }
    let changed = with("roles", json!([])).to_string();
    assert_eq!(seen(&provider, &grant, text(200, changed.clone())), None, "not JSON");
    assert_eq!(seen(&provider, &grant, answer(404, &with("roles", json!([])))), None);
    assert!(
        seen(&provider, &grant, answer(200, &with("roles", json!([])))).is_some(),
        "it would have counted"
    );
    // The access cookie is renewed by a refresh only: an answer that comes late would put an old one back.
    assert_eq!(seen(&provider, &grant, tokens("a9", "r9")), None);
}

#[tokio::test]
async fn a_record_with_the_persons_number_is_not_the_persons() {
    let (provider, _) = scripted([]);
    let grant = grant().await;
    let mut invitation = person();
    invitation["email"] = "other@test.com".into();
    invitation["roles"] = json!(["admin"]);
    for (method, uri) in [
        (http::Method::GET, "http://nest.test/api/invitations/p1"),
        (http::Method::GET, "http://nest.test/api/users/p1"),
        (http::Method::GET, "http://nest.test/api/users/me/invitation"),
        (http::Method::GET, "http://nest.test/api/users/%6de"),
        (http::Method::GET, "http://other.test/api/users/me"),
        (http::Method::POST, "http://nest.test/api/users/me"),
    ] {
        let seen = seen_at(&provider, &grant, (method.clone(), uri), answer(200, &invitation));
        assert_eq!(seen, None, "{method} {uri}");
    }
    let asked = (http::Method::GET, "http://nest.test/api/users/me?fields=all");
    assert!(seen_at(&provider, &grant, asked, answer(200, &invitation)).is_some(), "the person's own record");
}

#[tokio::test]
async fn a_part_of_the_record_neither_verifies_an_address_nor_takes_a_name() {
    let (provider, _) = scripted([]);
    let mut grant = grant().await;
    let mut unverified = person();
    unverified["emailVerified"] = false.into();
    grant = seen(&provider, &grant, answer(200, &unverified)).unwrap();
    let asked = || (http::Method::GET, "http://nest.test/api/users/me?fields=id,email,roles");
    for missing in ["emailVerified", "firstName"] {
        let mut part = person();
        part.as_object_mut().unwrap().remove(missing);
        assert_eq!(seen_at(&provider, &grant, asked(), answer(200, &part)), None, "without {missing}");
    }
}

#[tokio::test]
async fn a_session_from_before_the_pair_against_forged_requests_was_set_sends_it_too() {
    let (provider, script) = scripted_with([tokens("a2", "r2")], |settings| {
        settings.csrf =
            Some(CsrfPair { cookie: "xsrf".to_owned(), header: http::HeaderName::from_static("x-xsrf") });
    });
    let grant = grant().await;
    assert_eq!(grant.field(CSRF), None);
    let request = call(&provider, &grant, http::Method::POST);
    let sent = request.headers()["x-xsrf"].to_str().unwrap();
    assert_eq!(request.headers()[COOKIE], format!("access_token=a1; xsrf={sent}"));
    assert!(matches!(provider.refresh(&caller(), &grant).await, RefreshOutcome::Rotated(_)));
    let sent = script.header(0, "x-xsrf").unwrap();
    assert_eq!(script.asked(), [asked("POST /api/auth/refresh", &format!("refresh_token=r1; xsrf={sent}"))]);
}

#[tokio::test]
async fn the_cookies_of_another_api_are_sent_nowhere() {
    let mut grant = grant().await;
    grant.set(CSRF, "value");
    for (address, is_ours) in
        [("http://nest.test/api", true), ("http://other.test/api/", false), ("http://nest.test/", false)]
    {
        let (provider, script) = scripted_with([], |settings| {
            settings.base_url = address.parse().unwrap();
            settings.csrf =
                Some(CsrfPair { cookie: "xsrf".to_owned(), header: http::HeaderName::from_static("x-xsrf") });
        });
        assert_eq!(provider.is_ours(&grant), is_ours, "{address}");
        let request = call(&provider, &grant, http::Method::POST);
        assert_eq!(request.headers().contains_key(COOKIE), is_ours, "{address}");
        assert_eq!(request.headers().contains_key("x-xsrf"), is_ours, "{address}");
        if !is_ours {
            let outcome = provider.refresh(&caller(), &grant).await;
            assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "{outcome:?}");
            assert_eq!(provider.sign_out(&caller(), &grant).await, Ok(()));
        }
        assert_eq!(script.asked(), []);
    }
}
