//! Finds the names that a module script exports, whether a person or a minifier wrote it.

use std::collections::BTreeSet;

const EXPORT: &str = "export";

/// Supports `export function f`, `export class C`, `export const c`, `export default ..` and `export { a, b as c }`.
pub(crate) fn exports(script: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (start, _) in script.match_indices(EXPORT) {
        let before = script[..start].chars().next_back();
        let after = &script[start + EXPORT.len()..];
        let stands_alone = !before.is_some_and(|c| is_of_a_name(c) || c == '.')
            && after.starts_with(|c: char| c.is_whitespace() || c == '{');
        if !stands_alone {
            continue;
        }
        let after = after.trim_start();
        if let Some(list) = after.strip_prefix('{').and_then(|list| list.split_once('}')) {
            names.extend(
                list.0.split(',').filter_map(|item| item.split_whitespace().next_back()).map(String::from),
            );
        } else {
            names.extend(declared(after));
        }
    }
    names
}

/// Whether the script contains this name as a whole word.
pub(crate) fn names(script: &str, name: &str) -> bool {
    script.match_indices(name).any(|(start, _)| {
        let before = script[..start].chars().next_back();
        let after = script[start + name.len()..].chars().next();
        !before.is_some_and(is_of_a_name) && !after.is_some_and(is_of_a_name)
    })
}

/// The name in `function f(`, `async function* g(`, `const c =` or `default ..`.
fn declared(declaration: &str) -> Option<String> {
    let mut words = declaration.split(|c: char| !is_of_a_name(c)).filter(|word| !word.is_empty());
    let keyword = words.find(|word| *word != "async")?;
    match keyword {
        "default" => Some("default".to_owned()),
        "function" | "class" | "const" | "let" | "var" => words.next().map(String::from),
        _ => None,
    }
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_export_is_found() {
        let script = "export class A {}\nexport function hydrate() {}\nexport async function b() {}\n\
                      export const c = 1;\nexport { initSync, __wbg_init as default };\n";
        let expected = ["A", "b", "c", "default", "hydrate", "initSync"];
        assert_eq!(exports(script).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_minified_script_exports_the_same() {
        let script = "let a;function b(){a.exports.hydrate()}export{b as hydrate,c as initSync,d as default};export function e(){}";
        let expected = ["default", "e", "hydrate", "initSync"];
        assert_eq!(exports(script).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_only_looks_like_an_export_is_none() {
        assert!(exports("wasm.export = 1; instance.exports.f(); // exported\nreexport {a}").is_empty());
    }
}
