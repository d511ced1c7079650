//! Debian's Apache with `mod_auth_openidc`, as a person would set it up to attach the token to calls of an API.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use super::installed::Installed;
use super::place::{PROCESSES, written};
use super::provider::{CLIENT_ID, CLIENT_SECRET, Provider};
use crate::bench::program::{Program, in_clean_environment};
use crate::failure::Result;

/// Enough for a request of each connection of a storm.
const THREADS_EACH: usize = 128;

const MODULES: [&str; 8] =
    ["mpm_event", "authn_core", "authz_core", "authz_user", "headers", "proxy", "proxy_http", "auth_openidc"];

/// Where sessions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sessions {
    ClientCookie,
    ServerCache,
}

impl fmt::Display for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientCookie => "client-cookie",
            Self::ServerCache => "server-cache",
        })
    }
}

/// The path to which the provider leads back.
pub(super) fn redirect_uri(address: SocketAddr) -> String {
    format!("http://{address}/api/callback")
}

/// Starts it on this address. Everything below `/api/` needs a session.
///
/// # Errors
///
/// If it does not start.
pub(super) fn start(
    installed: &Installed,
    folder: &Path,
    address: SocketAddr,
    provider: &Provider,
    api: SocketAddr,
    sessions: Sessions,
) -> Result<Program> {
    let text = configuration(installed, folder, address, provider, api, sessions);
    let configuration = written(folder, "apache.conf", &text)?;
    let mut command = in_clean_environment(&installed.apache);
    command.arg("-f").arg(configuration).arg("-DFOREGROUND");
    Program::start_with_children(&mut command, address, "/open/1k")
}

fn configuration(
    installed: &Installed,
    folder: &Path,
    address: SocketAddr,
    provider: &Provider,
    api: SocketAddr,
    sessions: Sessions,
) -> String {
    let modules = MODULES.map(|name| {
        format!("LoadModule {name}_module {}/mod_{name}.so\n", installed.apache_modules.display())
    });
    format!(
        r#"ServerRoot "{folder}"
DefaultRuntimeDir "{folder}"
PidFile "{folder}/apache.pid"
ServerName {address}
Listen {address}
ListenBacklog 1024
{modules}
User www-data
Group www-data
ServerLimit {PROCESSES}
StartServers {PROCESSES}
ThreadLimit {THREADS_EACH}
ThreadsPerChild {THREADS_EACH}
MaxRequestWorkers {all}
MinSpareThreads {all}
MaxSpareThreads {all}
MaxConnectionsPerChild 0
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
ErrorLog "{folder}/error.log"
LogLevel warn
CustomLog /dev/null "%h %l %u %t \"%r\" %>s %O \"%{{Referer}}i\" \"%{{User-Agent}}i\""
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {CLIENT_ID}
OIDCClientSecret {CLIENT_SECRET}
OIDCRedirectURI {redirect_uri}
OIDCCryptoPassphrase "a passphrase for measuring"
OIDCScope "openid profile email"
OIDCPKCEMethod S256
OIDCSessionType {sessions}
OIDCSessionInactivityTimeout 3600
OIDCPassClaimsAs environment
<Location "/api/">
  AuthType openid-connect
  Require valid-user
  OIDCRefreshAccessTokenBeforeExpiry 1
  RequestHeader set Authorization "Bearer %{{OIDC_access_token}}e"
  RequestHeader unset Cookie
</Location>
ProxyPass "/api/callback" "!"
ProxyPass "/api/" "http://{api}/"
ProxyPass "/open/" "http://{api}/"
"#,
        folder = folder.display(),
        modules = modules.concat(),
        all = PROCESSES * THREADS_EACH,
        issuer = provider.issuer(),
        redirect_uri = redirect_uri(address),
    )
}
