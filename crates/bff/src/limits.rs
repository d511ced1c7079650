//! How often somebody may try.
//!
//! Failures are counted, not requests, so a person with the right password never waits because of their own requests.
//! Actions that send an e-mail, create an account or change one count whatever their outcome. So do successful
//! sign-ins, with a limit that no person reaches: each of them leaves something behind, and one account must not fill
//! what everybody shares.
//!
//! Nobody can keep a person out by guessing their password. A browser in which a person has signed in before carries a
//! sealed proof of that, and its failures are counted separately, see [`KnownDevice`]. In any other browser the person
//! can sign in with an e-mailed link, which no wrong password delays.
//!
//! Every counter is kept in this process, with a bound, and in the store, which shares it with replicas and keeps it
//! over restarts. If the store does not answer, only that shared knowledge is missing: the failures that this process
//! has seen still count.

mod alarm;
mod allowance;
mod attempt;
mod concurrency;
mod counters;
mod device;
mod mail;
mod settings;
mod subject;
mod tally;
#[cfg(test)]
mod tests;
mod too_many;
mod total;

pub use allowance::{Allowance, InvalidAllowance};
pub(crate) use attempt::{Attempt, Spent};
pub(crate) use counters::Limits;
pub(crate) use device::{KNOWN_DEVICE, KnownDevice, pseudonym};
pub(crate) use mail::{Mail, Mailing, NoMail};
pub use settings::RateLimits;
pub(crate) use subject::{Origin, Subject};
pub(crate) use too_many::TooMany;
