//! The passkeys of a person: the list with the form that adds one, the name of one, and its removal.

mod one;
mod overview;
mod removal;

pub(crate) use one::OnePasskey;
pub(crate) use overview::Passkeys;
pub(crate) use removal::RemovePasskey;

use ironleaf_bff::{AccountAbility, Passkey, ProblemKind};

use crate::answer::Answer;
use crate::components::Rules;
use crate::links;
use crate::request::PageRequest;
use crate::validation::{FieldProblem, MAX_PASSKEY_NAME_LENGTH};

/// What a browser checks before it makes a passkey under this name.
const PASSKEY_NAME: Rules = Rules::present_or(FieldProblem::PasskeyName).at_most(MAX_PASSKEY_NAME_LENGTH);

/// Those of the signed-in person, where the provider offers them.
async fn all(request: &mut PageRequest) -> Result<Vec<Passkey>, Answer> {
    request.with(AccountAbility::Passkeys)?;
    request.current_user().await?;
    request.passkeys().await
}

/// The one that the path names.
async fn named(request: &mut PageRequest) -> Result<Passkey, Answer> {
    let id = request.param("id").filter(|id| links::is_identifier(id)).map(str::to_owned);
    let mut known = all(request).await?.into_iter();
    known.find(|passkey| Some(&passkey.id) == id.as_ref()).ok_or_else(|| ProblemKind::NotFound.into())
}
