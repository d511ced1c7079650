//! The proxy in front of the core API. The client's address in a request selects the request's fault. So hundreds of
//! people can each have their own fault at the same time.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::dice::Dice;
use crate::door::Door;
use crate::message::message;
use crate::pause;

/// `Before`: the core API never sees the request. `After`: it has carried out the request, and its answer is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    ShortDelay,
    LongDelay,
    ResetBefore,
    ResetAfter,
    Truncated,
    Unavailable,
    ErrorAfter,
    BadJson,
    NoHttp,
    SilentBefore,
    SilentAfter,
}

impl Fault {
    pub(crate) const ALL: [Self; 11] = [
        Self::ShortDelay,
        Self::LongDelay,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::Truncated,
        Self::Unavailable,
        Self::ErrorAfter,
        Self::BadJson,
        Self::NoHttp,
        Self::SilentBefore,
        Self::SilentAfter,
    ];

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::ShortDelay => "delay of 300 ms",
            Self::LongDelay => "delay of 6 s, longer than a call may take",
            Self::ResetBefore => "reset before the core API has it",
            Self::ResetAfter => "reset after the core API has done it",
            Self::Truncated => "answer cut in the middle",
            Self::Unavailable => "503 in place of the core API",
            Self::ErrorAfter => "500 after the core API has done it",
            Self::BadJson => "200 with broken JSON after it was done",
            Self::NoHttp => "bytes that are no HTTP",
            Self::SilentBefore => "half-open: accepted, never answered",
            Self::SilentAfter => "half-open after it was done",
        }
    }

    /// Whether a request with this fault waits for a deadline.
    pub(crate) const fn is_slow(self) -> bool {
        matches!(self, Self::LongDelay | Self::SilentBefore | Self::SilentAfter)
    }
}

const SHORT_DELAY: Duration = Duration::from_millis(300);

/// Longer than the five seconds that the program allows for a call.
const LONG_DELAY: Duration = Duration::from_secs(6);

/// With random faults, one of this many requests meets one.
const ONE_IN: usize = 6;

const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";
const ERROR: &[u8] =
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 55\r\n\r\n\
    {\"statusCode\":500,\"message\":\"Internal server error...\"}";
const BAD_JSON: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"item\": nul";
const NO_HTTP: &[u8] = b"\x16\x03\x03\x00\x02\x02\x28SSH-2.0-nobody\r\n\r\n";

/// Which of a person's requests meet the fault.
#[derive(Clone, Copy)]
pub(crate) enum At {
    Every,
    /// The request with this number, counted from one.
    Only(usize),
}

struct Plan {
    fault: Fault,
    at: At,
    seen: usize,
    met: usize,
}

pub(crate) struct Wire {
    /// The address that the program uses for the core API.
    pub(crate) door: Door,
    way: Arc<Way>,
}

struct Way {
    core_api: SocketAddr,
    plans: Mutex<HashMap<Ipv4Addr, Plan>>,
    weather: Mutex<Option<Dice>>,
    met: Mutex<usize>,
    requests: Mutex<HashMap<Ipv4Addr, usize>>,
    /// For each person, the number of requests that have arrived and are not finished.
    unfinished: watch::Sender<HashMap<Ipv4Addr, usize>>,
}

impl Wire {
    pub(crate) fn before(core_api: SocketAddr) -> Self {
        let way = Arc::new(Way {
            core_api,
            plans: Mutex::default(),
            weather: Mutex::default(),
            met: Mutex::default(),
            requests: Mutex::default(),
            unfinished: watch::Sender::default(),
        });
        let carrier = Arc::clone(&way);
        Self { door: Door::open(move |stream| carry(Arc::clone(&carrier), stream)), way }
    }

    pub(crate) fn spoil(&self, person: Ipv4Addr, fault: Fault, at: At) {
        self.way.plans.lock().unwrap().insert(person, Plan { fault, at, seen: 0, met: 0 });
    }

    /// Ends the person's fault. Returns how many requests met it.
    pub(crate) fn heal(&self, person: Ipv4Addr) -> usize {
        self.way.plans.lock().unwrap().remove(&person).map_or(0, |plan| plan.met)
    }

    /// Switches random faults on for everybody, or off.
    pub(crate) fn change_weather(&self, dice: Option<Dice>) {
        *self.way.weather.lock().unwrap() = dice;
    }

    /// How many requests have met a fault.
    pub(crate) fn met(&self) -> usize {
        *self.way.met.lock().unwrap()
    }

    /// How many requests have arrived from this person.
    pub(crate) fn requests_of(&self, person: Ipv4Addr) -> usize {
        self.way.requests.lock().unwrap().get(&person).copied().unwrap_or_default()
    }

    /// Waits until all requests of this person are finished, including delayed ones.
    pub(crate) async fn settled(&self, person: Ipv4Addr) {
        let is_quiet = |unfinished: &HashMap<_, _>| unfinished.get(&person).is_none_or(|count| *count == 0);
        self.way.unfinished.subscribe().wait_for(is_quiet).await.unwrap();
    }

    pub(crate) async fn all_settled(&self) {
        let is_quiet = |unfinished: &HashMap<_, usize>| unfinished.values().all(|count| *count == 0);
        self.way.unfinished.subscribe().wait_for(is_quiet).await.unwrap();
    }
}

impl Way {
    fn decide(&self, person: Ipv4Addr) -> Option<Fault> {
        let planned = self.plans.lock().unwrap().get_mut(&person).map(|plan| {
            plan.seen += 1;
            let is_met = match plan.at {
                At::Every => true,
                At::Only(number) => plan.seen == number,
            };
            plan.met += usize::from(is_met);
            is_met.then_some(plan.fault)
        });
        let fault = match planned {
            Some(planned) => planned,
            None => self
                .weather
                .lock()
                .unwrap()
                .as_mut()
                .and_then(|dice| (dice.roll(ONE_IN) == 0).then(|| dice.one_of(&Fault::ALL))),
        };
        *self.met.lock().unwrap() += usize::from(fault.is_some());
        fault
    }
}

/// Carries one connection until either side ends it.
async fn carry(way: Arc<Way>, mut client: TcpStream) -> Option<()> {
    let mut core_api = TcpStream::connect(way.core_api).await.ok()?;
    loop {
        let request = message(&mut client).await?;
        let person = person(&request);
        *way.requests.lock().unwrap().entry(person).or_default() += 1;
        let _under_way = UnderWay::begin(&way, person);
        match way.decide(person) {
            Some(fault) => harm(&mut client, &mut core_api, &request, fault).await?,
            None => client.write_all(&done(&mut core_api, &request).await?).await.ok()?,
        }
    }
}

/// The core API's answer to a request.
async fn done(core_api: &mut TcpStream, request: &[u8]) -> Option<Vec<u8>> {
    core_api.write_all(request).await.ok()?;
    message(core_api).await
}

/// `None` ends the connection.
async fn harm(client: &mut TcpStream, core_api: &mut TcpStream, request: &[u8], fault: Fault) -> Option<()> {
    match fault {
        Fault::ShortDelay | Fault::LongDelay => {
            pause(if fault == Fault::LongDelay { LONG_DELAY } else { SHORT_DELAY }).await;
            // The request reaches the core API even if the client no longer waits for the answer.
            let answer = done(core_api, request).await?;
            client.write_all(&answer).await.ok()
        }
        Fault::ResetBefore => reset(client),
        Fault::ResetAfter => {
            done(core_api, request).await?;
            reset(client)
        }
        Fault::Truncated => {
            let answer = done(core_api, request).await?;
            client.write_all(&answer[..answer.len() * 3 / 4]).await.ok()?;
            None
        }
        Fault::Unavailable => client.write_all(UNAVAILABLE).await.ok(),
        Fault::ErrorAfter => {
            done(core_api, request).await?;
            client.write_all(ERROR).await.ok()
        }
        Fault::BadJson => {
            done(core_api, request).await?;
            client.write_all(BAD_JSON).await.ok()
        }
        Fault::NoHttp => client.write_all(NO_HTTP).await.ok(),
        Fault::SilentBefore => silence(client).await,
        Fault::SilentAfter => {
            done(core_api, request).await?;
            silence(client).await
        }
    }
}

fn reset(client: &TcpStream) -> Option<()> {
    client.set_zero_linger().ok()?;
    None
}

/// Waits until the client gives up.
async fn silence(client: &mut TcpStream) -> Option<()> {
    let _ = client.read(&mut [0]).await;
    None
}

struct UnderWay<'a> {
    way: &'a Way,
    person: Ipv4Addr,
}

impl<'a> UnderWay<'a> {
    fn begin(way: &'a Way, person: Ipv4Addr) -> Self {
        way.unfinished.send_modify(|unfinished| *unfinished.entry(person).or_default() += 1);
        Self { way, person }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.way.unfinished.send_modify(|unfinished| *unfinished.entry(self.person).or_default() -= 1);
    }
}

fn person(request: &[u8]) -> Ipv4Addr {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let address = text.lines().find_map(|line| line.strip_prefix("x-forwarded-for: ")).map(str::parse);
    address.and_then(Result::ok).unwrap_or(Ipv4Addr::LOCALHOST)
}
