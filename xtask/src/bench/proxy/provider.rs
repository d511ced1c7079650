//! The OpenID provider of both sides: npm oidc-provider (`end2end/peers/oidc-provider`).

use std::net::SocketAddr;
use std::process::Command;

use super::browser::{Browser, Page};
use crate::bench::program::{Program, free_address};
use crate::failure::{Failure, Result};
use crate::{npm, workspace};

pub(super) const CLIENT_ID: &str = "ironleaf";
/// For measurements only.
pub(super) const CLIENT_SECRET: &str = "a-secret-for-measuring";
/// The provider's name on the button of Ironleaf.
const NAME: &str = "Example SSO";
const PERSON: &str = "Continue as Ada Admin";

/// How often a refresh token can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefreshTokens {
    /// A second use ends the grant (RFC 9700, section 4.14.2).
    Once,
    Often,
}

pub(super) struct Provider {
    /// Answers at its control address.
    process: Program,
    address: SocketAddr,
}

impl Provider {
    /// Starts it for applications with these addresses to come back to.
    ///
    /// # Errors
    ///
    /// If Node or a package is missing, or it does not start.
    pub(super) fn start(
        redirect_uris: &[String],
        access_token_secs: u64,
        refresh_tokens: RefreshTokens,
    ) -> Result<Self> {
        let folder = workspace::end2end().join("peers/oidc-provider");
        npm::install(&folder, "The providers")?;
        let [address, control] = [free_address()?, free_address()?];
        let rotation = match refresh_tokens {
            RefreshTokens::Once => "always",
            RefreshTokens::Often => "never",
        };
        let mut command = npm::program(&folder, "node", ["server.mjs"]);
        command
            .env("LISTEN", address.to_string())
            .env("CONTROL", control.to_string())
            .env("ISSUER", issuer(address))
            .env("CLIENT_ID", CLIENT_ID)
            .env("CLIENT_SECRET", CLIENT_SECRET)
            .env("REDIRECT_URI", redirect_uris.join(" "))
            .env("ACCESS_TOKEN_TTL", access_token_secs.to_string())
            .env("ROTATION", rotation);
        Ok(Self { process: Program::start(&mut command, control, "/ready")?, address })
    }

    pub(super) fn issuer(&self) -> String {
        issuer(self.address)
    }

    /// Where a token is shown to learn whether it lives. The provider knows itself by the host of its issuer.
    pub(super) fn userinfo(&self) -> String {
        format!("{}/me", self.issuer())
    }

    /// Tells Ironleaf of it.
    pub(super) fn introduce(&self, application: &mut Command) {
        application
            .env("PROVIDER", "oidc")
            .env("OIDC_ISSUER", self.issuer())
            .env("OIDC_CLIENT_ID", CLIENT_ID)
            .env("OIDC_CLIENT_SECRET", CLIENT_SECRET)
            .env("OIDC_NAME", NAME);
    }

    /// How often somebody has asked for new tokens with a refresh token, also in vain.
    ///
    /// # Errors
    ///
    /// If it does not say so.
    pub(super) fn refreshes(&self) -> Result<u64> {
        let counts = self.process.get("/counts", &[])?;
        refreshes(&counts.text()).ok_or_else(|| {
            Failure::new(format!("The provider does not say how often it was asked: {}", counts.text()))
        })
    }
}

/// Browsers share cookies between the ports of a host, so the provider has another host than the applications.
fn issuer(address: SocketAddr) -> String {
    format!("http://localhost:{}", address.port())
}

/// A grant that nobody has used is not counted.
fn refreshes(counts: &str) -> Option<u64> {
    let counts: serde_json::Value = serde_json::from_str(counts).ok()?;
    let of_tokens = counts.get("token")?.as_object()?;
    of_tokens.get("refresh_token").map_or(Some(0), serde_json::Value::as_u64)
}

/// Signs in at Ironleaf, and returns the browser.
///
/// # Errors
///
/// If a step of the way is missing.
pub(super) fn sign_in_at_ironleaf(address: SocketAddr) -> Result<Browser> {
    let mut browser = Browser::default();
    let page = browser.open(&format!("http://{address}/login?return_to=/account"))?;
    let page = browser.press(&page, &format!("Continue with {NAME}"))?;
    chosen(&mut browser, &page)?.expect("/account")?;
    Ok(browser)
}

/// Signs in at a server that leads to the provider by itself, and back to `path`.
///
/// # Errors
///
/// If a step of the way is missing.
pub(super) fn sign_in_at(address: SocketAddr, path: &str) -> Result<Browser> {
    let mut browser = Browser::default();
    let page = browser.open(&format!("http://{address}{path}"))?;
    chosen(&mut browser, &page)?.expect(path)?;
    Ok(browser)
}

fn chosen(browser: &mut Browser, page: &Page) -> Result<Page> {
    browser.press(page, PERSON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refreshes_are_counted_from_the_first() {
        assert_eq!(refreshes(r#"{"jwks":1,"token":{"authorization_code":1,"refresh_token":7}}"#), Some(7));
        assert_eq!(refreshes(r#"{"jwks":1,"token":{}}"#), Some(0));
        assert_eq!(refreshes(r#"{"jwks":1}"#), None);
        assert_eq!(refreshes("<h1>503</h1>"), None);
    }
}
