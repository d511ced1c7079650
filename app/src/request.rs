//! What a page and a server function take from the request they answer.

use std::sync::Arc;

use http::header::COOKIE;
use http::request::Parts;
use http::{HeaderValue, Method};
use ironleaf_bff::edge::{
    CspNonce, RequestId, after_cookies_tried, cookie_for_a_form, cookies_are_blocked, form_id,
    with_cookies_tried,
};
use ironleaf_bff::{
    Bff, CoreApi, Flash, FlashKind, MaybeUser, MissingLayer, Payload, Problem, ReturnTo, SignInLink,
    SignedOutReason, User, VerificationLink, page_of, session_cannot_be_checked,
};

use crate::Site;
use crate::document::Answer;
use crate::kept_form::{KEPT_FORMS, KeptForm};
use crate::messages::{Left, MESSAGE, Message};
use crate::place::{PLACE, Place};
use crate::routes::login_page;

/// The name of the cookie that remembers the theme. It is no secret and has no prefix.
pub(crate) const THEME_COOKIE: &str = "ironleaf-theme";

/// A request for a page, behind every layer.
pub struct PageRequest {
    parts: Parts,
    pub(crate) site: Arc<Site>,
    pub(crate) viewer: Option<User>,
}

impl PageRequest {
    /// # Errors
    ///
    /// [`MissingLayer`] where the route lacks the session layer or the site.
    pub fn new(parts: Parts) -> Result<Self, MissingLayer> {
        let site = parts.extensions.get::<Arc<Site>>().cloned().ok_or(MissingLayer("Site"))?;
        let MaybeUser(viewer) = MaybeUser::from_parts(&parts)?;
        Ok(Self { parts, site, viewer })
    }

    /// The same for a page about a problem: such a request may not have come as far as the session.
    pub(crate) fn for_problem(parts: Parts) -> Option<Self> {
        let site = parts.extensions.get::<Arc<Site>>().cloned()?;
        let viewer = MaybeUser::from_parts(&parts).ok().and_then(|MaybeUser(viewer)| viewer);
        Some(Self { parts, site, viewer })
    }

    /// Somebody is signed in, or came with a session of which nobody can tell: a sign-in would replace one that may well live.
    pub(crate) fn may_be_signed_in(&self) -> bool {
        self.viewer.is_some() || session_cannot_be_checked(&self.parts)
    }

    /// Nobody is signed in, or not any more: to the sign-in page, which says why, and back to `place`. While that cannot be
    /// told, they are asked to come back later.
    pub(crate) fn ask_to_log_in(&self, place: Option<&ReturnTo>) -> Answer {
        if session_cannot_be_checked(&self.parts) {
            return Answer::Problem(Problem::unavailable());
        }
        if let Some(reason) = SignedOutReason::from_parts(&self.parts) {
            self.leave_message(Message::SessionExpired(Some(reason)), "/login");
        }
        Answer::Redirect(login_page(place))
    }

    /// Whose page this is, for the forms on it.
    pub(crate) fn page_of(&self) -> Option<String> {
        page_of(&self.parts)
    }

    /// A number for the forms of this page.
    pub(crate) fn form_id(&self) -> Option<String> {
        form_id(&self.parts)
    }

    /// What a browser brings back with the form of this page, if it keeps cookies.
    pub(crate) fn cookie_for_a_form(&self) -> Option<HeaderValue> {
        cookie_for_a_form(self.parts.extensions.get()?, &self.parts.headers)
    }

    /// Where a link that leaves a cookie leads to: `path`, or an address that knows of it where the browser has not shown yet that it keeps
    /// cookies.
    pub(crate) fn led_by_cookie(&self, path: &str) -> Answer {
        let bff = self.parts.extensions.get::<Bff>();
        Answer::Redirect(
            bff.map_or_else(|| path.to_owned(), |bff| with_cookies_tried(bff, path, &self.parts.headers)),
        )
    }

    /// The address of a page to which a link has led, as soon as it is known that cookies come back: without what asked for them.
    pub(crate) fn after_cookies_tried(&self) -> Option<Answer> {
        let next = after_cookies_tried(&self.parts.uri, &self.parts.headers)?;
        ReturnTo::parse(&next).map(|place| Answer::Redirect(place.to_string()))
    }

    /// Whether this browser has asked for the e-mail that the link is from.
    pub(crate) fn asked_to_sign_in(&self, link: &SignInLink) -> bool {
        link.was_asked_for_by(&self.parts)
    }

    /// Whether this browser has asked for an e-mail that verifies an address.
    pub(crate) fn asked_to_verify(&self) -> bool {
        VerificationLink::was_asked_for_by(&self.parts)
    }

    /// What a page for signed-out people says to others: on to where they wanted to go.
    pub(crate) fn already_signed_in(&self) -> Answer {
        Answer::Redirect(self.return_to().map_or_else(|| "/".to_owned(), |place| place.to_string()))
    }

    /// A handle on the core API that speaks for the viewer.
    pub(crate) fn core_api(&self) -> Result<CoreApi, MissingLayer> {
        CoreApi::from_parts(&self.parts)
    }

    /// The path and query of this very request, to come back to.
    pub(crate) fn here(&self) -> Option<ReturnTo> {
        ReturnTo::parse(self.parts.uri.path_and_query()?.as_str())
    }

    /// The first value of a field of the query.
    pub(crate) fn query_field(&self, name: &str) -> Option<String> {
        let mut fields = url::form_urlencoded::parse(self.query().as_bytes());
        fields.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Where the query wants to come back to, if that is a place on this origin.
    pub(crate) fn return_to(&self) -> Option<ReturnTo> {
        self.query_field("return_to").and_then(|place| ReturnTo::parse(&place))
    }

    /// Where the person wanted to go before they asked for an e-mail.
    pub(crate) fn place(&self) -> Option<ReturnTo> {
        self.peek(&PLACE).map(|Place(place)| place)
    }

    /// The theme that the person chose, from its cookie.
    pub(crate) fn theme(&self) -> Option<Theme> {
        let cookies = self.parts.headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
        cookies.flat_map(|header| header.split(';')).find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            Theme::parse(value).filter(|_| name == THEME_COOKIE)
        })
    }

    pub(crate) fn nonce(&self) -> Option<&CspNonce> {
        self.parts.extensions.get()
    }

    pub(crate) fn request_id(&self) -> Option<&RequestId> {
        self.parts.extensions.get()
    }

    /// The message that the last request left for this page; it is shown once.
    pub(crate) fn take_message(&self) -> Option<Message> {
        let bff = self.parts.extensions.get::<Bff>();
        if bff.is_some_and(|bff| cookies_are_blocked(bff, &self.parts.uri, &self.parts.headers)) {
            return Some(Message::CookiesBlocked);
        }
        let message = self.peek(&MESSAGE)?.on(self.parts.uri.path())?;
        if self.is_shown() {
            self.clear(&MESSAGE);
        }
        Some(message)
    }

    pub(crate) fn leave_message(&self, message: Message, page: &str) {
        self.leave(&MESSAGE, &Left::for_page(message, page));
    }

    /// This page leads on to another, and its message goes along.
    pub(crate) fn pass_on_message(&self, page: &str) {
        if let Some(message) = self.take_message() {
            self.leave_message(message, page);
        }
    }

    /// Whether somebody sees the answer: it is a document that they went to, and not one that is fetched in case they will, or a look at
    /// its head (Fetch Metadata, `Sec-Purpose`).
    fn is_shown(&self) -> bool {
        let header = |name: &str| self.parts.headers.get(name).and_then(|value| value.to_str().ok());
        let in_advance = ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().filter_map(header);
        self.parts.method == Method::GET
            && header("sec-fetch-dest").is_none_or(|destination| destination == "document")
            && !in_advance
                .into_iter()
                .any(|purpose| purpose.contains("prefetch") || purpose.contains("preview"))
    }

    /// What was typed into this page's form before it came back.
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

    /// What an earlier request left for this page, which stays.
    pub(crate) fn peek<T: Payload>(&self, kind: &FlashKind<T>) -> Option<T> {
        self.flash()?.peek(kind)
    }

    /// What an earlier request left for the one page that somebody sees next.
    pub(crate) fn take<T: Payload>(&self, kind: &FlashKind<T>) -> Option<T> {
        if self.is_shown() { self.flash()?.take(kind) } else { self.peek(kind) }
    }

    /// Leaves something for a later request. `false` where there is no room for it.
    pub(crate) fn leave<T: Payload>(&self, kind: &FlashKind<T>, value: &T) -> bool {
        self.flash().is_some_and(|flash| flash.set(kind, value))
    }

    /// Takes back what an earlier request left.
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

/// The colours a person chose; nobody has to choose, the device decides then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Theme {
    /// The class on `<html>` and the value of the cookie.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Light, Self::Dark].into_iter().find(|theme| theme.class() == text)
    }
}
