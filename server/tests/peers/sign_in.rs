//! Signing in, and everything that can go another way.

use crate::machine::pause;
use crate::peer::Kind;
use crate::world::{ADA, BUTTON_OF_ADA, SHORT, SHORT_LIFE, Setup, TO_THE_PROVIDER, World};

/// Of `server/src/config/tests/test_key.pem`.
const PUBLIC_HALF_OF_THE_TEST_KEY: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","use":"sig","kid":"test",
    "x":"zKYKYCEP1fUWWP8xqs5Yq97zF12vJ-pv6qKbdzi9Tbc","y":"4VyUlgrV4aWRd2X5jgyPpGeGolBwDdxqVidha0WnAGo"}]}"#;

async fn signs_in(kind: Kind, most_calls: u64) {
    let setup = Setup { application: &[("OIDC_ROLES_CLAIM", "roles")], ..Setup::default() };
    let world = World::start(kind, setup).await;
    drop(world.signed_in().await);
    world.peer.tell("/counts/reset").await;
    let mut browser = world.browser();
    let page = world.sign_in(&mut browser, "/login?return_to=/account").await;
    assert_eq!((page.url.path(), page.status), ("/account", 200), "{}", page.text);
    assert!(page.shows(ADA) && page.shows("admin"), "{}", page.text);
    let mut calls = 0;
    for endpoint in ["discovery", "jwks", "par", "token.authorization_code", "userinfo"] {
        calls += world.peer.count(endpoint).await;
    }
    assert!(calls <= most_calls, "{calls} calls for a sign-in with discovery known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_at_oidc_provider_and_comes_back_to_where_they_were() {
    signs_in(Kind::OidcProvider, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_at_better_auth_and_comes_back_to_where_they_were() {
    signs_in(Kind::BetterAuth, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_only_userinfo_has_are_asked_for_once() {
    let setup = Setup { peer: &[("CLAIMS_IN", "userinfo")], ..Setup::default() };
    let world = World::start(Kind::OidcProvider, setup).await;
    let mut browser = world.browser();
    let page = world.sign_in(&mut browser, "/login?return_to=/account").await;
    assert!(page.shows(ADA), "{}", page.text);
    assert_eq!(world.peer.count("userinfo").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_prove_who_the_client_is_works_with_every_signature() {
    for (method, algorithm) in [("client_secret_basic", "RS256"), ("client_secret_post", "ES256")] {
        let peer = [("CLIENT_AUTH", method), ("ID_TOKEN_ALG", algorithm), ("PAR", "off")];
        let application = [("OIDC_CLIENT_AUTH", method)];
        let setup = Setup { peer: &peer, application: &application, ..Setup::default() };
        drop(World::start(Kind::OidcProvider, setup).await.signed_in().await);
    }
    for algorithm in ["PS256", "EdDSA"] {
        let peer = [("ID_TOKEN_ALG", algorithm), ("PAR", "required")];
        let setup = Setup { peer: &peer, ..Setup::default() };
        drop(World::start(Kind::OidcProvider, setup).await.signed_in().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_signs_with_its_key_has_no_secret() {
    let key_file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/tests/test_key.pem");
    let peer = [("CLIENT_AUTH", "private_key_jwt"), ("CLIENT_JWKS", PUBLIC_HALF_OF_THE_TEST_KEY), SHORT[0]];
    for audience in ["token_endpoint", "issuer"] {
        let application = [
            ("OIDC_CLIENT_AUTH", "private_key_jwt"),
            ("OIDC_CLIENT_KEY_FILE", key_file),
            ("OIDC_CLIENT_KEY_ID", "test"),
            ("OIDC_CLIENT_ASSERTION_AUDIENCE", audience),
            ("OIDC_CLIENT_SECRET", ""),
        ];
        let setup = Setup { peer: &peer, application: &application, ..Setup::default() };
        let world = World::start(Kind::OidcProvider, setup).await;
        let mut browser = world.signed_in().await;
        pause(SHORT_LIFE).await;
        assert!(browser.open("/account").await.shows(ADA), "a refresh is signed as well");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_every_kind_sign_in() {
    let application = [("OIDC_ROLES_CLAIM", "realm_access.roles")];
    let setup = Setup { application: &application, ..Setup::default() };
    let world = World::start(Kind::OidcProvider, setup).await;
    for (button, shown) in [
        ("Continue as Noah Nomail", "Noah Nomail"),
        ("Continue as Tess Text", "tess@example.org"),
        ("Continue as Rolf Roleless", "rolf@example.org"),
    ] {
        let mut browser = world.browser();
        let page = browser.open("/login?return_to=/account").await;
        let page = browser.press(&page, TO_THE_PROVIDER).await;
        let page = browser.press(&page, button).await;
        assert_eq!((page.url.path(), page.status), ("/account", 200), "{button}: {}", page.text);
        assert!(page.shows(shown), "{button}: {}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_declines_reads_so_and_can_try_again() {
    let world = World::start(Kind::OidcProvider, Setup::default()).await;
    let mut browser = world.browser();
    let page = browser.open("/login?return_to=/account").await;
    let page = browser.press(&page, TO_THE_PROVIDER).await;
    let page = browser.press(&page, "Cancel").await;
    assert_eq!(page.url.path(), "/auth/callback", "{}", page.text);
    assert!(page.shows("/login?return_to=") && !page.shows("access_denied"), "{}", page.text);
    assert_eq!(browser.attempts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_is_opened_again_signs_nobody_out() {
    let world = World::start(Kind::OidcProvider, Setup::default()).await;
    let mut browser = world.browser();
    let arrived = world.sign_in(&mut browser, "/login").await;
    let callback = arrived.steps.iter().find(|step| step.path() == "/auth/callback").unwrap().clone();
    let page = browser.visit(callback).await;
    assert!(page.status == 400 && page.shows("This login is over"), "{}: {}", page.status, page.text);
    assert!(browser.open("/account").await.shows(ADA));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_sign_in_at_once_both_finish() {
    let world = World::start(Kind::OidcProvider, Setup::default()).await;
    let mut browser = world.browser();
    let (first, second) = (browser.open("/login?return_to=/account").await, browser.open("/login").await);
    let first = browser.press(&first, TO_THE_PROVIDER).await;
    let second = browser.press(&second, TO_THE_PROVIDER).await;
    let second = browser.press(&second, BUTTON_OF_ADA).await;
    assert_eq!((second.url.path(), second.status), ("/", 200), "{}", second.text);
    let first = browser.press(&first, BUTTON_OF_ADA).await;
    assert_eq!((first.url.path(), first.status), ("/account", 200), "{}", first.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_attempts_that_nobody_finishes_leave_no_pile_of_cookies() {
    let world = World::start(Kind::OidcProvider, Setup::default()).await;
    let mut browser = world.browser();
    for _ in 0..10 {
        let page = browser.open("/login").await;
        browser.press(&page, TO_THE_PROVIDER).await;
    }
    assert!(browser.attempts() <= 4, "{} cookies of attempts", browser.attempts());
    let page = world.sign_in(&mut browser, "/login?return_to=/account").await;
    assert!(page.shows(ADA), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_people_with_a_role_are_let_in_and_others_read_so() {
    let setup = Setup {
        application: &[("OIDC_ROLES_CLAIM", "roles"), ("SIGN_IN_ROLES", "admin,evaluator")],
        ..Setup::default()
    };
    let world = World::start(Kind::OidcProvider, setup).await;
    let mut browser = world.browser();
    let page = browser.open("/login").await;
    let page = browser.press(&page, TO_THE_PROVIDER).await;
    let page = browser.press(&page, "Continue as Rolf Roleless").await;
    assert_eq!(page.status, 403, "{}", page.text);
    assert_ne!(browser.open("/account").await.url.path(), "/account", "nobody is signed in");
    let mut browser = world.browser();
    let page = world.sign_in(&mut browser, "/login?return_to=/account").await;
    assert!(page.shows(ADA), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_needs_it_sends_the_person_to_prove_who_they_are() {
    let world = World::start(Kind::OidcProvider, Setup::default()).await;
    let mut browser = world.signed_in().await;
    // The provider still knows Ada, and would not ask without being told to.
    let page = browser.open("/confirm?return_to=/account").await;
    let page = browser.press(&page, TO_THE_PROVIDER).await;
    assert!(page.shows(BUTTON_OF_ADA), "the provider asks: {}", page.text);
    let page = browser.press(&page, BUTTON_OF_ADA).await;
    assert_eq!((page.url.path(), page.status), ("/account", 200), "{}", page.text);
}
