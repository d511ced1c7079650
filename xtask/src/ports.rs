//! Checks ports before anything is built, because a build of minutes that ends in "address in use" helps nobody.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use crate::failure::{Failure, Result};
use crate::settings::{CoreApi, Settings};

/// # Errors
///
/// If the address of the application, or of the core API that it may embed, is not available.
pub(crate) fn check_application(settings: &Settings, may_embed: bool) -> Result<()> {
    check(settings.listen_addr, "LISTEN_ADDR")?;
    match settings.core_api {
        CoreApi::Embedded { listen_addr } if may_embed => check(listen_addr, "CORE_API_LISTEN_ADDR"),
        _ => Ok(()),
    }
}

/// # Errors
///
/// If the port over which cargo-leptos tells pages to reload is taken.
pub(crate) fn check_reload(settings: &Settings) -> Result<()> {
    check(SocketAddr::new(settings.listen_addr.ip(), settings.reload_port), "LEPTOS_RELOAD_PORT")
}

fn check(address: SocketAddr, variable: &str) -> Result<()> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(Failure::new(format!(
            "Port {} is taken by another program ({address}). Set {variable} to use another one.",
            address.port()
        ))),
        Err(error) => {
            Err(Failure::new(format!("Cannot listen on {address}: {error}. {variable} changes it.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_the_variable_that_changes_it() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let failure = check(address, "LISTEN_ADDR").unwrap_err().to_string();
        assert!(failure.contains(&format!("Port {} is taken", address.port())), "{failure}");
        assert!(failure.contains("Set LISTEN_ADDR"), "{failure}");
    }

    #[test]
    fn a_free_port_is_left_free() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(check(address, "LISTEN_ADDR").is_ok());
        assert!(check(address, "LISTEN_ADDR").is_ok());
    }
}
