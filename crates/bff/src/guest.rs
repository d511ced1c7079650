use http::Extensions;
use http::request::Parts;
use ironleaf_auth::{EndReason, SignIn};
use ironleaf_records::EndedBecause;
use ironleaf_session::Arrival;
use thiserror::Error;

use crate::extract::trusted_record;
use crate::guest_end::GuestMayFollow;
use crate::limits::Subject;
use crate::request_context::live_session;
use crate::sign_in_mark::Traces;
use crate::use_case::UseCase;
use crate::{Bff, CoreApi, MissingLayer, Session, SignInFailure, SignedOutReason};

/// Why there is nobody to call the API for, not even a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GuestFailure {
    /// Somebody was signed in and no longer is. They are told so, and do not go on as a guest without noticing.
    #[error("the session is over")]
    SignedOut(SignedOutReason),
    /// The session of a guest could not begin.
    #[error(transparent)]
    Begin(#[from] SignInFailure),
}

impl From<MissingLayer> for GuestFailure {
    fn from(_: MissingLayer) -> Self {
        Self::Begin(SignInFailure::Unavailable)
    }
}

impl CoreApi {
    /// A handle that calls the API for whoever sends this request: the signed-in person, or else a guest. Without a
    /// session, that of a guest begins, so that what they do now is still theirs with the next request.
    ///
    /// Call it where something is done that a guest may do, such as putting something into a cart, and not for a page
    /// that everybody can see: crawlers see those as well. Take one handle and clone it for calls beside each other.
    ///
    /// Two first requests at once, from a browser without a cookie, are two guests. The browser keeps the session whose
    /// answer arrives last. Nobody can tell that the other one is lost; its tokens end by themselves.
    ///
    /// # Errors
    ///
    /// See [`GuestFailure`]. [`SignInFailure::Unavailable`] also if the provider has no guests, and if the session of
    /// the request can neither be used nor be replaced without harm: it could not be checked, another replica knows its
    /// key, it has ended during this request, or it is that of a guest who has signed in within the last minute. The
    /// next request comes with the person's cookie then.
    ///
    /// # Security
    ///
    /// How many guests can begin from one network is [limited](crate::RateLimits::guests).
    pub async fn for_guest(parts: &Parts) -> Result<Self, GuestFailure> {
        begin(parts).await?;
        Ok(Self::from_parts(parts)?)
    }
}

async fn begin(parts: &Parts) -> Result<(), GuestFailure> {
    let (bff, session) = live_session(parts).ok_or(SignInFailure::Unavailable)?;
    if session.current().is_some() {
        let is_usable = trusted_record(&bff, &session).is_some();
        return if is_usable { Ok(()) } else { Err(SignInFailure::Unavailable.into()) };
    }
    if let Some(reason) = SignedOutReason::from_parts(parts) {
        return Err(GuestFailure::SignedOut(reason));
    }
    if !may_begin(&bff, &session, &parts.extensions).await {
        return Err(SignInFailure::Unavailable.into());
    }
    let use_case = UseCase::from_parts(parts).ok_or(SignInFailure::Unavailable)?;
    let outcome = use_case.begin_guest().await;
    let label = outcome.err().map_or("began", SignInFailure::label);
    metrics::counter!("ironleaf_guests_total", "outcome" => label).increment(1);
    Ok(outcome?)
}

/// Whether a guest may take the place of the session that came with the request, if one did.
async fn may_begin(bff: &Bff, session: &Session, extensions: &Extensions) -> bool {
    match session.arrival() {
        // In a rolling deployment, a guest must not take the place of a person whom another replica knows.
        Arrival::Unknown => false,
        // SECURITY: the browser has the cookie of a person by now. That of another guest must not be written over it.
        Arrival::Ended => {
            let because = extensions.get().map(|because: &EndedBecause| because.reason);
            match session.over().filter(|_| because == Some(EndReason::Replaced)) {
                Some(guest) => !Traces::of(Some(&guest), extensions.get()).may_show_sign_in(bff).await,
                None => true,
            }
        }
        // It has ended during this request, which is told with the next one.
        Arrival::Accepted | Arrival::Unchecked => extensions.get::<GuestMayFollow>().is_some(),
        _ => true,
    }
}

impl UseCase {
    async fn begin_guest(&self) -> Result<(), SignInFailure> {
        let _spent = self.spend(Subject::Guest).await?;
        let unheld =
            self.ask(SignIn::ClientCredentials, false).await.map_err(|error| self.fold_sign_in(&error))?;
        // SECURITY: nobody has proved anything.
        if !unheld.is_of_guest() {
            tracing::error!("the provider answered a request for a guest with a person");
            return Err(SignInFailure::Unavailable);
        }
        let vetted = self.vet(&unheld, None).await?;
        if self.session.current().is_some() {
            // Another call of this request was faster. The grant that nobody needs is given back.
            return Ok(());
        }
        self.enter(unheld, vetted, None).await
    }
}
