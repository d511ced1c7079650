use http::request::Parts;
use ironleaf_auth::{Caller, EndReason, Grant};

use crate::{Bff, Session};

/// Signs the person out: the cookie goes first, then the provider is told, within a short time.
///
/// Failure upstream never fails the sign-out. Where the provider has a session of its own, the answer is the address at
/// which the browser ends it.
pub async fn sign_out(parts: &Parts) -> Option<String> {
    let (bff, session) = live_session(parts)?;
    let record = session.current();
    // A cookie that this server cannot read goes as well: another one may be able to.
    session.destroy();
    let record = record?;
    let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_default();
    revoke(&bff, &caller, &record.payload.grant, EndReason::SignedOut).await
}

/// Tells the provider that a grant is over. Bounded in time and without an error: nothing may hang on it.
pub(crate) async fn revoke(bff: &Bff, caller: &Caller, grant: &Grant, reason: EndReason) -> Option<String> {
    let provider = bff.provider();
    let upstream = async {
        let told = provider.sign_out(caller, grant).await;
        if let Some(failure) = &told.failure {
            tracing::warn!(provider = provider.name(), %failure, "the provider could not be told of a sign-out");
        }
        provider.on_end(grant, reason).await;
        told.redirect
    };
    tokio::time::timeout(bff.sign_out_timeout(), upstream).await.unwrap_or_else(|_| {
        tracing::warn!(provider = provider.name(), "the provider did not answer to a sign-out in time");
        None
    })
}

/// The session of a request that came through the layers of this crate.
pub(crate) fn live_session(parts: &Parts) -> Option<(Bff, Session)> {
    let found = parts.extensions.get::<Bff>().cloned().zip(parts.extensions.get::<Session>().cloned());
    if found.is_none() {
        tracing::error!("a route lacks the session layer");
    }
    found
}
