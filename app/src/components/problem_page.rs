use std::time::Duration;

use ironleaf_bff::{Problem, ProblemKind};
use leptos::prelude::*;
use leptos_meta::Title;

use super::FullLayout;
use crate::language::Language;
use crate::problem_words::{long_unavailable, message, title};
use crate::render::html_of;
use crate::request::PageRequest;
use crate::wait::{try_again, try_again_in_about};
use crate::words::{t, t_around};

/// Up to this, a wait is a moment.
const A_MOMENT: Duration = Duration::from_mins(1);

/// The page of a problem. It says what a person can do, and shows the number to quote, but never the cause. `form` is
/// the page of a refused form.
#[component]
pub(crate) fn ProblemPage(problem: Problem, form: Option<String>) -> impl IntoView {
    let request = PageRequest::current();
    let (kind, language) = (problem.kind, request.language);
    let request_id = request.request_id().filter(|_| kind != ProblemKind::NotFound).map(ToString::to_string);
    let page = html_of(view! {
        <Title text=title(kind, language) />
        <section class="hero">
            <div class="hero-words">
                <p class="eyebrow">{kind.status().as_u16()}</p>
                <h1>{title(kind, language)}</h1>
                <p class="lead">{sentences(&problem, language)}</p>
                <WayOut kind form />
                {request_id.map(|id| view! { <RequestNumber id /> })}
            </div>
        </section>
    });
    view! { <FullLayout page /> }
}

/// The number that a person can quote.
#[component]
pub(crate) fn RequestNumber(id: String) -> impl IntoView {
    let (before, after) = t_around("request", "id", []);
    view! { <p class="fine-print">{before} <code>{id}</code> {after}</p> }
}

/// What happened, and when to come back. A rest of a refresh may last an hour, which is not a moment.
fn sentences(problem: &Problem, language: Language) -> String {
    let said = message(problem.kind, language);
    match (problem.kind, problem.retry_after) {
        (ProblemKind::TooManyRequests, Some(wait)) => format!("{said} {}", try_again(wait, language)),
        (ProblemKind::Unavailable, Some(wait)) if wait > A_MOMENT => {
            format!("{} {}", long_unavailable(language), try_again_in_about(wait, language))
        }
        _ => said.to_owned(),
    }
}

/// A link back to the form, to the same page again, or home.
#[component]
fn WayOut(kind: ProblemKind, form: Option<String>) -> impl IntoView {
    let again = (kind == ProblemKind::Unavailable).then(|| PageRequest::current().here()).flatten();
    let (back, back_label) = match form {
        Some(page) => (page, t("problem-go-back")),
        None => ("/".to_owned(), t("go-home")),
    };
    match again {
        Some(here) => view! {
            <form method="get" action=here.path().to_owned()>
                {here
                    .query_pairs()
                    .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
                    .collect_view()}
                <button type="submit" class="button primary">
                    {t("try-again")}
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
            let retry_after = Some(Duration::from_secs(secs));
            sentences(&Problem { retry_after, ..Problem::unavailable() }, Language::ENGLISH)
        };
        assert!(after(60).ends_with("please try again in a moment."));
        assert!(after(300).ends_with("You are still signed in. Please try again in about 5 minutes."));
        assert!(after(3660).ends_with("Please try again in about 61 minutes."));
    }
}
