//! Gives every request what the layers and pages behind it look for.

use std::net::SocketAddr;
use std::sync::Arc;

use app::Site;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use ironleaf_auth::Caller;
use ironleaf_bff::Bff;

use crate::client_ip::ClientIp;

/// What every request carries.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) bff: Bff,
    pub(crate) site: Arc<Site>,
    pub(crate) client_ip: Arc<ClientIp>,
}

pub(crate) async fn provide(State(context): State<Context>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let client_ip = context.client_ip.of(peer, request.headers());
    let extensions = request.extensions_mut();
    extensions.insert(Caller { client_ip, ..Caller::default() });
    extensions.insert(context.bff);
    extensions.insert(context.site);
    next.run(request).await
}
