//! Six scripted in-memory back ends, each with its own wire format. Their providers pass the same conformance suite,
//! which proves that the traits fit them all.

#[expect(clippy::unwrap_used, reason = "fixtures: a failure in one is a failed test")]
mod styles {
    pub(crate) mod better_auth;
    pub(crate) mod commercetools;
    pub(crate) mod core_api;
    pub(crate) mod jwt_sessions;
    pub(crate) mod nest_cookies;
    pub(crate) mod openid_connect;
    pub(crate) mod signing;
    pub(crate) mod wire;
}

use std::future::ready;
use std::sync::Arc;

use async_trait::async_trait;
use ironleaf_auth::conformance::{BackEnd, check, check_over};
use ironleaf_auth::{
    Caller, Clock, Heads, Random, Request, Response, SignIn, SignInError, Transport, TransportError,
    system_clock, system_random,
};
use ironleaf_providers::AccessTransport;
use ironleaf_records::{RecordLimits, Records};
use ironleaf_session::{KeyRing, Sealer};
use ironleaf_store::MemoryStore;
use styles::{better_auth, commercetools, core_api, jwt_sessions, nest_cookies, openid_connect};

#[tokio::test(start_paused = true)]
async fn core_api_as_recorded_conforms() {
    over_both_heads(|clock, random| ready(core_api::open(clock, random, false))).await;
}

#[tokio::test(start_paused = true)]
async fn core_api_with_idempotent_refresh_conforms() {
    over_both_heads(|clock, random| ready(core_api::open(clock, random, true))).await;
}

#[tokio::test(start_paused = true)]
async fn jwt_sessions_conforms() {
    for transport in [AccessTransport::Cookie, AccessTransport::Header] {
        over_both_heads(|clock, random| ready(jwt_sessions::open(clock, random, transport, true))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn jwt_sessions_without_a_reuse_handler_conforms() {
    let transport = AccessTransport::Cookie;
    over_both_heads(|clock, random| ready(jwt_sessions::open(clock, random, transport, false))).await;
}

#[tokio::test(start_paused = true)]
async fn better_auth_conforms() {
    over_both_heads(better_auth::open).await;
}

#[tokio::test(start_paused = true)]
async fn nest_with_cookies_conforms() {
    over_both_heads(nest_cookies::open).await;
}

#[tokio::test(start_paused = true)]
async fn commercetools_conforms() {
    over_both_heads(commercetools::open).await;
}

#[tokio::test(start_paused = true)]
async fn openid_connect_conforms() {
    over_both_heads(openid_connect::open).await;
}

/// Runs the suite with heads in memory, and with sealed heads in a store.
async fn over_both_heads<F, Opening>(open: F)
where
    F: Fn(Clock, Random) -> Opening,
    Opening: Future<Output = Arc<dyn BackEnd>>,
{
    check(&open).await;
    check_over(&open, sealed_heads).await;
}

/// A key for tests, not a secret.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";

#[expect(clippy::unwrap_used, reason = "a fixture: a failure in it is a failed test")]
fn sealed_heads(clock: Clock) -> Arc<dyn Heads> {
    let store = Arc::new(MemoryStore::new(1 << 20, Arc::clone(&clock)));
    let sealer = Sealer::new(KeyRing::parse(TEST_KEY).unwrap(), system_random());
    Arc::new(Records::new(store, sealer, clock, RecordLimits::default()))
}

/// A transport that calls the back end directly.
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

    let guest = provider.sign_in(&caller, SignIn::ClientCredentials, None).await.unwrap();
    let nobody = guest.grant.identity.clone().unwrap();
    assert_eq!((nobody.id.as_str(), nobody.is_guest, nobody.email.as_deref()), ("guest", true, None));

    let attempt = shop.right_credentials(&*provider).await;
    let customer = provider.sign_in(&caller, attempt, Some(&guest.grant)).await.unwrap();
    let somebody = customer.grant.identity.unwrap();
    assert_eq!((somebody.id.as_str(), somebody.is_guest), ("customer", false));
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
        let refused = provider.sign_in(&Caller::default(), attempt, None).await;
        assert_eq!(refused.err(), Some(SignInError::InvalidCredentials));
    }
}
