//! Views without data fetching, rendered on the server only.

mod account_menu;
mod banner;
mod breadcrumb;
mod field;
mod icons;
mod theme_menu;
mod toasts;

pub(crate) use account_menu::AccountMenu;
pub(crate) use banner::{AuthBanner, Banner};
pub(crate) use breadcrumb::Breadcrumb;
pub(crate) use field::Field;
pub(crate) use theme_menu::ThemeMenu;
pub(crate) use toasts::Toasts;
