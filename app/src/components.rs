//! Views without data fetching, rendered on the server only.

mod account_menu;
mod banner;
mod breadcrumb;
mod delete_account_form;
mod field;
mod icons;
mod return_field;
mod theme_menu;
mod toasts;
mod username;

pub(crate) use account_menu::AccountMenu;
pub(crate) use banner::{AuthBanner, Banner};
pub(crate) use breadcrumb::Breadcrumb;
pub(crate) use delete_account_form::DeleteAccountForm;
pub(crate) use field::{Field, Rules};
pub(crate) use icons::branch;
pub(crate) use return_field::ReturnField;
pub(crate) use theme_menu::ThemeMenu;
pub(crate) use toasts::Toasts;
pub(crate) use username::Username;
