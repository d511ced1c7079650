//! An answer as it left its replica.

use std::fmt;
use std::time::Duration;

use axum::body::Body;
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderValue, Response, StatusCode};

use super::jar::Applied;
use crate::glass::COOKIE_NAME;
use crate::replica::REASON_HEADER;

/// An answer as it left the replica.
pub(super) struct Received {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) cookies: Vec<String>,
    pub(super) body: Vec<u8>,
    pub(super) egress: Duration,
    pub(super) waited: Duration,
    pub(super) disturbed: bool,
}

impl Received {
    pub(super) async fn read(
        response: Response<Body>,
        egress: Duration,
        waited: Duration,
        disturbed: bool,
    ) -> Self {
        let (parts, body) = response.into_parts();
        let text = |value: &HeaderValue| value.to_str().map(str::to_owned).ok();
        let body = axum::body::to_bytes(body, 64 * 1024).await.map(Vec::from).unwrap_or_default();
        Self {
            status: parts.status,
            location: parts.headers.get(LOCATION).and_then(text),
            reason: parts.headers.get(REASON_HEADER).and_then(text),
            cookies: parts.headers.get_all(SET_COOKIE).iter().filter_map(text).collect(),
            body,
            egress,
            waited,
            disturbed,
        }
    }

    /// Whether it removes a session and sets none. A session that needs a different number of cookies is removed and
    /// set at once.
    pub(super) fn removes_session(&self) -> bool {
        let removes = self.cookies.iter().any(
            |line| matches!(Applied::read(line), Applied::Removed { name } if name.starts_with(COOKIE_NAME)),
        );
        removes && self.session_cookies().next().is_none()
    }

    /// The session cookies that it sets.
    pub(super) fn session_cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cookies.iter().filter_map(|line| match Applied::read(line) {
            Applied::Set { name, value } if name.starts_with(COOKIE_NAME) => Some((name, value)),
            _ => None,
        })
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status.as_u16())?;
        if let Some(reason) = &self.reason {
            write!(f, " to the sign-in page ({reason})")?;
        }
        for line in &self.cookies {
            match Applied::read(line) {
                Applied::Set { .. } => f.write_str(", sets the cookie")?,
                Applied::Removed { .. } => f.write_str(", removes the cookie")?,
                Applied::Ignored => {}
            }
        }
        Ok(())
    }
}
