//! A browser with its own loopback address. It uses TLS, with HTTP/1.1 or HTTP/2.

use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Certificate, Client, RequestBuilder, Response, redirect};

use crate::front::Front;

pub(crate) const ORIGIN: &str = "https://app.example.com";

/// Longer than any successful request takes.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http1,
    /// As browsers do if the proxy supports it.
    Http2,
}

#[derive(Clone)]
pub(crate) struct Browser {
    client: Client,
}

impl Browser {
    pub(crate) fn at(front: &Front, address: Ipv4Addr, speaks: Speaks) -> Self {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .local_address(Some(address.into()))
            .tls_certs_only([Certificate::from_pem(&front.certificate).unwrap()])
            .resolve("app.example.com", front.places.https);
        // Over HTTP/2, a proxy closes a connection after a thousand requests, and states which of the open ones it has
        // not processed (RFC 9113, section 6.8). The client repeats these, as browsers do.
        if speaks == Speaks::Http1 {
            builder = builder.http1_only().retry(reqwest::retry::never());
        }
        Self { client: builder.build().unwrap() }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{ORIGIN}{path}")).header(ACCEPT, "text/html")
    }

    /// A form. The caller adds the header about its site.
    pub(crate) fn post(&self, path: &str, body: String) -> RequestBuilder {
        let form = self.client.post(format!("{ORIGIN}{path}")).header(ACCEPT, "text/html");
        form.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
    }

    pub(crate) fn sign_in(&self, email: &str, password: &str) -> RequestBuilder {
        let form = format!("email={email}&password={password}");
        self.post("/api/sign-in", form).header("sec-fetch-site", "same-origin")
    }
}

/// The answer's status, or the error.
pub(crate) async fn status(request: RequestBuilder) -> String {
    match request.send().await {
        Ok(answer) => answer.status().as_u16().to_string(),
        Err(error) => format!("{error:?}"),
    }
}

pub(crate) fn location(answer: &Response) -> &str {
    answer.headers().get(LOCATION).map_or("", |value| value.to_str().unwrap())
}
