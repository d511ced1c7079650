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
use super::subject::{Counter, Origin, key};
use super::{Limits, RateLimits, TooMany};

/// Those who ask for the same address at the same time look at its counter one after the other, and wait so long for that.
const TURN_PATIENCE: Duration = Duration::from_secs(1);

/// What is to be sent, and where to. Each kind is counted apart.
#[derive(Clone, Copy)]
pub(crate) enum Mail<'a> {
    /// A link to set a new password, to an address that anybody can name.
    Reset(&'a str),
    /// The one that greets a new account.
    Registration(&'a str),
    /// A link that verifies an address which an account is to have.
    Verification { account: &'a str, to: &'a str },
}

/// Why an e-mail is not to be sent now.
#[derive(Debug)]
pub(crate) enum NoMail {
    /// The address has had enough of its kind lately, and what it was sent is good still.
    Enough(TooMany),
    /// So many went out to everybody together that something is wrong.
    Altogether(TooMany),
}

/// An e-mail that may be sent. It counts once it was.
#[must_use = "an e-mail that is sent counts"]
pub(crate) struct Mailing {
    limits: Arc<Limits>,
    counters: Counters,
}

struct Counters {
    /// What whoever asks has asked for this address before. Nobody else can charge it.
    own: Option<Counter>,
    /// What everybody has.
    shared: Option<Counter>,
    total: Option<Counter>,
}

impl Mail<'_> {
    fn counters(self, origin: &Origin, settings: &RateLimits) -> Counters {
        let counter = |label, what, parts: &[&[u8]], allowance: Allowance| {
            Some(Counter { key: key(label, what, parts), allowance, label, is_own: false })
        };
        let to_it = |what, parts: &[&[u8]]| counter("recipient", what, parts, settings.recipient);
        let total = || counter("mails", "", &[], settings.mails);
        match self {
            Self::Reset(to) => match origin.device.as_ref().filter(|device| device.knows(to)) {
                // SECURITY: it is the person, who must not wait for what strangers have used up. It mails nobody else.
                Some(device) => {
                    let own = to_it("reset", &[device.id(), to.as_bytes()]);
                    Counters { own, shared: None, total: None }
                }
                None => Counters { own: None, shared: to_it("reset", &[to.as_bytes()]), total: total() },
            },
            Self::Registration(to) => {
                Counters { own: None, shared: to_it("registration", &[to.as_bytes()]), total: total() }
            }
            Self::Verification { account, to } => Counters {
                own: to_it("verification", &[account.as_bytes(), to.as_bytes()]),
                shared: to_it("verification", &[to.as_bytes()]),
                total: total(),
            },
        }
    }
}

impl Limits {
    /// Whether this e-mail may be sent.
    pub(crate) async fn may_mail(
        self: &Arc<Self>,
        mail: Mail<'_>,
        origin: &Origin,
    ) -> Result<Mailing, NoMail> {
        let Counters { own, shared, total } = mail.counters(origin, &self.settings);
        let waits = self.tally.waits([&own, &shared, &total].into_iter().flatten()).await;
        let mut waits = waits.into_iter();
        let mut wait_of = |counter: &Option<Counter>| counter.as_ref().and_then(|_| waits.next());
        let [of_own, of_shared, of_total] = [wait_of(&own), wait_of(&shared), wait_of(&total)];
        let refused = |counter: &Option<Counter>, wait| {
            counter.as_ref().zip(wait).map(|(counter, wait)| TooMany::noted(counter, wait))
        };
        if let Some(too_many) = refused(&own, of_own.as_ref().and_then(|known| known.wait)) {
            return Err(NoMail::Enough(too_many));
        }
        // Whoever has asked for none of late gets one, whatever others did.
        let is_first = of_own.is_some_and(|known| known.is_empty);
        let too_many = of_shared.filter(|_| !is_first).and_then(|known| known.wait);
        if let Some(too_many) = refused(&shared, too_many) {
            return Err(NoMail::Enough(too_many));
        }
        if let Some(too_many) = refused(&total, of_total.and_then(|known| known.wait)) {
            tracing::error!(
                "the e-mails that all people together may ask for are used up (RATE_LIMIT_MAILS): somebody abuses the open pages, \
                 or there are more people than it was set for"
            );
            return Err(NoMail::Altogether(too_many));
        }
        Ok(Mailing { limits: Arc::clone(self), counters: Counters { own, shared, total } })
    }

    /// The same for one that is sent right after: it counts from here on.
    pub(crate) async fn mail(self: &Arc<Self>, mail: Mail<'_>, origin: &Origin) -> Result<(), NoMail> {
        let Counters { own, shared, .. } = mail.counters(origin, &self.settings);
        // Late, it goes on without its turn: a few e-mails more are nothing to wait for.
        let _turn = match shared.or(own) {
            Some(counter) => timeout(TURN_PATIENCE, self.doors.pass_alone(&counter)).await.ok(),
            None => None,
        };
        self.may_mail(mail, origin).await?.sent().await;
        Ok(())
    }
}

impl Mailing {
    pub(crate) async fn sent(self) {
        let Counters { own, shared, total } = self.counters;
        let counters: Vec<_> = [own, shared, total].into_iter().flatten().collect();
        self.limits.tally.charge(&counters).await;
    }
}

impl From<NoMail> for TooMany {
    fn from(refused: NoMail) -> Self {
        let (NoMail::Enough(too_many) | NoMail::Altogether(too_many)) = refused;
        too_many
    }
}

impl From<NoMail> for AccountError {
    fn from(refused: NoMail) -> Self {
        Self::TooManyRequests { retry_after: Some(TooMany::from(refused).retry_after) }
    }
}
