use ironleaf_session::{Decoder, PayloadError};

/// What a person has said about being remembered when they signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Remember {
    /// The session lasts until its timeouts, also when the browser is closed.
    #[default]
    Yes,
    /// The session ends with the browser, and has the
    /// [idle timeout of its kind](ironleaf_session::SessionSettings::unremembered_idle_timeout).
    No,
}

impl Remember {
    /// From the fields of an HTML form: `remember_me` is its checkbox, and `offered` says that there was one.
    ///
    /// A browser sends nothing for a box that is not ticked, and a client without a page never saw a box. Only a box
    /// that was offered and not ticked, or the explicit value `no`, means that the person is not to be remembered.
    pub fn from_form(remember_me: Option<&str>, offered: Option<&str>) -> Self {
        let is_left_empty = remember_me.is_none() && offered.is_some();
        if is_left_empty || remember_me == Some("no") { Self::No } else { Self::Yes }
    }

    pub(crate) fn ends_with_browser(self) -> bool {
        self == Self::No
    }

    /// From whether the session ends with the browser.
    pub(crate) const fn of(ends_with_browser: bool) -> Self {
        if ends_with_browser { Self::No } else { Self::Yes }
    }

    /// From whether the session ends with the browser, as it is sealed.
    pub(crate) fn decode(input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        input.bool().map(Self::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_box_that_was_offered_can_be_left_empty() {
        for (remember_me, offered, expected) in [
            (Some("on"), Some("yes"), Remember::Yes),
            (None, Some("yes"), Remember::No),
            (None, None, Remember::Yes),
            (Some("on"), None, Remember::Yes),
            (Some("no"), None, Remember::No),
            (Some("no"), Some("yes"), Remember::No),
        ] {
            assert_eq!(Remember::from_form(remember_me, offered), expected, "{remember_me:?} {offered:?}");
        }
    }
}
