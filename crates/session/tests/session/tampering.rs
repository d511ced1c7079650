//! Altered values are never accepted. Values that another replica may know are kept.

use axum::{Router, routing::any};
use ironleaf_session::{Purpose, Serde, Session, UnsealError};

use crate::support::{Beginnings as _, Browser, COOKIE, Site, counted_random, request, ring};

/// `v1.`, and then eleven characters: they hold the eight bytes of the key id and two further bits.
const AFTER_KEY_ID: usize = 3 + 11;

#[tokio::test]
async fn a_cookie_with_one_character_changed_is_anonymous_and_removed() {
    let site = Site::new();
    let value = site.signed_in("text").await.jar[COOKIE].clone();
    for position in AFTER_KEY_ID..value.len() {
        for replacement in [b'A', b'_', b'!', b'='] {
            let mut altered = value.clone().into_bytes();
            if altered[position] == replacement {
                continue;
            }
            altered[position] = replacement;
            let header = [COOKIE.as_bytes(), b"=", &altered].concat();
            let answer = request(&site.router(), "/read", &header).await;
            assert_eq!(answer.body, "anonymous", "position {position}");
            let [cookie] = &answer.cookies()[..] else { panic!("position {position}: removed") };
            assert_eq!((cookie.name(), cookie.value()), (COOKIE, ""));
            assert!(cookie.max_age().unwrap().is_zero());
        }
    }
}

#[tokio::test]
async fn a_cookie_that_was_cut_or_extended_is_anonymous_and_removed() {
    let site = Site::new();
    let value = site.signed_in("text").await.jar[COOKIE].clone();
    let cut = (AFTER_KEY_ID..value.len()).map(|length| value[..length].to_owned());
    let others =
        [format!("{value}A"), format!("{value}="), format!("\"{value}\""), "x".to_owned(), String::new()];
    for altered in cut.chain(others) {
        let answer = request(&site.router(), "/read", format!("{COOKIE}={altered}").as_bytes()).await;
        assert_eq!((answer.body.as_str(), answer.lines().len()), ("anonymous", 1), "{altered}");
    }
}

#[tokio::test]
async fn a_value_moved_from_another_cookie_is_rejected() {
    let site = Site::new();
    let other = Site::new().with_settings(|settings| settings.cookie_name = "other".to_owned());
    let value = &other.signed_in("text").await.jar["__Host-Http-other"];
    let answer = request(&site.router(), "/read", format!("{COOKIE}={value}").as_bytes()).await;
    assert_eq!((answer.body.as_str(), answer.lines().len()), ("anonymous", 1));
}

#[tokio::test]
async fn a_value_sealed_for_plain_http_is_rejected_on_https() {
    let plain = Site::new().with_settings(|settings| settings.secure = false);
    let value = &plain.signed_in("text").await.jar["ironleaf-session"];
    let answer = request(&Site::new().router(), "/read", format!("{COOKIE}={value}").as_bytes()).await;
    assert_eq!((answer.body.as_str(), answer.lines().len()), ("anonymous", 1));
}

#[test]
fn unseal_rejects_another_purpose_and_another_context() {
    let site = Site::new();
    let sealer = site.sealer();
    let value = sealer.seal(Purpose::Head, "record", b"secret");
    assert_eq!(&*sealer.unseal(Purpose::Head, "record", &value).unwrap().plaintext, b"secret");
    for (purpose, context) in
        [(Purpose::Head, "recorf"), (Purpose::Cookie, "record"), (Purpose::Flash, "record")]
    {
        assert_eq!(sealer.unseal(purpose, context, &value).unwrap_err(), UnsealError::Tampered);
    }
}

#[test]
fn unseal_tells_what_may_be_known_elsewhere_from_what_was_never_sealed() {
    let sealer = Site::new().sealer();
    let value = sealer.seal(Purpose::Cookie, "name", b"");
    let unseal = |value: &str| sealer.unseal(Purpose::Cookie, "name", value).map(|_| ());
    assert_eq!(unseal(&value), Ok(()));
    assert_eq!(unseal(&value.replacen("v1", "v2", 1)), Err(UnsealError::UnknownVersion));
    assert_eq!(unseal("v10.anything at all"), Err(UnsealError::UnknownVersion));
    for malformed in
        ["", "v", "v1", "v1.", "v.", "vx.", "V1.AAAA", "v1.AAAA", "v1.A A", &value[..60], &value[3..]]
    {
        assert_eq!(unseal(malformed), Err(UnsealError::Malformed), "{malformed}");
    }
    let other = ironleaf_session::Sealer::new(ring(&[2]), counted_random());
    let unknown = other.unseal(Purpose::Cookie, "name", &value).map(|_| ());
    assert_eq!(unknown, Err(UnsealError::UnknownKey));
}

#[tokio::test]
async fn a_cookie_under_an_unknown_key_or_version_is_kept() {
    let site = Site::new();
    let foreign = Site::new().with_keys(&[2]).signed_in("text").await.jar[COOKIE].clone();
    let later = site.signed_in("text").await.jar[COOKIE].replacen("v1.", "v2.", 1);
    for value in [foreign, later] {
        let mut browser = site.browser();
        browser.jar.insert(COOKIE.to_owned(), value);
        let answer = browser.get("/arrival").await;
        assert_eq!((answer.body.as_str(), answer.lines().len()), ("Unknown", 0));
        assert_eq!(browser.reads().await, "anonymous");
        assert_eq!(browser.send("/sign-in", "new").await.lines().len(), 1);
        assert_eq!(browser.reads().await, "0 new", "a new sign-in overwrites it");
    }
}

#[tokio::test]
async fn a_cookie_that_is_kept_can_still_be_removed_by_signing_out() {
    let mut browser = Site::new().with_keys(&[2]).signed_in("text").await;
    browser.visit(&Site::new()).get("/destroy").await;
    assert!(browser.jar.is_empty());
}

#[tokio::test]
async fn a_payload_of_another_version_or_shape_is_anonymous_and_kept() {
    type Later = Serde<String, 2>;
    type OtherShape = Serde<(u64, u64, u64, u64, u64)>;
    let site = Site::new();
    let sign_in_later = async |session: Session<Later>| {
        session.begins(Serde("text".to_owned()));
    };
    let sign_in_other = async |session: Session<OtherShape>| {
        session.begins(Serde((1, 2, 3, 4, 5)));
    };
    let routers = [
        Router::new().route("/", any(sign_in_later)).layer(site.layer::<Later>()),
        Router::new().route("/", any(sign_in_other)).layer(site.layer::<OtherShape>()),
    ];
    for router in routers {
        let mut browser = Browser::new(router);
        browser.get("/").await;
        let answer = browser.visit(&site).get("/arrival").await;
        assert_eq!((answer.body.as_str(), answer.lines().len()), ("Unknown", 0));
        assert_eq!(browser.reads().await, "anonymous");
    }
}

#[tokio::test]
async fn an_altered_cookie_beside_a_good_one_does_no_harm() {
    let site = Site::new();
    let value = site.signed_in("text").await.jar[COOKIE].clone();
    let altered = format!("{}A", &value[..value.len() - 1]);
    let header = format!("{COOKIE}={altered}; {COOKIE}={value}");
    let answer = request(&site.router(), "/read", header.as_bytes()).await;
    assert_eq!((answer.body.as_str(), answer.lines().len()), ("0 text", 0));
}

#[tokio::test]
async fn signing_in_with_an_altered_cookie_overwrites_it() {
    let site = Site::new();
    let mut browser = site.signed_in("old").await;
    browser.jar.get_mut(COOKIE).unwrap().push('A');
    let answer = browser.send("/sign-in", "new").await;
    assert_eq!(answer.lines().len(), 1);
    assert_eq!(browser.reads().await, "0 new");
}
