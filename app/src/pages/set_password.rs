use ironleaf_bff::ReturnTo;
use leptos::prelude::*;

use crate::components::{Breadcrumb, Field, ReturnField, Rules, Username};
use crate::document::{Answer, Page};
use crate::islands::EnhancedForm;
use crate::kept_form::KeptForm;
use crate::request::PageRequest;
use crate::validation::FieldProblem;

/// `/set-password`: where the link of a reset e-mail leads. It asks the core API nothing, so it is there at once.
pub(crate) async fn set_password(request: PageRequest) -> (PageRequest, Answer) {
    let Some(user) = request.viewer.clone() else {
        let answer = request.ask_to_log_in(None);
        return (request, answer);
    };
    let (form, return_to) = (request.take_form(), request.return_to());
    let view = || set_password_view(form, user.email.unwrap_or_default(), return_to);
    let page = Page::new("Set password", view).with_islands();
    (request, Answer::Page(page))
}

fn set_password_view(form: KeptForm, email: String, return_to: Option<ReturnTo>) -> impl IntoView {
    view! {
        <div>
            <Breadcrumb here="Set Password" />
            <h1>"Set Your Password"</h1>
            <h2 class="lead">"Create your new password"</h2>
            <div class="panel">
                <p class="lead-small">
                    "At least 8 characters of any kind. A few words that only you put together make a good one."
                </p>
                <EnhancedForm>
                    <form method="post" action="/api/set-password" novalidate data-until-valid="">
                        <input type="hidden" name="form_id" value="%form_id%" />
                        <Username email />
                        <input type="hidden" name="page_of" value="%page_of%" />
                        <ReturnField place=return_to />
                        <Field
                            kept=form.field("password")
                            label="New Password"
                            placeholder="Enter new password"
                            autocomplete="new-password"
                            rules=Rules::NEW_PASSWORD
                        />
                        <Field
                            kept=form.field("confirm_password")
                            label="Confirm Password"
                            placeholder="Confirm new password"
                            autocomplete="new-password"
                            rules=Rules::confirmation(FieldProblem::PasswordsDiffer)
                        />
                        <p class="form-actions">
                            <button type="submit" class="button primary">
                                "Update Password"
                            </button>
                        </p>
                    </form>
                </EnhancedForm>
            </div>
        </div>
    }
}
