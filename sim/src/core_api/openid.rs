//! The OpenID Connect style: the provider's endpoints, in the form of OAuth 2.0 (RFC 6749) and OpenID Connect.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use ironleaf_auth::{Request, Response};
use serde_json::{Map, Value, json};
use url::Url;

use super::answer::{Answer, Pair};
use super::authorization::{Asked, CLIENT_ID, CodeId, Form, ISSUER};
use super::call::Call;
use super::ids::{FamilyId, PersonId};
use super::message::json as answer;
use super::people::{address_of, subject_of};
use super::signing;
use super::tokens::{Access, access_token, read_refresh_token, refresh_token};

pub(crate) const CLIENT_SECRET: &str = "a-secret-of-the-simulation";
/// Where people's roles are in the claims.
pub(crate) const ROLES_CLAIM: &str = "realm_access.roles";

/// The prefix of the identifier of a sign-in.
const SID: &str = "family-";

/// One in this many people has no roles in the ID token, but in userinfo.
const PEOPLE_PER_ROLES_ELSEWHERE: u32 = 3;
/// One in this many people has no e-mail address in the ID token, but in userinfo.
const PEOPLE_PER_EMAIL_ELSEWHERE: u32 = 7;

/// Reads a request to one of the endpoints.
pub(super) fn read(request: &Request) -> Option<Call> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/.well-known/openid-configuration") => Some(Call::Metadata),
        (&Method::GET, "/keys") => Some(Call::Keys),
        (&Method::GET, "/userinfo") => Some(Call::UserInfo { access: Access::of(request) }),
        (&Method::POST, path) if is_from_the_client(request) => {
            let form = Form::read(request.body());
            match path {
                "/par" => Some(Call::Push(Box::new(Asked::read(&form)?))),
                "/token" => token(&form),
                "/revoke" => Some(Call::SignOut { family: family_of(form.get("token")?)?, access: None }),
                _ => None,
            }
        }
        _ => None,
    }
}

/// RFC 6749, section 2.3.1.
pub(super) fn is_from_the_client(request: &Request) -> bool {
    let expected = format!("Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}")));
    request.headers().get(AUTHORIZATION).is_some_and(|value| *value == expected)
}

fn token(form: &Form) -> Option<Call> {
    match form.get("grant_type")? {
        "authorization_code" => Some(Call::Exchange {
            code: CodeId::read(form.get("code")?)?,
            verifier: form.get("code_verifier")?.into(),
            redirect_uri: form.get("redirect_uri")?.into(),
        }),
        "refresh_token" => {
            let (family, generation) = read_refresh_token(form.get("refresh_token")?)?;
            Some(Call::Refresh { family, generation, key: None })
        }
        _ => None,
    }
}

/// RFC 7009, section 2.1: either token ends the grant.
fn family_of(token: &str) -> Option<FamilyId> {
    let refresh = read_refresh_token(token).map(|(family, _)| family);
    refresh.or_else(|| Access::read(token).map(|access| access.family))
}

/// OpenID Connect RP-Initiated Logout 1.0, section 2. Only a genuine hint counts.
pub(super) fn signs_out(address: &str) -> Option<FamilyId> {
    let address = Url::parse(address).ok().filter(|url| url.path() == "/end-session")?;
    let form = Form::read(address.query()?.as_bytes());
    form.get("post_logout_redirect_uri").zip(form.get("state"))?;
    let claims = signing::read(form.get("id_token_hint")?)?;
    let family = claims.get("sid")?.as_str()?.strip_prefix(SID)?;
    family.parse().ok().map(FamilyId)
}

/// The HTTP response in this style. `None` for an answer of the API that takes the tokens.
pub(super) fn respond(said: &Answer) -> Option<Response> {
    Some(match said {
        Answer::Tokens(pair) => answer(StatusCode::OK, tokens(pair).to_string()),
        Answer::Pushed(id) => {
            answer(StatusCode::CREATED, json!({ "request_uri": id.uri(), "expires_in": 60 }).to_string())
        }
        Answer::Claims { person, email } => {
            answer(StatusCode::OK, Value::from(claims(*person, *email)).to_string())
        }
        Answer::Metadata => signing::for_an_hour(&metadata()),
        Answer::Keys(published) => signing::published(*published),
        Answer::InvalidCredentials => error("invalid_grant"),
        _ => return None,
    })
}

fn error(code: &str) -> Response {
    answer(StatusCode::BAD_REQUEST, json!({ "error": code }).to_string())
}

fn metadata() -> Value {
    let at = |path: &str| format!("{ISSUER}{path}");
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "userinfo_endpoint": at("/userinfo"),
        "revocation_endpoint": at("/revoke"),
        "end_session_endpoint": at("/end-session"),
        "pushed_authorization_request_endpoint": at("/par"),
        "authorization_response_iss_parameter_supported": true,
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    })
}

fn tokens(pair: &Pair) -> Value {
    json!({
        "access_token": access_token(pair, true),
        "token_type": "Bearer",
        "expires_in": pair.ttl_secs,
        "refresh_token": refresh_token(pair),
        "id_token": signing::id_token(&id_claims(pair), pair.key),
    })
}

/// OpenID Connect Core 1.0, section 2. Every answer repeats the nonce of the sign-in, as section 12.2 allows.
fn id_claims(pair: &Pair) -> Value {
    let mut claims = claims(pair.person, pair.email);
    if pair.person.0.is_multiple_of(PEOPLE_PER_ROLES_ELSEWHERE) {
        claims.remove("realm_access");
    }
    if pair.person.0.is_multiple_of(PEOPLE_PER_EMAIL_ELSEWHERE) {
        claims.remove("email");
    }
    claims.extend([
        ("aud".to_owned(), Value::from(CLIENT_ID)),
        ("iat".to_owned(), Value::from(pair.told_at)),
        ("exp".to_owned(), Value::from(pair.told_at + 600)),
        ("auth_time".to_owned(), Value::from(pair.authenticated_at)),
        ("nonce".to_owned(), Value::from(pair.nonce.as_deref())),
        ("sid".to_owned(), Value::from(sid_of(pair.family))),
    ]);
    Value::from(claims)
}

/// What the provider says about a person.
fn claims(person: PersonId, email: u32) -> Map<String, Value> {
    let claims = json!({
        "iss": ISSUER,
        "sub": subject_of(person),
        "email": address_of(person, email),
        "email_verified": true,
        "realm_access": { "roles": ["member"] },
    });
    let Value::Object(claims) = claims else { unreachable!("it is written as an object") };
    claims
}

/// The provider's identifier of a sign-in.
pub(super) fn sid_of(family: FamilyId) -> String {
    format!("{SID}{}", family.0)
}
