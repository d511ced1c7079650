use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{
    FlashKind, Payload, PayloadError, SIGN_IN_LINK, VERIFICATION_LINK, VerificationLink, Worth,
};
use leptos::prelude::*;

use super::opened::{OPENED, Opened};
use crate::document::{Answer, Page};
use crate::messages::Message;
use crate::request::PageRequest;

/// Whether the link that this browser opened last was good. It stays for a while, so that the result can be reloaded.
pub(crate) const VERIFIED: FlashKind<Verified> =
    FlashKind::new("ironleaf-verified", Duration::from_mins(10)).worth(Worth::Errand);

/// How a verification ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verified(pub(crate) bool);

impl Payload for Verified {
    fn encode(&self, out: &mut Encoder) {
        out.varint(u64::from(self.0));
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self(input.varint()? == 1))
    }
}

/// `/email-verification`: the link of an e-mail, a button that uses it, and what came of it.
pub(crate) async fn email_verification(request: PageRequest) -> (PageRequest, Answer) {
    if let Some(answer) = request.after_cookies_tried() {
        return (request, answer);
    }
    if let Some(link) = VerificationLink::from_query(request.query()) {
        // SECURITY: as with a link that signs somebody in, see `login`.
        request.clear(&SIGN_IN_LINK);
        request.clear(&VERIFIED);
        if !request.leave(&VERIFICATION_LINK, &link) {
            request.leave_message(Message::NoRoomForLink, "/");
            return (request, Answer::Redirect("/".to_owned()));
        }
        request.leave(&OPENED, &Opened);
        let answer = request.led_by_cookie("/email-verification");
        return (request, answer);
    }
    if VerificationLink::is_meant_by(request.query()) {
        // No token at all, or longer than any: nothing that an earlier link left is meant by it.
        request.clear(&VERIFICATION_LINK);
        request.clear(&VERIFIED);
        let is_signed_in = request.viewer.is_some();
        let page = Page::auth("Email verification", move || result(false, is_signed_in));
        return (request, Answer::Page(page));
    }
    let page = if request.peek(&VERIFICATION_LINK).is_some() {
        // SECURITY: as with a link that signs somebody in, see `login_link`.
        let by_itself = request.take(&OPENED).is_some() && request.asked_to_verify();
        Page::auth("Email verification", move || button(by_itself))
    } else {
        let Verified(is_verified) = request.peek(&VERIFIED).unwrap_or(Verified(false));
        let is_signed_in = request.viewer.is_some();
        Page::auth("Email verification", move || result(is_verified, is_signed_in))
    };
    (request, Answer::Page(page))
}

fn button(by_itself: bool) -> impl IntoView {
    view! {
        <section class="card">
            <h1>"Verify your email"</h1>
            <form method="post" action="/api/verify-email" data-auto-submit=by_itself.then_some("")>
                <input type="hidden" name="form_id" value="%form_id%" />
                <p class="lead-small" role="status" data-busy="Verifying your email…">
                    "One click, and your address is verified."
                </p>
                <button type="submit" class="button primary wide">
                    "Verify"
                </button>
            </form>
        </section>
    }
}

fn result(is_verified: bool, is_signed_in: bool) -> impl IntoView {
    let (next, label) = if is_signed_in { ("/account", "Account settings") } else { ("/login", "Login") };
    let (heading, explanation) = if is_verified {
        ("Success! your email has been verified", "Thank you. There is nothing else to do.")
    } else {
        (
            "Error! Invalid token",
            "The link is not complete, too old, or replaced by a newer one. Your account page can send you a new one.",
        )
    };
    view! {
        <section class="card">
            <h1>{heading}</h1>
            <p class="lead-small">{explanation}</p>
            <a class="button primary wide" href=next>
                {label}
            </a>
        </section>
    }
}
