//! What every request passes before anything else runs, and what every response leaves with.
//!
//! What stands around a request takes the rest as `next`, so that all of it can be one layer; what only refuses is a check.

mod cross_site;
mod form;
mod headers;
mod host;
mod request_id;

pub use cross_site::refuse_cross_site;
pub use form::require_form;
pub use headers::{CspNonce, ResponseHeaders, response_headers};
pub use host::refuse_foreign_host;
pub use request_id::{RequestId, trace_request};
