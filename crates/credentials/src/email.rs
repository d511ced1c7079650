//! E-mail addresses.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::RangeInclusive;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// The maximum length of an address in bytes: RFC 5321, section 4.5.3.1.3, without the angle brackets.
pub const MAX_BYTES: usize = 254;

/// An e-mail address in its one form, made once from what somebody typed and passed on from there.
///
/// It does not say that this is an address: what has no `@` is lower-cased, and whoever asks for an address refuses it. Its `Debug`
/// shows nothing, because an address is about a person.
///
/// Two addresses are equal if their one form is. The spelling that somebody typed is kept beside it, for an API that compares
/// addresses with their case.
#[derive(Clone)]
pub struct EmailAddress {
    normal: String,
    /// Where it differs.
    typed: Option<String>,
}

impl EmailAddress {
    /// What somebody typed, in its [`normal_form`]. `None` where it has none.
    pub fn parse(typed: &str) -> Option<Self> {
        normal_form(typed).map(|normal| Self::spelled(normal, typed))
    }

    /// An address that an API has stored. What has no [`normal_form`] is lower-cased, without the spaces around it: it is left to
    /// that API.
    pub fn of_record(stored: &str) -> Self {
        Self::spelled(normal_form(stored).unwrap_or_else(|| stored.trim().to_lowercase()), stored)
    }

    /// What [`as_str`](Self::as_str) gave before, out of a sealed cookie.
    pub const fn from_normal_form(normal: String) -> Self {
        Self { normal, typed: None }
    }

    fn spelled(normal: String, typed: &str) -> Self {
        let typed = typed.trim();
        let typed = (typed != normal && typed.len() <= MAX_BYTES).then(|| typed.to_owned());
        Self { normal, typed }
    }

    /// As it is compared, sent and stored.
    pub fn as_str(&self) -> &str {
        &self.normal
    }

    /// As it was typed or stored, without the spaces around it. For an API that compares addresses with their case.
    pub fn as_typed(&self) -> &str {
        self.typed.as_deref().unwrap_or(&self.normal)
    }

    /// As a person reads it: with the domain in Unicode.
    pub fn to_unicode(&self) -> String {
        unicode_form(&self.normal).unwrap_or_else(|| self.normal.clone())
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normal.hash(state);
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

/// The address as it is compared, sent and stored, without the spaces around it. `None` where it is longer than
/// [`MAX_BYTES`] in that form, or has a domain that cannot be written in ASCII (UTS 46).
///
/// This does not check that the text is an address: a text without `@` is lower-cased, and the caller has to refuse it.
pub fn normal_form(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let form = match typed.rsplit_once('@') {
        Some((local, domain)) => {
            let (local, domain) = (local_form(local), domain_form(domain)?);
            format!("{local}@{domain}")
        }
        None => local_form(typed),
    };
    (form.len() <= MAX_BYTES).then_some(form)
}

/// The address with its domain in Unicode, if that differs. Some APIs have stored addresses in this form.
///
/// The argument is the [`normal_form`].
pub fn unicode_form(normal: &str) -> Option<String> {
    let (local, domain) = normal.rsplit_once('@')?;
    let (domain_in_unicode, outcome) = idna::domain_to_unicode(domain);
    (outcome.is_ok() && domain_in_unicode != domain).then(|| format!("{local}@{domain_in_unicode}"))
}

/// Whether the character is a visible non-ASCII letter or digit, or a mark on one. RFC 6531 allows these in an address.
pub fn is_international(character: char) -> bool {
    !character.is_ascii()
        && (character.is_alphanumeric() || is_combining_mark(character))
        && !INVISIBLE.iter().any(|range| range.contains(&character))
}

/// Letters and marks that are not drawn (Unicode, `Default_Ignorable_Code_Point`). With one of them, two addresses look
/// the same.
const INVISIBLE: [RangeInclusive<char>; 10] = [
    '\u{34f}'..='\u{34f}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Alternates lower case and NFC until neither changes the text.
fn local_form(local: &str) -> String {
    let composed: String = local.nfc().collect();
    composed.to_lowercase().nfc().collect()
}

fn domain_form(domain: &str) -> Option<String> {
    // ASCII does not go through UTS 46: an address stored in lower case stays unchanged, even with an invalid `xn--`
    // label.
    if domain.is_ascii() {
        return Some(domain.to_ascii_lowercase());
    }
    // SECURITY: UTS 46 maps some characters to ASCII, such as a wide `@` or `/`. The list refuses those.
    let form =
        Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::URL, Hyphens::Allow, DnsLength::Ignore);
    form.ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_address_has_one_form() {
        for (typed, form) in [
            ("user@test.com", "user@test.com"),
            (" User@TEST.com ", "user@test.com"),
            ("user@exämple.com", "user@xn--exmple-cua.com"),
            ("user@exa\u{308}mple.com", "user@xn--exmple-cua.com"),
            ("User@EXÄMPLE.COM", "user@xn--exmple-cua.com"),
            ("user@XN--EXMPLE-CUA.com", "user@xn--exmple-cua.com"),
            ("user@exämple\u{3002}com", "user@xn--exmple-cua.com"),
            ("user@почта.рф", "user@xn--80a1acny.xn--p1ai"),
            ("user@xn--e1afmkfd.xn--p1ai", "user@xn--e1afmkfd.xn--p1ai"),
            ("user@faß.de", "user@xn--fa-hia.de"),
            ("ÜSER@example.com", "üser@example.com"),
            ("u\u{308}ser@example.com", "üser@example.com"),
            ("nonsense", "nonsense"),
            ("", ""),
        ] {
            assert_eq!(normal_form(typed).as_deref(), Some(form), "{typed}");
        }
    }

    #[test]
    fn the_spelling_is_kept_beside_the_one_form_and_makes_no_other_address() {
        for (typed, spelling) in [
            (" User@Test.com ", "User@Test.com"),
            ("user@test.com", "user@test.com"),
            ("user@EXÄMPLE.com", "user@EXÄMPLE.com"),
        ] {
            let address = EmailAddress::parse(typed).unwrap();
            assert_eq!(address.as_typed(), spelling);
            assert_eq!(address, EmailAddress::from_normal_form(address.as_str().to_owned()));
            assert_eq!(EmailAddress::of_record(typed).as_typed(), spelling);
        }
        let long = EmailAddress::of_record(&format!("User@{}.com", "X".repeat(MAX_BYTES)));
        assert_eq!(long.as_typed(), long.as_str());
    }

    #[test]
    fn an_address_is_made_once_and_says_nothing_of_itself_in_a_log() {
        let address = EmailAddress::parse(" User@EX\u{c4}MPLE.com ").unwrap();
        assert_eq!(
            (address.as_str(), address.to_unicode().as_str()),
            ("user@xn--exmple-cua.com", "user@ex\u{e4}mple.com")
        );
        assert_eq!(EmailAddress::from_normal_form(address.as_str().to_owned()), address);
        assert_eq!(EmailAddress::of_record("user@ex\u{e4}mple.com"), address);
        assert_eq!(format!("{address:?}"), "EmailAddress(..)");
    }

    #[test]
    fn what_has_no_form_is_left_to_whoever_has_stored_it() {
        let stored = " User@ex\u{e4} mple.com";
        assert_eq!(EmailAddress::parse(stored), None);
        assert_eq!(EmailAddress::of_record(stored).as_str(), "user@ex\u{e4} mple.com");
    }

    #[test]
    fn what_cannot_be_a_domain_has_none() {
        for typed in [
            "user@exa\u{ff20}evil.example",
            "user@exä mple.com",
            "user@ex\u{ff0f}ample.com",
            "user@ä\u{0}.com",
            "user@xn--a.exämple.com",
        ] {
            assert_eq!(normal_form(typed), None, "{typed}");
        }
        let long = "ü".repeat(MAX_BYTES);
        assert_eq!(normal_form(&format!("{long}@test.com")), None);
    }

    #[test]
    fn what_was_stored_as_ascii_stays_as_it_is() {
        for stored in ["user@xn--a.com", "user@a_b.com", "user@-a.com", "user@test.com", "o'neil+x@a--b.io"] {
            assert_eq!(normal_form(stored).as_deref(), Some(stored));
        }
    }

    #[test]
    fn a_domain_can_be_written_in_unicode() {
        assert_eq!(unicode_form("user@xn--exmple-cua.com").as_deref(), Some("user@exämple.com"));
        for same in ["user@test.com", "user@xn--a.com", "nonsense"] {
            assert_eq!(unicode_form(same), None, "{same}");
        }
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself(typed in "\\PC{0,20}@\\PC{0,20}") {
            if let Some(form) = normal_form(&typed) {
                prop_assert_eq!(normal_form(&form), Some(form.clone()));
            }
        }

        #[test]
        fn ascii_is_lower_cased_and_nothing_else(typed in "[!-~]{1,20}@[!-~]{1,20}") {
            prop_assert_eq!(normal_form(&typed), Some(typed.to_ascii_lowercase()));
        }
    }
}
