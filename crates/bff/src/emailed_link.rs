mod link;
mod readings;

use http::request::Parts;
use ironleaf_auth::{AccountError, EmailAddress, EndReason, SecretText, SignIn};

pub use self::link::{
    PASSWORD_LINK, PasswordLink, RESTORATION_LINK, RestorationLink, SIGN_IN_LINK, SignInLink,
    VERIFICATION_LINK, VerificationLink,
};
use crate::detached::run_detached;
use crate::limits::{Mail, NoMail, Subject};
use crate::requested_mail::note_sign_in;
use crate::use_case::UseCase;
use crate::{AccountFailure, Remember, SignInFailure};

/// Signs a person in with an e-mailed link, over whatever session the request came with, as
/// [`sign_in_with_password`](crate::sign_in_with_password) does. A link works once.
///
/// # Errors
///
/// [`SignInFailure::InvalidCredentials`] if the link is not, or no longer, valid. For the others, see
/// [`SignInFailure`]. On an error the session of the request stays as it was.
pub async fn sign_in_with_link(
    parts: &Parts,
    link: &SignInLink,
    remember: Remember,
) -> Result<(), SignInFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(SignInFailure::Unavailable)?.remembering(remember);
    let attempt = use_case.admit(Subject::Link(link.email.as_str())).await?;
    let credentials = SignIn::OneTimeToken { email: link.email.clone(), token: link.token.clone() };
    use_case.judged(attempt, Some(link.email.clone()), credentials).await
}

/// Asks for an e-mail with a link to set a new password. Success does not show whether such an account exists, or
/// whether the address has received so many e-mails lately that no more are sent for a while.
///
/// # Errors
///
/// [`AccountFailure::Invalid`], [`AccountFailure::TooManyRequests`], [`AccountFailure::Unavailable`].
pub async fn request_password_reset(parts: &Parts, email: &EmailAddress) -> Result<(), AccountFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(AccountFailure::Unavailable)?;
    let _spent = use_case.spend(Subject::Mail(email.as_str())).await?;
    match use_case.mail(Mail::Reset(email.as_str())).await {
        Ok(()) => {
            let asked = use_case
                .in_time(async {
                    use_case.bff.accounts()?.request_password_reset(&use_case.caller, email).await
                })
                .await;
            asked.map_err(|error| use_case.fold_anonymous(error))?;
        }
        // SECURITY: the same answer, so that nobody learns what others have asked for. Nobody has to wait either,
        // because an earlier link is still valid.
        Err(NoMail::Enough(_)) => {}
        Err(NoMail::NotNow(too_many)) => return Err(too_many.into()),
    }
    note_sign_in(&use_case, email, None);
    Ok(())
}

/// Asks for an e-mail with a link that signs in and is for nothing else. Success does not show whether such an account
/// exists, or whether the address has received so many e-mails lately that no more are sent for a while. The link
/// remembers the person as they have said here, if this browser opens it.
///
/// # Errors
///
/// As [`request_password_reset`].
pub async fn request_sign_in_link(
    parts: &Parts,
    email: &EmailAddress,
    remember: Remember,
) -> Result<(), AccountFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(AccountFailure::Unavailable)?;
    let _spent = use_case.spend(Subject::Mail(email.as_str())).await?;
    match use_case.mail(Mail::SignIn(email.as_str())).await {
        Ok(()) => {
            let asked = use_case
                .in_time(async {
                    use_case.bff.accounts()?.request_sign_in_link(&use_case.caller, email).await
                })
                .await;
            asked.map_err(|error| use_case.fold_anonymous(error))?;
        }
        // SECURITY: the same answer, as for a new password.
        Err(NoMail::Enough(_)) => {}
        Err(NoMail::NotNow(too_many)) => return Err(too_many.into()),
    }
    note_sign_in(&use_case, email, Some(remember));
    Ok(())
}

/// Sets a new password with the link that was e-mailed to its person. Nobody is signed in by this. A link works once.
///
/// The work continues if the connection is closed.
///
/// # Errors
///
/// [`AccountFailure::InvalidToken`], [`AccountFailure::Invalid`], [`AccountFailure::BreachedPassword`],
/// [`AccountFailure::WeakPassword`], [`AccountFailure::TooManyRequests`], [`AccountFailure::Unavailable`].
pub async fn reset_password(
    parts: &Parts,
    link: &PasswordLink,
    password: &str,
) -> Result<(), AccountFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(AccountFailure::Unavailable)?;
    let guess = use_case.admit(Subject::PasswordLink(link.token.expose())).await?;
    let (token, password) = (link.token.clone(), SecretText::from(password));
    let bff = use_case.bff.clone();
    // SECURITY: a guess at a token counts whether somebody waits for its answer or not. A refused password counts as well:
    // to judge it takes work, and the link may be made up.
    let work = async move {
        // The address is not known here.
        if let Err(failure) = use_case.accept_new_password(&password, None).await {
            guess.failed().await;
            return Err(failure);
        }
        let asked = use_case
            .in_time(async {
                use_case.bff.accounts()?.reset_password(&use_case.caller, &token, &password).await
            })
            .await;
        match &asked {
            Ok(()) => guess.succeeded().await,
            Err(AccountError::InvalidToken) => guess.failed().await,
            Err(_) => {}
        }
        asked.map_err(|error| use_case.fold_anonymous(error))
    };
    run_detached(&bff, work).await.unwrap_or_else(|| Err(AccountFailure::dropped()))
}

/// Verifies an e-mail address with the link that was sent to it, and waits for the result. Opening a link twice
/// verifies twice, if the core API allows that.
///
/// # Errors
///
/// [`AccountFailure::InvalidToken`], [`AccountFailure::TooManyRequests`], [`AccountFailure::Unavailable`].
pub async fn verify_email(parts: &Parts, link: &VerificationLink) -> Result<(), AccountFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(AccountFailure::Unavailable)?;
    // Each try costs the core API a record, and this process a few seconds of polling.
    let _spent = use_case.spend(Subject::Verification(link.token.expose())).await?;
    let asked = use_case
        .in_time(async { use_case.bff.accounts()?.verify_email(&use_case.caller, &link.token).await })
        .await;
    asked.map_err(|error| use_case.fold_anonymous(error))
}

/// Takes back an e-mail address that was replaced, with the link that was sent to it. Every session of the account at
/// this application ends, like those at the core API, which then sends a link to set a new password.
///
/// The work continues if the connection is closed.
///
/// # Errors
///
/// [`AccountFailure::InvalidToken`], [`AccountFailure::TooManyRequests`], [`AccountFailure::Unavailable`].
pub async fn restore_address(parts: &Parts, link: &RestorationLink) -> Result<(), AccountFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(AccountFailure::Unavailable)?;
    let _spent = use_case.spend(Subject::Verification(link.token.expose())).await?;
    let (bff, token) = (use_case.bff.clone(), link.token.clone());
    let work = async move {
        let asked = use_case
            .in_time(async { use_case.bff.accounts()?.restore_address(&use_case.caller, &token).await })
            .await;
        let account = asked.map_err(|error| use_case.fold_anonymous(error))?;
        // SECURITY: whoever changed the address is signed in, perhaps here.
        use_case.bff.end_by_owner(&account, EndReason::EndedByPerson).await;
        Ok::<_, AccountFailure>(())
    };
    run_detached(&bff, work).await.unwrap_or(Err(AccountFailure::Unavailable))
}

impl UseCase {
    /// SECURITY: no error passes that could distinguish an address with an account from one without.
    fn fold_anonymous(&self, error: AccountError) -> AccountFailure {
        let told = match error {
            AccountError::SignedOut
            | AccountError::Gone
            | AccountError::Forbidden
            | AccountError::WrongPassword
            | AccountError::NotRecent
            | AccountError::EmailTaken => {
                AccountError::Unavailable(format!("an answer that an anonymous request cannot have: {error}"))
            }
            told => told,
        };
        AccountFailure::fold(&self.bff, told, None)
    }
}

#[cfg(test)]
mod tests;
