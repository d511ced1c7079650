use ironleaf_auth::{system_clock, system_random};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

#[tokio::test]
async fn a_request_is_part_of_the_trace_of_ours_and_of_no_other() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let routes = Routes::parse(&format!("/api/=http://{}/", listener.local_addr().unwrap())).unwrap();
    let api = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut seen).await.unwrap();
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        String::from_utf8(seen).unwrap()
    });
    let origin = "https://app.example".parse().unwrap();
    let upstreams = Upstreams::new(
        &routes,
        StreamLimits::default(),
        &HttpSettings::default(),
        origin,
        &system_clock(),
        &system_random(),
    );
    let upstreams = upstreams.unwrap().with_trace(Arc::new(|method, headers| {
        assert_eq!(method, Method::GET);
        headers.insert("traceparent", HeaderValue::from_static("of-ours"));
        Span::none()
    }));
    let request = http::Request::get("/api/7").header("traceparent", "of-the-browser").body(()).unwrap();
    let mut parts = request.into_parts().0;
    headers::clean_request(&mut parts.headers);
    let (_, route, path) = routes.find(&parts.uri).unwrap().unwrap();
    let target = route.target(&path, None).unwrap();
    let asked = Asked { route, index: 0, target, parts, person: None, upgrade: None };
    let answer = upstreams.answer(&asked, Body::empty(), Some(0)).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let seen = api.await.unwrap();
    assert_eq!(seen.lines().filter(|line| line.starts_with("traceparent: ")).count(), 1, "{seen}");
    assert!(seen.contains("traceparent: of-ours\r\n"), "{seen}");
    for line in ["x-forwarded-host: app.example\r\n", "x-forwarded-proto: https\r\n"] {
        assert!(seen.contains(line), "{seen}");
    }
}

#[tokio::test]
async fn time_that_passes_before_a_request_is_sent_is_not_the_apis() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let routes = Routes::parse(&format!("/api/=http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    });
    let origin = "https://app.example".parse().unwrap();
    let (limits, http) = (StreamLimits::default(), HttpSettings::default());
    let upstreams = Upstreams::new(&routes, limits, &http, origin, &system_clock(), &system_random());
    let parts = http::Request::get("/api/7").body(()).unwrap().into_parts().0;
    let (_, route, path) = routes.find(&parts.uri).unwrap().unwrap();
    let target = route.target(&path, None).unwrap();
    let asked = Asked { route, index: 0, target: target.clone(), parts, person: None, upgrade: None };
    let (_, progress) = Upload::new(Body::empty(), 0);
    tokio::time::pause();
    tokio::time::advance(route.timeout * 2).await;
    tokio::time::resume();
    let mut request = http::Request::new(());
    *request.uri_mut() = target;
    let body = Outgoing::Whole(Bytes::new());
    let answer = upstreams.unwrap().answered(&asked, request, body, &progress).await;
    assert_eq!(answer.unwrap().status(), StatusCode::NO_CONTENT);
}

/// Every layer around it moves it once.
#[test]
fn what_waits_for_an_api_is_small() {
    let routes = Routes::parse("/api/=http://a/").unwrap();
    let origin = "https://app.example".parse().unwrap();
    let (limits, http) = (StreamLimits::default(), HttpSettings::default());
    let upstreams =
        Upstreams::new(&routes, limits, &http, origin, &system_clock(), &system_random()).unwrap();
    let parts = http::Request::get("/api/7").body(()).unwrap().into_parts().0;
    let (_, route, path) = routes.find(&parts.uri).unwrap().unwrap();
    let target = route.target(&path, None).unwrap();
    let asked = Asked { route, index: 0, target, parts, person: None, upgrade: None };
    let waiting = upstreams.answer(&asked, Body::empty(), Some(0));
    assert!(size_of_val(&waiting) < 6 * 1024, "{} bytes", size_of_val(&waiting));
}
