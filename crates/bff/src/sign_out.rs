use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use ironleaf_auth::{Caller, EndReason, SecretText, SignOutReturn};
use ironleaf_records::{Principal, session_key};
use ironleaf_session::{Decoder, Encoder, Flash, FlashKind, Payload, PayloadError, Record, Worth};
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
/// the browser ends it. That address is known without a call. From there, the browser comes back to `back`, with a
/// `state` that [`is_back_from_sign_out`] recognises.
pub async fn sign_out(parts: &Parts, back: &str) -> Option<String> {
    let (bff, session) = live_session(parts)?;
    tidy_up(&bff, &session, &parts.extensions);
    requested_mail::forget(parts.extensions.get());
    let record = session.current();
    // A cookie that this server cannot read is removed as well, because another server may be able to read it.
    session.destroy();
    let record = record?;
    session.end_is_written();
    SignedOutReason::SignedOut.note();
    let back = SignOutReturn { uri: back.to_owned(), state: bff.random_text() };
    let url = bff.provider().sign_out_url(record.payload.grant(), &back);
    if let (Some(_), Some(flash)) = (&url, parts.extensions.get::<Flash>()) {
        flash.set(&LEAVING, &Leaving(back.state));
    }
    end(&bff, &caller(parts), &record, EndReason::SignedOut).await;
    url
}

/// Whether this request comes back from the provider after a sign-out of this browser, with the `state` of that
/// sign-out (OpenID Connect RP-Initiated Logout 1.0, section 3). It is `true` once.
pub fn is_back_from_sign_out(parts: &Parts, state: &str) -> bool {
    let left = parts.extensions.get::<Flash>().and_then(|flash| flash.take(&LEAVING));
    left.is_some_and(|Leaving(expected)| expected.expose() == state)
}

/// How long a person may take to confirm the sign-out at the provider.
const LEAVING_LIFE: Duration = Duration::from_mins(10);

pub(crate) const LEAVING: FlashKind<Leaving> =
    FlashKind::new("ironleaf-signing-out", LEAVING_LIFE).worth(Worth::Errand);

/// A sign-out, while the browser is at the provider.
#[derive(Clone)]
pub(crate) struct Leaving(SecretText);

impl Payload for Leaving {
    fn encode(&self, out: &mut Encoder) {
        out.token(self.0.expose());
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self(input.token()?.as_str().into()))
    }
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
