use std::sync::Arc;

use http::request::Parts;
use ironleaf_auth::{Caller, EndReason};
use ironleaf_records::{Principal, session_key};
use ironleaf_session::Record;
use tokio::time::timeout;

use crate::detached::run_detached;
use crate::ended_session::tidy_up;
use crate::request_context::{caller, live_session};
use crate::requested_mail;
use crate::{Bff, SignedOutReason};

/// Signs the person out, in this order: it writes the tombstone, so that no copy of the cookie stays valid; it removes
/// the cookie; it tells the provider, within a short time and after any refresh under way.
///
/// A failure upstream never fails the sign-out. If the provider has its own session, this returns the address at which
/// the browser ends it. That address is known without a call.
pub async fn sign_out(parts: &Parts) -> Option<String> {
    let (bff, session) = live_session(parts)?;
    tidy_up(&bff, &session, &parts.extensions);
    requested_mail::forget(parts.extensions.get());
    let record = session.current();
    // A cookie that this server cannot read is removed as well, because another server may be able to read it.
    session.destroy();
    let record = record?;
    session.end_is_written();
    SignedOutReason::SignedOut.note();
    let url = bff.provider().sign_out_url(record.payload.grant());
    end(&bff, &caller(parts), &record, EndReason::SignedOut).await;
    url
}

/// Ends a session for good. It is bounded in time and cannot fail, because nothing may depend on it. It continues after
/// the time is up.
pub(crate) async fn end(bff: &Bff, caller: &Caller, record: &Arc<Record<Principal>>, reason: EndReason) {
    let work = {
        let (bff, caller, record) = (bff.clone(), caller.clone(), Arc::clone(record));
        async move {
            bff.bury(&record, reason).await;
            bff.lifecycle().end(&caller, &session_key(&record), record.payload.grant(), reason).await
        }
    };
    if timeout(bff.sign_out_timeout(), run_detached(bff, work)).await.is_err() {
        let provider = bff.provider().name();
        tracing::warn!(provider, "the end of a session is slow; it continues in the background");
    }
}
