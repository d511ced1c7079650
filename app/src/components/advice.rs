use ironleaf_bff::AccountAbility;
use leptos::prelude::*;

use crate::flashes::{PASSWORD_HINT, PasswordHint};
use crate::language::Language;
use crate::request::PageRequest;
use crate::words::t;

/// The hint that the password which was just set is easy to guess. It stays as long as the page is open.
#[component]
pub(crate) fn Advice() -> impl IntoView {
    let request = PageRequest::current();
    let can_change = request.viewer.is_some()
        && (request.offers(AccountAbility::Change) || request.offers(AccountAbility::ChangePassword));
    request.take(&PASSWORD_HINT).map(|PasswordHint(problem)| {
        view! {
            <aside class="notice advice" aria-label=t("password-hint")>
                <p>{problem.text(Language::current())} " " {t("password-hint-advice")}</p>
                {can_change.then(|| {
                    view! { <a class="button" href="/account">{t("password-hint-change")}</a> }
                })}
            </aside>
        }
    })
}
