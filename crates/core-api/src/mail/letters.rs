//! The e-mails with a link that somebody asked for, and the form of every e-mail. Links lead to pages of the web
//! application.

use std::time::Duration;

use super::{html::escape, life::Life, message::Message, percent::percent_encode};
use crate::{config::Config, tokens::RefreshToken};

/// What the HTML part needs beyond inline styles. Where a mail program drops it, the light colours stay.
pub(crate) const STYLE: &str = include_str!("message.css");

pub(super) struct Words {
    pub(super) title: &'static str,
    /// What mail programs show beside the subject.
    pub(super) preheader: &'static str,
    pub(super) before: &'static str,
    pub(super) button: &'static str,
    pub(super) after: &'static str,
}

/// What is different in each e-mail of one kind.
pub(super) struct Particulars<'a> {
    /// Names and values, such as the time.
    pub(super) facts: &'a [(&'static str, String)],
    pub(super) link: String,
    /// How long the link is good for, if it ends.
    pub(super) life: Option<Duration>,
    /// What else to do, and the page for it.
    pub(super) advice: Option<(&'static str, String)>,
}

const VERIFICATION: Words = Words {
    title: "Verify your e-mail address",
    preheader: "One click, and it is done.",
    before: "Please verify that this is your e-mail address.",
    button: "Verify e-mail address",
    after: "If you have not asked for this, you can ignore this message.",
};

const RESET: Words = Words {
    title: "Set a new password",
    preheader: "The link inside leads to the form.",
    before: "Somebody asked for a new password for your account. This link signs you in, once, to set it.",
    button: "Set a new password",
    after: "If it was not you, you can ignore this message: your password has not changed.",
};

const SIGN_IN: Words = Words {
    title: "Your login link",
    preheader: "The link inside logs you in.",
    before: "Somebody asked for a link to log in to your account. It works once.",
    button: "Log in",
    after: "If it was not you, you can ignore this message: nobody can log in without this link. Do not pass it on.",
};

impl Message {
    pub(crate) fn email_verification(config: &Config, to: &str, token: &str) -> Self {
        let link = format!("{}/email-verification?token={}", origin(config), percent_encode(token));
        Self::compose(config, to, &VERIFICATION, asked_for(link, config.verification_link_ttl))
    }

    pub(crate) fn password_reset(config: &Config, to: &str, token: &RefreshToken) -> Self {
        let link = format!("{}&action=password", login(config, to, token));
        Self::compose(config, to, &RESET, asked_for(link, config.reset_link_ttl))
    }

    pub(crate) fn sign_in_link(config: &Config, to: &str, token: &RefreshToken) -> Self {
        Self::compose(config, to, &SIGN_IN, asked_for(login(config, to, token), config.reset_link_ttl))
    }

    pub(super) fn compose(config: &Config, to: &str, words: &Words, particulars: Particulars<'_>) -> Self {
        let Words { title, preheader, before, button, after } = words;
        let Particulars { facts, link, life, advice } = particulars;
        let app = &config.app_name;
        let life = life.map(|life| format!("The link is good for {}.", Life(life)));
        let lines: String = facts.iter().flat_map(|(name, value)| [name, ": ", value, "\n"]).collect();
        let then = |between: &str| life.as_ref().map_or_else(String::new, |life| format!("{life}{between}"));
        let (advice, advice_html) = advice.map_or_else(Default::default, |(words, page)| {
            (format!(" {words}\n{page}"), format!(" {words} {}", anchor(&page)))
        });
        Self {
            to: to.to_owned(),
            subject: format!("{title} · {app}"),
            text: format!(
                "{title}\n\n{before}\n\n{lines}{gap}{link}\n\n{life}{after}{advice}\n\n-- \n{app}\n",
                gap = if facts.is_empty() { "" } else { "\n" },
                life = then("\n"),
            ),
            html: format!(
                include_str!("message.html"),
                title = title,
                preheader = preheader,
                style = STYLE,
                before = before,
                facts = facts_html(facts),
                button = button,
                after = after,
                advice = advice_html,
                life = then(" "),
                link = escape(&link),
                app = escape(app),
            ),
            link,
        }
    }
}

const fn asked_for(link: String, life: Duration) -> Particulars<'static> {
    Particulars { facts: &[], link, life: Some(life), advice: None }
}

fn anchor(page: &str) -> String {
    let page = escape(page);
    format!("<a href=\"{page}\" class=\"leaf\" style=\"color:#1f6f43\">{page}</a>")
}

fn facts_html(facts: &[(&'static str, String)]) -> String {
    if facts.is_empty() {
        return String::new();
    }
    let lines: Vec<_> = facts.iter().map(|(name, value)| format!("{name}: {}", escape(value))).collect();
    let style = "margin:0 0 24px;color:#17211b";
    format!("<p class=\"ink\" style=\"{style}\">{}</p>\n", lines.join("<br>\n"))
}

/// The sign-in page, which consumes the token.
fn login(config: &Config, to: &str, token: &RefreshToken) -> String {
    let (email, token) = (percent_encode(to), percent_encode(token.expose()));
    format!("{}/login?email={email}&token={token}", origin(config))
}

pub(super) fn origin(config: &Config) -> &str {
    config.public_origin.trim_end_matches('/')
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
        assert!(message.text.lines().any(|line| line == message.link), "alone on its line");
        let escaped = message.link.replace('&', "&amp;").replace('\'', "&#39;");
        assert_eq!(
            message.html.matches(&format!("href=\"{escaped}\"")).count(),
            2,
            "the button and the link"
        );
        assert!(message.html.contains(&format!(">{escaped}</a>")), "to be copied");
    }

    #[test]
    fn both_parts_name_the_application_and_say_how_long_the_link_is_good_for() {
        let config = Config { app_name: "Tree & Co".to_owned(), ..Config::in_memory() };
        let reset = Message::password_reset(&config, "user@test.com", &RefreshToken::presented("a-1"));
        let sign_in = Message::sign_in_link(&config, "user@test.com", &RefreshToken::presented("a-1"));
        let verification = Message::email_verification(&config, "user@test.com", "t");
        for (message, life) in [(reset, "1 hour"), (sign_in, "1 hour"), (verification, "7 days")] {
            let sentence = format!("The link is good for {life}.");
            assert!(message.subject.ends_with(" · Tree & Co"), "{}", message.subject);
            assert!(
                message.text.contains(&sentence) && message.text.contains("Tree & Co"),
                "{}",
                message.text
            );
            assert!(
                message.html.contains(&sentence) && message.html.contains("Tree &amp; Co"),
                "{}",
                message.html
            );
        }
    }

    #[test]
    fn the_html_part_loads_nothing_and_stands_without_its_style_sheet() {
        let message = Message::email_verification(&Config::in_memory(), "user@test.com", "t");
        for foreign in ["<img", "<script", "<link", "url(", "@import", "src="] {
            assert!(!message.html.contains(foreign), "{foreign}");
        }
        assert!(
            message.html.contains("<html lang=\"en\">") && message.html.contains("content=\"light dark\"")
        );
        assert!(
            message.html.contains("background-color:#1f6f43;color:#ffffff"),
            "the button has its own colours"
        );
    }

    #[test]
    fn the_debug_output_of_a_message_keeps_its_link() {
        let message = Message::email_verification(&Config::in_memory(), "user@test.com", "s3cret");
        let shown = format!("{message:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("user@test.com"), "{shown}");
    }
}
