//! Sign-in by a redirect to a provider without accounts, as the browser and the provider's server see it.

#[path = "redirect/account.rs"]
mod account;
#[path = "redirect/automatic.rs"]
mod automatic;
#[path = "redirect/back_channel.rs"]
mod back_channel;
#[path = "redirect/callback.rs"]
mod callback;
#[path = "redirect/confirmation.rs"]
mod confirmation;
#[path = "redirect/forwarded.rs"]
mod forwarded;
#[path = "redirect/health.rs"]
mod health;
#[path = "redirect/misconfigured.rs"]
mod misconfigured;
#[path = "redirect/other_host.rs"]
mod other_host;
#[path = "redirect/provider.rs"]
mod provider;
#[path = "redirect/secrecy.rs"]
mod secrecy;
#[path = "redirect/sign_in.rs"]
mod sign_in;
#[path = "redirect/sign_out.rs"]
mod sign_out;
#[path = "redirect/world.rs"]
pub(crate) mod world;
