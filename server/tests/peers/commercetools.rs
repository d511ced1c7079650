//! A commercetools project: people with a password, and guests with a cart.

use std::collections::BTreeMap;
use std::sync::Arc;

use ironleaf_auth::{
    Asked, Caller, EmailAddress, EndReason, Grant, HttpSettings, HttpTransport, Observed, Provider,
    RefreshOutcome, Response, SecretText, SignIn, SignInError, Transport, system_clock,
};
use ironleaf_providers::{CommercetoolsProvider, CommercetoolsSettings};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::machine::pause;
use crate::peer::{CLIENT_ID, CLIENT_SECRET, Kind, Peer};
use crate::processes::free_address;
use crate::world::{ADA, SHORT, SHORT_LIFE, SHORT_PASSWORD as PASSWORD, Setup, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_sees_their_account_and_leaves() {
    let world = World::start(Kind::Commercetools, Setup { replicas: 2, ..Setup::default() }).await;
    let mut browser = world.browser();
    let page = browser.open("/login").await;
    assert!(!page.shows("Forgot Password"), "there is no such page: {}", page.text);
    let page = world.sign_in(&mut browser, "/login?return_to=/account").await;
    assert_eq!((page.url.path(), page.status), ("/account", 200), "{}", page.text);
    assert!(page.shows(ADA), "{}", page.text);
    let mut copy = browser.clone();
    let page = browser.open("/").await;
    let page = browser.press(&page, "Logout").await;
    assert!(page.shows("Login"), "{}", page.text);
    copy.door = 1;
    assert_eq!(copy.open("/account").await.url.path(), "/login", "a copy of the cookie is of no use");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_registers_is_signed_in_and_a_known_address_is_said_at_its_field() {
    let world = World::start(Kind::Commercetools, Setup::default()).await;
    let mut browser = world.browser();
    let register = async |browser: &mut Browser, email: &str| {
        let page = browser.open("/register").await;
        let typed = [("email", email), ("password", PASSWORD), ("confirm_password", PASSWORD)];
        browser.fill_and_press(&page, "Register", &typed).await
    };
    for known in [ADA, "eva@example.org"] {
        let page = register(&mut browser, known).await;
        assert!(page.shows("A user with this email already exists"), "{known}: {} {}", page.url, page.text);
    }
    let page = register(&mut browser, "Grace@Example.org").await;
    assert_eq!((page.url.path(), page.status), ("/", 200), "{}", page.text);
    let page = browser.open("/account").await;
    assert!(page.status == 200 && page.shows("grace@example.org"), "{} {}", page.url, page.text);
    let page = browser.open("/").await;
    browser.press(&page, "Logout").await;
    let page = browser.open("/login").await;
    let typed = [("email", "grace@example.org"), ("password", PASSWORD)];
    let page = browser.fill_and_press(&page, "Login", &typed).await;
    assert_eq!(page.url.path(), "/", "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_to_register_where_no_token_may() {
    let application = &[("COMMERCETOOLS_SCOPES", "manage_my_orders:shop")];
    let world = World::start(Kind::Commercetools, Setup { application, ..Setup::default() }).await;
    let mut browser = world.browser();
    assert!(!browser.open("/login").await.shows("Sign up"));
    assert_eq!(browser.open("/register").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_compared_with_its_case() {
    let world = World::start(Kind::Commercetools, Setup::default()).await;
    for (typed, is_right) in [
        ("Eva@Example.org", true),
        ("eva@example.org", false),
        ("Ada@Example.org", true),
        ("ada@example.org", true),
        ("nobody@example.org", false),
    ] {
        let mut browser = world.browser();
        let page = browser.open("/login").await;
        let page = browser.fill_and_press(&page, "Login", &[("email", typed), ("password", PASSWORD)]).await;
        assert_eq!(page.url.path() == "/", is_right, "{typed}: {} {}", page.url, page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_grant_signs_out_and_says_so() {
    let world = World::start(Kind::Commercetools, Setup { peer: &SHORT, ..Setup::default() }).await;
    let mut browser = world.signed_in().await;
    world.peer.tell("/revoke-all?sub=c-ada").await;
    pause(SHORT_LIFE).await;
    let page = browser.open("/account").await;
    assert!(page.url.path() == "/login" && page.shows("S3"), "{}: {}", page.url, page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_client_secret_ends_no_session() {
    let world = World::start(Kind::Commercetools, Setup { peer: &SHORT, ..Setup::default() }).await;
    let mut browser = world.signed_in().await;
    world.peer.tell("/fail-refresh?error=invalid_client&status=401&times=1").await;
    pause(SHORT_LIFE).await;
    let page = browser.open_until_served("/account").await;
    assert!(page.status == 200 && page.shows(ADA), "{} {}", page.status, page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_is_put_off_or_whose_answer_is_lost_is_not_the_end() {
    for trouble in ["/fail-refresh?error=slow_down&status=429&times=1&retry_after=1", "/lose-answer?times=1"]
    {
        let world = World::start(Kind::Commercetools, Setup { peer: &SHORT, ..Setup::default() }).await;
        let mut browser = world.signed_in().await;
        world.peer.tell(trouble).await;
        pause(SHORT_LIFE).await;
        let page = browser.open_until_served("/account").await;
        assert!(page.status == 200 && page.shows(ADA), "{trouble}: {} {}", page.status, page.text);
    }
}

/// The provider alone: no page of this application begins a guest.
struct Shop {
    provider: CommercetoolsProvider,
    transport: Arc<dyn Transport>,
    peer: Peer,
}

impl Shop {
    async fn open(settings: &[(&str, &str)]) -> Self {
        let peer = Peer::start(Kind::Commercetools, free_address(), settings).await;
        let url: url::Url = peer.issuer.parse().unwrap();
        let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(&HttpSettings::default()).unwrap());
        let settings = CommercetoolsSettings::of(url.clone(), url, "shop", CLIENT_ID, CLIENT_SECRET.into());
        let provider = CommercetoolsProvider::new(settings, Arc::clone(&transport), system_clock());
        Self { provider, transport, peer }
    }

    async fn guest(&self) -> Grant {
        let signed_in = self.provider.sign_in(&Caller::default(), SignIn::ClientCredentials, None).await;
        signed_in.unwrap().grant
    }

    async fn sign_in(&self, existing: Option<&Grant>) -> Result<Grant, SignInError> {
        let attempt = SignIn::Password { email: EmailAddress::of_record(ADA), password: PASSWORD.into() };
        let signed_in = self.provider.sign_in(&Caller::default(), attempt, existing).await;
        signed_in.map(|signed_in| signed_in.grant)
    }

    /// Calls the API, and lets the grant learn of the answer.
    async fn call(&self, grant: &mut Grant, method: &str, path: &str, body: &Value) -> Response {
        let url = format!("{}/shop{path}", self.peer.issuer);
        let mut request = http::Request::builder().method(method).uri(url).body("".into()).unwrap();
        if !body.is_null() {
            request = request.map(|_: axum::body::Bytes| body.to_string().into());
            request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        }
        self.provider.authorize(&Caller::default(), grant, &mut request);
        let asked = Asked::of(&request);
        let response = self.transport.send(request).await.unwrap();
        if let Observed::AtOnce(change) = self.provider.observe(grant, &asked, &response) {
            change(grant);
        }
        response
    }

    /// A guest who has put something into a cart, and the cart.
    async fn guest_with_cart(&self) -> (Grant, String) {
        let mut guest = self.guest().await;
        let cart = self.put(&mut guest, "tea", 2).await;
        (guest, cart)
    }

    /// Puts something into a new cart.
    async fn put(&self, grant: &mut Grant, sku: &str, quantity: u64) -> String {
        let body = json!({ "currency": "EUR", "lineItems": [{ "sku": sku, "quantity": quantity }] });
        let response = self.call(grant, "POST", "/me/carts", &body).await;
        assert_eq!(response.status(), 201);
        let cart: Value = serde_json::from_slice(response.body()).unwrap();
        cart["id"].as_str().unwrap().to_owned()
    }

    /// State and content of every cart, by its identifier.
    async fn carts(&self) -> BTreeMap<String, (String, Vec<(String, u64)>)> {
        let carts = self.peer.ask("/carts").await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let item = |item: &Value| (text(&item["variant"]["sku"]), item["quantity"].as_u64().unwrap());
        let content = |cart: &Value| cart["lineItems"].as_array().unwrap().iter().map(item).collect();
        let carts = carts.as_array().unwrap().iter();
        carts.map(|cart| (text(&cart["id"]), (text(&cart["cartState"]), content(cart)))).collect()
    }

    async fn active_cart(&self, grant: &Grant) -> Option<String> {
        let response = self.call(&mut grant.clone(), "GET", "/me/active-cart", &Value::Null).await;
        let cart: Value = serde_json::from_slice(response.body()).unwrap();
        (response.status() == 200).then(|| cart["id"].as_str().unwrap().to_owned())
    }
}

#[tokio::test]
async fn a_guests_cart_follows_who_signs_in_and_is_not_deleted() {
    let shop = Shop::open(&[]).await;
    let (guest, cart) = shop.guest_with_cart().await;
    assert!(guest.identity.as_ref().unwrap().is_guest);
    let customer = shop.sign_in(Some(&guest)).await.unwrap();
    assert_eq!(shop.active_cart(&customer).await.as_deref(), Some(cart.as_str()));
    // The guest's session is replaced.
    assert_eq!(shop.provider.sign_out(&Caller::default(), &guest).await, Ok(()));
    shop.provider.on_end(&guest, EndReason::Replaced).await;
    assert_eq!(shop.active_cart(&customer).await, Some(cart));
}

#[tokio::test]
async fn a_customer_who_has_a_cart_finds_in_it_what_they_had_as_a_guest() {
    let shop = Shop::open(&[]).await;
    let mut elsewhere = shop.sign_in(None).await.unwrap();
    let own = shop.put(&mut elsewhere, "cup", 1).await;
    let (guest, cart) = shop.guest_with_cart().await;
    let customer = shop.sign_in(Some(&guest)).await.unwrap();
    assert_eq!(shop.active_cart(&customer).await.as_deref(), Some(own.as_str()));
    let held = |sku: &str, quantity| (sku.to_owned(), quantity);
    let merged = [
        (own, ("Active".to_owned(), vec![held("cup", 1), held("tea", 2)])),
        (cart, ("Merged".to_owned(), vec![held("tea", 2)])),
    ];
    assert_eq!(shop.carts().await, BTreeMap::from(merged.clone()));
    // The guest's session is replaced: there is one look at the cart, and nothing to delete.
    let before = shop.peer.count("cart").await;
    assert_eq!(shop.provider.sign_out(&Caller::default(), &guest).await, Ok(()));
    shop.provider.on_end(&guest, EndReason::Replaced).await;
    assert_eq!(shop.peer.count("cart").await, before + 1);
    assert_eq!(shop.carts().await, BTreeMap::from(merged));
}

#[tokio::test]
async fn a_new_customer_keeps_what_they_had_as_a_guest() {
    let shop = Shop::open(&[]).await;
    let (guest, cart) = shop.guest_with_cart().await;
    let (email, password) = (EmailAddress::of_record("new@example.org"), SecretText::from(PASSWORD));
    let accounts = shop.provider.accounts().unwrap();
    let created = accounts.register(&Caller::default(), &email, &password).await.unwrap();
    let attempt = SignIn::Password { email, password };
    let signed_in = shop.provider.sign_in(&Caller::default(), attempt, Some(&guest)).await.unwrap();
    assert_eq!(signed_in.grant.identity.as_ref().unwrap().id, created.id);
    assert_eq!(shop.active_cart(&signed_in.grant).await, Some(cart));
}

#[tokio::test]
async fn a_guest_who_leaves_leaves_no_cart_behind() {
    let shop = Shop::open(&SHORT).await;
    let (guest, cart) = shop.guest_with_cart().await;
    assert_eq!(shop.active_cart(&guest).await, Some(cart));
    // It is still found when the access token is over.
    pause(SHORT_LIFE).await;
    assert_eq!(shop.provider.sign_out(&Caller::default(), &guest).await, Ok(()));
    let RefreshOutcome::Rotated(guest) = shop.provider.refresh(&Caller::default(), &guest).await else {
        panic!("the mock cannot revoke, so this tells whether the cart is gone");
    };
    assert_eq!(shop.active_cart(&guest).await, None);
}

#[tokio::test]
async fn a_guest_stays_who_they_are_while_the_shop_is_away() {
    let shop = Shop::open(&[]).await;
    let (guest, cart) = shop.guest_with_cart().await;
    shop.peer.tell("/down?how=503").await;
    assert!(matches!(shop.sign_in(Some(&guest)).await, Err(SignInError::Unavailable(_))));
    assert!(shop.provider.sign_out(&Caller::default(), &guest).await.is_err());
    shop.peer.tell("/up").await;
    assert_eq!(shop.active_cart(&guest).await.as_deref(), Some(cart.as_str()));
    let customer = shop.sign_in(Some(&guest)).await.unwrap();
    assert_eq!(shop.active_cart(&customer).await, Some(cart));
}
