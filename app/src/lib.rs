//! The web application: pages and components that are rendered only on the server, and the islands that also run in the
//! browser. `app.rs` shows it as a whole. For the browser, this crate contains only its islands and the server
//! functions that they call.

#![expect(unreachable_pub, reason = "the macros of Leptos make components and server functions public")]

pub mod islands;

mod error;

#[cfg(feature = "ssr")]
mod answer;
#[cfg(feature = "ssr")]
mod app;
#[cfg(feature = "ssr")]
mod browser_answer;
#[cfg(feature = "ssr")]
mod components;
#[cfg(feature = "ssr")]
mod flashes;
#[cfg(feature = "ssr")]
mod form_post;
#[cfg(feature = "ssr")]
mod guard;
#[cfg(feature = "ssr")]
mod guarded_fn;
#[cfg(feature = "ssr")]
mod html_form;
#[cfg(feature = "ssr")]
mod language;
#[cfg(feature = "ssr")]
mod links;
#[cfg(feature = "ssr")]
mod load;
#[cfg(feature = "ssr")]
mod onward;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod password_hint;
#[cfg(feature = "ssr")]
mod person;
#[cfg(feature = "ssr")]
pub mod problem_words;
#[cfg(feature = "ssr")]
mod redacted;
#[cfg(feature = "ssr")]
mod refusal;
#[cfg(feature = "ssr")]
mod remember;
#[cfg(feature = "ssr")]
mod render;
#[cfg(feature = "ssr")]
mod request;
#[cfg(feature = "ssr")]
mod server_fns;
#[cfg(feature = "ssr")]
mod signed_out;
#[cfg(feature = "ssr")]
mod site;
#[cfg(feature = "ssr")]
mod theme;
#[cfg(feature = "ssr")]
mod validation;
#[cfg(feature = "ssr")]
mod wait;
#[cfg(feature = "ssr")]
mod words;

pub use error::AppError;

#[cfg(feature = "ssr")]
pub use app::pages;
#[cfg(feature = "ssr")]
pub use flashes::FLASHES;
#[cfg(feature = "ssr")]
pub use language::Language;
#[cfg(feature = "ssr")]
pub use onward::Onward;
#[cfg(feature = "ssr")]
pub use render::{PageHandler, Pages, handle_server_fn, role_of_server_fn, server_fn_routes};
#[cfg(feature = "ssr")]
pub use request::language_of;
#[cfg(feature = "ssr")]
pub use signed_out::back_from_sign_out;
#[cfg(feature = "ssr")]
pub use site::{PagePaths, Site, SiteAssets};
