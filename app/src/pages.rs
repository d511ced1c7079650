//! One file per page: its component, and the loader that creates its properties.

mod account;
mod activity;
mod callback;
mod code;
mod confirm;
mod delete_account;
mod email_verification;
mod home;
mod login;
mod passkeys;
mod people;
mod register;
mod reset_password;
mod restore_address;
mod sessions;
mod set_password;
mod two_factor;

pub(crate) use account::Account;
pub(crate) use activity::Activity;
pub(crate) use callback::Callback;
pub(crate) use code::Code;
pub(crate) use confirm::Confirm;
pub(crate) use delete_account::DeleteAccount;
pub(crate) use email_verification::EmailVerification;
pub(crate) use home::Home;
pub(crate) use login::Login;
pub(crate) use passkeys::{OnePasskey, Passkeys, RemovePasskey};
pub(crate) use people::{DeletePerson, OnePerson, People};
pub(crate) use register::Register;
pub(crate) use reset_password::ResetPassword;
pub(crate) use restore_address::RestoreAddress;
pub(crate) use sessions::Sessions;
pub(crate) use set_password::SetPassword;
pub(crate) use two_factor::{DisableTwoFactor, RecoveryCodes, SetUpTwoFactor, TwoFactor};
