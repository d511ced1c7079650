//! How many guesses a password costs, estimated by `zxcvbn`: it knows frequent passwords, words, names, keyboards and dates.

use std::fmt;
use std::str::FromStr;

use ironleaf_auth::{EmailAddress, SecretText};
use thiserror::Error;
use zeroize::Zeroizing;
use zxcvbn::feedback::Warning;
use zxcvbn::zxcvbn;

/// A longer password is judged by its beginning. The time of an estimate grows much faster than the length: a text in which
/// every character can stand for several letters takes 50 ms with 32 characters, and 670 ms with the 100 that `zxcvbn`
/// itself allows (measured in a release build).
const MAX_CHARACTERS: usize = 32;

/// A shorter part of an address is in many words by chance.
const MIN_EXPECTED: usize = 4;

/// How hard a password is to guess: the score of `zxcvbn`, from 0 to 4. The default is 0, which every password has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strength(u8);

impl Strength {
    /// From about a million guesses on. Below that, online guessing can succeed in spite of rate limits, and the 3,000
    /// most frequent passwords (ASVS 6.2.4) are all below.
    pub const MODERATE: Self = Self(2);
    const MAX: u8 = 4;
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not a number from 0 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a strength is a number from 0 to 4")]
pub struct UnknownStrength;

impl FromStr for Strength {
    type Err = UnknownStrength;

    fn from_str(text: &str) -> Result<Self, UnknownStrength> {
        text.parse().ok().filter(|score| *score <= Self::MAX).map(Self).ok_or(UnknownStrength)
    }
}

/// What makes a password easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Weakness {
    /// It has the address of its person or the name of the application in it.
    Expected,
    /// Many people use it, or one like it.
    Common,
    /// It is a single word.
    Word,
    /// It is a name.
    Name,
    /// It follows the keys of a keyboard.
    Keys,
    /// It repeats itself.
    Repeats,
    /// It is a sequence, such as `6543`.
    Sequence,
    /// It is a year or a date.
    Date,
    /// Too little would have to be guessed.
    Simple,
}

/// How a password was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Estimate {
    pub(crate) strength: Strength,
    pub(crate) weakness: Weakness,
}

/// `address` and `words` are what somebody tries first.
pub(super) fn estimate(password: &SecretText, address: Option<&EmailAddress>, words: &[String]) -> Estimate {
    let password: Zeroizing<String> =
        Zeroizing::new(password.expose().chars().take(MAX_CHARACTERS).collect());
    let expected = expected(address, words);
    let inputs: Vec<&str> = expected.iter().map(String::as_str).collect();
    let entropy = zxcvbn(&password, &inputs);
    let warning = entropy.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    let lower = Zeroizing::new(password.to_lowercase());
    let is_expected = expected.iter().any(|word| word.len() >= MIN_EXPECTED && lower.contains(word.as_str()));
    let weakness = if is_expected { Weakness::Expected } else { warning.map_or(Weakness::Simple, meaning) };
    Estimate { strength: Strength(entropy.score().into()), weakness }
}

/// The words themselves, the part of the address before its `@`, and the parts of that.
fn expected(address: Option<&EmailAddress>, words: &[String]) -> Vec<String> {
    let local = address.and_then(|address| address.as_str().rsplit_once('@')).map(|(local, _)| local);
    let parts = local.into_iter().flat_map(|local| local.split(|part: char| !part.is_alphanumeric()));
    let all = words.iter().map(|word| word.to_lowercase());
    let all = all.chain(local.into_iter().chain(parts).map(str::to_owned));
    all.filter(|word| !word.is_empty()).collect()
}

fn meaning(warning: Warning) -> Weakness {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess => {
            Weakness::Keys
        }
        Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            Weakness::Repeats
        }
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => Weakness::Common,
        Warning::SequencesLikeAbcAreEasyToGuess => Weakness::Sequence,
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => Weakness::Date,
        Warning::AWordByItselfIsEasyToGuess => Weakness::Word,
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
        | Warning::CommonNamesAndSurnamesAreEasyToGuess => Weakness::Name,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(password: &str) -> Estimate {
        let address = EmailAddress::of_record("grace.hopperton@example.com");
        estimate(&password.into(), Some(&address), &["Ironleaf".to_owned()])
    }

    #[test]
    fn what_somebody_tries_first_is_weak_and_says_why() {
        for (password, weakness) in [
            ("password1", Weakness::Common),
            ("12345678", Weakness::Common),
            ("P4ssw0rd", Weakness::Common),
            ("qwertyuiop[", Weakness::Keys),
            ("aaaaaaaaaaaa", Weakness::Repeats),
            ("lmnopqrst", Weakness::Sequence),
            ("13.07.1984", Weakness::Date),
            ("constitution", Weakness::Word),
            ("ironleaf", Weakness::Expected),
            ("Ironleaf1", Weakness::Expected),
            ("hopperton", Weakness::Expected),
            ("grace.hopperton", Weakness::Expected),
        ] {
            let estimate = judged(password);
            assert!(estimate.strength < Strength::MODERATE, "{password}: {estimate:?}");
            assert_eq!(estimate.weakness, weakness, "{password}");
        }
    }

    #[test]
    fn a_few_words_that_somebody_put_together_are_not_weak() {
        for password in
            ["correct horse battery staple", "lamp under the ninth boat", "vK3#pq9!xZ2u", "7q£ürmel-zwei"]
        {
            assert!(judged(password).strength > Strength::MODERATE, "{password}");
        }
    }

    /// Those of `docs/configuration.md`.
    #[test]
    fn each_strength_has_its_example() {
        let examples = ["password1", "winterlamp", "cat lamp", "horse7lamp", "lamp under the"];
        for (score, example) in (0..).zip(examples) {
            assert_eq!(judged(example).strength, Strength(score), "{example}");
        }
    }

    #[test]
    fn what_is_about_one_person_is_weak_for_that_person_alone() {
        let of = |address| estimate(&"zqvxkorbwyft".into(), address, &[]).strength;
        let own = EmailAddress::of_record("zqvxkorbwyft@example.com");
        let other = EmailAddress::of_record("ada@example.com");
        assert!(of(Some(&own)) < Strength::MODERATE);
        assert!(of(Some(&other)) > Strength::MODERATE && of(None) > Strength::MODERATE);
    }

    #[test]
    fn a_strength_is_a_number_from_0_to_4() {
        for score in ["0", "1", "2", "3", "4"] {
            assert_eq!(score.parse::<Strength>().unwrap().to_string(), score);
        }
        for text in ["5", "-1", "strong", "", "2.0"] {
            assert_eq!(text.parse::<Strength>(), Err(UnknownStrength), "{text}");
        }
    }

    #[test]
    fn a_long_password_is_judged_by_its_beginning_because_more_would_cost_too_much() {
        for (beginning, rest) in [("a", "lamp under the ninth boat"), ("4@8({[<3&6!1|05$", "7+2%")] {
            let beginning: String = beginning.chars().cycle().take(MAX_CHARACTERS).collect();
            assert_eq!(judged(&(beginning.clone() + &rest.repeat(2_000))), judged(&beginning));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_text_is_judged(password in any::<String>(), local in "\\PC{0,64}") {
            let address = EmailAddress::of_record(&format!("{local}@example.com"));
            estimate(&password.as_str().into(), Some(&address), &[local]);
        }
    }
}
