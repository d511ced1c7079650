//! A provider whose answers are decided by a test.

mod known;
mod people;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use ironleaf_auth::{
    AccountError, Accounts, Asked, AuthorizationRequest, AuthorizedCalls, BaseUrl, Caller, Challenge,
    EmailAddress, EndReason, EndedAtProvider, Grant, Identity, LogoutNotice, LogoutTokenError, Observed,
    People, RefreshOutcome, RefreshTiming, Rejection, Repetition, Request, Response, SecretText, SignIn,
    SignInError, SignOutReturn, SignedIn, Transport, TransportError,
};
use tokio::sync::Semaphore;

pub(crate) use self::known::{Answers, Known};

pub(crate) const ACCESS_LIFE: Duration = Duration::from_mins(20);

/// How long a grant lasts, where it ends at all.
pub(crate) const GRANT_LIFE: Duration = Duration::from_hours(7 * 24);

const ACCESS: u8 = 1;
const NOTE: u8 = 2;

/// Holds what an answer says about the grant: `nothing`, or how and what to note.
const NOTE_HEADER: &str = "x-note";

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignIns {
    #[default]
    Apart,
    OfOneSid,
    /// One, as the provider says, and as the grants do not.
    SaidToBeOne,
}

/// What it does otherwise than usual.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Oddity {
    /// Client credentials are answered with a person.
    MistakesGuests,
    /// Whoever signs in is answered with a guest.
    MistakesPeople,
    /// There are accounts, and the answer to a registration hides whether there was one.
    HidesKnownAddresses,
    /// Refreshes are refused for good.
    RefusesRefreshes,
    /// There are accounts, and a new password needs the current one.
    WantsCurrentPassword,
    /// A grant ends [`GRANT_LIFE`] after the sign-in, and no refresh moves that.
    EndsGrants,
    /// A grant ends [`GRANT_LIFE`] after its last refresh.
    MovesEnds,
    /// Whoever signs in with a password has to present a code: `123456`.
    AsksForCodes,
}

#[derive(Default)]
struct Seen {
    /// Sign-ins that arrived, answered or not.
    asked: u32,
    begun: u32,
    /// Identified by their access tokens.
    signed_out: Vec<String>,
    ended: Vec<(String, EndReason)>,
    refreshes: u32,
    observed: Vec<String>,
    /// Whether there was a session before the sign-in.
    over_a_grant: Vec<bool>,
    answers: VecDeque<(StatusCode, &'static str)>,
    calls: Vec<(String, Option<String>)>,
    roles: Vec<&'static str>,
    auth_age: Duration,
    renewed_sid: Option<&'static str>,
    sign_ins: SignIns,
    oddities: Vec<Oddity>,
    /// Another name than at first.
    name: Option<&'static str>,
    /// Whether earlier grants are of another issuer.
    has_moved: bool,
    /// Of every request to authenticate: whether the person has to prove who they are, and who is expected.
    authorizations: Vec<(bool, Option<String>)>,
    known: Known,
    people_answers: Answers,
}

pub(crate) struct Scripted {
    urls: Vec<BaseUrl>,
    now: ironleaf_auth::Clock,
    seen: Mutex<Seen>,
    /// Sign-ins and refreshes are answered once these have a permit for each.
    pub(crate) sign_in_gate: Semaphore,
    pub(crate) refresh_gate: Semaphore,
}

impl Scripted {
    /// What all sign-ins of a person are at the provider.
    pub(crate) fn has_sign_ins(&self, sign_ins: SignIns) {
        self.seen().sign_ins = sign_ins;
    }

    /// The settings name another provider, or another issuer of the same kind.
    pub(crate) fn becomes(&self, name: Option<&'static str>, has_moved: bool) {
        let mut seen = self.seen();
        (seen.name, seen.has_moved) = (name, has_moved);
    }

    /// From here on, administrators see this person.
    pub(crate) fn has_people(&self, known: Known, answers: Answers) {
        let mut seen = self.seen();
        (seen.known, seen.people_answers) = (known, answers);
    }

    /// From here on, client credentials are answered with a person.
    pub(crate) fn mistakes_guests(&self) {
        self.seen().oddities.push(Oddity::MistakesGuests);
    }

    /// From here on, everybody who signs in is answered with a guest.
    pub(crate) fn mistakes_people(&self) {
        self.seen().oddities.push(Oddity::MistakesPeople);
    }

    pub(crate) fn hides_known_addresses(&self) {
        self.seen().oddities.push(Oddity::HidesKnownAddresses);
    }

    pub(crate) fn refuses_refreshes(&self) {
        self.seen().oddities.push(Oddity::RefusesRefreshes);
    }

    pub(crate) fn wants_current_password(&self) {
        self.seen().oddities.push(Oddity::WantsCurrentPassword);
    }

    /// From here on, a grant ends a while after the sign-in, or, if refreshes move that, after the last refresh.
    pub(crate) fn ends_grants(&self, refreshes_move_ends: bool) {
        let oddity = if refreshes_move_ends { Oddity::MovesEnds } else { Oddity::EndsGrants };
        self.seen().oddities.push(oddity);
    }

    pub(crate) fn asks_for_codes(&self) {
        self.seen().oddities.push(Oddity::AsksForCodes);
    }

    pub(crate) fn asked(&self) -> u32 {
        self.seen().asked
    }

    pub(crate) fn new(now: ironleaf_auth::Clock) -> Arc<Self> {
        let url = |name: &str, url: &str| BaseUrl { name: name.to_owned(), url: url.parse().unwrap() };
        Arc::new(Self {
            urls: vec![url("api", "http://api.test/v1"), url("cart", "http://cart.test")],
            now,
            seen: Mutex::default(),
            sign_in_gate: Semaphore::new(Semaphore::MAX_PERMITS),
            refresh_gate: Semaphore::new(Semaphore::MAX_PERMITS),
        })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn signed_out(&self) -> Vec<String> {
        self.seen().signed_out.clone()
    }

    pub(crate) fn ended(&self) -> Vec<(String, EndReason)> {
        self.seen().ended.clone()
    }

    pub(crate) fn refreshes(&self) -> u32 {
        self.seen().refreshes
    }

    pub(crate) fn observed(&self) -> Vec<String> {
        self.seen().observed.clone()
    }

    pub(crate) fn over_a_grant(&self) -> Vec<bool> {
        self.seen().over_a_grant.clone()
    }

    /// The URL and access token of every call.
    pub(crate) fn calls(&self) -> Vec<(String, Option<String>)> {
        self.seen().calls.clone()
    }

    /// Sets the answers to the next calls, in order.
    pub(crate) fn answer(&self, status: u16, note: &'static str) {
        self.seen().answers.push_back((StatusCode::from_u16(status).unwrap(), note));
    }

    pub(crate) fn grant_roles(&self, roles: &[&'static str]) {
        self.seen().roles = roles.to_vec();
    }

    /// From here on, a renewal brings this session identifier.
    pub(crate) fn renew_sid(&self, sid: &'static str) {
        self.seen().renewed_sid = Some(sid);
    }

    /// Of every request to authenticate: whether the person has to prove who they are, and who is expected.
    pub(crate) fn authorizations(&self) -> Vec<(bool, Option<String>)> {
        self.seen().authorizations.clone()
    }

    /// People who come back authenticated this long ago.
    pub(crate) fn authenticated_ago(&self, age: Duration) {
        self.seen().auth_age = age;
    }

    fn grant(&self, number: u32, identity: Identity) -> Grant {
        let mut grant = Grant::of(identity).with(ACCESS, format!("{number}.0"));
        grant.access_expires_at = Some((self.now)() + ACCESS_LIFE);
        grant.access_lifetime = Some(ACCESS_LIFE);
        let has_end =
            [Oddity::EndsGrants, Oddity::MovesEnds].iter().any(|end| self.seen().oddities.contains(end));
        grant.refresh_expires_at = has_end.then(|| (self.now)() + GRANT_LIFE);
        let sign_in = if self.seen().sign_ins == SignIns::OfOneSid { 1 } else { number };
        grant.provider_sid = Some(format!("sid-{sign_in}"));
        grant
    }
}

fn roles(seen: &Seen) -> Vec<ironleaf_bff::Role> {
    seen.roles.iter().map(|role| ironleaf_bff::Role::new(*role)).collect()
}

/// The number of the sign-in.
fn number(grant: &Grant) -> String {
    grant.field(ACCESS).unwrap().expose().split('.').next().unwrap().to_owned()
}

fn note(text: &str) -> Arc<dyn Fn(&mut Grant) + Send + Sync> {
    let text = text.to_owned();
    Arc::new(move |grant| {
        grant.set(NOTE, text.as_str());
        let identity = grant.identity.as_deref().unwrap().clone();
        let claims = [("note".to_owned(), text.clone())].into();
        grant.identity = Some(Arc::new(Identity { claims, ..identity }));
    })
}

#[async_trait]
impl ironleaf_auth::Provider for Scripted {
    fn name(&self) -> &'static str {
        self.seen().name.unwrap_or("scripted")
    }

    fn is_ours(&self, _: &Grant) -> bool {
        !self.seen().has_moved
    }

    fn is_one_sign_in(&self, over: &Grant, living: &Grant) -> bool {
        self.seen().sign_ins == SignIns::SaidToBeOne || over.is_like(living)
    }

    fn mark(&self) -> &str {
        if self.seen().has_moved { "another issuer" } else { self.name() }
    }

    fn base_urls(&self) -> &[BaseUrl] {
        &self.urls
    }

    async fn sign_in(
        &self,
        _: &Caller,
        attempt: SignIn,
        existing: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        self.seen().asked += 1;
        self.sign_in_gate.acquire().await.unwrap().forget();
        let mut authenticated_at = (self.now)();
        let identity = match attempt {
            _ if self.seen().oddities.contains(&Oddity::MistakesPeople) => Identity::guest("guest-1"),
            SignIn::Password { email, .. } if email.as_str() == "wrong@test.com" => {
                return Err(SignInError::InvalidCredentials);
            }
            SignIn::Password { email, .. } if self.seen().oddities.contains(&Oddity::AsksForCodes) => {
                let challenge = Challenge { token: email.as_str().into(), takes_recovery_codes: true };
                return Err(SignInError::Challenged(challenge));
            }
            SignIn::SecondFactor { challenge, code } => match code.expose() {
                "123456" => Identity::new("42", challenge.expose()),
                "of somebody else" => Identity::new("43", "other@test.com"),
                "late" => return Err(SignInError::ChallengeOver),
                _ => return Err(SignInError::InvalidCredentials),
            },
            SignIn::Password { email, .. } if email.as_str() == "user@test.com" => {
                Identity::new("42", email.as_str())
            }
            SignIn::Password { email, .. } => {
                Identity::new(format!("id of {}", email.as_str()), email.as_str())
            }
            SignIn::ClientCredentials if self.seen().oddities.contains(&Oddity::MistakesGuests) => {
                Identity::new("42", "user@test.com")
            }
            SignIn::ClientCredentials => Identity::guest("guest-1"),
            SignIn::AuthorizationCode { code, code_verifier, nonce, redirect_uri, .. } => {
                let bound = [code_verifier.expose(), nonce.as_ref().unwrap().expose()].map(str::len);
                let person = match code.expose() {
                    "a-code" => Identity::new("42", "user@test.com"),
                    "the-code-of-somebody-else" => Identity::new("43", "other@test.com"),
                    _ => return Err(SignInError::InvalidCredentials),
                };
                if bound != [43, 43] || redirect_uri != REDIRECT_URI {
                    return Err(SignInError::InvalidCredentials);
                }
                authenticated_at -= self.seen().auth_age;
                person
            }
            _ => return Err(SignInError::Unsupported),
        };
        let number = {
            let mut seen = self.seen();
            seen.begun += 1;
            seen.over_a_grant.push(existing.is_some());
            seen.begun
        };
        let identity = Identity { roles: roles(&self.seen()), ..identity };
        Ok(SignedIn { grant: self.grant(number, identity), authenticated_at })
    }

    async fn authorization_url(
        &self,
        _: &Caller,
        request: &AuthorizationRequest,
        existing: Option<&Grant>,
    ) -> Result<String, SignInError> {
        let expected = existing.and_then(|grant| grant.identity.as_deref()?.email.clone());
        self.seen().authorizations.push((request.reauthenticate, expected));
        Ok(format!("https://id.test/authorize?state={}", request.state.expose()))
    }

    fn authorize(&self, _: &Caller, grant: &Grant, request: &mut Request) {
        let token = grant.field(ACCESS).unwrap().expose();
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_str(token).unwrap());
    }

    fn observe(&self, _: &Grant, asked: &Asked, response: &Response) -> Observed {
        self.seen().observed.push(format!("{} {}", asked.method, asked.uri));
        let text = response.headers().get(NOTE_HEADER).and_then(|value| value.to_str().ok());
        match text.and_then(|text| text.split_once(' ')) {
            Some(("lazily", text)) => Observed::Lazily(note(text)),
            Some(("at-once", text)) => Observed::AtOnce(note(text)),
            _ => Observed::Nothing,
        }
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::Before(Duration::from_mins(1))
    }

    fn refresh_moves_end(&self, _: &Grant) -> bool {
        !self.seen().oddities.contains(&Oddity::EndsGrants)
    }

    fn repetition(&self, _: &Grant) -> Repetition {
        Repetition::Free
    }

    async fn refresh(&self, _: &Caller, grant: &Grant) -> RefreshOutcome {
        self.refresh_gate.acquire().await.unwrap().forget();
        let mut seen = self.seen();
        seen.refreshes += 1;
        if seen.oddities.contains(&Oddity::RefusesRefreshes) {
            return RefreshOutcome::Rejected(Rejection::InvalidGrant);
        }
        let identity = Identity { roles: roles(&seen), ..grant.identity.as_deref().unwrap().clone() };
        let text = format!("{}.{}", number(grant), seen.refreshes);
        let mut grant = grant.clone().for_identity(identity).with(ACCESS, text);
        grant.access_expires_at = Some((self.now)() + ACCESS_LIFE);
        if seen.oddities.contains(&Oddity::MovesEnds) {
            grant.refresh_expires_at = Some((self.now)() + GRANT_LIFE);
        }
        grant.provider_sid = seen.renewed_sid.map(str::to_owned).or(grant.provider_sid);
        RefreshOutcome::Rotated(grant)
    }

    async fn sign_out(&self, _: &Caller, grant: &Grant) -> Result<(), TransportError> {
        self.seen().signed_out.push(grant.field(ACCESS).unwrap().expose().to_owned());
        Ok(())
    }

    fn sign_out_url(&self, grant: &Grant, back: &SignOutReturn) -> Option<String> {
        let (sid, SignOutReturn { uri, state }) = (grant.provider_sid.as_deref()?, back);
        Some(format!("https://id.test/logout?sid={sid}&back={uri}&state={}", state.expose()))
    }

    /// A token is `sid`, `sub` or a failure, and what it names: `sid sid-1 jti-1`.
    async fn logout_notice(&self, token: &SecretText) -> Result<LogoutNotice, LogoutTokenError> {
        let words: Vec<_> = token.expose().split(' ').collect();
        let ended = match words[..] {
            ["sid", sid, _] => EndedAtProvider::Sessions(vec![sid.to_owned()]),
            ["sub", sub, _] => EndedAtProvider::Person(sub.to_owned()),
            ["down"] => return Err(LogoutTokenError::Unavailable("no keys".to_owned())),
            _ => return Err(LogoutTokenError::Invalid("signature")),
        };
        Ok(LogoutNotice { ended, id: words[2].to_owned(), expires_at: (self.now)() + Duration::from_mins(2) })
    }

    async fn on_end(&self, grant: &Grant, reason: EndReason) {
        self.seen().ended.push((number(grant), reason));
    }

    fn accounts(&self) -> Option<&dyn Accounts> {
        let of_accounts = [Oddity::HidesKnownAddresses, Oddity::WantsCurrentPassword];
        let has_some = self.seen().oddities.iter().any(|oddity| of_accounts.contains(oddity));
        has_some.then_some(self as &dyn Accounts)
    }

    fn people(&self) -> Option<&dyn People> {
        (self.seen().known != Known::Nobody).then_some(self as &dyn People)
    }
}

fn no_such_page<T>() -> Result<T, AccountError> {
    Err(AccountError::Unavailable("it is not asked for".to_owned()))
}

#[async_trait]
impl Accounts for Scripted {
    async fn current_user(&self, _: &dyn AuthorizedCalls) -> Result<Identity, AccountError> {
        Ok(Identity::new("42", "user@test.com"))
    }

    async fn change_email(
        &self,
        _: &dyn AuthorizedCalls,
        _: &str,
        email: &EmailAddress,
    ) -> Result<(), AccountError> {
        self.seen().calls.push((format!("change {email:?}"), None));
        Ok(())
    }

    async fn change_password(
        &self,
        _: &dyn AuthorizedCalls,
        _: &str,
        current: &SecretText,
        _: &SecretText,
    ) -> Result<(), AccountError> {
        match current.expose() {
            "password1" => Ok(()),
            "password1, but the answer is lost" => Err(AccountError::Unavailable("it is lost".to_owned())),
            _ => Err(AccountError::WrongPassword),
        }
    }

    async fn register(
        &self,
        _: &Caller,
        email: &EmailAddress,
        _: &SecretText,
    ) -> Result<Identity, AccountError> {
        Ok(Identity::new("of the answer", email.as_str()))
    }

    fn hides_known_addresses(&self) -> bool {
        true
    }

    async fn update(
        &self,
        _: &dyn AuthorizedCalls,
        _: &str,
        _: Option<&EmailAddress>,
        _: Option<&SecretText>,
    ) -> Result<Identity, AccountError> {
        no_such_page()
    }

    async fn delete(&self, _: &dyn AuthorizedCalls, _: &str) -> Result<(), AccountError> {
        no_such_page()
    }

    async fn request_password_reset(&self, _: &Caller, _: &EmailAddress) -> Result<(), AccountError> {
        no_such_page()
    }

    async fn verify_email(&self, _: &Caller, _: &SecretText) -> Result<(), AccountError> {
        no_such_page()
    }
}

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:3000/finish";

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let mut seen = self.seen();
        let token = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
        seen.calls.push((request.uri().to_string(), token));
        let (status, note) = seen.answers.pop_front().unwrap_or((StatusCode::OK, "nothing"));
        Ok(http::Response::builder().status(status).header(NOTE_HEADER, note).body("{}".into()).unwrap())
    }
}
