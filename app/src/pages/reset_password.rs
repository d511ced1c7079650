use ironleaf_bff::ReturnTo;
use leptos::prelude::*;

use crate::components::{Field, ReturnField, Rules};
use crate::document::{Answer, Page};
use crate::islands::EnhancedForm;
use crate::kept_form::KeptForm;
use crate::request::PageRequest;
use crate::routes::login_page;

/// `/reset-password`: asks for the e-mail with which a new password can be set.
pub(crate) async fn reset_password(request: PageRequest) -> (PageRequest, Answer) {
    if request.viewer.is_some() {
        let answer = request.already_signed_in();
        return (request, answer);
    }
    let (form, return_to) = (request.take_form(), request.return_to());
    let page = Page::auth("Reset password", || reset_password_view(form, return_to)).with_islands();
    (request, Answer::Page(page))
}

fn reset_password_view(form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let login = login_page(return_to.as_ref());
    view! {
        <section class="card">
            <h1>"Reset your password"</h1>
            <p class="lead-small">"We send you a link that lets you set a new one."</p>
            <EnhancedForm>
                <form method="post" action="/api/request-password-reset" novalidate data-until-valid="">
                    <input type="hidden" name="form_id" value="%form_id%" />
                    <ReturnField place=return_to />
                    <Field
                        kept=form.field("email")
                        label="Email"
                        kind="email"
                        placeholder="hi@example.com"
                        autocomplete="username"
                        rules=Rules::EMAIL
                    />
                    <button type="submit" class="button primary wide">
                        "Reset Password"
                    </button>
                </form>
            </EnhancedForm>
            <p class="card-links">
                <span>"You remember it? " <a href=login>"Login"</a></span>
            </p>
        </section>
    }
}
