//! Parts of pages that are rendered once, except for a few texts.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};

use leptos::prelude::*;
use leptos::tachys::html::InertElement;

use super::html::{html_of, under_its_own_owner};
use crate::language::Language;

/// A part of a page that is constant except for `N` texts, each of which occurs at least once. It is rendered once,
/// with a mark for each text. After that, an answer only costs the copying.
///
/// It is rendered once for each language, and must not depend on anything else. There is no request while it is rendered:
/// [`PageRequest::current`](crate::request::PageRequest::current) panics in it.
pub(crate) struct Template<const N: usize>([OnceLock<Pieces>; Language::COUNT]);

/// One template for each of several `K`, such as the fields of forms.
pub(crate) struct Templates<K, const N: usize>(LazyLock<RwLock<Known<K>>>);

type Known<K> = HashMap<(Language, K), Arc<Pieces>>;

/// The text before each mark, with the number of that mark; and the text at the end.
struct Pieces {
    before: Vec<(String, usize)>,
    last: String,
}

/// No page contains these characters: they are for private use (Unicode, section 23.5).
const MARKS: [&str; 6] = ["\u{f000}", "\u{f001}", "\u{f002}", "\u{f003}", "\u{f004}", "\u{f005}"];

impl<const N: usize> Template<N> {
    pub(crate) const fn new() -> Self {
        Self([const { OnceLock::new() }; Language::COUNT])
    }

    /// The part with `texts`, which are escaped. `view` receives their marks the first time.
    pub(crate) fn fill<V: IntoView>(
        &self,
        texts: [&str; N],
        view: impl FnOnce([&'static str; N]) -> V,
    ) -> InertElement {
        self.0[Language::current().number()].get_or_init(|| Pieces::of(view)).filled_in(texts)
    }
}

impl<K: Eq + Hash, const N: usize> Templates<K, N> {
    pub(crate) const fn new() -> Self {
        Self(LazyLock::new(RwLock::default))
    }

    /// As [`Template::fill`]. There must be few keys, because all of them are kept.
    pub(crate) fn fill<V: IntoView>(
        &self,
        key: K,
        texts: [&str; N],
        view: impl FnOnce([&'static str; N]) -> V,
    ) -> InertElement {
        let key = (Language::current(), key);
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let pieces = known.unwrap_or_else(|| {
            let pieces = Arc::new(Pieces::of(view));
            self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&pieces));
            pieces
        });
        pieces.filled_in(texts)
    }
}

impl Pieces {
    fn of<const N: usize, V: IntoView>(view: impl FnOnce([&'static str; N]) -> V) -> Self {
        // Runs under its own owner, where no data of the request can be found: that data would be in everybody's page.
        let html = under_its_own_owner(|| html_of(view(std::array::from_fn(|number| MARKS[number]))));
        let (mut before, mut rest) = (Vec::new(), html.as_str());
        while let Some((at, number)) =
            (0..N).filter_map(|number| Some((rest.find(MARKS[number])?, number))).min()
        {
            before.push((rest[..at].to_owned(), number));
            rest = &rest[at + MARKS[number].len()..];
        }
        Self { before, last: rest.to_owned() }
    }

    fn filled_in<const N: usize>(&self, texts: [&str; N]) -> InertElement {
        let room: usize = self.before.iter().map(|(before, _)| before.len() + 64).sum();
        let mut html = String::with_capacity(room + self.last.len());
        for (before, number) in &self.before {
            html.push_str(before);
            push_escaped(&mut html, texts[*number]);
        }
        html.push_str(&self.last);
        InertElement::new(html)
    }
}

/// The text, escaped for text and for attributes in double quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    push_escaped(&mut html, text);
    html
}

/// Escapes for text and for attributes in double quotes.
fn push_escaped(html: &mut String, text: &str) {
    let mut rest = 0;
    for (at, letter) in text.bytes().enumerate() {
        let escaped = match letter {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => continue,
        };
        html.push_str(&text[rest..at]);
        html.push_str(escaped);
        rest = at + 1;
    }
    html.push_str(&text[rest..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_the_same_as_if_it_was_rendered() {
        static PART: Template<2> = Template::new();
        for [name, place] in [["Ada", "/"], ["<b>\"&'", "/a?x=1&y=%form_id%"], ["", ""]] {
            let view = |[name, place]: [&'static str; 2]| {
                view! {
                    <a href=place title=name>
                        {name}
                    </a>
                }
            };
            let html = html_of(PART.fill([name, place], view));
            let escaped = |text: &str| {
                text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
            };
            let (name, place) = (escaped(name), escaped(place));
            assert_eq!(html, format!(r#"<a href="{place}" title="{name}">{name}</a>"#));
        }
    }

    #[test]
    fn what_is_around_a_part_is_there_again_behind_it_and_not_in_it() {
        static PART: Template<0> = Template::new();
        let html = under_its_own_owner(|| {
            provide_context(7_u8);
            let part = PART.fill([], |[]| view! { <p>{use_context::<u8>()}</p> });
            assert_eq!(use_context::<u8>(), Some(7));
            html_of(part)
        });
        assert_eq!(html, "<p><!></p>");
    }

    #[test]
    fn each_key_has_a_part_of_its_own() {
        static PARTS: Templates<&str, 1> = Templates::new();
        for _ in 0..2 {
            for key in ["a", "b"] {
                let html = html_of(PARTS.fill(key, ["x"], |[text]| view! { <p id=key>{text}</p> }));
                assert_eq!(html, format!(r#"<p id="{key}">x</p>"#));
            }
        }
    }
}
