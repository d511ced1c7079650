use http::Method;

use super::*;

fn request(method: &Method) -> Request {
    let mut request = http::Request::builder().method(method).uri("http://rails.test/api/notes");
    for (name, value) in [
        ("authorization", "Bearer the-browsers"),
        ("cookie", "jwt_access=the-browsers"),
        ("x-csrf-token", "the-browsers"),
        ("x-refresh-token", "the-browsers"),
    ] {
        request = request.header(name, value);
    }
    request.body(Bytes::new()).unwrap()
}

const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST, Method::PATCH, Method::DELETE];

#[tokio::test]
async fn with_a_header_the_token_goes_along_and_nothing_else() {
    let grant = grant().await;
    let (provider, _) = scripted(settings(), []);
    for method in METHODS {
        let mut request = request(&method);
        provider.authorize(&caller(), &grant, &mut request);
        assert_eq!(header(&request, "authorization"), Some(format!("Bearer {}", access(1))), "{method}");
        for name in ["cookie", "x-csrf-token", "x-refresh-token"] {
            assert_eq!(header(&request, name), None, "{method} {name}");
        }
    }
}

#[tokio::test]
async fn with_cookies_the_csrf_value_goes_along_on_all_but_get_and_head_and_no_header_hides_the_cookie() {
    let grant = grant().await;
    let (provider, _) = scripted(with_cookies(), []);
    for method in METHODS {
        let mut request = request(&method);
        provider.authorize(&caller(), &grant, &mut request);
        assert_eq!(header(&request, "cookie"), Some(format!("jwt_access={}", access(1))), "{method}");
        let csrf = header(&request, "x-csrf-token");
        let is_safe = matches!(method, Method::GET | Method::HEAD);
        assert_eq!(csrf.as_deref(), (!is_safe).then_some("bWFzazE="), "{method}");
        assert_eq!(header(&request, "authorization"), None, "{method}");
        assert_eq!(header(&request, "x-refresh-token"), None, "{method}");
    }
}

#[tokio::test]
async fn a_call_without_a_body_states_its_length() {
    let grant = grant().await;
    let (provider, _) = scripted(settings(), []);
    for (method, length) in
        [(Method::GET, None), (Method::HEAD, None), (Method::POST, Some("0")), (Method::DELETE, Some("0"))]
    {
        let mut request = request(&method);
        provider.authorize(&caller(), &grant, &mut request);
        assert_eq!(header(&request, "content-length").as_deref(), length, "{method}");
    }
    let mut request = request(&Method::POST).map(|_| Bytes::from("{}"));
    provider.authorize(&caller(), &grant, &mut request);
    assert_eq!(header(&request, "content-length"), None, "the transport states it");
}

#[tokio::test]
async fn a_grant_without_tokens_sends_no_credentials_of_the_browser() {
    for settings in [settings(), with_cookies()] {
        let (provider, _) = scripted(settings, []);
        let mut request = request(&Method::POST);
        provider.authorize(&caller(), &Grant::default(), &mut request);
        for name in ["authorization", "cookie", "x-csrf-token", "x-refresh-token"] {
            assert_eq!(header(&request, name), None, "{name}");
        }
    }
}

fn shown(provider: &JwtSessionsProvider, grant: &Grant, answer: Answer) -> Observed {
    observed(provider, grant, &answer.unwrap())
}

fn observed(provider: &JwtSessionsProvider, grant: &Grant, response: &Response) -> Observed {
    provider.observe(grant, &Asked::of(&request(&Method::GET)), response)
}

fn with_value(value: &str) -> Answer {
    with_header(text(204, ""), "x-csrf-token", value)
}

#[tokio::test]
async fn a_csrf_value_that_an_answer_shows_is_kept_lazily() {
    let mut grant = grant().await;
    let (provider, _) = scripted(with_cookies(), []);
    for value in ["bWFzazM=", "bWFzazQ="] {
        let response = with_value(value).unwrap();
        let Observed::Lazily(change) = observed(&provider, &grant, &response) else { panic!("{value}") };
        change(&mut grant);
        change(&mut grant);
        assert_eq!(exposed(&grant, CSRF), Some(value));
        assert!(matches!(observed(&provider, &grant, &response), Observed::Nothing), "{value}");
    }
    grant.remove(CSRF);
    let first = shown(&provider, &grant, with_value("bWFzazM="));
    assert!(matches!(first, Observed::AtOnce(_)), "without it every POST is refused");
}

#[tokio::test]
async fn a_csrf_value_of_the_last_access_token_changes_no_newer_grant() {
    let old = grant().await;
    let (provider, _) = scripted(with_cookies(), [answer(200, &refreshed())]);
    let Observed::Lazily(change) = shown(&provider, &old, with_value("bWFzazM=")) else {
        panic!("not seen");
    };
    let RefreshOutcome::Rotated(mut new) = provider.refresh(&caller(), &old).await else {
        panic!("not renewed")
    };
    change(&mut new);
    assert_eq!(exposed(&new, CSRF), Some("bWFzazI="));
}

#[tokio::test]
async fn other_answers_change_nothing() {
    let grant = grant().await;
    let (provider, _) = scripted(with_cookies(), []);
    for answer in [
        text(200, ""),
        text(200, "<html>\"csrf\""),
        answer(200, &json!({ "id": 7 })),
        // A note that somebody else wrote.
        answer(200, &json!({ "csrf": "bWFzazM=" })),
        with_value(""),
        with_value("a b"),
        with_value(&"A".repeat(513)),
        with_value("bWFzazE="),
        with_value("no; value"),
    ] {
        let response = answer.unwrap();
        assert!(matches!(observed(&provider, &grant, &response), Observed::Nothing), "{response:?}");
    }
    let (provider, _) = scripted(settings(), []);
    let unused = shown(&provider, &grant, with_value("bWFzazM="));
    assert!(matches!(unused, Observed::Nothing), "with a header it is never asked for");
}

#[tokio::test]
async fn the_tokens_of_another_api_are_sent_nowhere() {
    let grant = grant().await;
    for (address, is_ours) in
        [("http://rails.test/api", true), ("http://other.test/api/", false), ("http://rails.test/", false)]
    {
        for access_transport in [AccessTransport::Header, AccessTransport::Cookie] {
            let base_url = address.parse().unwrap();
            let (provider, script) =
                scripted(JwtSessionsSettings { base_url, access_transport, ..settings() }, []);
            assert_eq!(provider.is_ours(&grant), is_ours, "{address}");
            let mut request = Request::new(Bytes::new());
            *request.method_mut() = Method::POST;
            provider.authorize(&caller(), &grant, &mut request);
            let sends =
                ["authorization", "cookie", "x-csrf-token"].map(|name| header(&request, name).is_some());
            assert_eq!(sends.contains(&true), is_ours, "{address}");
            if !is_ours {
                let outcome = provider.refresh(&caller(), &grant).await;
                assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "{outcome:?}");
                assert_eq!(provider.sign_out(&caller(), &grant).await, Ok(()));
            }
            assert!(script.asked().is_empty());
        }
    }
}

#[tokio::test]
async fn only_the_api_itself_shows_a_csrf_value() {
    let grant = grant().await;
    let (provider, _) = scripted(with_cookies(), []);
    let response = with_value("bWFzazM=").unwrap();
    for (uri, counts) in [
        ("http://rails.test/api/orders", true),
        ("http://rails.test/orders", true),
        ("http://rails.test:8080/api/orders", false),
        ("https://rails.test/api/orders", false),
        ("http://other.test/api/orders", false),
    ] {
        let asked = Asked { method: Method::GET, uri: uri.parse().unwrap() };
        let learned = matches!(provider.observe(&grant, &asked, &response), Observed::Lazily(_));
        assert_eq!(learned, counts, "{uri}");
    }
}
