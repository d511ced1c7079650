//! Finds variables that look like ours but are not. A typing error would silently leave a default in force.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::{Config, CoreApiConfig};
use crate::providers;

/// The prefixes of our names that other software hardly uses, besides those of providers.
const PREFIXES: [&str; 12] = [
    "CLIENT_IP_",
    "CORE_API_",
    "HSTS_",
    "IRONLEAF_",
    "METRICS_",
    "RATE_LIMIT_",
    "REFRESH_",
    "SESSION_",
    "SIGN_IN_",
    "SMTP_",
    "SUCCESSOR_",
    "TRUSTED_",
];

/// Two typing errors, or two swapped letters, in a name without one of our prefixes.
const SLIP: usize = 2;

/// Desktops set this name. Orchestrators set names with the parts below for a service that is named like one of our
/// prefixes.
const FOREIGN_NAME: &str = "SESSION_MANAGER";
const FOREIGN_PARTS: [&str; 3] = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT_"];

fn prefixes() -> impl Iterator<Item = &'static str> {
    PREFIXES.into_iter().chain(providers::ALL.iter().map(|kind| kind.prefix))
}

/// Every variable that is read, collected by a lookup that finds nothing.
pub(super) fn known() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    let variable = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        None
    };
    let nothing = |_: &str| Ok(String::new());
    // The results do not matter; only the lookups do.
    drop((Config::from_lookup(&variable, &nothing), CoreApiConfig::from_lookup(&variable, &nothing)));
    asked.into_inner()
}

/// A sentence for each variable of the environment that was probably meant for this application.
pub fn suspicious_variables() -> Vec<String> {
    suspicious(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))
}

/// A sentence for each of `names` that was probably meant to be one of ours.
fn suspicious(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let known = known();
    let unknown = names.into_iter().filter(|name| !known.contains(name) && !is_foreign(name));
    let sentence = |name: String| {
        if let Some(path) = registered_path(&name) {
            return Some(format!(
                "{name} is not a variable of this application: the address is always PUBLIC_ORIGIN and {path}"
            ));
        }
        // Whoever leaves out the end of a name is further from it than from some other name.
        let is_short_for = |known: &str| known.starts_with(&name);
        let nearest =
            known.iter().map(|known| (!is_short_for(known), strsim::levenshtein(&name, known), known));
        let (_, distance, nearest) = nearest.min()?;
        let is_ours = prefixes().any(|prefix| name.starts_with(prefix));
        (is_ours || distance <= SLIP)
            .then(|| format!("{name} is not a variable of this application. Is {nearest} meant?"))
    };
    unknown.filter_map(sentence).collect()
}

/// The path of an address that other software has a variable for, and that a provider has to know. Here it follows from
/// `PUBLIC_ORIGIN`.
fn registered_path(name: &str) -> Option<&'static str> {
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let is_address = has(&["_REDIRECT_UR", "_CALLBACK", "_LOGOUT_UR"]);
    let is_ours = prefixes().any(|prefix| name.starts_with(prefix));
    (is_ours && is_address).then(|| {
        if has(&["BACK_CHANNEL", "BACKCHANNEL"]) {
            "/auth/back-channel-logout"
        } else if has(&["LOGOUT", "SIGN_OUT", "SIGNOUT"]) {
            "/auth/signed-out"
        } else {
            "/auth/callback"
        }
    })
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
            // The beginning of it, although OIDC_NAME is nearer.
            ("OIDC_AUTH", "OIDC_AUTHORIZATION_PARAMS"),
        ] {
            assert!(said_of(name).ends_with(&format!("Is {meant} meant?")), "{}", said_of(name));
        }
    }

    #[test]
    fn an_address_that_follows_from_the_origin_is_named() {
        for (name, path) in [
            ("OIDC_REDIRECT_URI", "/auth/callback"),
            ("OIDC_REDIRECT_URL", "/auth/callback"),
            ("OIDC_CALLBACK_URL", "/auth/callback"),
            ("OIDC_POST_LOGOUT_REDIRECT_URI", "/auth/signed-out"),
            ("OIDC_BACKCHANNEL_LOGOUT_URI", "/auth/back-channel-logout"),
        ] {
            let said = said_of(name);
            assert!(said.starts_with(name) && said.ends_with(&format!("PUBLIC_ORIGIN and {path}")), "{said}");
        }
        assert!(said_of("OIDC_AUTO_REDIRECTS").ends_with("Is OIDC_AUTO_REDIRECT meant?"));
        assert_eq!(said_of("OTHER_REDIRECT_URI"), "");
    }

    #[test]
    fn nothing_is_said_of_other_peoples_names_or_of_ours() {
        for name in ["PATH", "HOME", "SESSION_MANAGER", "CORE_API_SERVICE_HOST", "CORE_API_PORT_80_TCP"] {
            assert_eq!(said_of(name), "");
        }
        assert_eq!(suspicious(known()), Vec::<String>::new());
    }
}
