//! All pages of the application and all forms on them, found once without any fault.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::forms::{FORMS, Form, Needs};
use crate::islands::{Arguments, properties_on};
use crate::world::{Life, NEW_PASSWORD, OLD_PASSWORD, Person, Store, World};

/// A value for the parameters of a page that knows only some: its path as in the routes, and an address that it knows.
/// Any other parameter becomes `1`.
const EXAMPLES: &[(&str, &str)] = &[];

/// A page and its requirements.
pub(crate) struct Page {
    pub(crate) path: String,
    /// Whether it sends visitors to the sign-in page.
    pub(crate) needs_session: bool,
    /// Whether it is hidden from people who are signed in.
    pub(crate) is_for_strangers: bool,
    /// Whether it calls the core API, so that it may be unavailable while the core API is.
    pub(crate) calls_core_api: bool,
    /// What somebody who is signed in gets: 404 where nothing is at what stands in the place of its parameter.
    pub(crate) status: u16,
}

/// All pages and forms.
pub(crate) struct Survey {
    pub(crate) pages: Vec<Page>,
    /// Including the server functions that islands call.
    pub(crate) forms: Vec<Form>,
    /// The server functions for other providers: they do not exist for anybody.
    absent: Vec<&'static str>,
}

/// The survey includes new pages and forms of the application automatically.
pub(crate) fn survey() -> &'static Survey {
    static SURVEY: LazyLock<Survey> = LazyLock::new(|| {
        // The caller may be in a runtime, which cannot block on another one.
        let looking = std::thread::spawn(|| {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let world = World::start(Life::Long, Store::Folder).await;
                look_around(&world).await
            })
        });
        looking.join().unwrap()
    });
    &SURVEY
}

async fn look_around(world: &Arc<World>) -> Survey {
    // Whoever sees the most.
    let mut person = world.administrator().await;
    let (mut pages, mut found) = (Vec::new(), BTreeMap::new());
    let mut properties = BTreeMap::new();
    for route in app::pages().paths() {
        let path = example(EXAMPLES, route);
        let stranger = person.browser.stranger().get(&path).await;
        let before = world.wire.requests_of(person.browser.address);
        let answer = person.browser.get(&path).await;
        let calls_core_api = world.wire.requests_of(person.browser.address) > before;
        for (body, needs) in [(&stranger.body, Needs::Nothing), (&answer.body, Needs::Session)] {
            for (action, fields) in forms_on(body) {
                found.entry(action).or_insert((needs, path.clone(), fields));
            }
            properties.extend(properties_on(body));
        }
        // Nothing is at what stands in the place of a parameter, or the page belongs to another provider.
        let is_missing = answer.status == 404 && (path != route || stranger.status == 404);
        assert!(is_missing || matches!(answer.status, 200 | 303), "{path}: {}", answer.status);
        pages.push(Page {
            needs_session: stranger.status == 303 && stranger.location.starts_with("/login"),
            is_for_strangers: answer.status == 303 && stranger.status == 200,
            calls_core_api,
            status: answer.status,
            path,
        });
    }
    let mut forms = FORMS.to_vec();
    for (action, (needs, page, fields)) in found {
        if FORMS.iter().all(|form| form.path != action) {
            forms.push(unknown_form(world, action, needs, page, fields).await);
        }
    }
    let arguments = Arguments::of_application();
    let mut absent = Vec::new();
    for path in app::server_fn_routes() {
        if forms.iter().any(|form| form.path == path) {
            continue;
        }
        // A missing field is noticed before the provider is asked what it offers.
        let fields = "email=a%40b.example&current_password=password1&password=password2&confirm_password=password2\
             &id=1&name=a&state=s&passkey=%7B%7D";
        if world.stranger().browser.post(path, fields).await.status == 404 {
            absent.push(path);
        } else {
            forms.extend(arguments.call(world, path, &properties).await);
        }
    }
    absent.sort_unstable();
    Survey { pages, forms, absent }
}

/// An address of a route such as `/orders/{id}`: the one in `examples`, or one with `1` for each parameter.
fn example(examples: &[(&str, &str)], route: &str) -> String {
    if let Some((_, address)) = examples.iter().find(|(known, _)| *known == route) {
        return (*address).to_owned();
    }
    route.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect::<Vec<_>>().join("/")
}

/// A form of which only the fields are known. It is sent once without any fault, to count its calls.
async fn unknown_form(world: &World, action: String, needs: Needs, page: String, fields: String) -> Form {
    let mut form = Form {
        path: action.leak(),
        needs,
        calls: 0,
        page: page.leak(),
        done: &[],
        says: &[],
        fields: Some(fields.leak()),
        is_of_island: false,
    };
    let mut sender: Person = form.sender(world).await;
    let before = world.wire.requests_of(sender.browser.address);
    let answer = sender.browser.post(form.path, &form.fields(&sender)).await;
    assert_eq!(answer.status, 303, "{}: {}", form.path, answer.body);
    form.calls = world.wire.requests_of(sender.browser.address) - before;
    form
}

/// The forms of a page: the action of each, and its fields with plausible values.
fn forms_on(page: &str) -> Vec<(String, String)> {
    let form = |html: &str| {
        let (html, _) = html.split_once("</form>")?;
        if attribute(html, "method")? != "post" {
            return None;
        }
        let tags: Vec<_> = html.split('<').skip(1).collect();
        let fields = tags.iter().enumerate().filter_map(|(at, tag)| field(tag, &tags[at + 1..]));
        let fields = fields.collect::<Vec<_>>();
        Some((attribute(html, "action")?, fields.join("&")))
    };
    page.split("<form").skip(1).filter_map(form).collect()
}

/// A field with a plausible value. `tag` is the text after a `<`, and `behind` are the tags after it.
fn field(tag: &str, behind: &[&str]) -> Option<String> {
    let (element, _) = tag.split_once(|letter: char| !letter.is_ascii_alphanumeric())?;
    let name = attribute(tag, "name")?;
    if matches!(&name[..], "form_id" | "page_of") || !matches!(element, "input" | "textarea" | "select") {
        return None;
    }
    let options = behind.iter().filter(|tag| tag.starts_with("option"));
    let option = || options.filter_map(|tag| attribute(tag, "value")).find(|value| !value.is_empty());
    let text = match (attribute(tag, "type").as_deref(), attribute(tag, "autocomplete").as_deref()) {
        (Some("hidden" | "checkbox" | "radio"), _) => {
            attribute(tag, "value").unwrap_or_else(|| "on".to_owned())
        }
        (Some("email"), _) => "{email}".to_owned(),
        (Some("password"), Some("current-password")) => OLD_PASSWORD.to_owned(),
        (Some("password"), _) => NEW_PASSWORD.to_owned(),
        (Some("number"), _) => "1".to_owned(),
        _ if element == "select" => option()?,
        _ => "a few words".to_owned(),
    };
    Some(format!("{name}={text}"))
}

/// The value of this attribute in the first tag of `html`, if there is one.
fn attribute(html: &str, name: &str) -> Option<String> {
    let (tag, _) = html.split_once('>')?;
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[test]
fn every_page_and_every_server_function_is_tried() {
    let Survey { pages, forms, absent } = survey();
    assert_eq!(pages.len(), app::pages().paths().count());
    let mut tried: Vec<_> = forms.iter().map(|form| form.path).chain(absent.iter().copied()).collect();
    let mut server_fns = app::server_fn_routes();
    tried.sort_unstable();
    server_fns.sort_unstable();
    let not_found: Vec<_> = server_fns.iter().filter(|path| !tried.contains(path)).collect();
    assert!(
        not_found.is_empty(),
        "no page that was looked at has a form for {not_found:?}, and no island calls them. These pages were not \
         there: {:?}. If one of them has the form, add an address that it knows to EXAMPLES in \
         server/tests/faults/survey.rs.",
        pages.iter().filter(|page| page.status == 404).map(|page| &page.path).collect::<Vec<_>>()
    );
    // Those of passkeys need a domain, and this application is at an IP address.
    let of_others = [
        "/api/add-passkey",
        "/api/begin-passkey",
        "/api/begin-passkey-sign-in",
        "/api/change-email",
        "/api/change-password",
        "/api/confirm-with-provider",
        "/api/remove-passkey",
        "/api/rename-passkey",
        "/api/set-password-by-link",
        "/api/sign-in-with-passkey",
        "/api/sign-in-with-provider",
    ];
    assert_eq!(absent, &of_others, "a form is for nobody");
    assert_eq!(tried, server_fns, "a form leads to no server function, or one is tried twice");
    let of = |choose: fn(&Page) -> bool| {
        let chosen = pages.iter().filter(|page| choose(page)).map(|page| page.path.as_str());
        chosen.collect::<Vec<_>>()
    };
    assert!(of(|page| page.calls_core_api).contains(&"/account"));
    assert!(of(|page| page.needs_session).contains(&"/confirm"));
    assert!(of(|page| page.is_for_strangers).contains(&"/login"));
}

#[test]
fn a_parameter_becomes_its_example_or_1() {
    let examples = [("/notes/{topic}", "/notes/idea")];
    assert_eq!(example(&examples, "/notes/{topic}"), "/notes/idea");
    assert_eq!(example(&examples, "/notes/{topic}/{id}"), "/notes/1/1");
    assert_eq!(example(&examples, "/notes"), "/notes");
}

#[test]
fn a_form_that_nobody_has_described_is_found_and_filled_in() {
    let page = r#"<form action="/search" method="get"><input name="q"></form><form method="post" action="/api/give">
        <input type="hidden" name="form_id" value="1"><input type="hidden" name="a" value="b"><input type="email" name="e">
        <textarea name="t"></textarea><input type="checkbox" name="c" value="yes"><select name="s"><option value="" selected><option value="x"></select></form>"#;
    let fields = "a=b&e={email}&t=a few words&c=yes&s=x".to_owned();
    assert_eq!(forms_on(page), [("/api/give".to_owned(), fields)]);
}
