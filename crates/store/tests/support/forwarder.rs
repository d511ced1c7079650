//! One address that leads to one server after another, as a name or a proxy in front of Redis does.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

pub(crate) struct Forwarder {
    address: SocketAddr,
    target: Arc<Mutex<SocketAddr>>,
}

impl Forwarder {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let target = Arc::new(Mutex::new(target));
        let current = target.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let target = *current.lock().expect("nothing panics while it is locked");
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(target).await.expect("the server is there");
                    // Both sides learn of the end, whatever it is.
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { address, target }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// For new connections; open ones stay where they are.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        *self.target.lock().expect("nothing panics while it is locked") = target;
    }
}
