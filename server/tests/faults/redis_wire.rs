//! The proxy in front of Redis. All requests of the program share one or two connections, so a fault affects everybody.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::dice::Dice;
use crate::door::Door;
use crate::pause;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StoreFault {
    ShortDelay,
    LongDelay,
    ResetBefore,
    ResetAfter,
    Truncated,
    Error,
    Garbage,
    Silent,
    Refused,
}

impl StoreFault {
    pub(crate) const ALL: [Self; 9] = [
        Self::ShortDelay,
        Self::LongDelay,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::Truncated,
        Self::Error,
        Self::Garbage,
        Self::Silent,
        Self::Refused,
    ];

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::ShortDelay => "delay of 50 ms",
            Self::LongDelay => "delay of 800 ms, longer than a query may take",
            Self::ResetBefore => "reset before Redis has it",
            Self::ResetAfter => "reset after Redis has done it",
            Self::Truncated => "answer cut in the middle",
            Self::Error => "LOADING in place of every answer",
            Self::Garbage => "bytes of another protocol",
            Self::Silent => "half-open: accepted, never answered",
            Self::Refused => "connection refused",
        }
    }
}

const SHORT_DELAY: Duration = Duration::from_millis(50);

/// Longer than the half second that the program allows for a command.
const LONG_DELAY: Duration = Duration::from_millis(800);

/// With random faults, one of this many pieces of the stream meets one. A request consists of many pieces.
const ONE_IN: usize = 60;

const IN_BAD_WEATHER: [StoreFault; 7] = [
    StoreFault::ShortDelay,
    StoreFault::LongDelay,
    StoreFault::ResetBefore,
    StoreFault::ResetAfter,
    StoreFault::Truncated,
    StoreFault::Error,
    StoreFault::Garbage,
];

pub(crate) struct StoreWire {
    /// The address that the program uses for Redis.
    pub(crate) door: Door,
    way: Arc<Way>,
}

struct Way {
    redis: SocketAddr,
    fault: Mutex<Option<StoreFault>>,
    weather: Mutex<Option<Dice>>,
    met: Mutex<usize>,
}

impl StoreWire {
    pub(crate) fn before(redis: SocketAddr) -> Self {
        let (fault, weather, met) = (Mutex::default(), Mutex::default(), Mutex::default());
        let way = Arc::new(Way { redis, fault, weather, met });
        let carrier = Arc::clone(&way);
        Self { door: Door::open(move |stream| carry(Arc::clone(&carrier), stream)), way }
    }

    pub(crate) async fn spoil(&self, fault: StoreFault) {
        *self.way.fault.lock().unwrap() = Some(fault);
        if fault == StoreFault::Refused {
            self.door.shut().await;
        }
    }

    /// Ends the fault. Returns how many pieces of the stream met one since the last call.
    pub(crate) fn heal(&self) -> usize {
        *self.way.fault.lock().unwrap() = None;
        self.door.open_again();
        std::mem::take(&mut self.way.met.lock().unwrap())
    }

    pub(crate) fn change_weather(&self, dice: Option<Dice>) {
        *self.way.weather.lock().unwrap() = dice;
    }
}

impl Way {
    fn decide(&self) -> Option<StoreFault> {
        let planned = *self.fault.lock().unwrap();
        let by_chance = || {
            let mut weather = self.weather.lock().unwrap();
            weather.as_mut().and_then(|dice| (dice.roll(ONE_IN) == 0).then(|| dice.one_of(&IN_BAD_WEATHER)))
        };
        let fault = planned.or_else(by_chance)?;
        *self.met.lock().unwrap() += 1;
        Some(fault)
    }
}

/// Carries one connection in both directions, until either side or a fault ends it.
async fn carry(way: Arc<Way>, mut client: TcpStream) -> Option<()> {
    let mut redis = TcpStream::connect(way.redis).await.ok()?;
    // The fault of the next answer.
    let mut spoilt = None;
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            length = client.read(&mut asked) => {
                let question = piece(&asked, length.ok()?)?;
                match way.decide() {
                    None => redis.write_all(question).await.ok()?,
                    Some(StoreFault::ShortDelay) => {
                        pause(SHORT_DELAY).await;
                        redis.write_all(question).await.ok()?;
                    }
                    Some(StoreFault::LongDelay) => {
                        pause(LONG_DELAY).await;
                        redis.write_all(question).await.ok()?;
                    }
                    Some(fault @ (StoreFault::ResetAfter | StoreFault::Truncated)) => {
                        spoilt = Some(fault);
                        redis.write_all(question).await.ok()?;
                    }
                    Some(StoreFault::ResetBefore | StoreFault::Refused) => return reset(&client),
                    Some(StoreFault::Error) => {
                        let answer = "-LOADING Redis is loading the dataset in memory\r\n".repeat(commands(question));
                        client.write_all(answer.as_bytes()).await.ok()?;
                    }
                    Some(StoreFault::Garbage) => client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok()?,
                    Some(StoreFault::Silent) => {}
                }
            }
            length = redis.read(&mut answered) => {
                let answer = piece(&answered, length.ok()?)?;
                match spoilt {
                    Some(StoreFault::ResetAfter) => return reset(&client),
                    Some(_) => {
                        client.write_all(&answer[..answer.len() / 2]).await.ok()?;
                        return None;
                    }
                    None => client.write_all(answer).await.ok()?,
                }
            }
        }
    }
}

fn piece(buffer: &[u8], length: usize) -> Option<&[u8]> {
    buffer.get(..length).filter(|piece| !piece.is_empty())
}

fn reset(client: &TcpStream) -> Option<()> {
    client.set_zero_linger().ok()?;
    None
}

/// The number of commands in these bytes. A command is an array of strings with their lengths (RESP).
fn commands(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some(strings) = number(&mut bytes, b'*') {
        count += 1;
        for _ in 0..strings {
            let length = number(&mut bytes, b'$').unwrap_or_default();
            bytes = bytes.get(length + 2..).unwrap_or_default();
        }
    }
    count
}

fn number(bytes: &mut &[u8], kind: u8) -> Option<usize> {
    let end = bytes.windows(2).position(|two| two == b"\r\n")?;
    let (line, rest) = bytes.split_at(end);
    let digits = line.strip_prefix(&[kind])?;
    *bytes = &rest[2..];
    std::str::from_utf8(digits).ok()?.parse().ok()
}
