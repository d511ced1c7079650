//! The guest's cart: it belongs to the session, follows whoever signs in, and goes when the session ends.

use std::sync::Arc;

use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, Observed, Response, SecretText, SignInError, TransportError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::sign_in::{refused, unavailable};
use super::{CommercetoolsProvider, grant, wire};
use crate::answer::json as body_of;

/// A cart, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cart {
    id: String,
    version: u64,
    #[serde(rename = "cartState")]
    state: String,
    #[serde(default)]
    anonymous_id: Option<String>,
    #[serde(default)]
    customer_id: Option<String>,
}

impl Cart {
    fn read(response: &Response) -> Option<Self> {
        if !response.status().is_success() {
            return None;
        }
        body_of::<Self>(response).filter(|cart| wire::is_identifier(&cart.id))
    }

    /// Whether the cart is one that nobody but this guest needs. One that was ordered, or that follows a customer, is
    /// not.
    fn is_open_of(&self, grant: &Grant) -> bool {
        let guest = grant.identity.as_deref().map(|guest| guest.id.as_str());
        let is_theirs = self.anonymous_id.as_deref().is_none_or(|id| Some(id) == guest);
        self.state == "Active" && self.customer_id.is_none() && is_theirs
    }
}

/// Whether a cart is at this path below `me`: the active one, a new one or one by its identifier.
fn is_of_cart(path: &str) -> bool {
    let one = path.strip_prefix("/carts/");
    matches!(path, "/active-cart" | "/carts") || one.is_some_and(|id| !id.is_empty() && !id.contains('/'))
}

impl CommercetoolsProvider {
    /// Learns of a guest's cart from the answers that show it. The newest counts, which is the one that `me/active-cart`
    /// gives as well. `path` is what was asked for, below `me`.
    pub(super) fn observe_cart(grant: &Grant, path: &str, response: &Response) -> Observed {
        let cart = is_of_cart(path).then(|| Cart::read(response)).flatten();
        let Some(cart) = cart else { return Observed::Nothing };
        let is_known = grant.field(grant::CART).is_some_and(|known| known.expose() == cart.id);
        match (is_known, cart.is_open_of(grant)) {
            (false, true) => {
                let id = Arc::new(cart.id);
                Observed::AtOnce(Arc::new(move |grant| grant.set(grant::CART, id.as_str())))
            }
            (true, false) => Observed::AtOnce(Arc::new(|grant| grant.remove(grant::CART))),
            _ => Observed::Nothing,
        }
    }

    /// Puts what the guest has in their cart into that of the customer whom this password is of. It is asked with the
    /// guest's token, which names the guest's carts and orders.
    ///
    /// # Errors
    ///
    /// If it is not known whether the cart came along: then it stays the guest's, and the person can try again.
    pub(super) async fn carry_over(
        &self,
        caller: &Caller,
        guest: &Grant,
        address: &str,
        password: &SecretText,
    ) -> Result<(), SignInError> {
        let has_cart = guest.field(grant::CART).is_some();
        let mut guest = guest.clone();
        let body = json!({
            "email": address, "password": password.expose(),
            "activeCartSignInMode": "MergeWithExistingCustomerCart",
        });
        let path = ["me", "login"];
        let error = match self.call_renewing(caller, &mut guest, Method::POST, &path, &body).await {
            Ok(Some(response)) if is_result(&response) => return Ok(()),
            Ok(None) => {
                tracing::warn!(has_cart, "a guest's tokens are over; nothing of theirs follows who signs in");
                return Ok(());
            }
            Ok(Some(response)) => {
                let refusal = wire::refusal(&response);
                let status = response.status();
                let is_passing = !status.is_client_error() || status == StatusCode::TOO_MANY_REQUESTS;
                let detail = &refusal.detail;
                if !is_passing && refusal.is_setting() {
                    tracing::error!(has_cart, %detail, "no guest's cart is carried over because of a setting");
                    return Ok(());
                }
                tracing::warn!(has_cart, %detail, "a guest's cart was not carried over");
                if !is_passing {
                    return Ok(());
                }
                refused(&refusal)
            }
            Err(error) => unavailable(error),
        };
        if has_cart { Err(error) } else { Ok(()) }
    }

    /// Deletes the guest's cart, if there is one that is still only theirs. The grant has the newest access token after
    /// that.
    ///
    /// # Errors
    ///
    /// If another try may succeed.
    pub(super) async fn tidy_cart(&self, caller: &Caller, grant: &mut Grant) -> Result<(), TransportError> {
        let id = grant.field(grant::CART).filter(|_| grant::is_guest(grant)).cloned();
        let Some(id) = id else { return Ok(()) };
        let path = ["me", "carts", id.expose()];
        let response = self.call_renewing(caller, grant, Method::GET, &path, &Value::Null).await?;
        // Where the tokens are over, nobody can reach the cart any more.
        let Some(response) = response else { return Ok(()) };
        let Some(cart) = Cart::read(&response) else { return passing(&response) };
        if !cart.is_open_of(grant) {
            return Ok(());
        }
        let response = self.delete(caller, grant, &path, cart.version).await?;
        passing(&response)
    }

    /// After a refused refresh, the old access token may still do.
    pub(super) async fn tidy_cart_of_refused(&self, grant: &Grant) {
        if !grant.access_lives(self.now()) || !grant::is_issued_by(grant, &self.issued_by) {
            return;
        }
        if let Err(failure) = self.tidy_cart(&Caller::default(), &mut grant.clone()).await {
            tracing::warn!(%failure, "the cart of a guest whose session has ended was not deleted");
        }
    }
}

/// Whether a sign-in of the API has succeeded. The page of a proxy may have the same status.
fn is_result(response: &Response) -> bool {
    response.status().is_success() && body_of::<Map<String, Value>>(response).is_some()
}

/// Whether the answer to a clean-up is worth another try.
fn passing(response: &Response) -> Result<(), TransportError> {
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(TransportError::Interrupted(wire::describe(response)));
    }
    Ok(())
}
