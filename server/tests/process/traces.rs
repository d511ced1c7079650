//! What a collector receives, and how the core API learns of the trace. Only in builds with the feature.
#![cfg(all(feature = "otlp", unix))]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};

use super::Running;

/// Answers every request with `status`, and passes on the request's head and body.
fn listener(status: &'static str) -> (SocketAddr, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap() > 0 {}
            let length = head
                .to_lowercase()
                .split_once("content-length: ")
                .map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            if sender.send((head, String::from_utf8_lossy(&body).into_owned())).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

#[test]
fn a_request_and_its_call_are_one_trace_that_names_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let ((core_api, calls), (collector, traces)) = (listener("500 Broken"), listener("200 OK"));
    let (orders, forwarded) = listener("200 OK");
    let settings = [
        ("CORE_API_URL", format!("http://{core_api}/v1")),
        ("PROXY_ROUTES", format!("/api/orders/=http://{orders}/ who=anyone token=no")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}")),
        ("RUST_LOG", "warn,server=info".to_owned()),
    ];
    let mut application = Running::application(&folder, &settings);
    application.send("POST /api/sign-in", "", "email=person@test.com&password=secret-password");
    let (call, _) = calls.recv().unwrap();
    let (_, parent) = call.split_once("traceparent: 00-").unwrap_or_else(|| panic!("no trace in {call}"));
    assert_eq!(parent.split(['-', '\r']).take(3).map(str::len).collect::<Vec<_>>(), [32, 16, 2], "{call}");
    assert!(application.send("GET /api/orders/7", "", "").starts_with("HTTP/1.1 200"));
    let (request, _) = forwarded.recv().unwrap();
    assert!(request.starts_with("GET /7 ") && request.contains("traceparent: 00-"), "{request}");
    application.tell_to_stop();
    assert!(application.child.wait().unwrap().success());
    let (head, spans) = traces.recv().unwrap();
    assert!(head.starts_with("POST /v1/traces ") && spans.contains("ironleaf"), "{head}{spans}");
    for part in ["request", "answered", "/api/sign-in", "core API"] {
        assert!(spans.contains(part), "{part} is not in {spans}");
    }
    for secret in ["person@test.com", "secret-password"] {
        assert!(!spans.contains(secret), "{spans}");
    }
}
