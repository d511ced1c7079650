use super::*;

const LOGIN: &str = "api POST /shop/me/login";
const REVOKE: &str = "auth POST /oauth/token/revoke";

fn learned(grant: &mut Grant, answer: Answer) -> bool {
    learned_at(grant, (Method::GET, "/shop/me/active-cart"), answer)
}

fn learned_at(grant: &mut Grant, (method, path): (Method, &str), answer: Answer) -> bool {
    let (provider, _) = scripted([]);
    match provider.observe(grant, &asked(method, path), &answer.unwrap()) {
        Observed::AtOnce(change) => change(grant),
        Observed::Nothing => return false,
        Observed::Lazily(_) => panic!("a cart that is forgotten is never deleted"),
    }
    true
}

#[tokio::test]
async fn a_guests_cart_is_learned_from_the_answer_that_shows_it() {
    let mut grant = guest().await;
    for nothing in [
        text(200, "<html>"),
        answer(200, &json!({ "id": "cart-1", "version": 7 })),
        answer(200, &cart("Active", &json!({ "customerId": "c1" }))),
        answer(200, &cart("Active", &json!({ "anonymousId": "g2" }))),
        answer(200, &cart("Ordered", &json!({}))),
        answer(200, &cart("Active", &json!({ "id": "../c" }))),
        answer(404, &cart("Active", &json!({}))),
    ] {
        assert!(!learned(&mut grant, nothing));
    }
    let shown = || answer(201, &cart("Active", &json!({ "anonymousId": "g1" })));
    assert!(learned(&mut grant, shown()));
    assert_eq!(grant.field(CART), Some(&"cart-1".into()));
    assert!(!learned(&mut grant, shown()), "the same cart is learned once");
    assert!(learned(&mut grant, answer(201, &cart("Active", &json!({ "id": "cart-2" })))));
    assert_eq!(grant.field(CART), Some(&"cart-2".into()));
    assert!(!learned(&mut grant, answer(200, &cart("Ordered", &json!({})))), "another one");
    assert!(learned(&mut grant, answer(200, &cart("Ordered", &json!({ "id": "cart-2" })))));
    assert_eq!(grant.field(CART), None);
}

#[tokio::test]
async fn what_has_the_form_of_a_cart_elsewhere_is_none() {
    for (method, path, counts) in [
        (Method::GET, "/shop/me/active-cart", true),
        (Method::POST, "/shop/me/carts", true),
        (Method::POST, "/shop/me/carts/cart-1?expand=x", true),
        (Method::DELETE, "/shop/me/carts/cart-1", false),
        (Method::GET, "/shop/me/carts/cart-1/notes", false),
        (Method::GET, "/shop/me/shopping-lists/cart-1", false),
        (Method::GET, "/shop/carts/cart-1", false),
        (Method::GET, "/other/me/active-cart", false),
    ] {
        let mut grant = guest().await;
        let learned =
            learned_at(&mut grant, (method.clone(), path), answer(200, &cart("Active", &json!({}))));
        assert_eq!(learned, counts, "{method} {path}");
    }
}

#[tokio::test]
async fn a_guests_cart_follows_who_signs_in() {
    let (provider, script) =
        scripted([tokens(CUSTOMER), record("c1", "user@test.com"), answer(200, &json!({}))]);
    let guest = guest_with_cart().await;
    let signed_in = provider.sign_in(&caller(), password("user@test.com"), Some(&guest)).await.unwrap();
    assert_eq!(script.asked()[2], LOGIN);
    assert_eq!(script.header(2, "authorization").as_deref(), Some("Bearer a1"), "asked as the guest");
    assert_eq!(
        script.body(2),
        json!({
            "email": "user@test.com", "password": "password1",
            "activeCartSignInMode": "MergeWithExistingCustomerCart",
        })
    );
    assert_eq!(signed_in.grant.field(CART), None, "a customer's cart belongs to the account");
}

#[tokio::test]
async fn an_expired_token_of_the_guest_is_renewed_first() {
    let answers = [tokens(CUSTOMER), record("c1", "user@test.com"), renewed(GUEST), answer(200, &json!({}))];
    let (provider, script) = scripted(answers);
    let guest = guest_with_cart().await;
    script.advance(Duration::from_hours(49));
    provider.sign_in(&caller(), password("user@test.com"), Some(&guest)).await.unwrap();
    assert_eq!(script.asked()[2..], ["auth POST /oauth/token", LOGIN]);
    assert_eq!(script.header(3, "authorization").as_deref(), Some("Bearer a2"));
}

#[tokio::test]
async fn nothing_is_carried_over_from_a_customer_or_from_elsewhere() {
    let elsewhere = CommercetoolsSettings { project: "other".to_owned(), ..settings() };
    let (provider, _) = with_settings(elsewhere, [tokens(GUEST)]);
    let foreign = provider.sign_in(&caller(), SignIn::ClientCredentials, None).await.unwrap().grant;
    for existing in [customer().await, foreign] {
        let (provider, script) = scripted([tokens(CUSTOMER), record("c1", "user@test.com")]);
        provider.sign_in(&caller(), password("user@test.com"), Some(&existing)).await.unwrap();
        assert_eq!(script.asked().len(), 2);
    }
}

#[tokio::test]
async fn a_cart_that_may_not_have_come_along_stays_the_guests() {
    // A success that is none of the API's, such as the page of a proxy, says nothing either.
    for failure in
        [lost(), unreachable(), text(503, ""), throttled(), text(200, "<html>"), text(200, "{\"cus")]
    {
        let answers =
            [tokens(CUSTOMER), record("c1", "user@test.com"), failure, text(200, ""), text(200, "")];
        let (provider, script) = scripted(answers);
        let failed =
            provider.sign_in(&caller(), password("user@test.com"), Some(&guest_with_cart().await)).await;
        let error = failed.err();
        assert!(
            matches!(error, Some(SignInError::Unavailable(_) | SignInError::TooManyRequests { .. })),
            "{error:?}"
        );
        assert_eq!(script.asked()[3..], [REVOKE; 2], "the new tokens are given back");
        assert_eq!(script.form(3)["token"], "shop:r1");
    }
}

#[tokio::test]
async fn a_cart_stays_the_guests_where_their_expired_token_cannot_be_renewed_now() {
    for failure in [lost(), unreachable(), text(503, ""), throttled()] {
        let answers =
            [tokens(CUSTOMER), record("c1", "user@test.com"), failure, text(200, ""), text(200, "")];
        let (provider, script) = scripted(answers);
        let mut guest = guest_with_cart().await;
        guest.access_expires_at = Some(start());
        let failed = provider.sign_in(&caller(), password("user@test.com"), Some(&guest)).await;
        assert!(matches!(failed.err(), Some(SignInError::Unavailable(_))));
        assert_eq!(script.asked()[2..], ["auth POST /oauth/token", REVOKE, REVOKE]);
    }
}

#[tokio::test]
async fn a_token_of_the_guest_that_is_refused_before_its_end_is_renewed_once() {
    let answers = [
        tokens(CUSTOMER),
        record("c1", "user@test.com"),
        error(401, "invalid_token"),
        renewed(GUEST),
        answer(200, &json!({})),
    ];
    let (provider, script) = scripted(answers);
    let guest = guest_with_cart().await;
    provider.sign_in(&caller(), password("user@test.com"), Some(&guest)).await.unwrap();
    assert_eq!(script.asked()[2..], [LOGIN, "auth POST /oauth/token", LOGIN]);
    assert_eq!(script.header(4, "authorization").as_deref(), Some("Bearer a2"));
}

#[tokio::test]
async fn a_guest_who_can_bring_nothing_is_signed_in_all_the_same() {
    let signed_in = |guest, answers: Vec<Answer>| async move {
        let answers = [tokens(CUSTOMER), record("c1", "user@test.com")].into_iter().chain(answers);
        let (provider, script) = scripted(answers);
        script.advance(Duration::from_hours(1));
        provider.sign_in(&caller(), password("user@test.com"), Some(&guest)).await.is_ok()
    };
    // Refused for good: another try would be refused as well.
    for refused in [
        vec![error(400, "InvalidCredentials")],
        vec![error(401, "invalid_token"), error(400, "invalid_grant")],
        vec![error(403, "insufficient_scope")],
    ] {
        assert!(signed_in(guest_with_cart().await, refused).await);
    }
    // Without a cart there is nothing to lose.
    assert!(signed_in(guest().await, vec![lost()]).await);
    let mut over = guest_with_cart().await;
    over.access_expires_at = Some(start());
    assert!(signed_in(over, vec![error(400, "invalid_grant")]).await);
}
