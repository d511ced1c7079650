use std::net::{Ipv4Addr, SocketAddr};

/// Where everything is.
#[derive(Clone, Copy)]
pub(crate) struct Places {
    pub(crate) replicas: [SocketAddr; 2],
    pub(crate) http: SocketAddr,
    pub(crate) https: SocketAddr,
    /// A network of proxies in front of the proxy.
    pub(crate) cdn: Ipv4Addr,
}
