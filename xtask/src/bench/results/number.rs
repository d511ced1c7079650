//! Numbers for people.

/// Shows three digits of small numbers, and all digits of large ones: `0.125`, `7.25`, `42`, `25,800`.
pub(in super::super) fn number(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 100.0 {
        return with_commas(&format!("{value:.0}"));
    }
    match value.abs() {
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn with_commas(digits: &str) -> String {
    let mut written = String::new();
    for (position, digit) in digits.chars().enumerate() {
        let left = digits.len() - position;
        if position > 0 && left.is_multiple_of(3) && !written.ends_with('-') {
            written.push(',');
        }
        written.push(digit);
    }
    written
}
