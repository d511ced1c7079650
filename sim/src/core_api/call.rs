//! The calls that a back end understands, whatever they look like on the wire.

use super::authorization::{Asked, CodeId};
use super::ids::{FamilyId, PersonId};
use super::tokens::Access;

/// A request to the back end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    SignIn {
        person: PersonId,
    },
    /// A guest session, where there are guests.
    Guest {
        person: PersonId,
    },
    /// A guest shows the password of a person: their cart goes along.
    CarryOver {
        access: Option<Access>,
        person: PersonId,
    },
    /// Something with a guest's cart.
    Cart {
        access: Option<Access>,
        what: CartCall,
    },
    /// The person's sign-ins, which need no access token.
    ListSessions {
        family: Option<FamilyId>,
    },
    Refresh {
        family: FamilyId,
        generation: u32,
        key: Option<Box<str>>,
    },
    /// `access` counts where a sign-out needs it.
    SignOut {
        family: FamilyId,
        access: Option<Access>,
    },
    /// This one access token is not good any more.
    RevokeAccess {
        access: Access,
    },
    CurrentUser {
        access: Option<Access>,
    },
    /// A form that is sent with a cookie, so that it needs the value against forged requests of the last refresh.
    Write {
        access: Option<Access>,
        csrf: Option<(FamilyId, u32)>,
    },
    /// The application asks what the provider offers.
    Metadata,
    /// It asks for the provider's keys.
    Keys,
    /// It leaves an authorization request at the provider.
    Push(Box<Asked>),
    /// It presents the code of a sign-in.
    Exchange {
        code: CodeId,
        verifier: Box<str>,
        redirect_uri: Box<str>,
    },
    /// It asks who somebody is.
    UserInfo {
        access: Option<Access>,
    },
    /// A call without the credentials that it needs.
    Nameless,
    Unknown,
}

/// What a guest does with a cart, or somebody for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CartCall {
    /// Looks at their own.
    Show,
    /// Puts something into a new one.
    Open,
    /// Looks for one that is to be removed.
    Find(FamilyId),
    Remove(FamilyId),
}
