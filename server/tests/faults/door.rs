//! The address at which a proxy listens. While the door is shut, connections are refused, but the port stays reserved.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const BACKLOG: u32 = 1_024;

type Carry = Arc<dyn Fn(TcpStream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    carry: Carry,
    accepting: Mutex<Option<JoinHandle<()>>>,
    /// Bound, but not listening.
    shut: Mutex<Option<TcpSocket>>,
    is_open: watch::Sender<bool>,
}

impl Door {
    /// Passes every connection to `carry`, until `carry` ends or the door is shut.
    pub(crate) fn open<F>(carry: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<()>> + Send + 'static,
    {
        let socket = bound((Ipv4Addr::LOCALHOST, 0).into());
        let carry: Carry = Arc::new(move |stream| {
            let carried = carry(stream);
            Box::pin(async move {
                let _ = carried.await;
            })
        });
        let door = Self {
            address: socket.local_addr().unwrap(),
            carry,
            accepting: Mutex::default(),
            shut: Mutex::default(),
            is_open: watch::Sender::new(true),
        };
        door.accept(socket);
        door
    }

    /// Cuts all connections, and refuses new ones.
    pub(crate) async fn shut(&self) {
        let accepting = self.accepting.lock().unwrap().take();
        if let Some(accepting) = accepting {
            accepting.abort();
            let _ = accepting.await;
            *self.shut.lock().unwrap() = Some(bound(self.address));
        }
        self.is_open.send_replace(false);
    }

    pub(crate) fn open_again(&self) {
        self.is_open.send_replace(true);
        if let Some(socket) = self.shut.lock().unwrap().take() {
            self.accept(socket);
        }
    }

    fn accept(&self, socket: TcpSocket) {
        let listener = socket.listen(BACKLOG).unwrap();
        let (carry, is_open) = (Arc::clone(&self.carry), self.is_open.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (carried, mut is_open) = (carry(stream), is_open.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        () = carried => {}
                        _ = is_open.wait_for(|is_open| !is_open) => {}
                    }
                });
            }
        });
        *self.accepting.lock().unwrap() = Some(accepting);
    }
}

fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    // Connections that were cut occupy the address for a while.
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}
