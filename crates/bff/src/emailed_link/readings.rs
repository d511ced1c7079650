//! The possible readings of the query of a link, which a mail program may have damaged.

use ironleaf_auth::SecretText;
use percent_encoding::percent_decode_str;

/// Longer than the token of any core API, and short enough for the cookie that carries it.
pub(super) const MAX_TOKEN_BYTES: usize = 2048;

/// The fields of one reading of a query.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// By RFC 3986. Forms write a space as `+`, but links do not, and many addresses contain a `+`.
    fn read(query: &str) -> Self {
        let fields = query.split('&').map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (unescaped(name), unescaped(value))
        });
        Self(fields.collect())
    }

    /// The first field of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn token(&self) -> Option<SecretText> {
        let token = self.get("token")?;
        (1..=MAX_TOKEN_BYTES).contains(&token.len()).then(|| SecretText::from(token))
    }
}

/// A longer query is only read as it is written: no link is that long, and each reading costs time.
pub(super) const MAX_LINK_BYTES: usize = 8 * 1024;

/// More layers of escaping do not happen by mistake.
const MAX_ENTITY_LAYERS: usize = 4;

/// The possible readings of a link: as it is written, with `&amp;` for `&` as in the source of an HTML e-mail, and
/// escaped once more as a whole.
pub(super) fn readings(query: &str) -> impl Iterator<Item = Fields> {
    let as_fields: fn(String) -> Fields = |text| Fields::read(&text);
    let mut texts = vec![query.to_owned()];
    // A place to return to may have its own query, which is escaped.
    if query.len() > MAX_LINK_BYTES || Fields::read(query).get("return_to").is_some() {
        return texts.into_iter().map(as_fields);
    }
    let plain = without_entities(query);
    let whole = without_entities(&unescaped(&plain));
    for text in [plain, whole] {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.into_iter().map(as_fields)
}

/// Replaces the HTML entities for `&`, even if they were escaped again.
fn without_entities(query: &str) -> String {
    let mut text = format!("&{query}");
    for _ in 0..MAX_ENTITY_LAYERS {
        for entity in ["&amp;", "&AMP;", "&#38;", "&#038;", "&#x26;", "&#X26;"] {
            if text.contains(entity) {
                text = text.replace(entity, "&");
            }
        }
    }
    text.split_off(1)
}

fn unescaped(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
