//! Escapes text for HTML.

use std::fmt;

/// Escapes for element content and quoted attributes.
pub(crate) fn escape(text: &str) -> Escaped<'_> {
    Escaped(text)
}

pub(crate) struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            _ => fmt::Write::write_char(f, character),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_its_element_or_attribute() {
        let hostile = r#"<script>"&'</script>"#;
        assert_eq!(escape(hostile).to_string(), "&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;");
    }
}
