use ironleaf_core_api::{Sender, SmtpServer};

/// How the core API sends its e-mails.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// `SMTP_URL`
    pub server: SmtpServer,
    /// `SMTP_FROM`
    pub from: Sender,
}
