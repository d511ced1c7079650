use std::time::Duration;

use ironleaf_session::{Decoder, Encoder, Payload};
use proptest::prelude::*;

use super::readings::{MAX_LINK_BYTES, MAX_TOKEN_BYTES};
use super::*;

fn through_a_cookie<P: Payload>(link: &P) -> P {
    let mut out = Encoder::new();
    link.encode(&mut out);
    let bytes = out.finish();
    let mut input = Decoder::new(&bytes);
    let read = P::decode(1, &mut input).unwrap();
    input.finish().unwrap();
    read
}

#[test]
fn a_link_says_who_signs_in_and_what_for() {
    let link = SignInLink::from_query("email=%20New%2B1@Test.com&token=a-b&action=password").unwrap();
    assert_eq!((link.email().as_str(), link.sets_password()), ("new+1@test.com", true));
    assert_eq!(link.token.expose(), "a-b");
    for query in ["email=a@b.c&token=t", "token=t&email=a@b.c&action=other&token=u"] {
        let link = SignInLink::from_query(query).unwrap();
        assert_eq!((link.email().as_str(), link.token.expose(), link.sets_password()), ("a@b.c", "t", false));
    }
    assert_eq!(VerificationLink::from_query("a=b&token=t%2Eu").unwrap().token.expose(), "t.u");
}

#[test]
fn a_link_that_a_mail_program_has_escaped_is_read_as_it_was_meant() {
    let whole = SignInLink::from_query("email=a%2Bb@test.com&token=t-1&action=password").unwrap();
    for query in [
        "email=a+b@test.com&token=t-1&action=password",
        "email=a+b%40test.com&amp;token=t-1&amp;action=password",
        "email=a%2Bb@test.com&amp;amp;token=t-1&AMP;action=password",
        "email=a%2Bb%40test.com&#38;token=t-1&#x26;action=password",
        "email%3Da%2Bb%40test.com%26token%3Dt-1%26action%3Dpassword",
        "email=a%252Bb%2540test.com%26token=t-1%26amp%3Baction%3Dpassword",
        "email=a%2Bb%40test.com%26token%3Dt-1%26action%3Dpassword",
        "email=a%2Bb@test.com&token=t-1&action=password.",
        "email=a%2Bb@test.com&token=t-1&action=password%3E",
        "utm_source=mail&email=a%2Bb@test.com&token=t-1&action=password&utm_medium=x",
    ] {
        let link = SignInLink::from_query(query);
        assert!(
            link.as_ref() == Some(&whole),
            "{query}: {}",
            link.map_or(String::new(), |link| link.email.as_str().to_owned())
        );
    }
    let token = |query| VerificationLink::from_query(query).map(|link| link.token.expose().to_owned());
    for query in ["token=a+b", "x=1&amp;token=a%2Bb", "x%3D1%26token%3Da%2Bb", "token=a%2Bb&"] {
        assert_eq!(token(query).as_deref(), Some("a+b"), "{query}");
    }
}

/// This took seconds when the layers were removed one after the other.
#[test]
fn a_query_of_entities_alone_costs_next_to_nothing() {
    let started = std::time::Instant::now();
    for entity in ["amp;", "&amp;", "&#38;", "%26amp;", "&#38;amp;"] {
        let query = format!("a=&{}", entity.repeat(64 * 1024 / entity.len()));
        assert!(SignInLink::from_query(&query).is_none() && !SignInLink::is_meant_by(&query));
        assert!(SignInLink::from_query(&query[..MAX_LINK_BYTES]).is_none());
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn part_of_a_link_is_known_for_one() {
    for query in ["email=a@b.c", "email=a@b.c&tok", "token=x", "amp;token=", "email%3Da%40b.c%26to", "token"]
    {
        assert!(SignInLink::is_meant_by(query), "{query}");
    }
    assert!(VerificationLink::is_meant_by("token=") && !VerificationLink::is_meant_by("email=a@b.c"));
    for query in ["", "return_to=/account?token=x", "with=password", "return_to=/account?a=1%26email=x"] {
        assert!(!SignInLink::is_meant_by(query), "{query}");
    }
}

#[test]
fn what_is_missing_empty_or_longer_than_any_makes_no_link() {
    let long_token = "t".repeat(MAX_TOKEN_BYTES + 1);
    for query in [
        String::new(),
        "email=a@b.c".to_owned(),
        "token=t".to_owned(),
        "email=&token=t".to_owned(),
        "email=%20&token=t".to_owned(),
        "email=Call%20us%20at@b.c&token=t".to_owned(),
        "email=%3Cb%3E@b.c&token=t".to_owned(),
        "email=a@b@c&token=t".to_owned(),
        "email=nobody&token=t".to_owned(),
        "email=a@b.c&token=".to_owned(),
        format!("email=a@b.c&token={long_token}"),
        format!("email={}@b.c&token=t", "a".repeat(254)),
        // Each takes two bytes, and three in lower case.
        format!("email={}&token=t", "%C4%B0".repeat(100)),
    ] {
        assert_eq!(SignInLink::from_query(&query), None, "{query}");
    }
    for query in ["", "token=", "other=t", &format!("token={long_token}")] {
        assert_eq!(VerificationLink::from_query(query), None, "{query}");
    }
}

#[test]
fn the_longest_link_fits_a_cookie() {
    let query = format!("email={}@b.c&token={}", "a".repeat(250), "%7e".repeat(MAX_TOKEN_BYTES));
    let mut out = Encoder::new();
    SignInLink::from_query(&query).unwrap().encode(&mut out);
    // In base64url, with room for name, key, nonce, tag and attributes.
    assert!(out.finish().len() * 4 / 3 + 500 < 4096);
}

#[test]
fn debug_prints_neither_address_nor_token() {
    let query = "email=user@test.com&token=secret-token";
    let printed = format!(
        "{:?} {:?}",
        SignInLink::from_query(query).unwrap(),
        VerificationLink::from_query(query).unwrap()
    );
    assert!(!printed.contains('@') && !printed.contains("secret"), "{printed}");
}

proptest! {
    #[test]
    fn any_query_makes_a_link_within_its_bounds_or_none(
        noise in "\\PC{0,300}",
        fields in prop::collection::vec(("email|token|action|[a-z%=&]{0,4}", "\\PC{0,40}|[%0-9A-Fa-f]{0,3000}"), 0..5),
    ) {
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        for query in [noise, fields.join("&")] {
            if let Some(link) = SignInLink::from_query(&query) {
                prop_assert!((1..=crate::MAX_EMAIL_BYTES).contains(&link.email().as_str().len()));
                prop_assert!((1..=MAX_TOKEN_BYTES).contains(&link.token.expose().len()));
                prop_assert_eq!(link.email().as_str(), link.email().as_str().trim());
                prop_assert!(through_a_cookie(&link) == link);
                prop_assert!(VerificationLink::from_query(&query).is_some());
            }
            if let Some(link) = VerificationLink::from_query(&query) {
                prop_assert!(through_a_cookie(&link) == link);
            }
        }
    }
}
