//! The proxy in front of the core API. It can delay a refresh, lose it, replace its answer, or hold it until the test
//! releases it. Everything else passes.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::machine::pause;
use crate::message::message;

/// Before the core API has seen a refresh, or after it has consumed the token but before the answer is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    Before,
    After,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Delay,
    Reset(Moment),
    Unavailable(Moment),
    Garbage(Moment),
    Hang(Moment),
}

impl Fault {
    pub(crate) const ALL: [Self; 9] = [
        Self::Delay,
        Self::Reset(Moment::Before),
        Self::Reset(Moment::After),
        Self::Unavailable(Moment::Before),
        Self::Unavailable(Moment::After),
        Self::Garbage(Moment::Before),
        Self::Garbage(Moment::After),
        Self::Hang(Moment::Before),
        Self::Hang(Moment::After),
    ];

    fn moment(self) -> Moment {
        match self {
            Self::Delay => Moment::Before,
            Self::Reset(moment) | Self::Unavailable(moment) | Self::Garbage(moment) | Self::Hang(moment) => {
                moment
            }
        }
    }
}

/// Long enough for all other requests to find the refresh running.
const DELAY: Duration = Duration::from_millis(300);

const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";
const GARBAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"item\": nul";

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    way: Arc<Way>,
}

struct Way {
    core_api: SocketAddr,
    faults: Mutex<Faults>,
    /// The point at which refreshes are held.
    gate: watch::Sender<Option<Moment>>,
    /// How many refreshes have been held since the gate was closed.
    held: watch::Sender<usize>,
}

/// The faults of the next refreshes, in order.
#[derive(Default)]
struct Faults {
    waiting: VecDeque<Fault>,
    met: BTreeMap<Fault, usize>,
}

impl Proxy {
    pub(crate) async fn before(core_api: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (gate, held) = (watch::Sender::new(None), watch::Sender::new(0));
        let way = Arc::new(Way { core_api, faults: Mutex::default(), gate, held });
        let ways = Arc::clone(&way);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(Arc::clone(&ways), stream));
            }
        });
        Self { address, way }
    }

    /// Plans one of these faults for each of the next refreshes.
    pub(crate) fn fail(&self, faults: &[Fault]) {
        self.way.faults.lock().unwrap().waiting.extend(faults);
    }

    /// How often each fault has occurred.
    pub(crate) fn met(&self) -> BTreeMap<Fault, usize> {
        self.way.faults.lock().unwrap().met.clone()
    }

    pub(crate) fn hold(&self, moment: Moment) {
        self.way.held.send_replace(0);
        self.way.gate.send_replace(Some(moment));
    }

    /// Releases all held refreshes, and cancels all planned faults.
    pub(crate) fn heal(&self) {
        self.way.faults.lock().unwrap().waiting.clear();
        self.way.gate.send_replace(None);
    }

    /// Waits until this many refreshes are held.
    pub(crate) async fn holds(&self, count: usize) {
        self.way.held.subscribe().wait_for(|held| *held >= count).await.unwrap();
    }
}

impl Way {
    fn next_fault(&self) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let fault = faults.waiting.pop_front()?;
        *faults.met.entry(fault).or_default() += 1;
        Some(fault)
    }

    async fn pass_gate(&self, moment: Moment) {
        let mut gate = self.gate.subscribe();
        if *gate.borrow() == Some(moment) {
            self.held.send_modify(|held| *held += 1);
            gate.wait_for(|gate| *gate != Some(moment)).await.unwrap();
        }
    }
}

/// Carries one connection until either side ends it.
async fn carry(way: Arc<Way>, mut client: TcpStream) -> Option<()> {
    let mut core_api = TcpStream::connect(way.core_api).await.ok()?;
    loop {
        let request = message(&mut client).await?;
        let is_refresh =
            request.starts_with(b"POST /v1/auth/tokens ") && contains(&request, b"\"refreshToken\"");
        if !is_refresh {
            core_api.write_all(&request).await.ok()?;
            client.write_all(&message(&mut core_api).await?).await.ok()?;
            continue;
        }
        let fault = way.next_fault();
        way.pass_gate(Moment::Before).await;
        if let Some(fault) = fault.filter(|fault| fault.moment() == Moment::Before) {
            if fault != Fault::Delay {
                harm(&mut client, fault).await?;
                continue;
            }
            pause(DELAY).await;
        }
        core_api.write_all(&request).await.ok()?;
        let answer = message(&mut core_api).await?;
        way.pass_gate(Moment::After).await;
        match fault.filter(|fault| fault.moment() == Moment::After) {
            Some(fault) => harm(&mut client, fault).await?,
            None => client.write_all(&answer).await.ok()?,
        }
    }
}

/// `None` ends the connection.
async fn harm(client: &mut TcpStream, fault: Fault) -> Option<()> {
    match fault {
        Fault::Delay => None,
        Fault::Unavailable(_) => client.write_all(UNAVAILABLE).await.ok(),
        Fault::Garbage(_) => client.write_all(GARBAGE).await.ok(),
        Fault::Reset(_) => {
            client.set_zero_linger().ok()?;
            None
        }
        Fault::Hang(_) => {
            // Waits until the client gives up.
            let _ = client.read(&mut [0]).await;
            None
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
