use ironleaf_bff::{ReturnTo, SIGN_IN_LINK, SignInLink, VERIFICATION_LINK};
use leptos::prelude::*;

use super::login_link::login_link;
use super::opened::{OPENED, Opened};
use crate::components::{Field, ReturnField, Rules};
use crate::document::{Answer, Page};
use crate::islands::EnhancedForm;
use crate::kept_form::KeptForm;
use crate::messages::Message;
use crate::request::PageRequest;
use crate::routes::{login_page, register_page, reset_password_page};

/// `/login`: e-mail and password, or the link of an e-mail that this browser has opened.
pub(crate) async fn login(request: PageRequest) -> (PageRequest, Answer) {
    if let Some(answer) = request.after_cookies_tried() {
        return (request, answer);
    }
    if let Some(link) = SignInLink::from_query(request.query()) {
        // SECURITY: the token leaves the address at once, and nothing but a POST uses it up: neither the history nor a mail
        // program that looks at links gets anything out of it.
        // One link at a time: both together would crowd the cookies.
        request.clear(&VERIFICATION_LINK);
        if request.leave(&SIGN_IN_LINK, &link) {
            request.leave(&OPENED, &Opened);
        } else {
            request.leave_message(Message::NoRoomForLink, "/login");
        }
        let answer = request.led_by_cookie("/login");
        return (request, answer);
    }
    if SignInLink::is_meant_by(request.query()) {
        // Nothing that an earlier link left is meant by it.
        request.clear(&SIGN_IN_LINK);
        request.leave_message(Message::LinkDamaged, "/login");
        let answer = Answer::Redirect(login_page(request.return_to().as_ref()));
        return (request, answer);
    }
    if request.query_field("with").is_some_and(|with| with == "password") {
        // It is not used up: the e-mail still has it.
        request.clear(&SIGN_IN_LINK);
        let answer = Answer::Redirect(login_page(request.place().as_ref()));
        return (request, answer);
    }
    if let Some(link) = request.peek(&SIGN_IN_LINK) {
        let page = login_link(&request, link);
        return (request, Answer::Page(page));
    }
    if request.viewer.is_some() {
        let answer = request.already_signed_in();
        return (request, answer);
    }
    let (form, return_to) = (request.take_form(), request.return_to());
    let page = Page::auth("Login", || login_view(form, return_to)).with_islands();
    (request, Answer::Page(page))
}

fn login_view(form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let register = register_page(return_to.as_ref());
    let reset_password = reset_password_page(return_to.as_ref());
    view! {
        <section class="card">
            <h1>"Login to your account"</h1>
            <EnhancedForm>
                <form method="post" action="/api/sign-in" novalidate data-until-valid="">
                    <ReturnField place=return_to />
                    <Field
                        kept=form.field("email")
                        label="Email"
                        kind="email"
                        placeholder="hi@example.com"
                        autocomplete="username"
                        rules=Rules::EMAIL
                    />
                    <Field
                        kept=form.field("password")
                        label="Password"
                        placeholder="*********"
                        autocomplete="current-password"
                        rules=Rules::PRESENT
                    />
                    <button type="submit" class="button primary wide">
                        "Login"
                    </button>
                </form>
            </EnhancedForm>
            <p class="card-links">
                <a href=reset_password>"Forgot Password"</a>
                <span>"New here? " <a href=register>"Sign up"</a></span>
            </p>
        </section>
    }
}
