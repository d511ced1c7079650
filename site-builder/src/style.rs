//! Builds the stylesheet with the same library and in the same two steps as cargo-leptos.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions, StyleSheet};
use lightningcss::targets::{Browsers, Targets};

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The fewest bytes.
    Small,
    /// One rule per line, for development.
    Readable,
}

/// The rules of a built style, each in a normal form that does not depend on how it was printed. The order of the rules
/// is part of the result.
///
/// # Errors
///
/// If the text is not a valid style.
pub(crate) fn rules(css: &str, browsers: &str) -> Result<BTreeSet<(usize, String)>> {
    let printed = transform(css, Path::new("built style"), browsers, Form::Readable)?;
    Ok(printed.split("\n\n").map(str::to_owned).enumerate().collect())
}

/// Builds the style for these browsers.
///
/// # Errors
///
/// Names the position of a mistake in the file.
pub(crate) fn build(file: &Path, browsers: &str, form: Form) -> Result<String> {
    let css = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    transform(&css, file, browsers, form)
}

fn transform(css: &str, file: &Path, browsers: &str, form: Form) -> Result<String> {
    let browsers = Browsers::from_browserslist([browsers])
        .with_context(|| format!("`browserquery = \"{browsers}\"` in Cargo.toml is not understood"))?;
    let targets = Targets::from(browsers);
    let name = file.display().to_string();
    let options = ParserOptions { filename: name.clone(), ..ParserOptions::default() };
    let mut sheet = StyleSheet::parse(css, options).map_err(|error| anyhow!("{error}"))?;
    sheet
        .minify(MinifyOptions { targets, ..MinifyOptions::default() })
        .map_err(|error| anyhow!("{name}: {error}"))?;
    let printed = sheet
        .to_css(PrinterOptions { targets, minify: form == Form::Small, ..PrinterOptions::default() })
        .map_err(|error| anyhow!("{name}: {error}"))?;
    Ok(printed.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(css: &str) -> Result<String> {
        transform(css, Path::new("style/main.css"), "defaults", Form::Small)
    }

    #[test]
    fn rules_stay_and_spaces_go() {
        assert_eq!(small("a {\n  color: red;\n}\n\n/* gone */\n").unwrap(), "a{color:red}");
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let refused = small("a {\n  color: red;\n}\n}").unwrap_err().to_string();
        assert!(refused.contains("style/main.css:3"), "{refused}");
    }

    #[test]
    fn browsers_that_do_not_exist_are_refused_in_the_words_of_the_setting() {
        let refused = transform("", Path::new("a.css"), "no such browser", Form::Small).unwrap_err();
        assert!(refused.to_string().contains("browserquery"), "{refused}");
    }
}
