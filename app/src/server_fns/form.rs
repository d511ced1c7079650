//! How a server function answers: JSON for a script, a redirect with a message for a browser.

use std::sync::Arc;
use std::time::Duration;

use http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use ironleaf_bff::{Flash, ProblemKind};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};

use crate::Site;
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

/// Why a server function did not do what it was asked.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// A stable word for scripts.
    pub(super) code: &'static str,
    pub(super) message: Message,
    pub(super) retry_after: Option<Duration>,
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

    /// It is not done: a script gets the error with its status; a browser goes back to the form, which shows the message
    /// and what was typed.
    pub(super) fn refused(self, refusal: &Refusal, back: &str, fields: &Fields) -> AppError {
        if self.wants_json {
            self.response.set_status(refusal.status);
            if let Some(wait) = refusal.retry_after {
                self.response.insert_header(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
            }
        } else {
            self.leave(refusal.message);
            if let Some(flash) = self.flash()
                && fields.is_worth_keeping()
            {
                flash.set(&FIELDS, fields);
            }
            self.redirect(back);
        }
        AppError::new(refusal.code, refusal.message.text())
    }

    /// Whether browsers reach this application over TLS.
    pub(super) fn is_https(&self) -> bool {
        self.parts.extensions.get::<Arc<Site>>().is_some_and(|site| site.is_https)
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
