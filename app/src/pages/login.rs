use ironleaf_bff::{ReturnTo, SIGN_IN_LINK, SignInLink, VERIFICATION_LINK};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{Field, LoginLink, Rules, ServerForm};
use crate::flashes::{KeptForm, Message, OPENED, Opened};
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::SignIn;

/// `/login`: e-mail and password, or the link of an e-mail that this browser has opened.
#[component]
pub(crate) fn Login(link: Option<OpenedLink>, form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    match link {
        Some(OpenedLink { link, viewer, by_itself }) => {
            Either::Left(view! { <LoginLink link viewer by_itself /> })
        }
        None => Either::Right(view! { <PasswordLogin form return_to /> }),
    }
}

/// The link of an e-mail that this browser has opened.
pub(crate) struct OpenedLink {
    link: SignInLink,
    /// Who is signed in here.
    viewer: Option<String>,
    by_itself: bool,
}

#[component]
fn PasswordLogin(form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let register = links::register(return_to.as_ref());
    let reset_password = links::reset_password(return_to.as_ref());
    view! {
        <Title text="Login" />
        <section class="card">
            <h1>"Login to your account"</h1>
            // To sign in twice harms nobody, and no answer of a sign-in is kept for a second one.
            <ServerForm<SignIn> return_to until_valid=true once=false>
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
            </ServerForm<SignIn>>
            <p class="card-links">
                <a href=reset_password>"Forgot Password"</a>
                <span>"New here? " <a href=register>"Sign up"</a></span>
            </p>
        </section>
    }
}

impl Load for LoginProps {
    const SAME_FOR_STRANGERS: bool = true;

    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        request.after_cookies_tried()?;
        open_link(request)?;
        if let Some(link) = request.peek(&SIGN_IN_LINK) {
            // SECURITY: only right after the link was opened, not over a session that somebody has, and only in the browser that asked for
            // it. A mail scanner runs scripts as well, and would use up what a person has yet to open; and any site can send a browser to a
            // link of its own, into an account of its own.
            let was_opened_now = request.take(&OPENED).is_some();
            let by_itself = was_opened_now && request.viewer.is_none() && request.asked_to_sign_in(&link);
            let viewer = request.viewer.as_ref().map(|user| user.display_name().to_owned());
            let link = Some(OpenedLink { link, viewer, by_itself });
            return Ok(Self { link, form: KeptForm::default(), return_to: None });
        }
        request.signed_out()?;
        Ok(Self { link: None, form: request.take_form(), return_to: request.return_to() })
    }
}

/// Takes what an e-mailed link has in its query out of the address.
fn open_link(request: &PageRequest) -> Result<(), Answer> {
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
        return Err(request.led_by_cookie("/login"));
    }
    if SignInLink::is_meant_by(request.query()) {
        // Nothing that an earlier link left is meant by it.
        request.clear(&SIGN_IN_LINK);
        request.leave_message(Message::LinkDamaged, "/login");
        return Err(Answer::Redirect(links::login(request.return_to().as_ref())));
    }
    if request.query_field("with").is_some_and(|with| with == "password") {
        // It is not used up: the e-mail still has it.
        request.clear(&SIGN_IN_LINK);
        return Err(Answer::Redirect(links::login(request.place().as_ref())));
    }
    Ok(())
}
