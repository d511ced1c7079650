//! How calls are authorized, over real sockets: no page of the application makes every kind of call.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use ironleaf_auth::{
    Asked, Caller, EmailAddress, Grant, HttpSettings, HttpTransport, Observed, Provider as _, RefreshOutcome,
    Request, SignIn, Transport as _, system_clock,
};
use ironleaf_providers::{AccessTransport, JwtSessionsProvider, JwtSessionsSettings};

use crate::jwt_sessions::world::{ADA, PASSWORD};
use crate::machine::pause;
use crate::peer::{Kind, Peer};
use crate::processes::free_address;

const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST, Method::PATCH, Method::DELETE];

struct Client {
    api: Peer,
    transport: Arc<HttpTransport>,
    provider: JwtSessionsProvider,
}

impl Client {
    async fn start(access_transport: AccessTransport, settings: &[(&str, &str)]) -> Self {
        let api = Peer::start(Kind::JwtSessions, free_address(), settings).await;
        let transport = Arc::new(HttpTransport::new(&HttpSettings::default()).unwrap());
        let settings =
            JwtSessionsSettings { access_transport, ..JwtSessionsSettings::at(api.issuer.parse().unwrap()) };
        let provider =
            JwtSessionsProvider::new(settings, Arc::<HttpTransport>::clone(&transport), system_clock());
        Self { api, transport, provider }
    }

    async fn signed_in(&self) -> Grant {
        let attempt = SignIn::Password { email: EmailAddress::of_record(ADA), password: PASSWORD.into() };
        self.provider.sign_in(&Caller::default(), attempt, None).await.unwrap().grant
    }

    /// The answer to a call with this grant, and what the provider learns from it.
    async fn call(&self, grant: &mut Grant, method: &Method, path: &str) -> StatusCode {
        let uri = format!("{}{path}", self.api.issuer);
        let mut request: Request =
            http::Request::builder().method(method).uri(uri).body(Bytes::new()).unwrap();
        self.provider.authorize(&Caller::default(), grant, &mut request);
        let asked = Asked::of(&request);
        let answer = self.transport.send(request).await.unwrap();
        let observed = self.provider.observe(grant, &asked, &answer);
        if let Observed::Lazily(change) | Observed::AtOnce(change) = observed {
            change(grant);
        }
        answer.status()
    }

    async fn renewed(&self, grant: &Grant) -> Grant {
        match self.provider.refresh(&Caller::default(), grant).await {
            RefreshOutcome::Rotated(grant) => grant,
            other => panic!("not renewed: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_is_accepted_in_both_ways_also_after_a_refresh() {
    for transport in [AccessTransport::Header, AccessTransport::Cookie] {
        let client = Client::start(transport, &[("REUSE_HANDLER", "off")]).await;
        let mut old = client.signed_in().await;
        let mut new = client.renewed(&old).await;
        for method in METHODS {
            assert_eq!(
                client.call(&mut new, &method, "/notes").await,
                StatusCode::OK,
                "{transport:?} {method}"
            );
        }
        assert_eq!(
            client.call(&mut old, &Method::GET, "/notes").await,
            StatusCode::UNAUTHORIZED,
            "dead at once"
        );
        assert_eq!(new.refresh_expires_at, old.refresh_expires_at);
        client.provider.sign_out(&Caller::default(), &new).await.unwrap();
        assert_eq!(client.call(&mut new, &Method::GET, "/notes").await, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csrf_value_that_an_answer_shows_is_used_from_then_on() {
    let client = Client::start(AccessTransport::Cookie, &[]).await;
    let mut grant = client.signed_in().await;
    let before = grant.clone();
    assert_eq!(client.call(&mut grant, &Method::GET, "/csrf").await, StatusCode::OK);
    assert_ne!(grant, before, "another mask");
    for mut mask in [grant, before] {
        assert_eq!(client.call(&mut mask, &Method::POST, "/notes").await, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lifetimes_of_the_tokens_are_read_without_a_date_of_the_answer() {
    for dates in ["ruby", "iso"] {
        let settings = [("DATES", dates), ("ACCESS_TOKEN_TTL", "100"), ("REFRESH_TOKEN_TTL", "1000")];
        let client = Client::start(AccessTransport::Header, &settings).await;
        let grant = client.signed_in().await;
        // The API writes whole seconds.
        let lifetime = grant.access_lifetime.unwrap();
        assert!((98..=100).contains(&lifetime.as_secs()), "{lifetime:?}");
        let left =
            grant.refresh_expires_at.unwrap().duration_since(grant.access_expires_at.unwrap()).unwrap();
        assert!((899..=901).contains(&left.as_secs()), "{left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_refreshes_on_sight_of_a_401_after_a_lost_answer_loses_the_session() {
    let client = Client::start(AccessTransport::Header, &[("ACCESS_TOKEN_TTL", "2")]).await;
    let mut grant = client.signed_in().await;
    pause(Duration::from_secs(3)).await;
    assert_eq!(client.call(&mut grant, &Method::GET, "/notes").await, StatusCode::UNAUTHORIZED);
    client.api.tell("/lose-answer?grant=refresh&times=1").await;
    let lost = client.provider.refresh(&Caller::default(), &grant).await;
    assert!(matches!(lost, RefreshOutcome::InDoubt { answered: false, .. }), "{lost:?}");
    // This is what the lifecycle never does: it waits for as long as `Provider::repetition` says.
    let again = client.provider.refresh(&Caller::default(), &grant).await;
    assert!(matches!(again, RefreshOutcome::Rejected(_)), "{again:?}");
    assert_eq!(client.api.ask("/sessions").await["reported"], 1);
}
