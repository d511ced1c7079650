//! From a page to a response: the document around it, rendered to one string. Nothing streams, so status and cookies
//! are decided before the first byte leaves.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use hydration_context::SsrSharedContext;
use ironleaf_bff::{MissingLayer, Problem, ProblemKind};
use leptos::either::Either;
use leptos::prelude::*;

use crate::components::{AuthBanner, Banner, Toasts};
use crate::error::FormPage;
use crate::pages;
use crate::request::{PageRequest, Theme};
use crate::site::TAGLINE;

/// Asks for the script of every page once the page is on the screen, which it only makes nicer: in what Lighthouse estimates for a
/// slow phone, it was a sixth of the time until then.
const AFTER_FIRST_PAINT: &str = "const { src } = document.querySelector(\"script[data-src]\").dataset;\
     requestAnimationFrame(() => setTimeout(() => import(src)));";

/// What a page function gives back.
pub enum Answer {
    /// A document.
    Page(Page),
    /// Go there instead; a path on this origin.
    Redirect(String),
    /// The page cannot be shown.
    Problem(Problem),
}

/// The content of a document, and what the document needs to know of it.
pub struct Page {
    pub(crate) title: String,
    pub(crate) status: StatusCode,
    pub(crate) chrome: Chrome,
    /// Whether there is an island in it, so that the browser has to load WebAssembly.
    pub(crate) islands: bool,
    /// Renders the view: to text at once, because a view in a box owns a copy of all its attributes. It is called under the
    /// owner of the rendering, which islands ask for.
    pub(crate) content: Box<dyn FnOnce() -> String + Send>,
}

/// What stands around the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chrome {
    /// The header with its menus.
    Full,
    /// The logo alone: sign-in and its neighbours.
    Auth,
}

impl Page {
    /// A page with the full header and no islands.
    pub(crate) fn new<V: IntoView + 'static>(
        title: impl Into<String>,
        content: impl FnOnce() -> V + Send + 'static,
    ) -> Self {
        Self {
            title: title.into(),
            status: StatusCode::OK,
            chrome: Chrome::Full,
            islands: false,
            content: Box::new(|| content().into_view().to_html()),
        }
    }

    /// The same with the logo alone, for sign-in and its neighbours.
    pub(crate) fn auth<V: IntoView + 'static>(
        title: impl Into<String>,
        content: impl FnOnce() -> V + Send + 'static,
    ) -> Self {
        Self { chrome: Chrome::Auth, ..Self::new(title, content) }
    }

    /// The same with an island in it: the browser loads WebAssembly.
    pub(crate) fn with_islands(self) -> Self {
        Self { islands: true, ..self }
    }
}

/// Runs a page function and turns what it gives into a response.
pub async fn respond<F>(page: impl FnOnce(PageRequest) -> F, parts: Parts) -> Response
where
    F: Future<Output = (PageRequest, Answer)>,
{
    let request = match PageRequest::new(parts) {
        Ok(request) => request,
        Err(missing) => return missing.into_response(),
    };
    let (request, answer) = page(request).await;
    match answer {
        Answer::Page(page) => document(&request, page),
        Answer::Redirect(target) => {
            request.pass_on_message(&target);
            redirect(&target)
        }
        Answer::Problem(problem) => problem.into_response(),
    }
}

/// The page for a problem, in place of the plain text it is answered with. The headers of `response` stay.
pub fn problem_page(parts: Parts, problem: Problem, response: Response) -> Response {
    let Some(request) = PageRequest::for_problem(parts) else {
        return response;
    };
    let (mut head, _) = response.into_parts();
    let form: Option<FormPage> = head.extensions.remove();
    let (page, body) = document(&request, pages::problem(&request, problem, form)).into_parts();
    head.headers.remove(CONTENT_LENGTH);
    head.headers.extend(page.headers);
    Response::from_parts(head, body)
}

fn redirect(target: &str) -> Response {
    match HeaderValue::try_from(target) {
        Ok(target) => (StatusCode::SEE_OTHER, [(LOCATION, target)]).into_response(),
        Err(_) => Problem::new(ProblemKind::Internal).into_response(),
    }
}

fn document(request: &PageRequest, page: Page) -> Response {
    let status = page.status;
    let cookie = (page.chrome == Chrome::Auth).then(|| request.cookie_for_a_form()).flatten();
    let html = render(|| document_view(request, page));
    let [person, form_id] = [request.page_of(), request.form_id()].map(Option::unwrap_or_default);
    let html = filled_in(&html, &person, &form_id);
    let content_type = [(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
    let mut response = (status, content_type, html).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Renders a view under an owner of its own.
///
/// The shared context is told that nothing hydrates but islands, and its buffers are never read: nothing can be
/// serialized into the page for the browser to pick up, neither by intention nor by accident.
fn render<V: IntoView>(view: impl FnOnce() -> V) -> String {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(|| view().into_view().to_html());
    owner.unset_with_forced_cleanup();
    html
}

/// What each form that does something to an account has in it, so that it does nothing to somebody else who has signed in since. Views that
/// never change are text to Leptos, and cost next to nothing, so it stands in them like this and is filled in afterwards.
/// The quotes are part of it: no text that somebody has typed can have them. Short, because pages are searched for it.
const PAGE_OF: &str = r#""%page_of%""#;

/// The number of the forms of this page, each of which is acted upon once, however often it is sent.
const FORM_ID: &str = r#""%form_id%""#;

/// Spells out the places that Leptos marks with `<!>`, which is no comment to an HTML parser but a parse error that acts like one, and fills
/// in what stands for the person and the number of the forms. One look at each page: there are few of these letters.
fn filled_in(html: &str, person: &str, form_id: &str) -> String {
    const MARKER: &str = "<!>";
    // Most pages have fewer than 64 of what is replaced.
    let mut text = String::with_capacity(html.len() + 256);
    let mut rest = 0;
    for at in memchr::memchr2_iter(b'!', b'%', html.as_bytes()).filter_map(|at| at.checked_sub(1)) {
        let Some(found) = html.get(at..).filter(|_| at >= rest) else { continue };
        let (from, to) = if found.starts_with(MARKER) {
            (MARKER, ["<!---->", "", ""])
        } else if found.starts_with(PAGE_OF) {
            (PAGE_OF, ["\"", person, "\""])
        } else if found.starts_with(FORM_ID) {
            (FORM_ID, ["\"", form_id, "\""])
        } else {
            continue;
        };
        text.push_str(&html[rest..at]);
        for part in to {
            text.push_str(part);
        }
        rest = at + from.len();
    }
    text.push_str(&html[rest..]);
    text
}

fn document_view(request: &PageRequest, page: Page) -> impl IntoView + use<> {
    let site = &request.site;
    let nonce = request.nonce().map(|nonce| nonce.as_str().to_owned()).unwrap_or_default();
    let title = match page.title.as_str() {
        "" => site.app_name.clone(),
        title => format!("{title} · {}", site.app_name),
    };
    let (islands_js, islands_wasm) =
        page.islands.then(|| (site.assets.islands_js.clone(), site.assets.islands_wasm.clone())).unzip();
    let header = match page.chrome {
        Chrome::Full => {
            // A page that is none is no place to come back to, and its address may have anything in it.
            let here = request.here().filter(|_| page.status != StatusCode::NOT_FOUND);
            let (app_name, viewer) = (site.app_name.clone(), request.viewer.clone());
            let can_log_in = !request.may_be_signed_in();
            Either::Left(view! { <Banner app_name viewer can_log_in here /> })
        }
        Chrome::Auth => Either::Right(view! { <AuthBanner app_name=site.app_name.clone() /> }),
    };
    let reload = site.reload_addr.map(|address| {
        view! {
            <script type="module" nonce=nonce.clone() data-reload-address=address.to_string()>
                {include_str!("reload.js")}
            </script>
        }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en" class=request.theme().map(Theme::class)>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <title>{title}</title>
                <meta name="description" content=TAGLINE />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=site.assets.style.clone() />
                <script
                    type="module"
                    nonce=nonce.clone()
                    data-src=site.assets.script.clone()
                    data-islands=islands_js
                    data-wasm=islands_wasm
                >
                    {AFTER_FIRST_PAINT}
                </script>
                {reload}
            </head>
            <body>
                <a class="skip-link" href="#main">
                    "Skip to content"
                </a>
                {header}
                <main id="main" tabindex="-1" inner_html=(page.content)()></main>
                <Toasts message=request.take_message() />
            </body>
        </html>
    }
}

impl From<MissingLayer> for Answer {
    fn from(missing: MissingLayer) -> Self {
        Self::Problem(missing.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_become_comments_and_the_rest_stays() {
        for html in [
            "",
            "a",
            "!",
            "%",
            "<!>",
            "<!><!>",
            "é<!>ü<!",
            "<!DOCTYPE html><p><!>x<!></p>",
            "100 %!",
            "é%",
            "%page_of%",
        ] {
            assert_eq!(filled_in(html, "A", "1"), html.replace("<!>", "<!---->"), "{html}");
        }
    }

    #[test]
    fn forms_have_their_person_and_their_number() {
        let html = r#"<i value="%page_of%"><!><i value="%form_id%"><i value="%form_id%" x="%">"#;
        let expected = r#"<i value="A"><!----><i value="1"><i value="1" x="%">"#;
        assert_eq!(filled_in(html, "A", "1"), expected);
    }
}
