//! How a server function answers: JSON for a script, a redirect with a message for a browser.

use std::sync::Arc;

use http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use ironleaf_bff::edge::note_done;
use ironleaf_bff::{
    Flash, FlashKind, MaybeUser, Payload, ProblemKind, ReturnTo, SIGN_IN_LINK, VERIFICATION_LINK, other_than,
};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::Site;
use crate::error::AppError;
use crate::kept_form::{KEPT_FORMS, KeptForm, KeptForms, PERSON, Person};
use crate::messages::{Left, MESSAGE, Message};
use crate::pages::VERIFIED;
use crate::place::{PLACE, Place};
use crate::routes::{confirm_page, login_page};
use crate::validation::FieldProblems;
use crate::wait::{try_again, whole_secs};

/// Whether the client asked for JSON, kept from before Leptos was told so.
#[derive(Debug, Clone, Copy)]
pub(super) struct WantsJson(pub(super) bool);

/// What a server function answers when it did what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Where to go now.
    pub next: String,
    /// What to tell the person, if anything.
    pub message: Option<String>,
}

/// One form that was sent to a server function.
pub(super) struct FormPost {
    parts: Parts,
    response: ResponseOptions,
    wants_json: bool,
    /// The page that the form is on, with its query.
    page: String,
    /// What was typed and may be shown again.
    values: Vec<(&'static str, String)>,
}

impl FormPost {
    /// The form of `page`, from the context that Leptos provides to every server function.
    pub(super) fn from_context(page: impl Into<String>) -> Result<Self, AppError> {
        let found = use_context::<Parts>().zip(use_context::<ResponseOptions>());
        let Some((parts, response)) = found else {
            tracing::error!("a server function ran outside a request");
            return Err(ProblemKind::Internal.into());
        };
        let wants_json = parts.extensions.get::<WantsJson>().is_some_and(|wants| wants.0);
        Ok(Self { parts, response, wants_json, page: page.into(), values: Vec::new() })
    }

    /// A field that the form shows again when it comes back. Never a password.
    pub(super) fn keeping(mut self, name: &'static str, value: &str) -> Self {
        self.values.push((name, value.to_owned()));
        self
    }

    /// Whose page the form was on, as its field says. Where somebody else is signed in by now, nothing is done, and nothing that was
    /// typed is kept. A script that leaves the field out speaks for whoever is signed in.
    pub(super) fn of(self, page_of: Option<&str>) -> Result<Self, AppError> {
        match page_of.and_then(|page| other_than(page, &self.parts)) {
            None => Ok(self),
            Some(other) => {
                let message = Message::NowSignedInAs(other.display_name().to_owned());
                let form = Self { values: Vec::new(), ..self };
                Err(form.sent_elsewhere(StatusCode::CONFLICT, "other_person", &message, "/account"))
            }
        }
    }

    /// The same for another page.
    pub(super) fn on_page(self, page: &str) -> Self {
        Self { page: page.to_owned(), ..self }
    }

    pub(super) const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Somebody has just signed in: what another person left in this browser is not for them.
    pub(super) fn welcome(&self) {
        // SECURITY: a link that was opened and not used would sign in whoever signs out here next.
        self.clear(&SIGN_IN_LINK);
        self.clear(&PLACE);
        let Ok(MaybeUser(Some(user))) = MaybeUser::from_parts(&self.parts) else { return };
        // Where nobody remembers whose it was, it may be anybody's.
        if self.peek(&PERSON).is_none_or(|Person(last)| last != user.id) {
            self.clear(&KEPT_FORMS);
        }
        self.leave(&PERSON, &Person(user.id));
    }

    /// Somebody leaves this browser to others.
    pub(super) fn forget_person(&self) {
        self.clear(&SIGN_IN_LINK);
        self.clear(&VERIFICATION_LINK);
        self.clear(&VERIFIED);
        self.clear(&PLACE);
        self.clear(&KEPT_FORMS);
    }

    /// Where the person wanted to go before they asked for an e-mail.
    pub(super) fn place(&self) -> Option<ReturnTo> {
        self.peek(&PLACE).map(|Place(place)| place)
    }

    /// It is done; go to `next`.
    pub(super) fn done(self, next: &str, message: Option<Message>) -> Done {
        note_done(&self.parts);
        let text = message.as_ref().map(|message| message.text().into_owned());
        if let Some(message) = message {
            // A script goes to `next` as well, and the message with it.
            self.leave_message(message, next);
        }
        if !self.wants_json {
            self.redirect(next);
        }
        Done { next: next.to_owned(), message: text }
    }

    /// It is not done. A script gets the error with its status; a browser goes back to the form, which shows what was
    /// typed and what is wrong with it.
    pub(super) fn refused(self, refusal: Refusal) -> AppError {
        if !self.wants_json {
            let message = refusal.message.clone().filter(|_| !refusal.has_page());
            let is_said = message.is_some() || refusal.has_page();
            if let Some(message) = message {
                self.leave_message(message, &self.page);
            }
            if !self.keep(&refusal.problems) && !is_said {
                self.leave_message(Message::CheckFields, &self.page);
            }
        }
        self.answered(refusal)
    }

    /// The same where the page finds by itself what to say.
    pub(super) fn answered(self, refusal: Refusal) -> AppError {
        let has_page = refusal.has_page();
        let Refusal { status, code, message, problems, retry_after } = refusal;
        if self.wants_json || has_page {
            self.response.set_status(status);
            if let Some(wait) = retry_after {
                self.response.insert_header(RETRY_AFTER, HeaderValue::from(whole_secs(wait)));
            }
        }
        if !self.wants_json && !has_page {
            self.redirect(&self.page);
        }
        if !self.wants_json && has_page {
            // For the page that stands in for the form, see `problem_of`.
            self.lead_to(&self.page);
        }
        let text = match (message, problems.first()) {
            (Some(Message::TooManyTries), _) if retry_after.is_some() => retry_after
                .map(|wait| format!("Too many attempts. {}", try_again(wait)))
                .unwrap_or_default()
                .into(),
            (Some(message), _) => message.text(),
            (None, Some((_, problem))) => problem.text().into(),
            (None, None) => Message::CheckFields.text(),
        };
        let fields = problems.iter().map(|(name, problem)| ((*name).to_owned(), problem.text().to_owned()));
        AppError { fields: fields.collect(), ..AppError::new(code, &text) }
    }

    /// It is not done, and there is something to do elsewhere first. What was typed is there when the person comes back.
    pub(super) fn sent_elsewhere(
        self,
        status: StatusCode,
        code: &str,
        message: &Message,
        to: &str,
    ) -> AppError {
        let text = message.text();
        self.leave_message(message.clone(), to);
        self.keep(&FieldProblems::new());
        if self.wants_json {
            self.response.set_status(status);
        } else {
            self.redirect(to);
        }
        AppError { next: Some(to.to_owned()), ..AppError::new(code, &text) }
    }

    /// To the sign-in page and back here.
    pub(super) fn signed_out(self, message: &Message) -> AppError {
        let place = ReturnTo::parse(&self.page).filter(|place| place.as_str() != "/");
        let to = login_page(place.as_ref());
        self.sent_elsewhere(StatusCode::UNAUTHORIZED, "signed_out", message, &to)
    }

    /// To the page that asks for the password, and back here.
    pub(super) fn unconfirmed(self) -> AppError {
        let to = confirm_page(ReturnTo::parse(&self.page).as_ref());
        self.sent_elsewhere(StatusCode::FORBIDDEN, "confirmation_required", &Message::ConfirmFirst, &to)
    }

    /// Whether browsers reach this application over TLS.
    pub(super) fn is_https(&self) -> bool {
        self.parts.extensions.get::<Arc<Site>>().is_some_and(|site| site.is_https)
    }

    pub(super) fn set_cookie(&self, cookie: HeaderValue) {
        self.response.append_header(SET_COOKIE, cookie);
    }

    /// What an earlier request left, which stays.
    pub(super) fn peek<T: Payload>(&self, kind: &FlashKind<T>) -> Option<T> {
        self.flash()?.peek(kind)
    }

    pub(super) fn clear<T: Payload>(&self, kind: &FlashKind<T>) {
        if let Some(flash) = self.flash() {
            flash.clear(kind);
        }
    }

    /// `false` where there is no room for it.
    pub(super) fn leave<T: Payload>(&self, kind: &FlashKind<T>, value: &T) -> bool {
        self.flash().is_some_and(|flash| flash.set(kind, value))
    }

    fn leave_message(&self, message: Message, page: &str) {
        self.leave(&MESSAGE, &Left::for_page(message, page));
    }

    /// Keeps what was typed, or where there is no room for it at least what is wrong with it. `false` where that is lost as well.
    fn keep(&self, problems: &FieldProblems) -> bool {
        if self.values.is_empty() && problems.is_empty() {
            return true;
        }
        let mut forms = self.peek(&KEPT_FORMS).unwrap_or_default();
        forms.keep(KeptForm::new(self.page_path(), &self.values, problems));
        if self.leave(&KEPT_FORMS, &forms) || problems.is_empty() {
            return true;
        }
        let mut without_values = KeptForms::default();
        without_values.keep(KeptForm::new(self.page_path(), &[], problems));
        self.leave(&KEPT_FORMS, &without_values)
    }

    fn page_path(&self) -> &str {
        self.page.split('?').next().unwrap_or_default()
    }

    fn flash(&self) -> Option<&Flash> {
        self.parts.extensions.get()
    }

    fn redirect(&self, target: &str) {
        // RFC 9700, section 4.12: a 307 would have the browser send the password on.
        self.response.set_status(StatusCode::SEE_OTHER);
        self.lead_to(target);
    }

    fn lead_to(&self, target: &str) {
        match HeaderValue::try_from(target) {
            Ok(target) => self.response.insert_header(LOCATION, target),
            Err(_) => self.response.set_status(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}
