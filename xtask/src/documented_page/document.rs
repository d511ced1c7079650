//! Reads a document whose code blocks change this repository: it finds the file of each block, and the result in that
//! file.
//!
//! A block belongs to the file that the line above it names: `` `app/src/pages.rs`: ``. A `diff` block edits that file,
//! at the position of its lines; any other block is a whole new file.

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::{Failure, Result};

/// Code in these languages must belong to a file, so that all of it is built.
const BUILT_LANGUAGES: [&str; 3] = ["rust", "ts", "diff"];

/// How many files of each folder one recipe may touch.
const LIMITS: [(&str, usize); 2] = [("app", 4), ("end2end", 1)];

/// The blocks under one heading of the second level.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Recipe {
    name: String,
    blocks: Vec<Block>,
}

#[derive(Debug, PartialEq, Eq)]
struct Block {
    /// The line number of its fence, counted from 1.
    line: usize,
    file: String,
    change: Change,
}

#[derive(Debug, PartialEq, Eq)]
enum Change {
    New(String),
    Edit(Vec<Hunk>),
}

/// Consecutive lines, before and after.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hunk {
    before: Vec<String>,
    after: Vec<String>,
}

impl Recipe {
    /// The files that it touches, by their path in the repository.
    pub(super) fn files(&self) -> BTreeSet<&str> {
        self.blocks.iter().map(|block| block.file.as_str()).collect()
    }

    /// # Errors
    ///
    /// If it touches too many files, or edits a file in another folder: such a file would be a list that grows with
    /// every page.
    fn check(&self, is_in_repository: impl Fn(&str) -> bool) -> Result<()> {
        let files = self.files();
        let is_in = |file: &str, folder: &str| file.split_once('/').is_some_and(|(top, _)| top == folder);
        for (folder, limit) in LIMITS {
            let touched = files.iter().filter(|file| is_in(file, folder)).count();
            if touched > limit {
                let name = &self.name;
                return Err(Failure::new(format!(
                    "`{name}` touches {touched} files of {folder}, not {limit}."
                )));
            }
        }
        let is_elsewhere = |file: &&&str| LIMITS.iter().all(|(folder, _)| !is_in(file, folder));
        match files.iter().filter(is_elsewhere).find(|file| is_in_repository(file)) {
            Some(file) => Err(Failure::new(format!("`{}` edits {file}, which lists something.", self.name))),
            None => Ok(()),
        }
    }
}

/// The recipes of the document, and a text about the files that each one touches.
///
/// # Errors
///
/// If a block of code belongs to no file, or a recipe touches too many files.
pub(super) fn recipes(
    document: &str,
    is_in_repository: impl Fn(&str) -> bool,
) -> Result<(Vec<Recipe>, String)> {
    let recipes = parse(document)?;
    let said = recipes.iter().map(|recipe| {
        recipe.check(&is_in_repository)?;
        let files: Vec<_> = recipe.files().into_iter().collect();
        Ok(format!("{}: {} files\n  {}\n", recipe.name, files.len(), files.join("\n  ")))
    });
    let said = said.collect::<Result<String>>()?;
    Ok((recipes, said))
}

fn parse(document: &str) -> Result<Vec<Recipe>> {
    let mut recipes: Vec<Recipe> = Vec::new();
    let mut name = "";
    let mut file = None;
    let mut lines = document.lines().enumerate();
    while let Some((number, text)) = lines.next() {
        if let Some(heading) = text.strip_prefix("## ") {
            name = heading;
        }
        let Some(language) = text.strip_prefix("```") else {
            if !text.is_empty() {
                file = text.strip_prefix('`').and_then(|text| text.strip_suffix("`:"));
            }
            continue;
        };
        let code: Vec<&str> =
            lines.by_ref().map(|(_, text)| text).take_while(|text| *text != "```").collect();
        match file.take() {
            Some(file) => {
                let change = if language == "diff" {
                    Change::Edit(hunks(&code))
                } else {
                    Change::New(code.join("\n") + "\n")
                };
                if recipes.last().is_none_or(|recipe| recipe.name != name) {
                    recipes.push(Recipe { name: name.to_owned(), blocks: Vec::new() });
                }
                let block = Block { line: number + 1, file: file.to_owned(), change };
                if let Some(recipe) = recipes.last_mut() {
                    recipe.blocks.push(block);
                }
            }
            None if BUILT_LANGUAGES.contains(&language) => {
                return Err(Failure::new(format!("The block in line {} is for no file.", number + 1)));
            }
            None => {}
        }
    }
    Ok(recipes)
}

/// Lines with `@@` separate the places of a file.
fn hunks(lines: &[&str]) -> Vec<Hunk> {
    let mut hunks = vec![Hunk::default()];
    for line in lines {
        if line.starts_with("@@") {
            hunks.push(Hunk::default());
        } else if let Some(hunk) = hunks.last_mut() {
            let (sign, text) = line.split_at_checked(1).unwrap_or((" ", ""));
            if sign != "+" {
                hunk.before.push(text.to_owned());
            }
            if sign != "-" {
                hunk.after.push(text.to_owned());
            }
        }
    }
    hunks.retain(|hunk| *hunk != Hunk::default());
    hunks
}

/// The new content of the files that the recipes touch, applied in order. `read` returns the current content of a file.
///
/// # Errors
///
/// If a new file already exists, or the lines of an edit do not occur exactly once in their file. The error names the
/// line of the document.
pub(super) fn apply(
    recipes: &[Recipe],
    read: impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for block in recipes.iter().flat_map(|recipe| &recipe.blocks) {
        let now = files.get(&block.file).cloned().or_else(|| read(&block.file));
        let then = match (&block.change, now) {
            (Change::New(text), None) => Ok(text.clone()),
            (Change::New(_), Some(_)) => Err("is there already"),
            (Change::Edit(_), None) => Err("is not there"),
            (Change::Edit(hunks), Some(text)) => edited(&text, hunks),
        };
        let then = then.map_err(|why| Failure::new(format!("Line {}: {} {why}.", block.line, block.file)))?;
        files.insert(block.file.clone(), then);
    }
    Ok(files)
}

fn edited(text: &str, hunks: &[Hunk]) -> std::result::Result<String, &'static str> {
    let mut lines: Vec<&str> = text.lines().collect();
    for Hunk { before, after } in hunks {
        let mut places = lines.windows(before.len().max(1)).enumerate().filter(|(_, lines)| lines == before);
        let (Some((place, _)), None) = (places.next(), places.next()) else {
            return Err("does not have these lines exactly once");
        };
        lines.splice(place..place + before.len(), after.iter().map(String::as_str));
    }
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# Title\n\n## One\n\n`app/a.rs`:\n\n```rust\nfn a() {}\n```\n\nWords.\n\n`app/b.rs`:\n\n\
        ```diff\n mod b;\n+mod c;\n@@\n-old\n+new\n```\n\n```sh\nls\n```\n\n\
        ## Two\n\n`app/a.rs`:\n\n```diff\n fn a() {}\n+fn b() {}\n```\n";

    fn read(file: &str) -> Option<String> {
        (file == "app/b.rs").then(|| "mod a;\nmod b;\n\nold\n".to_owned())
    }

    #[test]
    fn each_block_changes_the_file_that_is_named_above_it() {
        let (recipes, said) = recipes(DOCUMENT, |_| false).unwrap();
        assert_eq!(said, "One: 2 files\n  app/a.rs\n  app/b.rs\nTwo: 1 files\n  app/a.rs\n");
        let files = apply(&recipes, read).unwrap();
        assert_eq!(files["app/a.rs"], "fn a() {}\nfn b() {}\n");
        assert_eq!(files["app/b.rs"], "mod a;\nmod b;\nmod c;\n\nnew\n");
    }

    #[test]
    fn lines_that_are_not_there_once_are_named_with_their_place() {
        let (recipes, _) = recipes(DOCUMENT, |_| false).unwrap();
        for text in ["mod a;\n\nold\n", "mod b;\nmod b;\nold\n"] {
            let failure = apply(&recipes, |file| (file == "app/b.rs").then(|| text.to_owned())).unwrap_err();
            assert_eq!(failure.to_string(), "Line 15: app/b.rs does not have these lines exactly once.");
        }
        let failure = apply(&recipes, |_| Some("mod b;\nold\n".to_owned())).unwrap_err();
        assert_eq!(failure.to_string(), "Line 7: app/a.rs is there already.");
    }

    #[test]
    fn code_that_is_for_no_file_is_refused() {
        let failure = recipes("## One\n\n```rust\nfn a() {}\n```\n", |_| false).unwrap_err();
        assert_eq!(failure.to_string(), "The block in line 3 is for no file.");
    }

    #[test]
    fn a_page_touches_few_files_and_no_list_elsewhere() {
        let of = |files: &[&str]| {
            let block = |file: &&str| format!("`{file}`:\n\n```rust\n```\n\n");
            "## One\n\n".to_owned() + &files.iter().map(block).collect::<String>()
        };
        let app = ["app/1", "app/2", "app/3", "app/4"];
        let said = |files: &[&str]| match recipes(&of(files), |file| file == "server/list") {
            Ok(_) => String::new(),
            Err(failure) => failure.to_string(),
        };
        assert_eq!(said(&[&app[..], &["end2end/1", "server/new"]].concat()), "");
        assert_eq!(said(&[&app[..], &["app/5"]].concat()), "`One` touches 5 files of app, not 4.");
        assert_eq!(said(&["end2end/1", "end2end/2"]), "`One` touches 2 files of end2end, not 1.");
        assert_eq!(said(&["server/list"]), "`One` edits server/list, which lists something.");
    }
}
