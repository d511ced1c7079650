use std::fmt;

use axum::extract::Request;
use axum::response::Response;
use http::HeaderValue;
use tracing::Instrument;

use crate::Bff;

/// Names one request in the log, in the `x-request-id` header and on an error page, so that a person can quote it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    id: [u8; 8],
    /// The random bytes for what else is new in each answer. All of them are drawn at once, because each call of the
    /// operating system costs as much as a tenth of a kept page.
    nonce: [u8; 16],
    form_id: [u8; 16],
}

impl RequestId {
    fn new(bff: &Bff) -> Self {
        let (mut id, mut nonce, mut form_id) = ([0; 8], [0; 16], [0; 16]);
        let mut bytes = [0; 40];
        bff.fill_random(&mut bytes);
        let (first, rest) = bytes.split_at(id.len());
        id.copy_from_slice(first);
        let (second, third) = rest.split_at(nonce.len());
        nonce.copy_from_slice(second);
        form_id.copy_from_slice(third);
        Self { id, nonce, form_id }
    }

    /// The bytes of the nonce of this request's page.
    pub(super) const fn nonce(&self) -> [u8; 16] {
        self.nonce
    }

    /// The bytes of the number of the forms of this request's page.
    pub(super) const fn form_id(&self) -> [u8; 16] {
        self.form_id
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 16];
        hex::encode_to_slice(self.id, &mut digits).map_err(|_| fmt::Error)?;
        f.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The path, up to the first byte that no path here contains. A query may begin there, in any encoding.
pub(super) fn shown(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    match path.bytes().position(|byte| !is_plain(byte)) {
        Some(end) => format!("{}...", &path[..end]),
        None => path.to_owned(),
    }
}

/// Opens the span of a request and writes its one log line: method, path, status, time.
///
/// The query string is left out, because the one-time token of an e-mailed link arrives in it. The path is cut where it
/// no longer fits our pages, because a mail program may have escaped the `?`.
pub async fn trace_request<F>(bff: &Bff, mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let id = RequestId::new(bff);
    let span = tracing::info_span!("request", %id);
    let method = request.method().clone();
    let path = shown(request.uri().path());
    request.extensions_mut().insert(id);
    let started = tokio::time::Instant::now();
    async move {
        let mut response = next(request).await;
        if let Ok(value) = HeaderValue::try_from(id.to_string()) {
            response.headers_mut().insert("x-request-id", value);
        }
        let status = response.status().as_u16();
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        if status == 500 {
            tracing::error!(%method, path, status, micros, "answered");
        } else {
            tracing::info!(%method, path, status, micros, "answered");
        }
        response
    }
    .instrument(span)
    .await
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_path_is_shown_up_to_where_a_query_may_begin() {
        for path in ["/", "/account/delete", "/.well-known/change-password", "/pkg/a-b_c.0~1.js", ""] {
            assert_eq!(shown(path), path);
        }
        for path in [
            "/login%3Femail=a@b.c",
            "/login%253femail",
            "/login&email=a",
            "/login;token",
            "/login=",
            "/login@",
            "/login\u{ff1f}token",
            "/login'",
        ] {
            assert_eq!(shown(path), "/login...", "{path}");
        }
    }
}
