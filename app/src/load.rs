//! The parts of a page besides its component.

use ironleaf_bff::AccountAbility;

use crate::answer::Answer;
use crate::request::PageRequest;

/// The loader of a page. It runs before anything renders, so status, cookies and redirects are still open. It creates
/// the properties of the page's component: `impl Load for AccountProps`.
///
/// Its data is only used for rendering on the server: nothing is serialized into the page.
pub(crate) trait Load: Sized + Send + 'static {
    /// Whether the page is the same for every stranger, that is a request without a session, a query, or values from
    /// earlier requests. Then it is rendered once for strangers, and kept. Such a loader reads only its request.
    const SAME_FOR_STRANGERS: bool = false;

    /// Creates the properties of the component.
    ///
    /// # Errors
    ///
    /// The answer to send instead of the page.
    fn load(request: &mut PageRequest) -> impl Future<Output = Result<Self, Answer>> + Send;
}

/// The loader of a page that only needs a signed-in person who can delete their account here.
pub(crate) struct DeletableAccount;

impl Load for DeletableAccount {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        request.with(AccountAbility::Delete)?;
        request.signed_in().map(|_| Self)
    }
}
