//! The languages of this application. The words are in `app/locales`, one folder per language; see `docs/languages.md`.
//! Everything here is on the server only: the browser gets words with the page, and no catalogue.

mod catalogue;
mod negotiation;

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::LazyLock;

use fluent_bundle::FluentArgs;
pub(crate) use fluent_bundle::FluentValue as Value;

use catalogue::{Catalogue, Definition, Marks, write_numbers};

/// The name of the cookie that stores the chosen language. It is not secret and has no prefix.
pub(crate) const LANGUAGE_COOKIE: &str = "ironleaf-language";

/// The files of the folder of a language. There is one list, so each language has all of them.
macro_rules! files {
    ($tag:literal) => {
        files!($tag: "account", "admin", "common", "errors", "home", "messages", "passkeys", "second-factor", "sign-in")
    };
    ($tag:literal: $($file:literal),*) => {
        &[$((
            concat!($tag, "/", $file, ".ftl"),
            include_str!(concat!("../locales/", $tag, "/", $file, ".ftl")),
        ),)*]
    };
}

/// Every language that a person can choose. The first one is the language of last resort.
const DEFINITIONS: [Definition; 2] = [
    Definition { tag: "en", name: "English", files: files!("en"), write_numbers: write_numbers::<',', '.'> },
    Definition { tag: "de", name: "Deutsch", files: files!("de"), write_numbers: write_numbers::<'.', ','> },
];

static CATALOGUES: LazyLock<Vec<Catalogue>> = LazyLock::new(|| {
    let marked = Catalogue::new(&DEFINITIONS[0], Some(Marks));
    DEFINITIONS.iter().map(|definition| Catalogue::new(definition, None)).chain([marked]).collect()
});

/// A language of pages, messages and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language(usize);

thread_local! {
    /// A page is rendered at once and on one thread, so this is not a lock per word.
    static CURRENT: Cell<Language> = const { Cell::new(Language::ENGLISH) };
}

impl Language {
    /// The language of last resort.
    pub const ENGLISH: Self = Self(0);

    /// English with every message between `⟦` and `⟧`, for a test that looks for words outside of the catalogue. Nobody
    /// can ask for it over HTTP: it is only found in the extensions of a request, where a test puts it.
    pub const MARKED: Self = Self(DEFINITIONS.len());

    /// How many languages there are, including [`MARKED`](Self::MARKED).
    pub(crate) const COUNT: usize = DEFINITIONS.len() + 1;

    /// The languages that a person can choose.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..DEFINITIONS.len()).map(Self)
    }

    /// For tables with an entry for each language, less than [`COUNT`](Self::COUNT).
    pub(crate) const fn number(self) -> usize {
        self.0
    }

    /// The tag of BCP 47, such as `en`.
    pub fn tag(self) -> &'static str {
        self.definition().tag
    }

    /// The name of the language in that language.
    pub(crate) fn name(self) -> &'static str {
        self.definition().name
    }

    fn definition(self) -> &'static Definition {
        DEFINITIONS.get(self.0).unwrap_or(&DEFINITIONS[0])
    }

    /// The language with this tag.
    pub(crate) fn parse(tag: &str) -> Option<Self> {
        Self::all().find(|language| language.tag() == tag)
    }

    /// The language that suits an `Accept-Language` best. `None` if none of them does.
    pub(crate) fn accepted(header: &str) -> Option<Self> {
        negotiation::best(header, &DEFINITIONS.each_ref().map(|definition| definition.tag)).map(Self)
    }

    /// Parses every catalogue, so that no request waits for it.
    pub(crate) fn prepare() {
        LazyLock::force(&CATALOGUES);
    }

    /// Runs `render`, in which `words::t` finds the words of this language.
    pub(crate) fn speak<T>(self, render: impl FnOnce() -> T) -> T {
        struct Before(Language);
        impl Drop for Before {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _before = Before(CURRENT.replace(self));
        render()
    }

    /// The language of the page that is being rendered.
    pub(crate) fn current() -> Self {
        CURRENT.get()
    }

    /// The message with this identifier. Whatever is not in the catalogue is shown as it is: an author who wants one
    /// language only may write words instead of identifiers.
    pub(crate) fn word(self, id: &'static str) -> &'static str {
        let text = self.catalogue().text(id).or_else(|| CATALOGUES[0].text(id));
        text.unwrap_or_else(|| not_found(id))
    }

    /// The message with this identifier and these values.
    pub(crate) fn words<const N: usize>(
        self,
        id: &'static str,
        values: [(&'static str, Value<'_>); N],
    ) -> String {
        self.words_of(id, values)
    }

    /// The same, if their number is not known before.
    pub(crate) fn words_of<'a>(
        self,
        id: &'static str,
        values: impl IntoIterator<Item = (&'static str, Value<'a>)>,
    ) -> String {
        let named = values.into_iter().map(|(name, value)| (Cow::<'a, str>::Borrowed(name), value));
        let values: FluentArgs<'a> = named.collect();
        let text = self.catalogue().format(id, &values).or_else(|| CATALOGUES[0].format(id, &values));
        text.unwrap_or_else(|| not_found(id).to_owned())
    }

    fn catalogue(self) -> &'static Catalogue {
        &CATALOGUES[self.0]
    }
}

/// A word of one's own, or an identifier that nobody has written a message for. Tests find the latter.
fn not_found(id: &'static str) -> &'static str {
    let is_identifier = id.contains('-') && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if is_identifier {
        tracing::error!(id, "no catalogue has this message");
    }
    id
}

#[cfg(test)]
mod tests;
