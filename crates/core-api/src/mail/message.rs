//! The two e-mails there are. Their links lead to pages of the web application.

use std::fmt::{self, Write};

use super::escape;
use crate::{config::Config, tokens::RefreshToken};

/// An e-mail in plain text and in HTML. Its `Debug` shows neither, because the link in them is a credential.
#[derive(Clone)]
pub struct Message {
    /// The address it goes to.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The link that it is about.
    pub link: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("subject", &self.subject).finish_non_exhaustive()
    }
}

struct Words {
    subject: &'static str,
    before: &'static str,
    button: &'static str,
    after: &'static str,
}

const VERIFICATION: Words = Words {
    subject: "Verify your e-mail address",
    before: "Please verify that this is your e-mail address:",
    button: "Verify e-mail address",
    after: "If you have not asked for this, you can ignore this message.",
};

const RESET: Words = Words {
    subject: "Set a new password",
    before: "Somebody asked for a new password for your account. This link signs you in, once, to set it:",
    button: "Set a new password",
    after: "If it was not you, you can ignore this message: your password has not changed.",
};

impl Message {
    pub(crate) fn email_verification(config: &Config, to: &str, token: &str) -> Self {
        let link = format!("{}/email-verification?token={}", origin(config), percent_encode(token));
        Self::compose(config, to, link, &VERIFICATION)
    }

    pub(crate) fn password_reset(config: &Config, to: &str, token: &RefreshToken) -> Self {
        let (email, token) = (percent_encode(to), percent_encode(token.expose()));
        let link = format!("{}/login?email={email}&token={token}&action=password", origin(config));
        Self::compose(config, to, link, &RESET)
    }

    fn compose(config: &Config, to: &str, link: String, words: &Words) -> Self {
        let Words { subject, before, button, after } = words;
        let app = &config.app_name;
        Self {
            to: to.to_owned(),
            subject: format!("{subject} · {app}"),
            text: format!("Hello,\n\n{before}\n\n{link}\n\n{after}\n\n{app}\n"),
            html: format!(
                "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{subject}</title></head>\
                 <body><p>Hello,</p><p>{before}</p><p><a href=\"{link}\">{button}</a></p><p>{after}</p><p>{app}</p>\
                 </body></html>",
                link = escape(&link),
                app = escape(app),
            ),
            link,
        }
    }
}

fn origin(config: &Config) -> &str {
    config.public_origin.trim_end_matches('/')
}

/// Leaves what RFC 3986, section 2.3 calls unreserved.
fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_survives_any_address() {
        let config = Config { public_origin: "https://app.example.com/".to_owned(), ..Config::in_memory() };
        let message =
            Message::password_reset(&config, "o'neil+tag&x@test.com", &RefreshToken::presented("a-1"));
        assert_eq!(
            message.link,
            "https://app.example.com/login?email=o%27neil%2Btag%26x%40test.com&token=a-1&action=password"
        );
        assert!(message.text.contains(&message.link));
        assert!(message.html.contains("&amp;token=a-1&amp;action=password\""));
    }

    #[test]
    fn the_debug_output_of_a_message_keeps_its_link() {
        let message = Message::email_verification(&Config::in_memory(), "user@test.com", "s3cret");
        let shown = format!("{message:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("user@test.com"), "{shown}");
    }
}
