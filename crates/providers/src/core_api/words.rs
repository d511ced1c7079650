//! Names in the forms that APIs use: text or number, one or a list, or missing.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

/// A name, or a number used as a name. `None` for anything else.
pub(super) struct Word(pub(super) Option<String>);

/// A list of names. A single name is a list of one, and `null` is an empty list. Items that are not names are left out.
pub(super) struct Words(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = Word;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Word, E> {
        Ok(Word((!text.is_empty()).then(|| text.to_owned())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Word, E> {
        Ok(Word(Some(number.to_string())))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Word, E> {
        Ok(Word(Some(number.to_string())))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Word, E> {
        Ok(Word(Some(number.to_string())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Word, E> {
        Ok(Word(None))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Word, E> {
        Ok(Word(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Word, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Word(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Word, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Word(None))
    }
}

struct WordsVisitor;

impl WordsVisitor {
    fn one<E: de::Error>(word: Result<Word, E>, unexpected: Unexpected<'_>) -> Result<Words, E> {
        match word?.0 {
            Some(word) => Ok(Words(vec![word])),
            None => Err(E::invalid_value(unexpected, &WordsVisitor)),
        }
    }
}

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of names, a name, or null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Words, E> {
        Ok(Words(Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
        let mut words = Vec::with_capacity(list.size_hint().unwrap_or_default().min(16));
        while let Some(Word(word)) = list.next_element()? {
            words.extend(word);
        }
        Ok(Words(words))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Words, E> {
        Self::one(WordVisitor.visit_str(text), Unexpected::Str(text))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Words, E> {
        Self::one(WordVisitor.visit_u64(number), Unexpected::Unsigned(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Words, E> {
        Self::one(WordVisitor.visit_i64(number), Unexpected::Signed(number))
    }
}
