//! Views without data fetching, rendered on the server only.

mod account_menu;
mod advice;
mod banner;
mod breadcrumb;
mod current_password;
mod delete_account_form;
mod field;
mod icons;
mod language_choice;
mod layouts;
mod login_link;
mod more_fields;
mod new_password;
mod onward_page;
mod problem_page;
mod remember_me;
mod server_form;
mod session_end;
mod site_scripts;
mod theme_menu;
mod toasts;
mod username;

pub(crate) use account_menu::AccountMenu;
pub(crate) use advice::Advice;
pub(crate) use banner::{AuthBanner, Banner};
pub(crate) use breadcrumb::Breadcrumb;
pub(crate) use current_password::CurrentPassword;
pub(crate) use delete_account_form::DeleteAccountForm;
pub(crate) use field::{Field, Rules};
pub(crate) use icons::branch;
pub(crate) use language_choice::LanguageChoice;
pub(crate) use layouts::{AuthLayout, FullLayout};
pub(crate) use login_link::LoginLink;
#[allow(unused_imports, reason = "for the pages of whoever builds upon this")]
pub(crate) use more_fields::{Checkbox, Select, TextArea};
pub(crate) use new_password::NewPassword;
pub(crate) use onward_page::OnwardPage;
pub(crate) use problem_page::{ProblemPage, RequestNumber};
pub(crate) use remember_me::RememberMe;
pub(crate) use server_form::{ButtonForm, ServerForm};
pub(crate) use session_end::SessionEnd;
pub(crate) use site_scripts::SiteScripts;
pub(crate) use theme_menu::ThemeMenu;
pub(crate) use toasts::Toasts;
pub(crate) use username::Username;
