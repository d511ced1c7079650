use ironleaf_bff::{AccountError, Problem, User};
use leptos::prelude::*;

use crate::components::Breadcrumb;
use crate::document::{Answer, Page};
use crate::messages::Message;
use crate::request::PageRequest;
use crate::routes::login_page;

/// `/account`: the person as the core API knows them now.
pub(crate) async fn account(mut request: PageRequest) -> (PageRequest, Answer) {
    let core_api = match request.core_api() {
        Ok(core_api) => core_api,
        Err(missing) => return (request, missing.into()),
    };
    let answer = match core_api.current_user().await {
        Ok(user) => {
            request.viewer = Some(user.clone());
            Answer::Page(Page::new("Account", move || account_view(&user)))
        }
        Err(AccountError::SignedOut) => {
            if let Some(reason) = core_api.signed_out_reason() {
                request.leave_message(Message::SessionExpired(reason));
            }
            Answer::Redirect(login_page(request.here().as_ref()))
        }
        Err(error) => {
            tracing::warn!(%error, "the account page cannot be shown");
            Answer::Problem(Problem::unavailable())
        }
    };
    (request, answer)
}

fn account_view(user: &User) -> impl IntoView + use<> {
    let roles = user.roles.iter().map(|role| view! { <li>{role.label()}</li> }).collect_view();
    view! {
        <Breadcrumb here="Account" />
        <h1>"Account Settings"</h1>
        <p class="lead">"Manage your account settings and set e-mail preferences."</p>
        <dl class="facts">
            <div>
                <dt>"Email"</dt>
                <dd>{user.email.clone()}</dd>
            </div>
            <div>
                <dt>"Roles"</dt>
                <dd>
                    <ul class="tags">{roles}</ul>
                </dd>
            </div>
        </dl>
    }
}
