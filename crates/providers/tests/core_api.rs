//! The core-API provider with the real core API, in process.

#[expect(clippy::unwrap_used, reason = "fixtures: a failure in one is a failed test")]
mod core_api {
    pub(crate) mod bench;
    mod passkeys;
    mod second_factor;
}
#[allow(dead_code, clippy::unwrap_used, reason = "a fixture, of which other packages use the rest")]
#[path = "../../core-api/tests/http/support/software_passkey.rs"]
mod software_passkey;

use std::sync::Arc;
use std::time::Duration;

use core_api::bench::{Bench, EMAIL, PASSWORD, open};
use ironleaf_auth::conformance::{check, check_over};
use ironleaf_auth::{
    AccountError, Accounts as _, Caller, Clock, EmailAddress, Heads, Provider as _, RefreshOutcome,
    Repetition, SignIn, SignInError, TransportError, system_random,
};
use ironleaf_records::{RecordLimits, Records};
use ironleaf_session::{KeyRing, Sealer};
use ironleaf_store::MemoryStore;

fn address(text: &str) -> EmailAddress {
    EmailAddress::of_record(text)
}

#[tokio::test]
async fn the_provider_conforms_in_front_of_the_real_core_api() {
    check(open).await;
    check_over(open, sealed_heads).await;
}

/// A key for tests, not a secret.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";

#[expect(clippy::unwrap_used, reason = "a fixture: a failure in it is a failed test")]
fn sealed_heads(clock: Clock) -> Arc<dyn Heads> {
    let store = Arc::new(MemoryStore::new(1 << 20, Arc::clone(&clock)));
    let sealer = Sealer::new(KeyRing::parse(TEST_KEY).unwrap(), system_random());
    Arc::new(Records::new(store, sealer, clock, RecordLimits::default()))
}

#[tokio::test]
async fn a_person_signs_in_as_the_core_api_knows_them() {
    let bench = Bench::open().await;
    let signed_in = bench.sign_in(" USER@test.com", PASSWORD).await.unwrap();
    let identity = signed_in.grant.identity.clone().unwrap();
    assert_eq!(identity.email.as_deref(), Some(EMAIL));
    let user = bench.provider.current_user(&bench.calls(&signed_in.grant)).await.unwrap();
    assert_eq!(user, *identity);
    let wrong = bench.sign_in(EMAIL, "not the password").await;
    assert_eq!(wrong.err(), Some(SignInError::InvalidCredentials));
    let short = bench.sign_in(EMAIL, "short").await;
    assert_eq!(short.err(), Some(SignInError::InvalidCredentials));
}

#[tokio::test]
async fn signing_out_leaves_no_token_of_the_family() {
    let bench = Bench::open().await;
    let grant = bench.sign_in(EMAIL, PASSWORD).await.unwrap().grant;
    let grant = bench.renewed(&grant).await;
    let sign_out = bench.provider.sign_out(&Caller::default(), &grant).await;
    assert_eq!(sign_out, Ok(()));
    let stats = bench.api.stats();
    assert_eq!((stats.families_revoked, stats.refreshes_refused), (1, 1));
}

#[tokio::test]
async fn a_lost_answer_costs_nothing_because_the_core_api_recognises_the_repetition() {
    let bench = Bench::open().await;
    let grant = bench.sign_in(EMAIL, PASSWORD).await.unwrap().grant;
    assert!(matches!(bench.provider.repetition(&grant), Repetition::Recognised { .. }));
    bench.lose_answers(true);
    let outcome = bench.provider.refresh(&Caller::default(), &grant).await;
    assert!(matches!(outcome, RefreshOutcome::InDoubt { answered: false, .. }), "{outcome:?}");
    bench.lose_answers(false);
    let renewed = bench.renewed(&grant).await;
    bench.renewed(&renewed).await;
    assert_eq!(bench.api.stats().families_revoked, 0);
}

#[tokio::test]
async fn a_session_follows_an_address_that_was_changed_in_another_browser() {
    let bench = Bench::open().await;
    let seen = bench.sign_in(EMAIL, PASSWORD).await.unwrap();
    let unseen = bench.sign_in(EMAIL, PASSWORD).await.unwrap();
    let asleep = bench.sign_in(EMAIL, PASSWORD).await.unwrap();

    let calls = bench.calls(&seen.grant);
    let id = &seen.grant.identity.clone().unwrap().id;
    let changed = bench.provider.update(&calls, id, Some(&address("New@test.com")), None).await.unwrap();
    assert_eq!(changed.unverified_email.as_deref(), Some("new@test.com"));
    let informed = calls.grant();
    let token = bench.newest_link("new@test.com", "token").await;
    bench.provider.verify_email(&Caller::default(), &token.as_str().into()).await.unwrap();
    bench.provider.verify_email(&Caller::default(), &token.as_str().into()).await.unwrap();

    bench.renewed(&informed).await;
    bench.renewed(&unseen.grant).await;
    bench.advance(Duration::from_mins(21));
    let outcome = bench.provider.refresh(&Caller::default(), &asleep.grant).await;
    assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "the documented loss: {outcome:?}");
    assert_eq!(bench.api.stats().families_revoked, 0);
}

#[tokio::test]
async fn an_account_lives_from_registration_to_deletion() {
    let bench = Bench::open().await;
    let (caller, email) = (Caller::default(), "ada@test.com");
    let register = |email: &'static str, password: &'static str| {
        let (bench, caller) = (&bench, &caller);
        async move { bench.provider.register(caller, &address(email), &password.into()).await }
    };
    let user = register("Ada@test.com", "password1").await.unwrap();
    assert_eq!(user.email.as_deref(), Some(email));
    assert_eq!(register(email, "password1").await, Err(AccountError::EmailTaken));
    let Err(AccountError::Invalid(errors)) = register("nonsense", "short").await else {
        panic!("accepted");
    };
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["email", "password"]);

    let token = bench.newest_link(email, "token").await;
    bench.provider.verify_email(&caller, &token.as_str().into()).await.unwrap();
    let (message, _) = token.rsplit_once('.').unwrap();
    for bad in ["", "garbage", "not.a.token", message, &format!("{token}x"), &format!("{message}.c2ln")] {
        let answer = bench.provider.verify_email(&caller, &bad.into()).await;
        assert_eq!(answer, Err(AccountError::InvalidToken), "{bad}");
    }

    let grant = bench.sign_in(email, "password1").await.unwrap().grant;
    let calls = bench.calls(&grant);
    let stranger = bench.sign_in(EMAIL, PASSWORD).await.unwrap().grant.identity.unwrap().id.clone();
    let forbidden = bench.provider.update(&calls, &stranger, None, Some(&"password2".into())).await;
    assert_eq!(forbidden, Err(AccountError::Forbidden));
    assert_eq!(bench.provider.delete(&calls, &stranger).await, Err(AccountError::Forbidden));
    let conflict = bench.provider.update(&calls, &user.id, Some(&address(EMAIL)), None).await;
    assert_eq!(conflict, Err(AccountError::EmailTaken));

    bench.provider.delete(&calls, &user.id).await.unwrap();
    assert_eq!(bench.provider.current_user(&calls).await, Err(AccountError::SignedOut));
    let gone = bench.sign_in(email, "password1").await;
    assert_eq!(gone.err(), Some(SignInError::InvalidCredentials));
    let outcome = bench.provider.refresh(&caller, &grant).await;
    assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "{outcome:?}");
}

#[tokio::test]
async fn one_person_has_one_account_however_they_type() {
    let bench = Bench::open().await;
    let caller = Caller::default();
    let (typed, password) = ("user@exämple.com", "Grüße aus Köln");
    bench.provider.register(&caller, &address(typed), &password.into()).await.unwrap();
    let again = bench.provider.register(&caller, &address("USER@xn--exmple-cua.com"), &password.into()).await;
    assert_eq!(again, Err(AccountError::EmailTaken));
    for (address, password) in
        [(typed, "Gru\u{308}ße aus Ko\u{308}ln"), ("user@xn--exmple-cua.com", "Grüße\u{a0}aus Köln")]
    {
        let grant = bench.sign_in(address, password).await.unwrap().grant;
        assert_eq!(grant.identity.as_ref().unwrap().email.as_deref(), Some("user@xn--exmple-cua.com"));
        bench.renewed(&grant).await;
    }
}

#[tokio::test]
async fn the_link_of_a_reset_signs_in_once() {
    let bench = Bench::open().await;
    let caller = Caller::default();
    bench.provider.request_password_reset(&caller, &address("User@test.com")).await.unwrap();
    bench.provider.request_password_reset(&caller, &address("nobody@test.com")).await.unwrap();
    let Err(AccountError::Invalid(_)) =
        bench.provider.request_password_reset(&caller, &address("nonsense")).await
    else {
        panic!("accepted");
    };
    let token = bench.newest_link(EMAIL, "token").await;
    let attempt = || SignIn::OneTimeToken { email: address(EMAIL), token: token.as_str().into() };
    let signed_in = bench.provider.sign_in(&caller, attempt(), None).await.unwrap();
    let calls = bench.calls(&signed_in.grant);
    let id = &signed_in.grant.identity.clone().unwrap().id;
    bench.provider.update(&calls, id, None, Some(&"another password".into())).await.unwrap();
    bench.sign_in(EMAIL, "another password").await.unwrap();
    let again = bench.provider.sign_in(&caller, attempt(), None).await;
    assert_eq!(again.err(), Some(SignInError::InvalidCredentials));
}

#[tokio::test]
async fn an_unreachable_core_api_is_said_so() {
    let bench = Bench::open().await;
    let grant = bench.sign_in(EMAIL, PASSWORD).await.unwrap().grant;
    bench.lose_answers(true);
    let calls = bench.calls(&grant);
    let user = bench.provider.current_user(&calls).await;
    assert!(matches!(user, Err(AccountError::Unavailable(_))), "{user:?}");
    let sign_out = bench.provider.sign_out(&Caller::default(), &grant).await;
    assert!(matches!(sign_out, Err(TransportError::Interrupted(_))));
}
