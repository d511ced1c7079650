//! E-mails over SMTP: real messages to a real mail server, and to servers that do not accept them.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod mail_server;
mod scripted_server;
mod watched;

use std::{
    net::TcpListener,
    path::Path,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use axum::body::Body;
use http::{Request, StatusCode};
use ironleaf_core_api::{
    Clock, Config, CoreApi, MailError, MailRetries, Mailer, Message, PasswordCost, SmtpMailer, system_random,
};
use serde_json::json;
use test_ports::free_port;
use tower::ServiceExt;

use crate::{mail_server::MailServer, scripted_server::ScriptedServer, watched::Watched};

const USER: &str = "user@test.com";

/// 2026-11-21T10:48:52.360Z
fn clock() -> Clock {
    Arc::new(|| UNIX_EPOCH + Duration::from_millis(1_795_258_132_360))
}

fn mailer(url: &str) -> SmtpMailer {
    let (server, sender) = (url.parse().unwrap(), "no-reply@example.com".parse().unwrap());
    SmtpMailer::new(&server, &sender, "Bäume & Blätter", clock(), system_random()).unwrap()
}

/// Tries again after milliseconds.
fn config(folder: &Path, mailer: Watched) -> Config {
    Config {
        password_cost: PasswordCost::FOR_TESTS,
        app_name: "Bäume & Blätter".to_owned(),
        mailer: Some(Arc::new(mailer)),
        mail_retries: MailRetries {
            first: Duration::from_millis(10),
            longest: Duration::from_millis(50),
            ..MailRetries::default()
        },
        ..Config::development(folder)
    }
}

async fn ask_for_a_reset(api: &CoreApi) {
    let body = Body::from(json!({ "email": USER }).to_string());
    let request = Request::post("/v1/auth/tokens").body(body).unwrap();
    assert_eq!(api.router().oneshot(request).await.unwrap().status(), StatusCode::CREATED);
}

fn message() -> Message {
    Message {
        to: USER.to_owned(),
        subject: "Set a new password".to_owned(),
        link: "http://127.0.0.1:3000/login?token=living-token".to_owned(),
        text: "http://127.0.0.1:3000/login?token=living-token\n".to_owned(),
        html: "<a href=\"http://127.0.0.1:3000/login?token=living-token\">Go</a>".to_owned(),
    }
}

/// Sends [`message`] and returns the failure, which must not contain any of the message.
async fn failure(mailer: &SmtpMailer) -> MailError {
    let error = mailer.send(message()).await.expect_err("this server takes nothing");
    let shown = format!("{error} {error:?}");
    for secret in ["living-token", USER, "hunter2"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    error
}

#[tokio::test]
async fn a_message_arrives_in_both_parts_with_its_link_unharmed() {
    let server = MailServer::start();
    let folder = tempfile::tempdir().unwrap();
    let (mailer, mut attempts) = Watched::new(mailer(&server.url()));
    let api = CoreApi::open(config(folder.path(), mailer)).await.unwrap();
    ask_for_a_reset(&api).await;
    let sent = attempts.recv().await.unwrap();
    assert!(sent.outcome.is_ok(), "{:?}", sent.outcome);

    let [received] = server.received().try_into().unwrap();
    assert_eq!(received.parts.len(), 2, "{:?}", received.parts);
    let part = |media: &str| received.parts.iter().find(|part| part.0 == media).unwrap().1.trim_end();
    assert_eq!(part("text/plain"), sent.message.text.trim_end());
    assert_eq!(part("text/html"), sent.message.html.trim_end());
    assert!(part("text/plain").lines().any(|line| line == sent.message.link));
    assert!(part("text/html").contains(&sent.message.link.replace('&', "&amp;")));

    assert_eq!(received.header("content-type").split(';').next(), Some("multipart/alternative"));
    assert_eq!(received.header("subject"), "Set a new password · Bäume & Blätter");
    assert_eq!(received.header("from"), "Bäume & Blätter <no-reply@example.com>");
    assert_eq!(received.header("to"), USER);
    assert_eq!(received.header("date"), "Sat, 21 Nov 2026 10:48:52 +0000");
    assert_eq!(received.header("auto-submitted"), "auto-generated");
    let id = received.header("message-id");
    assert!(id.starts_with('<') && id.ends_with("@example.com>"), "{id}");
    assert!(received.raw.is_ascii(), "servers without extensions take it");
    assert!(received.raw.lines().all(|line| line.len() <= 998), "RFC 5322, section 2.1.1");
}

#[tokio::test]
async fn an_address_of_another_script_gets_its_message_where_the_server_can() {
    let to = "üser@xn--exmple-cua.com".to_owned();
    let message = || Message { to: to.clone(), ..message() };
    let server = MailServer::start_on(free_port(), &["--smtputf8"]);
    mailer(&server.url()).send(message()).await.unwrap();
    let [received] = server.received().try_into().unwrap();
    assert_eq!(received.header("to"), to);
    assert!(received.parts[0].1.contains(&message().link));

    let older = MailServer::start();
    let error = mailer(&older.url()).send(message()).await.unwrap_err();
    assert!(error.to_string().contains("SMTPUTF8") && !error.is_final(), "{error}");
}

#[tokio::test]
async fn a_message_arrives_once_the_server_is_up() {
    let port = free_port();
    let folder = tempfile::tempdir().unwrap();
    let (mailer, mut attempts) = Watched::new(mailer(&format!("smtp://127.0.0.1:{port}")));
    let api = CoreApi::open(config(folder.path(), mailer)).await.unwrap();
    ask_for_a_reset(&api).await;
    for _ in 0..3 {
        let (error, is_final) = attempts.recv().await.unwrap().outcome.unwrap_err();
        assert!(error.contains("cannot be reached") && !is_final, "{error}");
    }

    let server = MailServer::start_on(port, &[]);
    let sent = loop {
        let attempt = attempts.recv().await.unwrap();
        if attempt.outcome.is_ok() {
            break attempt.message;
        }
    };
    api.settled().await;
    let [received] = server.received().try_into().unwrap();
    assert!(received.parts[0].1.contains(&sent.link));
    assert!(attempts.try_recv().is_err(), "it is not sent twice");
}

#[tokio::test]
async fn a_message_that_is_refused_for_good_waits_for_the_next_start() {
    let strict = MailServer::start_on(free_port(), &["--size", "100"]);
    let folder = tempfile::tempdir().unwrap();
    let (refusing, mut attempts) = Watched::new(mailer(&strict.url()));
    let api = CoreApi::open(config(folder.path(), refusing)).await.unwrap();
    ask_for_a_reset(&api).await;
    let (error, is_final) = attempts.recv().await.unwrap().outcome.unwrap_err();
    assert!(error.contains("552") && is_final, "{error}");
    api.settled().await;
    drop(api);
    assert!(attempts.recv().await.is_none(), "nothing was tried again before everything was gone");

    let server = MailServer::start();
    let (taking, mut attempts) = Watched::new(mailer(&server.url()));
    let _api = CoreApi::open(config(folder.path(), taking)).await.unwrap();
    assert!(attempts.recv().await.unwrap().outcome.is_ok());
    assert_eq!(server.received().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_left() {
    // The operating system accepts the connection, and nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mailer = mailer(&format!("smtp://{}", silent.local_addr().unwrap()));
    let error = failure(&mailer.with_timeout(Duration::from_secs(20))).await;
    assert!(error.to_string().contains("within 20000 ms") && !error.is_final(), "{error}");
}

#[tokio::test]
async fn what_a_server_quotes_is_not_repeated() {
    let server = ScriptedServer::start(&[
        ("EHLO", "250 quoting"),
        ("MAIL", "250 ok"),
        ("RCPT", "250 ok"),
        ("DATA", "354 go ahead"),
        (".", "554 5.7.1 <user@test.com> spam: http://127.0.0.1:3000/login?token=living-token"),
    ]);
    let error = failure(&mailer(&server.url(""))).await;
    assert!(error.to_string().contains("554") && error.is_final(), "{error}");
}

#[tokio::test]
async fn a_password_that_is_refused_is_not_repeated() {
    let server = ScriptedServer::start(&[
        ("EHLO", "250-quoting\r\n250 AUTH PLAIN"),
        ("AUTH", "535 5.7.8 hunter2 is wrong for mailer"),
    ]);
    let error = failure(&mailer(&server.url("mailer:hunter2@"))).await;
    assert!(error.to_string().contains("535"), "{error}");
}

#[tokio::test]
async fn user_name_and_password_are_presented_as_they_are_meant() {
    let server = ScriptedServer::start(&[
        ("EHLO", "250-strict\r\n250 AUTH PLAIN"),
        // \0mailer@example.com\0p@ss:w/rd
        ("AUTH PLAIN AG1haWxlckBleGFtcGxlLmNvbQBwQHNzOncvcmQ=", "235 welcome"),
        ("AUTH", "535 who are you"),
        ("MAIL FROM:<no-reply@example.com>", "250 ok"),
        ("RCPT TO:<user@test.com>", "250 ok"),
        ("DATA", "354 go ahead"),
        (".", "250 taken"),
    ]);
    mailer(&server.url("mailer%40example.com:p%40ss%3Aw%2Frd@")).send(message()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    let server = ScriptedServer::start(&[("EHLO", "250 busy"), ("MAIL", "451 4.3.2 later")]);
    let error = failure(&mailer(&server.url(""))).await;
    assert!(error.to_string().contains("451") && !error.is_final(), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_no_smtp_is_an_error() {
    let server = ScriptedServer::start(&[("EHLO", "HTTP/1.1 400 living-token")]);
    let error = failure(&mailer(&server.url(""))).await;
    assert!(error.to_string().contains("does not speak SMTP") && !error.is_final(), "{error}");
}

#[tokio::test]
async fn nothing_is_sent_without_tls_where_it_is_required() {
    let server = MailServer::start();
    let error = failure(&mailer(&format!("{}?tls=required", server.url()))).await;
    assert!(error.to_string().contains("does not offer"), "{error}");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = MailServer::start_with_tls();
    let error = failure(&mailer(&format!("smtps://127.0.0.1:{}", server.port()))).await;
    assert!(error.to_string().contains("certificate") && !error.is_final(), "{error}");
    assert!(server.received().is_empty());
}
