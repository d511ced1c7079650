use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::language::Language;
use crate::render::Template;
use crate::request::PageRequest;
use crate::server_fns::SetLanguage;
use crate::words::t;

/// The foot of every page: a button for each language, and then back to the same page.
#[component]
pub(crate) fn LanguageChoice() -> impl IntoView {
    static CHOICE: Template<1> = Template::new();

    let here = PageRequest::current().here().map_or_else(|| "/".to_owned(), |here| here.to_string());
    CHOICE.fill([&here], |[here]| {
        view! {
            <footer class="foot">
                <nav aria-label=t("language")>
                    <form method="post" action=SetLanguage::PATH>
                        <input type="hidden" name="return_to" value=here />
                        {Language::all().map(|language| view! { <Choice language /> }).collect_view()}
                    </form>
                </nav>
            </footer>
        }
    })
}

/// Each language is written in itself, for those who know no other one.
#[component]
fn Choice(language: Language) -> impl IntoView {
    let is_current = language.tag() == Language::current().tag();
    view! {
        <button
            type="submit"
            class="link"
            name="language"
            value=language.tag()
            lang=language.tag()
            aria-current=is_current.then_some("true")
        >
            {language.name()}
        </button>
    }
}
