//! Calls on behalf of a person, and what their answers say about the cookie.

use super::*;

fn call(url: &str) -> Request {
    let mut request = http::Request::builder().uri(url).body(Bytes::new()).unwrap();
    for (name, value) in [
        ("cookie", "ironleaf-session=the-browsers"),
        ("origin", "https://the-browsers.test"),
        ("authorization", "Bearer the-browsers"),
        ("sec-fetch-site", "same-origin"),
        ("x-forwarded-for", "198.51.100.1, 198.51.100.2"),
        ("x-real-ip", "198.51.100.1"),
    ] {
        request.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    request
}

fn observed(world: &World, grant: &Grant, answer: Answer) -> Observed {
    observed_at("https://auth.test/api/auth/change-password", world, grant, answer)
}

fn observed_at(url: &str, world: &World, grant: &Grant, answer: Answer) -> Observed {
    let asked = Asked::of(&call(url));
    world.provider.observe(grant, &asked, &answer.unwrap())
}

fn given(cookie: &str) -> Answer {
    setting(answer(200, &json!({})), cookie)
}

/// The same in an answer about the person, such as that to a changed password.
fn given_to(user: &Value, cookie: &str) -> Answer {
    setting(answer(200, &json!({ "token": "t", "user": user })), cookie)
}

#[derive(Clone, Copy)]
enum Gets {
    Cookie,
    Token,
    Nothing,
}

/// With one of the two below the other on one origin, the longer base is the one that is meant.
#[tokio::test]
async fn an_api_on_the_origin_of_the_auth_server_gets_the_token() {
    for (auth, api, url, is_auth) in [
        ("https://x.test/api/auth", "https://x.test/api/auth/v1", "https://x.test/api/auth/v1/orders", false),
        ("https://x.test/api/auth", "https://x.test/api/auth/v1/", "https://x.test/api/auth/token", true),
        ("https://x.test/api/auth", "https://x.test/api/auth/v1", "https://x.test/api/auth/v10", true),
        ("https://x.test/api/auth/", "https://x.test/api", "https://x.test/api/auth/token", true),
        ("https://x.test/api/auth", "https://x.test/api", "https://x.test/api/orders", false),
        ("https://x.test/api/auth", "https://x.test", "https://x.test/api/auth/token", true),
        ("https://x.test", "https://x.test/v1", "https://x.test/v1/orders", false),
        ("https://x.test", "https://x.test/v1", "https://x.test/token", true),
        // Whoever makes them the same has the cookie sent, as without an API.
        ("https://x.test/api", "https://x.test/api", "https://x.test/api/token", true),
    ] {
        let world = World::with(|settings| {
            settings.auth_url = auth.parse().unwrap();
            settings.api_url = Some(api.parse().unwrap());
        });
        let mut grant = Grant::default().with(grant::SESSION, "a=b").with(grant::JWT, "token");
        grant.set(4, world.provider.issued_by.current.as_str());
        let mut request = call(url);
        world.provider.authorize(&caller(), &grant, &mut request);
        let sent = (header(&request, "cookie").is_some(), header(&request, "authorization").is_some());
        assert_eq!(sent, (is_auth, !is_auth), "{auth} {api} {url}");
    }
}

#[tokio::test]
async fn the_api_gets_the_token_and_the_auth_server_the_cookie() {
    let world = World::new();
    let grant = world.grant().await;
    let names: Vec<_> = world.provider.base_urls().iter().map(|base| base.name.clone()).collect();
    assert_eq!(names, ["api", "auth"]);
    let bearer = format!("Bearer {}", grant.field(grant::JWT).unwrap().expose());
    let cookie = format!("{COOKIE}={VALUE}");
    for (url, gets) in [
        ("https://api.test/v1/orders", Gets::Token),
        ("https://api.test:443/v2/orders", Gets::Token),
        ("https://auth.test/api/auth/list-sessions", Gets::Cookie),
        ("https://auth.test:443/api/auth", Gets::Cookie),
        // Another path, port, scheme or host is neither, however much it looks like it.
        ("https://auth.test/api/authors", Gets::Nothing),
        ("https://auth.test:444/api/auth/token", Gets::Nothing),
        ("http://auth.test/api/auth/token", Gets::Nothing),
        ("https://auth.test.evil.test/api/auth/token", Gets::Nothing),
        ("http://api.test/v1/orders", Gets::Nothing),
        ("https://api.test:444/v1/orders", Gets::Nothing),
        ("https://api.test.evil.test/v1/orders", Gets::Nothing),
    ] {
        let mut request = call(url);
        world.provider.authorize(&caller(), &grant, &mut request);
        let expected = match gets {
            Gets::Cookie => (Some(&*cookie), Some(ORIGIN), None),
            Gets::Token => (None, None, Some(&*bearer)),
            Gets::Nothing => (None, None, None),
        };
        let sent =
            (header(&request, "cookie"), header(&request, "origin"), header(&request, "authorization"));
        assert_eq!(sent, expected, "{url}");
        assert_eq!(request.headers().get_all("x-forwarded-for").iter().count(), 1, "{url}");
        assert_eq!(header(&request, "x-forwarded-for"), Some("203.0.113.7"));
        assert!(header(&request, "sec-fetch-site").is_none() && header(&request, "x-real-ip").is_none());
    }
}

#[tokio::test]
async fn secrets_stay_out_of_logs() {
    let world = World::new();
    let grant = world.grant().await;
    for url in ["https://api.test/v1/orders", "https://auth.test/api/auth/token"] {
        let mut request = call(url);
        world.provider.authorize(&caller(), &grant, &mut request);
        let printed = format!("{request:?} {grant:?}");
        assert!(!printed.contains("tokenOfTheSession") && !printed.contains("eyJ"), "{printed}");
    }
}

#[tokio::test]
async fn another_origin_can_be_the_trusted_one() {
    let world = World::with(|settings| settings.origin = "https://shop.test".to_owned());
    world.sign_in().await;
    assert_eq!(header(&world.take_requests()[0], "origin"), Some("https://shop.test"));
}

#[tokio::test]
async fn an_answer_without_news_is_nothing() {
    let world = World::new();
    let grant = world.grant().await;
    for nothing in [
        answer(200, &json!({})),
        given("theme=dark; Max-Age=60"),
        given("better-auth.session_data=cached; Max-Age=300"),
        given(&format!("{COOKIE}={VALUE}; Max-Age={WEEK}; Path=/")),
        given(&format!("{COOKIE}={VALUE}; Max-Age=60; Path=/")),
        given(&format!("{COOKIE}=; Max-Age=0; Path=/")),
        given(&format!("{COOKIE}=; Path=/")),
        given(&format!("{COOKIE}=other; Max-Age=-1")),
        given(&format!("{COOKIE}=other; Expires=Thu, 01 Jan 1970 00:00:00 GMT")),
        setting(given(&format!("{COOKIE}=other; Max-Age=60")), &format!("{COOKIE}=; Max-Age=0")),
        given(COOKIE),
        given("=;;;="),
    ] {
        let observed = observed(&world, &grant, nothing.clone());
        assert!(matches!(observed, Observed::Nothing), "{nothing:?}");
    }
}

#[tokio::test]
async fn the_same_cookie_with_a_later_end_is_kept_when_there_is_time() {
    let world = World::new();
    let mut grant = world.grant().await;
    world.advance(Duration::from_hours(25));
    let prolonged = given(&format!("{COOKIE}={VALUE}; max-age={WEEK}; Path=/"));
    let Observed::Lazily(change) = observed(&world, &grant, prolonged.clone()) else { panic!("not kept") };
    // A session that has another cookie meanwhile keeps its end.
    let mut other = grant.clone();
    other.set(grant::SESSION, format!("{COOKIE}=newer.c2ln"));
    change(&mut other);
    assert_eq!(other.refresh_expires_at, grant.refresh_expires_at);
    change(&mut grant);
    assert_eq!(grant.refresh_expires_at, Some(world.now() + Duration::from_secs(WEEK)));
    assert!(matches!(observed(&world, &grant, prolonged), Observed::Nothing), "the same once more");
}

#[tokio::test]
async fn a_later_end_may_be_a_date() {
    let world = World::new();
    let mut grant = world.grant().await;
    let dated = with_header(
        given(&format!("{COOKIE}={VALUE}; Expires=Mon, 30 Nov 2026 00:00:00 GMT")),
        "date",
        "Mon, 09 Nov 2026 00:00:00 GMT",
    );
    let Observed::Lazily(change) = observed(&world, &grant, dated) else { panic!("not kept") };
    change(&mut grant);
    assert_eq!(grant.refresh_expires_at, Some(world.now() + Duration::from_hours(21 * 24)));
}

#[tokio::test]
async fn another_cookie_is_kept_at_once_and_never_over_a_newer_one() {
    let world = World::new();
    let mut grant = world.grant().await;
    assert!(grant.access_lives(world.now()));
    let replaced = given_to(&user(), &format!("{COOKIE}=second.c2ln%3D; Max-Age={WEEK}"));
    let Observed::AtOnce(change) = observed(&world, &grant, replaced.clone()) else { panic!("not kept") };
    let mut newer = grant.clone();
    newer.set(grant::SESSION, format!("{COOKIE}=third.c2ln"));
    change(&mut newer);
    assert_eq!(newer.field(grant::SESSION).unwrap().expose(), format!("{COOKIE}=third.c2ln"));
    for _ in 0..2 {
        change(&mut grant);
        assert_eq!(grant.field(grant::SESSION).unwrap().expose(), format!("{COOKIE}=second.c2ln%3D"));
        assert!(!grant.access_lives(world.now()), "the next token shows whose session it is");
    }
    assert!(matches!(observed(&world, &grant, replaced), Observed::Nothing));
}

#[tokio::test]
async fn an_answer_to_somebody_elses_grant_teaches_nothing() {
    let world = World::new();
    let answer = given(&format!("{COOKIE}=second.c2ln; Max-Age=60"));
    assert!(matches!(observed(&world, &Grant::default(), answer), Observed::Nothing));
}

#[tokio::test]
async fn no_other_host_sets_the_session_cookie() {
    let world = World::new();
    let grant = world.grant().await;
    let replaced = given_to(&user(), &format!("{COOKIE}=tokenOfMallory.c2ln; Max-Age={WEEK}; Path=/"));
    world.advance(Duration::from_hours(25));
    let prolonged = given(&format!("{COOKIE}={VALUE}; Max-Age={WEEK}; Path=/"));
    for url in [
        "https://api.test/v1/orders",
        "https://auth.test/api/authors",
        "https://auth.test:444/api/auth/change-password",
        "https://auth.test.evil.test/api/auth/change-password",
    ] {
        for answer in [&replaced, &prolonged] {
            let observed = observed_at(url, &world, &grant, answer.clone());
            assert!(matches!(observed, Observed::Nothing), "{url}");
        }
    }
    let of_auth_server = observed(&world, &grant, replaced);
    assert!(matches!(of_auth_server, Observed::AtOnce(_)), "it would have counted");
}

#[tokio::test]
async fn another_cookie_counts_only_in_an_answer_about_this_person() {
    let world = World::new();
    let grant = world.grant().await;
    let cookie = format!("{COOKIE}=tokenOfMallory.c2ln; Max-Age={WEEK}");
    let mut mallory = user();
    mallory["id"] = "u2".into();
    for body in [
        json!({}),
        json!({ "token": "t" }),
        json!({ "token": "t", "user": mallory }),
        json!({ "user": { "email": "ada@test.com" } }),
        json!({ "user": ["u1"] }),
        json!({ "id": "u1" }),
        json!([{ "user": { "id": "u1" } }]),
    ] {
        let observed = observed(&world, &grant, setting(answer(200, &body), &cookie));
        assert!(matches!(observed, Observed::Nothing), "{body}");
    }
    let page = observed(&world, &grant, setting(text(200, "<html>"), &cookie));
    assert!(matches!(page, Observed::Nothing));
}
