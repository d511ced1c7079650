//! The server functions that islands call. No page has a form for them, so their arguments come from the source of the
//! application, and the values from the properties that pages give to their islands.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Expr, FnArg, ItemFn, Lit, Meta, Pat, Token, Type};

use crate::forms::{Form, Needs};
use crate::world::{NEW_PASSWORD, World};

/// What to send to a function whose arguments cannot be guessed: its path, and its fields as in a form.
const KNOWN: &[(&str, &str)] = &[];

/// The arguments of each server function: its path, and the fields with plausible values.
pub(crate) struct Arguments(BTreeMap<String, Vec<(String, Guess)>>);

/// A plausible value of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Guess {
    Value(&'static str),
    /// The argument may be left out.
    Nothing,
    Unknown,
}

impl Arguments {
    pub(crate) fn of_application() -> Self {
        let mut found = Found::default();
        for file in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/src")) {
            let text = fs::read_to_string(&file).unwrap();
            found.visit_file(
                &syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())),
            );
        }
        Self(found.0)
    }

    /// The fields for the function at `path`. A property of an island with the name of the argument comes first.
    fn fields(&self, path: &str, properties: &BTreeMap<String, String>) -> String {
        if let Some((_, fields)) = KNOWN.iter().find(|(known, _)| *known == path) {
            return (*fields).to_owned();
        }
        let arguments = self.0.get(path).map(Vec::as_slice).unwrap_or_default();
        let fields = arguments.iter().filter_map(|(name, guess)| {
            let value = match (properties.get(name), guess) {
                (Some(value), _) => value.as_str(),
                (None, Guess::Value(value)) => value,
                (None, Guess::Nothing) => return None,
                (None, Guess::Unknown) => panic!(
                    "{path}: nothing fits its argument `{name}`. Add the function to KNOWN in server/tests/faults/islands.rs."
                ),
            };
            Some(format!("{name}={value}"))
        });
        fields.collect::<Vec<_>>().join("&")
    }

    /// Sends plausible values to the function at `path` without any fault, and counts its calls. `None` if it is not
    /// the function of an island, because it leads a browser to a page.
    pub(crate) async fn call(
        &self,
        world: &World,
        path: &'static str,
        properties: &BTreeMap<String, String>,
    ) -> Option<Form> {
        let probe = world.stranger().browser.post(path, "").await;
        if probe.content_type != "application/json" {
            return None;
        }
        let mut form = Form::of_island(path, self.fields(path, properties));
        for needs in [Needs::Nothing, Needs::Session] {
            form.needs = needs;
            let mut sender = form.sender(world).await;
            let before = world.wire.requests_of(sender.browser.address);
            let answer = sender.browser.post(path, &form.fields(&sender)).await;
            if form.is_answered_by(&answer) {
                form.calls = world.wire.requests_of(sender.browser.address) - before;
                return Some(form);
            }
            assert!(
                needs == Needs::Nothing,
                "{path} answers {} to `{}`. Add the function to KNOWN in server/tests/faults/islands.rs.",
                answer.status,
                form.fields(&sender)
            );
        }
        None
    }
}

/// The properties of the islands on a page, as the fields of a form.
pub(crate) fn properties_on(page: &str) -> BTreeMap<String, String> {
    let json = page.split(" data-props=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0));
    let objects = json.filter_map(|json| serde_json::from_str::<Map<String, Value>>(&unescaped(json)).ok());
    let fields = objects.flatten().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name, text)),
        Value::Number(_) | Value::Bool(_) => Some((name, value.to_string())),
        _ => None,
    });
    let encoded = |text: String| url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    fields.map(|(name, value)| (name, encoded(value))).collect()
}

fn unescaped(attribute: &str) -> String {
    attribute.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Collects the functions with the attribute `server` and an endpoint.
#[derive(Default)]
struct Found(BTreeMap<String, Vec<(String, Guess)>>);

impl Visit<'_> for Found {
    fn visit_item_fn(&mut self, function: &ItemFn) {
        let attribute = function.attrs.iter().find(|attribute| attribute.path().is_ident("server"));
        let options =
            attribute.and_then(|it| it.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok());
        let option = |name: &str| options.iter().flatten().find_map(|option| text_of(option, name));
        if let Some(endpoint) = option("endpoint") {
            let prefix = option("prefix").unwrap_or_else(|| "/api".to_owned());
            let arguments = function.sig.inputs.iter().filter_map(argument).collect();
            self.0.insert(format!("{prefix}/{}", endpoint.trim_start_matches('/')), arguments);
        }
    }
}

/// The text of an option such as `endpoint = "sign-in"`.
fn text_of(option: &Meta, name: &str) -> Option<String> {
    let Meta::NameValue(pair) = option else { return None };
    match &pair.value {
        Expr::Lit(literal) if pair.path.is_ident(name) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn argument(argument: &FnArg) -> Option<(String, Guess)> {
    let FnArg::Typed(argument) = argument else { return None };
    let Pat::Ident(name) = &*argument.pat else { return None };
    let name = name.ident.to_string();
    let guess = match &*argument.ty {
        Type::Path(path) => path.path.segments.last().map(|last| guess(&name, &last.ident.to_string())),
        _ => None,
    };
    Some((name, guess.unwrap_or(Guess::Unknown)))
}

fn guess(name: &str, type_name: &str) -> Guess {
    match type_name {
        "String" if name.contains("email") => Guess::Value("{email}"),
        "String" => Guess::Value("a few words"),
        "Redacted" => Guess::Value(NEW_PASSWORD),
        "bool" => Guess::Value("true"),
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" | "f32" | "f64" => {
            Guess::Value("1")
        }
        "Option" | "Vec" => Guess::Nothing,
        _ => Guess::Unknown,
    }
}

#[test]
fn the_arguments_of_a_server_function_are_found_in_its_source() {
    let source = r#"
        #[server(prefix = "/api", endpoint = "ask", input = Json)]
        pub async fn ask(topic: String, your_email: String, days: u8, late: Option<u8>, rest: Filter) -> Result<(), AppError> {}
        #[server] async fn unnamed() {}
        async fn another(x: String) {}"#;
    let mut found = Found::default();
    found.visit_file(&syn::parse_file(source).unwrap());
    let expected = [
        ("topic", Guess::Value("a few words")),
        ("your_email", Guess::Value("{email}")),
        ("days", Guess::Value("1")),
        ("late", Guess::Nothing),
        ("rest", Guess::Unknown),
    ];
    let expected = expected.map(|(name, guess)| (name.to_owned(), guess)).to_vec();
    assert_eq!(found.0, BTreeMap::from([("/api/ask".to_owned(), expected)]));
}

#[test]
fn every_server_function_of_the_application_is_found_in_its_source() {
    let Arguments(found) = Arguments::of_application();
    for path in app::server_fn_routes() {
        assert!(found.contains_key(path), "{path} has no `endpoint` that its source names");
    }
}

#[test]
fn the_properties_of_islands_come_before_guesses() {
    let page = r#"<leptos-island data-component="A"></leptos-island>
        <leptos-island data-component="B" data-props="{&quot;topic&quot;:&quot;a &amp; b&quot;,&quot;days&quot;:3,&quot;x&quot;:[1]}">"#;
    let properties = properties_on(page);
    let expected = [("days", "3"), ("topic", "a+%26+b")];
    assert_eq!(properties, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let arguments = Arguments(BTreeMap::from([(
        "/api/ask".to_owned(),
        vec![
            ("topic".to_owned(), Guess::Value("a few words")),
            ("late".to_owned(), Guess::Nothing),
            ("all".to_owned(), Guess::Value("true")),
        ],
    )]));
    assert_eq!(arguments.fields("/api/ask", &properties), "topic=a+%26+b&all=true");
}
