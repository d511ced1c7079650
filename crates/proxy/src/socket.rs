//! WebSockets. Their bytes pass as they are; only the ends of frames are looked for, so that a close frame can be put
//! between two of them.

mod copy;
mod frames;
mod handshake;

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep_until, timeout};

use self::copy::Direction;
use self::frames::close_frame;
use crate::cause::Cause;

pub(crate) use self::handshake::{Handshake, Unfit, is_foreign, is_handshake};

/// How long the answer to the handshake may take to leave.
const UPGRADE_PATIENCE: Duration = Duration::from_secs(10);

/// How long each step of an end may take: for a frame on its way, and for the other side to end as well.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The API sees a client that goes away, whatever the reason (RFC 6455, section 7.4.1).
const GOING_AWAY: u16 = 1001;
/// Of the codes for private use. A script can tell it from every code that the standard has: it is the 401 of a request.
const SIGNED_OUT: u16 = 4401;

/// A socket between a browser and an API.
struct Socket {
    browser: TokioIo<Upgraded>,
    api: TokioIo<Upgraded>,
    up: Direction,
    down: Direction,
}

/// What has happened to a socket.
enum Happened {
    /// A side has ended.
    Browser(io::Result<()>),
    Api(io::Result<()>),
    Over(Cause),
}

/// Carries bytes between both sides until one of them ends, or `over` does. A socket on which nothing moves ends after
/// `idle`, or at most after twice that. Returns who has ended it, as a word for metrics: `broken` if a connection failed, or
/// a side has read nothing for too long.
pub(crate) async fn carry(
    browser: OnUpgrade,
    api: OnUpgrade,
    over: impl Future<Output = Cause>,
    idle: Duration,
    mask: [u8; 4],
) -> &'static str {
    // What only the beginning and the end need is in boxes of their own: most of the time, a socket is idle.
    let Some(mut socket) = Box::pin(Socket::begin(browser, api)).await else { return "broken" };
    let happened = socket.copied(over, idle).await;
    let word = match &happened {
        Happened::Browser(Ok(())) => "browser",
        Happened::Api(Ok(())) => "api",
        Happened::Browser(Err(_)) | Happened::Api(Err(_)) => "broken",
        Happened::Over(cause) => cause.word(),
    };
    Box::pin(socket.end(happened, mask)).await;
    word
}

impl Socket {
    async fn begin(browser: OnUpgrade, api: OnUpgrade) -> Option<Self> {
        let upgraded = timeout(UPGRADE_PATIENCE, async { tokio::try_join!(browser, api) }).await;
        let (browser, api) = upgraded.ok()?.ok()?;
        let (up, down) = (Direction::default(), Direction::default());
        Some(Self { browser: TokioIo::new(browser), api: TokioIo::new(api), up, down })
    }

    async fn end(mut self, happened: Happened, mask: [u8; 4]) {
        match happened {
            Happened::Browser(Ok(())) => self.hear_api_out().await,
            Happened::Browser(Err(error)) | Happened::Api(Err(error)) => {
                tracing::debug!(%error, "a socket broke off");
            }
            Happened::Api(Ok(())) => {}
            Happened::Over(cause) => self.close(cause, mask).await,
        }
        tokio::join!(part(self.browser), part(self.api));
    }

    async fn copied(&mut self, over: impl Future<Output = Cause>, idle: Duration) -> Happened {
        let mut over = pin!(over);
        let mut deadline = pin!(sleep_until(Instant::now() + idle));
        poll_fn(|context| {
            if let Poll::Ready(cause) = over.as_mut().poll(context) {
                return Poll::Ready(Happened::Over(cause));
            }
            if let Poll::Ready(ended) = self.poll_up(context) {
                return Poll::Ready(Happened::Browser(ended));
            }
            if let Poll::Ready(ended) = self.poll_down(context) {
                return Poll::Ready(Happened::Api(ended));
            }
            // The timer is set again only when it ends: a timer that each byte moves would cost more than the byte.
            while deadline.as_mut().poll(context).is_ready() {
                if !(self.up.take_moved() | self.down.take_moved()) {
                    return Poll::Ready(Happened::Over(Cause::Idle));
                }
                deadline.as_mut().reset(Instant::now() + idle);
            }
            Poll::Pending
        })
        .await
    }

    /// The browser has said its last word. The API may still answer it.
    async fn hear_api_out(&mut self) {
        let ended = async {
            self.api.shutdown().await?;
            poll_fn(|context| self.poll_down(context)).await
        };
        if let Ok(Err(error)) = timeout(LAST_WORDS, ended).await {
            tracing::debug!(%error, "a socket broke off while it ended");
        }
    }

    /// Tells both sides that the socket ends. A side that is in the middle of a frame gets its end first.
    async fn close(&mut self, cause: Cause, mask: [u8; 4]) {
        let (code, reason) = match cause {
            Cause::Session => (SIGNED_OUT, "signed_out"),
            Cause::Idle => (GOING_AWAY, "idle"),
            Cause::Stopping => (GOING_AWAY, "restart"),
        };
        self.down.close_with(close_frame(code, reason, None));
        self.up.close_with(close_frame(GOING_AWAY, "", Some(mask)));
        let closed = poll_fn(|context| {
            let (up, down) = (self.poll_up(context), self.poll_down(context));
            if up.is_ready() && down.is_ready() { Poll::Ready(()) } else { Poll::Pending }
        });
        if timeout(LAST_WORDS, closed).await.is_err() {
            tracing::debug!("a socket was cut off in the middle of a frame");
        }
    }

    fn poll_up(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.up.poll_copy(context, Pin::new(&mut self.browser), Pin::new(&mut self.api))
    }

    fn poll_down(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.down.poll_copy(context, Pin::new(&mut self.api), Pin::new(&mut self.browser))
    }
}

/// Ends a connection so that the last frame arrives: whoever closes while bytes are unread sends a reset, which overtakes
/// it.
async fn part(mut side: TokioIo<Upgraded>) {
    let ended = async {
        side.shutdown().await?;
        let mut rest = [0; 512];
        while side.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    };
    if let Ok(Err(error)) = timeout(LAST_WORDS, ended).await {
        tracing::debug!(%error, "a side of a socket was gone already");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_socket_is_small() {
        let [browser, api] = [(); 2].map(|()| hyper::upgrade::on(http::Request::new(())));
        let over = std::future::pending();
        let carried = carry(browser, api, over, Duration::from_secs(1), [0; 4]);
        let bytes = size_of_val(&carried);
        assert!(bytes < 1024, "{bytes} bytes");
    }
}
