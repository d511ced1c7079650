//! A provider without accounts whose answers are decided by a test.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ironleaf_auth::{
    AuthorizationRequest, BaseUrl, Caller, Clock, EndedAtProvider, Grant, Identity, LogoutNotice,
    LogoutTokenError, Provider, RedirectSignIn, RefreshOutcome, RefreshTiming, Rejection, Repetition,
    Request, Role, SecretText, SignIn, SignInError, SignOutReturn, SignedIn, TransportError,
};

use crate::world::TOKEN_MARK;

pub(crate) const NAME: &str = "Example & Sons";

const ACCESS_LIFE: Duration = Duration::from_mins(20);

/// The field of the access token.
const ACCESS: u8 = 1;

/// Why it signs nobody in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Down,
    Misconfigured,
}

#[derive(Default)]
struct Script {
    begun: u32,
    refreshes: u32,
    /// How long ago people have proved who they are.
    auth_age: Duration,
    roles: Vec<&'static str>,
    trouble: Option<Trouble>,
    rejects_refreshes: bool,
    signs_out_elsewhere: bool,
    authorizations: Vec<(String, bool)>,
    token_bytes: usize,
    /// Another issuer than at first.
    issuer: Option<&'static str>,
}

pub(crate) struct Scripted {
    redirect: RedirectSignIn,
    now: Clock,
    script: Mutex<Script>,
}

impl Scripted {
    pub(crate) fn new(now: Clock) -> Arc<Self> {
        let account_url = Some("https://id.test/account".to_owned());
        let redirect = RedirectSignIn { name: NAME.to_owned(), account_url };
        Arc::new(Self { redirect, now, script: Mutex::default() })
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn authenticated_ago(&self, age: Duration) {
        self.script().auth_age = age;
    }

    pub(crate) fn grant_roles(&self, roles: &[&'static str]) {
        self.script().roles = roles.to_vec();
    }

    pub(crate) fn is_down(&self, is_down: bool) {
        self.script().trouble = is_down.then_some(Trouble::Down);
    }

    /// It refuses this application.
    pub(crate) fn is_misconfigured(&self, is_misconfigured: bool) {
        self.script().trouble = is_misconfigured.then_some(Trouble::Misconfigured);
    }

    pub(crate) fn reject_refreshes(&self) {
        self.script().rejects_refreshes = true;
    }

    pub(crate) fn sign_out_elsewhere(&self) {
        self.script().signs_out_elsewhere = true;
    }

    pub(crate) fn issue_tokens_of(&self, bytes: usize) {
        self.script().token_bytes = bytes;
    }

    /// The settings name another issuer.
    pub(crate) fn moves(&self) {
        self.script().issuer = Some("another issuer");
    }

    /// The redirect URI of each request to authenticate, and whether the person has to prove who they are.
    pub(crate) fn authorizations(&self) -> Vec<(String, bool)> {
        self.script().authorizations.clone()
    }

    pub(crate) fn sign_ins(&self) -> u32 {
        self.script().begun
    }

    pub(crate) fn refreshes(&self) -> u32 {
        self.script().refreshes
    }

    fn grant(&self, script: &Script, id: &str) -> Grant {
        let roles = script.roles.iter().map(|role| Role::new(*role)).collect();
        let claims = [("name".to_owned(), format!("{id} of Example"))].into();
        let identity = Identity { roles, claims, ..Identity::new(id, format!("{id}@test.com")) };
        let filling = "x".repeat(script.token_bytes);
        let token = format!("{TOKEN_MARK}-{}-{}{filling}", script.begun, script.refreshes);
        let mut grant = Grant::of(identity).with(ACCESS, token);
        grant.access_expires_at = Some((self.now)() + ACCESS_LIFE);
        grant.access_lifetime = Some(ACCESS_LIFE);
        grant.provider_sid = Some(format!("sid-{}", script.begun));
        grant
    }
}

#[async_trait]
impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn mark(&self) -> &'static str {
        self.script().issuer.unwrap_or("an issuer")
    }

    fn base_urls(&self) -> &[BaseUrl] {
        &[]
    }

    fn is_ready(&self) -> bool {
        self.script().trouble != Some(Trouble::Down)
    }

    fn redirect_sign_in(&self) -> Option<&RedirectSignIn> {
        Some(&self.redirect)
    }

    async fn authorization_url(
        &self,
        _: &Caller,
        request: &AuthorizationRequest,
        _: Option<&Grant>,
    ) -> Result<String, SignInError> {
        let mut script = self.script();
        if script.trouble == Some(Trouble::Down) {
            return Err(SignInError::Unavailable("it is down".to_owned()));
        }
        if script.trouble == Some(Trouble::Misconfigured) {
            return Err(SignInError::Misconfigured("check THE_SETTING".to_owned()));
        }
        script.authorizations.push((request.redirect_uri.clone(), request.reauthenticate));
        Ok(format!("https://id.test/authorize?client_id=app&state={}", request.state.expose()))
    }

    /// A code is the identifier of a person.
    async fn sign_in(&self, _: &Caller, attempt: SignIn, _: Option<&Grant>) -> Result<SignedIn, SignInError> {
        let SignIn::AuthorizationCode { code, issuer, .. } = attempt else {
            return Err(SignInError::Unsupported);
        };
        let mut script = self.script();
        if script.trouble == Some(Trouble::Down) {
            return Err(SignInError::Unavailable("it is down".to_owned()));
        }
        if script.trouble == Some(Trouble::Misconfigured) {
            return Err(SignInError::Misconfigured("check THE_SETTING".to_owned()));
        }
        if code.expose() == "barred" {
            return Err(SignInError::Forbidden);
        }
        if code.expose() == "unknown" || issuer.is_some_and(|issuer| issuer != "https://id.test") {
            return Err(SignInError::InvalidCredentials);
        }
        script.begun += 1;
        let authenticated_at = (self.now)() - script.auth_age;
        Ok(SignedIn { grant: self.grant(&script, code.expose()), authenticated_at })
    }

    fn may_have_answered(&self, issuer: Option<&str>) -> bool {
        issuer.is_none_or(|issuer| issuer == "https://id.test")
    }

    fn misconfigured(&self, error: &str) -> Option<String> {
        (error == "invalid_scope" || error == "unauthorized_client").then(|| "check THE_SETTING".to_owned())
    }

    fn authorize(&self, _: &Caller, _: &Grant, _: &mut Request) {}

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::Before(Duration::from_mins(1))
    }

    fn repetition(&self, _: &Grant) -> Repetition {
        Repetition::Free
    }

    async fn refresh(&self, _: &Caller, grant: &Grant) -> RefreshOutcome {
        let mut script = self.script();
        if script.rejects_refreshes {
            return RefreshOutcome::Rejected(Rejection::InvalidGrant);
        }
        script.refreshes += 1;
        let id = grant.identity.as_ref().map(|identity| identity.id.clone()).unwrap_or_default();
        let mut fresh = self.grant(&script, &id);
        fresh.provider_sid.clone_from(&grant.provider_sid);
        RefreshOutcome::Rotated(fresh)
    }

    async fn sign_out(&self, _: &Caller, _: &Grant) -> Result<(), TransportError> {
        Ok(())
    }

    fn sign_out_url(&self, _: &Grant, back: &SignOutReturn) -> Option<String> {
        let SignOutReturn { uri, state } = back;
        self.script().signs_out_elsewhere.then(|| {
            format!("https://id.test/logout?post_logout_redirect_uri={uri}&state={}", state.expose())
        })
    }

    /// A token is `sid` or `sub`, what it names, and its identifier.
    async fn logout_notice(&self, token: &SecretText) -> Result<LogoutNotice, LogoutTokenError> {
        if self.script().trouble == Some(Trouble::Down) {
            return Err(LogoutTokenError::Unavailable("it is down".to_owned()));
        }
        let words: Vec<_> = token.expose().split(' ').collect();
        let (ended, id) = match words[..] {
            ["sid", sid, id] => (EndedAtProvider::Sessions(vec![sid.to_owned()]), id.to_owned()),
            ["sub", sub, id] => (EndedAtProvider::Person(sub.to_owned()), id.to_owned()),
            _ => return Err(LogoutTokenError::Invalid("signature")),
        };
        Ok(LogoutNotice { ended, id, expires_at: (self.now)() + Duration::from_mins(2) })
    }
}
