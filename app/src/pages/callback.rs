use http::StatusCode;
use ironleaf_bff::{ProblemKind, RedirectEnd, RedirectFailure, Refused, ReturnTo, SignInFailure, User};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::RequestNumber;
use crate::flashes::Message;
use crate::language::Language;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::wait::try_again;
use crate::words::t;

/// `/auth/callback`: where the provider sends the browser back to. It is only seen if nobody was signed in, and says why
/// in words of its own: nothing from its address is on it.
#[component]
pub(crate) fn Callback(words: Words, way: Way) -> impl IntoView {
    let request_id = PageRequest::current().request_id().map(ToString::to_string);
    let Way { href, label } = way;
    view! {
        <Title text=t("login") />
        <section class="card">
            <h1>{words.heading}</h1>
            <p class="lead-small">{words.text}</p>
            <a class="button primary wide" href=href>
                {t(label)}
            </a>
            {request_id.map(|id| view! { <RequestNumber id /> })}
        </section>
    }
}

/// What the page says.
pub(crate) struct Words {
    heading: &'static str,
    text: String,
}

/// The link on the page.
pub(crate) struct Way {
    href: String,
    label: &'static str,
}

impl Load for CallbackProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let Some(provider) = request.redirect_sign_in() else {
            return Err(ProblemKind::NotFound.into());
        };
        let RedirectEnd { return_to, is_reauthentication, outcome } = request.finish_redirect().await?;
        let Err(failure) = outcome else {
            let next = back_to(return_to.as_ref());
            if is_reauthentication {
                request.leave_message(Message::on_proof(return_to.as_ref()), &next);
            }
            return Err(Answer::Redirect(next));
        };
        let (status, retry_after) = answer_to(failure);
        request.answer_with(status, retry_after);
        let viewer = request.viewer.as_ref().map(User::display_name);
        let words = words(failure, &provider.name, viewer, request.language);
        let again = if is_reauthentication { links::confirm } else { links::login };
        let way = match failure {
            RedirectFailure::UnknownAttempt if viewer.is_some() => {
                Way { href: back_to(return_to.as_ref()), label: "callback-go-on" }
            }
            RedirectFailure::SignIn(SignInFailure::Misconfigured) => {
                Way { href: "/".to_owned(), label: "go-home" }
            }
            _ => Way { href: again(return_to.as_ref()), label: "try-again" },
        };
        Ok(Self { words, way })
    }
}

fn back_to(place: Option<&ReturnTo>) -> String {
    place.map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// The status of the page, and when to try again.
const fn answer_to(failure: RedirectFailure) -> (StatusCode, Option<std::time::Duration>) {
    match failure {
        RedirectFailure::UnknownAttempt | RedirectFailure::SignIn(SignInFailure::InvalidCredentials) => {
            (StatusCode::BAD_REQUEST, None)
        }
        RedirectFailure::Refused(Refused::AccessDenied | Refused::InteractionRequired)
        | RedirectFailure::NotRecent
        | RedirectFailure::OtherPerson
        | RedirectFailure::EndedMeanwhile
        | RedirectFailure::SignIn(
            SignInFailure::NotAllowed
            | SignInFailure::Forbidden
            | SignInFailure::SecondFactor
            | SignInFailure::CodeNeeded
            | SignInFailure::ChallengeOver,
        ) => (StatusCode::FORBIDDEN, None),
        RedirectFailure::Refused(Refused::Unavailable)
        | RedirectFailure::SignIn(SignInFailure::Unavailable) => {
            (StatusCode::SERVICE_UNAVAILABLE, ironleaf_bff::Problem::unavailable().retry_after)
        }
        RedirectFailure::Refused(Refused::Misfit)
        | RedirectFailure::SignIn(SignInFailure::Misconfigured | SignInFailure::SessionTooLarge) => {
            (StatusCode::INTERNAL_SERVER_ERROR, None)
        }
        RedirectFailure::SignIn(SignInFailure::TooManyRequests { retry_after }) => {
            (StatusCode::TOO_MANY_REQUESTS, retry_after)
        }
    }
}

/// `name` is the provider's, and `viewer` the person who is signed in here.
fn words(failure: RedirectFailure, name: &str, viewer: Option<&str>, language: Language) -> Words {
    let at = |id| language.words(id, [("provider", name.into())]);
    let said = |message: Message| message.text(language).into_owned();
    let not_logged_in = "callback-not-logged-in";
    let nothing_changed = "callback-nothing-changed";
    let (heading, text) = match failure {
        RedirectFailure::UnknownAttempt => ("callback-over", over(viewer, language)),
        RedirectFailure::Refused(Refused::AccessDenied) => (not_logged_in, at("callback-declined")),
        RedirectFailure::Refused(Refused::InteractionRequired) => (not_logged_in, at("callback-must-ask")),
        RedirectFailure::Refused(Refused::Unavailable)
        | RedirectFailure::SignIn(SignInFailure::Unavailable) => {
            ("problem-unavailable", at("callback-unavailable"))
        }
        RedirectFailure::Refused(Refused::Misfit) => (not_logged_in, at("callback-misfit")),
        RedirectFailure::NotRecent => (nothing_changed, at("callback-not-recent")),
        RedirectFailure::OtherPerson => (nothing_changed, other_person(name, viewer, language)),
        RedirectFailure::EndedMeanwhile => (not_logged_in, at("callback-ended")),
        RedirectFailure::SignIn(SignInFailure::InvalidCredentials) => {
            (not_logged_in, at("callback-unusable"))
        }
        RedirectFailure::SignIn(SignInFailure::NotAllowed) => {
            ("problem-forbidden", said(Message::NotAdmitted))
        }
        RedirectFailure::SignIn(SignInFailure::Forbidden) => ("problem-forbidden", said(Message::NotLetIn)),
        // Whoever signs in by redirect is asked for a code at the provider.
        RedirectFailure::SignIn(
            SignInFailure::SecondFactor | SignInFailure::CodeNeeded | SignInFailure::ChallengeOver,
        ) => ("problem-forbidden", said(Message::SecondFactor)),
        RedirectFailure::SignIn(SignInFailure::TooManyRequests { retry_after }) => (
            "problem-too-many-requests",
            retry_after.map_or_else(|| said(Message::TooManyTries), |wait| try_again(wait, language)),
        ),
        RedirectFailure::SignIn(SignInFailure::Misconfigured) => {
            (not_logged_in, said(Message::Misconfigured))
        }
        RedirectFailure::SignIn(SignInFailure::SessionTooLarge) => {
            ("problem-session-too-large", said(Message::SessionTooLarge))
        }
    };
    Words { heading: language.word(heading), text }
}

fn over(viewer: Option<&str>, language: Language) -> String {
    match viewer {
        Some(viewer) => language.words("callback-over-signed-in", [("viewer", viewer.into())]),
        None => language.word("callback-over-signed-out").to_owned(),
    }
}

fn other_person(name: &str, viewer: Option<&str>, language: Language) -> String {
    let provider = ("provider", name.into());
    match viewer {
        Some(viewer) => language.words("callback-other-person-than", [provider, ("viewer", viewer.into())]),
        None => language.words("callback-other-person", [provider]),
    }
}
