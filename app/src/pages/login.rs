use ironleaf_bff::ReturnTo;
use leptos::prelude::*;

use crate::components::Field;
use crate::document::{Answer, Chrome, Page};
use crate::islands::EnhancedForm;
use crate::request::PageRequest;

/// `/login`: e-mail and password.
pub(crate) async fn login(request: PageRequest) -> (PageRequest, Answer) {
    let return_to = request.return_to();
    if request.viewer.is_some() {
        return (request, Answer::Redirect("/".to_owned()));
    }
    let email = request.take_fields().map(|fields| fields.email).unwrap_or_default();
    let page =
        Page { chrome: Chrome::Auth, islands: true, ..Page::new("Login", || login_view(email, return_to)) };
    (request, Answer::Page(page))
}

fn login_view(email: String, return_to: Option<ReturnTo>) -> impl IntoView {
    view! {
        <section class="card">
            <h1>"Login to your account"</h1>
            <EnhancedForm>
                <form method="post" action="/api/sign-in" data-until-valid="">
                    {return_to
                        .map(|place| {
                            view! { <input type="hidden" name="return_to" value=place.to_string() /> }
                        })}
                    <Field
                        name="email"
                        label="Email"
                        kind="email"
                        placeholder="hi@example.com"
                        autocomplete="username"
                        value=email
                    />
                    <Field
                        name="password"
                        label="Password"
                        kind="password"
                        placeholder="*********"
                        autocomplete="current-password"
                    />
                    <button type="submit" class="button primary wide">
                        "Login"
                    </button>
                </form>
            </EnhancedForm>
        </section>
    }
}
