use std::time::Duration;

use http::request::Parts;
use ironleaf_auth::{EndReason, SecretText, SignIn, SignInError, SignedIn};
use ironleaf_session::{Beginning, Owner};
use thiserror::Error;
use tokio::time::timeout_at;

use crate::SignedOutReason;
use crate::limits::Subject;
use crate::principal::Principal;
use crate::sign_out::end;
use crate::visit::{Visit, normalized};

/// The longest e-mail address there is: RFC 5321, section 4.5.3.1.3, less the angle brackets.
pub const MAX_EMAIL_BYTES: usize = 254;

/// Why nobody was signed in, as far as a page may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignInFailure {
    /// The credentials were refused; never which of them.
    #[error("the credentials were refused")]
    InvalidCredentials,
    /// Too many tries.
    #[error("too many tries")]
    TooManyRequests {
        /// How long to wait, where it is known.
        retry_after: Option<Duration>,
    },
    /// The core API cannot be used right now.
    #[error("the core API cannot be used right now")]
    Unavailable,
    /// The core API's tokens are larger than the session may be; the log has the sizes.
    #[error("the session would be too large")]
    SessionTooLarge,
}

impl SignInFailure {
    /// A stable word, for metrics.
    const fn label(self) -> &'static str {
        match self {
            Self::InvalidCredentials => "invalid_credentials",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Unavailable => "unavailable",
            Self::SessionTooLarge => "session_too_large",
        }
    }
}

/// Signs a person in with e-mail address and password, over whatever session the request came with.
///
/// The session gets a new identifier (ASVS 7.2.4), and the grant of an old one is revoked.
///
/// # Errors
///
/// See [`SignInFailure`]. The session the request came with is left as it was.
pub async fn sign_in_with_password(parts: &Parts, email: &str, password: &str) -> Result<(), SignInFailure> {
    let visit = Visit::from_parts(parts).ok_or(SignInFailure::Unavailable)?;
    let email = normalized(email).ok_or(SignInFailure::InvalidCredentials)?;
    let attempt = visit.admit(Subject::Password(&email)).await?;
    let outcome = visit.sign_in(SignIn::Password { email, password: SecretText::from(password) }).await;
    attempt.judge(&outcome).await;
    outcome
}

impl Visit {
    pub(crate) async fn sign_in(&self, attempt: SignIn) -> Result<(), SignInFailure> {
        self.sign_in_as(None, attempt).await
    }

    /// The same where the page has said already whom it signs in.
    pub(crate) async fn sign_in_as(
        &self,
        expected: Option<&str>,
        attempt: SignIn,
    ) -> Result<(), SignInFailure> {
        let result = match self.ask(attempt).await {
            // SECURITY: a link that names one person and carries the token of another is a trap.
            Ok(signed_in) if expected.is_some_and(|email| email != signed_in.identity.email) => {
                tracing::warn!("a link named another person than the one it signs in");
                self.give_back(&signed_in.grant).await;
                Err(SignInFailure::InvalidCredentials)
            }
            Ok(signed_in) => self.establish(signed_in, None).await,
            Err(error) => Err(self.fold_sign_in(&error)),
        };
        let outcome = result.err().map_or("signed_in", SignInFailure::label);
        metrics::counter!("ironleaf_sign_ins_total", "outcome" => outcome).increment(1);
        result
    }

    /// A sign-in that follows something that is done already, whatever becomes of it. The error is for the log.
    pub(crate) async fn begin_session(
        &self,
        attempt: SignIn,
        end_others: Option<SignedOutReason>,
    ) -> Result<(), String> {
        let signed_in = self.ask(attempt).await.map_err(|error| error.to_string())?;
        self.establish(signed_in, end_others).await.map_err(|failure| failure.to_string())
    }

    pub(crate) async fn ask(&self, attempt: SignIn) -> Result<SignedIn, SignInError> {
        let asked = timeout_at(self.deadline, self.bff.provider().sign_in(&self.caller, attempt)).await;
        asked.unwrap_or_else(|_| Err(SignInError::Unavailable("it took too long".to_owned())))
    }

    /// Begins the session of a sign-in, in place of the one that the request came with. Where there is a reason to end the
    /// others, it is the person's only one from here on.
    pub(crate) async fn establish(
        &self,
        signed_in: SignedIn,
        end_others: Option<SignedOutReason>,
    ) -> Result<(), SignInFailure> {
        let Self { bff, session, caller, .. } = self;
        let previous = session.current();
        let owner = Owner::new(bff.provider().name(), &signed_in.identity.id);
        self.remember_device(&signed_in.identity.email);
        let principal = Principal { identity: signed_in.identity, grant: signed_in.grant };
        let provider_sid = signed_in.provider_sid;
        session.insert(principal, Beginning { provider_sid, ..Beginning::of(owner) });
        let begun = session.current();
        // A session over the budget is not written: the browser keeps the cookie it has, and nobody holds the new grant.
        if session.fits().is_err() {
            if let Some(unwritten) = begun {
                end(bff, caller, &unwritten, EndReason::Replaced).await;
            }
            return Err(SignInFailure::SessionTooLarge);
        }
        if let Some((begun, reason)) = begun.zip(end_others) {
            // The new session begins at that very time, and every other one began before.
            bff.bury_owner(owner, begun.created_at, reason).await;
        }
        if let Some(previous) = previous {
            end(bff, caller, &previous, EndReason::Replaced).await;
        }
        Ok(())
    }

    /// Folds what a provider can say into the few answers a page has, and logs what is lost by it.
    pub(crate) fn fold_sign_in(&self, error: &SignInError) -> SignInFailure {
        match error {
            SignInError::InvalidCredentials | SignInError::Forbidden => SignInFailure::InvalidCredentials,
            SignInError::TooManyRequests { retry_after } => {
                SignInFailure::TooManyRequests { retry_after: *retry_after }
            }
            SignInError::Unsupported | SignInError::Unavailable(_) => {
                let provider = self.bff.provider().name();
                tracing::warn!(provider, %error, "a sign-in got no usable answer");
                SignInFailure::Unavailable
            }
        }
    }
}
