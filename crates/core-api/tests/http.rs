//! The core API through HTTP: the real router on an in-memory database. The modules mirror the URL tree.

#[path = "http/support.rs"]
mod support;

#[path = "http/auth/tokens.rs"]
mod auth_tokens;
