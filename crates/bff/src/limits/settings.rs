use std::time::Duration;

use super::allowance::Allowance;

/// How many failures are free, and how soon they are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Of one account from one address, or in one browser that the account knows.
    pub strict: Allowance,
    /// Of one account from everywhere else together.
    pub account: Allowance,
    /// Of one address, whatever the account. Of IPv6: of one /48; a /56 in it has two thirds of this, a /64 one.
    pub address: Allowance,
    /// Sign-ins of one account that succeed.
    pub sign_ins: Allowance,
    /// E-mails of one kind to one address.
    pub recipient: Allowance,
    /// E-mails that all people together ask for. A half is for whoever comes first, and each network has a 200th of the whole from the
    /// other half.
    pub mails: Allowance,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            strict: Allowance::new(10, Duration::from_mins(15)),
            account: Allowance::new(50, Duration::from_hours(10)),
            // An office, a school or a carrier stands behind one address.
            address: Allowance::new(300, Duration::from_mins(15)),
            // More than a person or a suite of tests has a use for. Each leaves something in the store.
            sign_ins: Allowance::new(1_000, Duration::from_hours(24)),
            // One is forgotten each hour: for so long a link to set a password is good.
            recipient: Allowance::new(5, Duration::from_hours(5)),
            mails: Allowance::new(1_000, Duration::from_hours(1)),
        }
    }
}
