//! `Accept-Language` (RFC 9110, section 12.5.4). The crate `fluent-langneg` does not read its qualities.

/// The index of the language that suits the header best: by quality, and then by order. `None` if none of them is
/// wanted.
pub(super) fn best(header: &str, tags: &[&str]) -> Option<usize> {
    let mut best: Option<(usize, u16)> = None;
    for range in header.split(',') {
        let (range, parameters) = range.split_once(';').unwrap_or((range, ""));
        let Some(quality) = quality(parameters).filter(|quality| *quality > 0) else { continue };
        if best.is_none_or(|(_, known)| quality > known)
            && let Some(index) = lookup(range.trim(), tags)
        {
            best = Some((index, quality));
        }
    }
    best.map(|(index, _)| index)
}

/// RFC 4647, section 3.4: `de-AT` is served by `de`. `*` is served by the first language.
fn lookup(range: &str, tags: &[&str]) -> Option<usize> {
    if range == "*" {
        return Some(0);
    }
    let mut range = range;
    loop {
        if let Some(index) = tags.iter().position(|tag| tag.eq_ignore_ascii_case(range)) {
            return Some(index);
        }
        range = range.rsplit_once('-')?.0;
    }
}

/// In thousandths (RFC 9110, section 12.4.2). `None` if it is malformed.
fn quality(parameters: &str) -> Option<u16> {
    let parameters = parameters.trim();
    if parameters.is_empty() {
        return Some(1000);
    }
    let value = parameters.strip_prefix("q=").or_else(|| parameters.strip_prefix("Q="))?;
    let (whole, decimals) = value.split_once('.').unwrap_or((value, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction = thousandths(decimals);
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

fn thousandths(decimals: &str) -> u16 {
    let digits = decimals.bytes().chain(std::iter::repeat(b'0')).take(3);
    digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_quality_wins_and_then_the_order() {
        for (header, expected) in [
            ("", None),
            ("de", Some("de")),
            ("DE-at", Some("de")),
            ("de-Latn-DE-1996", Some("de")),
            ("fr, de;q=0.5, en;q=0.8", Some("en")),
            ("en;q=0.8, de;q=0.81", Some("de")),
            ("de;q=0.8, en;q=0.8", Some("de")),
            ("de , en", Some("de")),
            ("de;q=0, en;q=0.001", Some("en")),
            ("de;q=0", None),
            ("fr-CH, fr;q=0.9", None),
            ("fr, *;q=0.5", Some("en")),
            ("de;q=0.1, *;q=0.05", Some("de")),
            ("de; q=1.0", Some("de")),
            ("de;q=2, en;q=0.1", Some("en")),
            ("de;q=0.1234, en;q=0.1", Some("en")),
            ("de;q=x, en;q=-1, ;;,", None),
            ("deu, d, -, de-", Some("de")),
        ] {
            assert_eq!(best(header, &["en", "de"]).map(|index| ["en", "de"][index]), expected, "{header}");
        }
    }
}
