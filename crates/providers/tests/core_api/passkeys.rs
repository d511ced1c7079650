//! Passkeys.

use std::time::Duration;

use ironleaf_auth::{
    AccountAbility, AccountError, Accounts as _, Caller, Grant, PasskeyError, PasskeyRefusal, PasskeyRequest,
    Passkeys as _, Provider as _, SecretText, SignIn, SignInError, SignedIn,
};
use serde_json::Value;

use super::bench::{Bench, EMAIL, PASSWORD};
use crate::software_passkey::Passkey;

fn options(request: &PasskeyRequest) -> Value {
    serde_json::from_str(&request.options).unwrap()
}

/// Adds a passkey, and returns what became of it.
async fn add(bench: &Bench, grant: &Grant, passkey: &mut Passkey) -> Result<(), PasskeyError> {
    let calls = bench.calls(grant);
    let request = bench.provider.begin(&calls).await?;
    let credential = passkey.create(&options(&request)).to_string();
    bench.provider.add(&calls, "My phone", &request.state, &credential.into()).await
}

async fn sign_in(
    bench: &Bench,
    request: &PasskeyRequest,
    passkey: &Passkey,
) -> Result<SignedIn, SignInError> {
    let credential = passkey.get(&options(request)).to_string().into();
    let attempt = SignIn::Passkey { state: request.state.clone(), credential };
    bench.provider.sign_in(&Caller::default(), attempt, None).await
}

#[tokio::test]
async fn a_person_adds_a_passkey_signs_in_with_it_renames_and_removes_it() {
    let bench = Bench::open().await;
    let (provider, grant) = (&bench.provider, bench.sign_in(EMAIL, PASSWORD).await.unwrap().grant);
    let calls = bench.calls(&grant);
    assert!(provider.offers(AccountAbility::Passkeys) && provider.passkeys().is_some());
    assert_eq!(provider.list(&calls).await, Ok(Vec::new()));
    let mut passkey = Passkey::new("a");
    add(&bench, &grant, &mut passkey).await.unwrap();

    bench.advance(Duration::from_mins(1));
    let request = provider.begin_sign_in(&Caller::default()).await.unwrap();
    let signed_in = sign_in(&bench, &request, &passkey).await.unwrap();
    assert_eq!(signed_in.grant.identity.as_ref().unwrap().email.as_deref(), Some(EMAIL));
    bench.renewed(&signed_in.grant).await;
    let again = sign_in(&bench, &request, &passkey).await;
    assert_eq!(again.err(), Some(SignInError::ChallengeOver));

    let known = provider.list(&calls).await.unwrap();
    assert_eq!((known.len(), known[0].name.as_str()), (1, "My phone"));
    assert_eq!(known[0].last_used_at, Some(bench.now()));
    assert!(known[0].is_backed_up && !known[0].is_blocked);
    provider.rename(&calls, &known[0].id, "Work").await.unwrap();
    assert_eq!(provider.list(&calls).await.unwrap()[0].name, "Work");
    provider.remove(&calls, &known[0].id).await.unwrap();
    let gone = Err(PasskeyError::Refused(PasskeyRefusal::Gone));
    assert_eq!(provider.remove(&calls, &known[0].id).await, gone);
    assert_eq!(provider.rename(&calls, &known[0].id, "Work").await, gone);
    let request = provider.begin_sign_in(&Caller::default()).await.unwrap();
    assert_eq!(sign_in(&bench, &request, &passkey).await.err(), Some(SignInError::InvalidCredentials));
}

#[tokio::test]
async fn each_refusal_has_its_meaning() {
    let bench = Bench::open().await;
    let grant = bench.sign_in(EMAIL, PASSWORD).await.unwrap().grant;
    let refused = |refusal| Err(PasskeyError::Refused(refusal));
    add(&bench, &grant, &mut Passkey::new("a")).await.unwrap();
    assert_eq!(add(&bench, &grant, &mut Passkey::new("a")).await, refused(PasskeyRefusal::Known));
    let mut foreign = Passkey::new("b");
    foreign.origin = "http://localhost:3001".to_owned();
    assert_eq!(add(&bench, &grant, &mut foreign).await, refused(PasskeyRefusal::NotAccepted));
    let calls = bench.calls(&grant);
    let nonsense = bench.provider.add(&calls, "a", &"state".into(), &"no JSON".into()).await;
    assert_eq!(nonsense, refused(PasskeyRefusal::NotAccepted));
    let over = bench.provider.add(&calls, "a", &"state".into(), &"{}".into()).await;
    assert_eq!(over, refused(PasskeyRefusal::Over));
    let unnamed = bench.provider.add(&calls, "", &"state".into(), &"{}".into()).await;
    assert!(matches!(unnamed, Err(PasskeyError::Account(_))), "{unnamed:?}");
    for number in 1..20 {
        add(&bench, &grant, &mut Passkey::new(&number.to_string())).await.unwrap();
    }
    assert_eq!(add(&bench, &grant, &mut Passkey::new("c")).await, refused(PasskeyRefusal::TooMany));

    let address = ironleaf_auth::EmailAddress::of_record("new@test.com");
    bench.provider.register(&Caller::default(), &address, &PASSWORD.into()).await.unwrap();
    let unverified = bench.sign_in("new@test.com", PASSWORD).await.unwrap().grant;
    let answer = add(&bench, &unverified, &mut Passkey::new("d")).await;
    assert_eq!(answer, refused(PasskeyRefusal::Unverified));
    let attempt = SignIn::Passkey { state: "state".into(), credential: "no JSON".into() };
    let nonsense = bench.provider.sign_in(&Caller::default(), attempt, None).await;
    assert_eq!(nonsense.err(), Some(SignInError::InvalidCredentials));
}

#[tokio::test]
async fn an_api_that_cannot_be_reached_refuses_nobody() {
    let bench = Bench::open().await;
    let grant = bench.sign_in(EMAIL, PASSWORD).await.unwrap().grant;
    let request = bench.provider.begin_sign_in(&Caller::default()).await.unwrap();
    bench.lose_answers(true);
    let signed_in = sign_in(&bench, &request, &Passkey::new("a")).await;
    assert!(matches!(signed_in, Err(SignInError::Unavailable(_))), "{signed_in:?}");
    assert!(bench.provider.begin_sign_in(&Caller::default()).await.is_err());
    let added = add(&bench, &grant, &mut Passkey::new("a")).await;
    assert!(matches!(added, Err(PasskeyError::Account(_))), "{added:?}");
}

#[tokio::test]
async fn an_api_without_the_calls_is_unavailable_and_nobody_lost_a_passkey() {
    let bench = Bench::open().await;
    let grant = bench.sign_in(EMAIL, PASSWORD).await.unwrap().grant;
    let (provider, calls) = (&bench.provider, bench.calls(&grant));
    bench.answer_not_found(true);
    let (state, credential) = (SecretText::from("state"), SecretText::from("{}"));
    let added = provider.add(&calls, "a", &state, &credential).await;
    let begun = provider.begin(&calls).await.map(|_| ());
    for answer in [added, begun] {
        assert!(matches!(answer, Err(PasskeyError::Account(AccountError::Unavailable(_)))), "{answer:?}");
    }
    let listed = provider.list(&calls).await;
    assert!(matches!(listed, Err(AccountError::Unavailable(_))), "{listed:?}");
    let sign_in = provider.begin_sign_in(&Caller::default()).await;
    assert!(matches!(sign_in, Err(AccountError::Unavailable(_))), "{sign_in:?}");
    let gone = Err(PasskeyError::Refused(PasskeyRefusal::Gone));
    assert_eq!(provider.remove(&calls, "1").await, gone);
    assert_eq!(provider.rename(&calls, "1", "a").await, gone);
}
