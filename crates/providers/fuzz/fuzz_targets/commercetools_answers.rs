//! For any answer in the commercetools profile: nothing panics, no error signs anybody in, a session never becomes
//! another person's, and only a refusal ends it.
#![no_main]

use std::sync::Arc;

use http::{Method, StatusCode};
use ironleaf_auth::{Asked, Caller, Grant, Observed, Provider, RefreshOutcome, Response, SignIn};
use ironleaf_providers::{CommercetoolsProvider, CommercetoolsSettings};
use ironleaf_providers_fuzz::{Script, answer, now, password, run};
use libfuzzer_sys::fuzz_target;

/// The answers of a successful sign-in, so that there is a grant to refresh.
const TOKENS: &str =
    r#"{"access_token":"a1","refresh_token":"r1","expires_in":172800,"scope":"customer_id:c1"}"#;
const ME: &str = r#"{"id":"c1","email":"user@test.com","isEmailVerified":true}"#;
const OF_GUEST: &str =
    r#"{"access_token":"a1","refresh_token":"r1","expires_in":172800,"scope":"anonymous_id:g1"}"#;

const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500, 503];

fuzz_target!(|input: &[u8]| {
    let answers = answers(input);
    let Some(first) = answers.first() else { return };
    run(async {
        let signed_in = provider(answers.clone()).sign_in(&Caller::default(), password(), None).await;
        if let Ok(signed_in) = signed_in {
            assert!(first.status().is_success(), "signed in by a {}", first.status());
            assert!(signed_in.grant.identity.is_some_and(|person| !person.is_guest));
        }
        let customer = grant([TOKENS, ME], password()).await;
        refresh(&answers, &customer).await;
        let guest = grant([OF_GUEST, ""], SignIn::ClientCredentials).await;
        refresh(&answers, &guest).await;
        for grant in [customer, guest] {
            let mut changed = grant.clone();
            for path in ["me", "me/active-cart"] {
                let uri = format!("https://api.test/shop/{path}").parse().expect("it is a URI");
                let asked = Asked { method: Method::GET, uri };
                if let Observed::AtOnce(change) = provider([]).observe(&grant, &asked, first) {
                    change(&mut changed);
                }
            }
            assert_eq!(id(&changed), id(&grant));
        }
    });
});

/// Splits the input at zero bytes. In each answer, the first byte selects the status, and the rest is the body.
fn answers(input: &[u8]) -> Vec<Response> {
    let parts = input.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    parts
        .take(4)
        .map(|part| answer(STATUSES[usize::from(part[0]) % STATUSES.len()], part[1..].to_vec()))
        .collect()
}

fn provider(answers: impl IntoIterator<Item = Response>) -> CommercetoolsProvider {
    let settings = CommercetoolsSettings::of(
        "https://auth.test".parse().expect("it is a URL"),
        "https://api.test".parse().expect("it is a URL"),
        "shop",
        "client",
        "secret".into(),
    );
    CommercetoolsProvider::new(settings, Script::of(answers), Arc::new(now))
}

async fn grant(answers: [&'static str; 2], attempt: SignIn) -> Grant {
    let provider = provider(answers.map(|body| answer(200, body)));
    provider.sign_in(&Caller::default(), attempt, None).await.expect("these answers are good").grant
}

async fn refresh(answers: &[Response], grant: &Grant) {
    let [first, others @ ..] = answers else { return };
    match provider(answers.to_vec()).refresh(&Caller::default(), grant).await {
        RefreshOutcome::Rotated(renewed) => {
            assert!(first.status().is_success());
            assert_eq!(id(&renewed), id(grant));
        }
        RefreshOutcome::Rejected(_) => {
            let body = String::from_utf8_lossy(first.body()).into_owned();
            let is_refusal = match first.status() {
                StatusCode::BAD_REQUEST => body.contains("invalid_grant"),
                StatusCode::UNAUTHORIZED => body.contains("error"),
                // The tokens of somebody else: `scope` says so, or the record that they open.
                status if status.is_success() => {
                    body.contains("_id:")
                        || others.first().is_some_and(|record| record.status() == StatusCode::OK)
                }
                _ => false,
            };
            assert!(is_refusal, "a session ended by a {}: {body}", first.status());
        }
        RefreshOutcome::Unspent { .. } => assert!(first.status().is_client_error()),
        RefreshOutcome::InDoubt { .. } => {}
        RefreshOutcome::NotSent(detail) => unreachable!("{detail}"),
    }
}

fn id(grant: &Grant) -> (&str, bool) {
    let person = grant.identity.as_deref().expect("somebody");
    (&person.id, person.is_guest)
}
