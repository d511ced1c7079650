//! A form that was sent to a server function.

use std::sync::Arc;

use cookie::{CookieBuilder, SameSite};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use ironleaf_bff::edge::is_at_public_origin;
use ironleaf_bff::{
    AccountAbility, AccountError, ApiRequest, ApiResponse, Bff, CoreApi, Flash, FlashKind, MaybeUser,
    PasskeyRequest, Payload, Problem, ProblemKind, ReturnTo, SignedOutReason, User, other_than,
    session_cannot_be_checked,
};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};

use crate::browser_answer::BrowserAnswer;
use crate::error::AppError;
use crate::flashes::{KeptForm, Message, PLACE, Place};
use crate::language::Language;
use crate::links;
use crate::person;
use crate::refusal::{Mendable, Refusal};
use crate::request::language_of;
use crate::site::Site;
use crate::validation::{FieldProblem, FieldProblems};
use crate::wait::too_many_tries;

/// The answer of a server function that has succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Where to go now: a path of this origin, or an address of the provider that signs the person in or out.
    pub next: String,
    /// The message for the person, if any.
    pub message: Option<String>,
    /// What the script of the page asks the browser's authenticators for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// The same message for the page that `next` leads to.
    #[serde(skip)]
    pub(crate) left: Option<Message>,
}

/// What the script of a page asks the browser's authenticators for. Neither text is a secret: the answer takes a private key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    pub options: String,
    /// Goes back with the answer.
    pub state: String,
}

/// Fields that every form may have. They are read before the function runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct CommonFields {
    /// Identifies whose page the form was on, see [`page_of`](ironleaf_bff::page_of).
    pub(crate) page_of: Option<String>,
    /// Where the person wants to go afterwards.
    pub(crate) return_to: Option<ReturnTo>,
}

/// A form that was sent to a server function, and the page that it is on.
pub(crate) struct FormPost {
    parts: Parts,
    response: ResponseOptions,
    /// The language of the person who sent it.
    language: Language,
    /// The page that the form is on, with its query.
    page: String,
    return_to: Option<ReturnTo>,
    /// The typed values that may be shown again.
    values: Vec<(&'static str, String)>,
}

impl FormPost {
    /// The form of a page. `page` makes the link to that page. The request comes from the context that Leptos provides
    /// to every server function.
    ///
    /// # Errors
    ///
    /// `other_person` if the person who is signed in now is not the one whose page it was. Then the function must do
    /// nothing, and nothing that was typed is kept. A script that leaves `page_of` out acts for whoever is signed in.
    pub(crate) fn on(page: impl FnOnce(Option<&ReturnTo>) -> String) -> Result<Self, AppError> {
        let found = use_context::<Parts>().zip(use_context::<ResponseOptions>());
        let Some((parts, response)) = found else {
            tracing::error!("a server function ran outside a request");
            return Err(ProblemKind::Internal.into());
        };
        let CommonFields { page_of, return_to } = use_context().unwrap_or_default();
        let page = page(return_to.as_ref());
        let language = language_of(&parts.headers, &parts.extensions);
        let form = Self { parts, response, language, page, return_to, values: Vec::new() };
        match page_of.and_then(|page| other_than(&page, &form.parts)) {
            None => Ok(form),
            Some(other) => {
                let message = Message::NowSignedInAs(other.display_name().to_owned());
                Err(form.sent_elsewhere(StatusCode::CONFLICT, "other_person", message, "/account"))
            }
        }
    }

    /// The form of a page that leads nowhere else.
    pub(crate) fn on_page(page: &str) -> Result<Self, AppError> {
        Self::on(|_| page.to_owned())
    }

    /// Adds a field that is shown again if the form is refused. Never a password.
    pub(crate) fn keeping(mut self, name: &'static str, value: &str) -> Self {
        self.values.push((name, value.to_owned()));
        self
    }

    /// The same form, treated as if it were on another page.
    pub(crate) fn moved_to(self, page: &str) -> Self {
        Self { page: page.to_owned(), ..self }
    }

    /// The request, as the use cases of `ironleaf-bff` expect it.
    pub(crate) const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The person as the core API knows them now.
    ///
    /// # Errors
    ///
    /// Without an answer, the form is shown again. If the session is over, the person has to sign in first.
    #[allow(
        dead_code,
        reason = "the use cases of this application ask for it; docs/adding-a-page.md shows it"
    )]
    pub(crate) async fn current_user(&self) -> Result<User, AppError> {
        let core_api = CoreApi::from_parts(&self.parts)?;
        core_api.current_user().await.map_err(|error| self.refused_by(&core_api, &error))
    }

    /// Calls the core API for the person, see [`CoreApi::call`]. Every status is returned as an answer.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user).
    #[allow(dead_code, reason = "the use cases of this application call it; docs/adding-a-page.md shows it")]
    pub(crate) async fn call(&self, request: ApiRequest) -> Result<ApiResponse, AppError> {
        let core_api = CoreApi::from_parts(&self.parts)?;
        core_api.call(request).await.map_err(|error| self.refused_by(&core_api, &error.into()))
    }

    fn refused_by(&self, core_api: &CoreApi, error: &AccountError) -> AppError {
        match error {
            AccountError::SignedOut | AccountError::Gone => {
                self.refused(Refusal::SignedOut(core_api.signed_out_reason()))
            }
            AccountError::NotRecent => self.refused(Refusal::NotRecent),
            AccountError::Forbidden => {
                self.refused(Refusal::saying(StatusCode::FORBIDDEN, "forbidden", Message::NotAllowed))
            }
            error => {
                tracing::warn!(%error, page = self.page, "a form got no answer from the core API");
                self.refused(Refusal::unavailable())
            }
        }
    }

    pub(crate) const fn return_to(&self) -> Option<&ReturnTo> {
        self.return_to.as_ref()
    }

    /// The function has succeeded; go to `next`.
    pub(crate) fn done(&self, next: &str, message: Option<Message>) -> Done {
        let text = message.as_ref().map(|message| message.text(self.language).into_owned());
        Done { next: next.to_owned(), message: text, ask: None, left: message }
    }

    /// The script of the page asks the browser for a passkey. Without a script, it is that page again.
    pub(crate) fn asking(&self, page: &str, request: PasskeyRequest) -> Done {
        let PasskeyRequest { options, state } = request;
        let ask = Ask { options, state: state.expose().to_owned() };
        Done { ask: Some(ask), ..self.done(page, None) }
    }

    /// The function has succeeded; go where the person wanted to go, or home.
    pub(crate) fn done_and_back(&self, message: Option<Message>) -> Done {
        self.done(self.return_to().map_or("/", ReturnTo::as_str), message)
    }

    /// The function has failed. A script gets the error with its status. A browser goes back to the form, which shows
    /// what was typed and what is wrong with it.
    pub(crate) fn refused(&self, refusal: impl Into<Refusal>) -> AppError {
        match refusal.into() {
            Refusal::SignedOut(reason) => {
                let place = ReturnTo::parse(&self.page).filter(|place| place.as_str() != "/");
                let (to, message) = (links::login(place.as_ref()), Message::SessionExpired(reason));
                self.sent_elsewhere(StatusCode::UNAUTHORIZED, "signed_out", message, &to)
            }
            Refusal::NotRecent => {
                let to = links::confirm(ReturnTo::parse(&self.page).as_ref());
                let is_elsewhere = self.bff().is_some_and(|bff| bff.redirect_sign_in().is_some());
                let message = if is_elsewhere { Message::ConfirmElsewhere } else { Message::ConfirmFirst };
                self.sent_elsewhere(StatusCode::FORBIDDEN, "confirmation_required", message, &to)
            }
            Refusal::DeadLink => {
                let (status, message) = (StatusCode::UNPROCESSABLE_ENTITY, Message::PasswordLinkDead);
                self.sent_elsewhere(status, "invalid_token", message, &self.page_after_dead_link())
            }
            Refusal::Mendable(refusal) => {
                let browser = self.back(&refusal);
                self.error(refusal, browser)
            }
        }
    }

    /// Does the same without a message, for a page that finds its own words.
    pub(crate) fn refused_in_silence(&self, refusal: impl Into<Refusal>) -> AppError {
        match refusal.into() {
            Refusal::Mendable(refusal) => {
                let (page, kept) = (self.page.clone(), KeptForm::default());
                self.error(refusal, BrowserAnswer::Back { page, kept, message: None })
            }
            other => self.refused(other),
        }
    }

    fn back(&self, refusal: &Mendable) -> BrowserAnswer {
        if refusal.has_page() {
            let problem = Problem { kind: ProblemKind::TooManyRequests, retry_after: refusal.retry_after };
            let form = (self.page.clone(), self.kept(&refusal.problems));
            return BrowserAnswer::Problem { problem, form: Some(form) };
        }
        let kept = self.kept(&refusal.problems);
        BrowserAnswer::Back { page: self.page.clone(), kept, message: refusal.message.clone() }
    }

    fn error(&self, refusal: Mendable, browser: BrowserAnswer) -> AppError {
        let Mendable { status, code, message, problems, retry_after } = refusal;
        let language = self.language;
        let text = match (message, problems.first()) {
            (Some(Message::TooManyTries), _) if retry_after.is_some() => {
                retry_after.map(|wait| too_many_tries(wait, language)).unwrap_or_default().into()
            }
            (Some(message), _) => message.text(language),
            (None, Some((_, problem))) => problem.text(language).into(),
            (None, None) => Message::CheckFields.text(language),
        };
        let words = |problem: &FieldProblem| problem.text(language).to_owned();
        let fields = problems.iter().map(|(name, problem)| ((*name).to_owned(), words(problem)));
        let mut error = AppError { fields: fields.collect(), ..AppError::new(status, code, &text, browser) };
        error.http.retry_after = retry_after;
        error
    }

    fn sent_elsewhere(&self, status: StatusCode, code: &str, message: Message, to: &str) -> AppError {
        let text = message.text(self.language);
        // What one person typed must not be shown to another.
        let is_other = matches!(message, Message::NowSignedInAs(_));
        let kept = if is_other { KeptForm::default() } else { self.kept(&Vec::new()) };
        let browser = BrowserAnswer::Elsewhere { to: to.to_owned(), kept, message };
        AppError { next: Some(to.to_owned()), ..AppError::new(status, code, &text, browser) }
    }

    /// Where somebody can ask for another link. Whoever is signed in has no such page, and no need of one.
    fn page_after_dead_link(&self) -> String {
        match MaybeUser::from_parts(&self.parts) {
            Ok(MaybeUser(Some(_))) => "/account".to_owned(),
            _ => links::reset_password(None),
        }
    }

    fn kept(&self, problems: &FieldProblems) -> KeptForm {
        let path = self.page.split('?').next().unwrap_or_default();
        KeptForm::new(path, &self.values, problems)
    }

    /// A person has just signed in. What another person left in this browser must not reach them.
    pub(crate) fn welcome(&self) {
        person::welcome(&self.parts);
    }

    /// The person leaves this browser to others.
    pub(crate) fn forget_person(&self) {
        person::forget(&self.parts);
    }

    /// The next sign-in at the provider begins with a click.
    pub(crate) fn ask_before_leaving(&self) {
        person::ask_before_leaving(&self.parts);
    }

    /// The same form, if the provider offers this for accounts.
    ///
    /// # Errors
    ///
    /// `not_found`: with this provider, nobody can send it.
    pub(crate) fn with(self, ability: AccountAbility) -> Result<Self, AppError> {
        if self.offers(ability) { Ok(self) } else { Err(ProblemKind::NotFound.into()) }
    }

    /// The same form, if the provider may offer a second step. A process that has just started has not asked the API yet,
    /// and a form that was filled in must not be lost for that.
    ///
    /// # Errors
    ///
    /// As [`with`](Self::with).
    pub(crate) fn with_second_factor(self) -> Result<Self, AppError> {
        let may_have_it = self.bff().is_some_and(Bff::may_have_second_factor);
        if may_have_it { Ok(self) } else { Err(ProblemKind::NotFound.into()) }
    }

    /// Whether the provider offers this for accounts.
    pub(crate) fn offers(&self, ability: AccountAbility) -> bool {
        self.bff().is_some_and(|bff| bff.offers(ability))
    }

    /// The same form, if people sign in here and not by a redirect to the provider.
    ///
    /// # Errors
    ///
    /// As [`with`](Self::with).
    pub(crate) fn with_sign_in_here(self) -> Result<Self, AppError> {
        let is_here = self.bff().is_some_and(|bff| bff.redirect_sign_in().is_none());
        if is_here { Ok(self) } else { Err(ProblemKind::NotFound.into()) }
    }

    /// The same form, if people sign in by a redirect to the provider.
    ///
    /// # Errors
    ///
    /// As [`with`](Self::with).
    pub(crate) fn with_redirect(self) -> Result<Self, AppError> {
        let is_elsewhere = self.bff().is_some_and(|bff| bff.redirect_sign_in().is_some());
        if is_elsewhere { Ok(self) } else { Err(ProblemKind::NotFound.into()) }
    }

    /// The address of the form's page under the public origin, if the form was sent under another host. The browser comes
    /// back to the public origin, and does not send it the cookie of an attempt that begins elsewhere.
    pub(crate) fn page_at_public_origin(&self) -> Option<String> {
        let bff = self.bff().filter(|bff| !is_at_public_origin(bff, &self.parts))?;
        Some(bff.address_of(&self.page))
    }

    /// The signed-in person, who has this role according to their session. It is as fresh as the last refresh; a call
    /// of [`current_user`](Self::current_user) before this one renews it if it is due.
    ///
    /// # Errors
    ///
    /// `forbidden` without the role. If nobody is signed in, the person has to sign in first.
    #[allow(
        dead_code,
        reason = "the functions of this application have guards; docs/adding-a-page.md shows it"
    )]
    pub(crate) fn with_role(&self, role: &str) -> Result<User, AppError> {
        if let Some(refusal) = self.nobody_signed_in() {
            return Err(self.refused(refusal));
        }
        let MaybeUser(person) = MaybeUser::from_parts(&self.parts)?;
        self.holding(person, role)
    }

    /// The person, if they have this role.
    fn holding(&self, person: Option<User>, role: &str) -> Result<User, AppError> {
        let person = person.filter(|person| person.has_role(role));
        let refusal = || Refusal::saying(StatusCode::FORBIDDEN, "forbidden", Message::NotAllowed);
        person.ok_or_else(|| self.refused(refusal()))
    }

    /// Why the form of a signed-in person is refused, if nobody is signed in according to the session.
    pub(crate) fn nobody_signed_in(&self) -> Option<Refusal> {
        match MaybeUser::from_parts(&self.parts) {
            Ok(MaybeUser(Some(_))) => None,
            _ if session_cannot_be_checked(&self.parts) => Some(Refusal::unavailable()),
            _ => Some(Refusal::SignedOut(SignedOutReason::from_parts(&self.parts))),
        }
    }

    /// The address of a path of this application, for the provider.
    pub(crate) fn address_of(&self, path: &str) -> String {
        self.bff().map(|bff| bff.address_of(path)).unwrap_or_default()
    }

    fn bff(&self) -> Option<&Bff> {
        self.parts.extensions.get()
    }

    /// Where the person wanted to go before they asked for an e-mail.
    pub(crate) fn place(&self) -> Option<ReturnTo> {
        self.peek(&PLACE).map(|Place(place)| place)
    }

    /// Keeps where the person wanted to go, while they wait for an e-mail.
    pub(crate) fn keep_place(&self) {
        match self.return_to().cloned().and_then(Place::kept) {
            Some(place) => {
                self.leave(&PLACE, &place);
            }
            None => self.clear(&PLACE),
        }
    }

    /// Whether browsers reach this application over TLS.
    fn is_https(&self) -> bool {
        self.parts.extensions.get::<Arc<Site>>().is_some_and(|site| site.is_https)
    }

    /// Stores what the person has chosen for all pages, which is not secret.
    ///
    /// # Errors
    ///
    /// `internal` if the cookie is malformed.
    pub(crate) fn set_preference(&self, cookie: CookieBuilder<'static>) -> Result<(), AppError> {
        let cookie = cookie.path("/").same_site(SameSite::Lax).http_only(true).secure(self.is_https());
        let cookie = HeaderValue::try_from(cookie.build().to_string()).map_err(|_| ProblemKind::Internal)?;
        self.response.append_header(http::header::SET_COOKIE, cookie);
        Ok(())
    }

    /// The value that an earlier request left. It stays.
    pub(crate) fn peek<T: Payload>(&self, kind: &FlashKind<T>) -> Option<T> {
        self.flash()?.peek(kind)
    }

    pub(crate) fn clear<T: Payload>(&self, kind: &FlashKind<T>) {
        if let Some(flash) = self.flash() {
            flash.clear(kind);
        }
    }

    /// `false` if there is no space for it.
    pub(crate) fn leave<T: Payload>(&self, kind: &FlashKind<T>, value: &T) -> bool {
        self.flash().is_some_and(|flash| flash.set(kind, value))
    }

    fn flash(&self) -> Option<&Flash> {
        self.parts.extensions.get()
    }
}

#[cfg(test)]
mod tests {
    use ironleaf_bff::Role;

    use super::*;

    fn form() -> FormPost {
        let parts = http::Request::new(()).into_parts().0;
        let page = "/reports?month=5".to_owned();
        let response = ResponseOptions::default();
        FormPost { parts, response, language: Language::ENGLISH, page, return_to: None, values: Vec::new() }
    }

    #[test]
    fn a_form_for_a_role_does_nothing_for_anybody_without_it() {
        let person = |roles: &[&str]| User {
            roles: roles.iter().map(|role| Role::new(*role)).collect(),
            ..User::new("1", "ada@test.com")
        };
        let admitted = form().holding(Some(person(&["USER", "ADMIN"])), "ADMIN");
        assert_eq!(admitted.unwrap().id, "1");
        for roles in [&[][..], &["USER"], &["admin"], &["ADMIN "], &["ADMINS"]] {
            let refused = form().holding(Some(person(roles)), "ADMIN").unwrap_err();
            assert_eq!((refused.http.status, refused.code.as_str()), (StatusCode::FORBIDDEN, "forbidden"));
            assert_eq!(refused.message, Message::NotAllowed.text(Language::ENGLISH), "{roles:?}");
            assert_eq!(refused.next, None, "they are told, and stay signed in");
        }
    }

    #[test]
    fn a_form_for_a_role_sends_whoever_is_signed_out_to_sign_in_and_back() {
        let refused = form().with_role("ADMIN").unwrap_err();
        assert_eq!((refused.http.status, refused.code.as_str()), (StatusCode::UNAUTHORIZED, "signed_out"));
        assert_eq!(refused.next, Some(links::login(ReturnTo::parse("/reports?month=5").as_ref())));
    }
}
