//! What the provider refuses at a sign-in, and which setting is to be looked at.

use super::*;
use crate::test_log::Log;

#[tokio::test]
async fn each_refusal_has_its_meaning_and_names_the_setting() {
    let world = World::new();
    let log = Log::start();
    let said = || log.text().matches("gave no tokens for a code").count();
    for (at, status) in [400, 401, 403].into_iter().enumerate() {
        world.answers("/token", [oauth_error(status, "invalid_grant")]);
        assert_eq!(world.sign_in().await.err(), Some(SignInError::InvalidCredentials));
        assert_eq!(said(), at + 1, "{}", log.text());
    }
    for status in [400, 401, 403] {
        // The code is right, and the person may not use the application.
        world.answers("/token", [oauth_error(status, "access_denied")]);
        assert_eq!(world.sign_in().await.err(), Some(SignInError::Forbidden), "{status}");
    }
    world.answers("/token", [oauth_error(500, "access_denied")]);
    assert!(matches!(world.sign_in().await, Err(SignInError::Unavailable(_))), "a fault of the provider");
    let wait = Some(Duration::from_secs(7));
    for (answer, retry_after) in [
        (header(text(429, "slow down"), "retry-after", "7"), wait),
        (header(oauth_error(400, "slow_down"), "retry-after", "7"), wait),
        (text(429, ""), None),
    ] {
        world.answers("/token", [answer]);
        assert_eq!(world.sign_in().await.err(), Some(SignInError::TooManyRequests { retry_after }));
    }
    for (code, setting) in [
        ("invalid_client", "OIDC_CLIENT_SECRET"),
        ("unauthorized_client", "refresh tokens"),
        ("redirect_uri_mismatch", "PUBLIC_ORIGIN/auth/callback"),
        ("unsupported_response_type", "OIDC_CLIENT_ID"),
        ("invalid_scope", "OIDC_SCOPES"),
        ("invalid_target", "OIDC_AUDIENCE"),
    ] {
        world.answers("/token", [oauth_error(401, code)]);
        let Err(SignInError::Misconfigured(detail)) = world.sign_in().await else {
            panic!("{code} is neither the person's fault nor an outage");
        };
        assert!(detail.contains(setting) && detail.contains(code), "{detail}");
        assert!(!detail.contains("secret\""), "the provider's own words are not logged: {detail}");
        assert!(!log.text().contains(&detail), "whoever asked logs it, once: {}", log.text());
    }
}

#[tokio::test]
async fn an_error_in_place_of_a_code_is_that_of_the_issuer() {
    let world = World::new();
    let provider = &world.provider;
    assert!(provider.may_have_answered(None), "before the metadata is known");
    for issuer in [ISSUER, &format!("{ISSUER}/")] {
        assert_eq!(provider.may_have_answered(Some(issuer)), issuer == ISSUER, "{issuer}");
    }
    world.describes(|metadata| metadata["authorization_response_iss_parameter_supported"] = true.into());
    provider.warm().await.unwrap();
    assert_eq!([None, Some(ISSUER)].map(|issuer| provider.may_have_answered(issuer)), [false, true]);
}

#[test]
fn an_error_in_place_of_a_code_names_the_setting() {
    let provider = World::new().provider;
    for (error, setting) in [
        ("unauthorized_client", "OIDC_CLIENT_ID"),
        ("unsupported_response_type", "OIDC_CLIENT_ID"),
        ("invalid_scope", "OIDC_SCOPES"),
        ("invalid_target", "OIDC_RESOURCE"),
        ("redirect_uri_mismatch", "PUBLIC_ORIGIN/auth/callback"),
    ] {
        let detail = provider.misconfigured(error).expect(error);
        assert!(detail.contains(setting) && detail.contains(error), "{detail}");
    }
    for error in ["", "access_denied", "login_required", "server_error", "invalid_request_uri", "made_up"] {
        assert_eq!(provider.misconfigured(error), None);
    }
}
