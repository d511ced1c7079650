//! What a data folder keeps from one start to the next.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::{Method, StatusCode};
use ironleaf_core_api::{
    Config, CoreApi, MailError, MailRetries, Mailer, Message, OpenError, PasswordCost, Sending,
};
use serde_json::json;

use crate::support::{
    PASSWORD, TestApi, USER,
    authenticator::{AUTHENTICATOR, enable},
};

fn config(folder: &Path) -> Config {
    Config { password_cost: PasswordCost::FOR_TESTS, ..Config::development(folder) }
}

#[tokio::test]
async fn the_next_start_finds_people_sessions_keys_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let first = TestApi::with(config(folder.path())).await;
    let person = first.register("new@test.com").await;
    let used = first.sign_in(USER, PASSWORD).await;
    let keyed = |api: &TestApi, token: &str| {
        let body = json!({ "email": USER, "refreshToken": token });
        api.clone().post_keyed("/v1/auth/tokens", "key-1", body)
    };
    let answer = keyed(&first, &used.refresh).await;
    let jwks = first.get("/v1/auth/jwks").send().await.json();

    // The first one is not closed, because a crash does not close anything either.
    let second = TestApi::with(config(folder.path())).await;
    assert_eq!(second.get("/v1/auth/jwks").send().await.json(), jwks);
    assert_eq!(second.user(&person.access).await["email"], "new@test.com");
    assert_eq!(second.refresh("new@test.com", &person.refresh).await.status, StatusCode::CREATED);
    assert_eq!(keyed(&second, &used.refresh).await.bytes, answer.bytes);
    let reused = second.refresh(USER, &used.refresh).await;
    reused.assert_error(401, "Invalid credentials", "Unauthorized");
    let family = first.refresh(USER, &answer.into_tokens().refresh).await;
    family.assert_error(401, "Invalid credentials", "Unauthorized");
}

#[tokio::test]
async fn a_second_start_seeds_nobody_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = TestApi::with(config(folder.path())).await;
    let tokens = first.sign_in(USER, PASSWORD).await;
    let user = first.user(&tokens.access).await;
    let id = user["id"].as_str().unwrap().to_owned();
    let user = first.patch_user(&id, &tokens.access, &json!({ "password": "a new password" })).await;

    let second = TestApi::with(config(folder.path())).await;
    let old = json!({ "email": USER, "password": PASSWORD });
    second.tokens(&old).await.assert_error(401, "Invalid credentials", "Unauthorized");
    let tokens = second.sign_in(USER, "a new password").await;
    assert_eq!(second.user(&tokens.access).await, user);
}

#[tokio::test]
async fn tokens_and_passwords_are_nowhere_in_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let mark = "LEAKMARK42";
    let api = TestApi::with(Config { token_mark: Some(mark.to_owned()), ..config(folder.path()) }).await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    api.clone()
        .post_keyed("/v1/auth/tokens", "key-1", json!({ "email": USER, "refreshToken": tokens.refresh }))
        .await;
    api.register("new@test.com").await;
    let token = api.mailed_token("new@test.com").await;
    api.verify(&token).await;
    let patterns = ironleaf_core_api::leak_patterns(mark);
    for name in ["core-api.sqlite3", "core-api.sqlite3-wal"] {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains(USER) || name.ends_with("sqlite3"), "{name} is what is searched");
        assert!(!patterns.iter().any(|pattern| text.contains(pattern)), "a token in {name}");
        assert!(!text.contains(PASSWORD) && !text.contains("key-1"), "a secret in {name}");
    }
}

/// How many events there are, of whomever.
fn db_events(folder: &Path) -> i64 {
    let database = rusqlite::Connection::open(folder.join("core-api.sqlite3")).unwrap();
    database.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap()
}

/// SECURITY: whoever asks right after a refused sign-in would otherwise learn from the time whether the account exists.
#[tokio::test]
async fn a_refused_sign_in_writes_the_same_for_an_unknown_address_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let api = TestApi::with(config(folder.path())).await;
    let log = folder.path().join("core-api.sqlite3-wal");
    let written = async |email: &str| {
        let before = std::fs::metadata(&log).unwrap().len();
        let refused = api.tokens(&json!({ "email": email, "password": "not this one" })).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        api.api.settled().await;
        std::fs::metadata(&log).unwrap().len() - before
    };
    // The known one has as many events of this kind as are kept, so one is deleted each time, too.
    for _ in 0..25 {
        written(USER).await;
    }
    let (known, unknown) = (written(USER).await, written("nobody@test.com").await);
    assert!(known > 0 && known == unknown, "{known} and {unknown} bytes");

    assert_eq!(db_events(folder.path()), 20, "those of the known address");
}

#[cfg(unix)]
#[tokio::test]
async fn secrets_are_for_their_owner_only() {
    use std::{fs, os::unix::fs::PermissionsExt};

    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data/core");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let api = TestApi::with(config(&data_dir)).await;
    api.tokens(&json!({ "email": USER })).await;
    api.api.settled().await;
    let key = data_dir.join("core-api.key");
    assert_eq!((mode(&data_dir), mode(&key), mode(&data_dir.join("outbox"))), (0o700, 0o600, 0o700));
    for name in ["core-api.sqlite3", "core-api.sqlite3-wal"] {
        assert_eq!(mode(&data_dir.join(name)), 0o600, "{name}");
    }
    let mails: Vec<_> =
        fs::read_dir(data_dir.join("outbox")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!((mails.len(), mode(&mails[0])), (1, 0o600));
    assert!(mails[0].extension().is_some_and(|extension| extension == "json"));

    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    TestApi::with(config(&data_dir)).await;
    assert_eq!(mode(&key), 0o600, "tightened again");
}

#[tokio::test]
async fn a_damaged_key_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("core-api.key"), "half a key").unwrap();
    assert!(matches!(CoreApi::open(config(folder.path())).await, Err(OpenError::DataDir(_))));
}

#[tokio::test]
async fn recovery_codes_are_good_with_another_key_although_the_app_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = TestApi::with(config(folder.path())).await;
    let (_, codes) = enable(&first, USER).await;
    std::fs::remove_file(folder.path().join("core-api.key")).unwrap();

    let second = TestApi::with(config(folder.path())).await;
    let challenged = second.tokens(&json!({ "email": USER, "password": PASSWORD })).await;
    let challenge = challenged.json()["challenge"].clone();
    let with = async |code: &str| second.tokens(&json!({ "challenge": challenge, "code": code })).await;
    with("never-a-code").await.assert_error(401, "Invalid credentials", "Unauthorized");
    let tokens = with(&codes[0]).await.into_tokens();

    let shown = second.get(AUTHENTICATOR).bearer(&tokens.access).send().await;
    assert_eq!(shown.json()["item"]["recoveryCodesLeft"], 9, "{shown:?}");
    assert_eq!(shown.json()["item"]["enabled"], true);
    let delete = second.request(Method::DELETE, AUTHENTICATOR).bearer(&tokens.access);
    let deleted = delete.json(&json!({ "code": codes[1] })).send().await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{deleted:?}");
    enable(&second, USER).await;
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused() {
    use std::time::Duration;

    let broken = [
        Config { access_token_ttl: Duration::ZERO, ..Config::in_memory() },
        Config { refresh_token_ttl: Duration::from_millis(1500), ..Config::in_memory() },
        Config { concurrent_hashes: 0, ..Config::in_memory() },
        Config { token_mark: Some("a;b".to_owned()), ..Config::in_memory() },
        Config {
            mail_retries: MailRetries { first: Duration::ZERO, ..MailRetries::default() },
            ..Config::in_memory()
        },
    ];
    for config in broken {
        assert!(matches!(CoreApi::open(config).await, Err(OpenError::Config(_))));
    }
}

/// A mail server that can be down.
struct Flaky {
    down: AtomicBool,
    sent: std::sync::Mutex<Vec<Message>>,
}

impl Mailer for Flaky {
    fn send(&self, message: Message) -> Sending<'_> {
        Box::pin(async move {
            if self.down.load(Ordering::SeqCst) {
                return Err(MailError::new("the mail server is down"));
            }
            self.sent.lock().unwrap().push(message);
            Ok(())
        })
    }
}

#[tokio::test]
async fn an_e_mail_that_could_not_be_sent_is_sent_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = Arc::new(Flaky { down: AtomicBool::new(true), sent: std::sync::Mutex::default() });
    let config = || Config { mailer: Some(mailer.clone()), ..config(folder.path()) };
    let first = TestApi::with(config()).await;
    first.register("new@test.com").await;
    first.tokens(&json!({ "email": USER })).await;
    first.api.settled().await;
    assert_eq!(mailer.sent.lock().unwrap().len(), 0);

    mailer.down.store(false, Ordering::SeqCst);
    for _ in 0..2 {
        let next = TestApi::with(config()).await;
        next.api.settled().await;
        assert_eq!(mailer.sent.lock().unwrap().len(), 2, "sent, and not sent twice");
    }
}

#[tokio::test]
async fn what_an_owner_must_know_is_sent_even_if_the_account_is_deleted_before() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = Arc::new(Flaky { down: AtomicBool::new(false), sent: std::sync::Mutex::default() });
    let config = || Config { mailer: Some(mailer.clone()), ..config(folder.path()) };
    let api = TestApi::with(config()).await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let id = api.user_id(&tokens.access).await;
    api.patch_user(&id, &tokens.access, &json!({ "email": "new@test.com" })).await;
    api.api.settled().await;
    let link = mailer.sent.lock().unwrap().pop().unwrap().link;
    mailer.down.store(true, Ordering::SeqCst);
    api.verify(link.split_once("token=").unwrap().1).await;
    api.patch_user(&id, &tokens.access, &json!({ "email": "third@test.com" })).await;
    let path = format!("/v1/user/users/{id}");
    let deleted = api.request(Method::DELETE, &path).bearer(&tokens.access).send().await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    api.api.settled().await;

    mailer.down.store(false, Ordering::SeqCst);
    TestApi::with(config()).await.api.settled().await;
    let sent = mailer.sent.lock().unwrap();
    let mut sent: Vec<_> = sent.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    sent.sort_unstable();
    let (changed, deleted) =
        ("Your e-mail address has been changed · Ironleaf", "Your account has been deleted · Ironleaf");
    assert_eq!(sent, [("new@test.com", deleted), (USER, deleted), (USER, changed)]);
}

#[tokio::test]
async fn an_e_mail_that_nobody_takes_for_a_day_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = Arc::new(Flaky { down: AtomicBool::new(true), sent: std::sync::Mutex::default() });
    let config = || Config { mailer: Some(mailer.clone()), ..config(folder.path()) };
    let first = TestApi::with(config()).await;
    first.tokens(&json!({ "email": USER })).await;
    first.api.settled().await;
    first.clock.advance(MailRetries::default().give_up_after);
    first.register("new@test.com").await;
    first.api.settled().await;

    let clock = first.clock.clock();
    let second = CoreApi::open(Config { clock: clock.clone(), ..config() }).await.unwrap();
    second.settled().await;
    mailer.down.store(false, Ordering::SeqCst);
    let third = CoreApi::open(Config { clock, ..config() }).await.unwrap();
    third.settled().await;
    let sent = mailer.sent.lock().unwrap();
    assert_eq!(sent.iter().map(|message| message.to.as_str()).collect::<Vec<_>>(), ["new@test.com"]);
}
