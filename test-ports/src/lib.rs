//! Free ports for the programs that tests and benchmarks start: a program whose address others must know beforehand
//! cannot ask the system for any port.
//!
//! The system gives out the ports for outgoing connections itself, from 32768 on Linux and from 49152 elsewhere, and
//! a test makes many of them. A port of that range can be taken between its choice and its use, so these are lower.
#![warn(missing_docs)]

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

const FIRST: u32 = 10_240;
const COUNT: u32 = 22_500;
/// Processes that run at the same time begin this far apart.
const OF_A_PROCESS: u32 = 101;

/// A loopback address where nobody listens. No second call of this process returns it, until all have been returned.
///
/// # Panics
///
/// If no port is free.
pub fn free_address() -> SocketAddr {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(OF_A_PROCESS) % COUNT;
    for _ in 0..COUNT {
        let port = FIRST + (begin + TAKEN.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
        let port = u16::try_from(port).expect("the highest is 32739");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("every port from {FIRST} to {} is in use", FIRST + COUNT - 1)
}

/// As [`free_address`], its port alone.
pub fn free_port() -> u16 {
    free_address().port()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_address_is_returned_twice_or_taken_by_a_connection() {
        let addresses: HashSet<_> = (0..500).map(|_| free_address()).collect();
        assert_eq!(addresses.len(), 500);
        assert!(addresses.iter().all(|address| address.port() < 32_768));
    }

    #[test]
    fn a_port_in_use_is_passed_over() {
        let listener = TcpListener::bind(free_address()).unwrap();
        let taken = listener.local_addr().unwrap();
        assert!((0..COUNT).all(|_| free_address() != taken));
    }
}
