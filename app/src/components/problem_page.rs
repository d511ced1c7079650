use ironleaf_bff::{Problem, ProblemKind};
use leptos::prelude::*;
use leptos_meta::Title;

use super::FullLayout;
use crate::problem_words::{message, title};
use crate::render::html_of;
use crate::request::PageRequest;
use crate::wait::try_again;

/// The page of a problem. It says what a person can do, and shows the number to quote, but never the cause. `form` is
/// the page of a refused form.
#[component]
pub(crate) fn ProblemPage(problem: Problem, form: Option<String>) -> impl IntoView {
    let request = PageRequest::current();
    let Problem { kind, retry_after } = problem;
    let when = retry_after.filter(|_| kind == ProblemKind::TooManyRequests).map(try_again);
    let request_id = request.request_id().filter(|_| kind != ProblemKind::NotFound).map(ToString::to_string);
    let page = html_of(view! {
        <Title text=title(kind) />
        <section class="hero">
            <div class="hero-words">
                <p class="eyebrow">{kind.status().as_u16()}</p>
                <h1>{title(kind)}</h1>
                <p class="lead">{message(kind)} {when.map(|when| format!(" {when}"))}</p>
                <WayOut kind form />
                {request_id.map(|id| view! { <p class="fine-print">"Request " <code>{id}</code></p> })}
            </div>
        </section>
    });
    view! { <FullLayout page /> }
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
