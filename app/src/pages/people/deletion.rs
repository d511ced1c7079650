use ironleaf_bff::{Person, ReturnTo};
use leptos::prelude::*;
use leptos_meta::Title;

use super::parts::SeenFields;
use crate::answer::Answer;
use crate::components::ButtonForm;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::words::{t, t_around};

/// `/admin/people/:id/delete`: asks before an account is deleted, and says whose it is.
#[component]
pub(crate) fn DeletePerson(person: Person, list: Option<ReturnTo>) -> impl IntoView {
    let Person { user, version, .. } = person;
    let (before, after) = t_around("person-delete-text", "email", []);
    view! {
        <Title text=t("delete-account-title") />
        <section class="card">
            <h1>{t("are-you-sure")}</h1>
            <p class="lead-small long">
                {before} <strong>{user.display_name().to_owned()}</strong> {after}
            </p>
            <ButtonForm<crate::server_fns::DeletePerson> class="dialog-actions" return_to=list.clone()>
                <SeenFields id=user.id.clone() version />
                <a class="button" href=links::person(&user.id, list.as_ref())>
                    {t("cancel")}
                </a>
                <button type="submit" class="button danger">
                    {t("delete-account")}
                </button>
            </ButtonForm<crate::server_fns::DeletePerson>>
        </section>
    }
}

impl Load for DeletePersonProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let person = request.person().await?;
        if request.viewer.as_ref().is_some_and(|viewer| viewer.id == person.user.id) {
            // Nobody deletes themselves here. The page of the person says so.
            let list = request.list_of_people();
            return Err(Answer::Redirect(links::person(&person.user.id, list.as_ref())));
        }
        Ok(Self { person, list: request.list_of_people() })
    }
}
