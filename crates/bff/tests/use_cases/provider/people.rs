//! One person whom an administrator sees and changes: whoever signs in as `user@test.com`.

use async_trait::async_trait;
use ironleaf_auth::{
    AccountError, AuthorizedCalls, EmailAddress, Identity, KnownRole, People, PeopleListing, PeoplePage,
    Person, PersonChange,
};
use ironleaf_bff::Role;

use super::Scripted;
use super::known::{Answers, Known};

#[async_trait]
impl People for Scripted {
    fn roles(&self) -> &[KnownRole] {
        &[KnownRole { name: "CLERK", is_given: true }]
    }

    async fn list(&self, _: &dyn AuthorizedCalls, _: &PeopleListing) -> Result<PeoplePage, AccountError> {
        super::no_such_page()
    }

    async fn person(&self, _: &dyn AuthorizedCalls, id: &str) -> Result<Option<Person>, AccountError> {
        let known = self.seen().known;
        let roles = if known == Known::Clerk { vec![Role::new("CLERK")] } else { Vec::new() };
        let user = Identity { roles, ..Identity::new("42", "user@test.com") };
        let version = format!("{known:?}");
        let person = Person { user, created_at: None, updated_at: None, version };
        Ok((id == "42" && known != Known::Deleted).then_some(person))
    }

    async fn set_roles(
        &self,
        _: &dyn AuthorizedCalls,
        _: &Person,
        roles: &[Role],
    ) -> Result<PersonChange, AccountError> {
        self.become_known_as(if roles.is_empty() { Known::WithoutRole } else { Known::Clerk })
    }

    async fn send_verification(
        &self,
        _: &dyn AuthorizedCalls,
        _: &Person,
        _: &EmailAddress,
    ) -> Result<PersonChange, AccountError> {
        super::no_such_page()
    }

    async fn delete_person(&self, _: &dyn AuthorizedCalls, _: &Person) -> Result<PersonChange, AccountError> {
        self.become_known_as(Known::Deleted)
    }
}

impl Scripted {
    fn become_known_as(&self, known: Known) -> Result<PersonChange, AccountError> {
        let mut seen = self.seen();
        seen.known = known;
        match seen.people_answers {
            Answers::Arrive => Ok(PersonChange::Done),
            Answers::AreLost => Err(AccountError::Unavailable("it is lost".to_owned())),
        }
    }
}
