use ironleaf_bff::Passkey;
use leptos::prelude::*;
use leptos_meta::Title;

use super::named;
use crate::answer::Answer;
use crate::components::ButtonForm;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::words::{t, t_around};

/// `/account/passkeys/:id/remove`: asks before a passkey is removed, and says which.
#[component]
pub(crate) fn RemovePasskey(passkey: Passkey) -> impl IntoView {
    let Passkey { id, name, .. } = passkey;
    let back = links::passkey(&id);
    let (before, after) = t_around("passkey-remove-text", "name", []);
    view! {
        <Title text=t("passkey-remove") />
        <section class="card">
            <h1>{t("are-you-sure")}</h1>
            <p class="lead-small long">{before} <strong>{name}</strong> {after}</p>
            <ButtonForm<crate::server_fns::RemovePasskey> class="dialog-actions">
                <input type="hidden" name="id" value=id />
                <a class="button" href=back>{t("cancel")}</a>
                <button type="submit" class="button danger">{t("passkey-remove")}</button>
            </ButtonForm<crate::server_fns::RemovePasskey>>
        </section>
    }
}

impl Load for RemovePasskeyProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        Ok(Self { passkey: named(request).await? })
    }
}
