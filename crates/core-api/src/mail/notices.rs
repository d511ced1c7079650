//! The e-mails about what has happened to an account: what, when, from where, and what to do.

use super::{
    letters::{Particulars, Words, origin},
    message::Message,
    percent::percent_encode,
};
use crate::{
    client::Client,
    config::{ADDRESS_RESTORABLE_FOR, Config},
    timestamp::Timestamp,
    tokens::RefreshToken,
};

/// What a person is told about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// From a browser that was not known.
    NewSignIn,
    PasswordChanged,
    /// To the old address, with the way back.
    AddressChanged,
    /// To the address that a restored one has replaced.
    AddressRestored,
    /// The same, if an authenticator app was removed with it.
    AddressRestoredAppRemoved,
    AccountDeleted,
    /// To an address that the deleted account had until a few days ago.
    FormerAccountDeleted,
    /// With the way back.
    SecondFactorEnabled,
    SecondFactorDisabled,
    RecoveryCodesReplaced,
    RecoveryCodeUsed,
    /// With the way back.
    PasskeyAdded,
    PasskeyRemoved,
    PasskeyBlocked,
}

/// One event, for its e-mail.
pub(crate) struct Happening<'a> {
    pub(crate) at: Timestamp,
    pub(crate) client: &'a Client,
    /// The token of the way back.
    pub(crate) token: Option<&'a RefreshToken>,
    /// Whether the account has passkeys, which a new password leaves.
    pub(crate) has_passkeys: bool,
}

const NEW_SIGN_IN: Words = Words {
    title: "New sign-in to your account",
    preheader: "From a browser that your account did not know.",
    before: "Somebody has signed in to your account from a browser that was not used for it before.",
    button: "Set a new password",
    after: "If it was you, there is nothing to do. If it was not you, set a new password now. That ends every other session.",
};

const PASSWORD_CHANGED: Words = Words {
    title: "Your password has been changed",
    preheader: "Every other session has ended.",
    before: "The password of your account has been changed, and every other session has ended.",
    button: "Set a new password",
    after: "If it was you, there is nothing to do. If it was not you, set a new password now, and make sure that nobody \
            else reads your e-mails.",
};

const ADDRESS_CHANGED: Words = Words {
    title: "Your e-mail address has been changed",
    preheader: "You can take this address back.",
    before: "Your account has another e-mail address now. You can no longer log in with this one.",
    button: "Take this address back",
    after: "If it was you, there is nothing to do. If it was not you, take the address back: every session of your account \
            ends, its password no longer works, and we send you a link to set a new one.",
};

const ADDRESS_RESTORED: Words = Words {
    title: "Your account has its former e-mail address again",
    preheader: "Every session has ended.",
    before: "Somebody who reads the e-mails to the former address of your account has taken it back. You can no longer log \
             in with this one, and every session has ended.",
    button: "Login",
    after: "If it was you, follow the link that we have sent to the former address.",
};

const ADDRESS_RESTORED_APP_REMOVED: Words = Words {
    title: ADDRESS_RESTORED.title,
    preheader: "Every session has ended, and the authenticator app has been removed.",
    before: "Somebody who reads the e-mails to the former address of your account has taken it back. You can no longer log \
             in with this one, every session has ended, and the authenticator app of your account has been removed.",
    button: ADDRESS_RESTORED.button,
    after: "If it was you, follow the link that we have sent to the former address, and set an app up again.",
};

const ACCOUNT_DELETED: Words = Words {
    title: "Your account has been deleted",
    preheader: "With everything in it.",
    before: "Your account has been deleted with everything in it. This cannot be undone.",
    button: "Go to the site",
    after: "If it was not you, somebody knew your password or could use your browser. Write to those who run this site, and \
            change this password wherever else you use it.",
};

const FORMER_ACCOUNT_DELETED: Words = Words {
    title: "Your account has been deleted",
    preheader: "It had this address until a few days ago.",
    before: "The account that had this e-mail address until a few days ago has been deleted with everything in it. This cannot \
             be undone, and a link that takes this address back is of no use any more.",
    button: "Go to the site",
    after: "If it was not you, somebody had taken your account over. Write to those who run this site, and change its password \
            wherever else you use it. Nobody can register this address before seven days have passed since it was replaced.",
};

const SECOND_FACTOR_ENABLED: Words = Words {
    title: "Your account asks for a code now",
    preheader: "An authenticator app has been set up.",
    before: "An authenticator app has been set up for your account. Whoever signs in needs one of its codes, and every other \
             session has ended.",
    button: "Take your account back",
    after: "If it was you, keep the recovery codes in a safe place, and pass this message on to nobody. If it was not you, take \
            your account back: the app is removed, every session ends, the password no longer works, and we send you a link to \
            set a new one.",
};

const SECOND_FACTOR_DISABLED: Words = Words {
    title: "Your account no longer asks for a code",
    preheader: "The authenticator app has been removed.",
    before: "The authenticator app of your account has been removed, and its recovery codes no longer work. A password is \
             enough to sign in.",
    button: "Set a new password",
    after: "If it was you, there is nothing to do. If it was not you, set a new password now. That ends every other session.",
};

const RECOVERY_CODES_REPLACED: Words = Words {
    title: "Your account has new recovery codes",
    preheader: "The former ones do not work any more.",
    before: "The recovery codes of your account have been replaced. The former ones do not work any more.",
    button: "Set a new password",
    after: "If it was you, keep the new ones in a safe place. If it was not you, set a new password now, and make new recovery \
            codes.",
};

const RECOVERY_CODE_USED: Words = Words {
    title: "A recovery code of your account has been used",
    preheader: "It does not work again.",
    before: "Somebody has used one of your recovery codes, to sign in or to change how your account is signed in to. That code \
             does not work again.",
    button: "Set a new password",
    after: "If it was you, there is nothing to do. If it was not you, set a new password now, and make new recovery codes.",
};

const PASSKEY_ADDED: Words = Words {
    title: "Your account has a new passkey",
    preheader: "It signs in without a password.",
    before: "A passkey has been added to your account. Whoever has it signs in without a password and without a code.",
    button: "Take your account back",
    after: "If it was you, there is nothing to do; pass this message on to nobody. If it was not you, take your account back: \
            the passkey is removed, every session ends, the password no longer works, and we send you a link to set a new one.",
};

const PASSKEY_REMOVED: Words = Words {
    title: "A passkey of your account has been removed",
    preheader: "Nobody can sign in with it any more.",
    before: "A passkey of your account has been removed. Nobody can sign in with it any more.",
    button: "Set a new password",
    after: "If it was you, there is nothing to do. If it was not you, set a new password now. That ends every other session.",
};

const PASSKEY_BLOCKED: Words = Words {
    title: "A passkey of your account may have been copied",
    preheader: "It has been blocked.",
    before: "A passkey of your account was used in a way that shows that there may be a copy of it. Nobody was signed in, and the \
             passkey has been blocked.",
    button: "Set a new password",
    after: "Remove this passkey and add a new one. If you do not know who used it, set a new password as well. That ends every \
            other session. If you have no password, this is also how you log in without the passkey.",
};

/// A new password ends sessions, and leaves passkeys.
const UNKNOWN_PASSKEYS: &str =
    "If it was not you, also remove every passkey that you do not know: a new password leaves them.";

impl Topic {
    const ALL: [Self; 14] = [
        Self::NewSignIn,
        Self::PasswordChanged,
        Self::AddressChanged,
        Self::AddressRestored,
        Self::AddressRestoredAppRemoved,
        Self::AccountDeleted,
        Self::FormerAccountDeleted,
        Self::SecondFactorEnabled,
        Self::SecondFactorDisabled,
        Self::RecoveryCodesReplaced,
        Self::RecoveryCodeUsed,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::PasskeyBlocked,
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NewSignIn => "NEW_SIGN_IN",
            Self::PasswordChanged => "PASSWORD_CHANGED",
            Self::AddressChanged => "ADDRESS_CHANGED",
            Self::AddressRestored => "ADDRESS_RESTORED",
            Self::AddressRestoredAppRemoved => "ADDRESS_RESTORED_APP_REMOVED",
            Self::AccountDeleted => "ACCOUNT_DELETED",
            Self::FormerAccountDeleted => "FORMER_ACCOUNT_DELETED",
            Self::SecondFactorEnabled => "SECOND_FACTOR_ENABLED",
            Self::SecondFactorDisabled => "SECOND_FACTOR_DISABLED",
            Self::RecoveryCodesReplaced => "RECOVERY_CODES_REPLACED",
            Self::RecoveryCodeUsed => "RECOVERY_CODE_USED",
            Self::PasskeyAdded => "PASSKEY_ADDED",
            Self::PasskeyRemoved => "PASSKEY_REMOVED",
            Self::PasskeyBlocked => "PASSKEY_BLOCKED",
        }
    }

    const fn words(self) -> &'static Words {
        match self {
            Self::NewSignIn => &NEW_SIGN_IN,
            Self::PasswordChanged => &PASSWORD_CHANGED,
            Self::AddressChanged => &ADDRESS_CHANGED,
            Self::AddressRestored => &ADDRESS_RESTORED,
            Self::AddressRestoredAppRemoved => &ADDRESS_RESTORED_APP_REMOVED,
            Self::AccountDeleted => &ACCOUNT_DELETED,
            Self::FormerAccountDeleted => &FORMER_ACCOUNT_DELETED,
            Self::SecondFactorEnabled => &SECOND_FACTOR_ENABLED,
            Self::SecondFactorDisabled => &SECOND_FACTOR_DISABLED,
            Self::RecoveryCodesReplaced => &RECOVERY_CODES_REPLACED,
            Self::RecoveryCodeUsed => &RECOVERY_CODE_USED,
            Self::PasskeyAdded => &PASSKEY_ADDED,
            Self::PasskeyRemoved => &PASSKEY_REMOVED,
            Self::PasskeyBlocked => &PASSKEY_BLOCKED,
        }
    }

    const fn page(self) -> &'static str {
        match self {
            Self::NewSignIn
            | Self::PasswordChanged
            | Self::SecondFactorDisabled
            | Self::RecoveryCodesReplaced
            | Self::RecoveryCodeUsed
            | Self::PasskeyRemoved
            | Self::PasskeyBlocked => "/reset-password",
            Self::AddressChanged | Self::SecondFactorEnabled | Self::PasskeyAdded => "/restore-address",
            Self::AddressRestored | Self::AddressRestoredAppRemoved => "/login",
            Self::AccountDeleted | Self::FormerAccountDeleted => "/",
        }
    }
}

impl Topic {
    /// Whether a stranger in the account could come back with a passkey although its person does as the e-mail says.
    const fn is_about_strangers(self) -> bool {
        matches!(
            self,
            Self::NewSignIn
                | Self::PasswordChanged
                | Self::SecondFactorDisabled
                | Self::RecoveryCodesReplaced
                | Self::RecoveryCodeUsed
                | Self::PasskeyRemoved
                | Self::PasskeyBlocked
        )
    }
}

impl Message {
    pub(crate) fn about(topic: Topic, config: &Config, to: &str, happening: &Happening<'_>) -> Self {
        let Happening { at, client, token, has_passkeys } = happening;
        let query =
            token.map(|token| format!("?token={}", percent_encode(token.expose()))).unwrap_or_default();
        let facts = [("When", at.in_words()), ("From", client.to_string())];
        let particulars = Particulars {
            facts: &facts,
            link: format!("{}{}{query}", origin(config), topic.page()),
            life: token.map(|_| ADDRESS_RESTORABLE_FOR),
            advice: (*has_passkeys && topic.is_about_strangers())
                .then(|| (UNKNOWN_PASSKEYS, format!("{}/account/passkeys", origin(config)))),
        };
        Self::compose(config, to, topic.words(), particulars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_says_what_when_from_where_and_what_to_do() {
        let client = Client {
            browser: Some("Firefox on Linux".to_owned()),
            address: Some([203, 0, 113, 9].into()),
            ..Client::default()
        };
        let at = Timestamp::from_millis(1_795_259_332_360);
        for topic in Topic::ALL {
            let happening = Happening { at, client: &client, token: None, has_passkeys: false };
            let message = Message::about(topic, &Config::in_memory(), "user@test.com", &happening);
            let Words { title, before, button, after, .. } = topic.words();
            let when = "When: 21 November 2026, 11:08 UTC\n";
            let from = "From: Firefox on Linux, address 203.0.113.9\n";
            for said in [title, before, after, when, from] {
                assert!(message.text.contains(said), "{topic:?}: {said}: {}", message.text);
            }
            for said in [title, before, button, after, when.trim_end(), from.trim_end()] {
                assert!(message.html.contains(said), "{topic:?}: {said}: {}", message.html);
            }
            for foreign in ["<img", "<script", "<link", "url(", "@import", "src="] {
                assert!(!message.html.contains(foreign), "{topic:?}: {foreign}");
            }
            assert_eq!(message.link, format!("http://127.0.0.1:3000{}", topic.page()));
            assert_eq!(Topic::parse(topic.name()), Some(topic));
        }
    }

    #[test]
    fn what_an_administrator_did_does_not_say_from_where() {
        let happening = Happening {
            at: Timestamp::from_millis(0),
            client: &Client::administrator(),
            token: Some(&RefreshToken::presented("t&1")),
            has_passkeys: true,
        };
        let message =
            Message::about(Topic::AddressChanged, &Config::in_memory(), "user@test.com", &happening);
        assert!(message.text.contains("From: an administrator of this site\n"), "{}", message.text);
        assert!(message.text.contains("The link is good for 7 days.\n"), "{}", message.text);
        assert_eq!(message.link, "http://127.0.0.1:3000/restore-address?token=t%261");
    }

    #[test]
    fn whoever_has_passkeys_is_told_that_a_new_password_leaves_them() {
        let page = "http://127.0.0.1:3000/account/passkeys";
        for (topic, has_passkeys) in Topic::ALL.into_iter().flat_map(|topic| [(topic, true), (topic, false)])
        {
            let happening = Happening {
                at: Timestamp::from_millis(0),
                client: &Client::default(),
                token: None,
                has_passkeys,
            };
            let message = Message::about(topic, &Config::in_memory(), "user@test.com", &happening);
            let expected = has_passkeys && topic.page() == "/reset-password";
            assert_eq!(message.text.contains(page), expected, "{topic:?}: {}", message.text);
            assert_eq!(message.html.contains(&format!("href=\"{page}\"")), expected, "{topic:?}");
        }
    }
}
