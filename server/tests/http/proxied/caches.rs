//! What an answer says to caches and to proxies in front.

use super::wire::{Door, Upstream, head};

#[tokio::test]
async fn a_cache_in_front_keeps_an_answer_to_a_token_only_if_the_api_says_so() {
    for (options, said, kept) in [
        ("", "", "cache-control: no-store\r\nvary: Cookie\r\n"),
        (
            "",
            "Cache-Control: max-age=60\r\n",
            "cache-control: max-age=60\r\ncache-control: private\r\nvary: Cookie\r\n",
        ),
        ("", "Cache-Control: public, max-age=60\r\n", "cache-control: public, max-age=60\r\n"),
        (
            "token=no",
            "Cache-Control: max-age=60\r\n",
            "cache-control: max-age=60\r\ncache-control: private\r\nvary: Cookie\r\n",
        ),
        ("who=anyone token=no", "Cache-Control: max-age=60\r\n", "cache-control: max-age=60\r\n"),
    ] {
        let api = Upstream::answering(format!("HTTP/1.1 200 OK\r\n{said}Content-Length: 0\r\n\r\n")).await;
        let world = api.world(options).await;
        let answer = Door::of(&world).await.ask(head(&world, "GET /api/orders/7", "").await).await;
        let is_kept = |line: &&str| line.starts_with("cache-control") || line.starts_with("vary");
        let mut lines: Vec<_> = answer.lines().filter(is_kept).collect();
        lines.sort_unstable();
        assert_eq!(lines, kept.lines().collect::<Vec<_>>(), "{options} {said}");
    }
}

#[tokio::test]
async fn an_answer_moves_neither_this_origin_nor_the_proxy_in_front() {
    let lines = "Set-Cookie: ironleaf-session=x\r\nClear-Site-Data: \"*\"\r\nX-Accel-Redirect: /secret\r\nX-Sendfile: /etc/passwd\r\n\
                 Refresh: 0;url=https://evil.example\r\nContent-Security-Policy: default-src *\r\nX-Kept: 1\r\n\
                 CDN-Cache-Control: max-age=60\r\nSurrogate-Control: max-age=60\r\nSpeculation-Rules: \"/rules.json\"\r\n";
    let api = Upstream::answering(format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 0\r\n\r\n")).await;
    let world = api.world("").await;
    let answer = Door::of(&world).await.ask(head(&world, "GET /api/orders/7", "").await).await;
    for gone in [
        "set-cookie",
        "clear-site-data",
        "x-accel",
        "x-sendfile",
        "refresh",
        "cdn-cache",
        "surrogate",
        "speculation",
    ] {
        assert!(!answer.contains(gone), "{gone}: {answer}");
    }
    let beside_its_own = "object-src 'none'; base-uri 'self'; frame-ancestors 'self'";
    assert!(answer.contains(beside_its_own), "{answer}");
    assert!(
        answer.contains("x-kept: 1\r\n") && answer.contains("x-content-type-options: nosniff\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_stream_of_events_asks_nginx_not_to_hold_it_back() {
    let events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\ndata: 1\n\n";
    let api = Upstream::answering(events).await;
    let world = api.world("").await;
    let answer = Door::of(&world).await.ask(head(&world, "GET /api/orders/events", "").await).await;
    assert!(answer.contains("x-accel-buffering: no\r\n") && answer.ends_with("data: 1\n\n"), "{answer}");
}
