//! What the layers and pages read from every request.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use app::{PageHandler, Site};
use axum::extract::{ConnectInfo, Request};
use http::Method;
use http::header::USER_AGENT;
use ironleaf_auth::Caller;
use ironleaf_bff::Bff;
use ironleaf_proxy::Proxy;

use crate::client_ip::ClientIp;

/// The data that every request carries.
pub(crate) struct Context {
    pub(crate) bff: Bff,
    pub(crate) site: Arc<Site>,
    pub(crate) client_ip: ClientIp,
    /// Every page, by its path.
    pub(crate) pages: HashMap<&'static str, Arc<PageHandler>>,
    /// The paths to which forms are sent.
    pub(crate) forms: Vec<&'static str>,
    /// Answers what no page and no form does.
    pub(crate) proxy: Arc<Proxy>,
}

impl Context {
    /// Whether the request is sent to a server function.
    pub(crate) fn is_form(&self, request: &Request) -> bool {
        request.method() == Method::POST && self.forms.contains(&request.uri().path())
    }

    /// Whether the request comes from a page of another origin that may call the API at this path.
    ///
    /// SECURITY: never one for a form of ours, even if a route names the path as well.
    pub(crate) fn lets_in(&self, request: &Request) -> bool {
        !self.forms.contains(&request.uri().path()) && self.proxy.lets_in(request)
    }

    /// Adds the context to a request.
    pub(crate) fn given(&self, mut request: Request) -> Request {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let client_ip = self.client_ip.of(peer, request.headers());
        let user_agent = request.headers().get(USER_AGENT).and_then(Caller::short_user_agent);
        let extensions = request.extensions_mut();
        extensions.insert(Caller { client_ip, user_agent, ..Caller::default() });
        extensions.insert(self.bff.clone());
        extensions.insert(Arc::clone(&self.site));
        request
    }
}
