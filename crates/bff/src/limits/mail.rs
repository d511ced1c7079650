//! Limits the e-mails that people ask for: how many go to one address, and how many in total.
//!
//! An address that has received enough of them gets no more for a while. A page that must not say anything about
//! accounts gives the same answer in that case, because the link that was sent before is still valid. So nobody has to
//! wait because of what strangers asked for.

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

/// Requests for the same e-mail at the same time check its counter one after the other, and wait this long for their
/// turn.
const TURN_PATIENCE: Duration = Duration::from_secs(1);

/// The reserve of an address, for accounts that have asked for none yet, is refilled this many times slower than the
/// rest.
const SLOWER: u32 = 5;

/// The e-mail to send and its address. Each kind is counted separately.
#[derive(Clone, Copy)]
pub(crate) enum Mail<'a> {
    /// A link to set a new password, to an address that anybody can enter.
    Reset(&'a str),
    /// A link that signs in, likewise.
    SignIn(&'a str),
    /// The one that greets a new account.
    Registration(&'a str),
    /// A link that verifies the future address of an account.
    Verification { account: &'a str, to: &'a str },
    /// An e-mail that some core APIs send to the verified address of an account that withdraws another address.
    Withdrawal,
}

/// Why an e-mail must not be sent now.
#[derive(Debug)]
pub(crate) enum NoMail {
    /// The address has received enough of this kind lately, and what it has received is still valid.
    Enough(TooMany),
    /// Too many others ask, for the same address at this moment or in total.
    NotNow(TooMany),
}

/// An e-mail that may be sent. It is counted for its address once it has been sent.
#[must_use = "an e-mail that is sent counts"]
pub(crate) struct Mailing {
    limits: Arc<Limits>,
    counters: Vec<Counter>,
    /// Until it is known whether the e-mail was sent, other requests for the same e-mail wait.
    _turn: Option<Permit>,
}

#[derive(Default)]
struct Counters {
    /// Counts what the same requester has asked for this address before. Nobody else can charge it.
    own: Option<Counter>,
    /// The counter that everybody shares.
    shared: Option<Counter>,
    /// The reserve for those who have asked for none yet.
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
            Self::Reset(to) | Self::SignIn(to) => {
                let what = if matches!(self, Self::Reset(_)) { "reset" } else { "sign_in" };
                match origin.device.as_ref().filter(|device| device.knows(to)) {
                    // SECURITY: this is the owner, who must not wait because strangers have used up the e-mails. The
                    // link reaches nobody else.
                    Some(device) => Counters {
                        own: to_it(what, &[device.id().as_slice(), to.as_bytes()]),
                        ..Counters::default()
                    },
                    None => Counters { shared: to_it(what, &[to.as_bytes()]), total, ..Counters::default() },
                }
            }
            Self::Registration(to) => {
                Counters { shared: to_it("registration", &[to.as_bytes()]), total, ..Counters::default() }
            }
            Self::Verification { account, to } => {
                // SECURITY: accounts are free to create. So the reserve is bounded for the address, and for each
                // network that has many accounts.
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
    /// Whether this e-mail may be sent. The total is charged now; the address is charged once the e-mail has been sent.
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

    /// Does the same for an e-mail that is sent right after. Everything is charged now.
    pub(crate) async fn mail(self: &Arc<Self>, mail: Mail<'_>, origin: &Origin) -> Result<(), NoMail> {
        self.may_mail(mail, origin).await?.sent().await;
        Ok(())
    }

    async fn turn(&self, mail: Mail<'_>, counter: Option<&Counter>) -> Result<Option<Permit>, NoMail> {
        let Some(counter) = counter else { return Ok(None) };
        let turn = timeout(TURN_PATIENCE, self.concurrency.permit_alone(counter)).await.ok();
        match mail {
            // SECURITY: an attacker may ask for one address after the other with ever new accounts. Nobody may skip the
            // queue.
            Mail::Verification { .. } if turn.is_none() => Err(NoMail::NotNow(TooMany::noted(counter, BUSY))),
            // After the wait, these continue without their turn: a few additional e-mails are not worth waiting for.
            _ => Ok(turn),
        }
    }

    /// The counters that an e-mail to an address is charged to.
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
        // Whoever has not asked lately may take one from the reserve.
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
