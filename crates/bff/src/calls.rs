use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use http::{Extensions, StatusCode, Uri};
use ironleaf_api_types::User;
use ironleaf_auth::{
    AccountError, Accounts, Activity, Asked, AuthorizedCalls, BaseUrl, CallError, Caller, Change, EndReason,
    Ensured, HeadRead, Observed, PeopleListing, PeoplePage, Person, Request, Response, TransportError,
};
use ironleaf_records::{Principal, session_key};
use ironleaf_session::Record;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use url::Url;

use crate::refresh::{
    AfterRefresh, Refreshed, adopt, apply, arrived_head, deadline_after_refresh, ensure_fresh,
};
use crate::told::Told;
use crate::{Bff, Session, SignedOutReason};

/// What an answer says about the grant is written after the answer has arrived, so a slow store must not turn it into a
/// failure. A request waits no longer than this for the write. The write itself continues.
const KEEP_PATIENCE: Duration = Duration::from_millis(500);

/// How long an API that does not know the person of a grant is given until it is asked again.
const AGAIN_AFTER: [Duration; 2] = [Duration::ZERO, Duration::from_millis(250)];

/// Calls the core API for the person who sends the current request.
///
/// Each call carries the newest access token. If the answer is 401, the token is refreshed once and the call is
/// repeated once. Only the provider's answer to that refresh can end a session.
///
/// A request has one deadline for all its waiting here, including its refresh.
#[derive(Clone)]
pub struct CoreApi {
    pub(crate) bff: Bff,
    pub(crate) session: Session,
    pub(crate) caller: Caller,
    /// The head at the time the request arrived.
    head: Option<HeadRead>,
    deadline: Instant,
    seen: Arc<Seen>,
}

/// State that the clones of a handle share.
struct Seen {
    /// Whether the access token has been checked.
    is_fresh: AtomicBool,
    /// The deadline of the calls, if the access token had to be renewed first.
    renewed_deadline: OnceLock<Instant>,
    ended: OnceLock<SignedOutReason>,
    told: Option<Told>,
}

impl CoreApi {
    /// The deadline is the one that [`refresh_before_rendering`](crate::refresh_before_rendering) has noted, or else
    /// that of a page that begins now.
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
        let told = extensions.get().cloned();
        let seen = Arc::new(Seen { is_fresh, renewed_deadline: OnceLock::new(), ended, told });
        Self { bff, session, caller, head, deadline, seen }
    }

    /// Why nobody is signed in although the request came with a session, as far as it is known by now. Whoever asks
    /// tells the person, see [`SignedOutReason::from_parts`].
    pub fn signed_out_reason(&self) -> Option<SignedOutReason> {
        let reason = self.seen.ended.get().copied()?;
        if let Some(told) = &self.seen.told {
            told.note();
        }
        Some(reason)
    }

    /// The signed-in person as the core API knows them now. The session is updated with the answer.
    ///
    /// A provider without accounts says who the person is at each refresh. So this renews the access token if it is due,
    /// and makes no other call.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], also for a guest, and if the account is gone; [`AccountError::Forbidden`],
    /// [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    pub async fn current_user(&self) -> Result<User, AccountError> {
        if self.session.current().is_some_and(|record| record.payload.identity().is_guest) {
            return Err(AccountError::SignedOut);
        }
        let Some(accounts) = self.bff.provider().accounts() else {
            self.ensure_fresh().await?;
            let signed_in = self.session.current().ok_or(AccountError::SignedOut)?;
            return Ok(User::clone(signed_in.payload.identity()));
        };
        let user = match accounts.current_user(self).await {
            Err(AccountError::Gone) => self.ask_whether_gone(accounts).await?,
            answered => answered?,
        };
        let signed_in = self.session.current().ok_or(AccountError::SignedOut)?;
        let known = signed_in.payload.identity();
        if user.id != known.id {
            // Most likely the fault of a cache in between. Nobody may become another person by it.
            return Err(AccountError::Unavailable("the core API answered with another person".to_owned()));
        }
        if user != **known {
            self.remember(&user).await;
        }
        Ok(user)
    }

    /// Whether a new password ends every other session of the person at the back end, including those of other clients.
    /// This is known once [`current_user`](Self::current_user) has answered.
    pub fn ends_other_sessions(&self) -> bool {
        self.bff.accounts().is_ok_and(Accounts::ends_other_sessions)
    }

    /// The newest events of the signed-in person's account, newest first.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user).
    pub async fn activity(&self, limit: u32) -> Result<Vec<Activity>, AccountError> {
        self.bff.accounts()?.activity(self, limit).await
    }

    /// One page of the people that match. The core API shows them to administrators only.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user), with [`AccountError::Forbidden`] for everybody else.
    pub async fn people(&self, listing: &PeopleListing) -> Result<PeoplePage, AccountError> {
        self.bff.people()?.list(self, listing).await
    }

    /// The person with this identifier. `None` if there is nobody.
    ///
    /// # Errors
    ///
    /// As [`people`](Self::people).
    pub async fn person(&self, id: &str) -> Result<Option<Person>, AccountError> {
        let found = self.bff.people()?.person(self, id).await?;
        // An API may know the one who asks by another name, such as `current`.
        Ok(found.filter(|person| person.user.id.eq_ignore_ascii_case(id)))
    }

    /// One answer of an API must not end a session. So the provider is asked for a refresh, and its answer decides. With
    /// the grant that this brings, the API is asked again: another tab may have replaced the one before, such as by a new
    /// password, and may not have written it yet.
    async fn ask_whether_gone(&self, accounts: &dyn Accounts) -> Result<User, AccountError> {
        for pause in AGAIN_AFTER {
            sleep_until(Instant::now() + pause).await;
            let record = self.session.current().ok_or(AccountError::SignedOut)?;
            match timeout_at(self.deadline, self.replace_refused(&record)).await {
                Ok(replaced) => replaced?,
                Err(_) => {
                    return Err(AccountError::Unavailable("it takes longer than a request waits".to_owned()));
                }
            }
            match accounts.current_user(self).await {
                Err(AccountError::Gone) => {}
                answered => return answered,
            }
        }
        Err(AccountError::Unavailable("the API knows the grant and not its person".to_owned()))
    }

    /// Stores the new state of the person, unless the provider has already learned it from an answer.
    pub(crate) async fn remember(&self, user: &User) {
        let Some(record) = self.session.current().filter(|record| **record.payload.identity() != *user)
        else {
            return;
        };
        let user = Arc::new(user.clone());
        self.keep(&record, Arc::new(move |grant| grant.identity = Some(Arc::clone(&user)))).await;
    }

    /// Calls the core API for the signed-in person. The URI of `request` is a path with an optional query, relative to
    /// the base URL of the provider's first API: `/orders?page=2`.
    ///
    /// The call carries the access token, but not the browser's cookie, `Origin` and similar headers. Every status is
    /// returned as an answer. Only 401 is handled here, see [`CoreApi`].
    ///
    /// # Errors
    ///
    /// [`CallError::SignedOut`] if nobody is signed in, or not any more; then
    /// [`signed_out_reason`](Self::signed_out_reason) has the reason. [`CallError::Unavailable`] if there is no answer
    /// in time, or if the URI is not below the base URL.
    pub async fn call(&self, request: Request) -> Result<Response, CallError> {
        let first = self.bff.provider().base_urls().first().map(|base| base.url.clone());
        self.call_below(first.as_ref(), request).await
    }

    /// As [`call`](Self::call), for a provider with several APIs. `name` selects the API.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call). [`CallError::Unavailable`] also if the provider has no API of this name.
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

    /// Checks the access token before the first call of a request that did not pass
    /// [`refresh_before_rendering`](crate::refresh_before_rendering), and renews it if that is due. The session then says
    /// which roles the person has now.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), without the answer.
    pub async fn ensure_fresh(&self) -> Result<(), CallError> {
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

    /// Sends the request with the current session, and returns the answer with that session.
    async fn send_once(&self, mut request: Request) -> Result<(Response, Arc<Record<Principal>>), CallError> {
        let record = self.session.current().ok_or(CallError::SignedOut)?;
        self.bff.provider().authorize(&self.caller, record.payload.grant(), &mut request);
        let response = self.bff.transport().send(request).await.map_err(|error| {
            let (TransportError::NotSent(detail) | TransportError::Interrupted(detail)) = error;
            CallError::Unavailable(detail)
        })?;
        Ok((response, record))
    }

    /// Passes an answer to the provider, which may learn about the grant from it. Refusals and server errors are left
    /// out: what they set or clear says nothing about the grant.
    pub(crate) async fn learn(&self, record: &Record<Principal>, asked: &Asked, response: &Response) {
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED || status.is_server_error() {
            return;
        }
        match self.bff.provider().observe(record.payload.grant(), asked, response) {
            Observed::Nothing => {}
            Observed::Lazily(change) => {
                self.session.note(|principal| *principal = changed(principal, &change));
            }
            Observed::AtOnce(change) => self.keep(record, change).await,
        }
    }

    /// Writes the change to the head as well. A late tab that adopts the head must be able to refresh.
    async fn keep(&self, record: &Record<Principal>, change: Change) {
        let amended =
            self.bff.lifecycle().amend(&session_key(record), record.payload.grant(), Arc::clone(&change));
        match timeout(KEEP_PATIENCE, amended).await {
            Ok(Some(newest)) => adopt(&self.session, Some(newest)),
            // SECURITY: the change is applied to the current grant. Another call of this request may have renewed it
            // meanwhile, and an older grant under the new rotation would be presented as if it were new.
            Ok(None) | Err(_) => {
                self.session.amend(|principal| *principal = changed(principal, &change));
            }
        }
    }

    fn ended(&self, reason: EndReason) -> CallError {
        self.seen.ended.get_or_init(|| reason.into());
        CallError::SignedOut
    }

    pub(crate) async fn replace_refused(&self, refused: &Record<Principal>) -> Result<(), CallError> {
        let (key, grant) = (session_key(refused), refused.payload.grant());
        match self.bff.lifecycle().replace_refused(&self.caller, &key, grant).await {
            Ensured::Unavailable { newest, detail, .. } => {
                adopt(&self.session, newest);
                Err(CallError::Unavailable(detail))
            }
            ensured => match apply(&self.bff, &self.session, &self.caller, ensured).await {
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
        // Another call of this request may have renewed the grant meanwhile.
        if current.rotation == refused.rotation {
            self.replace_refused(&refused).await?;
        }
        let (repeated, asked_as) = self.send_once(request).await?;
        if repeated.status() == StatusCode::UNAUTHORIZED {
            // This is not the provider's verdict on the grant: a gateway in between may answer like this to everybody.
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

/// The path and query of `uri` below `base`. `None` if the path leads out of `base`, also by dots or encoded dots.
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
        // This waits as long as the lifecycle lets a request wait. It does not use up the calls' own time.
        self.ensure_fresh().await?;
        let deadline = self.seen.renewed_deadline.get().copied().unwrap_or(self.deadline);
        let asked = Asked::of(&request);
        let answered = timeout_at(deadline, self.send_and_repeat(request)).await;
        let late = || CallError::Unavailable("it takes longer than a request waits".to_owned());
        let (response, record) = answered.map_err(|_| late())??;
        // The answer has arrived. Nothing that follows may turn it into a failure.
        self.learn(&record, &asked, &response).await;
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
