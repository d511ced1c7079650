//! Signing in with a second step.

use std::time::{Duration, SystemTime};

use ironleaf_auth::{
    AccountAbility, AccountError, Accounts as _, Caller, Challenge, EmailAddress, Enrolment, Grant,
    Provider as _, SecondFactor as _, SecondFactorState, SecretText, SignIn, SignInError, SignedIn,
};
use totp_rs::{Builder, Secret};

use super::bench::{Bench, EMAIL, PASSWORD};

const STEP: Duration = Duration::from_secs(30);

/// What the app of a person shows now.
fn code(bench: &Bench, app: &Enrolment) -> SecretText {
    let secret = Secret::try_from_base32(app.secret.expose()).unwrap();
    let now = bench.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    Builder::new().with_secret(secret).build().unwrap().generate(now).to_string().into()
}

/// Sets an app up for a person, and returns the grant that it was done with, the app and the recovery codes.
async fn enabled(bench: &Bench) -> (Grant, Enrolment, Vec<SecretText>) {
    let grant = bench.sign_in(EMAIL, PASSWORD).await.unwrap().grant;
    let calls = bench.calls(&grant);
    bench.provider.current_user(&calls).await.unwrap();
    let app = bench.provider.begin(&calls).await.unwrap();
    let codes = bench.provider.enable(&calls, &code(bench, &app)).await.unwrap();
    bench.advance(STEP);
    (grant, app, codes)
}

#[track_caller]
fn challenge(outcome: Result<SignedIn, SignInError>) -> Challenge {
    match outcome {
        Err(SignInError::Challenged(challenge)) => challenge,
        other => panic!("no challenge: {other:?}"),
    }
}

async fn complete(bench: &Bench, challenge: &Challenge, code: &SecretText) -> Result<SignedIn, SignInError> {
    let attempt = SignIn::SecondFactor { challenge: challenge.token.clone(), code: code.clone() };
    bench.provider.sign_in(&Caller::default(), attempt, None).await
}

#[tokio::test]
async fn a_code_completes_a_sign_in_once() {
    let bench = Bench::open().await;
    let (_, app, codes) = enabled(&bench).await;
    let asked = challenge(bench.sign_in(EMAIL, PASSWORD).await);
    assert!(asked.takes_recovery_codes);
    let wrong = complete(&bench, &asked, &"0000-0000-0000-0000".into()).await;
    assert_eq!(wrong.err(), Some(SignInError::InvalidCredentials));
    let signed_in = complete(&bench, &asked, &code(&bench, &app)).await.unwrap();
    assert_eq!(signed_in.grant.identity.as_ref().unwrap().email.as_deref(), Some(EMAIL));
    let over = complete(&bench, &asked, &codes[0]).await;
    assert_eq!(over.err(), Some(SignInError::ChallengeOver));
    bench.renewed(&signed_in.grant).await;
}

#[tokio::test]
async fn too_many_wrong_codes_have_to_wait() {
    let bench = Bench::open().await;
    let (_, app, codes) = enabled(&bench).await;
    let asked = challenge(bench.sign_in(EMAIL, PASSWORD).await);
    let right = code(&bench, &app);
    let wrong: SecretText = if right.expose() == "123456" { "654321".into() } else { "123456".into() };
    let mut last = None;
    for _ in 0..6 {
        last = complete(&bench, &asked, &wrong).await.err();
    }
    assert_eq!(last, Some(SignInError::TooManyRequests { retry_after: Some(STEP) }));
    complete(&bench, &asked, &codes[0]).await.unwrap();
}

#[tokio::test]
async fn a_link_is_followed_by_a_code() {
    let bench = Bench::open().await;
    let (_, app, _) = enabled(&bench).await;
    let email = EmailAddress::of_record(EMAIL);
    bench.provider.request_password_reset(&Caller::default(), &email).await.unwrap();
    let token = bench.newest_link(EMAIL, "token").await;
    let attempt = SignIn::OneTimeToken { email, token: token.into() };
    let asked = challenge(bench.provider.sign_in(&Caller::default(), attempt, None).await);
    complete(&bench, &asked, &code(&bench, &app)).await.unwrap();
}

#[tokio::test]
async fn whoever_is_signed_in_confirms_with_the_password_alone() {
    let bench = Bench::open().await;
    let (grant, ..) = enabled(&bench).await;
    let attempt = || SignIn::Password { email: EmailAddress::of_record(EMAIL), password: PASSWORD.into() };
    let caller = Caller::default();
    bench.provider.sign_in(&caller, attempt(), Some(&grant)).await.unwrap();
    bench.provider.sign_in_and_end_others(&caller, attempt(), Some(&grant)).await.unwrap();
    let stranger = bench.sign_in("admin@test.com", PASSWORD).await.unwrap().grant;
    challenge(bench.provider.sign_in(&caller, attempt(), Some(&stranger)).await);
    bench.advance(Duration::from_mins(20));
    challenge(bench.provider.sign_in(&caller, attempt(), Some(&grant)).await);
}

#[tokio::test]
async fn a_person_sets_it_up_renews_it_and_disables_it() {
    let bench = Bench::open().await;
    let grant = bench.sign_in(EMAIL, PASSWORD).await.unwrap().grant;
    let (provider, calls) = (&bench.provider, bench.calls(&grant));
    assert!(!provider.offers(AccountAbility::SecondFactor), "nobody has said so yet");
    provider.current_user(&calls).await.unwrap();
    assert!(provider.offers(AccountAbility::SecondFactor));
    let off = SecondFactorState { is_enabled: false, recovery_codes_left: 0 };
    assert_eq!(provider.state(&calls).await, Ok(off));
    assert_eq!(provider.enable(&calls, &"123456".into()).await, Err(AccountError::InvalidToken));

    let app = provider.begin(&calls).await.unwrap();
    assert!(app.uri.expose().starts_with("otpauth://totp/Ironleaf:user%40test.com?"));
    let Err(AccountError::Invalid(fields)) = provider.enable(&calls, &"nonsense".into()).await else {
        panic!("a wrong code was accepted");
    };
    assert_eq!(fields[0].field, "code");
    let codes = provider.enable(&calls, &code(&bench, &app)).await.unwrap();
    let on = SecondFactorState { is_enabled: true, recovery_codes_left: 10 };
    assert_eq!(provider.state(&calls).await, Ok(on));
    assert_eq!(provider.begin(&calls).await, Err(AccountError::InvalidToken));

    let new = provider.replace_recovery_codes(&calls, &codes[0]).await.unwrap();
    assert_eq!((new.len(), new.contains(&codes[1])), (10, false));
    provider.disable(&calls, &new[0]).await.unwrap();
    assert_eq!(provider.state(&calls).await, Ok(off));
    assert_eq!(provider.disable(&calls, &new[1]).await, Err(AccountError::InvalidToken));
    bench.sign_in(EMAIL, PASSWORD).await.unwrap();
}
