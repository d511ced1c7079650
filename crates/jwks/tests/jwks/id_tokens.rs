//! The corpus of ID tokens: each one is genuine, and breaks one rule of OpenID Connect Core 3.1.3.7.

use std::time::Duration;

use aws_lc_rs::digest;
use ironleaf_jwks::{OtherAudiences, Rules, TokenError};
use serde_json::{Value, json};

use crate::support::{
    CLIENT, ES256, ISSUER, NOW_SECS, RS256, encode, id_claims, id_rules, now, refusal, verify, with,
};

/// The reason for which a genuine token with one changed claim is refused.
fn refused_with(name: &str, value: Value) -> TokenError {
    refusal(&ES256.token("JWT", &with(&id_claims(), name, value)), &id_rules())
}

fn accepted_with(name: &str, value: impl Into<Value>) {
    let value = value.into();
    let token = ES256.token("JWT", &with(&id_claims(), name, value.clone()));
    verify(&token, &id_rules()).unwrap_or_else(|error| panic!("{name} {value}: {error}"));
}

#[test]
fn another_issuer_is_refused() {
    for issuer in [
        "https://evil.example.com",
        "https://id.example.com/",
        "https://ID.example.com",
        "id.example.com",
        "",
    ] {
        assert_eq!(refused_with("iss", issuer.into()), TokenError::Issuer, "{issuer}");
    }
    assert_eq!(refused_with("iss", Value::Null), TokenError::MissingClaim("iss"));
    assert_eq!(refused_with("iss", json!([ISSUER])), TokenError::InvalidClaim("iss"));
}

#[test]
fn another_audience_is_refused() {
    for audience in
        [json!("other"), json!(["other"]), json!([]), json!("my-client "), json!("my-client,other")]
    {
        assert_eq!(refused_with("aud", audience.clone()), TokenError::Audience, "{audience}");
    }
    assert_eq!(refused_with("aud", Value::Null), TokenError::MissingClaim("aud"));
    for audience in [json!(1), json!({ CLIENT: 1 }), json!([CLIENT, 1])] {
        assert_eq!(refused_with("aud", audience.clone()), TokenError::InvalidClaim("aud"), "{audience}");
    }
    accepted_with("aud", json!([CLIENT]));
}

#[test]
fn rules_without_an_audience_accept_nothing() {
    let rules = Rules { audiences: Vec::new(), ..id_rules() };
    assert_eq!(refusal(&ES256.token("JWT", &id_claims()), &rules), TokenError::Audience);
}

#[test]
fn an_extra_audience_is_refused_unless_it_is_trusted() {
    assert_eq!(refused_with("aud", json!([CLIENT, "other"])), TokenError::ExtraAudience);
    let token = ES256.token("JWT", &with(&id_claims(), "aud", json!([CLIENT, "other"])));
    let trusting = |names: &[&str]| {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Rules { other_audiences: OtherAudiences::RefusedExcept(names), ..id_rules() }
    };
    assert!(verify(&token, &trusting(&["other"])).is_ok());
    assert_eq!(refusal(&token, &trusting(&["another"])), TokenError::ExtraAudience);
    // To trust an audience does not make it ours.
    let token = ES256.token("JWT", &with(&id_claims(), "aud", json!(["other"])));
    assert_eq!(refusal(&token, &trusting(&["other"])), TokenError::Audience);
}

#[test]
fn another_authorized_party_is_refused() {
    assert_eq!(refused_with("azp", "other".into()), TokenError::AuthorizedParty);
    assert_eq!(refused_with("azp", json!([CLIENT])), TokenError::InvalidClaim("azp"));
    accepted_with("azp", CLIENT);
}

#[test]
fn another_nonce_is_refused() {
    assert_eq!(refused_with("nonce", "n-2".into()), TokenError::Nonce);
    assert_eq!(refused_with("nonce", "".into()), TokenError::Nonce);
    assert_eq!(refused_with("nonce", Value::Null), TokenError::MissingClaim("nonce"));
    assert_eq!(refused_with("nonce", json!(1)), TokenError::InvalidClaim("nonce"));
}

#[test]
fn another_subject_is_refused() {
    let rules = id_rules().with_subject("person-1");
    assert!(verify(&ES256.token("JWT", &id_claims()), &rules).is_ok());
    let other = with(&id_claims(), "sub", "person-2".into());
    assert_eq!(refusal(&ES256.token("JWT", &other), &rules), TokenError::Subject);
    assert_eq!(refused_with("sub", Value::Null), TokenError::MissingClaim("sub"));
    assert_eq!(refused_with("sub", "".into()), TokenError::InvalidClaim("sub"));
    assert_eq!(refused_with("sub", json!(7)), TokenError::InvalidClaim("sub"));
}

#[test]
fn an_expired_token_is_refused_after_the_permitted_skew() {
    accepted_with("exp", NOW_SECS - 29);
    for exp in [json!(NOW_SECS - 30), json!(NOW_SECS - 31), json!(0), json!(-1), json!(-1e300)] {
        assert_eq!(refused_with("exp", exp.clone()), TokenError::Expired, "{exp}");
    }
    let strict = Rules { skew: Duration::ZERO, ..id_rules() };
    let token = ES256.token("JWT", &with(&id_claims(), "exp", NOW_SECS.into()));
    assert_eq!(refusal(&token, &strict), TokenError::Expired);
}

#[test]
fn an_end_is_read_as_a_number_with_or_without_a_fraction_and_not_as_text() {
    for exp in [json!(1_767_225_900.75), json!(1.767_225_9e9), json!(u64::MAX), json!(1e300)] {
        accepted_with("exp", exp);
    }
    for exp in [json!("1767225900"), json!(true), json!([NOW_SECS + 300])] {
        assert_eq!(refused_with("exp", exp.clone()), TokenError::InvalidClaim("exp"), "{exp}");
    }
    assert_eq!(refused_with("exp", Value::Null), TokenError::MissingClaim("exp"));
    let null = ES256.sign_parts(
        br#"{"alg":"ES256","kid":"es"}"#,
        id_claims().to_string().replace(&(NOW_SECS + 300).to_string(), "null").as_bytes(),
    );
    assert_eq!(refusal(&null, &id_rules()), TokenError::MissingClaim("exp"));
}

#[test]
fn a_token_from_the_future_is_refused_beyond_the_permitted_skew() {
    for name in ["iat", "nbf"] {
        accepted_with(name, NOW_SECS + 30);
        assert_eq!(
            refused_with(name, "soon".into()),
            TokenError::InvalidClaim(if name == "iat" { "iat" } else { "nbf" })
        );
    }
    for later in [json!(NOW_SECS + 31), json!(1e300), json!(u64::MAX)] {
        assert_eq!(refused_with("iat", later.clone()), TokenError::IssuedInFuture, "{later}");
        assert_eq!(refused_with("nbf", later.clone()), TokenError::NotYetValid, "{later}");
    }
    assert_eq!(refused_with("iat", Value::Null), TokenError::MissingClaim("iat"));
}

#[test]
fn a_token_that_was_issued_too_long_ago_is_refused_where_the_rules_say_so() {
    let rules = Rules { max_age: Some(Duration::from_mins(1)), ..id_rules() };
    let issued = |secs: u64| ES256.token("JWT", &with(&id_claims(), "iat", secs.into()));
    assert!(verify(&issued(NOW_SECS - 90), &rules).is_ok());
    assert_eq!(refusal(&issued(NOW_SECS - 91), &rules), TokenError::TooOld);
    assert!(verify(&issued(NOW_SECS - 1000), &id_rules()).is_ok());
}

#[test]
fn an_enormous_skew_does_not_overflow() {
    let rules = Rules { skew: Duration::MAX, max_age: Some(Duration::MAX), ..id_rules() };
    assert!(verify(&ES256.token("JWT", &id_claims()), &rules).is_ok());
}

#[test]
fn the_hash_of_the_access_token_is_checked_where_there_is_one() {
    let access_token = "an access token";
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    let with_hash = |hash: Value| RS256.token("JWT", &with(&id_claims(), "at_hash", hash));
    let verified = verify(&with_hash(encode(&hash.as_ref()[..16]).into()), &id_rules()).unwrap();
    assert_eq!(verified.check_access_token(access_token), Ok(()));
    assert_eq!(verified.check_access_token("another"), Err(TokenError::AccessTokenHash));
    let without = verify(&RS256.token("JWT", &id_claims()), &id_rules()).unwrap();
    assert_eq!(without.check_access_token("another"), Ok(()));
    let number = verify(&with_hash(1.into()), &id_rules()).unwrap();
    assert_eq!(number.check_access_token(access_token), Err(TokenError::InvalidClaim("at_hash")));
}

#[test]
fn the_claims_of_an_accepted_token_can_be_read() {
    let claims =
        with(&with(&id_claims(), "auth_time", (NOW_SECS - 5).into()), "email_verified", "true".into());
    let verified = verify(&ES256.token("JWT", &claims), &id_rules()).unwrap();
    assert_eq!(verified.issuer(), Some(ISSUER));
    assert_eq!(verified.issued_at(), Some(now()));
    assert_eq!(verified.expires_at(), Some(now() + Duration::from_mins(5)));
    assert_eq!(verified.time("auth_time"), Some(now() - Duration::from_secs(5)));
    assert_eq!(verified.text("email_verified"), Some("true"));
    assert_eq!(verified.time("email_verified"), None);
    assert_eq!(verified.text("picture"), None);
}
