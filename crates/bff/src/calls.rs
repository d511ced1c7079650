use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use http::{Extensions, StatusCode, Uri};
use ironleaf_api_types::User;
use ironleaf_auth::{
    AccountError, AuthorizedCalls, CallError, Caller, Ensured, Grant, HeadRead, Request, Response,
    TransportError,
};
use ironleaf_session::Record;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::principal::Principal;
use crate::refresh::{AfterRefresh, Refreshed, adopt, apply, arrived_head, ensure_fresh, session_key};
use crate::{Bff, Session, SignedOutReason};

/// Speaks to the core API for the person who sends the present request.
///
/// Each call is authorized with the newest access token. One that is answered with 401 refreshes once and is repeated
/// once. Only the provider, asked for the refresh, ends a session.
///
/// A request has one deadline for everything that it waits for here, its refresh included.
#[derive(Clone)]
pub struct CoreApi {
    bff: Bff,
    session: Session,
    caller: Caller,
    /// The head as it was when the request came in.
    head: Option<HeadRead>,
    deadline: Instant,
    seen: Arc<Seen>,
}

/// What the clones of a handle know of each other.
struct Seen {
    /// Whether the access token has been looked at.
    is_fresh: AtomicBool,
    ended: OnceLock<SignedOutReason>,
}

impl CoreApi {
    /// For as long as a page may wait, since the request began where
    /// [`refresh_before_rendering`](crate::refresh_before_rendering) has noted it.
    pub(crate) fn new(bff: Bff, session: Session, extensions: &Extensions) -> Self {
        let deadline = match extensions.get() {
            Some(Refreshed { deadline }) => *deadline,
            None => Instant::now() + bff.page_timeout(),
        };
        Self::until(deadline, bff, session, extensions)
    }

    pub(crate) fn until(deadline: Instant, bff: Bff, session: Session, extensions: &Extensions) -> Self {
        let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
        let head = arrived_head(&session, extensions);
        let ended = extensions.get().map_or_else(OnceLock::new, |reason: &SignedOutReason| (*reason).into());
        let is_fresh = AtomicBool::new(extensions.get::<Refreshed>().is_some());
        Self { bff, session, caller, head, deadline, seen: Arc::new(Seen { is_fresh, ended }) }
    }

    /// Why nobody is signed in although the request came with a session, as far as it has turned out by now.
    pub fn signed_out_reason(&self) -> Option<SignedOutReason> {
        self.seen.ended.get().copied()
    }

    /// The signed-in person as the core API knows them now. The session keeps what it learns.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    pub async fn current_user(&self) -> Result<User, AccountError> {
        let user = self.bff.accounts()?.current_user(self).await?;
        let signed_in = self.session.current().ok_or(AccountError::SignedOut)?;
        let known = &signed_in.payload.identity;
        if user.id != known.id {
            // A cache in between, most likely. Nobody may become somebody else by it.
            return Err(AccountError::Unavailable("the core API answered with another person".to_owned()));
        }
        // To find out afterwards that nothing changed, the session is encoded twice.
        if user != *known {
            self.session.amend(|principal| principal.identity = user.clone());
        }
        Ok(user)
    }

    /// Calls the core API for the signed-in person. The URI of `request` is a path, and a query where there is one, below
    /// the base URL of the core API: `/orders?page=2`.
    ///
    /// The browser's cookie, `Origin` and the like do not travel; the access token does. Any status is an answer; only
    /// 401 is looked at, see [`CoreApi`].
    ///
    /// # Errors
    ///
    /// [`CallError::SignedOut`] where nobody is signed in, or not any more: then [`signed_out_reason`](Self::signed_out_reason)
    /// knows why. [`CallError::Unavailable`] where there is no answer in time, or the URI is not one below the base URL.
    pub async fn call(&self, mut request: Request) -> Result<Response, CallError> {
        let below = below(self.bff.core_api_url(), request.uri());
        *request.uri_mut() = below.ok_or_else(|| {
            CallError::Unavailable(format!("`{}` is no path below the core API", request.uri().path()))
        })?;
        self.send(request).await
    }

    /// Before the first call of a request that did not come through
    /// [`refresh_before_rendering`](crate::refresh_before_rendering).
    async fn ensure_fresh(&self) -> Result<(), CallError> {
        if self.seen.is_fresh.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let record = self.session.current().ok_or(CallError::SignedOut)?;
        let head = self.head.clone();
        match ensure_fresh(&self.bff, &self.session, &record, &self.caller, head).await {
            AfterRefresh::Usable => Ok(()),
            AfterRefresh::Ended(reason) => Err(self.ended(reason)),
            AfterRefresh::Unavailable(_) => {
                Err(CallError::Unavailable("the access token cannot be renewed right now".to_owned()))
            }
        }
    }

    /// Sends with the session as it stands, and says which that was.
    async fn send_once(&self, mut request: Request) -> Result<(Response, Arc<Record<Principal>>), CallError> {
        let record = self.session.current().ok_or(CallError::SignedOut)?;
        self.bff.provider().authorize(&self.caller, &record.payload.grant, &mut request);
        let response = self.bff.transport().send(request).await.map_err(|error| {
            let (TransportError::NotSent(detail) | TransportError::Interrupted(detail)) = error;
            CallError::Unavailable(detail)
        })?;
        let mut grant = record.payload.grant.clone();
        if self.bff.provider().observe(&mut grant, &response) {
            self.learn(&record, &response).await;
        }
        Ok((response, record))
    }

    /// What the answer told about the grant belongs into the head as well: a late tab that adopts it later has to be able
    /// to refresh.
    async fn learn(&self, record: &Record<Principal>, response: &Response) {
        let lifecycle = self.bff.lifecycle();
        let change = {
            let (provider, response) = (Arc::clone(lifecycle.provider()), response.clone());
            move |newest: &mut Grant| provider.observe(newest, &response)
        };
        match lifecycle.amend(&session_key(record), &record.payload.grant, change).await {
            Some(newest) => adopt(&self.session, Some(newest)),
            // SECURITY: told to the grant as it stands. Another call of this request may have renewed it meanwhile, and an older
            // one under its rotation would be presented as if it were new.
            None => {
                self.session.amend(|principal| lifecycle.provider().observe(&mut principal.grant, response));
            }
        }
    }

    fn ended(&self, reason: SignedOutReason) -> CallError {
        self.seen.ended.get_or_init(|| reason);
        CallError::SignedOut
    }

    async fn replace_refused(&self, refused: &Record<Principal>) -> Result<(), CallError> {
        let (key, grant) = (session_key(refused), &refused.payload.grant);
        match self.bff.lifecycle().replace_refused(&self.caller, &key, grant).await {
            Ensured::Unavailable { newest, detail, .. } => {
                adopt(&self.session, newest);
                Err(CallError::Unavailable(detail))
            }
            ensured => match apply(&self.session, ensured) {
                AfterRefresh::Ended(reason) => Err(self.ended(reason)),
                AfterRefresh::Usable | AfterRefresh::Unavailable(_) => Ok(()),
            },
        }
    }

    async fn send_and_repeat(&self, request: Request) -> Result<Response, CallError> {
        self.ensure_fresh().await?;
        let (response, refused) = self.send_once(request.clone()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let current = self.session.current().ok_or(CallError::SignedOut)?;
        // Another call of this request may have renewed it meanwhile.
        if current.rotation == refused.rotation {
            self.replace_refused(&refused).await?;
        }
        let (repeated, _) = self.send_once(request).await?;
        if repeated.status() == StatusCode::UNAUTHORIZED {
            // It is not the provider's word on the grant: a gateway in between may answer so for everybody.
            return Err(CallError::Unavailable("an access token just issued was refused".to_owned()));
        }
        Ok(repeated)
    }
}

/// The path and query of `uri` below `base`. A path that leads out of it is none, dots and encoded dots included.
fn below(base: &Url, uri: &Uri) -> Option<Uri> {
    let prefix = format!("{}/", base.path().trim_end_matches('/'));
    let path = uri.path().strip_prefix('/').filter(|_| uri.authority().is_none())?;
    let mut url = base.clone();
    url.set_path(&format!("{prefix}{path}"));
    url.set_query(uri.query());
    url.path().starts_with(&prefix).then(|| url.as_str().parse().ok())?
}

#[async_trait]
impl AuthorizedCalls for CoreApi {
    async fn send(&self, request: Request) -> Result<Response, CallError> {
        timeout_at(self.deadline, self.send_and_repeat(request)).await.unwrap_or_else(|_| {
            Err(CallError::Unavailable("it takes longer than a request waits".to_owned()))
        })
    }
}

impl fmt::Debug for CoreApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreApi").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_stays_below_the_base_url() {
        for (base, uri, expected) in [
            ("https://api.example/v1", "/orders?page=2", Some("https://api.example/v1/orders?page=2")),
            ("https://api.example/v1/", "/orders/7", Some("https://api.example/v1/orders/7")),
            ("http://api.example", "/", Some("http://api.example/")),
            ("https://api.example/v1", "/a/../b", Some("https://api.example/v1/b")),
            ("https://api.example/v1", "/../admin", None),
            ("https://api.example/v1", "/%2e%2e/admin", None),
            ("https://api.example/v1", "https://evil.example/orders", None),
            (
                "https://api.example/v1",
                "//evil.example/orders",
                Some("https://api.example/v1//evil.example/orders"),
            ),
        ] {
            let found = below(&base.parse().unwrap(), &uri.parse().unwrap());
            assert_eq!(found.map(|uri| uri.to_string()).as_deref(), expected, "{base} {uri}");
        }
    }
}
