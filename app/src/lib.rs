//! The web application: pages and components that are rendered on the server only, and the islands that also run in
//! the browser. Compiled for the browser, this crate is its islands and nothing else.

#![expect(unreachable_pub, reason = "the macros of Leptos make components and server functions public")]

pub mod islands;

#[cfg(feature = "ssr")]
mod components;
#[cfg(feature = "ssr")]
mod error;
#[cfg(feature = "ssr")]
mod flashes;
#[cfg(feature = "ssr")]
mod kept_form;
#[cfg(feature = "ssr")]
mod messages;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod place;
#[cfg(feature = "ssr")]
mod request;
#[cfg(feature = "ssr")]
mod server_fns;
#[cfg(feature = "ssr")]
mod site;
#[cfg(feature = "ssr")]
mod validation;
#[cfg(feature = "ssr")]
mod wait;

#[cfg(feature = "ssr")]
pub mod document;
#[cfg(feature = "ssr")]
pub mod problem_words;
#[cfg(feature = "ssr")]
pub mod routes;

#[cfg(feature = "ssr")]
pub use flashes::FLASHES;
#[cfg(feature = "ssr")]
pub use server_fns::{handle_server_fn, server_fn_routes};
#[cfg(feature = "ssr")]
pub use site::{Site, SiteAssets};
