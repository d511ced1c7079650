//! Variables that look like ours and are none: a slip of the pen would leave a default in force without a word.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::{Config, CoreApiConfig};

/// How our names begin, where hardly anybody else's do.
const PREFIXES: [&str; 11] = [
    "CLIENT_IP_",
    "CORE_API_",
    "HSTS_",
    "IRONLEAF_",
    "METRICS_",
    "RATE_LIMIT_",
    "REFRESH_",
    "SESSION_",
    "SMTP_",
    "SUCCESSOR_",
    "TRUSTED_",
];

/// Two slips, or two letters in the wrong order, in a name that begins like nothing of ours.
const SLIP: usize = 2;

/// What desktops set, and orchestrators for a service that is called like a prefix of ours.
const FOREIGN_NAME: &str = "SESSION_MANAGER";
const FOREIGN_PARTS: [&str; 3] = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT_"];

/// Every variable that is read: what is asked for where nothing is set.
pub(super) fn known() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    let variable = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        None
    };
    let nothing = |_: &str| Ok(String::new());
    // What becomes of them does not matter, they are only asked.
    drop((Config::from_lookup(&variable, &nothing), CoreApiConfig::from_lookup(&variable, &nothing)));
    asked.into_inner()
}

/// What is set in the environment and looks as if it was meant for us, in a sentence each.
pub fn suspicious_variables() -> Vec<String> {
    suspicious(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))
}

/// A sentence for each of `names` that was probably meant to be one of ours.
fn suspicious(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let known = known();
    let unknown = names.into_iter().filter(|name| !known.contains(name) && !is_foreign(name));
    let sentence = |name: String| {
        let (distance, nearest) =
            known.iter().map(|known| (strsim::levenshtein(&name, known), known)).min()?;
        let is_ours = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        (is_ours || distance <= SLIP).then(|| format!("{name} is no variable of ours. Is {nearest} meant?"))
    };
    unknown.filter_map(sentence).collect()
}

fn is_foreign(name: &str) -> bool {
    name == FOREIGN_NAME || FOREIGN_PARTS.iter().any(|part| name.contains(part)) || name.ends_with("_PORT")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_of(name: &str) -> String {
        suspicious([name.to_owned()]).concat()
    }

    #[test]
    fn a_slip_of_the_pen_is_answered_with_the_name_that_was_meant() {
        for (name, meant) in [
            ("SESSION_IDEL_TIMEOUT", "SESSION_IDLE_TIMEOUT"),
            ("SESSION_SECRET", "SESSION_SECRETS"),
            ("IRONLEAF_ENVIRONMENT", "IRONLEAF_ENV"),
            ("PUBLIC_ORIGINS", "PUBLIC_ORIGIN"),
            ("REDIS_ULR_FILE", "REDIS_URL_FILE"),
        ] {
            assert!(said_of(name).ends_with(&format!("Is {meant} meant?")), "{}", said_of(name));
        }
    }

    #[test]
    fn nothing_is_said_of_other_peoples_names_or_of_ours() {
        for name in ["PATH", "HOME", "SESSION_MANAGER", "CORE_API_SERVICE_HOST", "CORE_API_PORT_80_TCP"] {
            assert_eq!(said_of(name), "");
        }
        assert_eq!(suspicious(known()), Vec::<String>::new());
    }
}
