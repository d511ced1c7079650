//! E-mails that somebody asks for: how many go to one address, and how many altogether.
//!
//! An address that has had enough of them is sent no more for a while. Whoever asks for one on a page that tells nothing about
//! accounts gets the same answer all the same, because a link that was sent before is good still. So nobody waits for what
//! strangers asked for.

use std::sync::Arc;
use std::time::Duration;

use ironleaf_auth::AccountError;
use tokio::time::timeout;

use super::allowance::Allowance;
use super::concurrency::Permit;
use super::counters::Limits;
use super::settings::RateLimits;
use super::subject::{Counter, Origin, key, networks};
use super::too_many::{BUSY, TooMany};
use super::total::Total;

/// Those who ask for the same at the same time look at its counter one after the other, and wait so long for that.
const TURN_PATIENCE: Duration = Duration::from_secs(1);

/// What is kept of an address for accounts that have asked for none yet comes back so much slower than the rest.
const SLOWER: u32 = 5;

/// What is to be sent, and where to. Each kind is counted apart.
#[derive(Clone, Copy)]
pub(crate) enum Mail<'a> {
    /// A link to set a new password, to an address that anybody can name.
    Reset(&'a str),
    /// The one that greets a new account.
    Registration(&'a str),
    /// A link that verifies an address which an account is to have.
    Verification { account: &'a str, to: &'a str },
    /// What some core APIs send to the verified address of an account that takes back another one.
    Withdrawal,
}

/// Why an e-mail is not to be sent now.
#[derive(Debug)]
pub(crate) enum NoMail {
    /// The address has had enough of its kind lately, and what it was sent is good still.
    Enough(TooMany),
    /// Too many others ask, for the same address at this moment or altogether.
    NotNow(TooMany),
}

/// An e-mail that may be sent. It counts for its address once it was.
#[must_use = "an e-mail that is sent counts"]
pub(crate) struct Mailing {
    limits: Arc<Limits>,
    counters: Vec<Counter>,
    /// Until it is known whether it was sent, others who want to send one there wait.
    _turn: Option<Permit>,
}

#[derive(Default)]
struct Counters {
    /// What whoever asks has asked for this address before. Nobody else can charge it.
    own: Option<Counter>,
    /// What everybody has.
    shared: Option<Counter>,
    /// What is kept for those who have asked for none yet.
    kept: Vec<Counter>,
    total: Option<Total>,
}

impl Mail<'_> {
    fn counters(self, origin: &Origin, settings: &RateLimits) -> Counters {
        let counter = |what, parts: &[&[u8]], allowance: Allowance| {
            let label = "recipient";
            Counter { key: key(label, what, parts), allowance, label, is_own: false }
        };
        let to_it = |what, parts: &[&[u8]]| Some(counter(what, parts, settings.recipient));
        let total = Some(Total::new(origin, settings));
        match self {
            Self::Reset(to) => match origin.device.as_ref().filter(|device| device.knows(to)) {
                // SECURITY: it is the person, who must not wait for what strangers have used up. It mails nobody else.
                Some(device) => {
                    Counters { own: to_it("reset", &[device.id(), to.as_bytes()]), ..Counters::default() }
                }
                None => Counters { shared: to_it("reset", &[to.as_bytes()]), total, ..Counters::default() },
            },
            Self::Registration(to) => {
                Counters { shared: to_it("registration", &[to.as_bytes()]), total, ..Counters::default() }
            }
            Self::Verification { account, to } => {
                // SECURITY: accounts cost nothing. So it is bounded for the address, and for each network that has many of them.
                let kept = settings.recipient.slower(SLOWER);
                let of_network = networks(origin.address).pop().map(|(network, _)| {
                    counter("kept", &[to.as_bytes(), &network], kept.part_of(kept.failures()))
                });
                let mut kept = vec![counter("kept", &[to.as_bytes()], kept)];
                kept.extend(of_network);
                Counters {
                    own: to_it("verification", &[account.as_bytes(), to.as_bytes()]),
                    shared: to_it("verification", &[to.as_bytes()]),
                    kept,
                    total,
                }
            }
            Self::Withdrawal => Counters { total, ..Counters::default() },
        }
    }
}

impl Limits {
    /// Whether this e-mail may be sent. For everybody together it counts from here on, for its address once it was sent.
    pub(crate) async fn may_mail(
        self: &Arc<Self>,
        mail: Mail<'_>,
        origin: &Origin,
    ) -> Result<Mailing, NoMail> {
        let Counters { own, shared, kept, total } = mail.counters(origin, &self.settings);
        let turn = self.turn(mail, shared.as_ref().or(own.as_ref())).await?;
        let counters = self.of_address(own, shared, kept).await.map_err(NoMail::Enough)?;
        if let Some(total) = total {
            self.take(&total).await.map_err(NoMail::NotNow)?;
        }
        Ok(Mailing { limits: Arc::clone(self), counters, _turn: turn })
    }

    /// The same for one that is sent right after: it counts from here on.
    pub(crate) async fn mail(self: &Arc<Self>, mail: Mail<'_>, origin: &Origin) -> Result<(), NoMail> {
        self.may_mail(mail, origin).await?.sent().await;
        Ok(())
    }

    async fn turn(&self, mail: Mail<'_>, counter: Option<&Counter>) -> Result<Option<Permit>, NoMail> {
        let Some(counter) = counter else { return Ok(None) };
        let turn = timeout(TURN_PATIENCE, self.concurrency.permit_alone(counter)).await.ok();
        match mail {
            // SECURITY: one address after the other asks for it with ever new accounts. Nobody may overtake.
            Mail::Verification { .. } if turn.is_none() => Err(NoMail::NotNow(TooMany::noted(counter, BUSY))),
            // Late, they go on without their turn: a few e-mails more are nothing to wait for.
            _ => Ok(turn),
        }
    }

    /// The counters that an e-mail to an address is counted in.
    async fn of_address(
        &self,
        own: Option<Counter>,
        shared: Option<Counter>,
        kept: Vec<Counter>,
    ) -> Result<Vec<Counter>, TooMany> {
        let waits = self.tally.waits([&own, &shared].into_iter().flatten()).await;
        let mut waits = waits.into_iter();
        let of_own = own.as_ref().and_then(|_| waits.next());
        let of_shared = shared.as_ref().and_then(|_| waits.next());
        let refused = |counter: &Option<Counter>, wait| {
            counter.as_ref().zip(wait).map(|(counter, wait)| TooMany::noted(counter, wait))
        };
        if let Some(too_many) = refused(&own, of_own.as_ref().and_then(|known| known.wait)) {
            return Err(too_many);
        }
        let Some(wait) = of_shared.and_then(|known| known.wait) else {
            return Ok([own, shared].into_iter().flatten().collect());
        };
        // Whoever has asked for none of late may have one of those that are kept.
        let is_first = of_own.is_some_and(|known| known.is_empty);
        if is_first && self.tally.wait(&kept).await.is_none() {
            return Ok(own.into_iter().chain(kept).collect());
        }
        Err(refused(&shared, Some(wait)).unwrap_or(TooMany { retry_after: wait }))
    }
}

impl Mailing {
    pub(crate) async fn sent(self) {
        self.limits.tally.charge(&self.counters).await;
    }
}
impl From<NoMail> for TooMany {
    fn from(refused: NoMail) -> Self {
        let (NoMail::Enough(too_many) | NoMail::NotNow(too_many)) = refused;
        too_many
    }
}

impl From<NoMail> for AccountError {
    fn from(refused: NoMail) -> Self {
        Self::TooManyRequests { retry_after: Some(TooMany::from(refused).retry_after) }
    }
}
