//! The forms of an e-mail address at an API that compares addresses byte for byte.

use ironleaf_auth::EmailAddress;
use ironleaf_credentials::email::unicode_form;

/// The forms of an address to try, the likeliest first: as it was typed, in lower case with the domain in its ASCII
/// form, and with the domain in Unicode. Forms that are the same are there once.
pub(crate) fn spellings(email: &EmailAddress) -> Vec<String> {
    let mut spellings = vec![email.as_typed().to_owned()];
    for form in [Some(email.as_str().to_owned()), unicode_form(email.as_str())].into_iter().flatten() {
        if !spellings.contains(&form) {
            spellings.push(form);
        }
    }
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_few_forms() {
        let of = |typed: &str| spellings(&EmailAddress::parse(typed).unwrap());
        assert_eq!(of("user@test.com"), ["user@test.com"]);
        assert_eq!(of("User@Test.com"), ["User@Test.com", "user@test.com"]);
        let forms = ["Eva@Ex\u{e4}mple.org", "eva@xn--exmple-cua.org", "eva@ex\u{e4}mple.org"];
        assert_eq!(of("Eva@Ex\u{e4}mple.org"), forms);
    }
}
