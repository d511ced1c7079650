use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use http::{Extensions, StatusCode, Uri};
use ironleaf_api_types::User;
use ironleaf_auth::{
    AccountError, Accounts, AuthorizedCalls, BaseUrl, CallError, Caller, Change, Ensured, HeadRead, Observed,
    Request, Response, TransportError,
};
use ironleaf_records::{Principal, session_key};
use ironleaf_session::Record;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use crate::refresh::{
    AfterRefresh, Refreshed, adopt, apply, arrived_head, deadline_after_refresh, ensure_fresh,
};
use crate::{Bff, Session, SignedOutReason};

/// What an answer has told is written down after it came, so that a slow store makes no failure of it. Longer than this nobody
/// waits for that, and it goes on.
const KEEP_PATIENCE: Duration = Duration::from_millis(500);

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
    /// When the calls have to be done, where the access token had to be renewed first.
    renewed_deadline: OnceLock<Instant>,
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
        let seen = Arc::new(Seen { is_fresh, renewed_deadline: OnceLock::new(), ended });
        Self { bff, session, caller, head, deadline, seen }
    }

    /// Why nobody is signed in although the request came with a session, as far as it has turned out by now.
    pub fn signed_out_reason(&self) -> Option<SignedOutReason> {
        self.seen.ended.get().copied()
    }

    /// The signed-in person as the core API knows them now. The session keeps what it learns.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], also where the account is gone; [`AccountError::Forbidden`], [`AccountError::TooManyRequests`],
    /// [`AccountError::Unavailable`].
    pub async fn current_user(&self) -> Result<User, AccountError> {
        let user = match self.bff.accounts()?.current_user(self).await {
            Err(AccountError::Gone) => return Err(self.ask_whether_gone().await),
            answered => answered?,
        };
        let signed_in = self.session.current().ok_or(AccountError::SignedOut)?;
        let known = signed_in.payload.identity();
        if user.id != known.id {
            // A cache in between, most likely. Nobody may become somebody else by it.
            return Err(AccountError::Unavailable("the core API answered with another person".to_owned()));
        }
        if user != **known {
            self.remember(&user).await;
        }
        Ok(user)
    }

    /// Whether a new password ends every other session of the person at the back end, also those of other clients. It is known once
    /// [`current_user`](Self::current_user) has answered.
    pub fn ends_other_sessions(&self) -> bool {
        self.bff.accounts().is_ok_and(Accounts::ends_other_sessions)
    }

    /// The word of one answer ends no session: the provider is asked for a refresh, and says whether there is still somebody.
    async fn ask_whether_gone(&self) -> AccountError {
        let Some(record) = self.session.current() else { return AccountError::SignedOut };
        match timeout_at(self.deadline, self.replace_refused(&record)).await {
            Ok(Err(error)) => error.into(),
            Ok(Ok(())) => AccountError::Unavailable("the API knows the grant and not its person".to_owned()),
            Err(_) => AccountError::Unavailable("it takes longer than a request waits".to_owned()),
        }
    }

    /// Keeps what the person is now, where no answer that the provider observed has told it.
    pub(crate) async fn remember(&self, user: &User) {
        let Some(record) = self.session.current().filter(|record| **record.payload.identity() != *user)
        else {
            return;
        };
        let user = Arc::new(user.clone());
        self.keep(&record, Arc::new(move |grant| grant.identity = Some(Arc::clone(&user)))).await;
    }

    /// Calls the core API for the signed-in person. The URI of `request` is a path, and a query where there is one, below
    /// the base URL of the provider's first API: `/orders?page=2`.
    ///
    /// The browser's cookie, `Origin` and the like do not travel; the access token does. Any status is an answer; only
    /// 401 is looked at, see [`CoreApi`].
    ///
    /// # Errors
    ///
    /// [`CallError::SignedOut`] where nobody is signed in, or not any more: then [`signed_out_reason`](Self::signed_out_reason)
    /// knows why. [`CallError::Unavailable`] where there is no answer in time, or the URI is not one below the base URL.
    pub async fn call(&self, request: Request) -> Result<Response, CallError> {
        let first = self.bff.provider().base_urls().first().map(|base| base.url.clone());
        self.call_below(first.as_ref(), request).await
    }

    /// [`call`](Self::call) for a provider with several APIs: the one that it knows by this name.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); [`CallError::Unavailable`] where it knows none of this name.
    pub async fn call_api(&self, name: &str, request: Request) -> Result<Response, CallError> {
        let is_named = |base: &&BaseUrl| base.name == name;
        let named = self.bff.provider().base_urls().iter().find(is_named).map(|base| base.url.clone());
        self.call_below(named.as_ref(), request).await
    }

    async fn call_below(&self, base: Option<&Url>, mut request: Request) -> Result<Response, CallError> {
        let base = base.ok_or_else(|| CallError::Unavailable("the provider has no such API".to_owned()))?;
        *request.uri_mut() = below(base, request.uri()).ok_or_else(|| {
            CallError::Unavailable(format!("`{}` is not a path below the API", request.uri().path()))
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
            AfterRefresh::Usable => {
                let deadline = deadline_after_refresh(&self.bff, &self.session, &record, self.deadline);
                self.seen.renewed_deadline.get_or_init(|| deadline);
                Ok(())
            }
            AfterRefresh::Ended(reason) => Err(self.ended(reason)),
            AfterRefresh::Unavailable(_) => {
                Err(CallError::Unavailable("the access token cannot be renewed right now".to_owned()))
            }
        }
    }

    /// Sends with the session as it stands, and says which that was.
    async fn send_once(&self, mut request: Request) -> Result<(Response, Arc<Record<Principal>>), CallError> {
        let record = self.session.current().ok_or(CallError::SignedOut)?;
        self.bff.provider().authorize(&self.caller, record.payload.grant(), &mut request);
        let response = self.bff.transport().send(request).await.map_err(|error| {
            let (TransportError::NotSent(detail) | TransportError::Interrupted(detail)) = error;
            CallError::Unavailable(detail)
        })?;
        Ok((response, record))
    }

    /// What an answer tells about the grant, asked once. What a refusal or a failure sets or clears says nothing of it.
    async fn learn(&self, record: &Record<Principal>, response: &Response) {
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED || status.is_server_error() {
            return;
        }
        match self.bff.provider().observe(record.payload.grant(), response) {
            Observed::Nothing => {}
            Observed::Lazily(change) => {
                self.session.note(|principal| *principal = changed(principal, &change));
            }
            Observed::AtOnce(change) => self.keep(record, change).await,
        }
    }

    /// It belongs into the head as well: a late tab that adopts it later has to be able to refresh.
    async fn keep(&self, record: &Record<Principal>, change: Change) {
        let amended =
            self.bff.lifecycle().amend(&session_key(record), record.payload.grant(), Arc::clone(&change));
        match timeout(KEEP_PATIENCE, amended).await {
            Ok(Some(newest)) => adopt(&self.session, Some(newest)),
            // SECURITY: told to the grant as it stands. Another call of this request may have renewed it meanwhile, and an older
            // one under its rotation would be presented as if it were new.
            Ok(None) | Err(_) => {
                self.session.amend(|principal| *principal = changed(principal, &change));
            }
        }
    }

    fn ended(&self, reason: SignedOutReason) -> CallError {
        self.seen.ended.get_or_init(|| reason);
        CallError::SignedOut
    }

    async fn replace_refused(&self, refused: &Record<Principal>) -> Result<(), CallError> {
        let (key, grant) = (session_key(refused), refused.payload.grant());
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

    async fn send_and_repeat(
        &self,
        request: Request,
    ) -> Result<(Response, Arc<Record<Principal>>), CallError> {
        let (response, refused) = self.send_once(request.clone()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok((response, refused));
        }
        let current = self.session.current().ok_or(CallError::SignedOut)?;
        // Another call of this request may have renewed it meanwhile.
        if current.rotation == refused.rotation {
            self.replace_refused(&refused).await?;
        }
        let (repeated, asked_as) = self.send_once(request).await?;
        if repeated.status() == StatusCode::UNAUTHORIZED {
            // It is not the provider's word on the grant: a gateway in between may answer so for everybody.
            return Err(CallError::Unavailable("an access token just issued was refused".to_owned()));
        }
        Ok((repeated, asked_as))
    }
}

fn changed(principal: &Principal, change: &Change) -> Principal {
    let mut grant = principal.grant().clone();
    change(&mut grant);
    principal.with_grant(grant)
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
        // It waits for as long as the lifecycle has a request wait, and leaves the calls their time.
        self.ensure_fresh().await?;
        let deadline = self.seen.renewed_deadline.get().copied().unwrap_or(self.deadline);
        let answered = timeout_at(deadline, self.send_and_repeat(request)).await;
        let late = || CallError::Unavailable("it takes longer than a request waits".to_owned());
        let (response, record) = answered.map_err(|_| late())??;
        // The answer is there, and nothing that comes now may take it away.
        self.learn(&record, &response).await;
        Ok(response)
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
