use ironleaf_auth::{EndReason, Rejection};

use super::*;

const REVOKE: &str = "auth POST /oauth/token/revoke";
const CART_OF_GUEST: &str = "api GET /shop/me/carts/cart-1";
const DELETE_CART: &str = "api DELETE /shop/me/carts/cart-1?version=7";

fn open_cart() -> Answer {
    answer(200, &cart("Active", &json!({ "anonymousId": "g1" })))
}

#[tokio::test]
async fn both_tokens_are_revoked() {
    let grant = customer().await;
    for gone in [
        || text(200, ""),
        || text(404, "<h1>No such endpoint</h1>"),
        || error(400, "invalid_token"),
        || answer(401, &json!({ "error": "invalid_grant" })),
    ] {
        let (provider, script) = scripted([gone(), gone()]);
        assert_eq!(provider.sign_out(&caller(), &grant).await, Ok(()));
        assert_eq!(script.asked(), [REVOKE, REVOKE]);
        let sent = [0, 1].map(|index| {
            let form = script.form(index);
            (form["token"].clone(), form["token_type_hint"].clone())
        });
        let pair = |token: &str, hint: &str| (token.to_owned(), hint.to_owned());
        assert_eq!(sent, [pair("shop:r1", "refresh_token"), pair("a1", "access_token")]);
    }
}

#[tokio::test]
async fn a_revocation_that_failed_is_said_so_and_the_other_is_tried_all_the_same() {
    let grant = customer().await;
    for failure in [lost(), unreachable(), text(503, ""), error(401, "invalid_client"), throttled()] {
        let (provider, script) = scripted([failure, text(200, "")]);
        assert!(provider.sign_out(&caller(), &grant).await.is_err());
        assert_eq!(script.asked().len(), 2);
    }
}

#[tokio::test]
async fn a_guests_cart_goes_before_their_tokens() {
    let (provider, script) = scripted([open_cart(), text(200, ""), text(404, ""), text(404, "")]);
    let grant = guest_with_cart().await;
    assert_eq!(provider.sign_out(&caller(), &grant).await, Ok(()));
    assert_eq!(script.asked(), [CART_OF_GUEST, DELETE_CART, REVOKE, REVOKE]);
    assert_eq!(script.header(1, "authorization").as_deref(), Some("Bearer a1"));
    // The end that follows finds nothing to do.
    provider.on_end(&grant, EndReason::SignedOut).await;
    assert_eq!(script.asked().len(), 4);
}

#[tokio::test]
async fn a_cart_that_is_no_longer_the_guests_alone_stays() {
    for gone in [
        answer(200, &cart("Active", &json!({ "customerId": "c1" }))),
        answer(200, &cart("Active", &json!({ "anonymousId": "g2" }))),
        answer(200, &cart("Merged", &json!({ "anonymousId": "g1" }))),
        answer(200, &cart("Ordered", &json!({ "anonymousId": "g1" }))),
        error(404, "ResourceNotFound"),
        text(200, "<html>"),
    ] {
        let (provider, script) = scripted([gone, text(404, ""), text(404, "")]);
        assert_eq!(provider.sign_out(&caller(), &guest_with_cart().await).await, Ok(()));
        assert_eq!(script.asked(), [CART_OF_GUEST, REVOKE, REVOKE]);
    }
}

#[tokio::test]
async fn a_cart_that_cannot_be_reached_keeps_the_access_token_alone_for_the_next_try() {
    for failures in
        [vec![lost()], vec![text(503, "")], vec![open_cart(), throttled()], vec![open_cart(), lost()]]
    {
        let asked = failures.len();
        let next = [open_cart(), text(200, ""), error(400, "invalid_token"), text(200, "")];
        let (provider, script) = scripted(failures.into_iter().chain([text(200, "")]).chain(next));
        let guest = guest_with_cart().await;
        assert!(provider.sign_out(&caller(), &guest).await.is_err());
        assert_eq!(script.asked().len(), asked + 1);
        assert_eq!((script.asked()[asked].as_str(), &*script.form(asked)["token"]), (REVOKE, "shop:r1"));
        assert_eq!(provider.sign_out(&caller(), &guest).await, Ok(()));
        assert_eq!(script.asked()[asked + 1..], [CART_OF_GUEST, DELETE_CART, REVOKE, REVOKE]);
    }
}

#[tokio::test]
async fn an_expired_access_token_is_renewed_to_reach_the_cart() {
    let (provider, script) =
        scripted([renewed(GUEST), open_cart(), text(200, ""), text(200, ""), text(200, "")]);
    script.advance(Duration::from_hours(49));
    assert_eq!(provider.sign_out(&caller(), &guest_with_cart().await).await, Ok(()));
    assert_eq!(script.asked(), ["auth POST /oauth/token", CART_OF_GUEST, DELETE_CART, REVOKE, REVOKE]);
    assert_eq!(script.header(2, "authorization").as_deref(), Some("Bearer a2"));
    // Where the refresh token is over, too, nobody can reach the cart any more.
    let (provider, script) = scripted([error(400, "invalid_grant"), text(200, ""), text(200, "")]);
    script.advance(Duration::from_hours(49));
    assert_eq!(provider.sign_out(&caller(), &guest_with_cart().await).await, Ok(()));
    assert_eq!(script.asked(), ["auth POST /oauth/token", REVOKE, REVOKE]);
}

#[tokio::test]
async fn a_cart_waits_for_the_next_try_where_the_expired_access_token_cannot_be_renewed_now() {
    for failure in [lost(), unreachable(), text(503, ""), throttled()] {
        let next = [renewed(GUEST), open_cart(), text(200, ""), text(200, ""), text(200, "")];
        let (provider, script) = scripted([failure].into_iter().chain(next));
        script.advance(Duration::from_hours(49));
        let guest = guest_with_cart().await;
        assert!(provider.sign_out(&caller(), &guest).await.is_err());
        assert_eq!(script.asked(), ["auth POST /oauth/token"], "without its tokens nobody reaches the cart");
        assert_eq!(provider.sign_out(&caller(), &guest).await, Ok(()));
        assert_eq!(script.asked()[2..], [CART_OF_GUEST, DELETE_CART, REVOKE, REVOKE]);
    }
}

#[tokio::test]
async fn an_access_token_that_is_refused_before_its_end_is_renewed_to_reach_the_cart() {
    let refused = || error(401, "invalid_token");
    let (provider, script) =
        scripted([refused(), renewed(GUEST), open_cart(), text(200, ""), text(200, ""), text(200, "")]);
    assert_eq!(provider.sign_out(&caller(), &guest_with_cart().await).await, Ok(()));
    let renewal = "auth POST /oauth/token";
    assert_eq!(script.asked(), [CART_OF_GUEST, renewal, CART_OF_GUEST, DELETE_CART, REVOKE, REVOKE]);
    // Where that does not work now, the refresh token stays for the next try.
    let (provider, script) = scripted([refused(), lost()]);
    assert!(provider.sign_out(&caller(), &guest_with_cart().await).await.is_err());
    assert_eq!(script.asked(), [CART_OF_GUEST, renewal]);
}

#[tokio::test]
async fn after_a_refused_refresh_the_old_access_token_cleans_up_once() {
    let refused = EndReason::Rejected(Rejection::InvalidGrant);
    let (provider, script) = scripted([open_cart(), text(200, "")]);
    provider.on_end(&guest_with_cart().await, refused).await;
    assert_eq!(script.asked(), [CART_OF_GUEST, DELETE_CART]);

    let (provider, script) = scripted([]);
    provider.on_end(&guest().await, refused).await;
    provider.on_end(&customer().await.with(CART, "cart-1"), refused).await;
    script.advance(Duration::from_hours(49));
    provider.on_end(&guest_with_cart().await, refused).await;
    assert!(script.asked().is_empty());
}
