use leptos::prelude::*;

use crate::render::nonce_mark;
use crate::request::PageRequest;
use crate::words::t;

/// What a browser is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A passkey that signs in.
    ToSignIn,
    /// A new one.
    ForNew,
}

/// Around a form with the hidden fields `state` and `passkey`. The script `passkeys.js` shows it where the browser has
/// passkeys, and fills it in with what the browser has answered. Without the script, nobody sees it. `begin` is the
/// path of the function that says what to ask for.
#[component]
pub(crate) fn PasskeyPart(begin: &'static str, asked: Asked, children: Children) -> impl IntoView {
    let script = PageRequest::current().site.assets.passkeys_script.clone();
    let kind = match asked {
        Asked::ToSignIn => "get",
        Asked::ForNew => "create",
    };
    view! {
        <div
            hidden
            data-passkey=kind
            data-begin=begin
            data-cancelled=t("passkey-cancelled")
            data-known=t("passkey-known-here")
            data-absent=t("passkey-no-authenticator")
            data-elsewhere=t("passkey-elsewhere")
            data-failed=t("passkey-failed")
            data-no-answer=t("no-answer")
        >
            {children()}
            <p class="field-error" role="alert"></p>
        </div>
        <script type="module" nonce=nonce_mark() src=script></script>
    }
}
