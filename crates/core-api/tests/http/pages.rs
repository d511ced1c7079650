//! `GET /`, `GET /outbox` and `GET /outbox/{id}`.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use ironleaf_core_api::{Config, Mailer, Message, Sending};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{TestApi, USER};

#[tokio::test]
async fn the_home_page_lists_the_document_the_health_check_the_outbox_and_every_call() {
    let api = TestApi::new().await;
    let answer = api.get("/").send().await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
    for link in ["/v1/openapi.json", "/v1/health", "/outbox", "/v1/debug/stats"] {
        assert!(answer.text().contains(&format!("<a href=\"{link}\">")), "{link}");
    }
    for (_, path) in api.api.operations() {
        assert!(answer.text().contains(&format!("<code>{path}</code>")), "{path}");
    }
}

#[tokio::test]
async fn the_outbox_shows_the_newest_message_first_with_its_link() {
    let api = TestApi::new().await;
    let empty = api.get("/outbox").send().await;
    assert!(empty.text().contains("No e-mail has been sent yet."));
    api.tokens(&json!({ "email": USER })).await;
    let link = api.mails_to(USER).await[0].link.replace('&', "&amp;");
    api.clock.advance(std::time::Duration::from_secs(1));
    api.register("new@test.com").await;
    api.api.settled().await;
    let page = api.get("/outbox").send().await;
    assert!(page.text().contains(&format!("href=\"{link}\"")), "{}", page.text());
    let (newer, older) = (page.text().find("new@test.com").unwrap(), page.text().find(USER).unwrap());
    assert!(newer < older);
}

#[tokio::test]
async fn a_message_is_shown_alone_as_html_that_loads_and_runs_nothing() {
    let api = TestApi::new().await;
    api.tokens(&json!({ "email": USER })).await;
    let mail = api.mails_to(USER).await.remove(0);
    let name = api.api.outbox().await.unwrap().remove(0).name;
    let path = format!("/outbox/{name}");
    let list = api.get("/outbox").send().await;
    assert!(list.text().contains(&format!("<a href=\"{path}\">Show as HTML</a>")), "{}", list.text());
    assert!(!list.header("content-security-policy").contains("unsafe"));

    let answer = api.get(&path).send().await;
    assert_eq!((answer.status, answer.text()), (StatusCode::OK, mail.html.as_str()));
    let sheet = mail.html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = STANDARD.encode(Sha256::digest(sheet));
    let policy = format!(
        "default-src 'none'; style-src-elem 'sha256-{hash}'; style-src-attr 'unsafe-inline'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    assert_eq!(answer.header("content-security-policy"), policy);
    assert_eq!(
        (answer.header("referrer-policy"), answer.header("cache-control")),
        ("no-referrer", "no-store")
    );
}

#[tokio::test]
async fn a_message_that_is_not_there_is_not_found() {
    let api = TestApi::new().await;
    for name in ["x", "..%2Fcore-api.key", "%FF"] {
        api.get(&format!("/outbox/{name}")).send().await.assert_error(404, "Not Found", "Not Found");
    }
}

#[tokio::test]
async fn the_outbox_says_when_e_mails_go_elsewhere() {
    struct Elsewhere;
    impl Mailer for Elsewhere {
        fn send(&self, _: Message) -> Sending<'_> {
            Box::pin(async { Ok(()) })
        }
    }
    let said = "E-mails go by SMTP.";
    let here = TestApi::new().await.get("/outbox").send().await;
    assert!(!here.text().contains(said));
    let api = TestApi::with(Config { mailer: Some(Arc::new(Elsewhere)), ..Config::in_memory() }).await;
    assert!(api.get("/outbox").send().await.text().contains(said));
}

#[tokio::test]
async fn a_script_gets_the_outbox_as_json() {
    let api = TestApi::new().await;
    api.tokens(&json!({ "email": USER })).await;
    let mail = api.mails_to(USER).await.remove(0);
    let answer = api.get("/outbox").header("accept", "application/json").send().await;
    let item = &answer.json()["items"][0];
    assert_eq!(
        (&item["to"], &item["link"], &item["text"]),
        (&json!(USER), &json!(mail.link), &json!(mail.text))
    );
    assert_eq!(item["sentAt"], "2026-11-21T10:48:52.360Z");
}

#[tokio::test]
async fn nothing_in_a_message_or_a_setting_becomes_markup() {
    let hostile = "\"><script>alert('x')</script>";
    let config = Config {
        app_name: hostile.to_owned(),
        public_origin: format!("http://127.0.0.1:3000/{hostile}"),
        ..Config::in_memory()
    };
    let api = TestApi::with(config).await;
    api.tokens(&json!({ "email": USER })).await;
    let mail = api.mails_to(USER).await.remove(0);
    assert!(!mail.html.contains("<script>"), "{}", mail.html);
    for path in ["/", "/outbox"] {
        let page = api.get(path).send().await;
        assert!(!page.text().contains("<script>"), "{}", page.text());
        assert!(page.text().contains("&quot;&gt;&lt;script&gt;"), "{}", page.text());
    }
}
