use ironleaf_bff::{Problem, ProblemKind};
use leptos::prelude::*;

use crate::document::{Answer, Page};
use crate::error::FormPage;
use crate::problem_words::{message, title};
use crate::request::PageRequest;
use crate::wait::try_again;

/// Any path that is nobody's.
pub(crate) async fn not_found(request: PageRequest) -> (PageRequest, Answer) {
    (request, Answer::Problem(Problem::new(ProblemKind::NotFound)))
}

/// The page that stands for a problem. It says what a person can do, and the number to quote; never the cause.
pub(crate) fn problem(request: &PageRequest, problem: Problem, form: Option<FormPage>) -> Page {
    let Problem { kind, retry_after } = problem;
    let when = retry_after.filter(|_| kind == ProblemKind::TooManyRequests).map(try_again);
    let (back, back_label) = match form {
        Some(FormPage(page)) => (page, "Go back to the form"),
        None => ("/".to_owned(), "Go to the home page"),
    };
    let again = (kind == ProblemKind::Unavailable).then(|| request.here()).flatten();
    let request_id = request.request_id().filter(|_| kind != ProblemKind::NotFound).map(ToString::to_string);
    let content = move || {
        view! {
            <section class="hero">
                <div class="hero-words">
                    <p class="eyebrow">{kind.status().as_u16()}</p>
                    <h1>{title(kind)}</h1>
                    <p class="lead">{message(kind)} {when.map(|when| format!(" {when}"))}</p>
                    {match again {
                        Some(here) => {
                            view! {
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
                                .into_any()
                        }
                        None => {
                            view! {
                                <p class="actions">
                                    <a class="button primary" href=back>
                                        {back_label}
                                    </a>
                                </p>
                            }
                                .into_any()
                        }
                    }}
                    {request_id.map(|id| view! { <p class="fine-print">"Request " <code>{id}</code></p> })}
                </div>
            </section>
        }
    };
    Page { status: kind.status(), ..Page::new(title(kind), content) }
}
