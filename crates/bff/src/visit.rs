use http::request::Parts;
use ironleaf_auth::{AccountError, Caller};
use tokio::time::{Instant, timeout_at};

use crate::sign_out::{caller, live_session};
use crate::{Bff, MAX_EMAIL_BYTES, Session};

/// A request on which a use case works, with one deadline for all that it asks upstream.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) bff: Bff,
    pub(crate) session: Session,
    pub(crate) caller: Caller,
    pub(crate) deadline: Instant,
}

impl Visit {
    /// `None`, and logged, where the request did not come through the layers of this crate.
    pub(crate) fn from_parts(parts: &Parts) -> Option<Self> {
        let (bff, session) = live_session(parts)?;
        let deadline = Instant::now() + bff.sign_in_timeout();
        Some(Self { bff, session, caller: caller(parts), deadline })
    }

    pub(crate) async fn in_time<T>(
        &self,
        asked: impl Future<Output = Result<T, AccountError>>,
    ) -> Result<T, AccountError> {
        let answered = timeout_at(self.deadline, asked).await;
        answered.unwrap_or_else(|_| Err(AccountError::Unavailable("it took too long".to_owned())))
    }
}

/// An e-mail address in the form in which the core API compares it. `None` for one that is longer than any.
pub(crate) fn normalized(email: &str) -> Option<String> {
    let email = email.trim().to_lowercase();
    (email.len() <= MAX_EMAIL_BYTES).then_some(email)
}
