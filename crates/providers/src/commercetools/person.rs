//! Who a customer is, as their own record says.

use std::sync::Arc;

use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, Identity, Observed, Response, SignInError};
use serde_json::Value;

use super::sign_in::unavailable;
use super::{CommercetoolsProvider, wire};

impl CommercetoolsProvider {
    /// The record of the customer whose tokens have just been issued.
    ///
    /// # Errors
    ///
    /// [`SignInError::Misconfigured`] or [`SignInError::Unavailable`], with what is wrong with the answer.
    pub(super) async fn me(&self, caller: &Caller, grant: &Grant) -> Result<Identity, SignInError> {
        let response = self.call(caller, grant, Method::GET, &["me"], &Value::Null).await;
        let response = response.map_err(unavailable)?;
        wire::customer(&response).ok_or_else(|| no_record(&response))
    }

    /// An answer with the customer's record may show another address or name than is known.
    pub(super) fn observe_customer(grant: &Grant, response: &Response) -> Observed {
        let Some((known, customer)) = grant.identity.as_ref().zip(wire::customer(response)) else {
            return Observed::Nothing;
        };
        // SECURITY: the record of somebody else, or one from a cache, must not turn a person into another.
        if customer.id != known.id || customer == **known {
            return Observed::Nothing;
        }
        let customer = Arc::new(customer);
        Observed::AtOnce(Arc::new(move |grant| grant.identity = Some(Arc::clone(&customer))))
    }
}

/// Why tokens that have just been issued do not show the customer's record.
fn no_record(response: &Response) -> SignInError {
    let refusal = wire::refusal(response);
    if refusal.status == StatusCode::UNAUTHORIZED && refusal.says(&["invalid_token"]) {
        let check = "COMMERCETOOLS_AUTH_URL and COMMERCETOOLS_API_URL must be of one region";
        return SignInError::Misconfigured(format!("{}: {check}", refusal.detail));
    }
    if refusal.is_setting() {
        return SignInError::Misconfigured(refusal.detail);
    }
    SignInError::Unavailable(refusal.detail)
}
