use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use http::{Extensions, StatusCode};
use ironleaf_api_types::User;
use ironleaf_auth::{
    AccountError, Accounts, AuthorizedCalls, CallError, Caller, Ensured, HeadRead, Request, Response,
    TransportError,
};

use crate::refresh::{AfterRefresh, Refreshed, apply, arrived_head, ensure_fresh, session_key};
use crate::{Bff, Session};

/// Speaks to the core API for the person who sends the present request.
///
/// Each call is authorized with the newest access token. One that is answered with 401 refreshes once and is repeated
/// once. Only the provider, asked for the refresh, ends a session.
#[derive(Clone)]
pub struct CoreApi {
    bff: Bff,
    session: Session,
    caller: Caller,
    /// The head as it was when the request came in.
    head: Option<HeadRead>,
    /// Whether the access token has been looked at.
    is_fresh: Arc<AtomicBool>,
}

impl CoreApi {
    pub(crate) fn new(bff: Bff, session: Session, extensions: &Extensions) -> Self {
        let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
        let head = arrived_head(&session, extensions);
        let is_fresh = Arc::new(AtomicBool::new(extensions.get::<Refreshed>().is_some()));
        Self { bff, session, caller, head, is_fresh }
    }

    /// The signed-in person as the core API knows them now. The session keeps what it learns.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`] and [`AccountError::Unavailable`].
    pub async fn current_user(&self) -> Result<User, AccountError> {
        let user = self.accounts()?.current_user(self).await?;
        self.session.modify(|principal| principal.identity = user.clone());
        Ok(user)
    }

    fn accounts(&self) -> Result<&dyn Accounts, AccountError> {
        let provider = self.bff.provider();
        provider
            .accounts()
            .ok_or_else(|| AccountError::Unavailable(format!("{} offers no accounts", provider.name())))
    }

    /// Before the first call of a request that did not come through
    /// [`refresh_before_rendering`](crate::refresh_before_rendering).
    async fn ensure_fresh(&self) -> Result<(), CallError> {
        if self.is_fresh.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let record = self.session.current().ok_or(CallError::SignedOut)?;
        let head = self.head.clone();
        match ensure_fresh(&self.bff, &self.session, &record, &self.caller, head).await {
            AfterRefresh::Usable => Ok(()),
            AfterRefresh::Ended(_) => Err(CallError::SignedOut),
            AfterRefresh::Unavailable(_) => {
                Err(CallError::Unavailable("the access token cannot be renewed right now".to_owned()))
            }
        }
    }

    async fn send_once(&self, mut request: Request) -> Result<Response, CallError> {
        let record = self.session.current().ok_or(CallError::SignedOut)?;
        self.bff.provider().authorize(&self.caller, &record.payload.grant, &mut request);
        let response = self.bff.transport().send(request).await.map_err(|error| {
            let (TransportError::NotSent(detail) | TransportError::Interrupted(detail)) = error;
            CallError::Unavailable(detail)
        })?;
        let mut grant = record.payload.grant.clone();
        if self.bff.provider().observe(&mut grant, &response) {
            self.session.modify(|principal| principal.grant = grant);
        }
        Ok(response)
    }
}

#[async_trait]
impl AuthorizedCalls for CoreApi {
    async fn send(&self, request: Request) -> Result<Response, CallError> {
        self.ensure_fresh().await?;
        let response = self.send_once(request.clone()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let record = self.session.current().ok_or(CallError::SignedOut)?;
        let grant = &record.payload.grant;
        let ensured = self.bff.lifecycle().replace_refused(&self.caller, &session_key(&record), grant).await;
        if let Ensured::Unavailable { detail, .. } = ensured {
            return Err(CallError::Unavailable(detail));
        }
        if let AfterRefresh::Ended(_) = apply(&self.bff, &self.session, ensured) {
            return Err(CallError::SignedOut);
        }
        let repeated = self.send_once(request).await?;
        if repeated.status() == StatusCode::UNAUTHORIZED {
            // It is not the provider's word on the grant: a gateway in between may answer so for everybody.
            return Err(CallError::Unavailable("an access token just issued was refused".to_owned()));
        }
        Ok(repeated)
    }
}

impl fmt::Debug for CoreApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreApi").finish_non_exhaustive()
    }
}
