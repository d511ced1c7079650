//! A browser in words, from its `User-Agent`. A person recognises "Firefox on Linux"; nobody reads the header itself.

/// No browser's name stands further back. Nobody can make this search through more.
const READ_BYTES: usize = 300;

const UNKNOWN: &str = "Unknown browser";

/// The mark of each browser. Most browsers also have the marks of others, so the order matters.
const BROWSERS: [(&str, &str); 13] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex Browser"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// The mark of each system, in order.
const SYSTEMS: [(&str, &str); 8] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows NT", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Linux"),
];

/// Only words of this file, whatever the header says.
pub(crate) fn in_words(user_agent: &[u8]) -> String {
    let text = String::from_utf8_lossy(&user_agent[..user_agent.len().min(READ_BYTES)]);
    let find = |marks: &[(&str, &'static str)]| {
        marks.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name)
    };
    // Every browser begins like this. Programs have names of their own.
    match find(&BROWSERS).filter(|_| text.starts_with("Mozilla/5.0 ")) {
        None => UNKNOWN.to_owned(),
        Some(browser) => match find(&SYSTEMS) {
            Some(system) => format!("{browser} on {system}"),
            None => browser.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_as_people_name_it() {
        for (user_agent, words) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            ("Mozilla/5.0 (Something) Gecko/20100101 Firefox/153.0", "Firefox"),
        ] {
            assert_eq!(in_words(user_agent.as_bytes()), words);
        }
    }

    #[test]
    fn nothing_of_a_header_is_repeated() {
        let far = format!("Mozilla/5.0 {} Firefox/153.0", "x".repeat(300));
        for user_agent in
            ["", "curl/8.5.0", "<script>Firefox/1 on Linux</script>", "Mozilla/5.0 (you won)", &far]
        {
            assert_eq!(in_words(user_agent.as_bytes()), UNKNOWN, "{user_agent}");
        }
        assert_eq!(in_words(b"\xff\xfe"), UNKNOWN);
    }
}
