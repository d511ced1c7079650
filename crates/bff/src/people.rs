//! What an administrator changes of other people.

use http::request::Parts;
use ironleaf_api_types::Role;
use ironleaf_auth::{AccountError, Caller, EmailAddress, EndReason, Person, PersonChange};
use ironleaf_session::Owner;
use thiserror::Error;

use crate::account::LATE_SIGN_IN;
use crate::account_use_case::AccountUseCase;
use crate::ending::Ending;
use crate::limits::{Mail, Spent};
use crate::{AccountFailure, signed_in_recently};

/// A person as they were when the page with the form was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPerson {
    /// The back end's identifier.
    pub id: String,
    /// The [`version`](Person::version) of the account.
    pub version: String,
}

/// Why a person was not changed, as far as a page may know.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PersonFailure {
    /// There is nobody with this identifier.
    #[error("there is no such person")]
    Unknown,
    /// The person has changed since the page was rendered.
    #[error("the person has changed meanwhile")]
    Outdated,
    /// Nobody gives or takes this role.
    #[error("nobody gives this role")]
    UnknownRole,
    /// It is the administrator's own account, whose administration cannot be taken away here.
    #[error("it is one's own account")]
    Own,
    /// No address of the person waits to be verified.
    #[error("no address waits to be verified")]
    NothingToVerify,
    /// What can go wrong with any change to an account.
    #[error(transparent)]
    Account(#[from] AccountFailure),
}

/// Gives the person a role (`is_held`), or takes it away. Their other roles stay.
///
/// After a role was taken away, every session of the person at this application ends: it would show the role until its
/// next refresh. They also end if there is no answer, or if the person does not have the role any more. A new role is
/// there after the next refresh.
///
/// The work continues if the connection is closed.
///
/// # Errors
///
/// Any [`PersonFailure`] except [`PersonFailure::NothingToVerify`].
///
/// # Security
///
/// The core API decides who is an administrator. Each change needs a recent sign-in (ASVS 7.5.1), see
/// [`signed_in_recently`], and is made to the person whom the administrator has seen, or not at all. Nobody takes
/// [`Role::ADMIN`] from themselves.
pub async fn set_role(
    parts: &Parts,
    seen: SeenPerson,
    role: Role,
    is_held: bool,
) -> Result<(), PersonFailure> {
    let (account_use_case, _spent) = begin(parts).await?;
    let work = account_use_case.clone().set_role(seen, role, is_held);
    account_use_case.carry_out(settled(work)).await?
}

/// Sends the e-mail that verifies the person's waiting address again, and returns that address.
///
/// The work continues if the connection is closed.
///
/// # Errors
///
/// [`PersonFailure::Unknown`], [`PersonFailure::Outdated`], [`PersonFailure::NothingToVerify`],
/// [`PersonFailure::Account`]. If the address has received too many of these e-mails, that is
/// [`AccountFailure::TooManyRequests`].
///
/// # Security
///
/// As [`set_role`].
pub async fn resend_verification_of(parts: &Parts, seen: SeenPerson) -> Result<String, PersonFailure> {
    let (account_use_case, _spent) = begin(parts).await?;
    let work = account_use_case.clone().resend_verification_of(seen);
    account_use_case.carry_out(settled(work)).await?
}

/// Deletes the person's account, and ends every session of theirs at this application (ASVS 7.4.2). Returns the person as
/// they were. The sessions also end if there is no answer, or if there is no such person any more.
///
/// The work continues if the connection is closed.
///
/// # Errors
///
/// [`PersonFailure::Unknown`], [`PersonFailure::Outdated`], [`PersonFailure::Own`], [`PersonFailure::Account`].
///
/// # Security
///
/// As [`set_role`].
pub async fn delete_person(parts: &Parts, seen: SeenPerson) -> Result<Person, PersonFailure> {
    let (account_use_case, _spent) = begin(parts).await?;
    let work = account_use_case.clone().delete_person(seen);
    account_use_case.carry_out(settled(work)).await?
}

async fn begin(parts: &Parts) -> Result<(AccountUseCase, Spent), AccountFailure> {
    let account_use_case = AccountUseCase::begin(parts)?;
    if !signed_in_recently(parts) {
        return Err(AccountFailure::NotRecent);
    }
    let spent = account_use_case.spend("people").await?;
    Ok((account_use_case, spent))
}

/// What stops a change. An error of the back end is not shown as it is.
enum Stop {
    Refused(PersonFailure),
    Failed(AccountError),
}

impl From<PersonFailure> for Stop {
    fn from(failure: PersonFailure) -> Self {
        Self::Refused(failure)
    }
}

impl<E: Into<AccountError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

async fn settled<T>(
    work: impl Future<Output = Result<T, Stop>>,
) -> Result<Result<T, PersonFailure>, AccountError> {
    match work.await {
        Ok(done) => Ok(Ok(done)),
        Err(Stop::Refused(failure)) => Ok(Err(failure)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

fn done(change: PersonChange) -> Result<(), PersonFailure> {
    match change {
        PersonChange::Done => Ok(()),
        PersonChange::Outdated => Err(PersonFailure::Outdated),
        PersonChange::Gone => Err(PersonFailure::Unknown),
    }
}

/// Not every back end compares, so this does.
fn as_seen(person: Person, seen: &SeenPerson) -> Result<Person, Stop> {
    if person.version == seen.version { Ok(person) } else { Err(PersonFailure::Outdated.into()) }
}

impl AccountUseCase {
    /// The person, if they are still as they were seen.
    async fn unchanged(&self, seen: &SeenPerson) -> Result<Person, Stop> {
        let person = self.core_api.person(&seen.id).await?.ok_or(PersonFailure::Unknown)?;
        as_seen(person, seen)
    }

    /// SECURITY: sessions that end without a change that the back end has confirmed end for administrators only. Whoever
    /// may not see or change a person may get any answer, such as that there is no such person.
    fn is_administrator(&self) -> bool {
        self.remembered().is_ok_and(|user| user.has_role(Role::ADMIN))
    }

    /// The person. If there is nobody any more, their sessions are over as well: whoever has deleted them may not have
    /// got an answer.
    async fn still_known(&self, seen: &SeenPerson) -> Result<Person, Stop> {
        if let Some(person) = self.core_api.person(&seen.id).await? {
            return Ok(person);
        }
        if self.is_administrator() {
            self.end_all_of_deleted(&seen.id).await;
        }
        Err(PersonFailure::Unknown.into())
    }

    /// Judges a change that ends the sessions of the person. Without an answer it may have been made, so they end anyway.
    async fn or_end_anyway(
        &self,
        person: &Person,
        reason: EndReason,
        changed: Result<PersonChange, AccountError>,
    ) -> Result<(), Stop> {
        match &changed {
            _ if !self.is_administrator() => {}
            Ok(PersonChange::Gone) => self.end_all_of_deleted(&person.user.id).await,
            Err(AccountError::Unavailable(_)) => self.ending(&person.user.id, reason).end_all().await,
            Ok(PersonChange::Done | PersonChange::Outdated) | Err(_) => {}
        }
        Ok(done(changed?)?)
    }

    /// SECURITY: by the identifier in the answer. The one in a form may be written in another way.
    fn is_own(&self, person: &Person) -> bool {
        self.account().as_deref() == Some(&person.user.id)
    }

    async fn set_role(self, seen: SeenPerson, role: Role, is_held: bool) -> Result<(), Stop> {
        let people = self.use_case.bff.people()?;
        if people.roles().iter().all(|known| !known.is_given || known.name != role.name()) {
            return Err(PersonFailure::UnknownRole.into());
        }
        let person = self.still_known(&seen).await?;
        let is_done = person.user.has_role(role.name()) == is_held;
        if is_done && !is_held && self.is_administrator() && !self.is_own(&person) {
            // Whoever has taken the role may not have got an answer.
            self.ending(&person.user.id, EndReason::RoleTaken).end_all().await;
        }
        let person = as_seen(person, &seen)?;
        if is_done {
            return Ok(());
        }
        if role.name() == Role::ADMIN && self.is_own(&person) {
            return Err(PersonFailure::Own.into());
        }
        let mut roles = person.user.roles.clone();
        if is_held {
            roles.push(role.clone());
        } else {
            roles.retain(|other| *other != role);
        }
        let changed = people.set_roles(&self.core_api, &person, &roles).await;
        if is_held {
            done(changed?)?;
        } else {
            self.or_end_anyway(&person, EndReason::RoleTaken, changed).await?;
        }
        tracing::info!(
            administrator = self.account(),
            person = person.user.id,
            role = role.name(),
            is_held,
            "an administrator has changed a role of a person"
        );
        if !is_held {
            self.ending(&person.user.id, EndReason::RoleTaken).end_all().await;
        }
        Ok(())
    }

    async fn resend_verification_of(self, seen: SeenPerson) -> Result<String, Stop> {
        let people = self.use_case.bff.people()?;
        let person = self.unchanged(&seen).await?;
        let address = person.user.unverified_email.clone().ok_or(PersonFailure::NothingToVerify)?;
        let email = EmailAddress::of_record(&address);
        let account = self.account().unwrap_or_default();
        let mailing = self.use_case.may_mail(Mail::Verification { account: &account, to: &address }).await;
        let mailing = mailing.map_err(AccountError::from)?;
        let sent = people.send_verification(&self.core_api, &person, &email).await;
        // As with an e-mail for oneself: without an answer it may have been sent.
        if let Ok(PersonChange::Done) | Err(AccountError::Unavailable(_)) = sent {
            mailing.sent().await;
        }
        done(sent?)?;
        Ok(address)
    }

    async fn delete_person(self, seen: SeenPerson) -> Result<Person, Stop> {
        let bff = &self.use_case.bff;
        let person = as_seen(self.still_known(&seen).await?, &seen)?;
        if self.is_own(&person) {
            return Err(PersonFailure::Own.into());
        }
        let deleted = bff.people()?.delete_person(&self.core_api, &person).await;
        // Nobody is told that their account was deleted while that is not known.
        self.or_end_anyway(&person, EndReason::EndedByProvider, deleted).await?;
        let administrator = self.account();
        tracing::info!(administrator, person = person.user.id, "an administrator has deleted an account");
        self.end_all_of_deleted(&person.user.id).await;
        Ok(person)
    }

    /// Nobody can sign in as this person any more. This also ends sign-ins of a moment ago.
    async fn end_all_of_deleted(&self, id: &str) {
        let ending = self.ending(id, EndReason::AccountDeleted);
        let known = ending.known().await;
        let not_before = ending.after_all(&known) + LATE_SIGN_IN;
        ending.bff.bury_owner(ending.owner, not_before, EndReason::AccountDeleted).await;
        if !ending.bff.provider().tokens_end_with_account() {
            ending.revoke_in_background(known);
        }
    }

    /// The address of the administrator is not the person's business, so the provider is not told it.
    fn ending(&self, id: &str, reason: EndReason) -> Ending {
        let bff = self.use_case.bff.clone();
        let owner = Owner::new(bff.provider().name(), id);
        Ending { bff, caller: Caller::default(), owner, reason }
    }
}
