//! The service.

use std::{
    mem,
    sync::Arc,
    task::{self, Poll},
};

use http::{Request, Response, header::AUTHORIZATION};
use tower_service::Service;

use super::{bearer, future::ResponseFuture, policy::Policy};

/// The service that [`RequireAccessToken`](crate::RequireAccessToken) makes.
#[derive(Clone, Debug)]
pub struct RequireAccessTokenService<S> {
    inner: S,
    policy: Arc<Policy>,
}

impl<S> RequireAccessTokenService<S> {
    pub(super) fn new(inner: S, policy: Arc<Policy>) -> Self {
        Self { inner, policy }
    }
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for RequireAccessTokenService<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    RequestBody: Send + 'static,
    ResponseBody: Default + Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, task: &mut task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        // The service that was polled ready must be the one that is called.
        let unready = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, unready);
        let policy = Arc::clone(&self.policy);
        let token = bearer::token(request.headers(), request.uri());
        if let Some(line) = request.headers_mut().get_mut(AUTHORIZATION) {
            line.set_sensitive(true);
        }
        ResponseFuture::new(async move {
            let admitted = match token {
                Ok(token) => policy.admit(&token).await,
                Err(refusal) => Err(refusal),
            };
            match admitted {
                Ok(token) => {
                    request.extensions_mut().insert(token);
                    inner.call(request).await
                }
                Err(refusal) => Ok(policy.refuse(refusal)),
            }
        })
    }
}
