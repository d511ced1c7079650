//! How a server function answers: JSON for a script, a redirect with a message for a browser.

use http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use ironleaf_bff::{Flash, Problem, ProblemKind};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};

use crate::error::AppError;
use crate::messages::{FIELDS, Fields, MESSAGE, Message};

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
}

impl FormPost {
    /// From the context that Leptos provides to every server function.
    pub(super) fn from_context() -> Result<Self, AppError> {
        let found = use_context::<Parts>().zip(use_context::<ResponseOptions>());
        let Some((parts, response)) = found else {
            tracing::error!("a server function ran outside a request");
            return Err(ProblemKind::Internal.into());
        };
        let wants_json = parts.extensions.get::<WantsJson>().is_some_and(|wants| wants.0);
        Ok(Self { parts, response, wants_json })
    }

    pub(super) const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// It is done; go to `next`.
    pub(super) fn done(self, next: &str, message: Option<Message>) -> Done {
        if let Some(message) = message {
            // A script goes to `next` as well, and the message with it.
            self.leave(message);
        }
        if !self.wants_json {
            self.redirect(next);
        }
        Done { next: next.to_owned(), message: message.map(|message| message.text().to_owned()) }
    }

    /// It is not done: a script gets the error with `status`; a browser goes back to the form, which shows the message
    /// and what was typed.
    pub(super) fn refused(
        self,
        status: StatusCode,
        code: &str,
        message: Message,
        back: &str,
        fields: &Fields,
    ) -> AppError {
        if self.wants_json {
            self.response.set_status(status);
            if status == StatusCode::SERVICE_UNAVAILABLE
                && let Some(wait) = Problem::unavailable().retry_after
            {
                self.response.insert_header(RETRY_AFTER, HeaderValue::from(wait.as_secs()));
            }
        } else {
            self.leave(message);
            if let Some(flash) = self.flash() {
                flash.set(&FIELDS, fields);
            }
            self.redirect(back);
        }
        AppError::new(code, message.text())
    }

    pub(super) fn set_cookie(&self, cookie: HeaderValue) {
        self.response.append_header(SET_COOKIE, cookie);
    }

    fn leave(&self, message: Message) {
        if let Some(flash) = self.flash() {
            flash.set(&MESSAGE, &message);
        }
    }

    fn flash(&self) -> Option<&Flash> {
        self.parts.extensions.get()
    }

    fn redirect(&self, target: &str) {
        match HeaderValue::try_from(target) {
            Ok(target) => {
                // RFC 9700, section 4.12: a 307 would have the browser send the password on.
                self.response.set_status(StatusCode::SEE_OTHER);
                self.response.insert_header(LOCATION, target);
            }
            Err(_) => self.response.set_status(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}
