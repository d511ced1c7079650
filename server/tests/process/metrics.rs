//! The metrics that Prometheus reads from a running program.

use super::{Running, free_address, refused, send};

/// Checks that there is a sample whose line starts with this name and these labels, and has this value.
#[track_caller]
fn assert_sample(text: &str, start: &str, value: &str) {
    let found = text.lines().any(|line| line.starts_with(start) && line.ends_with(&format!(" {value}")));
    assert!(found, "{start} {value} is not in: {text}");
}

#[test]
fn requests_sign_ins_and_sessions_are_counted_at_an_address_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let metrics_address = free_address();
    let settings = [("METRICS_LISTEN_ADDR", metrics_address.to_string())];
    let application = Running::embedded_with(&folder, &settings);
    let cookie = application.sign_in();
    application.send("POST /api/sign-in", "", "email=user@test.com&password=wrong-password");
    for secret in ["/secret-path", "/pkg/secret-file", "/account?token=secret-value"] {
        application.send(&format!("GET {secret}"), "", "");
    }
    assert!(application.send("GET /account", &cookie, "").contains("user@test.com"));
    let text = send(metrics_address, "GET /metrics", "", "");
    assert!(
        text.starts_with("HTTP/1.1 200") && text.contains("content-type: text/plain; version=0.0.4"),
        "{text}"
    );
    for (start, value) in [
        (r#"ironleaf_http_requests_total{method="POST",route="/api/sign-in",status="3xx"}"#, "2"),
        (r#"ironleaf_http_requests_total{method="GET",route="/account",status="2xx"}"#, "1"),
        (r#"ironleaf_http_requests_total{method="GET",route="none",status="4xx"}"#, "1"),
        (r#"ironleaf_http_requests_total{method="GET",route="/pkg",status="4xx"}"#, "1"),
        (r#"ironleaf_http_request_duration_seconds_count{route="/account"}"#, "2"),
        (r#"ironleaf_sign_ins_total{outcome="signed_in"}"#, "1"),
        (r#"ironleaf_sign_ins_total{outcome="invalid_credentials"}"#, "1"),
        (r#"ironleaf_core_api_breaker_state{state="closed"}"#, "1"),
        (r#"ironleaf_core_api_request_duration_seconds_count{outcome="4xx"}"#, "1"),
        (r#"ironleaf_sessions{key_id=""#, "1"),
        ("ironleaf_panics_total", "0"),
        ("ironleaf_store_capacity_bytes", "268435456"),
    ] {
        assert_sample(&text, start, value);
    }
    assert!(text.contains(r#"ironleaf_store_operation_duration_seconds_count{operation="read"}"#), "{text}");
    assert!(!text.contains("ironleaf_provider_breaker_state{"), "the core API has one breaker: {text}");
    let used = text.lines().find_map(|line| line.strip_prefix("ironleaf_store_used_bytes "));
    assert!(used.is_some_and(|bytes| bytes.parse::<u64>().is_ok_and(|bytes| bytes > 0)), "{used:?}");
    assert!(text.contains("process_start_time_seconds ") && !text.contains("secret"), "{text}");
}

#[test]
fn forwarded_requests_are_counted_by_their_route() {
    let folder = tempfile::tempdir().unwrap();
    let metrics_address = free_address();
    // One API is away. The other one is the address of the metrics.
    let (options, nowhere) = ("who=anyone token=no", free_address());
    let routes =
        format!("/api/orders/=http://{nowhere}/ {options}; /news/=http://{metrics_address}/ {options}");
    let settings = [("METRICS_LISTEN_ADDR", metrics_address.to_string()), ("PROXY_ROUTES", routes)];
    let application = Running::embedded_with(&folder, &settings);
    // One more than the circuit breaker needs to open.
    for _ in 0..6 {
        let answer = application.send("GET /api/orders/secret-path?token=secret-value", "", "");
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
    assert!(application.send("GET /news/metrics", "", "").starts_with("HTTP/1.1 200"));
    assert!(application.send("GET /news/../metrics", "", "").starts_with("HTTP/1.1 400"));
    let text = send(metrics_address, "GET /metrics", "", "");
    for (start, value) in [
        (r#"ironleaf_proxy_requests_total{route="/api/orders/",status="5xx"}"#, "6"),
        (r#"ironleaf_proxy_requests_total{route="/news/",status="2xx"}"#, "1"),
        (r#"ironleaf_proxy_request_duration_seconds_count{route="/news/"}"#, "1"),
        (r#"ironleaf_proxy_failures_total{route="/api/orders/",reason="not_sent"}"#, "6"),
        (r#"ironleaf_proxy_breaker_state{route="/api/orders/",state="open"}"#, "1"),
        (r#"ironleaf_proxy_breaker_state{route="/news/",state="closed"}"#, "1"),
    ] {
        assert_sample(&text, start, value);
    }
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn a_page_for_visitors_is_rendered_once_for_each_theme() {
    let folder = tempfile::tempdir().unwrap();
    let metrics_address = free_address();
    let settings = [("METRICS_LISTEN_ADDR", metrics_address.to_string())];
    let application = Running::embedded_with(&folder, &settings);
    let get = |path: &str, cookie: &str| {
        let answer = application.send(&format!("GET {path}"), cookie, "");
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    };
    let mut kept = 0;
    for path in ["/", "/login", "/register", "/reset-password"] {
        for chosen in ["", "ironleaf-theme=dark", "ironleaf-theme=light", "ironleaf-language=de"] {
            for already_rendered in [0, 1, 1] {
                get(path, chosen);
                kept += already_rendered;
                let text = send(metrics_address, "GET /metrics", "", "");
                assert_sample(&text, "ironleaf_kept_pages_total", &kept.to_string());
            }
        }
    }
    // These depend on more than theme and language.
    get("/login?return_to=/account", "");
    get("/login", "ironleaf-something=else");
    get("/", &application.sign_in());
    let text = send(metrics_address, "GET /metrics", "", "");
    assert_sample(&text, "ironleaf_kept_pages_total", &kept.to_string());
}

#[test]
fn the_metrics_address_answers_nothing_else_and_the_application_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let metrics_address = free_address();
    let settings = [("METRICS_LISTEN_ADDR", metrics_address.to_string())];
    let application = Running::embedded_with(&folder, &settings);
    for head in ["GET /", "GET /login", "GET /health/live"] {
        assert!(send(metrics_address, head, "", "").starts_with("HTTP/1.1 404"), "{head}");
    }
    assert!(send(metrics_address, "POST /metrics", "", "").starts_with("HTTP/1.1 405"));
    assert!(application.send("GET /metrics", "", "").starts_with("HTTP/1.1 404"));
}

#[test]
fn a_metrics_address_that_is_taken_or_public_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let free = free_address().to_string();
    let text = refused(&["serve"], &[("LISTEN_ADDR", &free), ("METRICS_LISTEN_ADDR", &address)]);
    assert!(text.contains("METRICS_LISTEN_ADDR") && text.contains("in use"), "{text}");
    let text = refused(&["serve"], &[("METRICS_LISTEN_ADDR", "0.0.0.0:9000")]);
    assert!(text.contains("METRICS_LISTEN_ADDR") && text.contains("IRONLEAF_ENV=production"), "{text}");
}
