//! The finished providers against the model of each style, without a network in between, and against what the network
//! answers in its place.

use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use ironleaf_auth::{
    Asked, Caller, EmailAddress, Grant, Observed, RefreshOutcome, RefreshTiming, Request, Response,
    SecretText, SignIn, SignedIn, Transport, TransportError,
};

use super::*;
use crate::core_api::{ACCESS_TTL, Cart, CoreApi, FamilyId, PersonId, address_of, ip_of, person_in};
use crate::network::{garbage, turned_away, unavailable};
use crate::timeline::{HEAD_START, Timeline, pass};

const PERSON: PersonId = PersonId(1);
/// People sign in here with a password.
const STYLES: [Style; 7] = [
    Style::Ours,
    Style::Recorded,
    Style::Commercetools,
    Style::CookieApi,
    Style::JwtSessions,
    Style::BetterAuth,
    Style::Graced,
];

/// The model, as if it were one process with the provider. It may answer something else once.
struct Direct {
    api: CoreApi,
    timeline: Timeline,
    instead: Mutex<Option<Response>>,
}

#[async_trait]
impl Transport for Direct {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        if let Some(instead) = self.instead.lock().unwrap().take() {
            return Ok(instead);
        }
        let call = self.api.read(&request);
        let (answer, _) = self.api.handle(self.timeline.now() + HEAD_START, &call);
        Ok(self.api.respond(&call, answer))
    }
}

struct Bench {
    style: Style,
    direct: Arc<Direct>,
    provider: Arc<dyn Provider>,
    caller: Caller,
}

impl Bench {
    fn new(style: Style) -> Self {
        let timeline = Timeline::begin();
        let api = CoreApi::new(style, LIVES.refresh_token);
        let direct = Arc::new(Direct { api, timeline, instead: Mutex::default() });
        let (transport, clock) = (Arc::<Direct>::clone(&direct), timeline.clock(0));
        let random: Random = Arc::new(|buffer| buffer.fill(7));
        let caller = Caller { client_ip: Some(ip_of(PERSON)), ..Caller::default() };
        Self { style, direct, provider: of_password(style, transport, clock, random), caller }
    }

    async fn sign_in(&self, existing: Option<&Grant>) -> SignedIn {
        let email = EmailAddress::of_record(&address_of(PERSON, 0));
        let attempt = SignIn::Password { email, password: SecretText::from("password1") };
        self.provider.sign_in(&self.caller, attempt, existing).await.unwrap()
    }

    async fn refresh(&self, grant: &Grant) -> RefreshOutcome {
        self.provider.refresh(&self.caller, grant).await
    }

    async fn rotated(&self, grant: &Grant) -> Grant {
        match self.refresh(grant).await {
            RefreshOutcome::Rotated(grant) => grant,
            other => panic!("{}: {other:?}", self.style.words()),
        }
    }

    /// The answer to a call on behalf of the grant's person, and the grant as it is after that.
    async fn call(&self, grant: &Grant, method: &str, path: &str) -> (Response, Grant) {
        let base = self.provider.base_urls()[0].url.as_str().trim_end_matches('/').to_owned();
        let request = http::Request::builder().method(method).uri(base + path);
        let mut request = request.body(Bytes::new()).unwrap();
        self.provider.authorize(&self.caller, grant, &mut request);
        let asked = Asked::of(&request);
        let response = self.direct.send(request).await.unwrap();
        let mut grant = grant.clone();
        match self.provider.observe(&grant, &asked, &response) {
            Observed::Nothing => {}
            Observed::Lazily(change) | Observed::AtOnce(change) => change(&mut grant),
        }
        (response, grant)
    }

    async fn shown(&self, grant: &Grant) -> (String, Option<String>) {
        let (response, _) = self.call(grant, "GET", self.style.me_path()).await;
        let shown = person_in(&response).unwrap();
        (shown.id, shown.email)
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_signs_in_is_shown_and_goes_on_after_a_refresh() {
    for style in STYLES {
        let bench = Bench::new(style);
        let mut grant = bench.sign_in(None).await.grant;
        let known = |email| ("person-1".to_owned(), Some(address_of(PERSON, email)));
        let of_grant = |grant: &Grant| {
            let identity = grant.identity.as_deref().unwrap();
            (identity.id.clone(), identity.email.clone())
        };
        assert_eq!(of_grant(&grant), known(0), "{}", style.words());
        assert_eq!(bench.shown(&grant).await, known(0));
        for times in 1..=3 {
            bench.direct.api.change_email(PERSON);
            pass(ACCESS_TTL).await;
            grant = bench.rotated(&grant).await;
            assert_eq!(bench.shown(&grant).await, known(times));
            (_, grant) = bench.call(&grant, "GET", style.me_path()).await;
            assert_eq!(of_grant(&grant), known(times), "{}", style.words());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_access_token_is_believed_as_long_as_the_api_takes_it() {
    for style in STYLES {
        let bench = Bench::new(style);
        let grant = bench.sign_in(None).await.grant;
        let clock = bench.direct.timeline.clock(0);
        let life = grant.access_expires_at.unwrap().duration_since(clock()).unwrap();
        assert!(life.abs_diff(ACCESS_TTL) <= Duration::from_secs(1), "{}: {life:?}", style.words());
        let is_late = matches!(bench.provider.refresh_timing(&grant), RefreshTiming::AfterExpiry);
        assert_eq!(is_late, style == Style::JwtSessions);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_leaves_no_token_whether_the_access_token_lives_or_not() {
    for style in STYLES {
        for wait in [Duration::ZERO, 2 * ACCESS_TTL] {
            let bench = Bench::new(style);
            let grant = bench.sign_in(None).await.grant;
            pass(wait).await;
            bench.provider.sign_out(&bench.caller, &grant).await.unwrap();
            let now = bench.direct.timeline.now() + HEAD_START;
            assert!(!bench.direct.api.has_unused_token(FamilyId(0), now), "{}", style.words());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_family_that_is_revoked_is_over() {
    for style in STYLES {
        for earlier in 0..2 {
            let bench = Bench::new(style);
            for _ in 0..earlier {
                bench.sign_in(None).await;
            }
            let grant = bench.sign_in(None).await.grant;
            bench.direct.api.revoke(FamilyId(earlier));
            pass(ACCESS_TTL).await;
            let outcome = bench.refresh(&grant).await;
            assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "{}: {outcome:?}", style.words());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_network_answers_in_place_of_the_api_ends_nothing() {
    for style in STYLES {
        let bench = Bench::new(style);
        let grant = bench.sign_in(None).await.grant;
        pass(ACCESS_TTL).await;
        let outcome_of = async |instead: Response| {
            *bench.direct.instead.lock().unwrap() = Some(instead);
            bench.refresh(&grant).await
        };
        for instead in [garbage(), unavailable()] {
            let outcome = outcome_of(instead).await;
            let is_doubt = matches!(outcome, RefreshOutcome::InDoubt { answered: true, .. });
            assert!(is_doubt, "{}: {outcome:?}", style.words());
        }
        let outcome = outcome_of(turned_away(30, style.wait_header())).await;
        let RefreshOutcome::Unspent { retry_after, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(retry_after, Some(Duration::from_secs(30)), "{}", style.words());
        bench.rotated(&grant).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_is_taken_before_and_after_a_refresh() {
    let bench = Bench::new(Style::JwtSessions);
    let mut grant = bench.sign_in(None).await.grant;
    for _ in 0..3 {
        for _ in 0..2 {
            let (response, observed) = bench.call(&grant, "POST", "/notes").await;
            assert!(response.status().is_success());
            grant = observed;
        }
        pass(ACCESS_TTL).await;
        grant = bench.rotated(&grant).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_guest_has_a_cart_that_goes_along_or_is_removed() {
    for signs_in in [true, false] {
        let bench = Bench::new(Style::Commercetools);
        let guest =
            bench.provider.sign_in(&bench.caller, SignIn::ClientCredentials, None).await.unwrap().grant;
        let (response, guest) = bench.call(&guest, "POST", "/me/carts").await;
        assert_eq!(person_in(&response).unwrap().id, "guest-0");
        if signs_in {
            pass(2 * ACCESS_TTL).await;
            bench.sign_in(Some(&guest)).await;
        }
        bench.provider.sign_out(&bench.caller, &guest).await.unwrap();
        let cart = bench.direct.api.look(FamilyId(0), |guest| guest.cart);
        assert_eq!(cart, Some(if signs_in { Cart::Of(PERSON) } else { Cart::Removed }));
    }
}
