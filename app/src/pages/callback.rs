use http::StatusCode;
use ironleaf_bff::{ProblemKind, RedirectEnd, RedirectFailure, Refused, ReturnTo, SignInFailure, User};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::flashes::Message;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::wait::try_again;

/// `/auth/callback`: where the provider sends the browser back to. It is only seen if nobody was signed in, and says why
/// in words of its own: nothing from its address is on it.
#[component]
pub(crate) fn Callback(words: Words, way: Way) -> impl IntoView {
    let request_id = PageRequest::current().request_id().map(ToString::to_string);
    let Way { href, label } = way;
    view! {
        <Title text="Login" />
        <section class="card">
            <h1>{words.heading}</h1>
            <p class="lead-small">{words.text}</p>
            <a class="button primary wide" href=href>
                {label}
            </a>
            {request_id.map(|id| view! { <p class="fine-print">"Request " <code>{id}</code></p> })}
        </section>
    }
}

/// What the page says.
pub(crate) struct Words {
    heading: String,
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
            let next = return_to.map_or_else(|| "/".to_owned(), |place| place.to_string());
            if is_reauthentication {
                request.leave_message(Message::Confirmed, &next);
            }
            return Err(Answer::Redirect(next));
        };
        let (status, retry_after) = answer_to(failure);
        request.answer_with(status, retry_after);
        let viewer = request.viewer.as_ref().map(User::display_name);
        let words = words(failure, &provider.name, viewer);
        let again = if is_reauthentication { links::confirm } else { links::login };
        let way = match failure {
            RedirectFailure::UnknownAttempt if viewer.is_some() => {
                Way { href: back_to(return_to.as_ref()), label: "Go on" }
            }
            RedirectFailure::SignIn(SignInFailure::Misconfigured) => {
                Way { href: "/".to_owned(), label: "Go to the home page" }
            }
            _ => Way { href: again(return_to.as_ref()), label: "Try again" },
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
            SignInFailure::NotAllowed | SignInFailure::Forbidden | SignInFailure::SecondFactor,
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
fn words(failure: RedirectFailure, name: &str, viewer: Option<&str>) -> Words {
    let (heading, text) = match failure {
        RedirectFailure::UnknownAttempt => match viewer {
            Some(viewer) => (
                "This login is over".to_owned(),
                format!(
                    "It was opened again, or too late. You are logged in as {viewer}, and nothing was changed."
                ),
            ),
            None => (
                "This login is over".to_owned(),
                "It was opened again, too late, in another browser, or without the cookies of this site. Nothing was changed.".to_owned(),
            ),
        },
        RedirectFailure::Refused(Refused::AccessDenied) => (
            "You were not logged in".to_owned(),
            format!("You have declined at {name}, or your account there may not be used for this site."),
        ),
        RedirectFailure::Refused(Refused::InteractionRequired) => (
            "You were not logged in".to_owned(),
            format!("{name} could not log you in without asking you something first. Please try again."),
        ),
        RedirectFailure::Refused(Refused::Unavailable)
        | RedirectFailure::SignIn(SignInFailure::Unavailable) => (
            "Temporarily unavailable".to_owned(),
            format!("{name} cannot log you in right now. Please try again in a moment."),
        ),
        RedirectFailure::Refused(Refused::Misfit) => (
            "You were not logged in".to_owned(),
            format!(
                "{name} did not accept the request of this site. If that happens again, please tell whoever runs this site."
            ),
        ),
        RedirectFailure::NotRecent => (
            "Nothing was changed".to_owned(),
            format!("{name} did not ask you again who you are, which this change needs. Please try again."),
        ),
        RedirectFailure::OtherPerson => (
            "Nothing was changed".to_owned(),
            format!(
                "Somebody else has logged in at {name}. Please confirm with the account that you use here{}.",
                viewer.map(|viewer| format!(", {viewer}")).unwrap_or_default()
            ),
        ),
        RedirectFailure::EndedMeanwhile => (
            "You were not logged in".to_owned(),
            format!("You have been logged out at {name} in the meantime. Please try again."),
        ),
        RedirectFailure::SignIn(SignInFailure::InvalidCredentials) => (
            "You were not logged in".to_owned(),
            format!("The answer of {name} could not be used. Please try again."),
        ),
        RedirectFailure::SignIn(SignInFailure::NotAllowed) => {
            ("Not allowed".to_owned(), Message::NotAdmitted.text().into_owned())
        }
        RedirectFailure::SignIn(SignInFailure::Forbidden) => {
            ("Not allowed".to_owned(), Message::NotLetIn.text().into_owned())
        }
        RedirectFailure::SignIn(SignInFailure::SecondFactor) => {
            ("Not allowed".to_owned(), Message::SecondFactor.text().into_owned())
        }
        RedirectFailure::SignIn(SignInFailure::TooManyRequests { retry_after }) => (
            "Too many attempts".to_owned(),
            retry_after.map_or_else(|| Message::TooManyTries.text().into_owned(), try_again),
        ),
        RedirectFailure::SignIn(SignInFailure::Misconfigured) => {
            ("You were not logged in".to_owned(), Message::Misconfigured.text().into_owned())
        }
        RedirectFailure::SignIn(SignInFailure::SessionTooLarge) => {
            ("Your session is too large".to_owned(), Message::SessionTooLarge.text().into_owned())
        }
    };
    Words { heading, text }
}
