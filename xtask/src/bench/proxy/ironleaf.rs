//! Ironleaf, with a route to the API.

use std::net::SocketAddr;
use std::path::Path;

use super::provider::Provider;
use crate::bench::program::{Program, in_clean_environment};
use crate::failure::Result;

/// The path to which the provider leads back.
pub(super) fn redirect_uri(address: SocketAddr) -> String {
    format!("http://{address}/auth/callback")
}

/// Starts a replica on `address`, with the address of the first one as its origin.
///
/// # Errors
///
/// If it does not start.
pub(super) fn start(
    binary: &Path,
    folder: &Path,
    address: SocketAddr,
    origin: SocketAddr,
    provider: &Provider,
    api: SocketAddr,
) -> Result<Program> {
    let mut command = in_clean_environment(binary);
    provider.introduce(command.arg("serve"));
    command
        .env("LOG_FORMAT", "json")
        .env("DATA_DIR", folder)
        .env("LISTEN_ADDR", address.to_string())
        .env("PUBLIC_ORIGIN", format!("http://{origin}"))
        .env("PROXY_ROUTES", format!("/api/=http://{api}/"));
    Program::start(&mut command, address, "/health/live")
}
