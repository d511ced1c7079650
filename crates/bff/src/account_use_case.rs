use http::request::Parts;
use ironleaf_api_types::User;
use ironleaf_auth::{AccountError, EmailAddress, SecretText};

use crate::detached::run_detached;
use crate::extract::trusted_record;
use crate::limits::{Spent, Subject};
use crate::session_budget::has_room_to_refresh;
use crate::use_case::UseCase;
use crate::{AccountFailure, CoreApi, SignedOutReason};

/// A request by the signed-in person about their own account.
#[derive(Clone)]
pub(crate) struct AccountUseCase {
    pub(crate) use_case: UseCase,
    pub(crate) core_api: CoreApi,
}

impl AccountUseCase {
    /// No layer has checked the session before. Pages are checked by
    /// [`refresh_before_rendering`](crate::refresh_before_rendering) and
    /// [`require_room_to_refresh`](crate::require_room_to_refresh). A form is checked here, and its answer leads back
    /// to the form.
    pub(crate) fn begin(parts: &Parts) -> Result<Self, AccountFailure> {
        let use_case = UseCase::from_parts(parts).ok_or(AccountFailure::Unavailable)?;
        if use_case.session.current().is_none_or(|record| record.payload.identity().is_guest) {
            return Err(AccountFailure::SignedOut(SignedOutReason::from_parts(parts)));
        }
        if trusted_record(&use_case.bff, &use_case.session).is_none() {
            // SECURITY: nobody knows whether this session was ended. The pages treat its person as nobody, and so does
            // this.
            tracing::warn!("a change was requested with a session that cannot be checked; the session stays");
            return Err(AccountFailure::Unavailable);
        }
        if !has_room_to_refresh(&use_case.session) {
            return Err(AccountFailure::SessionTooLarge);
        }
        let core_api = CoreApi::until(
            use_case.deadline,
            use_case.bff.clone(),
            use_case.session.clone(),
            &parts.extensions,
        );
        Ok(Self { use_case, core_api })
    }

    /// Runs `work` in its own task and turns its failure into what a page may know.
    pub(crate) async fn carry_out<T, W>(&self, work: W) -> Result<T, AccountFailure>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, AccountError>> + Send + 'static,
    {
        let Self { use_case, core_api } = self.clone();
        let work = async move {
            work.await
                .map_err(|error| AccountFailure::fold(&use_case.bff, error, core_api.signed_out_reason()))
        };
        run_detached(&self.use_case.bff, work).await.unwrap_or_else(|| Err(AccountFailure::dropped()))
    }

    /// The identifier of the person's account.
    pub(crate) fn account(&self) -> Option<String> {
        Some(self.use_case.session.current()?.payload.identity().id.clone())
    }

    /// Counts one more action of a kind that is costly for somebody, or says how long to wait first.
    pub(crate) async fn spend(&self, what: &'static str) -> Result<Spent, AccountFailure> {
        let account = self.account().unwrap_or_default();
        Ok(self.use_case.spend(Subject::Own(what, &account)).await?)
    }

    /// Whether this may become the person's password.
    pub(crate) async fn accept_new_password(&self, password: &SecretText) -> Result<(), AccountFailure> {
        let known = self.remembered().ok();
        let address = known.as_ref().and_then(User::address).map(EmailAddress::of_record);
        self.use_case.accept_new_password(password, address.as_ref()).await
    }

    /// The person as the session remembers them.
    pub(crate) fn remembered(&self) -> Result<User, AccountError> {
        let record = self.use_case.session.current().ok_or(AccountError::SignedOut)?;
        Ok(User::clone(record.payload.identity()))
    }
}
