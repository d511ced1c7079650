use ironleaf_bff::Passkey;
use leptos::prelude::*;
use leptos_meta::Title;

use super::{PASSKEY_NAME, named};
use crate::answer::Answer;
use crate::components::{Breadcrumb, Field, ServerForm};
use crate::flashes::KeptForm;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::RenamePasskey;
use crate::words::t;

/// `/account/passkeys/:id`: the name of a passkey, and the way to its removal.
#[component]
pub(crate) fn OnePasskey(passkey: Passkey, form: KeptForm) -> impl IntoView {
    let Passkey { id, name, .. } = passkey;
    let remove = links::remove_passkey(&id);
    view! {
        <Title text=t("passkey") />
        <div>
            <Breadcrumb here=t("passkey") />
            <h1 class="long">{name.clone()}</h1>
            <section class="panel" aria-labelledby="rename">
                <h2 id="rename">{t("passkey-rename")}</h2>
                <ServerForm<RenamePasskey>>
                    <input type="hidden" name="id" value=id />
                    <Field
                        kept=form.field("name")
                        label=t("passkey-name")
                        kind="text"
                        autocomplete="off"
                        rules=PASSKEY_NAME
                        value=name
                    />
                    <p class="form-actions">
                        <a class="button" href="/account/passkeys">{t("cancel")}</a>
                        <button type="submit" class="button primary">{t("passkey-rename-submit")}</button>
                    </p>
                </ServerForm<RenamePasskey>>
            </section>
            <section class="panel" aria-labelledby="removal">
                <div>
                    <h2 id="removal">{t("passkey-remove")}</h2>
                    <p class="lead-small">{t("passkey-remove-lead")}</p>
                </div>
                <p class="form-actions">
                    <a class="button danger-outline" href=remove>{t("passkey-remove")}</a>
                </p>
            </section>
        </div>
    }
}

impl Load for OnePasskeyProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        Ok(Self { passkey: named(request).await?, form: request.take_form() })
    }
}
