//! The behaviour of keys, rules and layer, from the outside. Every key is made for the run.

mod access_tokens;
mod cache;
mod concurrency;
mod headers;
mod id_tokens;
mod keys;
mod logout_tokens;
mod properties;
mod support;
