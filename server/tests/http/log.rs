//! What a test has written to the log, and what must not be in it.

use std::cell::RefCell;
use std::io::Write;

use crate::world::{TOKEN_MARK, World};

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Each test has its own thread, and its runtime has no other. A subscriber per thread would be enough. But tracing
/// caches a log line's interest, and asks only the first thread that reaches the line.
struct ThreadLog;

impl Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Starts to keep the log of this test. The first call does so for all tests.
pub(crate) fn keep() {
    let filter = tracing_subscriber::EnvFilter::new("debug,sqlx=off");
    let _ = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_env_filter(filter)
        .with_writer(|| ThreadLog)
        .try_init();
}

/// The log of this test so far.
pub(crate) fn of_this_test() -> String {
    LOG.with_borrow(|log| String::from_utf8_lossy(log).into_owned())
}

#[tokio::test]
async fn the_log_has_neither_query_nor_form_nor_cookie() {
    keep();
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    browser.get("/login?email=user@test.com&token=one-time-secret&action=password").await;
    browser.get("/account?tab=query-secret").await;
    browser.get("/nowhere?tab=query-secret").await;
    browser.post("/api/set-theme?x=query-secret", "theme=form-secret").await;
    browser.post("/api/update-account", "email=form-secret&password=hunter2secret&confirm_password=x").await;
    world.browser().sign_in("user@test.com", "hunter2secret").await;
    let session = browser.session().unwrap().clone();
    let mut altered = world.browser();
    altered
        .cookies
        .insert(crate::browser::SESSION.to_owned(), format!("{}AAAA", &session[..session.len() - 4]));
    altered.get("/account").await;
    world.advance(std::time::Duration::from_mins(21));
    browser.get("/account").await;
    browser.post("/api/sign-out", "").await;

    let log = of_this_test();
    assert!(log.contains("/account") && log.contains("answered"), "nothing was logged: {log}");
    let mut secrets = ironleaf_core_api::leak_patterns(TOKEN_MARK);
    secrets.extend(["-secret", "hunter2", "user@test.com", &session[20..60]].map(str::to_owned));
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log: {log}");
    }
}
