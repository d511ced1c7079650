use std::fmt;
use std::time::Duration;

use http::request::Parts;
use ironleaf_auth::{AccountError, Enrolment, SecondFactor, SecondFactorState, SecretText};
use ironleaf_session::{Decoder, Encoder, FlashKind, Payload, PayloadError, Worth};

use crate::account_use_case::AccountUseCase;
use crate::{AccountFailure, Bff, end_other_sessions, signed_in_recently};

/// How long a person has to set up their app.
const ENROLMENT_LIFE: Duration = Duration::from_mins(15);

/// How long recovery codes wait for the page that shows them.
const RECOVERY_CODES_LIFE: Duration = Duration::from_mins(10);

/// Keeps a [`NewApp`] in the browser until its first code.
pub const ENROLMENT: FlashKind<NewApp> =
    FlashKind::new("ironleaf-new-app", ENROLMENT_LIFE).worth(Worth::Errand);

/// Carries [`RecoveryCodes`] to the page that shows them.
pub const RECOVERY_CODES: FlashKind<RecoveryCodes> =
    FlashKind::new("ironleaf-recovery-codes", RECOVERY_CODES_LIFE).worth(Worth::Errand);

/// The secret of an app that is being set up. A page shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewApp {
    /// Whose app it is.
    person: String,
    secret: SecretText,
    uri: SecretText,
}

impl NewApp {
    /// In base 32, to be typed.
    pub fn secret(&self) -> &str {
        self.secret.expose()
    }

    /// For a QR code.
    pub fn uri(&self) -> &str {
        self.uri.expose()
    }

    /// Whether it is the app of the person with this identifier.
    pub fn is_of(&self, person: &str) -> bool {
        self.person == person
    }
}

/// Shows nothing.
impl fmt::Debug for NewApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApp").finish_non_exhaustive()
    }
}

impl Payload for NewApp {
    fn encode(&self, out: &mut Encoder) {
        out.str(&self.person);
        out.token(self.secret.expose());
        out.str(self.uri.expose());
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let person = input.str()?.to_owned();
        let secret = SecretText::from(input.token()?.as_str());
        Ok(Self { person, secret, uri: SecretText::from(input.str()?) })
    }
}

/// New recovery codes. A page shows them, once.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCodes {
    person: String,
    codes: Vec<SecretText>,
}

impl RecoveryCodes {
    /// The codes.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(SecretText::expose)
    }

    /// Whether they are those of the person with this identifier.
    pub fn are_of(&self, person: &str) -> bool {
        self.person == person
    }
}

/// Shows nothing.
impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoveryCodes").finish_non_exhaustive()
    }
}

impl Payload for RecoveryCodes {
    fn encode(&self, out: &mut Encoder) {
        let codes: Vec<&str> = self.codes().collect();
        out.str(&self.person);
        // No code has a space.
        out.str(&codes.join(" "));
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let person = input.str()?.to_owned();
        Ok(Self { person, codes: input.str()?.split(' ').map(SecretText::from).collect() })
    }
}

/// Whether the signed-in person has a second step for their sign-ins.
///
/// # Errors
///
/// [`AccountFailure::SignedOut`], [`AccountFailure::TooManyRequests`], [`AccountFailure::Unavailable`],
/// [`AccountFailure::SessionTooLarge`].
pub async fn second_factor(parts: &Parts) -> Result<SecondFactorState, AccountFailure> {
    let asking = AccountUseCase::begin(parts)?;
    let AccountUseCase { use_case, core_api } = asking.clone();
    asking.carry_out(async move { offered(&use_case.bff)?.state(&core_api).await }).await
}

/// Makes a secret for the person's app, and keeps it in their browser as [`ENROLMENT`]. Nothing changes until
/// [`enable_second_factor`].
///
/// # Errors
///
/// As [`disable_second_factor`], without a wrong code. [`AccountFailure::InvalidToken`] if the person has a second step
/// already.
///
/// # Security
///
/// It needs a recent sign-in (ASVS 7.5.1), see [`signed_in_recently`].
pub async fn begin_second_factor(parts: &Parts) -> Result<(), AccountFailure> {
    let asking = begin_change(parts).await?;
    let AccountUseCase { use_case, core_api } = asking.clone();
    let work = async move { offered(&use_case.bff)?.begin(&core_api).await };
    let Enrolment { secret, uri } = asking.carry_out(work).await?;
    let person = asking.account().unwrap_or_default();
    keep(&asking, &ENROLMENT, &NewApp { person, secret, uri })
}

/// Enables the app whose code this is. The recovery codes are kept in the person's browser as [`RECOVERY_CODES`]. Every
/// other session of the person ends, because none has proved a second step (ASVS 7.4.3).
///
/// # Errors
///
/// As [`disable_second_factor`]. [`AccountFailure::InvalidToken`] if no enrolment waits.
///
/// # Security
///
/// As [`begin_second_factor`].
pub async fn enable_second_factor(parts: &Parts, code: &str) -> Result<(), AccountFailure> {
    let asking = begin_change(parts).await?;
    let AccountUseCase { use_case, core_api } = asking.clone();
    let code = SecretText::from(code);
    let work = async move { offered(&use_case.bff)?.enable(&core_api, &code).await };
    let codes = asking.carry_out(work).await?;
    if let Some(flash) = &asking.use_case.flash {
        flash.clear(&ENROLMENT);
    }
    if let Err(failure) = end_other_sessions(parts).await {
        tracing::error!(
            %failure,
            "a second step was enabled, but the other sessions were not ended here; they end when the provider says so"
        );
    }
    show(&asking, codes)
}

/// Replaces the recovery codes. The new ones are kept in the person's browser as [`RECOVERY_CODES`].
///
/// # Errors
///
/// As [`disable_second_factor`].
///
/// # Security
///
/// As [`begin_second_factor`].
pub async fn replace_recovery_codes(parts: &Parts, code: &str) -> Result<(), AccountFailure> {
    let asking = begin_change(parts).await?;
    let AccountUseCase { use_case, core_api } = asking.clone();
    let code = SecretText::from(code);
    let work = async move { offered(&use_case.bff)?.replace_recovery_codes(&core_api, &code).await };
    let codes = asking.carry_out(work).await?;
    show(&asking, codes)
}

/// Disables the second step of the person's sign-ins.
///
/// # Errors
///
/// [`AccountFailure::Invalid`] if the code is wrong. [`AccountFailure::InvalidToken`] if the person has no second step.
/// [`AccountFailure::SignedOut`], [`AccountFailure::NotRecent`], [`AccountFailure::TooManyRequests`],
/// [`AccountFailure::Unavailable`], [`AccountFailure::SessionTooLarge`].
///
/// # Security
///
/// As [`begin_second_factor`].
pub async fn disable_second_factor(parts: &Parts, code: &str) -> Result<(), AccountFailure> {
    let asking = begin_change(parts).await?;
    let AccountUseCase { use_case, core_api } = asking.clone();
    let code = SecretText::from(code);
    asking.carry_out(async move { offered(&use_case.bff)?.disable(&core_api, &code).await }).await
}

async fn begin_change(parts: &Parts) -> Result<AccountUseCase, AccountFailure> {
    let asking = AccountUseCase::begin(parts)?;
    if !signed_in_recently(parts) {
        return Err(AccountFailure::NotRecent);
    }
    drop(asking.spend("second factor").await?);
    Ok(asking)
}

fn offered(bff: &Bff) -> Result<&dyn SecondFactor, AccountError> {
    let name = bff.provider().name();
    let offered = bff.provider().second_factor();
    offered.ok_or_else(|| AccountError::Unavailable(format!("{name} offers no second step")))
}

fn show(asking: &AccountUseCase, codes: Vec<SecretText>) -> Result<(), AccountFailure> {
    let person = asking.account().unwrap_or_default();
    keep(asking, &RECOVERY_CODES, &RecoveryCodes { person, codes })
}

/// The person can begin anew where a browser has no space for it.
fn keep<T: Payload>(asking: &AccountUseCase, kind: &FlashKind<T>, value: &T) -> Result<(), AccountFailure> {
    let is_kept = asking.use_case.flash.as_ref().is_some_and(|flash| flash.set(kind, value));
    if is_kept { Ok(()) } else { Err(AccountFailure::SessionTooLarge) }
}
