//! The names that a `use` brings into a module.

use syn::UseTree;

/// The segments of a path as written.
pub(crate) type Segments = Vec<String>;

/// A name that a module imports.
#[derive(Debug)]
pub(crate) struct Import {
    /// `None` for `*`.
    pub(crate) name: Option<String>,
    pub(crate) path: Segments,
    pub(crate) is_re_export: bool,
}

/// The imports of a `use`.
pub(crate) fn flatten(tree: &UseTree, before: &mut Segments, is_re_export: bool, into: &mut Vec<Import>) {
    let mut add = |name: Option<String>, path: Segments| into.push(Import { name, path, is_re_export });
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, is_re_export, into);
            before.pop();
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, before, is_re_export, into);
            }
        }
        UseTree::Glob(_) => add(None, before.clone()),
        UseTree::Name(name) if name.ident == "self" => add(before.last().cloned(), before.clone()),
        UseTree::Name(name) => add(Some(name.ident.to_string()), with(before, name.ident.to_string())),
        UseTree::Rename(rename) if rename.ident == "self" => {
            add(Some(rename.rename.to_string()), before.clone());
        }
        UseTree::Rename(rename) => {
            add(Some(rename.rename.to_string()), with(before, rename.ident.to_string()));
        }
    }
}

fn with(before: &Segments, last: String) -> Segments {
    let mut path = before.clone();
    path.push(last);
    path
}
