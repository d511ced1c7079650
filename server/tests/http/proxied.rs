//! Forwarded requests byte by byte, between a real client and a real API.

#[path = "proxied/bodies.rs"]
mod bodies;
#[path = "proxied/breaker.rs"]
mod breaker;
#[path = "proxied/caches.rs"]
mod caches;
#[path = "proxied/corpus.rs"]
mod corpus;
#[path = "proxied/cors.rs"]
mod cors;
#[path = "proxied/messages.rs"]
mod messages;
#[path = "proxied/wire.rs"]
mod wire;
