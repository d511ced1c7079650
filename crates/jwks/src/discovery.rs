//! The keys of an issuer, found by its metadata.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::Value;
use url::{Host, Url};

use crate::{FetchedKeys, KeySource, KeySourceError, key_set::LONGEST_BYTES};

/// How long one request may take. [`KeyCacheSettings::fetch_timeout`](crate::KeyCacheSettings::fetch_timeout) limits all
/// of them together.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The keys of an issuer, found by its metadata: OpenID Connect Discovery 1.0, or RFC 8414 if there is none.
///
/// The `issuer` in the metadata must be the one that was asked for, byte for byte. Where the keys are is remembered until
/// they cannot be fetched from there.
///
/// # Security
///
/// Everything is fetched over https. Plain http is accepted for loopback hosts only. Redirects are not followed.
#[derive(Debug)]
pub struct DiscoveredKeys {
    issuer: String,
    metadata: [Url; 2],
    client: Client,
    jwks_uri: Mutex<Option<Url>>,
}

impl DiscoveredKeys {
    /// For this issuer, such as `https://id.example.com/realms/main`.
    ///
    /// # Errors
    ///
    /// If the issuer is not an https URL without query and fragment, or TLS cannot be set up.
    pub fn new(issuer: impl Into<String>) -> Result<Self, KeySourceError> {
        let issuer = issuer.into();
        let metadata = metadata_urls(&issuer)?;
        let client = Client::builder().redirect(Policy::none()).timeout(TIMEOUT).build();
        let client = client.map_err(|error| KeySourceError::new(chain(&error)))?;
        Ok(Self { issuer, metadata, client, jwks_uri: Mutex::new(None) })
    }

    async fn keys_at(&self, known: Option<Url>) -> Result<(Url, FetchedKeys), KeySourceError> {
        let url = match known {
            Some(url) => url,
            None => self.discover().await?,
        };
        let response = self.get(&url).await?;
        let headers = response.headers().clone();
        let body = successful(&url, response).await?;
        Ok((url, FetchedKeys::from_response(&headers, body)))
    }

    /// Where the keys are.
    async fn discover(&self) -> Result<Url, KeySourceError> {
        let [openid, oauth] = &self.metadata;
        let mut response = self.get(openid).await?;
        let mut asked = openid;
        if response.status() == StatusCode::NOT_FOUND {
            response = self.get(oauth).await?;
            asked = oauth;
        }
        let body = successful(asked, response).await?;
        jwks_uri(&self.issuer, &body).map_err(|error| KeySourceError::new(format!("{asked}: {error}")))
    }

    async fn get(&self, url: &Url) -> Result<Response, KeySourceError> {
        self.client.get(url.clone()).send().await.map_err(|error| KeySourceError::new(chain(&error)))
    }

    fn remember(&self, jwks_uri: Option<Url>) -> Option<Url> {
        std::mem::replace(&mut *self.jwks_uri.lock().unwrap_or_else(PoisonError::into_inner), jwks_uri)
    }
}

#[async_trait]
impl KeySource for DiscoveredKeys {
    async fn fetch(&self) -> Result<FetchedKeys, KeySourceError> {
        // If this fails or is given up, the next fetch discovers again.
        let known = self.remember(None);
        let (url, keys) = self.keys_at(known).await?;
        self.remember(Some(url));
        Ok(keys)
    }
}

/// OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3.
fn metadata_urls(issuer: &str) -> Result<[Url; 2], KeySourceError> {
    let invalid = |reason: &str| KeySourceError::new(format!("the issuer {issuer:?} {reason}"));
    let url = Url::parse(issuer).map_err(|error| invalid(&format!("is not a URL: {error}")))?;
    if !is_safe(&url) {
        return Err(invalid("must begin with https://"));
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(invalid("must have neither a query, a fragment nor a user"));
    }
    let path = url.path().trim_end_matches('/');
    let at = |path: &str| {
        let mut url = url.clone();
        url.set_path(path);
        url
    };
    let openid = at(&format!("{path}/.well-known/openid-configuration"));
    Ok([openid, at(&format!("/.well-known/oauth-authorization-server{path}"))])
}

/// `jwks_uri` of the metadata, if it is that of the issuer.
fn jwks_uri(issuer: &str, metadata: &[u8]) -> Result<Url, String> {
    let metadata: Value = serde_json::from_slice(metadata).map_err(|error| format!("not JSON: {error}"))?;
    // SECURITY: otherwise one issuer could make tokens of another (RFC 8414 section 3.3).
    if metadata["issuer"] != issuer {
        return Err(format!("the issuer is {} and not {issuer:?}", metadata["issuer"]));
    }
    let text = metadata["jwks_uri"].as_str().ok_or("there is no `jwks_uri`")?;
    let url = Url::parse(text).map_err(|error| format!("`jwks_uri` is not a URL: {error}"))?;
    if is_safe(&url) { Ok(url) } else { Err(format!("`jwks_uri` must begin with https://, and is {text:?}")) }
}

fn is_safe(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback)
}

/// The body of an answer with status 200, if it is not too long.
async fn successful(url: &Url, mut response: Response) -> Result<Bytes, KeySourceError> {
    if response.status() != StatusCode::OK {
        return Err(KeySourceError::new(format!("{url} answered {}", response.status())));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| KeySourceError::new(chain(&error)))? {
        if body.len() + chunk.len() > LONGEST_BYTES {
            return Err(KeySourceError::new(format!("{url} answered with more than {LONGEST_BYTES} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The error with its causes, which reqwest leaves out of its own text.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
