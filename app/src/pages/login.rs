use http::StatusCode;
use ironleaf_bff::{AccountAbility, Problem, Remember, ReturnTo, SIGN_IN_LINK, SignInFailure, SignInLink};
use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{Asked, ButtonForm, Field, LoginLink, PasskeyPart, RememberMe, Rules, ServerForm};
use crate::flashes::{BUTTON_FIRST, KeptForm, Message, OPENED, Opened};
use crate::links;
use crate::load::Load;
use crate::remember::{REMEMBER_ME, kept_choice};
use crate::request::PageRequest;
use crate::server_fns::{
    BeginPasskeySignIn, RequestSignInLink, SignIn, SignInWithPasskey, SignInWithProvider,
};
use crate::words::{t, t_with};

/// `/login`: e-mail and password, a button that leads to the provider, or the link of an e-mail that this browser has
/// opened.
#[component]
pub(crate) fn Login(by: By, return_to: Option<ReturnTo>) -> impl IntoView {
    match by {
        By::Link(OpenedLink { link, viewer, remember, by_itself }) => {
            EitherOf3::A(view! { <LoginLink link viewer remember by_itself /> })
        }
        By::Provider(name, form) => EitherOf3::B(view! { <ProviderLogin name form return_to /> }),
        By::Password(form) => EitherOf3::C(view! { <PasswordLogin form return_to /> }),
    }
}

/// How the person signs in.
pub(crate) enum By {
    /// With the link of an e-mail.
    Link(OpenedLink),
    /// At the provider with this name.
    Provider(String, KeptForm),
    /// With a password.
    Password(KeptForm),
}

/// The link of an e-mail that this browser has opened.
pub(crate) struct OpenedLink {
    link: SignInLink,
    /// The person who is signed in here.
    viewer: Option<String>,
    remember: Remember,
    by_itself: bool,
}

#[component]
fn ProviderLogin(name: String, form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    view! {
        <Title text=t("login") />
        <section class="card">
            <h1>{t("login-heading")}</h1>
            // Its answer is never kept for a second form: each way to the provider can be gone once.
            <ButtonForm<SignInWithProvider> return_to once=false>
                <RememberMe remember=kept_choice(&form) />
                <button type="submit" class="button primary wide">
                    {t_with("continue-with", [("provider", name.into())])}
                </button>
            </ButtonForm<SignInWithProvider>>
        </section>
    }
}

#[component]
fn PasswordLogin(form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let request = PageRequest::current();
    let register = request.offers(AccountAbility::Register).then(|| links::register(return_to.as_ref()));
    let reset_password =
        request.offers(AccountAbility::ResetPassword).then(|| links::reset_password(return_to.as_ref()));
    let has_passkeys = request.offers(AccountAbility::Passkeys);
    let back = return_to.clone();
    view! {
        <Title text=t("login") />
        <section class="card">
            <h1>{t("login-heading")}</h1>
            // Signing in twice does no harm, and the answer of a sign-in is never kept for a second form.
            <ServerForm<SignIn> return_to until_valid=true once=false>
                <Field
                    kept=form.field("email")
                    label=t("email")
                    kind="email"
                    placeholder=t("email-example")
                    autocomplete=if has_passkeys { "username webauthn" } else { "username" }
                    rules=Rules::EMAIL
                />
                <Field
                    kept=form.field("password")
                    label=t("password")
                    placeholder=t("password-example")
                    autocomplete="current-password"
                    rules=Rules::PRESENT
                />
                <RememberMe remember=kept_choice(&form) />
                <button type="submit" class="button primary wide">
                    {t("login")}
                </button>
                {request
                    .offers(AccountAbility::RequestSignInLink)
                    .then(|| {
                        // The same form, sent to another address: what was typed is good for both.
                        view! {
                            <button
                                type="submit"
                                class="button wide"
                                formaction=RequestSignInLink::PATH
                                formnovalidate
                            >
                                {t("login-email-link")}
                            </button>
                        }
                    })}
            </ServerForm<SignIn>>
            {has_passkeys.then(|| view! { <PasskeyLogin return_to=back /> })}
            {(reset_password.is_some() || register.is_some()).then(|| {
                view! {
                    <p class="card-links">
                        {reset_password.map(|link| view! { <a href=link>{t("forgot-password")}</a> })}
                        {register.map(|link| view! { <span>{t("login-new-here")} " " <a href=link>{t("sign-up")}</a></span> })}
                    </p>
                }
            })}
        </section>
    }
}

/// The button for a passkey. The box of the form above is good for both: the script copies it.
#[component]
fn PasskeyLogin(return_to: Option<ReturnTo>) -> impl IntoView {
    view! {
        <noscript>
            <p class="lead-small">{t("passkey-needs-script")}</p>
        </noscript>
        <PasskeyPart begin=BeginPasskeySignIn::PATH asked=Asked::ToSignIn>
            <ButtonForm<SignInWithPasskey> return_to once=false>
                <input type="hidden" name="state" />
                <input type="hidden" name="passkey" />
                <input type="hidden" name="remember_me_offered" value="yes" />
                <input type="hidden" name=REMEMBER_ME value="on" />
                <button type="submit" class="button wide">
                    {t("login-passkey")}
                </button>
            </ButtonForm<SignInWithPasskey>>
        </PasskeyPart>
    }
}

impl Load for LoginProps {
    const SAME_FOR_STRANGERS: bool = true;

    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        request.after_cookies_tried()?;
        if request.offers(AccountAbility::SignInByLink) {
            open_link(request)?;
        } else if SignInLink::is_meant_by(request.query()) {
            // There are no such links, but a token must not stay in the address.
            return Err(Answer::Redirect(links::login(request.return_to().as_ref())));
        }
        if let Some(link) = request.peek(&SIGN_IN_LINK) {
            // SECURITY: only right after the link was opened, without an existing session, and in the browser that
            // asked for it. A mail scanner runs scripts as well, and would use up a link that the person has not opened
            // yet. Any site can send a browser to a link of its own, and so into an account of its own.
            let was_opened_now = request.take(&OPENED).is_some();
            let by_itself = was_opened_now && request.viewer.is_none() && request.asked_to_sign_in(&link);
            let viewer = request.viewer.as_ref().map(|user| user.display_name().to_owned());
            let remember = request.remembered_by(&link);
            let opened = OpenedLink { link, viewer, remember, by_itself };
            return Ok(Self { by: By::Link(opened), return_to: None });
        }
        request.signed_out()?;
        let return_to = request.return_to();
        let by = match request.redirect_sign_in() {
            Some(provider) => {
                lead_on(request, return_to.as_ref()).await?;
                By::Provider(provider.name, request.take_form())
            }
            None => By::Password(request.take_form()),
        };
        Ok(Self { by, return_to })
    }
}

/// Leads to the provider at once, if the settings say so and nothing is to be said on the page. A form may have led here,
/// so this is no redirect either.
async fn lead_on(request: &PageRequest, return_to: Option<&ReturnTo>) -> Result<(), Answer> {
    if !request.site.auto_redirect {
        return Ok(());
    }
    // The next visitor is led on again.
    request.keep_for_nobody();
    let waits = request.has_message() || request.peek(&BUTTON_FIRST).is_some();
    if waits || !request.is_shown() || request.may_be_signed_in() {
        return Ok(());
    }
    match request.start_redirect(return_to).await {
        Ok(url) => return Err(Answer::Onward(url)),
        Err(SignInFailure::TooManyRequests { retry_after }) => {
            request.say(Message::TooManyTries);
            request.answer_with(StatusCode::TOO_MANY_REQUESTS, retry_after);
        }
        Err(SignInFailure::Misconfigured) => {
            request.say(Message::Misconfigured);
            request.answer_with(StatusCode::INTERNAL_SERVER_ERROR, None);
        }
        Err(_) => {
            request.say(Message::Unavailable);
            request.answer_with(StatusCode::SERVICE_UNAVAILABLE, Problem::unavailable().retry_after);
        }
    }
    Ok(())
}

/// Removes the token of an e-mailed link from the address.
fn open_link(request: &PageRequest) -> Result<(), Answer> {
    if let Some(link) = SignInLink::from_query(request.query()) {
        // SECURITY: the token leaves the address at once, and only a POST uses it up. So neither the browser's history
        // nor a mail program that checks links gains anything.
        if request.leave_link(&SIGN_IN_LINK, &link) {
            request.leave(&OPENED, &Opened);
        } else {
            request.leave_message(Message::NoRoomForLink, "/login");
        }
        return Err(request.led_by_cookie("/login"));
    }
    if SignInLink::is_meant_by(request.query()) {
        // The link of an earlier e-mail is not meant.
        request.clear(&SIGN_IN_LINK);
        request.leave_message(Message::LinkDamaged, "/login");
        return Err(Answer::Redirect(links::login(request.return_to().as_ref())));
    }
    if request.query_field("with").is_some_and(|with| with == "password") {
        // The link is not used up: it is still in the e-mail.
        request.clear(&SIGN_IN_LINK);
        return Err(Answer::Redirect(links::login(request.place().as_ref())));
    }
    Ok(())
}
