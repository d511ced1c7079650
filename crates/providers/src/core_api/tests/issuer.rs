//! Whose tokens a grant has.

use http::header::AUTHORIZATION;

use super::*;
use crate::core_api::grant::ISSUED_BY;

const OTHER: &str = "http://other.test/v1";

fn authorized(provider: &CoreApiProvider, grant: &Grant) -> bool {
    let mut request = Request::default();
    request.headers_mut().insert(AUTHORIZATION, http::HeaderValue::from_static("Bearer theirs"));
    provider.authorize(&caller(), grant, &mut request);
    request.headers().contains_key(AUTHORIZATION)
}

#[tokio::test]
async fn the_tokens_of_another_api_are_sent_nowhere() {
    let grant = grant(None).await;
    for (address, is_ours) in [
        ("http://core.test/v1", true),
        ("http://core.test/v1/", true),
        ("http://core.test/v2", false),
        ("http://core.test:8080/v1", false),
        (OTHER, false),
    ] {
        let (provider, script) = scripted_at(address, []);
        assert_eq!(provider.is_ours(&grant), is_ours, "{address}");
        assert_eq!(authorized(&provider, &grant), is_ours, "{address}");
        if !is_ours {
            let outcome = provider.refresh(&caller(), &grant).await;
            assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "{address}: {outcome:?}");
            assert_eq!(provider.sign_out(&caller(), &grant).await, Ok(()), "{address}");
        }
        assert_eq!(script.asked(), [], "{address}");
    }
}

/// The embedded API has another port after a restart where its port is any free one.
#[tokio::test]
async fn without_marks_the_address_does_not_matter() {
    let at = |address: &str, answers: Vec<Answer>| {
        let settings =
            CoreApiSettings { marks_grants: false, ..CoreApiSettings::at(address.parse().unwrap()) };
        let script = Script::in_order(start(), Duration::from_secs(1), answers);
        let random: Random = Arc::new(|buffer| buffer.fill(7));
        CoreApiProvider::new(settings, Arc::<Script>::clone(&script), script.clock(), random)
    };
    let attempt =
        SignIn::Password { email: EmailAddress::of_record("user@test.com"), password: "password1".into() };
    let provider = at("http://core.test/v1", vec![tokens("r1"), user("user@test.com", None)]);
    let unmarked = provider.sign_in(&caller(), attempt, None).await.unwrap().grant;
    assert_eq!(unmarked.field(ISSUED_BY), None);
    for grant in [unmarked, grant(None).await] {
        assert!(at("http://core.test:8080/v1", Vec::new()).is_ours(&grant));
    }
}

/// Sessions from before there were marks go on, at whatever address the settings name.
#[tokio::test]
async fn a_grant_without_a_mark_goes_on_and_its_refresh_marks_it() {
    let mut unmarked = grant(None).await;
    unmarked.remove(ISSUED_BY);
    let (provider, _) = scripted([tokens("r2")]);
    assert!(provider.is_ours(&unmarked) && authorized(&provider, &unmarked));
    let RefreshOutcome::Rotated(marked) = provider.refresh(&caller(), &unmarked).await else {
        panic!("not rotated")
    };
    assert!(provider.is_ours(&marked));
    assert!(!scripted_at(OTHER, []).0.is_ours(&marked), "the API that took the token has issued the new one");
}

#[tokio::test]
async fn a_grant_without_a_mark_is_signed_out_where_the_settings_say() {
    let mut unmarked = grant(None).await;
    unmarked.remove(ISSUED_BY);
    let (provider, script) = scripted([refused(), user("user@test.com", None)]);
    assert_eq!(provider.sign_out(&caller(), &unmarked).await, Ok(()));
    assert_eq!(script.asked()[0].0, "POST /v1/auth/tokens");
}
