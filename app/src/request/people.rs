//! Other people, for administrators.

use ironleaf_bff::{KnownRole, PeopleListing, PeoplePage, Person, ProblemKind, ReturnTo};

use super::PageRequest;
use crate::answer::Answer;
use crate::guard::Guard;
use crate::links;

impl PageRequest {
    /// Whether a link to what is behind the guard is of use to the viewer.
    pub(crate) fn may_pass(&self, guard: Guard) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| guard.admits(viewer, self.bff()))
    }

    /// The roles that people have at the provider.
    pub(crate) fn known_roles(&self) -> Vec<KnownRole> {
        self.bff().and_then(|bff| bff.known_roles()).unwrap_or_default().to_vec()
    }

    /// One page of the people that match.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user).
    pub(crate) async fn people(&mut self, listing: &PeopleListing) -> Result<PeoplePage, Answer> {
        let core_api = self.core_api().await?;
        core_api.people(listing).await.map_err(|error| self.answer_to(&core_api, &error))
    }

    /// The person that the parameter `id` of the path names.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user), and `Page not found` if there is nobody.
    pub(crate) async fn person(&mut self) -> Result<Person, Answer> {
        let id = self.param("id").filter(|id| links::is_identifier(id)).map(str::to_owned);
        let id = id.ok_or(ProblemKind::NotFound)?;
        let core_api = self.core_api().await?;
        let found = core_api.person(&id).await.map_err(|error| self.answer_to(&core_api, &error))?;
        found.ok_or_else(|| ProblemKind::NotFound.into())
    }

    /// The list of people that the viewer came from, with its search.
    pub(crate) fn list_of_people(&self) -> Option<ReturnTo> {
        self.return_to().filter(links::is_list_of_people)
    }
}
