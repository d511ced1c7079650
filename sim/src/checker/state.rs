//! What the checker has noted, counted and found.

use std::collections::{BTreeMap, BTreeSet};

use super::families::Families;
use super::scene::Scene;
use super::sessions::Sessions;
use super::verdict::{Excuse, Finding, Violation};
use crate::core_api::{CodeId, PersonId};

/// How many findings are reported with their whole story. The others are only counted.
const TOLD: usize = 5;

#[derive(Default)]
pub(super) struct State {
    pub(super) sessions: Sessions,
    pub(super) families: Families,
    pub(super) excuses: BTreeMap<&'static str, u64>,
    pub(super) violations: BTreeMap<&'static str, u64>,
    pub(super) findings: Vec<Finding>,
    /// Codes that left a replica while the store failed for it.
    pub(super) blind_codes: BTreeSet<CodeId>,
}

impl State {
    pub(super) fn excuse(&mut self, excuse: Excuse) {
        *self.excuses.entry(excuse.words()).or_default() += 1;
    }

    pub(super) fn violate(&mut self, scene: Scene<'_>, person: PersonId, violation: Violation, text: String) {
        scene.trace.person(scene.now, person, format!("!! {}: {text}", violation.words()));
        *self.violations.entry(violation.words()).or_default() += 1;
        if self.findings.len() < TOLD {
            let story = scene.trace.of(person);
            self.findings.push(Finding { violation, person, at: scene.now, text, story });
        }
    }
}
