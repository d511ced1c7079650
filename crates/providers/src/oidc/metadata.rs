//! What the provider says about itself (OpenID Connect Discovery 1.0, section 3).

use serde_json::{Map, Value};
use url::Url;

use super::{DiscoveryError, Issuer};

/// The part of the metadata that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) jwks_uri: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    /// RFC 8414, section 2.
    pub(super) revocation_endpoint: Option<Url>,
    /// OpenID Connect RP-Initiated Logout 1.0, section 2.1.
    pub(super) end_session_endpoint: Option<Url>,
    /// RFC 9126, section 5.
    pub(super) pushed_authorization_request_endpoint: Option<Url>,
    pub(super) requires_pushed_requests: bool,
    /// RFC 9207, section 3: every answer to an authorization request names the issuer.
    pub(super) names_issuer_in_answers: bool,
    /// The ways to authenticate at the token endpoint. Empty if the provider does not say.
    pub(super) authentication_methods: Vec<String>,
}

impl Metadata {
    /// Reads the metadata of this issuer.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError`], if it is the metadata of somebody else or cannot be used.
    pub(super) fn read(body: &[u8], issuer: &Issuer) -> Result<Self, DiscoveryError> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let fields: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| DiscoveryError::NotMetadata)?;
        let stated = fields.get("issuer").and_then(Value::as_str).ok_or(DiscoveryError::NotMetadata)?;
        // SECURITY: section 4.3. Metadata of another issuer would send codes and secrets to somebody else.
        if stated != issuer.as_str() {
            return Err(DiscoveryError::OtherIssuer { stated: printable(stated) });
        }
        let fields = Fields { fields: &fields, issuer };
        let needed = |name| fields.endpoint(name)?.ok_or(DiscoveryError::NoEndpoint(name));
        let metadata = Self {
            authorization_endpoint: needed("authorization_endpoint")?,
            token_endpoint: needed("token_endpoint")?,
            jwks_uri: needed("jwks_uri")?,
            userinfo_endpoint: fields.endpoint("userinfo_endpoint")?,
            revocation_endpoint: fields.endpoint("revocation_endpoint")?,
            end_session_endpoint: fields.endpoint("end_session_endpoint")?,
            pushed_authorization_request_endpoint: fields
                .endpoint("pushed_authorization_request_endpoint")?,
            requires_pushed_requests: fields.flag("require_pushed_authorization_requests"),
            names_issuer_in_answers: fields.flag("authorization_response_iss_parameter_supported"),
            authentication_methods: fields.texts("token_endpoint_auth_methods_supported"),
        };
        if metadata.requires_pushed_requests && metadata.pushed_authorization_request_endpoint.is_none() {
            return Err(DiscoveryError::NoEndpoint("pushed_authorization_request_endpoint"));
        }
        Ok(metadata)
    }
}

struct Fields<'a> {
    fields: &'a Map<String, Value>,
    issuer: &'a Issuer,
}

impl Fields<'_> {
    fn endpoint(&self, name: &'static str) -> Result<Option<Url>, DiscoveryError> {
        let url = match self.fields.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(value) => value.as_str().and_then(|text| Url::parse(text).ok()),
        };
        match url {
            Some(url) if self.issuer.may_use(&url) => Ok(Some(url)),
            Some(_) => Err(DiscoveryError::InsecureEndpoint(name)),
            None => Err(DiscoveryError::NoEndpoint(name)),
        }
    }

    fn flag(&self, name: &str) -> bool {
        self.fields.get(name) == Some(&Value::Bool(true))
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let list = self.fields.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// The start of a foreign text, for the log.
fn printable(text: &str) -> String {
    const MOST_CHARS: usize = 200;
    text.chars().filter(|character| !character.is_control()).take(MOST_CHARS).collect()
}
