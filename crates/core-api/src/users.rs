//! People as they are stored and shown.

use std::time::Duration;

use ironleaf_credentials::email::normal_form;
use serde::{Serialize, Serializer};
use sqlx::{FromRow, QueryBuilder, Row, Sqlite, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{config::ADDRESS_RESTORABLE_FOR, email::Email, families, timestamp::Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Role {
    Admin,
    VerifiedUser,
}

impl Role {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "ADMIN" => Some(Self::Admin),
            "VERIFIED_USER" => Some(Self::VerifiedUser),
            _ => None,
        }
    }
}

/// The roles of one person; shown as a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) admin: bool,
    pub(crate) verified: bool,
}

impl Roles {
    pub(crate) fn contains(self, role: Role) -> bool {
        match role {
            Role::Admin => self.admin,
            Role::VerifiedUser => self.verified,
        }
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::default(), |all, role| match role {
            Role::Admin => Self { admin: true, ..all },
            Role::VerifiedUser => Self { verified: true, ..all },
        })
    }
}

impl Serialize for Roles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_seq([Role::Admin, Role::VerifiedUser].into_iter().filter(|role| self.contains(*role)))
    }
}

/// The contract's `User`. It does not contain the password's hash.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) roles: Roles,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unverified_email: Option<String>,
    /// Access tokens from before are refused, see [`accepts_token`](Self::accepts_token).
    #[serde(skip)]
    pub(crate) tokens_after: Option<Timestamp>,
}

impl User {
    /// Each change has its own time, also within a millisecond: it is the version of the account.
    pub(crate) fn note_change(&mut self, now: Timestamp) {
        self.updated_at = now.max(self.updated_at.plus(Duration::from_millis(1)));
    }

    /// Whether an access token of this person still counts, which was issued for this family at this second.
    ///
    /// A token has no more precise time. So its family decides about one of the very second in which the person was
    /// shut out: that ended every family there was.
    pub(crate) async fn accepts_token(
        &self,
        executor: impl SqliteExecutor<'_>,
        family: Uuid,
        issued_at_secs: i64,
    ) -> sqlx::Result<bool> {
        match self.tokens_after {
            Some(after) if issued_at_secs == after.whole_secs() => {
                families::is_active_after(executor, family, after).await
            }
            after => Ok(after.is_none_or(|after| issued_at_secs > after.whole_secs())),
        }
    }
}

impl<'r> FromRow<'r, SqliteRow> for User {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: uuid(row, "id")?,
            email: row.try_get("email")?,
            roles: Roles { admin: row.try_get("is_admin")?, verified: row.try_get("is_verified")? },
            created_at: Timestamp::from_millis(row.try_get("created_at")?),
            updated_at: Timestamp::from_millis(row.try_get("updated_at")?),
            unverified_email: row.try_get("unverified_email")?,
            tokens_after: row.try_get::<Option<i64>, _>("tokens_after")?.map(Timestamp::from_millis),
        })
    }
}

pub(crate) fn uuid(row: &SqliteRow, column: &str) -> sqlx::Result<Uuid> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|error: uuid::Error| sqlx::Error::Decode(error.into()))
}

pub(crate) async fn by_id(executor: impl SqliteExecutor<'_>, id: Uuid) -> sqlx::Result<Option<User>> {
    sqlx::query_as("SELECT * FROM users WHERE id = ?").bind(id.to_string()).fetch_optional(executor).await
}

/// A person and the hash to check their password against.
pub(crate) struct Credentials {
    pub(crate) user: User,
    pub(crate) password_hash: Option<String>,
}

pub(crate) async fn credentials(
    executor: impl SqliteExecutor<'_>,
    email: &Email,
) -> sqlx::Result<Option<Credentials>> {
    let row = sqlx::query("SELECT * FROM users WHERE email = ?").bind(email.as_str());
    let row = row.fetch_optional(executor).await?;
    row.map(|row| {
        Ok(Credentials { user: User::from_row(&row)?, password_hash: row.try_get("password_hash")? })
    })
    .transpose()
}

/// Whether the address belongs to somebody other than `except`, or was theirs until a few days ago.
///
/// SECURITY: otherwise, whoever has changed the address of an account could register the old one, and nobody could take
/// it back. The same holds after they have deleted the account.
pub(crate) async fn is_taken(
    executor: impl SqliteExecutor<'_>,
    email: &str,
    except: Option<Uuid>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM users WHERE email = ?1 AND id IS NOT ?2) OR EXISTS
         (SELECT 1 FROM address_changes WHERE old_email = ?1 AND user_id IS NOT ?2 AND changed_at > ?3
          AND restored_at IS NULL AND is_change)",
    )
    .bind(email)
    .bind(except.map(|id| id.to_string()))
    .bind(now.minus(ADDRESS_RESTORABLE_FOR).millis())
    .fetch_one(executor)
    .await
}

/// Stores a new person. Returns false if the address is taken.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    user: &User,
    password_hash: Option<&str>,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query(
        "INSERT INTO users (id, email, unverified_email, password_hash, is_admin, is_verified, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email) DO NOTHING",
    )
    .bind(user.id.to_string())
    .bind(&user.email)
    .bind(&user.unverified_email)
    .bind(password_hash)
    .bind(user.roles.admin)
    .bind(user.roles.verified)
    .bind(user.created_at.millis())
    .bind(user.updated_at.millis())
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores the changeable data of a person.
pub(crate) async fn update(connection: &mut SqliteConnection, user: &User) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE users SET email = ?, unverified_email = ?, is_admin = ?, is_verified = ?, updated_at = ? WHERE id = ?",
    )
    .bind(&user.email)
    .bind(&user.unverified_email)
    .bind(user.roles.admin)
    .bind(user.roles.verified)
    .bind(user.updated_at.millis())
    .bind(user.id.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn set_password_hash(
    connection: &mut SqliteConnection,
    id: Uuid,
    hash: &str,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET password_hash = ? WHERE id = ?")
        .bind(hash)
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that the account has another address from now on.
pub(crate) async fn note_move(
    connection: &mut SqliteConnection,
    id: Uuid,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET moved_at = ? WHERE id = ?")
        .bind(now.millis())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes away what lets people in: the password, and the access tokens that are still about. The families of refresh
/// tokens are ended by [`families`](crate::families).
pub(crate) async fn shut_out(
    connection: &mut SqliteConnection,
    id: Uuid,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET password_hash = NULL, tokens_after = ? WHERE id = ?")
        .bind(now.millis())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes a person with all their data. Returns false if there was nobody.
pub(crate) async fn delete(connection: &mut SqliteConnection, id: Uuid) -> sqlx::Result<bool> {
    let deleted =
        sqlx::query("DELETE FROM users WHERE id = ?").bind(id.to_string()).execute(connection).await?;
    Ok(deleted.rows_affected() == 1)
}

/// Which people to list, and how.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Counts from 1. The original also accepts 0, which is the first page, too.
    pub(crate) page: u32,
    pub(crate) per_page: u32,
    /// Part of an address.
    pub(crate) search: Option<String>,
    pub(crate) role: Option<Role>,
    pub(crate) order_by: OrderBy,
    pub(crate) descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderBy {
    CreatedAt,
    UpdatedAt,
    Email,
}

impl Listing {
    /// One page, and the number of all matches.
    pub(crate) async fn fetch(&self, connection: &mut SqliteConnection) -> sqlx::Result<(Vec<User>, i64)> {
        let mut count = QueryBuilder::new("SELECT count(*) FROM users");
        self.push_conditions(&mut count);
        let total = count.build_query_scalar().fetch_one(&mut *connection).await?;

        let mut select = QueryBuilder::new("SELECT * FROM users");
        self.push_conditions(&mut select);
        select.push(match self.order_by {
            OrderBy::CreatedAt => " ORDER BY created_at",
            OrderBy::UpdatedAt => " ORDER BY updated_at",
            OrderBy::Email => " ORDER BY email",
        });
        // The id orders equal values, so that no page repeats or skips anybody.
        select.push(if self.descending { " DESC, id DESC" } else { ", id" });
        select.push(" LIMIT ").push_bind(self.per_page);
        select.push(" OFFSET ").push_bind(i64::from(self.page.saturating_sub(1)) * i64::from(self.per_page));
        Ok((select.build_query_as().fetch_all(connection).await?, total))
    }

    fn push_conditions(&self, query: &mut QueryBuilder<Sqlite>) {
        query.push(" WHERE TRUE");
        if let Some(search) = &self.search {
            // A whole address in its normal form, or any part of one as typed.
            let texts = [Some(search.to_lowercase()), normal_form(search)];
            query.push(" AND (FALSE");
            for text in texts.into_iter().flatten() {
                query.push(" OR instr(email, ").push_bind(text.clone());
                query.push(") OR instr(coalesce(unverified_email, ''), ").push_bind(text).push(")");
            }
            query.push(")");
        }
        match self.role {
            Some(Role::Admin) => query.push(" AND is_admin"),
            Some(Role::VerifiedUser) => query.push(" AND is_verified"),
            None => query,
        };
    }
}
