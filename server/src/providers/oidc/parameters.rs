//! `OIDC_AUTHORIZATION_PARAMS`: further parameters of the authorization request.

use std::fmt;

use url::form_urlencoded;

use crate::config::Reader;

/// Parameters of the authorization request that the application sends itself, or that would change what it relies on.
/// Each with what to do instead.
const RESERVED: [(&str, &str); 17] = [
    ("response_type", ""),
    ("response_mode", ""),
    ("client_id", ": OIDC_CLIENT_ID has it"),
    ("client_secret", ": OIDC_CLIENT_SECRET has it, and it must not be in an address"),
    ("client_assertion", ""),
    ("client_assertion_type", ""),
    ("redirect_uri", ": it is PUBLIC_ORIGIN and /auth/callback"),
    ("scope", ": use OIDC_SCOPES"),
    ("state", ""),
    ("nonce", ""),
    ("code_challenge", ""),
    ("code_challenge_method", ""),
    ("max_age", ""),
    ("login_hint", ""),
    ("request", ""),
    ("request_uri", ""),
    ("id_token_hint", ""),
];

/// Reads form-encoded pairs.
pub(super) fn parameters(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// The pairs for people: form-encoded.
pub(super) struct Parameters<'a>(pub(super) &'a [(String, String)]);

impl fmt::Display for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = form_urlencoded::Serializer::new(String::new());
        f.write_str(&text.extend_pairs(self.0).finish())
    }
}

pub(super) fn check(parameters: &[(String, String)], read: &mut Reader<'_>) {
    for (name, value) in parameters {
        if let Some((_, instead)) = RESERVED.iter().find(|(reserved, _)| reserved == name) {
            read.problem(format!(
                "OIDC_AUTHORIZATION_PARAMS has `{name}`, which is not for the settings{instead}"
            ));
        }
        if name == "audience" || name == "resource" {
            let variable = name.to_ascii_uppercase();
            read.problem(format!("OIDC_AUTHORIZATION_PARAMS has `{name}`: use OIDC_{variable}"));
        }
        if name == "prompt" && !["consent", "login", "select_account"].contains(&value.as_str()) {
            read.problem(format!(
                "OIDC_AUTHORIZATION_PARAMS has prompt=`{value}`: it may be consent, login or select_account"
            ));
        }
        if name.is_empty() {
            read.problem("OIDC_AUTHORIZATION_PARAMS has a value without a name: write name=value&name=value");
        }
    }
}
