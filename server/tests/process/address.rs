use std::net::{SocketAddr, TcpListener};

/// A free address on loopback. Between this and its use another process may take it; the next address is as good.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
