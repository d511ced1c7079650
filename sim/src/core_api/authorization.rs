//! The page of the provider on which people sign in: requests go in, codes come out.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use super::ids::{FamilyId, PersonId};

/// The provider's identifier.
pub(crate) const ISSUER: &str = "https://id.sim.test";
/// The application, as the provider knows it.
pub(crate) const CLIENT_ID: &str = "sim";

/// The prefix of the name of a pushed request (RFC 9126, section 2.2).
const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";
/// How many attempts a browser remembers, and for how long at most, by any clock.
const MOST_ATTEMPTS: usize = 4;
const REMEMBERED_FOR: Duration = Duration::from_mins(11);
/// The prefix of a code.
const CODE: &str = "code-";

/// The parameters of a request, by their names.
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) fn read(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// What a sign-in asks for (OpenID Connect Core 1.0, section 3.1.2.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    redirect_uri: Box<str>,
    state: Box<str>,
    pub(crate) nonce: Box<str>,
    challenge: Box<str>,
    /// Whether the person has to prove who they are.
    again: bool,
}

impl Asked {
    pub(super) fn read(form: &Form) -> Option<Self> {
        let is_ours = form.get("client_id")? == CLIENT_ID
            && form.get("response_type")? == "code"
            && form.get("code_challenge_method")? == "S256"
            && form.get("scope")?.split(' ').any(|scope| scope == "openid");
        let text = |name: &str| form.get(name).map(Into::into);
        let asked = || {
            Some(Self {
                redirect_uri: text("redirect_uri")?,
                state: text("state")?,
                nonce: text("nonce")?,
                challenge: text("code_challenge")?,
                again: form.get("max_age") == Some("0"),
            })
        };
        is_ours.then(asked)?
    }
}

/// A request that was left at the provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PushedId(u32);

impl PushedId {
    pub(super) fn uri(self) -> String {
        format!("{PUSHED}{}", self.0)
    }

    fn read(uri: &str) -> Option<Self> {
        uri.strip_prefix(PUSHED)?.parse().ok().map(Self)
    }
}

/// An authorization code, by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct CodeId(u32);

impl CodeId {
    #[cfg(test)]
    pub(crate) const fn of(number: u32) -> Self {
        Self(number)
    }

    pub(super) fn read(code: &str) -> Option<Self> {
        code.strip_prefix(CODE)?.parse().ok().map(Self)
    }
}

/// What happens on the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AtPage {
    /// The person proves who they are.
    SignsIn,
    /// The provider knows them, and lets them through. They proved it then, by its clock.
    IsNotAsked { authenticated_at: Duration },
    /// Somebody else proves who they are.
    IsSomebodyElse(PersonId),
}

/// Everything that the page keeps.
#[derive(Default)]
pub(super) struct Desk {
    pushed: Vec<Asked>,
    codes: Vec<Code>,
}

struct Code {
    person: PersonId,
    /// Who was at the page, if they were to prove who they are.
    expected: Option<PersonId>,
    /// When the person proved it, unless it was on this page.
    authenticated_at: Option<Duration>,
    asked: Asked,
    /// The grant that it was exchanged for.
    family: Option<FamilyId>,
    given_at: Duration,
    /// How often the browser has opened its answer.
    opened: u32,
}

/// An answer of the page in the browser.
pub(crate) struct Opened {
    /// Path and query.
    pub(crate) address: String,
    /// How long ago it was given.
    pub(crate) age: Duration,
    /// The browser began so many further attempts that it may have forgotten this one. Which of them is the oldest, each
    /// replica says by its own clock, so only the newest is certain to stay.
    pub(crate) is_pushed_out: bool,
}

/// What becomes of a code that is presented.
pub(super) enum Presented {
    /// It begins a grant for this person, with this nonce.
    Good {
        person: PersonId,
        nonce: Box<str>,
        authenticated_at: Option<Duration>,
    },
    /// It was used before, for this grant (RFC 6749, section 4.1.2).
    Again(FamilyId),
    Refused,
}

impl Desk {
    pub(super) fn push(&mut self, asked: Asked) -> PushedId {
        self.pushed.push(asked);
        PushedId(number(self.pushed.len() - 1))
    }

    /// The person is at the page at this address, and gets a code. `None` if there is no such page.
    pub(super) fn authorize(
        &mut self,
        person: PersonId,
        address: &str,
        at_page: AtPage,
        now: Duration,
    ) -> Option<CodeId> {
        let address = Url::parse(address).ok().filter(|url| url.as_str().starts_with(ISSUER))?;
        let form = Form::read(address.query()?.as_bytes());
        let asked = match form.get("request_uri") {
            // RFC 9126, section 4.
            Some(uri) if form.get("client_id") == Some(CLIENT_ID) => {
                self.pushed.get(PushedId::read(uri)?.0 as usize)?.clone()
            }
            _ => Asked::read(&form)?,
        };
        let expected = asked.again.then_some(person);
        let (person, authenticated_at) = match at_page {
            AtPage::SignsIn => (person, None),
            AtPage::IsNotAsked { authenticated_at } => (person, Some(authenticated_at)),
            AtPage::IsSomebodyElse(other) => (other, None),
        };
        self.codes.push(Code {
            person,
            expected,
            authenticated_at,
            asked,
            family: None,
            given_at: now,
            opened: 0,
        });
        Some(CodeId(number(self.codes.len() - 1)))
    }

    /// The browser follows the page's answer (RFC 6749, section 4.1.2; RFC 9207).
    pub(super) fn open(&mut self, code: CodeId, now: Duration) -> Option<Opened> {
        let CodeId(number) = code;
        let known = self.codes.get_mut(number as usize)?;
        known.opened += 1;
        let path = Url::parse(&known.asked.redirect_uri).ok()?.path().to_owned();
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &format!("{CODE}{number}"))
            .append_pair("state", &known.asked.state)
            .append_pair("iss", ISSUER)
            .finish();
        let address = format!("{path}?{query}");
        let (person, age) = (known.expected.unwrap_or(known.person), now.saturating_sub(known.given_at));
        let theirs = |later: &&Code| later.expected.unwrap_or(later.person) == person;
        let is_newest = !self.codes[number as usize + 1..].iter().any(|later| theirs(&later));
        let lately = |known: &&Code| now.saturating_sub(known.given_at) < REMEMBERED_FOR;
        let attempts = self.codes.iter().filter(theirs).filter(lately).count();
        Some(Opened { address, age, is_pushed_out: !is_newest && attempts > MOST_ATTEMPTS })
    }

    pub(super) fn is_opened_once(&self, code: CodeId) -> bool {
        self.codes.get(code.0 as usize).is_some_and(|code| code.opened == 1)
    }

    /// Whether the answer with this code proves who the person is, who was to prove it. `None` if they were not.
    pub(super) fn is_proof(&self, code: CodeId) -> Option<bool> {
        let known = self.codes.get(code.0 as usize)?;
        known.expected.map(|expected| expected == known.person && known.authenticated_at.is_none())
    }

    pub(super) fn present(&self, code: CodeId, verifier: &str, redirect_uri: &str) -> Presented {
        let Some(known) = self.codes.get(code.0 as usize) else { return Presented::Refused };
        if let Some(family) = known.family {
            return Presented::Again(family);
        }
        // RFC 7636, section 4.6.
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        if challenge != *known.asked.challenge || redirect_uri != &*known.asked.redirect_uri {
            return Presented::Refused;
        }
        let (person, authenticated_at) = (known.person, known.authenticated_at);
        Presented::Good { person, nonce: known.asked.nonce.clone(), authenticated_at }
    }

    pub(super) fn exchanged(&mut self, code: CodeId, family: FamilyId) {
        if let Some(known) = self.codes.get_mut(code.0 as usize) {
            known.family = Some(family);
        }
    }

    pub(super) fn family_by(&self, code: CodeId) -> Option<FamilyId> {
        self.codes.get(code.0 as usize)?.family
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
