use std::time::Duration;

use ironleaf_bff::{Problem, ProblemKind};
use leptos::prelude::*;
use leptos_meta::Title;

use super::FullLayout;
use crate::problem_words::{LONG_UNAVAILABLE, message, title};
use crate::render::html_of;
use crate::request::PageRequest;
use crate::wait::{try_again, try_again_in_about};

/// Up to this, a wait is a moment.
const A_MOMENT: Duration = Duration::from_mins(1);

/// The page of a problem. It says what a person can do, and shows the number to quote, but never the cause. `form` is
/// the page of a refused form.
#[component]
pub(crate) fn ProblemPage(problem: Problem, form: Option<String>) -> impl IntoView {
    let request = PageRequest::current();
    let kind = problem.kind;
    let request_id = request.request_id().filter(|_| kind != ProblemKind::NotFound).map(ToString::to_string);
    let page = html_of(view! {
        <Title text=title(kind) />
        <section class="hero">
            <div class="hero-words">
                <p class="eyebrow">{kind.status().as_u16()}</p>
                <h1>{title(kind)}</h1>
                <p class="lead">{sentences(&problem)}</p>
                <WayOut kind form />
                {request_id.map(|id| view! { <p class="fine-print">"Request " <code>{id}</code></p> })}
            </div>
        </section>
    });
    view! { <FullLayout page /> }
}

/// What happened, and when to come back. A rest of a refresh may last an hour, which is not a moment.
fn sentences(problem: &Problem) -> String {
    let said = message(problem.kind);
    match (problem.kind, problem.retry_after) {
        (ProblemKind::TooManyRequests, Some(wait)) => format!("{said} {}", try_again(wait)),
        (ProblemKind::Unavailable, Some(wait)) if wait > A_MOMENT => {
            format!("{LONG_UNAVAILABLE} {}", try_again_in_about(wait))
        }
        _ => said.to_owned(),
    }
}

/// A link back to the form, to the same page again, or home.
#[component]
fn WayOut(kind: ProblemKind, form: Option<String>) -> impl IntoView {
    let again = (kind == ProblemKind::Unavailable).then(|| PageRequest::current().here()).flatten();
    let (back, back_label) = match form {
        Some(page) => (page, "Go back to the form"),
        None => ("/".to_owned(), "Go to the home page"),
    };
    match again {
        Some(here) => view! {
            <form method="get" action=here.path().to_owned()>
                {here
                    .query_pairs()
                    .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
                    .collect_view()}
                <button type="submit" class="button primary">
                    "Try again"
                </button>
            </form>
        }
        .into_any(),
        None => view! {
            <p class="actions">
                <a class="button primary" href=back>
                    {back_label}
                </a>
            </p>
        }
        .into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_outage_is_not_called_a_moment() {
        let after = |secs| {
            sentences(&Problem { retry_after: Some(Duration::from_secs(secs)), ..Problem::unavailable() })
        };
        assert!(after(60).ends_with("please try again in a moment."));
        assert!(after(300).ends_with("You are still signed in. Please try again in about 5 minutes."));
        assert!(after(3660).ends_with("Please try again in about 61 minutes."));
    }
}
