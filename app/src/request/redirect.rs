//! Sign-in by a redirect to the provider.

use http::Method;
use ironleaf_bff::edge::is_at_public_origin;
use ironleaf_bff::{
    AccountAbility, Bff, ProblemKind, RedirectEnd, RedirectQuery, RedirectSignIn, Remember, ReturnTo,
    SignInFailure, finish_redirect, is_back_from_sign_out, start_redirect,
};

use super::PageRequest;
use crate::answer::Answer;
use crate::links;
use crate::onward::Onward;
use crate::person;

impl PageRequest {
    /// How people sign in at the provider, if they do.
    pub(crate) fn redirect_sign_in(&self) -> Option<RedirectSignIn> {
        self.bff().and_then(Bff::redirect_sign_in).cloned()
    }

    /// Whether the provider offers this for accounts.
    pub(crate) fn offers(&self, ability: AccountAbility) -> bool {
        self.bff().is_some_and(|bff| bff.offers(ability))
    }

    /// Checks that the provider offers this for accounts.
    ///
    /// # Errors
    ///
    /// `Page not found`: without it there is nothing to do on this page.
    pub(crate) fn with(&self, ability: AccountAbility) -> Result<(), Answer> {
        if self.offers(ability) { Ok(()) } else { Err(ProblemKind::NotFound.into()) }
    }

    /// Begins a sign-in, and returns the address at the provider, or that of this page under the public origin if the
    /// request came under another host: the cookie of the attempt would not come back.
    pub(crate) async fn start_redirect(&self, place: Option<&ReturnTo>) -> Result<String, SignInFailure> {
        if let Some(bff) = self.bff().filter(|bff| !is_at_public_origin(bff, &self.parts)) {
            return Ok(bff.address_of(self.path_and_query()));
        }
        let callback = self.bff().map(|bff| bff.address_of(links::CALLBACK)).unwrap_or_default();
        // Nobody was asked.
        start_redirect(&self.parts, &callback, place, Remember::Yes).await
    }

    /// The page that leads to an address at the provider.
    pub(crate) fn onward(&self, url: String) -> Onward {
        Onward::to_site(url, &self.parts)
    }

    /// Ends the sign-in that this request comes back from.
    ///
    /// # Errors
    ///
    /// SECURITY: the page of a problem if no person sees the answer. What only looks at an address, such as a `HEAD`
    /// request, a prefetch, an image or a frame, uses up no code and signs nobody in.
    pub(crate) async fn finish_redirect(&self) -> Result<RedirectEnd, Answer> {
        if self.parts.method == Method::HEAD {
            return Err(ProblemKind::MethodNotAllowed.into());
        }
        if !self.is_shown() {
            return Err(ProblemKind::BadRequest.into());
        }
        let query = RedirectQuery::parse(self.query());
        let end = finish_redirect(&self.parts, query.answer()).await;
        match end.outcome {
            Ok(()) => person::welcome(&self.parts),
            Err(_) => self.ask_before_leaving(),
        }
        Ok(end)
    }

    /// Whether this request comes back from a sign-out of this browser at the provider. It is `true` once.
    pub(crate) fn is_back_from_sign_out(&self) -> bool {
        let state = self.query_field("state").unwrap_or_default();
        self.is_shown() && is_back_from_sign_out(&self.parts, &state)
    }

    /// The next sign-in at the provider begins with a click.
    pub(crate) fn ask_before_leaving(&self) {
        person::ask_before_leaving(&self.parts);
    }

    pub(super) fn bff(&self) -> Option<&Bff> {
        self.parts.extensions.get()
    }
}
