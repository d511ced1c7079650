use std::iter::once;
use std::net::IpAddr;

use ironleaf_store::Key;
use sha2::{Digest as _, Sha256};

use super::allowance::Allowance;
use super::device::KnownDevice;
use super::settings::RateLimits;

/// What is tried. An account is named by its e-mail address, in the form in which the core API compares it, or by its
/// identifier if the person is signed in.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// A password of an account.
    Password(&'a str),
    /// A sign-in of an account that is about to succeed.
    SignIn(&'a str),
    /// A code of an account, after a first step that was right.
    Code(&'a str),
    /// A one-time token of an account.
    Link(&'a str),
    /// The token of a link that verifies an address or takes one back. Its account is not known yet.
    Verification(&'a str),
    /// The token of a link that sets a new password. Its account is not known yet.
    PasswordLink(&'a str),
    /// A passkey. Its account is not known before.
    Passkey,
    /// A session of a guest. It has no account.
    Guest,
    /// A redirect to the provider. Its account is not known yet.
    Redirect,
    /// An e-mail to an address that anybody can enter.
    Mail(&'a str),
    /// A new account.
    Registration(&'a str),
    /// An action with its own name that needs a session of the account.
    Own(&'static str, &'a str),
}

/// The source of a try.
pub(crate) struct Origin {
    pub(crate) address: Option<IpAddr>,
    pub(crate) device: Option<KnownDevice>,
}

/// One counter of failures.
pub(super) struct Counter {
    pub(super) key: Key,
    pub(super) allowance: Allowance,
    /// The label in log and metrics.
    pub(super) label: &'static str,
    /// Whether only the requester can have charged it.
    pub(super) is_own: bool,
}

impl Subject<'_> {
    /// The counters of a try, narrowest first.
    pub(super) fn counters(self, origin: &Origin, settings: &RateLimits) -> Vec<Counter> {
        let (what, account) = match self {
            Self::Password(account) => ("password", account),
            Self::SignIn(account) => ("sign_in", account),
            Self::Code(account) => ("code", account),
            Self::Link(account) => ("link", account),
            Self::Verification(token) => ("email_verification", token),
            Self::PasswordLink(token) => ("password_link", token),
            Self::Passkey => ("passkey", ""),
            Self::Guest => ("guest", ""),
            Self::Redirect => ("redirect", ""),
            Self::Mail(account) => ("mail", account),
            Self::Registration(account) => ("registration", account),
            Self::Own(what, account) => (what, account),
        };
        let own = |label, parts: &[&[u8]]| Counter {
            key: key(label, what, parts),
            allowance: settings.strict,
            label,
            is_own: true,
        };
        if let Self::Own(..) = self {
            return vec![own("session", &[account.as_bytes()])];
        }
        let networks = networks(origin.address);
        let of_address = || {
            networks.iter().enumerate().map(|(width, (network, thirds))| Counter {
                key: key("address", "any", &[network]),
                allowance: settings.address.thirds(*thirds),
                label: if width == 0 { "address" } else { "network" },
                is_own: false,
            })
        };
        match self {
            Self::Guest => {
                // Apart from the failures of the address: guests must not keep people from signing in.
                let counter = |(network, thirds): &(Vec<u8>, u32)| Counter {
                    key: key("guests", what, &[network]),
                    allowance: settings.guests.thirds(*thirds),
                    label: "guests",
                    is_own: false,
                };
                return networks.iter().map(counter).collect();
            }
            Self::SignIn(_) => {
                // For all sources: it bounds what one account can leave in the store.
                let key = key("sign_ins", what, &[account.as_bytes()]);
                return vec![Counter { key, allowance: settings.sign_ins, label: "sign_ins", is_own: false }];
            }
            Self::Verification(token) | Self::PasswordLink(token) => {
                return once(own("token", &[token.as_bytes()])).chain(of_address()).collect();
            }
            Self::Redirect | Self::Passkey => return of_address().collect(),
            _ => {}
        }
        // SECURITY: nobody else can charge this counter, so nobody else can keep the person out.
        if let Some(device) = origin.device.as_ref().filter(|device| device.knows(account)) {
            return vec![own("device", &[device.id().as_slice(), account.as_bytes()])];
        }
        let (narrowest, _) = &networks[0];
        let mut counters = vec![own("account_and_address", &[account.as_bytes(), narrowest])];
        // A token cannot be guessed, a taken address is not a secret of its owner, and e-mails are counted by their
        // address. Nobody tries a code whose first step was not right, so strangers cannot charge this for one.
        if let Self::Password(_) | Self::Code(_) = self {
            let key = key("account", what, &[account.as_bytes()]);
            counters.push(Counter { key, allowance: settings.account, label: "account", is_own: false });
        }
        counters.extend(of_address());
        counters
    }
}

/// The networks that an address is in, narrowest first, and how many thirds of an allowance each gets. A customer with
/// one IPv6 address also has the 2^64 beside it, and often a /56 or a /48 of them (RFC 6177). The widest network counts
/// as much as one IPv4 address, and the narrower ones less: one customer of a provider must not use up the allowance of
/// the neighbours.
pub(super) fn networks(address: Option<IpAddr>) -> Vec<(Vec<u8>, u32)> {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => vec![(address.octets().to_vec(), 3)],
        Some(IpAddr::V6(address)) => [(8, 1), (7, 2), (6, 3)]
            .map(|(bytes, thirds)| (address.octets()[..bytes].to_vec(), thirds))
            .into(),
        None => vec![(Vec::new(), 3)],
    }
}

/// SECURITY: neither the store nor the memory of this process holds an address in clear text. Each part is hashed with
/// its length, so that two different lists of parts never have the same input.
pub(super) fn key(label: &str, what: &str, parts: &[&[u8]]) -> Key {
    let mut hash = Sha256::new().chain_update("ironleaf/v1/limit\0");
    for part in [label.as_bytes(), what.as_bytes()].iter().chain(parts) {
        hash = hash.chain_update((part.len() as u64).to_be_bytes()).chain_update(part);
    }
    Key::from_bytes(hash.finalize().into())
}
