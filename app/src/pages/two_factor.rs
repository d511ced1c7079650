//! The second step of a person's sign-ins: its pages.

mod current;
mod disable;
mod overview;
mod qr_code;
mod recovery_codes;
mod set_up;

pub(crate) use disable::DisableTwoFactor;
pub(crate) use overview::TwoFactor;
pub(crate) use recovery_codes::RecoveryCodes;
pub(crate) use set_up::SetUpTwoFactor;
