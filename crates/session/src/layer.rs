//! The middleware: it unseals the cookie of a request, and seals the cookie of its response if that is due.
//!
//! If a cookie was altered under a known key, the request is anonymous and the cookie is removed, with one warning that
//! does not contain its value. If the key or the version is unknown, the request is anonymous and the cookie is kept.
//! No cookie ever causes an error. In the response, the session is sealed if it changed, if its key is not the newest,
//! or if the last seal is older than the renewal threshold.

mod arrive;
mod depart;

use std::{
    fmt,
    marker::PhantomData,
    mem,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};

use http::{Request, Response, header::COOKIE};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    Clock, Flash, FlashCookie, Ledger, Payload, Random, Sealer, Session, SessionSettings, context::Context,
};

/// Gives every request inside it a [`Session<P>`] and a [`Flash`].
pub struct SessionLayer<P> {
    context: Arc<Context>,
    payload: PhantomData<fn() -> P>,
}

impl<P: Payload> SessionLayer<P> {
    /// A layer that seals with `sealer`.
    ///
    /// # Panics
    ///
    /// If [`SessionSettings::validate`] refuses the settings.
    pub fn new(sealer: Sealer, settings: SessionSettings, clock: Clock, random: Random) -> Self {
        if let Err(error) = settings.validate() {
            panic!("{error}");
        }
        let cookie_name = settings.full_cookie_name();
        let context =
            Context { sealer, settings, cookie_name, clock, random, ledger: None, flashes: Vec::new() };
        let context = Arc::new(context);
        Self { context, payload: PhantomData }
    }

    /// With a ledger, ended sessions stay ended, and older rotations never overwrite newer ones. Of two changes of one
    /// rotation, only the first response to leave is written.
    ///
    /// The ledger is asked once for each request with a session, and once for each cookie that is written.
    #[must_use]
    pub fn with_ledger(mut self, ledger: impl Ledger) -> Self {
        Arc::make_mut(&mut self.context).ledger = Some(Arc::new(ledger));
        self
    }

    /// Makes these flashes known by name, in addition to earlier ones. The layer can remove those that the browser
    /// holds if the session or a flash with more worth needs the space in the `Cookie` header. It cannot remove other
    /// cookies.
    #[must_use]
    pub fn with_flashes(mut self, flashes: &[FlashCookie]) -> Self {
        Arc::make_mut(&mut self.context).flashes.extend_from_slice(flashes);
        self
    }
}

impl<S, P> Layer<S> for SessionLayer<P> {
    type Service = SessionService<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService { inner, context: Arc::clone(&self.context), payload: PhantomData }
    }
}

impl<P> Clone for SessionLayer<P> {
    fn clone(&self) -> Self {
        Self { context: Arc::clone(&self.context), payload: PhantomData }
    }
}

impl<P> fmt::Debug for SessionLayer<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SessionLayer")
            .field("settings", &self.context.settings)
            .finish_non_exhaustive()
    }
}

/// The service that [`SessionLayer`] makes.
pub struct SessionService<S, P> {
    inner: S,
    context: Arc<Context>,
    payload: PhantomData<fn() -> P>,
}

impl<S: Clone, P> Clone for SessionService<S, P> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), context: Arc::clone(&self.context), payload: PhantomData }
    }
}

impl<S, P, RequestBody, ResponseBody> Service<Request<RequestBody>> for SessionService<S, P>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    P: Payload,
    RequestBody: Send + 'static,
    ResponseBody: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, task: &mut task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        // The service that was polled ready must be the one that is called.
        let unready = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, unready);
        let context = Arc::clone(&self.context);
        Box::pin(async move {
            let (mut state, present) = arrive::open::<P>(&context, request.headers());
            let learned = arrive::ask_ledger(&context, &mut state).await;
            let session = Session::new(Arc::clone(&context), state);
            let _in_flight = InFlight(session.clone());
            let cookies = request.headers().get_all(COOKIE).into_iter().cloned().collect();
            let flash = Flash::new(Arc::clone(&context), cookies);
            request.extensions_mut().extend(learned);
            request.extensions_mut().insert(session.clone());
            request.extensions_mut().insert(flash.clone());
            let mut response = inner.call(request).await?;
            depart::close(&context, &session, &flash, &present, &mut response).await;
            Ok(response)
        })
    }
}

/// A request without a response so far. If it is dropped, whoever waits for a session to leave is told so, although
/// tasks may still hold clones of the session.
struct InFlight<P: Payload>(Session<P>);

impl<P: Payload> Drop for InFlight<P> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl<S: fmt::Debug, P> fmt::Debug for SessionService<S, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SessionService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
