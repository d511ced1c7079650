//! The part of the environment that these commands read themselves. The server checks the rest.

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::failure::{Failure, Result};

pub(crate) const DEFAULT_LISTEN_ADDR: &str = "127.0.0.1:3000";
/// The provider that signs people in at the core API.
pub(crate) const DEFAULT_PROVIDER: &str = "core-api";
const DEFAULT_CORE_API_LISTEN_ADDR: &str = "127.0.0.1:3001";
/// `reload-port` in the root Cargo.toml.
const DEFAULT_RELOAD_PORT: u16 = 3002;

/// The cargo profile of an application to try, and of the builder of its site, so that their common dependencies are
/// compiled once.
pub(crate) const TRY_PROFILE: &str = "try";

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) listen_addr: SocketAddr,
    pub(crate) public_origin: String,
    /// The name in `PROVIDER`.
    pub(crate) provider: String,
    pub(crate) core_api: CoreApi,
    pub(crate) reload_port: u16,
    /// A Chromium to use for the browser tests.
    pub(crate) chromium: Option<PathBuf>,
    /// The folder for tools that this machine does not have.
    pub(crate) tools: PathBuf,
    pub(crate) target: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CoreApi {
    /// Started by the application, in development only.
    Embedded { listen_addr: SocketAddr },
    /// An external one, at this base URL.
    External { url: String },
    /// None: people sign in elsewhere, and there is no API to call.
    None,
}

impl Settings {
    pub(crate) fn from_environment() -> Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "these commands have no other configuration; it is read here once"
        )]
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        Self::parse(variable)
    }

    fn parse(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let listen_addr = address(&variable, "LISTEN_ADDR", DEFAULT_LISTEN_ADDR)?;
        let provider = variable("PROVIDER").unwrap_or_else(|| DEFAULT_PROVIDER.to_owned());
        let core_api = match variable("CORE_API_URL") {
            Some(url) => CoreApi::External { url },
            None if provider != DEFAULT_PROVIDER => CoreApi::None,
            None => CoreApi::Embedded {
                listen_addr: address(&variable, "CORE_API_LISTEN_ADDR", DEFAULT_CORE_API_LISTEN_ADDR)?,
            },
        };
        let reload_port = match variable("LEPTOS_RELOAD_PORT") {
            None => DEFAULT_RELOAD_PORT,
            Some(port) => port
                .parse()
                .map_err(|_| Failure::new(format!("LEPTOS_RELOAD_PORT is `{port}`, which is not a port.")))?,
        };
        Ok(Self {
            public_origin: variable("PUBLIC_ORIGIN").unwrap_or_else(|| format!("http://{listen_addr}")),
            listen_addr,
            provider,
            core_api,
            reload_port,
            chromium: variable("PLAYWRIGHT_CHROMIUM").map(PathBuf::from),
            tools: cache_folder(&variable)?.join("ironleaf-tools"),
            target: variable("CARGO_TARGET_DIR")
                .map_or_else(|| crate::workspace::root().join("target"), PathBuf::from),
        })
    }

    pub(crate) fn server_binary(&self) -> PathBuf {
        self.program("release")
    }

    /// The program of `cargo xtask serve`.
    pub(crate) fn program_to_try(&self) -> PathBuf {
        self.program(TRY_PROFILE)
    }

    /// The program in the folder of a cargo profile.
    pub(crate) fn program(&self, folder: &str) -> PathBuf {
        self.target.join(folder).join(format!("ironleaf{}", env::consts::EXE_SUFFIX))
    }
}

fn address(
    variable: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    default: &str,
) -> Result<SocketAddr> {
    let value = variable(name).unwrap_or_else(|| default.to_owned());
    value.parse().map_err(|_| {
        Failure::new(format!("{name} is `{value}`, which is not an address and a port such as {default}."))
    })
}

fn cache_folder(variable: &impl Fn(&str) -> Option<String>) -> Result<PathBuf> {
    if let Some(folder) = variable("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(folder));
    }
    match variable("HOME").or_else(|| variable("USERPROFILE")) {
        Some(home) => Ok(PathBuf::from(home).join(".cache")),
        None => Err(Failure::new("Neither XDG_CACHE_HOME nor HOME is set: there is no place for tools.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(variables: &[(&str, &str)]) -> Result<Settings> {
        Settings::parse(|name| {
            let home = [("HOME", "/home/ada")];
            variables.iter().chain(&home).find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn everything_has_a_default() {
        let settings = parse(&[]).unwrap();
        assert_eq!(settings.listen_addr.to_string(), "127.0.0.1:3000");
        assert_eq!(settings.public_origin, "http://127.0.0.1:3000");
        assert_eq!(settings.core_api, CoreApi::Embedded { listen_addr: "127.0.0.1:3001".parse().unwrap() });
        assert_eq!(settings.tools, PathBuf::from("/home/ada/.cache/ironleaf-tools"));
    }

    #[test]
    fn the_origin_follows_the_address_unless_it_is_set() {
        let moved = parse(&[("LISTEN_ADDR", "127.0.0.1:4000")]).unwrap();
        assert_eq!(moved.public_origin, "http://127.0.0.1:4000");
        let set =
            parse(&[("LISTEN_ADDR", "127.0.0.1:4000"), ("PUBLIC_ORIGIN", "http://localhost:4000")]).unwrap();
        assert_eq!(set.public_origin, "http://localhost:4000");
    }

    #[test]
    fn an_external_core_api_needs_no_address_of_its_own() {
        let settings =
            parse(&[("CORE_API_URL", "https://api.example.com/v1"), ("CORE_API_LISTEN_ADDR", "unused")])
                .unwrap();
        assert_eq!(settings.core_api, CoreApi::External { url: "https://api.example.com/v1".to_owned() });
    }

    #[test]
    fn another_provider_has_no_embedded_core_api() {
        let settings = parse(&[("PROVIDER", "better-auth"), ("CORE_API_LISTEN_ADDR", "unused")]).unwrap();
        assert_eq!((settings.provider.as_str(), settings.core_api), ("better-auth", CoreApi::None));
        let settings = parse(&[("PROVIDER", "core-api")]).unwrap();
        assert!(matches!(settings.core_api, CoreApi::Embedded { .. }));
    }

    #[test]
    fn a_wrong_address_is_named_with_its_variable() {
        let failure = parse(&[("LISTEN_ADDR", "3000")]).unwrap_err().to_string();
        assert_eq!(
            failure,
            "LISTEN_ADDR is `3000`, which is not an address and a port such as 127.0.0.1:3000."
        );
    }
}
