//! What can go wrong with a Redis, and what it means.

use redis::{ErrorKind, RedisError};

use crate::{Limit, StoreError};

/// What went wrong, in our own words: a message of Redis may repeat the arguments of a command.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Fault {
    message: String,
    kind: FaultKind,
    pub(super) gives_up_the_connection: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum FaultKind {
    Full,
    /// The connection existed and is broken; the command may not have arrived.
    BrokenConnection,
    /// Redis answers, but not to this command.
    Refusal,
    Other,
}

const READ_ONLY: &str = "READONLY";
const FEW_REPLICAS: &str = "NOREPLICAS";
const NO_MASTER: &str = "MASTERDOWN";

/// The errors of a server that was the master once, or follows one. The address may lead to another server by now.
const NOT_THE_MASTER: [&str; 3] = [READ_ONLY, FEW_REPLICAS, NO_MASTER];

const FORBIDDEN: &str = "NOPERM";

/// The codes with which Redis refuses a command, and what they mean here.
const REFUSALS: [(&str, &str); 13] = [
    (READ_ONLY, "it is a read-only replica, and the address has to lead to the master"),
    (FEW_REPLICAS, "fewer replicas follow it than its min-replicas-to-write asks for"),
    (FORBIDDEN, "its user may not run a command that is needed, or not on keys with this prefix"),
    ("NOAUTH", "it asks for a user and a password"),
    ("WRONGPASS", "it has no such user, or the password is another"),
    ("MISCONF", "it cannot save to its disk and takes no writes"),
    ("LOADING", "it has started just now and reads its data"),
    (NO_MASTER, "it is a replica that has lost its master"),
    ("BUSY", "a script of somebody keeps it busy"),
    ("CLUSTERDOWN", OF_A_CLUSTER),
    ("CROSSSLOT", OF_A_CLUSTER),
    ("MOVED", OF_A_CLUSTER),
    ("ASK", OF_A_CLUSTER),
];

const OF_A_CLUSTER: &str = "it is a node of a cluster, which this client does not follow";

impl Fault {
    pub(super) fn late() -> Self {
        Self::other("Redis did not answer in time", true)
    }

    pub(super) fn foreign() -> Self {
        Self::other("a key of ours holds what we did not write", false)
    }

    /// Half of the keys would fail, now or when the cluster moves them.
    pub(super) fn cluster() -> Self {
        Self::other(
            "this Redis is a node of a cluster (redis_mode:cluster), and this client speaks to one server: name one that is none, or \
             a proxy in front of the cluster that does not say so",
            false,
        )
    }

    pub(super) fn writable_replica() -> Self {
        Self::other(
            "this Redis is a replica that takes writes (replica-read-only no) and forgets them, and the address has to lead to the master",
            true,
        )
    }

    pub(super) fn no_certificate() -> Self {
        Self::other("there is no certificate for the Redis client to trust, in PEM", false)
    }

    fn other(message: &str, gives_up_the_connection: bool) -> Self {
        Self { message: message.to_owned(), kind: FaultKind::Other, gives_up_the_connection }
    }

    pub(super) fn is_broken_connection(&self) -> bool {
        self.kind == FaultKind::BrokenConnection
    }

    pub(super) fn is_refusal(&self) -> bool {
        self.kind == FaultKind::Refusal
    }
}

impl From<RedisError> for Fault {
    fn from(error: RedisError) -> Self {
        let code = error.code().map(|code| meant(code, error.detail().unwrap_or_default()));
        let message = match (error.kind(), code) {
            // These come from the operating system or from TLS, which know no commands.
            (ErrorKind::Io, _) => format!("the connection to Redis failed: {error}"),
            (_, Some(code)) => match REFUSALS.iter().find(|(refusal, _)| *refusal == code) {
                Some((_, words)) => format!("this Redis refuses: {words} ({code})"),
                None => format!("Redis answered {code}"),
            },
            _ => format!("the Redis client failed: {}", error.category()),
        };
        let kind = match code {
            Some("OOM") => FaultKind::Full,
            Some(_) => FaultKind::Refusal,
            None if error.is_connection_dropped() && !error.is_timeout() => FaultKind::BrokenConnection,
            None => FaultKind::Other,
        };
        let gives_up_the_connection = error.is_io_error()
            || error.is_unrecoverable_error()
            || code.is_some_and(|code| NOT_THE_MASTER.contains(&code));
        Self { message, kind, gives_up_the_connection }
    }
}

/// A script that meets a refusal reports it with its code. Other versions of Redis, and similar services, report a
/// script error with the code in its text. There, a command that a user may not run is an error of its own instead of a
/// refusal.
fn meant<'a>(code: &'a str, text: &'a str) -> &'a str {
    const OF_A_SCRIPT: [&str; 2] = ["Error running script", "Error compiling script"];
    const FORBIDDEN_IN_A_SCRIPT: &str = "The user executing the script";
    if code != "ERR" {
        return code;
    }
    if text.starts_with(FORBIDDEN_IN_A_SCRIPT) {
        return FORBIDDEN;
    }
    if !OF_A_SCRIPT.iter().any(|of_a_script| text.starts_with(of_a_script)) {
        return code;
    }
    // Redis' own text comes after the positions in the script, each of which ends with a colon.
    let said = text.rsplit(": ").next().unwrap_or(text);
    let first = said.split(' ').next().unwrap_or_default().trim_start_matches('-');
    let is_known = first == "OOM" || REFUSALS.iter().any(|(refusal, _)| *refusal == first);
    if is_known { first } else { code }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault.kind {
            FaultKind::Full => Self::Full(Limit::Memory),
            _ => Self::Unreachable(fault.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn a_refusal_is_known_in_each_form_that_scripts_report_it_in() {
        for (code, text, expected) in [
            ("READONLY", "You can't write against a read only replica.", "READONLY"),
            (
                "READONLY",
                "You can't write against a read only replica. script: 0a, on @user_script:1.",
                "READONLY",
            ),
            (
                "ERR",
                "Error running script (call to f_0a): @user_script:3: -READONLY You can't write against a read only replica.",
                "READONLY",
            ),
            (
                "ERR",
                "Error running script (call to f_0a): @user_script:3: @user_script: 3: -OOM command not allowed when used memory > \
                 'maxmemory'.",
                "OOM",
            ),
            (
                "ERR",
                "The user executing the script can't run this command or subcommand script: 0a",
                "NOPERM",
            ),
        ] {
            assert_eq!(meant(code, text), expected, "{code} {text}");
        }
    }

    #[test]
    fn the_arguments_of_a_command_are_no_refusal() {
        for text in [
            "unknown command 'X', with args beginning with: ': -READONLY '",
            "",
            "Error running script",
            "wrong: READONLY",
        ] {
            assert_eq!(meant("ERR", text), "ERR", "{text}");
        }
    }
}
