//! Who a customer is, as their own record says.

use std::sync::Arc;

use http::Method;
use ironleaf_auth::{Caller, Grant, Identity, Observed, Response};
use serde_json::Value;

use super::{CommercetoolsProvider, wire};

impl CommercetoolsProvider {
    /// The record of the customer whose tokens these are.
    ///
    /// # Errors
    ///
    /// What is wrong with the answer, for the log.
    pub(super) async fn me(&self, caller: &Caller, grant: &Grant) -> Result<Identity, String> {
        let response = self.call(caller, grant, Method::GET, &["me"], &Value::Null).await;
        let response = response.map_err(|error| error.to_string())?;
        wire::customer(&response).ok_or_else(|| wire::describe(&response))
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
