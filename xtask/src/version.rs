//! Versions as programs print them.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) minor: u32,
    pub(crate) patch: u32,
}

impl Version {
    pub(crate) const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// The first word that is a version: `wasm-bindgen 0.2.130`, `wasm-opt version 132 (version_132)`.
    pub(crate) fn find_in(output: &str) -> Option<Self> {
        output.split_whitespace().find_map(Self::parse)
    }

    /// Parses `0.3.10`, `132` or `1.2`, with an optional `v` in front and a suffix such as `-beta.1`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let word = word.strip_prefix('v').unwrap_or(word);
        let numbers = word.split(['-', '+']).next()?;
        let mut parts = numbers.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next().map_or(Some(0), |part| part.parse().ok())?;
        let patch = parts.next().map_or(Some(0), |part| part.parse().ok())?;
        match parts.next() {
            None => Some(Self::new(major, minor, patch)),
            Some(_) => None,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_what_each_tool_prints() {
        for (output, expected) in [
            ("cargo-leptos 0.3.10\n", Version::new(0, 3, 10)),
            ("wasm-bindgen 0.2.130", Version::new(0, 2, 130)),
            ("wasm-opt version 132 (version_132)", Version::new(132, 0, 0)),
            ("wasm-opt version 123 (version_123-47-g1d4c8c3b1)", Version::new(123, 0, 0)),
            ("v20.20.2", Version::new(20, 20, 2)),
            ("tool 1.4.0-beta.2", Version::new(1, 4, 0)),
        ] {
            assert_eq!(Version::find_in(output), Some(expected), "{output}");
        }
    }

    #[test]
    fn what_is_not_a_version_is_not_taken_for_one() {
        for output in ["", "cargo-leptos", "1.2.3.4", "version_132", "v", "1.x"] {
            assert_eq!(Version::find_in(output), None, "{output}");
        }
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(Version::new(0, 3, 10) > Version::new(0, 3, 9));
        assert!(Version::new(116, 0, 0) > Version::new(108, 9, 9));
    }
}
