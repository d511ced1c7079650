//! The cookies that this application sets in a browser.

use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone, Default, Debug)]
pub(crate) struct Jar(BTreeMap<String, Stored>);

#[derive(Clone, Debug)]
struct Stored {
    value: String,
    expires_at: Duration,
}

/// The effect of a `Set-Cookie` line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Applied<'a> {
    Set {
        name: &'a str,
        value: &'a str,
    },
    Removed {
        name: &'a str,
    },
    /// Not a cookie.
    Ignored,
}

impl Jar {
    /// The `Cookie` header.
    pub(crate) fn header(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let pairs: Vec<_> = self.0.iter().map(|(name, stored)| format!("{name}={}", stored.value)).collect();
        Some(pairs.join("; "))
    }

    /// The name and value of each cookie.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, stored)| (name.as_str(), stored.value.as_str()))
    }

    /// Removes expired cookies, and returns whether there were any.
    pub(crate) fn expire(&mut self, now: Duration) -> bool {
        let before = self.0.len();
        self.0.retain(|_, stored| now < stored.expires_at);
        self.0.len() < before
    }

    pub(crate) fn apply<'a>(&mut self, line: &'a str, now: Duration) -> Applied<'a> {
        let applied = Applied::read(line);
        match applied {
            Applied::Set { name, value } => {
                let lasts_for = max_age(line).unwrap_or(Duration::MAX);
                let stored = Stored { value: value.to_owned(), expires_at: now.saturating_add(lasts_for) };
                self.0.insert(name.to_owned(), stored);
            }
            Applied::Removed { name } => {
                self.0.remove(name);
            }
            Applied::Ignored => {}
        }
        applied
    }
}

impl<'a> Applied<'a> {
    pub(crate) fn read(line: &'a str) -> Self {
        let Some((name, value)) = line.split(';').next().and_then(|pair| pair.split_once('=')) else {
            return Self::Ignored;
        };
        if max_age(line) == Some(Duration::ZERO) { Self::Removed { name } } else { Self::Set { name, value } }
    }
}

fn max_age(line: &str) -> Option<Duration> {
    let attribute = line.split("; ").find_map(|attribute| attribute.strip_prefix("Max-Age="))?;
    attribute.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_stays_until_it_is_removed_or_its_time_is_over() {
        let mut jar = Jar::default();
        let set = "a=1; HttpOnly; Path=/; Max-Age=60";
        assert_eq!(jar.apply(set, Duration::ZERO), Applied::Set { name: "a", value: "1" });
        jar.apply("b=2; Path=/; Max-Age=600", Duration::ZERO);
        assert_eq!(jar.header().unwrap(), "a=1; b=2");
        assert!(jar.expire(Duration::from_mins(1)));
        assert_eq!(jar.header().unwrap(), "b=2");
        let removal = "b=; Path=/; Max-Age=0";
        assert_eq!(jar.apply(removal, Duration::ZERO), Applied::Removed { name: "b" });
        assert!(jar.header().is_none());
    }
}
