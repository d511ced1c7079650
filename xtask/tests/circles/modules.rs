//! The modules of a crate, as declared in its files.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta, Visibility};

use crate::imports::{Import, Segments, flatten};
use crate::mentions;

pub(crate) type ModuleId = usize;

#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) file: usize,
    pub(crate) parent: Option<ModuleId>,
    pub(crate) children: HashMap<String, ModuleId>,
    /// The names of the items that are defined here.
    pub(crate) items: HashSet<String>,
    pub(crate) imports: Vec<Import>,
    /// Every path in the code of the module.
    pub(crate) mentions: HashSet<Segments>,
}

/// One target; the first module is its root.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) modules: Vec<Module>,
}

impl Crate {
    pub(crate) fn read(first_file: &Path) -> Result<Self, String> {
        let mut parsed = Self::default();
        let folder = first_file.parent().unwrap_or(Path::new(".")).to_owned();
        parsed.add_file(first_file.to_owned(), &folder, None)?;
        Ok(parsed)
    }

    /// `folder` contains the files of its children.
    fn add_file(
        &mut self,
        file: PathBuf,
        folder: &Path,
        parent: Option<ModuleId>,
    ) -> Result<ModuleId, String> {
        let unreadable = |problem: &dyn std::fmt::Display| format!("{}: {problem}", file.display());
        let text = fs::read_to_string(&file).map_err(|error| unreadable(&error))?;
        let parsed = syn::parse_file(&text).map_err(|error| unreadable(&error))?;
        self.files.push(file);
        self.add_module(&parsed.items, self.files.len() - 1, folder, parent)
    }

    fn add_module(
        &mut self,
        items: &[Item],
        file: usize,
        folder: &Path,
        parent: Option<ModuleId>,
    ) -> Result<ModuleId, String> {
        let id = self.modules.len();
        self.modules.push(Module { file, parent, ..Module::default() });
        for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
            match item {
                Item::Mod(item) => {
                    let child = self.add_child(item, file, folder, id)?;
                    self.modules[id].children.insert(item.ident.to_string(), child);
                }
                Item::Use(item) => {
                    let is_re_export = !matches!(item.vis, Visibility::Inherited);
                    let mut imports = Vec::new();
                    flatten(&item.tree, &mut Vec::new(), is_re_export, &mut imports);
                    self.modules[id].imports.extend(imports);
                }
                other => {
                    self.modules[id].items.extend(defined(other));
                    self.modules[id].mentions.extend(mentions::of(other));
                }
            }
        }
        Ok(id)
    }

    fn add_child(
        &mut self,
        item: &ItemMod,
        file: usize,
        folder: &Path,
        parent: ModuleId,
    ) -> Result<ModuleId, String> {
        let name = item.ident.to_string();
        let below = folder.join(&name);
        if let Some((_, items)) = &item.content {
            return self.add_module(items, file, &below, Some(parent));
        }
        if let Some(path) = path_attribute(&item.attrs) {
            let beside = self.files[file].parent().unwrap_or(folder).join(path);
            let below = beside.parent().unwrap_or(folder).to_owned();
            return self.add_file(beside, &below, Some(parent));
        }
        self.add_file(folder.join(format!("{name}.rs")), &below, Some(parent))
    }
}

fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether it is under `#[cfg(test)]` or `#[cfg(all(test, ..))]`.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else { return false };
        let condition = list.tokens.to_string();
        list.path.is_ident("cfg")
            && (condition == "test" || condition.replace(' ', "").starts_with("all(test,"))
    })
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) => Some(path.value()),
            _ => None,
        },
        _ => None,
    })
}
