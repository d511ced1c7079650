//! E-mail addresses: checked and lower-cased once, on the way in.

use std::fmt;

/// A well-formed address in lower case.
///
/// What is well formed follows zod 4, whose messages the API speaks: a practical subset of RFC 5321, ASCII only. So
/// comparing without case is comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

/// RFC 5321, section 4.5.3.1.3: a path is 256 octets with its angle brackets.
const LENGTH_LIMIT_BYTES: usize = 254;

impl Email {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.rsplit_once('@')?;
        let well_formed = text.len() <= LENGTH_LIMIT_BYTES && is_local_part(local) && is_domain(domain);
        well_formed.then(|| Self(text.to_ascii_lowercase()))
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
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_'+-.".contains(&byte);
    !local.starts_with('.')
        && !local.contains("..")
        && local.bytes().all(allowed)
        && local.bytes().last().is_some_and(|last| last != b'.' && last != b'\'')
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && label.bytes().next().is_some_and(|first| first != b'-')
    };
    domain.rsplit_once('.').is_some_and(|(labels, top)| {
        labels.split('.').all(is_label)
            && top.len() >= 2
            && top.bytes().all(|byte| byte.is_ascii_alphabetic())
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
            "üser@test.com",
            "user@test.c0m",
            "<user@test.com>",
            &long,
        ] {
            assert_eq!(Email::parse(text), None, "{text}");
        }
    }
}
