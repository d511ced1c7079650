//! What a page and a server function take from the request they answer.

use std::sync::Arc;

use http::header::COOKIE;
use http::request::Parts;
use ironleaf_bff::edge::{CspNonce, RequestId};
use ironleaf_bff::{CoreApi, Flash, MaybeUser, MissingLayer, ReturnTo, User};

use crate::Site;
use crate::messages::{FIELDS, Fields, MESSAGE, Message};

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

    /// A handle on the core API that speaks for the viewer.
    pub(crate) fn core_api(&self) -> Result<CoreApi, MissingLayer> {
        CoreApi::from_parts(&self.parts)
    }

    /// The path and query of this very request, to come back to.
    pub(crate) fn here(&self) -> Option<ReturnTo> {
        ReturnTo::parse(self.parts.uri.path_and_query()?.as_str())
    }

    /// Where the query wants to come back to, if that is a place on this origin.
    pub(crate) fn return_to(&self) -> Option<ReturnTo> {
        let query = self.parts.uri.query()?;
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "return_to")
            .and_then(|(_, value)| ReturnTo::parse(&value))
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
        self.flash()?.take(&MESSAGE)
    }

    pub(crate) fn leave_message(&self, message: Message) {
        if let Some(flash) = self.flash() {
            flash.set(&MESSAGE, &message);
        }
    }

    /// What was typed into this page's form before it came back.
    pub(crate) fn take_fields(&self) -> Option<Fields> {
        let flash = self.flash()?;
        flash.peek(&FIELDS).filter(|fields| fields.page == self.parts.uri.path())?;
        flash.take(&FIELDS)
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
