//! How often somebody may try.
//!
//! Failures are counted, not requests: a person with the right password is not told to wait for their own sake. What
//! sends an e-mail, makes an account or changes one is counted whatever comes of it, and so are sign-ins that succeed, by a
//! number that no person reaches: each leaves something behind, and one account must not fill what everybody shares.
//!
//! Nobody can keep a person out by guessing at their password. A browser in which a person has signed in before carries a
//! sealed proof of it, and its failures are counted apart from everybody else's, see [`KnownDevice`]. From any other
//! browser an e-mailed link signs them in, which no wrong password delays.
//!
//! Every counter is kept in this process, where it is bounded, and in the store, through which replicas and restarts know
//! of it. A store that does not answer takes nothing but that knowledge: what this process has seen counts.

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
pub(crate) use device::{KNOWN_DEVICE, KnownDevice};
pub(crate) use mail::{Mail, Mailing, NoMail};
pub use settings::RateLimits;
pub(crate) use subject::{Origin, Subject};
pub(crate) use too_many::TooMany;
