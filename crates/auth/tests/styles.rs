//! Six back ends, scripted in memory in their own wire formats, and their providers pass the one conformance suite:
//! the proof that the traits fit them all.

#[expect(clippy::unwrap_used, reason = "fixtures: a failure in one is a failed test")]
mod styles {
    pub(crate) mod better_auth;
    pub(crate) mod commercetools;
    pub(crate) mod core_api;
    pub(crate) mod jwt_sessions;
    pub(crate) mod nest_cookies;
    pub(crate) mod openid_connect;
    pub(crate) mod wire;
}

use std::future::ready;
use std::sync::Arc;

use async_trait::async_trait;
use ironleaf_auth::conformance::{BackEnd, check};
use ironleaf_auth::{
    Caller, Request, Response, SignIn, SignInError, Transport, TransportError, system_clock, system_random,
};
use styles::{better_auth, commercetools, core_api, jwt_sessions, nest_cookies, openid_connect};

#[tokio::test]
async fn core_api_as_recorded_conforms() {
    check(|clock, random| ready(core_api::open(clock, random, false))).await;
}

#[tokio::test]
async fn core_api_with_idempotent_refresh_conforms() {
    check(|clock, random| ready(core_api::open(clock, random, true))).await;
}

#[tokio::test]
async fn jwt_sessions_conforms() {
    check(jwt_sessions::open).await;
}

#[tokio::test]
async fn better_auth_conforms() {
    check(better_auth::open).await;
}

#[tokio::test]
async fn nest_with_cookies_conforms() {
    check(nest_cookies::open).await;
}

#[tokio::test]
async fn commercetools_conforms() {
    check(commercetools::open).await;
}

#[tokio::test]
async fn openid_connect_conforms() {
    check(openid_connect::open).await;
}

/// The back end as a transport, with nothing in between.
struct Direct(Arc<dyn BackEnd>);

#[async_trait]
impl Transport for Direct {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        Ok(self.0.answer(request).await)
    }
}

#[tokio::test]
async fn a_guest_is_told_apart_from_a_customer() {
    let shop = commercetools::open(system_clock(), system_random()).await;
    let provider = shop.provider(Arc::new(Direct(Arc::clone(&shop))));
    let caller = Caller::default();

    let guest = provider.sign_in(&caller, SignIn::ClientCredentials).await.unwrap();
    assert_eq!(guest.identity.id, "guest");
    assert!(guest.grant.field(commercetools::GUEST).is_some());

    let attempt = shop.right_credentials(&*provider).await;
    let customer = provider.sign_in(&caller, attempt).await.unwrap();
    assert_eq!(customer.identity.id, "customer");
    assert!(customer.grant.field(commercetools::GUEST).is_none());
}

#[tokio::test]
async fn an_answer_of_another_issuer_or_for_another_redirect_signs_nobody_in() {
    let issuer = openid_connect::open(system_clock(), system_random()).await;
    let provider = issuer.provider(Arc::new(Direct(Arc::clone(&issuer))));
    for spoil in [
        (|attempt| match attempt {
            SignIn::AuthorizationCode { issuer, .. } => *issuer = Some("http://evil.test".to_owned()),
            _ => panic!("not a code"),
        }) as fn(&mut SignIn),
        |attempt| match attempt {
            SignIn::AuthorizationCode { nonce, .. } => *nonce = Some("of another redirect".into()),
            _ => panic!("not a code"),
        },
    ] {
        let mut attempt = issuer.right_credentials(&*provider).await;
        spoil(&mut attempt);
        let refused = provider.sign_in(&Caller::default(), attempt).await;
        assert_eq!(refused.err(), Some(SignInError::InvalidCredentials));
    }
}
