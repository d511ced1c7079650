use std::time::SystemTime;

use async_trait::async_trait;
use http::header::{HeaderValue, IF_MATCH};
use http::{Method, StatusCode};
use ironleaf_api_types::Role;
use ironleaf_auth::{
    AccountError, AuthorizedCalls, EmailAddress, KnownRole, People, PeopleListing, PeopleOrder, PeoplePage,
    Person, PersonChange, Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::{refusal, unavailable};
use super::{CoreApiProvider, wire};
use crate::endpoint;

/// People get the other one by verifying their address.
const ROLES: [KnownRole; 2] = [
    KnownRole { name: Role::ADMIN, is_given: true },
    KnownRole { name: Role::VERIFIED_USER, is_given: false },
];

#[async_trait]
impl People for CoreApiProvider {
    fn roles(&self) -> &[KnownRole] {
        &ROLES
    }

    async fn list(
        &self,
        calls: &dyn AuthorizedCalls,
        listing: &PeopleListing,
    ) -> Result<PeoplePage, AccountError> {
        let mut url = self.endpoint(&["user", "users"]);
        let (order_by, order) = order(listing.order);
        let per_page = listing.per_page.clamp(1, 100).to_string();
        url.query_pairs_mut()
            .append_pair("page", &listing.page.max(1).to_string())
            .append_pair("perPage", &per_page)
            .append_pair("orderBy", order_by)
            .append_pair("order", order)
            .extend_pairs(listing.search.iter().map(|search| ("q", search)))
            .extend_pairs(listing.role.iter().map(|role| ("role", role)));
        let request =
            endpoint::request(Method::GET, &url, &Value::Null).map_err(|error| unavailable(&error))?;
        let response = calls.send(request).await?;
        page(&response).ok_or_else(|| refusal(&response))
    }

    async fn person(&self, calls: &dyn AuthorizedCalls, id: &str) -> Result<Option<Person>, AccountError> {
        let request = self.account_request(Method::GET, id, &Value::Null)?;
        let response = calls.send(request).await?;
        if is_nobody(&response) {
            return Ok(None);
        }
        let record = wire::item::<Record>(&response).and_then(Record::into_person);
        record.map(Some).ok_or_else(|| refusal(&response))
    }

    async fn set_roles(
        &self,
        calls: &dyn AuthorizedCalls,
        person: &Person,
        roles: &[Role],
    ) -> Result<PersonChange, AccountError> {
        let names: Vec<&str> = roles.iter().map(Role::name).collect();
        self.change(calls, Method::PATCH, person, &json!({ "roles": names })).await
    }

    /// Giving the same address again asks for another e-mail.
    async fn send_verification(
        &self,
        calls: &dyn AuthorizedCalls,
        person: &Person,
        email: &EmailAddress,
    ) -> Result<PersonChange, AccountError> {
        self.change(calls, Method::PATCH, person, &json!({ "email": email.as_str() })).await
    }

    async fn delete_person(
        &self,
        calls: &dyn AuthorizedCalls,
        person: &Person,
    ) -> Result<PersonChange, AccountError> {
        self.change(calls, Method::DELETE, person, &Value::Null).await
    }
}

impl CoreApiProvider {
    /// An API that knows nothing of `If-Match` (RFC 9110, section 13.1.1) makes the change in any case.
    async fn change(
        &self,
        calls: &dyn AuthorizedCalls,
        method: Method,
        person: &Person,
        body: &Value,
    ) -> Result<PersonChange, AccountError> {
        let mut request = self.account_request(method, &person.user.id, body)?;
        if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", person.version)) {
            request.headers_mut().insert(IF_MATCH, tag);
        }
        let response = calls.send(request).await?;
        match response.status() {
            status if status.is_success() => Ok(PersonChange::Done),
            StatusCode::PRECONDITION_FAILED => Ok(PersonChange::Outdated),
            _ if wire::is_unknown(&response) => Ok(PersonChange::Gone),
            _ => Err(refusal(&response)),
        }
    }
}

/// The parameters `orderBy` and `order`.
const fn order(order: PeopleOrder) -> (&'static str, &'static str) {
    match order {
        PeopleOrder::Newest => ("createdAt", "DESC"),
        PeopleOrder::Oldest => ("createdAt", "ASC"),
        PeopleOrder::LastChanged => ("updatedAt", "DESC"),
        PeopleOrder::Email => ("email", "ASC"),
        PeopleOrder::EmailBackwards => ("email", "DESC"),
    }
}

/// Whether there is no person with the identifier of the question. What has not the form of an identifier is refused.
fn is_nobody(response: &Response) -> bool {
    wire::is_unknown(response)
        || response.status() == StatusCode::BAD_REQUEST && wire::ApiError::read(response).is_some()
}

/// Somebody's account in the form of the core API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(flatten)]
    user: wire::UserRecord,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
}

impl Record {
    fn into_person(self) -> Option<Person> {
        let Self { user, created_at, updated_at } = self;
        Some(Person {
            user: user.into_user()?,
            created_at: created_at.as_deref().and_then(time),
            updated_at: updated_at.as_deref().and_then(time),
            version: updated_at.unwrap_or_default(),
        })
    }
}

/// `None` for an answer without the expected form. A record without an identifier is left out.
fn page(response: &Response) -> Option<PeoplePage> {
    let records: Vec<Record> = wire::items(response)?;
    let people = records.into_iter().filter_map(Record::into_person).collect();
    Some(PeoplePage { people, total: wire::total(response)? })
}

fn time(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}
