//! The paths in a piece of code.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, ItemUse, Macro, Path};

use crate::imports::{Segments, flatten};

pub(crate) fn of(item: &Item) -> HashSet<Segments> {
    let mut found = Found::default();
    found.visit_item(item);
    found.0
}

#[derive(Default)]
struct Found(HashSet<Segments>);

impl<'a> Visit<'a> for Found {
    fn visit_path(&mut self, path: &'a Path) {
        self.0.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let mut imports = Vec::new();
        flatten(&item.tree, &mut Vec::new(), false, &mut imports);
        self.0.extend(imports.into_iter().map(|import| import.path));
    }

    fn visit_macro(&mut self, given: &'a Macro) {
        self.tokens(given.tokens.clone());
        visit::visit_macro(self, given);
    }
}

impl Found {
    /// Collects everything that looks like a path, because the expansion of the macro is unknown.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Segments = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.0.insert(std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.0.insert(std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.0.insert(path);
    }
}
