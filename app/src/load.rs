//! What a page has beside its component.

use crate::answer::Answer;
use crate::request::PageRequest;

/// The loader of a page. It runs before anything renders, so status, cookies and redirects are still open, and it makes the properties of
/// the page's component: `impl Load for AccountProps`.
///
/// What it loads is rendered on the server and goes nowhere else: nothing is serialized into the page.
pub(crate) trait Load: Sized + Send + 'static {
    /// Whether the page is the same for everybody who brings nothing: no session, no query, nothing that an earlier request has left.
    /// Then it is rendered once for them, and kept. Such a loader reads nothing but its request.
    const SAME_FOR_STRANGERS: bool = false;

    /// Makes the properties of the component.
    ///
    /// # Errors
    ///
    /// Where the page is not shown: what to answer instead.
    fn load(request: &mut PageRequest) -> impl Future<Output = Result<Self, Answer>> + Send;
}

/// The loader of a page that needs nothing but somebody who is signed in.
pub(crate) struct SignedIn;

impl Load for SignedIn {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        request.signed_in().map(|_| Self)
    }
}
