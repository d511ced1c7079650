//! The catalogues are complete, and say what the code asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fluent_bundle::FluentResource;
use fluent_syntax::ast::Entry;

use super::*;
use crate::validation::FieldProblem;

type Variables = BTreeSet<String>;

/// Each message of a language with its variables, also those of messages that it contains.
fn messages(language: Language) -> BTreeMap<String, Variables> {
    let mut found = BTreeMap::new();
    for (file, source) in language.definition().files {
        let resource = FluentResource::try_new((*source).to_owned());
        let resource = resource.unwrap_or_else(|(_, errors)| panic!("{file}: {errors:?}"));
        for entry in resource.entries() {
            match entry {
                Entry::Message(message) => {
                    let id = message.id.name;
                    assert!(message.attributes.is_empty(), "{file}: {id} has attributes, which nobody reads");
                    let text = text_of(source, id);
                    assert!(found.insert(id.to_owned(), text).is_none(), "{file}: {id} is there twice");
                }
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
                other => panic!("{file}: {other:?}"),
            }
        }
    }
    found.keys().map(|id| (id.clone(), variables(&with_contained(id, &found)))).collect()
}

/// The source of a message and of the messages in it.
fn with_contained(id: &str, sources: &BTreeMap<String, String>) -> String {
    let text = &sources[id];
    let inside = sources.keys().filter(|other| text.contains(&format!("{{ {other} }}")));
    inside.fold(text.clone(), |all, other| all + &with_contained(other, sources))
}

/// The source of a message.
fn text_of(source: &str, id: &str) -> String {
    let begins = |line: &&str| line.strip_prefix(id).is_some_and(|rest| rest.starts_with(" ="));
    let mut lines = source.lines().skip_while(|line| !begins(line));
    let first = lines.next().unwrap_or_else(|| panic!("{id} = is not at the start of a line"));
    let is_more = |line: &&str| line.starts_with([' ', '}']) || line.is_empty();
    lines.take_while(is_more).fold(first.to_owned(), |text, line| text + "\n" + line)
}

fn variables(text: &str) -> Variables {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let names = text.split('$').skip(1);
    names.map(|rest| rest.chars().take_while(|letter| is_name(*letter)).collect()).collect()
}

/// The sources of this crate without tests, by path.
fn sources() -> Vec<(String, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
                sources.push((path.display().to_string(), text));
            }
        }
    }
    sources.retain(|(path, _)| !path.ends_with("tests.rs"));
    sources
}

/// The calls of a function: its arguments, as they are written.
fn calls<'a>(source: &'a str, function: &str) -> Vec<&'a str> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let starts = source.match_indices(function).filter(|(at, _)| !source[..*at].ends_with(is_part));
    let arguments = |(at, _): (usize, &str)| {
        let rest = &source[at + function.len()..];
        let mut depth = 1;
        let end = rest.find(|letter| {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            depth == 0
        });
        &rest[..end.unwrap_or(rest.len())]
    };
    starts.map(arguments).collect()
}

/// The text of the first literal of the arguments, if they begin with one.
fn literal(arguments: &str) -> Option<&str> {
    arguments.trim_start().strip_prefix('"')?.split('"').next()
}

#[test]
fn every_language_says_everything_with_the_same_values() {
    let english = messages(Language::ENGLISH);
    assert!(english.len() > 150, "{}", english.len());
    for language in Language::all() {
        let found = messages(language);
        let missing: Vec<_> = english.keys().filter(|id| !found.contains_key(*id)).collect();
        let unknown: Vec<_> = found.keys().filter(|id| !english.contains_key(*id)).collect();
        assert!(missing.is_empty() && unknown.is_empty(), "{}: {missing:?}, {unknown:?}", language.tag());
        for (id, variables) in &english {
            assert_eq!(found[id], *variables, "{}: {id}", language.tag());
        }
    }
}

#[test]
fn every_message_that_is_asked_for_is_there_with_all_its_values() {
    let known = messages(Language::ENGLISH);
    let mut asked = 0;
    for (path, source) in sources() {
        for function in ["t(", ".word("] {
            for id in calls(&source, function).into_iter().filter_map(literal) {
                asked += 1;
                let variables = known.get(id).unwrap_or_else(|| panic!("{path}: nobody wrote {id}"));
                assert!(variables.is_empty(), "{path}: {id} needs {variables:?}");
            }
        }
        for function in ["t_with(", "t_around(", ".words("] {
            for arguments in calls(&source, function) {
                let Some(id) = literal(arguments) else { continue };
                asked += 1;
                let variables = known.get(id).unwrap_or_else(|| panic!("{path}: nobody wrote {id}"));
                if arguments.contains('[') {
                    let literals = arguments.split('"').skip(3).step_by(2);
                    let given: Variables = literals.map(str::to_owned).collect();
                    assert_eq!(given, *variables, "{path}: {id}");
                }
            }
        }
    }
    assert!(asked > 100, "{asked}");
}

#[test]
fn every_message_is_used() {
    let sources = sources();
    let within =
        |id: &str| DEFINITIONS[0].files.iter().any(|(_, text)| text.contains(&format!("{{ {id} }}")));
    let is_used = |id: &String| {
        let literal = format!("\"{id}\"");
        within(id) || sources.iter().any(|(_, source)| source.contains(&literal))
    };
    let unused: Vec<_> = messages(Language::ENGLISH).into_keys().filter(|id| !is_used(id)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn what_runs_in_the_browser_has_no_words_of_its_own() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public/site.js");
    let mut sources = sources();
    sources.retain(|(path, _)| path.contains("islands"));
    sources.push(("site.js".to_owned(), fs::read_to_string(script).unwrap()));
    assert!(sources.len() >= 4, "{}", sources.len());
    let (known, mut looked_for) = (messages(Language::ENGLISH), 0);
    for text in known.keys().filter_map(|id| CATALOGUES[0].text(id)) {
        looked_for += 1;
        for (path, source) in &sources {
            let is_there = ['"', '`', '\''].iter().any(|quote| source.contains(&format!("{quote}{text}")));
            assert!(!is_there, "{path} says {text}");
        }
    }
    assert!(looked_for > 100, "{looked_for}");
}

#[test]
fn every_problem_of_a_field_has_its_words() {
    for language in Language::all() {
        let words: BTreeSet<_> = FieldProblem::ALL.iter().map(|problem| problem.text(language)).collect();
        assert!(words.iter().all(|words| !words.starts_with("field-")), "{words:?}");
        assert_eq!(words.len(), FieldProblem::ALL.len(), "{words:?}");
    }
}

#[test]
fn a_message_of_several_lines_is_one_line_and_words_of_ones_own_stay() {
    let german = Language::parse("de").unwrap();
    let text = german.word("callback-over-signed-out");
    assert!(text.starts_with("Sie wurde noch einmal, zu spät,") && !text.contains('\n'), "{text}");
    assert_eq!(german.word("Thank you for your words."), "Thank you for your words.");
    assert_eq!(german.words("{ $x }", [("x", 1.into())]), "{ $x }");
}

#[test]
fn numbers_are_written_as_in_the_language() {
    for (language, written) in [("en", "1,234,567.5"), ("de", "1.234.567,5")] {
        let language = Language::parse(language).unwrap();
        let text = language.words("notification-support-code", [("code", 1_234_567.5.into())]);
        assert!(text.ends_with(&format!(" {written}")), "{text}");
    }
    for (number, written) in [(0, "0"), (-999, "-999"), (-1000, "-1,000"), (100_000, "100,000")] {
        let text = Language::ENGLISH.words("notification-support-code", [("code", number.into())]);
        assert_eq!(text, format!("Support code {written}"));
    }
}

#[test]
fn each_language_is_spoken_until_its_page_is_done() {
    let german = Language::parse("de").unwrap();
    let words = german.speak(|| {
        let inside = Language::MARKED.speak(|| Language::current().word("login"));
        (inside, Language::current().word("login"))
    });
    assert_eq!(words, ("⟦Login⟧", "Anmelden"));
    assert_eq!(Language::current(), Language::ENGLISH);
}
