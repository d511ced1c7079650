use std::time::Duration;

use super::allowance::Allowance;

/// How many failures are free, and how soon they are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// For one account from one address, or in one browser that the account knows.
    pub strict: Allowance,
    /// For one account from all other places together.
    pub account: Allowance,
    /// For one address, whatever the account. In IPv6 this is for one /48; a /56 in it gets two thirds of this, a /64
    /// one third.
    pub address: Allowance,
    /// For guests that begin a session from one address. Wider networks get as much of it as of `address`.
    pub guests: Allowance,
    /// For successful sign-ins of one account.
    pub sign_ins: Allowance,
    /// For e-mails of one kind to one address.
    pub recipient: Allowance,
    /// For the e-mails that all people together ask for. Half of it is open to everybody. Each network has a 200th of
    /// the whole in the other half.
    pub mails: Allowance,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            strict: Allowance::new(10, Duration::from_mins(15)),
            account: Allowance::new(50, Duration::from_hours(10)),
            // An office, a school or a carrier may share one address.
            address: Allowance::new(300, Duration::from_mins(15)),
            // A guest who keeps their cookie begins once. Those who do not are mostly machines.
            guests: Allowance::new(300, Duration::from_mins(15)),
            // More than a person or a test suite needs. Each sign-in leaves something in the store.
            sign_ins: Allowance::new(1_000, Duration::from_hours(24)),
            // One is forgotten each hour, which is how long a link to set a password is valid.
            recipient: Allowance::new(5, Duration::from_hours(5)),
            mails: Allowance::new(1_000, Duration::from_hours(1)),
        }
    }
}
