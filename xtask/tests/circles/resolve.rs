//! Finds which file needs which, by the names in it.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports::{Import, Segments};
use crate::modules::{Crate, ModuleId};

/// Longer than any real chain of re-exports. Two re-exports that lead to each other end here.
const LONGEST_WAY: u8 = 16;

/// From one file to another, with the names that are needed.
pub(crate) type Needs = BTreeMap<(usize, usize), BTreeSet<String>>;

/// Every need between two different files of the crate.
pub(crate) fn needs(parsed: &Crate) -> Needs {
    let mut needs = Needs::new();
    for (id, module) in parsed.modules.iter().enumerate() {
        // An import may be a trait, whose name appears nowhere else.
        let imported = module.imports.iter().filter(|import| !import.is_re_export && import.name.is_some());
        for path in imported.map(|import| &import.path).chain(&module.mentions) {
            if let Some(Target::Item { file: to, name }) = resolve(parsed, id, path, LONGEST_WAY)
                && to != module.file
            {
                needs.entry((module.file, to)).or_default().insert(name);
            }
        }
    }
    needs
}

fn is_a_direction(segment: &str) -> bool {
    matches!(segment, "crate" | "self" | "super")
}

enum Target {
    Module,
    /// With the file that defines it.
    Item {
        file: usize,
        name: String,
    },
}

/// `None` for an item of another crate, of the language, or local to a function.
fn resolve(parsed: &Crate, from: ModuleId, path: &[String], left: u8) -> Option<Target> {
    let left = left.checked_sub(1)?;
    let mut at = from;
    let mut rest = path;
    if rest.first().is_some_and(|first| first == "crate") {
        (at, rest) = (0, &rest[1..]);
    }
    loop {
        let Some((name, after)) = rest.split_first() else { return Some(Target::Module) };
        let module = &parsed.modules[at];
        match name.as_str() {
            "self" => {}
            "super" => at = module.parent?,
            name => match module.children.get(name) {
                Some(child) if !after.is_empty() || !defines(parsed, at, name) => at = *child,
                _ if module.items.contains(name) => {
                    return Some(Target::Item { file: module.file, name: name.to_owned() });
                }
                _ => return imported(parsed, at, name, after, left),
            },
        }
        rest = after;
    }
}

/// Whether a module has an item of this name, in addition to a child of the same name.
fn defines(parsed: &Crate, at: ModuleId, name: &str) -> bool {
    let module = &parsed.modules[at];
    module.items.contains(name) || module.imports.iter().any(|import| import.name.as_deref() == Some(name))
}

fn imported(parsed: &Crate, at: ModuleId, name: &str, after: &[String], left: u8) -> Option<Target> {
    let imports = &parsed.modules[at].imports;
    let on = |path: &Segments, more: &[String]| {
        let path: Segments = path.iter().chain(more).chain(after).cloned().collect();
        resolve(parsed, at, &path, left)
    };
    let by_name = |import: &&Import| import.name.as_deref() == Some(name);
    if let Some(import) = imports.iter().find(by_name) {
        // `use name;` names another crate.
        return if import.path == [name] { None } else { on(&import.path, &[]) };
    }
    let all = imports.iter().filter(|import| import.name.is_none());
    all.filter(|import| is_ours(parsed, at, &import.path))
        .find_map(|import| on(&import.path, &[name.to_owned()]))
}

fn is_ours(parsed: &Crate, at: ModuleId, path: &[String]) -> bool {
    path.first().is_some_and(|first| is_a_direction(first) || parsed.modules[at].children.contains_key(first))
}
