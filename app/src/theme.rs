//! The colours that a person chose.

/// The name of the cookie that stores the theme. It is not secret and has no prefix.
pub(crate) const THEME_COOKIE: &str = "ironleaf-theme";

/// The colours that a person chose. Without a choice, the device decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Theme {
    /// The class on `<html>`, and the value of the cookie.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Light, Self::Dark].into_iter().find(|theme| theme.class() == text)
    }
}
