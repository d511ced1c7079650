//! The interactive parts: the only code that reaches the browser.
//!
//! None has a property, which would add `serde_json`, 21 KB; they read what the server rendered. `docs/adding-a-page.md`
//! says what a property and a server function cost together.

mod enhanced_form;

pub use enhanced_form::EnhancedForm;
