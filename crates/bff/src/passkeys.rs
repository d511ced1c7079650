use std::time::Duration;

use http::request::Parts;
use ironleaf_auth::{
    AccountError, Passkey, PasskeyError, PasskeyRefusal, PasskeyRequest, Passkeys, SecretText, SignIn,
    SignInError,
};
use thiserror::Error;

use crate::account_use_case::AccountUseCase;
use crate::confirm::signed_in_within;
use crate::limits::Subject;
use crate::use_case::UseCase;
use crate::{AccountFailure, Bff, CoreApi, Remember, SignInFailure, signed_in_recently};

/// Why something was not done with a passkey of the signed-in person.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PasskeyFailure {
    /// The provider does not do it.
    #[error(transparent)]
    Refused(#[from] PasskeyRefusal),
    /// As with anything else that people do with their accounts.
    #[error(transparent)]
    Account(#[from] AccountFailure),
}

/// How long the request that adds a passkey is good for at most, see [`PasskeyRequest::state`].
const REQUEST_LIFE: Duration = Duration::from_mins(10);

/// What to ask a browser for that signs in with any passkey of this application. It is the same for everybody.
///
/// # Errors
///
/// [`SignInFailure::TooManyRequests`] to whoever has to wait before the next try; [`SignInFailure::Unavailable`].
pub async fn begin_passkey_sign_in(parts: &Parts) -> Result<PasskeyRequest, SignInFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(SignInFailure::Unavailable)?;
    // Nothing is tried yet, so nothing is counted.
    drop(use_case.admit(Subject::Passkey).await?);
    let asked = async { offered(&use_case.bff)?.begin_sign_in(&use_case.caller).await };
    use_case.in_time(asked).await.map_err(|error| {
        use_case.fold_sign_in(&match error {
            AccountError::TooManyRequests { retry_after } => SignInError::TooManyRequests { retry_after },
            other => SignInError::Unavailable(other.to_string()),
        })
    })
}

/// Signs in whoever the passkey belongs to, as [`sign_in_with_password`](crate::sign_in_with_password) does. `state`
/// is that of the request which the browser has answered with `credential`, in JSON.
///
/// # Errors
///
/// [`SignInFailure::InvalidCredentials`] if the passkey is not accepted. [`SignInFailure::ChallengeOver`] if the
/// request is over or was answered before. For the others, see [`SignInFailure`].
///
/// # Security
///
/// Refused passkeys are counted by the address of the browser, as the account is not known.
pub async fn sign_in_with_passkey(
    parts: &Parts,
    state: &str,
    credential: &str,
    remember: Remember,
) -> Result<(), SignInFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(SignInFailure::Unavailable)?.remembering(remember);
    let attempt = use_case.admit(Subject::Passkey).await?;
    let credentials = SignIn::Passkey { state: state.into(), credential: credential.into() };
    use_case.judged(attempt, None, credentials).await
}

/// The passkeys of the signed-in person.
///
/// # Errors
///
/// [`AccountFailure::SignedOut`], [`AccountFailure::TooManyRequests`], [`AccountFailure::Unavailable`],
/// [`AccountFailure::SessionTooLarge`].
pub async fn passkeys(parts: &Parts) -> Result<Vec<Passkey>, AccountFailure> {
    let asking = AccountUseCase::begin(parts)?;
    let AccountUseCase { use_case, core_api } = asking.clone();
    asking.carry_out(async move { offered(&use_case.bff)?.list(&core_api).await }).await
}

/// What to ask the person's browser for that adds a passkey. Nothing changes until [`add_passkey`].
///
/// # Errors
///
/// [`PasskeyRefusal::Unverified`], [`PasskeyRefusal::TooMany`]. As [`passkeys`], and [`AccountFailure::NotRecent`].
///
/// # Security
///
/// It needs a recent sign-in (ASVS 7.5.1), see [`signed_in_recently`].
pub async fn begin_passkey(parts: &Parts) -> Result<PasskeyRequest, PasskeyFailure> {
    let (asking, bff, core_api) = begin_change(parts).await?;
    carry_out(&asking, async move { offered(&bff)?.begin(&core_api).await }).await
}

/// Adds what the browser has made. `state` is that of the request which it has answered with `credential`, in JSON.
///
/// # Errors
///
/// As [`begin_passkey`]. [`PasskeyRefusal::Over`], [`PasskeyRefusal::Known`], [`PasskeyRefusal::NotAccepted`].
///
/// # Security
///
/// It needs a request that has begun after a recent sign-in. Requests are good for minutes, so whoever took their time
/// with it is not asked to confirm, which would lose the passkey that the browser has made.
pub async fn add_passkey(
    parts: &Parts,
    name: &str,
    state: &str,
    credential: &str,
) -> Result<(), PasskeyFailure> {
    let asking = AccountUseCase::begin(parts)?;
    let AccountUseCase { use_case, core_api } = asking.clone();
    let bff = use_case.bff;
    if !signed_in_within(parts, bff.recent_sign_in() + REQUEST_LIFE) {
        return Err(AccountFailure::NotRecent.into());
    }
    let (name, state, credential) = (name.to_owned(), SecretText::from(state), SecretText::from(credential));
    carry_out(&asking, async move { offered(&bff)?.add(&core_api, &name, &state, &credential).await }).await
}

/// Gives a passkey of the person another name.
///
/// # Errors
///
/// [`PasskeyRefusal::Gone`]. As [`passkeys`].
pub async fn rename_passkey(parts: &Parts, id: &str, name: &str) -> Result<(), PasskeyFailure> {
    let asking = AccountUseCase::begin(parts)?;
    let AccountUseCase { use_case, core_api } = asking.clone();
    let (id, name) = (id.to_owned(), name.to_owned());
    carry_out(&asking, async move { offered(&use_case.bff)?.rename(&core_api, &id, &name).await }).await
}

/// Removes a passkey of the person. Nobody signs in with it any more; sessions that began with it go on.
///
/// # Errors
///
/// [`PasskeyRefusal::Gone`]. As [`begin_passkey`].
///
/// # Security
///
/// As [`begin_passkey`].
pub async fn remove_passkey(parts: &Parts, id: &str) -> Result<(), PasskeyFailure> {
    let (asking, bff, core_api) = begin_change(parts).await?;
    let id = id.to_owned();
    carry_out(&asking, async move { offered(&bff)?.remove(&core_api, &id).await }).await
}

async fn begin_change(parts: &Parts) -> Result<(AccountUseCase, Bff, CoreApi), AccountFailure> {
    let asking = AccountUseCase::begin(parts)?;
    if !signed_in_recently(parts) {
        return Err(AccountFailure::NotRecent);
    }
    drop(asking.spend("passkey").await?);
    let AccountUseCase { use_case, core_api } = asking.clone();
    Ok((asking, use_case.bff, core_api))
}

async fn carry_out<T, W>(asking: &AccountUseCase, work: W) -> Result<T, PasskeyFailure>
where
    T: Send + 'static,
    W: Future<Output = Result<T, PasskeyError>> + Send + 'static,
{
    let work = async move {
        match work.await {
            Ok(done) => Ok(Ok(done)),
            Err(PasskeyError::Refused(refusal)) => Ok(Err(refusal)),
            Err(PasskeyError::Account(error)) => Err(error),
        }
    };
    Ok(asking.carry_out(work).await??)
}

fn offered(bff: &Bff) -> Result<&dyn Passkeys, AccountError> {
    let name = bff.provider().name();
    let offered = bff.provider().passkeys();
    offered.ok_or_else(|| AccountError::Unavailable(format!("{name} offers no passkeys")))
}
