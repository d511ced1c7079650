//! What a page needs from its request.

mod cookies;
mod people;
mod redirect;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{FromRequestParts as _, RawPathParams};
use http::header::USER_AGENT;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use ironleaf_bff::edge::{
    CspNonce, RequestId, after_cookies_tried, cookie_for_a_form, cookies_are_blocked, form_id,
    with_cookies_tried,
};
use ironleaf_bff::{
    AccountError, AccountFailure, Activity, ApiRequest, ApiResponse, Bff, CoreApi, Device, Flash, FlashKind,
    MaybeUser, MissingLayer, Passkey, Payload, PersonSessions, Problem, ProblemKind, Remember, ReturnTo,
    SecondFactorState, SignInLink, SignedOutReason, User, VerificationLink, page_of, passkeys,
    refresh_before_rendering, require_room_to_refresh, second_factor, session_cannot_be_checked, sessions,
    time_left,
};
use leptos::prelude::expect_context;

use crate::answer::Answer;
use crate::flashes::{KEPT_FORMS, KeptForm, Left, MESSAGE, Message, PLACE, Place, Said, clear_links};
use crate::guard::{Guard, Verdict};
use crate::language::Language;
use crate::links;
use crate::site::Site;
use crate::theme::Theme;

pub use cookies::language_of;
pub(crate) use cookies::{Bare, bare};

use cookies::theme;

/// A request for a page, inside every layer.
pub struct PageRequest {
    parts: Parts,
    params: Vec<(String, String)>,
    pub(crate) site: Arc<Site>,
    pub(crate) viewer: Option<User>,
    /// The theme that the person chose, from its cookie.
    pub(crate) theme: Option<Theme>,
    /// The language of the page.
    pub(crate) language: Language,
    /// Whether a form was rendered that needs cookies.
    has_form: AtomicBool,
    /// The status of the page and the time after which to try again, if it is not simply 200.
    status: OnceLock<(StatusCode, Option<Duration>)>,
    /// What the loader has to say on the page itself.
    message: OnceLock<Message>,
    /// Whether the page is for this request alone.
    is_for_this_request: AtomicBool,
}

impl PageRequest {
    /// # Errors
    ///
    /// [`MissingLayer`] if the route lacks the session layer or the site.
    pub(crate) async fn new(mut parts: Parts) -> Result<Self, MissingLayer> {
        let site = parts.extensions.get::<Arc<Site>>().cloned().ok_or(MissingLayer("Site"))?;
        let MaybeUser(viewer) = MaybeUser::from_parts(&parts)?;
        let params = RawPathParams::from_request_parts(&mut parts, &()).await;
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let params = params.map(|params| params.iter().map(owned).collect()).unwrap_or_default();
        Ok(Self { params, viewer, ..Self::of(parts, site) })
    }

    /// An empty request, for visiting the routes once at start.
    pub(crate) fn for_nothing() -> Self {
        Self::of(http::Request::new(()).into_parts().0, Arc::default())
    }

    fn of(parts: Parts, site: Arc<Site>) -> Self {
        let theme = theme(&parts.headers);
        let language = language_of(&parts.headers, &parts.extensions);
        Self {
            parts,
            params: Vec::new(),
            site,
            viewer: None,
            theme,
            language,
            has_form: AtomicBool::new(false),
            status: OnceLock::new(),
            message: OnceLock::new(),
            is_for_this_request: AtomicBool::new(false),
        }
    }

    /// The request of the current page, for components.
    ///
    /// # Panics
    ///
    /// Outside the rendering of a page.
    pub(crate) fn current() -> Arc<Self> {
        expect_context()
    }

    /// The same for the page of a problem, whose request may not have reached the session.
    pub(crate) fn for_problem(parts: Parts) -> Option<Self> {
        let site = parts.extensions.get::<Arc<Site>>().cloned()?;
        let viewer = MaybeUser::from_parts(&parts).ok().and_then(|MaybeUser(viewer)| viewer);
        Some(Self { viewer, ..Self::of(parts, site) })
    }

    /// A parameter of the path, such as `id` of `/orders/:id`, percent-decoded.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The person who is signed in, as their session knows them.
    ///
    /// # Errors
    ///
    /// A redirect to the sign-in page, and from there back here, if nobody is signed in.
    pub(crate) fn signed_in(&self) -> Result<User, Answer> {
        self.signed_in_or_back_to(self.here().as_ref())
    }

    /// Does the same, but comes back to `place`.
    pub(crate) fn signed_in_or_back_to(&self, place: Option<&ReturnTo>) -> Result<User, Answer> {
        self.viewer.clone().ok_or_else(|| self.ask_to_log_in(place))
    }

    /// The signed-in person, who has this role according to their session. It is as fresh as the last refresh; a call
    /// of [`current_user`](Self::current_user) before this one renews it if it is due. A page that needs the role from
    /// the first line on has a [`Guard`] on its route.
    ///
    /// # Errors
    ///
    /// As [`signed_in`](Self::signed_in), or the page that says that the person may not see this one (403).
    #[allow(dead_code, reason = "the pages of this application have guards; docs/adding-a-page.md shows it")]
    pub(crate) fn with_role(&self, role: &str) -> Result<User, Answer> {
        let person = self.signed_in()?;
        if person.has_role(role) { Ok(person) } else { Err(ProblemKind::Forbidden.into()) }
    }

    /// Lets only those go on whom the guard admits.
    ///
    /// # Errors
    ///
    /// As [`with_role`](Self::with_role); `Page not found` where the provider has nothing behind the guard.
    pub(crate) fn pass(&self, guard: Guard) -> Result<(), Answer> {
        match guard.verdict(&self.parts) {
            Verdict::Admitted => Ok(()),
            Verdict::Absent => Err(ProblemKind::NotFound.into()),
            Verdict::Refused => Err(ProblemKind::Forbidden.into()),
            Verdict::Stranger | Verdict::Unchecked => Err(self.ask_to_log_in(self.here().as_ref())),
        }
    }

    /// Checks that nobody is signed in.
    ///
    /// # Errors
    ///
    /// A redirect of a signed-in person to where they wanted to go.
    pub(crate) fn signed_out(&self) -> Result<(), Answer> {
        if self.viewer.is_none() {
            return Ok(());
        }
        Err(Answer::Redirect(self.return_to().map_or_else(|| "/".to_owned(), |place| place.to_string())))
    }

    /// The person as the core API knows them now.
    ///
    /// # Errors
    ///
    /// A redirect to the sign-in page, and from there back here, if the session is over; otherwise the page of a
    /// problem.
    pub(crate) async fn current_user(&mut self) -> Result<User, Answer> {
        let core_api = self.core_api().await?;
        let user = core_api.current_user().await.map_err(|error| self.answer_to(&core_api, &error))?;
        self.viewer = Some(user.clone());
        Ok(user)
    }

    /// The newest events of the viewer's account, newest first.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user).
    pub(crate) async fn activity(&mut self, limit: u32) -> Result<Vec<Activity>, Answer> {
        let core_api = self.core_api().await?;
        core_api.activity(limit).await.map_err(|error| self.answer_to(&core_api, &error))
    }

    /// Calls the core API for the viewer, see [`CoreApi::call`]. Every status is returned as an answer.
    ///
    /// # Errors
    ///
    /// A redirect to the sign-in page, and from there back here, if the session is over; otherwise the page of a
    /// problem.
    #[allow(
        dead_code,
        reason = "the pages of this application ask for the person alone; docs/adding-a-page.md shows it"
    )]
    pub(crate) async fn call(&mut self, request: ApiRequest) -> Result<ApiResponse, Answer> {
        let core_api = self.core_api().await?;
        core_api.call(request).await.map_err(|error| self.answer_to(&core_api, &error.into()))
    }

    /// The sessions of the signed-in person.
    ///
    /// # Errors
    ///
    /// A redirect to the sign-in page, and from there back here, if nobody is signed in; otherwise the page of a
    /// problem.
    pub(crate) async fn sessions(&self) -> Result<PersonSessions, Answer> {
        sessions(&self.parts).await.map_err(|failure| self.answer_to_failure(&failure))
    }

    /// Whether the signed-in person has a second step for their sign-ins.
    ///
    /// # Errors
    ///
    /// As [`sessions`](Self::sessions).
    pub(crate) async fn second_factor(&self) -> Result<SecondFactorState, Answer> {
        second_factor(&self.parts).await.map_err(|failure| self.answer_to_failure(&failure))
    }

    /// The passkeys of the signed-in person.
    ///
    /// # Errors
    ///
    /// As [`sessions`](Self::sessions).
    pub(crate) async fn passkeys(&self) -> Result<Vec<Passkey>, Answer> {
        passkeys(&self.parts).await.map_err(|failure| self.answer_to_failure(&failure))
    }

    /// The browser of this request.
    pub(crate) fn device(&self) -> Device {
        let user_agent = self.parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Device::of(user_agent.unwrap_or_default())
    }

    fn answer_to_failure(&self, failure: &AccountFailure) -> Answer {
        match failure {
            AccountFailure::SignedOut(_) => self.ask_to_log_in(self.here().as_ref()),
            AccountFailure::SessionTooLarge => ProblemKind::SessionTooLarge.into(),
            _ => Problem::unavailable().into(),
        }
    }

    /// Whether a new password ends every other session of the person at the back end. This is known once the person has
    /// been loaded.
    pub(crate) fn ends_other_sessions(&self) -> bool {
        CoreApi::from_parts(&self.parts).is_ok_and(|core_api| core_api.ends_other_sessions())
    }

    /// The answer to send when the core API has refused a call.
    fn answer_to(&self, core_api: &CoreApi, error: &AccountError) -> Answer {
        match error {
            AccountError::SignedOut => {
                let answer = self.ask_to_log_in(self.here().as_ref());
                // What has become known since the request arrived.
                if let Some(reason) = core_api.signed_out_reason() {
                    self.leave_message(Message::SessionExpired(Some(reason)), "/login");
                }
                answer
            }
            AccountError::Forbidden => ProblemKind::Forbidden.into(),
            error => {
                tracing::warn!(%error, path = self.parts.uri.path(), "a page cannot be shown");
                Problem::unavailable().into()
            }
        }
    }

    /// A handle that calls the core API for the viewer. If the access token is due, it is renewed first: once a byte is
    /// rendered, no cookie can be sent with the response. A page that does not use this handle works while the core API
    /// is down.
    ///
    /// # Errors
    ///
    /// The page of a problem, if there is neither a valid access token nor an answer of the provider.
    async fn core_api(&mut self) -> Result<CoreApi, Answer> {
        let bff = self.parts.extensions.get::<Bff>().cloned().ok_or(MissingLayer("Bff"))?;
        require_room_to_refresh(&self.parts.extensions)?;
        refresh_before_rendering(&bff, &mut self.parts.extensions).await?;
        Ok(CoreApi::from_parts(&self.parts)?)
    }

    /// Notes that a form was rendered that needs cookies. The browser gets a cookie, and whether it comes back shows
    /// whether the browser keeps cookies.
    pub(crate) fn note_form(&self) {
        self.has_form.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_form(&self) -> bool {
        self.has_form.load(Ordering::Relaxed)
    }

    /// Whether somebody is signed in, or came with a session that cannot be checked. A sign-in would replace that
    /// session, which may still be alive.
    pub(crate) fn may_be_signed_in(&self) -> bool {
        self.viewer.is_some() || session_cannot_be_checked(&self.parts)
    }

    /// For a request without a signed-in person: a redirect to the sign-in page, which says why, and from there back to
    /// `place`. While the session cannot be checked, the person is asked to come back later.
    pub(crate) fn ask_to_log_in(&self, place: Option<&ReturnTo>) -> Answer {
        if session_cannot_be_checked(&self.parts) {
            return Answer::Problem(Problem::unavailable());
        }
        if let Some(reason) = SignedOutReason::from_parts(&self.parts) {
            self.leave_message(Message::SessionExpired(Some(reason)), "/login");
        }
        Answer::Redirect(links::login(place))
    }

    /// Identifies whose page this is, for the forms on it.
    pub(crate) fn page_of(&self) -> Option<String> {
        page_of(&self.parts)
    }

    /// How long the viewer's session lasts at most, whatever they do.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.viewer.as_ref().and_then(|_| time_left(&self.parts))
    }

    /// A number for the forms of this page.
    pub(crate) fn form_id(&self) -> Option<String> {
        form_id(&self.parts.extensions)
    }

    /// The cookie that a browser sends back with the form of this page, if it keeps cookies.
    pub(crate) fn cookie_for_a_form(&self) -> Option<HeaderValue> {
        cookie_for_a_form(self.parts.extensions.get()?, &self.parts.headers)
    }

    /// Redirects after a link that left a cookie: to `path`, with a test in the query if the browser has not yet shown
    /// that it keeps cookies.
    pub(crate) fn led_by_cookie(&self, path: &str) -> Answer {
        let bff = self.parts.extensions.get::<Bff>();
        Answer::Redirect(
            bff.map_or_else(|| path.to_owned(), |bff| with_cookies_tried(bff, path, &self.parts.headers)),
        )
    }

    /// Redirects to the address without the test in the query, once the browser has sent the cookie back.
    pub(crate) fn after_cookies_tried(&self) -> Result<(), Answer> {
        let next = after_cookies_tried(&self.parts.uri, &self.parts.headers);
        match next.and_then(|next| ReturnTo::parse(&next)) {
            Some(place) => Err(Answer::Redirect(place.to_string())),
            None => Ok(()),
        }
    }

    /// Whether this browser has asked for the e-mail with this link.
    pub(crate) fn asked_to_sign_in(&self, link: &SignInLink) -> bool {
        link.was_asked_for_by(&self.parts)
    }

    /// What the person has said about being remembered when they asked for the e-mail with this link.
    pub(crate) fn remembered_by(&self, link: &SignInLink) -> Remember {
        link.remembered_by(&self.parts)
    }

    /// Whether this browser has asked for an e-mail that verifies an address.
    pub(crate) fn asked_to_verify(&self) -> bool {
        VerificationLink::was_asked_for_by(&self.parts)
    }

    /// The path and query of this request, for coming back. `None` if no page is there, because the address may contain
    /// anything.
    pub(crate) fn here(&self) -> Option<ReturnTo> {
        let uri = &self.parts.uri;
        // SECURITY: the address of that page has a code and a state in it, and nobody comes back to it.
        if self.site.has_page(uri.path()) && uri.path() != links::CALLBACK {
            ReturnTo::parse(uri.path_and_query()?.as_str())
        } else {
            None
        }
    }

    /// The first value of a field of the query.
    pub(crate) fn query_field(&self, name: &str) -> Option<String> {
        let mut fields = url::form_urlencoded::parse(self.query().as_bytes());
        fields.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The place to return to that the query names, if it is on this origin.
    pub(crate) fn return_to(&self) -> Option<ReturnTo> {
        self.query_field("return_to").and_then(|place| ReturnTo::parse(&place))
    }

    /// Where the person wanted to go before they asked for an e-mail.
    pub(crate) fn place(&self) -> Option<ReturnTo> {
        self.peek(&PLACE).map(|Place(place)| place)
    }

    /// The path and query, in the format of Leptos' router.
    pub(crate) fn path_and_query(&self) -> &str {
        self.parts.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    pub(crate) fn nonce(&self) -> Option<&CspNonce> {
        self.parts.extensions.get()
    }

    pub(crate) fn request_id(&self) -> Option<&RequestId> {
        self.parts.extensions.get()
    }

    /// The message that the last request left for this page. It is shown once.
    pub(crate) fn take_message(&self) -> Option<Said> {
        if let Some(message) = self.message.get() {
            let reference = self.request_id().filter(|_| self.status().0.is_server_error());
            return Some(Said { message: message.clone(), reference: reference.map(ToString::to_string) });
        }
        let bff = self.parts.extensions.get::<Bff>();
        if bff.is_some_and(|bff| cookies_are_blocked(bff, &self.parts.uri, &self.parts.headers)) {
            return Some(Message::CookiesBlocked.into());
        }
        let said = self.peek(&MESSAGE)?.on(self.parts.uri.path())?;
        if self.is_shown() {
            self.clear(&MESSAGE);
        }
        Some(said)
    }

    /// Shows a message on this page. The page is not kept for other strangers.
    pub(crate) fn say(&self, message: Message) {
        // Only the loader of a page says something, and once.
        let _ = self.message.set(message);
    }

    /// Sets the status of the page. The page is not kept for other strangers.
    pub(crate) fn answer_with(&self, status: StatusCode, retry_after: Option<Duration>) {
        // Only the loader of a page sets it, and once.
        let _ = self.status.set((status, retry_after));
    }

    pub(crate) fn status(&self) -> (StatusCode, Option<Duration>) {
        self.status.get().copied().unwrap_or((StatusCode::OK, None))
    }

    /// Keeps the page for nobody else, see [`SAME_FOR_STRANGERS`](crate::load::Load::SAME_FOR_STRANGERS).
    pub(crate) fn keep_for_nobody(&self) {
        self.is_for_this_request.store(true, Ordering::Relaxed);
    }

    /// Whether every other stranger may get the same page.
    pub(crate) fn may_be_kept(&self) -> bool {
        let is_usual = self.status.get().is_none() && self.message.get().is_none();
        is_usual && !self.is_for_this_request.load(Ordering::Relaxed)
    }

    /// Whether a message waits for this page.
    pub(crate) fn has_message(&self) -> bool {
        self.peek(&MESSAGE).is_some_and(|left| left.on(self.parts.uri.path()).is_some())
    }

    pub(crate) fn leave_message(&self, said: impl Into<Said>, page: &str) {
        self.leave(&MESSAGE, &Left::for_page(said.into(), page, |path| self.site.has_page(path)));
    }

    /// Passes the message of this page on to the next one.
    pub(crate) fn pass_on_message(&self, page: &str) {
        if let Some(said) = self.take_message() {
            self.leave_message(said, page);
        }
    }

    /// Whether a person sees the answer: it is a navigation to a document, not a prefetch or a `HEAD` request (Fetch
    /// Metadata, `Sec-Purpose`).
    pub(crate) fn is_shown(&self) -> bool {
        let header = |name: &str| self.parts.headers.get(name).and_then(|value| value.to_str().ok());
        let in_advance = ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().filter_map(header);
        self.parts.method == Method::GET
            && header("sec-fetch-dest").is_none_or(|destination| destination == "document")
            && !in_advance
                .into_iter()
                .any(|purpose| purpose.contains("prefetch") || purpose.contains("preview"))
    }

    /// What was typed into this page's form before the form was refused.
    pub(crate) fn take_form(&self) -> KeptForm {
        let taken = self.flash().and_then(|flash| {
            let mut forms = flash.peek(&KEPT_FORMS)?;
            let form = forms.take(self.parts.uri.path())?;
            if !self.is_shown() {
                return Some(form);
            }
            if forms.is_empty() {
                flash.clear(&KEPT_FORMS);
            } else {
                flash.set(&KEPT_FORMS, &forms);
            }
            Some(form)
        });
        taken.unwrap_or_default()
    }

    /// The value that an earlier request left for this page. It stays.
    pub(crate) fn peek<T: Payload>(&self, kind: &FlashKind<T>) -> Option<T> {
        self.flash()?.peek(kind)
    }

    /// The value that an earlier request left for the next page that a person sees. It is removed.
    pub(crate) fn take<T: Payload>(&self, kind: &FlashKind<T>) -> Option<T> {
        if self.is_shown() { self.flash()?.take(kind) } else { self.peek(kind) }
    }

    /// Stores a value for a later request. `false` if there is no space for it.
    pub(crate) fn leave<T: Payload>(&self, kind: &FlashKind<T>, value: &T) -> bool {
        self.flash().is_some_and(|flash| flash.set(kind, value))
    }

    /// Keeps an e-mailed link for its form, and no other one. `false` if there is no space for it.
    pub(crate) fn leave_link<T: Payload>(&self, kind: &FlashKind<T>, link: &T) -> bool {
        self.flash().is_some_and(|flash| {
            clear_links(flash);
            flash.set(kind, link)
        })
    }

    /// Removes the value that an earlier request left.
    pub(crate) fn clear<T: Payload>(&self, kind: &FlashKind<T>) {
        if let Some(flash) = self.flash() {
            flash.clear(kind);
        }
    }

    /// The query of the address, without its question mark.
    pub(crate) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    fn flash(&self) -> Option<&Flash> {
        self.parts.extensions.get()
    }
}

#[cfg(test)]
mod tests {
    use ironleaf_bff::Role;

    use super::*;

    fn request_of(viewer: Option<User>) -> PageRequest {
        PageRequest { viewer, ..PageRequest::for_nothing() }
    }

    #[test]
    fn a_page_for_a_role_is_shown_to_nobody_without_it() {
        let person = |roles: &[&str]| User {
            roles: roles.iter().map(|role| Role::new(*role)).collect(),
            ..User::new("1", "ada@test.com")
        };
        let admitted = request_of(Some(person(&["USER", "ADMIN"]))).with_role("ADMIN");
        assert_eq!(admitted.unwrap().id, "1");
        for roles in [&[][..], &["USER"], &["admin"], &["ADMINS"]] {
            let refused = request_of(Some(person(roles))).with_role("ADMIN");
            let problem = Problem::new(ProblemKind::Forbidden);
            assert!(matches!(refused, Err(Answer::Problem(found)) if found == problem), "{roles:?}");
        }
        let guest = request_of(None).with_role("ADMIN");
        assert!(matches!(guest, Err(Answer::Redirect(to)) if to == "/login"));
    }
}
