//! E-mail addresses: validated and normalised as they arrive.

use std::fmt;

use ironleaf_credentials::email::{is_international, normal_form};

/// A well-formed address in the form of [`ironleaf_credentials::email`], in which it is stored and compared.
///
/// The syntax follows zod 4, whose messages the API uses: a practical subset of RFC 5321. In addition, letters, digits
/// and their marks of other scripts (RFC 6531) and all top-level domains are accepted. Earlier versions accepted only
/// lower-case ASCII, which is its own normal form, so all stored addresses are in that form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

impl Email {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Nothing is trimmed here: in the contract, an address contains no spaces.
        let form = normal_form(text).filter(|_| text.trim() == text)?;
        let (local, domain) = form.rsplit_once('@')?;
        (is_local_part(local) && is_domain(domain)).then_some(Self(form))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local_part(local: &str) -> bool {
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || "_'+-.".contains(letter) || is_international(letter);
    // A mark at the beginning would belong to the text before the address.
    let begins =
        local.starts_with(|first: char| first != '.' && (first.is_ascii() || first.is_alphanumeric()));
    begins && !local.contains("..") && local.chars().all(allowed) && !local.ends_with(['.', '\''])
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && label.bytes().next().is_some_and(|first| first != b'-')
    };
    domain.rsplit_once('.').is_some_and(|(labels, top)| {
        let is_top = top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic());
        // RFC 5890, section 2.3.2.1: a name of another script, in ASCII.
        let is_international_top = top.starts_with("xn--") && top.len() > 4 && is_label(top);
        labels.split('.').all(is_label) && (is_top || is_international_top)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_formed_address_is_lower_cased() {
        for text in ["user@test.com", "User+Tag@Mail.Example.ORG", "o'neil@a-b.io", "a@1.aa"] {
            assert_eq!(Email::parse(text).expect(text).as_str(), text.to_ascii_lowercase());
        }
    }

    #[test]
    fn an_address_of_any_script_has_one_form() {
        for (text, form) in [
            ("user@exämple.com", "user@xn--exmple-cua.com"),
            ("USER@EXÄMPLE.COM", "user@xn--exmple-cua.com"),
            ("user@xn--exmple-cua.com", "user@xn--exmple-cua.com"),
            ("user@xn--e1afmkfd.xn--p1ai", "user@xn--e1afmkfd.xn--p1ai"),
            ("user@пример.рф", "user@xn--e1afmkfd.xn--p1ai"),
            ("Üser@test.com", "üser@test.com"),
            ("u\u{308}ser@test.com", "üser@test.com"),
            ("संपर्क@test.com", "संपर्क@test.com"),
        ] {
            assert_eq!(Email::parse(text).expect(text).as_str(), form);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("{}@test.com", "a".repeat(250));
        for text in [
            "",
            "@",
            "user",
            "user@",
            "@test.com",
            "user@test",
            "user@test.c",
            "user@.com",
            "user@-a.com",
            "user@a..com",
            ".user@test.com",
            "us..er@test.com",
            "user.@test.com",
            " user@test.com",
            "user@test.com ",
            "a b@test.com",
            "user@test.com\n",
            "a@b@test.com",
            "user@test.xn--",
            "user@test.xn--a_b",
            "user@exämple",
            "user@exa\u{ff20}mple.com",
            "us\u{202e}er@test.com",
            "us\u{200b}er@test.com",
            "us\u{a0}er@test.com",
            "\u{308}user@test.com",
            "us👩er@test.com",
            "user@test.c0m",
            "<user@test.com>",
            &long,
        ] {
            assert_eq!(Email::parse(text), None, "{text}");
        }
    }
}
