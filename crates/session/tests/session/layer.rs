//! When the cookie is written, with which attributes, and what a request sees of it.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use axum::{Router, routing::any};
use http::{HeaderMap, StatusCode, header};
use ironleaf_session::{
    Arrival, Beginning, Flash, FlashKind, OwnCacheControl, Serde, Session, SessionId, SessionLayer,
    SettingsError,
};

use crate::support::{Answer, Beginnings as _, Browser, COOKIE, Left, Site, Text, owner, request};

const MESSAGE: FlashKind<Text> = FlashKind::new("ironleaf-message", Duration::from_mins(1));

#[tokio::test]
async fn signing_in_sets_one_cookie_with_every_attribute() {
    let answer = Site::new().browser().send("/sign-in", "text").await;
    let [line] = &answer.lines()[..] else { panic!("one cookie") };
    let (pair, attributes) = line.split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-Http-ironleaf-session=v1."), "{pair}");
    assert_eq!(attributes, "HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=604800");
    assert!(!line.to_lowercase().contains("domain"));
}

#[tokio::test]
async fn on_plain_http_the_cookie_has_neither_prefix_nor_secure() {
    let site = Site::new().with_settings(|settings| settings.secure = false);
    let answer = site.browser().send("/sign-in", "text").await;
    let [line] = &answer.lines()[..] else { panic!("one cookie") };
    assert!(line.starts_with("ironleaf-session=v1."), "{line}");
    assert!(line.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=604800"), "{line}");
}

#[tokio::test]
async fn a_session_is_there_in_the_next_request_and_in_no_other_browser() {
    let site = Site::new();
    assert_eq!(site.signed_in("text").await.reads().await, "0 text");
    assert_eq!(site.browser().reads().await, "anonymous");
}

#[tokio::test]
async fn a_request_without_a_cookie_gets_none_and_stays_cacheable() {
    let answer = Site::new().browser().get("/plain").await;
    assert_eq!(answer.lines(), [""; 0]);
    assert_eq!(answer.cache_control(), None);
}

#[tokio::test]
async fn a_page_that_ignores_the_session_stays_cacheable() {
    let site = Site::new();
    let answer = site.signed_in("text").await.get("/plain").await;
    assert_eq!((answer.lines().len(), answer.cache_control()), (0, None));
}

#[tokio::test]
async fn a_response_that_depends_on_the_session_is_not_stored() {
    let site = Site::new();
    let mut browser = site.browser();
    for path in ["/read", "/arrival", "/sign-in", "/write", "/renew", "/destroy"] {
        assert_eq!(browser.get(path).await.cache_control(), Some("no-store"), "{path}");
    }
}

#[tokio::test]
async fn a_stricter_cache_control_is_kept_and_a_laxer_one_replaced() {
    for (written, sent) in
        [("no-store, max-age=0", "no-store, max-age=0"), ("private, max-age=60", "no-store")]
    {
        let page = move |session: Session<Text>| async move {
            session.current();
            [(header::CACHE_CONTROL, written)]
        };
        let router = Router::new().route("/", any(page)).layer(Site::new().layer::<Text>());
        assert_eq!(Browser::new(router).get("/").await.cache_control(), Some(sent));
    }
}

#[tokio::test]
async fn whoever_knows_of_the_session_decides_what_is_kept_unless_a_cookie_is_set() {
    let page = async |session: Session<Text>| {
        session.current();
        (axum::Extension(OwnCacheControl), [(header::CACHE_CONTROL, "private, max-age=60")])
    };
    let signing_in = async |session: Session<Text>| {
        session.begins(Serde("text".to_owned()));
        (axum::Extension(OwnCacheControl), [(header::CACHE_CONTROL, "private, max-age=60")])
    };
    let router = Router::new().route("/", any(page)).route("/in", any(signing_in));
    let mut browser = Browser::new(router.layer(Site::new().layer::<Text>()));
    assert_eq!(browser.get("/").await.cache_control(), Some("private, max-age=60"));
    assert_eq!(browser.get("/in").await.cache_control(), Some("no-store"));
}

#[tokio::test]
async fn reading_writes_nothing() {
    let mut browser = Site::new().signed_in("text").await;
    assert_eq!(browser.get("/read").await.lines(), [""; 0]);
}

#[tokio::test]
async fn a_modification_is_written_only_if_it_changes_the_encoding() {
    let mut browser = Site::new().signed_in("text").await;
    assert_eq!(browser.send("/write", "text").await.lines(), [""; 0]);
    assert_eq!(browser.send("/write", "other").await.lines().len(), 1);
    assert_eq!(browser.reads().await, "1 other");
}

#[tokio::test]
async fn a_modification_that_is_undone_is_not_written() {
    let site = Site::new();
    let there_and_back = async |session: Session<Text>| {
        session.modify(|payload| payload.0.push('!'));
        session.modify(|payload| payload.0.pop());
    };
    let mut browser = site.signed_in("text").await;
    let router = Router::new().route("/", any(there_and_back)).layer(site.layer::<Text>());
    let mut elsewhere = Browser::new(router);
    elsewhere.jar.clone_from(&browser.jar);
    assert_eq!(elsewhere.get("/").await.lines(), [""; 0]);
    assert_eq!(browser.reads().await, "0 text");
}

#[tokio::test]
async fn an_anonymous_session_has_nothing_to_change() {
    let mut browser = Site::new().browser();
    for (path, body) in [("/write", "None"), ("/rotate", "None"), ("/renew", "false")] {
        let answer = browser.send(path, "text").await;
        assert_eq!((answer.body.as_str(), answer.lines().len()), (body, 0), "{path}");
    }
}

#[tokio::test]
async fn a_rotation_is_counted_and_written() {
    let mut browser = Site::new().signed_in("first").await;
    assert_eq!(browser.send("/rotate", "second").await.body, "Some(1)");
    assert_eq!(browser.send("/rotate", "third").await.body, "Some(2)");
    assert_eq!(browser.reads().await, "2 third");
}

#[tokio::test]
async fn only_a_newer_rotation_is_adopted() {
    let site = Site::new();
    let mut browser = site.signed_in("first").await;
    browser.send("/rotate", "second").await;
    let adopt = async |session: Session<Text>, rotation: String| {
        session.adopt(rotation.parse().unwrap(), Serde("adopted".to_owned()), None).to_string()
    };
    let router = Router::new().route("/", any(adopt)).layer(site.layer::<Text>());
    let mut elsewhere = Browser::new(router);
    elsewhere.jar.clone_from(&browser.jar);
    for (rotation, adopted) in [("0", "false"), ("1", "false"), ("5", "true")] {
        let answer = elsewhere.send("/", rotation).await;
        assert_eq!((answer.body.as_str(), answer.lines().len()), (adopted, usize::from(adopted == "true")));
    }
    assert_eq!(elsewhere.visit(&site).reads().await, "5 adopted");
}

#[tokio::test]
async fn renewing_writes_the_same_session() {
    let mut browser = Site::new().signed_in("text").await;
    let before = browser.jar[COOKIE].clone();
    assert_eq!(browser.get("/renew").await.lines().len(), 1);
    assert_ne!(browser.jar[COOKIE], before);
    assert_eq!(browser.reads().await, "0 text");
}

#[tokio::test]
async fn destroying_removes_the_cookie_with_the_attributes_it_was_set_with() {
    let mut browser = Site::new().signed_in("text").await;
    let answer = browser.get("/destroy").await;
    assert_eq!(
        answer.lines(),
        ["__Host-Http-ironleaf-session=; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=0"]
    );
    assert!(browser.jar.is_empty());
    assert_eq!(browser.reads().await, "anonymous");
}

#[tokio::test]
async fn the_last_of_insert_and_destroy_counts() {
    let site = Site::new();
    let destroy_last = async |session: Session<Text>| {
        session.begins(Text::default());
        session.destroy();
    };
    let insert_last = async |session: Session<Text>| {
        session.destroy();
        session.begins(Text::default());
    };
    let router = Router::new()
        .route("/destroy-last", any(destroy_last))
        .route("/insert-last", any(insert_last))
        .layer(site.layer::<Text>());
    let mut browser = Browser::new(router);
    browser.get("/insert-last").await;
    assert_eq!(browser.jar.len(), 1);
    browser.get("/destroy-last").await;
    assert_eq!(browser.jar.len(), 0);
}

#[tokio::test]
async fn every_sign_in_has_an_id_of_its_own() {
    let site = Site::new();
    let sign_in = async |session: Session<Text>| -> String {
        session.begins(Text::default());
        hex::encode(session.current().unwrap().id.as_bytes())
    };
    let router = Router::new().route("/", any(sign_in)).layer(site.layer::<Text>());
    let mut browser = Browser::new(router);
    let first = browser.get("/").await.body;
    assert_ne!(browser.get("/").await.body, first);
    let printed = format!("{:?}", SessionId::from_bytes([0xab; 16]));
    assert_eq!(printed, "SessionId(ababab..)", "a log does not reveal the whole id");
}

#[tokio::test]
async fn a_change_after_the_head_has_passed_is_refused() {
    let site = Site::new();
    let left: Left<(Session<Text>, Flash)> = Left::default();
    let place = Arc::clone(&left);
    let leave = move |session: Session<Text>, flash: Flash| {
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some((session, flash));
        async {}
    };
    let router = Router::new().route("/", any(leave)).layer(site.layer::<Text>());
    let mut browser = Browser::new(router);
    browser.jar = site.signed_in("text").await.jar;
    browser.get("/").await;

    let (session, flash) = left.lock().unwrap().take().unwrap();
    assert_eq!(session.modify(|payload| payload.0.clear()), None);
    assert_eq!(session.rotate(|payload| payload.0.clear()), None);
    assert!(session.insert(Text::default(), Beginning::of(owner())).is_none());
    assert_eq!(session.amend(|payload| payload.0.clear()), None);
    assert!(!session.adopt(9, Text::default(), None));
    assert!(!session.renew());
    assert!(!session.destroy());
    assert_eq!(session.current().unwrap().payload.0, "text");
    assert!(!flash.set(&MESSAGE, &Text::default()));
    assert!(!flash.clear(&MESSAGE));
    assert_eq!(flash.take(&MESSAGE), None);
}

#[tokio::test]
async fn a_failed_change_leaves_the_session_as_it_was() {
    let site = Site::new();
    let left: Left<Session<Text>> = Left::default();
    let place = Arc::clone(&left);
    let change = move |session: Session<Text>| async move {
        *place.lock().unwrap() = Some(session.clone());
        let panics = tokio::spawn(async move {
            session.modify(|payload| {
                payload.0.clear();
                panic!("in the middle of a change");
            })
        });
        panics.await.unwrap_err();
    };
    let router = Router::new().route("/", any(change)).layer(site.layer::<Text>());
    let mut browser = Browser::new(router);
    browser.jar = site.signed_in("text").await.jar;
    assert_eq!(browser.get("/").await.lines(), [""; 0]);
    assert_eq!(left.lock().unwrap().take().unwrap().current().unwrap().payload.0, "text");
}

#[tokio::test]
async fn without_the_layer_a_handler_answers_500_and_says_why() {
    let router = Router::new()
        .route("/session", any(async |_: Session<Text>| "unreachable"))
        .route("/flash", any(async |_: Flash| "unreachable"))
        .route("/optional", any(async |session: Option<Session<Text>>| session.is_none().to_string()));
    for path in ["/session", "/flash"] {
        let answer: Answer = request(&router, path, b"").await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.body, "the session layer is missing: add `SessionLayer` around this route");
    }
    assert_eq!(request(&router, "/optional", b"").await.body, "true");
}

#[tokio::test]
async fn other_peoples_cookies_and_junk_are_passed_over() {
    let site = Site::new();
    let value = site.signed_in("text").await.jar[COOKIE].clone();
    let router = site.router();
    let junk: &[&[u8]] =
        &[b"a=b", b"", b"=", b"==", b"novalue", b"\xff\xfe=\x80", b"__Host-Http-ironleaf-sessionx=1"];
    for junk in junk {
        for header in [
            [junk, &b"; "[..], COOKIE.as_bytes(), b"=", value.as_bytes()].concat(),
            [COOKIE.as_bytes(), b"=", value.as_bytes(), b";", junk].concat(),
            [b" ; ;\t", COOKIE.as_bytes(), b" = ", value.as_bytes(), b" ;", junk].concat(),
        ] {
            let answer = request(&router, "/read", &header).await;
            assert_eq!(
                (answer.body.as_str(), answer.lines().len()),
                ("0 text", 0),
                "{}",
                header.escape_ascii()
            );
        }
        assert_eq!(request(&router, "/arrival", junk).await.body, format!("{:?}", Arrival::Absent));
    }
}

#[tokio::test]
async fn of_a_name_sent_twice_the_highest_rotation_wins() {
    let site = Site::new();
    let mut browser = site.signed_in("old").await;
    let old = browser.jar[COOKIE].clone();
    browser.send("/rotate", "new").await;
    let new = browser.jar[COOKIE].clone();
    for header in [
        format!("{COOKIE}={old}; {COOKIE}={new}"),
        format!("{COOKIE}={new}; {COOKIE}={old}"),
        format!("{COOKIE}=junk; {COOKIE}={new}; {COOKIE}=v1.junk"),
    ] {
        let answer = request(&site.router(), "/read", header.as_bytes()).await;
        assert_eq!((answer.body.as_str(), answer.lines().len()), ("1 new", 0));
    }
}

#[tokio::test]
async fn of_two_sessions_the_later_sign_in_wins_whatever_their_rotations() {
    let site = Site::new();
    let mut earlier = site.signed_in("earlier").await;
    earlier.send("/rotate", "earlier").await;
    site.time.advance(crate::support::HOUR / 60);
    let later = site.signed_in("later").await;
    let header = format!("{COOKIE}={}; {COOKIE}={}", earlier.jar[COOKIE], later.jar[COOKIE]);
    assert_eq!(request(&site.router(), "/read", header.as_bytes()).await.body, "0 later");
}

#[test]
fn a_layer_further_out_can_tell_whether_there_is_a_cookie() {
    let settings = Site::new().settings;
    let has_cookie = |cookie: &str| {
        settings.has_cookie(&HeaderMap::from_iter([(header::COOKIE, cookie.parse().unwrap())]))
    };
    assert!(has_cookie("a=b; __Host-Http-ironleaf-session=anything"));
    assert!(has_cookie("__Host-Http-ironleaf-session.0=anything"));
    assert!(!has_cookie(
        "ironleaf-session=x; __Host-Http-ironleaf-sessions=x; __Host-Http-ironleaf-session.x=x"
    ));
    assert!(!settings.has_cookie(&HeaderMap::new()));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let refused = |change: fn(&mut ironleaf_session::SessionSettings)| {
        Site::new().with_settings(change).settings.validate().unwrap_err()
    };
    assert_eq!(refused(|settings| settings.cookie_name.clear()), SettingsError::CookieName);
    assert_eq!(refused(|settings| settings.cookie_name = "a;b".to_owned()), SettingsError::CookieName);
    assert_eq!(refused(|settings| settings.cookie_name = "__Host-a".to_owned()), SettingsError::CookiePrefix);
    assert_eq!(refused(|settings| settings.idle_timeout = Duration::ZERO), SettingsError::Timeout);
    assert_eq!(
        refused(|settings| settings.unremembered_idle_timeout = Duration::ZERO),
        SettingsError::Timeout
    );
    assert_eq!(refused(|settings| settings.absolute_timeout = Duration::MAX), SettingsError::Timeout);
    assert_eq!(Site::new().settings.validate(), Ok(()));
}

#[test]
#[should_panic(expected = "a cookie's name consists of")]
fn a_layer_is_not_made_of_settings_that_cannot_work() {
    let site = Site::new().with_settings(|settings| settings.cookie_name.clear());
    let _: SessionLayer<Text> = site.layer();
}
