//! Our whole public API: one file per domain. Anybody can call a server function with `curl`, so each one validates,
//! authorizes and delegates.

mod account;
mod credentials;
mod language;
mod passkeys;
mod people;
mod registration;
mod second_factor;
mod session;
mod sessions;
mod theme;

pub(crate) use account::{DeleteAccount, ResendVerification, SetPassword, UpdateAccount};
pub(crate) use credentials::{ChangeEmail, ChangePassword, SetPasswordByLink};
pub(crate) use language::SetLanguage;
pub(crate) use passkeys::{
    AddPasskey, BeginPasskey, BeginPasskeySignIn, RemovePasskey, RenamePasskey, SignInWithPasskey,
};
pub(crate) use people::{DeletePerson, ResendVerificationOf, SetRole};
pub(crate) use registration::{Register, RequestPasswordReset, VerifyEmail};
pub(crate) use second_factor::{
    BeginSecondFactor, DisableSecondFactor, EnableSecondFactor, ReplaceRecoveryCodes, SignInWithCode,
};
pub(crate) use session::{
    ConfirmPassword, ConfirmWithProvider, RequestSignInLink, SignIn, SignInWithProvider, SignInWithToken,
    SignOut,
};
pub(crate) use sessions::{EndAllSessions, EndOtherSessions, EndSession};
pub(crate) use theme::SetTheme;
