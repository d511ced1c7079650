use http::request::Parts;
use ironleaf_api_types::User;
use ironleaf_auth::AccountError;

use crate::extract::trusted_record;
use crate::limits::{Spent, Subject};
use crate::room::has_room_to_refresh;
use crate::to_its_end::to_its_end;
use crate::visit::Visit;
use crate::{AccountFailure, CoreApi, SignedOutReason};

/// What the signed-in person asks for about their own account.
#[derive(Clone)]
pub(crate) struct Personal {
    pub(crate) visit: Visit,
    pub(crate) core_api: CoreApi,
}

impl Personal {
    /// No layer has looked at the session before: what a page is told by
    /// [`refresh_before_rendering`](crate::refresh_before_rendering) and
    /// [`require_room_to_refresh`](crate::require_room_to_refresh), a form is told here, on its way back to the form.
    pub(crate) fn begin(parts: &Parts) -> Result<Self, AccountFailure> {
        let visit = Visit::from_parts(parts).ok_or(AccountFailure::Unavailable)?;
        if visit.session.current().is_none_or(|record| record.payload.identity().is_guest) {
            return Err(AccountFailure::SignedOut(SignedOutReason::from_parts(parts)));
        }
        if trusted_record(&visit.bff, &visit.session).is_none() {
            // SECURITY: nobody knows whether the session was ended, and whoever offers this took its person for nobody.
            tracing::warn!("a session that cannot be checked is asked for a change; it stays");
            return Err(AccountFailure::Unavailable);
        }
        if !has_room_to_refresh(&visit.session) {
            return Err(AccountFailure::SessionTooLarge);
        }
        let core_api =
            CoreApi::until(visit.deadline, visit.bff.clone(), visit.session.clone(), &parts.extensions);
        Ok(Self { visit, core_api })
    }

    /// Does `work` in a task of its own, and says what a page may know of its failure.
    pub(crate) async fn carry_out<T, W>(&self, work: W) -> Result<T, AccountFailure>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, AccountError>> + Send + 'static,
    {
        let Self { visit, core_api } = self.clone();
        let work = async move {
            work.await.map_err(|error| AccountFailure::fold(&visit.bff, error, core_api.signed_out_reason()))
        };
        to_its_end(&self.visit.bff, work).await.unwrap_or_else(|| Err(AccountFailure::dropped()))
    }

    /// The identifier of the person's account.
    pub(crate) fn account(&self) -> Option<String> {
        Some(self.visit.session.current()?.payload.identity().id.clone())
    }

    /// Counts one more of what each costs somebody something, or says how long to wait first.
    pub(crate) async fn spend(&self, what: &'static str) -> Result<Spent, AccountFailure> {
        let account = self.account().unwrap_or_default();
        Ok(self.visit.spend(Subject::Own(what, &account)).await?)
    }

    /// The person as the session remembers them.
    pub(crate) fn remembered(&self) -> Result<User, AccountError> {
        let record = self.visit.session.current().ok_or(AccountError::SignedOut)?;
        Ok(User::clone(record.payload.identity()))
    }
}
