//! What a `User-Agent` says about a browser, in words that we chose.
//!
//! Browsers imitate each other: almost all of them say `Mozilla`, and most say `Chrome` and `Safari`. So the names are
//! looked for in an order, the imitators first. Anybody can send any text, so nothing of it is ever shown.

/// A browser and the system it runs on, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Device {
    /// The name of the browser, such as `Firefox`.
    pub browser: Option<&'static str>,
    /// The name of the system, such as `Android`, or of the kind of device, such as `iPad`.
    pub system: Option<&'static str>,
}

/// The names of products, and of the browsers that call themselves so.
const BROWSERS: [(&str, &str); 27] = [
    ("Edg", "Edge"),
    ("EdgA", "Edge"),
    ("EdgiOS", "Edge"),
    ("Edge", "Edge"),
    ("OPR", "Opera"),
    ("OPT", "Opera"),
    ("OPX", "Opera"),
    ("Opera", "Opera"),
    ("Vivaldi", "Vivaldi"),
    ("YaBrowser", "Yandex Browser"),
    ("SamsungBrowser", "Samsung Internet"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("Ddg", "DuckDuckGo"),
    ("Brave", "Brave"),
    ("UCBrowser", "UC Browser"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("MiuiBrowser", "Mi Browser"),
    ("Silk", "Silk"),
    ("FxiOS", "Firefox"),
    ("Focus", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("HeadlessChrome", "Chrome"),
    ("Chromium", "Chromium"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
];

/// What systems say about themselves in parentheses. Android says that it is a Linux, and an iPhone that it is like a
/// Mac.
const SYSTEMS: [(&str, &str); 12] = [
    ("Windows Phone", "Windows Phone"),
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("iPod", "iPod"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
    ("X11", "Unix"),
];

impl Device {
    /// Reads a `User-Agent` (RFC 9110, section 10.1.5): products, and comments in parentheses.
    pub fn of(user_agent: &str) -> Self {
        let (mut products, mut comments) = (Vec::new(), Vec::new());
        for (text, is_comment) in parts(user_agent) {
            if is_comment {
                comments.push(text);
            } else {
                products
                    .extend(text.split_ascii_whitespace().filter_map(|product| product.split('/').next()));
            }
        }
        let is_said = |name: &str| comments.iter().any(|comment| has_word(comment, name));
        let old_explorer = is_said("MSIE") || is_said("Trident");
        let named = BROWSERS.iter().find(|(product, _)| products.contains(product)).map(|(_, name)| *name);
        let browser = named.or_else(|| old_explorer.then_some("Internet Explorer"));
        let system = SYSTEMS.iter().find(|(said, _)| is_said(said)).map(|(_, name)| *name);
        Self { browser, system }
    }
}

/// Whether a comment has this word, or these words, by themselves: `Linux` is not in `Linuxoid`.
fn has_word(comment: &str, word: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    comment.match_indices(word).any(|(start, _)| {
        let (before, after) = (&comment.as_bytes()[..start], &comment.as_bytes()[start + word.len()..]);
        !is_part(before.last()) && !is_part(after.first())
    })
}

/// The text outside of parentheses and that inside, each with whether it is inside. What is nested is inside.
fn parts(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut depth = 0_usize;
    text.split_inclusive(['(', ')']).map(move |part| {
        let is_comment = depth > 0;
        match part.as_bytes().last() {
            Some(b'(') => depth += 1,
            Some(b')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        (part.trim_end_matches(['(', ')']), is_comment)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn browsers_and_systems_have_their_usual_names() {
        for (user_agent, browser, system) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0", "Firefox", "Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
                "Chrome",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36",
                "Chrome",
                "Android",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0",
                "Edge",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
                "Safari",
                "macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
                "Safari",
                "iPhone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/146.0 Mobile/15E148 Safari/605.1.15",
                "Firefox",
                "iPhone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/143.0.0.0 Mobile/15E148 Safari/604.1",
                "Chrome",
                "iPad",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; SAMSUNG SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
                "Samsung Internet",
                "Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 OPR/124.0.0.0",
                "Opera",
                "ChromeOS",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
                "Internet Explorer",
                "Windows",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/143.0.0.0 Safari/537.36",
                "Chrome",
                "Linux",
            ),
        ] {
            let device = Device { browser: Some(browser), system: Some(system) };
            assert_eq!(Device::of(user_agent), device, "{user_agent}");
        }
        assert_eq!(Device::of("curl/8.17.0"), Device { browser: Some("curl"), system: None });
    }

    #[test]
    fn nonsense_has_no_name() {
        for user_agent in [
            "",
            "(",
            ")))",
            "((Firefox/1.0))",
            "<script>alert(1)</script>",
            "firefox",
            "NotFirefox/1.0 (Linuxoid)",
            "Mozilla/5.0",
            "\u{202e}Firefox/1.0",
        ] {
            assert_eq!(Device::of(user_agent), Device::default(), "{user_agent}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(user_agent in any::<String>()) {
            let _ = Device::of(&user_agent);
        }

        #[test]
        fn anything_between_parentheses_can_be_read(user_agent in "[()A-Za-z/ ;é]{0,40}") {
            let _ = Device::of(&user_agent);
        }
    }
}
