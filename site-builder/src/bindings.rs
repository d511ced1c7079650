//! Writes the module and its loader with wasm-bindgen's library, as cargo-leptos does.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::layout::Layout;

/// Writes `<output-name>.js` and `<output-name>.wasm`, and `snippets/` if a crate has its own scripts.
///
/// # Errors
///
/// If the module is invalid, or was compiled with another version of wasm-bindgen.
pub(crate) fn write(layout: &Layout, module: &Path, package: &Path) -> Result<()> {
    let name = &layout.output_name;
    let generate = || -> Result<()> {
        let mut bindgen = Bindgen::new();
        // Nothing loads the type declarations.
        bindgen.input_path(module).out_name(name).web(true)?.typescript(false);
        bindgen.generate(package)
    };
    generate().with_context(|| format!("wasm-bindgen cannot read {}", module.display()))?;
    // The same name as in cargo-leptos.
    let module = package.join(format!("{name}.wasm"));
    fs::rename(package.join(format!("{name}_bg.wasm")), &module)
        .with_context(|| format!("{} cannot be put in place", module.display()))
}
