//! The interactive parts: the only code that reaches the browser.
//!
//! None has a property, which would add `serde_json`, 21 KB. They read what the server rendered.

mod enhanced_form;

pub use enhanced_form::EnhancedForm;
