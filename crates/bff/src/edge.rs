//! What every request passes before anything else runs, and what every response passes last.
//!
//! A function that wraps a request takes the rest as `next`, so that all of them fit into one layer. A function that
//! only refuses requests is a check.

mod answers;
mod cookies;
mod cross_site;
mod foreign_session;
mod form;
mod headers;
mod host;
mod note_session;
mod noted;
mod once;
mod request_id;
mod response_headers;

pub(crate) use answers::Answers;
pub use cookies::{
    PROBE_COOKIE, after_cookies_tried, cookie_for_a_form, cookies_are_blocked, with_cookies_tried,
    without_cookies,
};
pub use cross_site::refuse_cross_site;
pub use foreign_session::leave_out_foreign_session;
pub use form::{read_form, require_form};
pub use headers::{AnswerOf, response_headers};
pub use host::{is_at_public_origin, refuse_foreign_host};
pub use note_session::note_session;
pub(crate) use noted::{GOOD_FOR, Noted};
pub use once::{answer_once, form_id, note_done};
pub use request_id::{RequestId, trace_request};
pub use response_headers::{CspNonce, ResponseHeaders};

pub use crate::told::forget_told_session;
