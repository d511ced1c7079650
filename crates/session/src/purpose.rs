/// What a value is sealed for. Each purpose has its own key, so a value that was sealed for one purpose never opens for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A session in a cookie; the context is the cookie's name.
    Cookie,
    /// A value that crosses a redirect; the context is the cookie's name.
    Flash,
    /// A record in a store; the context is the record's key.
    Head,
}

impl Purpose {
    /// HKDF's info for the key, and the start of the associated data.
    pub(crate) const fn info(self) -> &'static str {
        match self {
            Self::Cookie => "ironleaf/v1/cookie",
            Self::Flash => "ironleaf/v1/flash",
            Self::Head => "ironleaf/v1/head",
        }
    }

    /// SECURITY: this binds a value to the place that it was sealed for. It names version, purpose and context without
    /// ambiguity, because no purpose's info contains a NUL byte.
    pub(crate) fn associated_data(self, context: &str) -> Vec<u8> {
        [self.info().as_bytes(), &[0], context.as_bytes()].concat()
    }
}
