//! Sign-ins at the provider, in the OpenID Connect style: the page, the code, and both ways in which they end there.

use std::time::Duration;

use super::answer::Answer;
use super::authorization::{AtPage, CodeId, Opened, Presented};
use super::effect::Effect;
use super::ids::{FamilyId, PersonId};
use super::model::CoreApi;
use super::people::subject_of;
use super::state::{Revoked, State};
use super::{openid, signing};
use crate::timeline::Timeline;

impl CoreApi {
    /// The person is at the provider's page at this address, and gets a code. `None` if there is no such page.
    pub(crate) fn authorize(
        &self,
        person: PersonId,
        address: &str,
        at_page: AtPage,
        now: Duration,
    ) -> Option<CodeId> {
        self.state().desk.authorize(person, address, at_page, now)
    }

    /// Whether the answer with this code proves who the person is, who was to prove it. `None` if they were not.
    pub(crate) fn is_proof(&self, code: CodeId) -> Option<bool> {
        self.state().desk.is_proof(code)
    }

    /// When the person of this family proved who they are.
    pub(crate) fn authenticated_at(&self, family: FamilyId) -> Option<Duration> {
        self.look(family, |family| family.authenticated_at)
    }

    /// Another key signs from now on. The last one is still published for a while, or not.
    pub(crate) fn rotate_keys(&self, keeps_the_last: bool) {
        self.state().keys.rotate(keeps_the_last);
    }

    /// The browser follows the answer of the provider's page.
    pub(crate) fn open(&self, code: CodeId, now: Duration) -> Option<Opened> {
        self.state().desk.open(code, now)
    }

    /// Whether the browser followed the answer with this code once.
    pub(crate) fn is_opened_once(&self, code: CodeId) -> bool {
        self.state().desk.is_opened_once(code)
    }

    /// The grant that the code was exchanged for.
    pub(crate) fn family_by(&self, code: CodeId) -> Option<FamilyId> {
        self.state().desk.family_by(code)
    }

    /// Whose sign-in ends on the provider's page at this address.
    pub(crate) fn signs_out(address: &str) -> Option<FamilyId> {
        openid::signs_out(address)
    }

    /// Ends a family, or all of its person, and returns the token that says so (OpenID Connect Back-Channel Logout 1.0).
    pub(crate) fn end_sign_in(
        &self,
        now: Duration,
        family: FamilyId,
        why: Revoked,
        whole_person: bool,
    ) -> Option<String> {
        let mut state = self.state();
        let person = state.families.get(family.0 as usize)?.person;
        state.revoke(family, why, whole_person);
        state.logout_tokens += 1;
        let sid = (!whole_person).then(|| openid::sid_of(family));
        let subject = subject_of(person);
        let (number, key) = (state.logout_tokens, state.keys.newest());
        Some(signing::logout_token(&subject, sid.as_deref(), number, Timeline::wall_secs(now), key))
    }
}

impl State {
    pub(super) fn exchange(
        &mut self,
        code: CodeId,
        verifier: &str,
        redirect_uri: &str,
        now: Duration,
    ) -> (Answer, Effect) {
        match self.desk.present(code, verifier, redirect_uri) {
            Presented::Good { person, nonce, authenticated_at } => {
                let family = self.begin(person, Some(nonce.into()), now);
                if let Some(before) = authenticated_at {
                    self.families[family.0 as usize].authenticated_at = before;
                }
                self.desk.exchanged(code, family);
                (Answer::Tokens(self.pair(family, now)), Effect::SignedIn(family))
            }
            Presented::Again(family) => {
                self.revoke(family, Revoked::Reuse, false);
                (Answer::InvalidCredentials, Effect::CodeAgain(family, code))
            }
            Presented::Refused => (Answer::InvalidCredentials, Effect::Refused),
        }
    }
}
