//! The table of providers. A new one needs a line here, and a file beside this one that reads its variables and builds
//! it.

mod better_auth;
mod commercetools;
mod cookie_api;
mod core_api;
mod headers;
mod jwt_sessions;
mod oidc;
mod provider_config;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::config::{Lines, Reader};

pub use self::provider_config::{ProviderConfig, ProviderKind, Surroundings, Way};

/// Every provider, the default first.
pub static ALL: [ProviderKind; 6] = [
    core_api::KIND,
    oidc::KIND,
    better_auth::KIND,
    cookie_api::KIND,
    jwt_sessions::KIND,
    commercetools::KIND,
];

/// The provider that `PROVIDER` names.
#[derive(Clone)]
pub struct Chosen {
    /// Its entry in the table.
    pub kind: &'static ProviderKind,
    /// Its settings.
    pub settings: Arc<dyn ProviderConfig>,
    /// The variables that are set for other providers, and the provider each belongs to.
    unused: Vec<(String, &'static str)>,
}

impl Chosen {
    /// Reads the variables of the chosen provider. Those of the others are only looked at: with mistakes in them the
    /// application works.
    ///
    /// `own` are providers that are not in the table. One of them is also the default if it is the only one.
    pub(crate) fn read(read: &mut Reader<'_>, own: &'static [ProviderKind]) -> Self {
        let all = || own.iter().chain(&ALL);
        let default = if let [only] = own { only } else { &ALL[0] };
        let name = read.text("PROVIDER", default.name);
        let kind = all().find(|kind| kind.name == name).unwrap_or_else(|| {
            let known: Vec<_> = all().map(|kind| kind.name).collect();
            read.problem(format!("PROVIDER is `{name}`: it must be one of {}", known.join(", ")));
            &ALL[0]
        });
        let others = all().filter(|other| other.name != kind.name);
        let unused = others.flat_map(|other| set_for(other, read)).collect();
        Self { kind, settings: (kind.read)(read), unused }
    }

    pub(crate) fn describe(&self, lines: &mut Lines) {
        lines.add("PROVIDER", &self.kind.name);
        self.settings.describe(lines);
    }

    /// A sentence for each provider whose variables are set although it is not the chosen one.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let owners: BTreeSet<_> = self.unused.iter().map(|(_, owner)| *owner).collect();
        owners
            .into_iter()
            .map(|owner| {
                let names = self.unused.iter().filter(|(_, other)| *other == owner);
                let names: Vec<_> = names.map(|(name, _)| name.as_str()).collect();
                let (verb, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
                format!(
                    "{} {verb} set and not used: PROVIDER is {}. PROVIDER={owner} signs people in with {them}",
                    names.join(", "),
                    self.kind.name
                )
            })
            .collect()
    }
}

impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chosen").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The variables with its prefix that this provider reads and that are set.
fn set_for(kind: &'static ProviderKind, read: &Reader<'_>) -> Vec<(String, &'static str)> {
    let asked = RefCell::new(BTreeSet::new());
    let ask = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
    };
    read.apart(&ask, |read| drop((kind.read)(read)));
    let is_own = |name: &String| name.starts_with(kind.prefix) && read.optional(name).is_some();
    asked.into_inner().into_iter().filter(is_own).map(|name| (name, kind.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_a_name_and_a_prefix_of_its_own() {
        let names: BTreeSet<_> = ALL.iter().map(|kind| kind.name).collect();
        let prefixes: BTreeSet<_> = ALL.iter().map(|kind| kind.prefix).collect();
        assert_eq!((names.len(), prefixes.len()), (ALL.len(), ALL.len()));
        assert!(prefixes.iter().all(|prefix| prefix.ends_with('_')));
    }
}
