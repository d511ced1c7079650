//! The module and its loader, by wasm-bindgen's own library: as its program does for cargo-leptos.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::layout::Layout;

/// Writes `<output-name>.js` and `<output-name>.wasm`, and `snippets/` where a crate brings scripts of its own.
///
/// # Errors
///
/// When the module is none, or was compiled with another version of wasm-bindgen.
pub(crate) fn write(layout: &Layout, module: &Path, package: &Path) -> Result<()> {
    let name = &layout.output_name;
    let generate = || -> Result<()> {
        let mut bindgen = Bindgen::new();
        // Nobody loads the type declarations.
        bindgen.input_path(module).out_name(name).web(true)?.typescript(false);
        bindgen.generate(package)
    };
    generate().with_context(|| format!("wasm-bindgen cannot read {}", module.display()))?;
    // The name that cargo-leptos gives it.
    let module = package.join(format!("{name}.wasm"));
    fs::rename(package.join(format!("{name}_bg.wasm")), &module)
        .with_context(|| format!("{} cannot be put in place", module.display()))
}
