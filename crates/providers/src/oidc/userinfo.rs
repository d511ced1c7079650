//! What the ID token lacks: the claims of userinfo (OpenID Connect Core 1.0, section 5.3).

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, StatusCode};
use ironleaf_auth::{Response, SecretText};
use serde_json::{Map, Value};
use url::Url;

use super::claims::Person;
use super::metadata::Metadata;
use super::{OidcProvider, wire};
use crate::answer::{json, secret_header};

/// Whose claims are to be found, and with what.
pub(super) struct Question<'a> {
    pub(super) subject: &'a str,
    /// The claims of the ID token, if there is a new one.
    pub(super) claims: Option<&'a Map<String, Value>>,
    pub(super) access_token: &'a SecretText,
    /// Whether a missing e-mail address is worth a call.
    pub(super) wants_email: bool,
}

/// What was found about a person.
pub(super) struct Found {
    pub(super) person: Person,
    /// Why the roles are not known, if they may be known in a moment.
    pub(super) passing_failure: Option<String>,
    /// Whether roles are asked for, and what was found has no word about them.
    pub(super) lacks_roles_claim: bool,
}

/// Why userinfo told nothing.
struct Untold {
    detail: String,
    /// Whether another try may succeed: there was no answer, or one that says so.
    is_passing: bool,
}

impl Untold {
    fn for_good(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), is_passing: false }
    }
}

impl OidcProvider {
    /// What ID token and userinfo say about a person. Userinfo is asked only for an e-mail address or roles that the ID
    /// token lacks. If it fails, what it could have said stays unknown.
    pub(super) async fn person(&self, metadata: &Metadata, question: Question<'_>) -> Found {
        let roles_claim = self.settings.roles_claim.as_deref();
        let mut person = question.claims.map(|claims| Person::read(claims, roles_claim)).unwrap_or_default();
        let lacks_email = question.wants_email && person.email.is_none() && self.settings.asks_for("email");
        let lacks_roles = roles_claim.is_some() && person.roles.is_none();
        let mut is_complete = question.claims.is_some();
        let mut passing_failure = None;
        if let (true, Some(endpoint)) = (lacks_email || lacks_roles, &metadata.userinfo_endpoint) {
            match self.userinfo(endpoint, &question).await {
                Ok(claims) => {
                    person = person.or(Person::read(&claims, roles_claim));
                    is_complete = true;
                }
                Err(Untold { detail, is_passing }) => {
                    tracing::warn!(%detail, "userinfo told nothing about a person");
                    is_complete = false;
                    passing_failure = Some(detail).filter(|_| is_passing && lacks_roles);
                }
            }
        }
        let lacks_roles_claim = is_complete && roles_claim.is_some() && person.roles.is_none();
        if is_complete && roles_claim.is_some() {
            // SECURITY: some providers leave the claim out for a person without roles. Whoever lost the last one must
            // not keep it here.
            person.roles.get_or_insert_default();
        }
        Found { person, passing_failure, lacks_roles_claim }
    }

    async fn userinfo(&self, endpoint: &Url, question: &Question<'_>) -> Result<Map<String, Value>, Untold> {
        let sending = async {
            let mut request = wire::request(Method::GET, endpoint.as_str())?;
            request.headers_mut().insert(ACCEPT, wire::JSON);
            if let Some(bearer) = secret_header(&format!("Bearer {}", question.access_token.expose())) {
                request.headers_mut().insert(AUTHORIZATION, bearer);
            }
            self.transport.send(request).await
        };
        let response =
            sending.await.map_err(|error| Untold { detail: error.to_string(), is_passing: true })?;
        let status = response.status();
        if status != StatusCode::OK {
            let is_passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
            return Err(Untold { detail: wire::describe(&response), is_passing });
        }
        if is_signed(&response) {
            return Err(Untold::for_good(
                "userinfo is signed, which is not supported: switch userinfo_signed_response_alg off for this client",
            ));
        }
        let claims: Map<String, Value> =
            json(&response).ok_or_else(|| Untold::for_good(wire::describe(&response)))?;
        // SECURITY: section 5.3.2. Otherwise a mixed-up access token would lend somebody the roles of another person.
        if claims.get("sub").and_then(Value::as_str) != Some(question.subject) {
            return Err(Untold::for_good("userinfo is about another person than the ID token"));
        }
        Ok(claims)
    }
}

fn is_signed(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("application/jwt"))
}
