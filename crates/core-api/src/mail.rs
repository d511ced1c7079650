//! E-mails: what they say, and the trait behind which they leave.

mod html;
mod message;
mod outbox;

use std::{error::Error, pin::Pin};

pub(crate) use self::{
    html::escape,
    outbox::{Outbox, create_private_folder},
};
pub use self::{message::Message, outbox::StoredMessage};

/// Why an e-mail was not taken.
#[derive(Debug, thiserror::Error)]
#[error("the e-mail was not taken: {0}")]
pub struct MailError(#[source] Box<dyn Error + Send + Sync>);

impl MailError {
    /// Wraps the failure of a mailer. It is logged, so it must not quote the message.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// What [`Mailer::send`] returns; boxed, so that a mailer can be a trait object.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>>;

/// Takes e-mails off our hands.
pub trait Mailer: Send + Sync + 'static {
    /// Resolves once the message will survive a crash. It is sent again after a failure, so it may arrive twice.
    fn send(&self, message: Message) -> Sending<'_>;
}
