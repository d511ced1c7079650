//! The real provider against the model, without a network in between, and against what the network answers in its place.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use ironleaf_auth::{
    AuthorizationRequest, Caller, EndedAtProvider, Grant, Provider as _, RefreshOutcome, Rejection, Request,
    Response, SecretText, SignIn, SignInError, SignOutReturn, SignedIn, Transport, TransportError,
};

use super::*;
use crate::core_api::{AtPage, CodeId, CoreApi, FamilyId, PersonId, Revoked};
use crate::network::{garbage, turned_away, unavailable};
use crate::style::Style;
use crate::timeline::{HEAD_START, Timeline, pass};

const PERSON: PersonId = PersonId(1);
/// Their ID token has neither an address nor roles.
const PERSON_OF_USERINFO: PersonId = PersonId(21);

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
    direct: Arc<Direct>,
    provider: OidcProvider,
}

impl Bench {
    fn new() -> Self {
        let timeline = Timeline::begin();
        let api = CoreApi::new(Style::OpenId, LIVES.refresh_token);
        let direct = Arc::new(Direct { api, timeline, instead: Mutex::default() });
        let base_url = "http://api.test/v1".parse().unwrap();
        let transport = Arc::<Direct>::clone(&direct);
        let random: Random = Arc::new(|buffer| buffer.fill(7));
        let provider = OidcProvider::new(settings(base_url), transport, timeline.clock(0), random);
        Self { direct, provider }
    }

    fn request() -> AuthorizationRequest {
        AuthorizationRequest {
            redirect_uri: "https://sim.test/finish".to_owned(),
            state: "the-state".into(),
            nonce: "the-nonce".into(),
            code_verifier: "the-verifier".into(),
            reauthenticate: false,
        }
    }

    /// The person goes to the provider and comes back with this code.
    async fn code(&self, person: PersonId) -> (CodeId, String) {
        self.code_of(person, &Self::request(), AtPage::SignsIn).await
    }

    async fn code_of(
        &self,
        person: PersonId,
        request: &AuthorizationRequest,
        at_page: AtPage,
    ) -> (CodeId, String) {
        let url = self.provider.authorization_url(&Caller::default(), request, None).await.unwrap();
        let now = self.direct.timeline.now();
        let code = self.direct.api.authorize(person, &url, at_page, now).expect("it is the provider's page");
        let back = self.direct.api.open(code, now).unwrap();
        let query = back.address.strip_prefix("/finish?").expect("it is where the request says").to_owned();
        (code, query)
    }

    async fn exchange(&self, query: &str, verifier: &str) -> Result<SignedIn, SignInError> {
        let field = |wanted: &str| {
            let mut fields = url::form_urlencoded::parse(query.as_bytes());
            fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        assert_eq!(field("state").as_deref(), Some("the-state"));
        let attempt = SignIn::AuthorizationCode {
            code: field("code").unwrap().as_str().into(),
            code_verifier: verifier.into(),
            redirect_uri: Self::request().redirect_uri,
            nonce: Some("the-nonce".into()),
            issuer: field("iss"),
        };
        self.provider.sign_in(&Caller::default(), attempt, None).await
    }

    async fn signed_in(&self, person: PersonId) -> Grant {
        let (_, query) = self.code(person).await;
        self.exchange(&query, "the-verifier").await.unwrap().grant
    }

    async fn refresh(&self, grant: &Grant) -> RefreshOutcome {
        self.provider.refresh(&Caller::default(), grant).await
    }

    async fn rotated(&self, grant: &Grant) -> Grant {
        match self.refresh(grant).await {
            RefreshOutcome::Rotated(grant) => grant,
            other => panic!("{other:?}"),
        }
    }
}

fn identity(grant: &Grant) -> (String, Option<String>, Vec<String>) {
    let identity = grant.identity.as_deref().unwrap();
    let roles = identity.roles.iter().map(|role| role.name().to_owned()).collect();
    (identity.id.clone(), identity.email.clone(), roles)
}

#[tokio::test(start_paused = true)]
async fn somebody_signs_in_and_is_known_wherever_the_claims_are() {
    for person in [PERSON, PERSON_OF_USERINFO] {
        let bench = Bench::new();
        let (_, query) = bench.code(person).await;
        pass(Duration::from_secs(20)).await;
        let signed_in = bench.exchange(&query, "the-verifier").await.unwrap();
        let number = person.0;
        let known =
            (format!("person-{number}"), Some(format!("p{number}+0@sim.test")), vec!["member".to_owned()]);
        assert_eq!(identity(&signed_in.grant), known);
        assert_eq!(signed_in.grant.provider_sid.as_deref(), Some("family-0"));
        assert_eq!(signed_in.authenticated_at, (bench.direct.timeline.clock(0))());
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_brings_what_is_new_about_the_person() {
    let bench = Bench::new();
    let grant = bench.signed_in(PERSON).await;
    bench.direct.api.change_email(PERSON);
    assert_eq!(identity(&bench.rotated(&grant).await).1.as_deref(), Some("p1+1@sim.test"));
}

#[tokio::test(start_paused = true)]
async fn a_spent_token_ends_the_newest_as_well_and_nobody_elses() {
    let bench = Bench::new();
    let spent = bench.signed_in(PERSON).await;
    let elsewhere = bench.signed_in(PERSON).await;
    let newest = bench.rotated(&spent).await;
    for grant in [&spent, &newest] {
        let outcome = bench.refresh(grant).await;
        assert!(matches!(outcome, RefreshOutcome::Rejected(Rejection::InvalidGrant)), "{outcome:?}");
    }
    bench.rotated(&elsewhere).await;
}

#[tokio::test(start_paused = true)]
async fn a_code_is_good_once_and_for_whoever_has_the_verifier() {
    let bench = Bench::new();
    let (_, stolen) = bench.code(PERSON).await;
    let refused = bench.exchange(&stolen, "another-verifier").await;
    assert!(matches!(refused, Err(SignInError::InvalidCredentials)));
    let (code, query) = bench.code(PERSON).await;
    let grant = bench.exchange(&query, "the-verifier").await.unwrap().grant;
    assert_eq!(bench.direct.api.family_by(code), Some(FamilyId(0)));
    assert!(matches!(bench.exchange(&query, "the-verifier").await, Err(SignInError::InvalidCredentials)));
    let outcome = bench.refresh(&grant).await;
    assert!(
        matches!(outcome, RefreshOutcome::Rejected(_)),
        "the second time ends what the first began: {outcome:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_notice_names_one_sign_in_or_the_person() {
    let bench = Bench::new();
    bench.signed_in(PERSON).await;
    for (whole_person, ended) in [
        (
            false,
            EndedAtProvider::Sessions(vec!["family-0".to_owned(), "unnamed session of person-1".to_owned()]),
        ),
        (true, EndedAtProvider::Person("person-1".to_owned())),
    ] {
        let now = bench.direct.timeline.now() + HEAD_START;
        let token = bench.direct.api.end_sign_in(now, FamilyId(0), Revoked::Admin, whole_person).unwrap();
        let notice = bench.provider.logout_notice(&SecretText::from(token.as_str())).await.unwrap();
        assert_eq!(notice.ended, ended);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_revokes_the_grant_and_leads_to_the_page_that_knows_whose_it_is() {
    let bench = Bench::new();
    let grant = bench.signed_in(PERSON).await;
    let back = SignOutReturn { uri: "https://sim.test/".to_owned(), state: "back".into() };
    let url = bench.provider.sign_out_url(&grant, &back).unwrap();
    assert_eq!(CoreApi::signs_out(&url), Some(FamilyId(0)));
    let forged = url.replace("id_token_hint=e", "id_token_hint=f");
    assert_eq!(CoreApi::signs_out(&forged), None);
    bench.provider.sign_out(&Caller::default(), &grant).await.unwrap();
    assert!(!bench.direct.api.has_unused_token(FamilyId(0), bench.direct.timeline.now() + HEAD_START));
}

#[tokio::test(start_paused = true)]
async fn what_the_network_answers_in_place_of_the_provider_ends_nothing() {
    let bench = Bench::new();
    let grant = bench.signed_in(PERSON).await;
    let outcome_of = async |instead: Response| {
        *bench.direct.instead.lock().unwrap() = Some(instead);
        match bench.refresh(&grant).await {
            RefreshOutcome::InDoubt { answered: true, .. } => ControlFlow::Continue(()),
            RefreshOutcome::Unspent { retry_after, .. } => ControlFlow::Break(retry_after),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(outcome_of(garbage()).await, ControlFlow::Continue(()));
    assert_eq!(outcome_of(unavailable()).await, ControlFlow::Continue(()));
    assert_eq!(
        outcome_of(turned_away(30, "retry-after")).await,
        ControlFlow::Break(Some(Duration::from_secs(30)))
    );
    bench.rotated(&grant).await;
}

#[tokio::test(start_paused = true)]
async fn tokens_of_another_key_are_believed_whether_the_last_one_stays_or_not() {
    let bench = Bench::new();
    let mut grant = bench.signed_in(PERSON).await;
    for (number, keeps_the_last) in [(1, true), (2, false), (3, true)] {
        bench.direct.api.rotate_keys(keeps_the_last);
        bench.direct.api.change_email(PERSON);
        pass(Duration::from_mins(1)).await;
        grant = bench.rotated(&grant).await;
        assert_eq!(identity(&grant).1.as_deref(), Some(&*format!("p1+{number}@sim.test")));
    }
    // The provider knows whom it has signed in, with whichever key.
    let back = SignOutReturn { uri: "https://sim.test/".to_owned(), state: "back".into() };
    bench.direct.api.rotate_keys(false);
    let url = bench.provider.sign_out_url(&grant, &back).unwrap();
    assert_eq!(CoreApi::signs_out(&url), Some(FamilyId(0)));
}

#[tokio::test(start_paused = true)]
async fn a_re_authentication_says_who_has_proved_it_and_when() {
    let bench = Bench::new();
    bench.signed_in(PERSON).await;
    pass(Duration::from_hours(1)).await;
    let clock = bench.direct.timeline.clock(0);
    let then = bench.direct.api.authenticated_at(FamilyId(0)).unwrap();
    let again = AuthorizationRequest { reauthenticate: true, ..Bench::request() };
    for (at_page, is_proof, ago, subject) in [
        (AtPage::SignsIn, true, 0, "person-1"),
        (AtPage::IsNotAsked { authenticated_at: then }, false, 3600, "person-1"),
        (AtPage::IsSomebodyElse(PersonId(2)), false, 0, "person-2"),
    ] {
        let (code, query) = bench.code_of(PERSON, &again, at_page).await;
        assert_eq!(bench.direct.api.is_proof(code), Some(is_proof), "{at_page:?}");
        let signed_in = bench.exchange(&query, "the-verifier").await.unwrap();
        assert_eq!(signed_in.authenticated_at, clock() - Duration::from_secs(ago), "{at_page:?}");
        assert_eq!(identity(&signed_in.grant).0, subject);
    }
    let (code, _) = bench.code(PERSON).await;
    assert_eq!(bench.direct.api.is_proof(code), None, "nobody was to prove anything");
}
