use http::request::Parts;
use ironleaf_auth::{SecretText, SignIn};
use ironleaf_credentials::email::normal_form;

use crate::AccountFailure;
use crate::asked::note_verification;
use crate::limits::{Mail, Mailing, Subject, TooMany};
use crate::to_its_end::to_its_end;
use crate::visit::Visit;

/// What has become of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// The account exists, and its person is signed in.
    SignedIn,
    /// The account exists, but its person could not be signed in. The log says why.
    NotSignedIn,
}

/// Creates an account and signs its person in, over whatever session the request came with. The core API sends the e-mail
/// that verifies the address.
///
/// It goes on when the connection is closed.
///
/// # Errors
///
/// [`AccountFailure::EmailTaken`], [`AccountFailure::Invalid`], [`AccountFailure::Forbidden`],
/// [`AccountFailure::TooManyRequests`], [`AccountFailure::Unavailable`]. The session the request came with is left as it
/// was.
pub async fn register(parts: &Parts, email: &str, password: &str) -> Result<Registered, AccountFailure> {
    let visit = Visit::from_parts(parts).ok_or(AccountFailure::Unavailable)?;
    let email = normal_form(email).ok_or_else(AccountFailure::invalid_email)?;
    let _spent = visit.spend(Subject::Registration(&email)).await?;
    let mailing = visit.may_mail(Mail::Registration(&email)).await.map_err(TooMany::from)?;
    let password = SecretText::from(password);
    let bff = visit.bff.clone();
    to_its_end(&bff, visit.register(email, password, mailing))
        .await
        .unwrap_or_else(|| Err(AccountFailure::dropped()))
}

impl Visit {
    async fn register(
        self,
        email: String,
        password: SecretText,
        mailing: Mailing,
    ) -> Result<Registered, AccountFailure> {
        let created = self.in_time(async {
            self.bff.accounts()?.register(&self.caller, &email, &password).await.map(drop)
        });
        created.await.map_err(|error| AccountFailure::fold(&self.bff, error, None))?;
        mailing.sent().await;
        note_verification(&self);
        match self.begin_session(SignIn::Password { email, password }, None).await {
            Ok(()) => Ok(Registered::SignedIn),
            Err(reason) => {
                tracing::warn!(reason, "an account is registered, and its person could not be signed in");
                Ok(Registered::NotSignedIn)
            }
        }
    }
}
