//! What a running program writes down, and what it never does.

use ironleaf_core_api::leak_patterns;
use serde_json::Value;

use super::Running;

const MARK: &str = "MARKEDTOKEN42";

/// Lets a person come, be refused, stay through a refresh and go; then everything that was written.
fn log_of_a_visit(level: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("LOG_FORMAT", "json"),
        ("RUST_LOG", level),
        ("CORE_API_TOKEN_MARK", MARK),
        ("CORE_API_ACCESS_TOKEN_TTL", "1s"),
    ];
    let running = Running::embedded_with(&folder, &settings.map(|(name, value)| (name, value.to_owned())));
    running.send("GET /login?email=user%40test.com&token=QUERYSECRET", "", "");
    running.send("POST /api/sign-in", "", "email=user@test.com&password=wrong-password");
    running.send("POST /api/request-password-reset", "", "email=user@test.com");
    let cookie = running.sign_in();
    // The token lives for a second; the first page after that brings the next.
    while !running.send("GET /account?QUERYSECRET", &cookie, "").contains("set-cookie: ironleaf-session=") {}
    running.send("GET /account", &altered(&cookie), "");
    let gone = running.send("POST /api/sign-out", &cookie, "");
    assert!(gone.contains("ironleaf-session=;"), "{gone}");
    running.send("GET /account", &cookie, "");
    running.into_log()
}

/// The session with another letter in its middle.
fn altered(cookie: &str) -> String {
    let session = cookie.split("; ").find(|pair| pair.starts_with("ironleaf-session=")).unwrap();
    let (start, end) = session.split_at(session.len() / 2);
    let letter = if end.starts_with('A') { 'B' } else { 'A' };
    format!("{start}{letter}{}", &end[1..])
}

#[test]
fn no_line_of_any_level_names_a_secret_or_a_person() {
    let log = log_of_a_visit("trace");
    let words =
        ["password1", "wrong-password", "QUERYSECRET", "user@test.com", "user%40test.com", "session=v1"];
    // What development says of itself when it starts.
    let lines = || log.lines().filter(|line| !line.contains("sign in as user@test.com"));
    for secret in leak_patterns(MARK).iter().map(String::as_str).chain(words) {
        let line = lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in {line:?}");
    }
}

#[test]
fn every_line_is_an_object_and_those_of_a_request_have_its_id() {
    let log = log_of_a_visit("info");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |message: &str| lines.iter().filter(|line| line["message"] == message).collect::<Vec<_>>();
    let (answered, altered, over) =
        (said("answered"), said("a session cookie was altered; it is removed"), said("a session is over"));
    assert!(answered.len() >= 8 && altered.len() == 1 && over.len() == 2, "{log}");
    for line in answered.iter().chain(&altered).chain(&over) {
        assert_eq!(line["span"]["id"].as_str().map(str::len), Some(16), "{line}");
    }
    assert!(answered.iter().any(|line| line["path"] == "/account" && line["status"] == 200), "{log}");
}
