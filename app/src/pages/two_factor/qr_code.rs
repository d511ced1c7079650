use std::fmt::Write as _;

use leptos::prelude::*;
use qrcode::{Color, QrCode as Encoded};

/// The light frame around a QR code, in modules (ISO/IEC 18004, section 6.3.8).
const QUIET_ZONE: usize = 4;

/// A text as a QR code, drawn in the page. It is dark on light in every theme, as not all readers know the reverse.
pub(super) fn qr_code(text: &str, label: &'static str) -> impl IntoView + use<> {
    drawn(text).map(|Drawn { size, path }| {
        view! {
            <svg
                class="qr-code"
                role="img"
                aria-label=label
                viewBox=format!("0 0 {size} {size}")
                width="240"
                height="240"
                shape-rendering="crispEdges"
            >
                <rect width=size height=size fill="#fff"></rect>
                <path d=path fill="#000"></path>
            </svg>
        }
    })
}

struct Drawn {
    /// Width and height, in modules.
    size: usize,
    path: String,
}

/// `None` for a text that is too long. Its key is beside it.
fn drawn(text: &str) -> Option<Drawn> {
    let code = Encoded::new(text.as_bytes()).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(Color::eq) {
            if run.contains(&Color::Dark) {
                let _ =
                    write!(path, "M{} {}h{}v1h-{}z", x + QUIET_ZONE, y + QUIET_ZONE, run.len(), run.len());
            }
            x += run.len();
        }
    }
    Some(Drawn { size: width + 2 * QUIET_ZONE, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_drawn_with_its_finder_patterns_in_a_quiet_zone() {
        let Drawn { size, path } = drawn("otpauth://totp/A:b?secret=AAAA").unwrap();
        assert_eq!((size - 2 * QUIET_ZONE - 17) % 4, 0, "a version of QR codes");
        // The first line of the patterns at the left and at the right (section 6.3.3).
        let right = size - QUIET_ZONE - 7;
        assert!(path.starts_with("M4 4h7v1h-7z"), "{path}");
        assert!(path.contains(&format!("M{right} 4h7v1h-7z")), "{path}");
    }

    #[test]
    fn a_text_that_is_too_long_has_no_drawing() {
        assert!(drawn(&"x".repeat(3000)).is_none());
    }
}
