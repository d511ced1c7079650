//! An authenticator app, with its own reading of RFC 6238.

use http::StatusCode;
use serde_json::json;
use totp_rs::{Builder, Secret, Totp};

use super::{PASSWORD, TestApi};

pub(crate) const AUTHENTICATOR: &str = "/v1/user/users/current/authenticator";
pub(crate) const CONFIRMATION: &str = "/v1/user/users/current/authenticator/confirmation";
pub(crate) const RECOVERY_CODES: &str = "/v1/user/users/current/recovery-codes";

pub(crate) struct App {
    totp: Totp,
    /// Of the session that began with it.
    pub(crate) access: String,
}

impl App {
    pub(crate) async fn begin(api: &TestApi, access: &str) -> Self {
        let answer = api.post(AUTHENTICATOR).bearer(access).send().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let secret = Secret::try_from_base32(answer.json()["item"]["secret"].as_str().unwrap()).unwrap();
        Self { totp: Builder::new().with_secret(secret).build().unwrap(), access: access.to_owned() }
    }

    /// What it shows now.
    pub(crate) fn code(&self, api: &TestApi) -> String {
        self.code_in(api, 0)
    }

    /// What it shows so many steps later.
    pub(crate) fn code_in(&self, api: &TestApi, steps: i64) -> String {
        let now = api.clock.secs();
        self.totp.generate(now.checked_add_signed(steps * 30).unwrap()).to_string()
    }

    /// A code that is wrong for minutes.
    pub(crate) fn wrong_code(&self, api: &TestApi) -> String {
        let right: Vec<_> = (-4..=4).map(|steps| self.code_in(api, steps)).collect();
        (0..20).map(|number| format!("{number:06}")).find(|code| !right.contains(code)).unwrap()
    }
}

/// Signs a person in, and enables an app for them. Returns it with the recovery codes.
pub(crate) async fn enable(api: &TestApi, email: &str) -> (App, Vec<String>) {
    let tokens = api.sign_in(email, PASSWORD).await;
    let app = App::begin(api, &tokens.access).await;
    let body = json!({ "code": app.code(api) });
    let answer = api.post(CONFIRMATION).bearer(&tokens.access).json(&body).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let codes = serde_json::from_value(answer.json()["item"]["recoveryCodes"].clone()).unwrap();
    (app, codes)
}
