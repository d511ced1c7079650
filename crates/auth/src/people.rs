use std::time::SystemTime;

use async_trait::async_trait;
use ironleaf_api_types::{Role, User};

use crate::{AccountError, AuthorizedCalls, EmailAddress};

/// Other people's accounts, for administrators, if the back end lets them see and change those.
///
/// The back end decides who is an administrator: it answers everybody else with [`AccountError::Forbidden`].
#[async_trait]
pub trait People: Send + Sync {
    /// The roles that people can have, in the order in which they are shown.
    fn roles(&self) -> &[KnownRole];

    /// One page of the people that match.
    ///
    /// # Errors
    ///
    /// [`AccountError::Forbidden`], [`AccountError::SignedOut`], [`AccountError::TooManyRequests`],
    /// [`AccountError::Unavailable`].
    async fn list(
        &self,
        calls: &dyn AuthorizedCalls,
        listing: &PeopleListing,
    ) -> Result<PeoplePage, AccountError>;

    /// The person with this identifier. `None` if there is nobody.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    async fn person(&self, calls: &dyn AuthorizedCalls, id: &str) -> Result<Option<Person>, AccountError>;

    /// Gives the person these roles and no others. If they have changed since `person` was read, the back end should
    /// change nothing; not every one can compare.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    async fn set_roles(
        &self,
        calls: &dyn AuthorizedCalls,
        person: &Person,
        roles: &[Role],
    ) -> Result<PersonChange, AccountError>;

    /// Sends the e-mail that verifies this address of the person once more.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    async fn send_verification(
        &self,
        calls: &dyn AuthorizedCalls,
        person: &Person,
        email: &EmailAddress,
    ) -> Result<PersonChange, AccountError>;

    /// Deletes the person's account, under the same condition as [`set_roles`](Self::set_roles).
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    async fn delete_person(
        &self,
        calls: &dyn AuthorizedCalls,
        person: &Person,
    ) -> Result<PersonChange, AccountError>;
}

/// A role that people can have at a back end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownRole {
    /// The back end's name for it.
    pub name: &'static str,
    /// Whether an administrator gives it and takes it away. Otherwise people get it by what they do.
    pub is_given: bool,
}

/// Which people to list, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleListing {
    /// A part of an e-mail address.
    pub search: Option<String>,
    /// Only people with this role.
    pub role: Option<String>,
    /// The order.
    pub order: PeopleOrder,
    /// The number of the page. The first one is 1.
    pub page: u32,
    /// How many people are on a page, from 1 to 100.
    pub per_page: u32,
}

/// The order of a list of people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PeopleOrder {
    /// Those whose account was created last come first.
    #[default]
    Newest,
    /// Those whose account was created first come first.
    Oldest,
    /// Those whose account was changed last come first.
    LastChanged,
    /// By e-mail address.
    Email,
    /// By e-mail address, backwards.
    EmailBackwards,
}

/// One page of a list of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeoplePage {
    /// The people on this page.
    pub people: Vec<Person>,
    /// How many people match, on all pages.
    pub total: u64,
}

/// Somebody's account, as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who it is.
    pub user: User,
    /// When the account was created, if the back end says so.
    pub created_at: Option<SystemTime>,
    /// When the account was changed last, if the back end says so.
    pub updated_at: Option<SystemTime>,
    /// Another one after each change of the account, and empty if the back end has none.
    pub version: String,
}

/// What became of a change of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonChange {
    /// It is done.
    Done,
    /// Nothing was done: the person has changed since they were read.
    Outdated,
    /// Nothing was done: there is nobody with this identifier any more.
    Gone,
}
