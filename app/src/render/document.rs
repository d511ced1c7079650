//! A document: the parts around every page, rendered once, and the page inside.

use std::sync::OnceLock;

use super::text::Text;
use crate::language::Language;
use crate::theme::Theme;

/// The placeholder of the page.
pub(crate) const BODY: &str = "%body%";

/// The parts around a page.
pub(super) struct Shell {
    /// Up to the end of the head.
    start: Text,
    /// From there to the page.
    middle: String,
    end: String,
}

/// The shells of one site. They depend only on the look and on whether there is an island.
pub(super) struct Shells([[OnceLock<Shell>; 2]; Look::COUNT]);

impl Default for Shells {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Default::default()))
    }
}

/// What a person chose for all pages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) theme: Option<Theme>,
    pub(super) language: Language,
}

impl Look {
    /// How many there are.
    pub(super) const COUNT: usize = 3 * Language::COUNT;

    /// For tables with an entry for each look.
    pub(super) const fn number(self) -> usize {
        let theme = match self.theme {
            Some(Theme::Light) => 0,
            Some(Theme::Dark) => 1,
            None => 2,
        };
        3 * self.language.number() + theme
    }
}

impl Shells {
    pub(super) fn get(&self, look: Look, has_islands: bool, html: impl FnOnce(bool) -> String) -> &Shell {
        self.0[look.number()][usize::from(has_islands)].get_or_init(|| Shell::of(&html(has_islands)))
    }
}

impl Shell {
    fn of(html: &str) -> Self {
        let (start, rest) = html.split_at(html.find("</head>").unwrap_or(html.len()));
        let (middle, end) = rest.split_once(BODY).unwrap_or((rest, ""));
        Self { start: Text::of(start), middle: middle.to_owned(), end: end.to_owned() }
    }
}

/// A page, with its tags for the head.
pub(super) struct Content {
    pub(super) head: String,
    pub(super) html: String,
}

impl Content {
    /// Whether it contains an island, so that the browser has to load WebAssembly.
    pub(super) fn has_islands(&self) -> bool {
        memchr::memmem::find(self.html.as_bytes(), b"<leptos-island").is_some()
    }
}

/// A page in its document, without the values that are new in each answer.
pub(super) struct Document {
    text: Text,
    has_form: bool,
}

impl Document {
    pub(super) fn new(shell: &Shell, content: &Content, has_form: bool) -> Self {
        let length = content.head.len() + shell.middle.len() + content.html.len() + shell.end.len();
        let mut text = shell.start.clone_for(length);
        text.push_marked(&content.head);
        text.push(&shell.middle);
        text.push_marked(&content.html);
        text.push(&shell.end);
        Self { text, has_form }
    }

    /// Whether it contains a form that needs cookies.
    pub(super) const fn has_form(&self) -> bool {
        self.has_form
    }

    /// The document with all placeholders filled in. `form_id` is called if the page has a form.
    pub(super) fn filled_in(&self, nonce: &str, form_id: impl FnOnce() -> String) -> String {
        self.text.filled_in(nonce, form_id)
    }
}
