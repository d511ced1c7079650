/// What the tools are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It runs no wasm-opt.
    DebugBuild,
    ReleaseBuild,
    /// A release build where Node is needed anyway.
    BrowserTests,
}
