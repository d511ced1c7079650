//! An API to the rules of the gem `jwt_sessions`. With its reuse handler, tokens are renewed only after their end, and
//! then only once two clocks that differ must agree that it has passed.

#[path = "jwt_sessions/calls.rs"]
mod calls;
#[path = "jwt_sessions/lives.rs"]
mod lives;
#[path = "jwt_sessions/outages.rs"]
mod outages;
#[path = "jwt_sessions/sign_in.rs"]
mod sign_in;
#[path = "jwt_sessions/world.rs"]
mod world;
