//! The configuration for people: the effective values, with secrets hidden.

use url::Url;

use super::Config;
use super::lines::{Lines, secs};
use super::passwords;

impl Config {
    /// The effective values, one per line, with secrets hidden.
    pub fn describe(&self) -> String {
        let mut lines = Lines::default();
        self.describe_addresses(&mut lines);
        self.describe_sessions(&mut lines);
        self.describe_limits(&mut lines);
        passwords::describe(&self.password_policy, &mut lines);
        lines.add("APP_NAME", &self.app_name);
        lines.add("GET_STARTED_URL", &self.get_started_url);
        lines.add("SOURCE_URL", &self.source_url);
        let routes: Vec<_> = self.proxy_routes.iter().map(ToString::to_string).collect();
        lines.add("PROXY_ROUTES", &if routes.is_empty() { "(none)".to_owned() } else { routes.join("; ") });
        lines.add("PROXY_MAX_STREAMS_PER_PERSON", &self.proxy_streams.per_person);
        lines.add("PROXY_MAX_STREAMS", &self.proxy_streams.in_total);
        lines.add("PROXY_STREAM_IDLE_TIMEOUT", &secs(self.proxy_streams.idle));
        self.log.describe(&mut lines);
        lines.finish()
    }

    fn describe_addresses(&self, lines: &mut Lines) {
        lines.add("IRONLEAF_ENV", &self.environment);
        lines.add("LISTEN_ADDR", &self.listen_addr);
        lines.add("MAX_CONNECTIONS", &self.max_connections);
        let metrics = self.metrics_listen_addr.map(|address| address.to_string());
        lines.add("METRICS_LISTEN_ADDR", &metrics.as_deref().unwrap_or("(off)"));
        lines.add("PUBLIC_ORIGIN", &self.public_origin);
        self.provider.describe(lines);
        lines.add("SIGN_IN_ROLES", &self.sign_in_roles.join(","));
        let core_api = self.core_api_url.as_ref().map(Url::to_string);
        let without = if self.provider.settings.embeds_core_api() { "(embedded)" } else { "(none)" };
        lines.add("CORE_API_URL", &core_api.as_deref().unwrap_or(without));
        self.core_api_client.describe(lines);
        lines.add("DATA_DIR", &self.data_dir.display());
        let site = self.site_root.as_ref().map(|root| root.display().to_string());
        lines.add("LEPTOS_SITE_ROOT", &site.as_deref().unwrap_or("(beside the program)"));
        let store = if self.redis_url.is_some() { "(hidden)" } else { "(in DATA_DIR)" };
        lines.add("REDIS_URL", &store);
        self.redis.describe(lines);
        lines.add("SINGLE_HOST", &self.single_host);
        if self.embeds_core_api() {
            self.core_api.describe_own(lines);
        }
    }

    fn describe_sessions(&self, lines: &mut Lines) {
        let secrets = if self.session_secrets.is_some() { "(hidden)" } else { "(in DATA_DIR)" };
        lines.add("SESSION_SECRETS", &secrets);
        lines.add("SESSION_ABSOLUTE_TIMEOUT", &secs(self.session_absolute_timeout));
        lines.add("SESSION_IDLE_TIMEOUT", &secs(self.session_idle_timeout));
        let unremembered = secs(self.session_unremembered_idle_timeout);
        lines.add("SESSION_UNREMEMBERED_IDLE_TIMEOUT", &unremembered);
        lines.add("REFRESH_TOKEN_MAX_AGE", &secs(self.refresh_token_max_age));
        lines.add("REFRESH_LEEWAY", &secs(self.refresh_leeway));
        lines.add("SUCCESSOR_RETENTION", &secs(self.successor_retention));
        lines.add("SIGN_IN_FRESHNESS", &secs(self.sign_in_freshness));
        lines.add("SESSION_COOKIE_NAME", &self.session_cookie_name);
        lines.add("SESSION_HEADER_BUDGET", &self.session_header_budget_bytes);
    }

    fn describe_limits(&self, lines: &mut Lines) {
        for (name, allowance) in [
            ("RATE_LIMIT_STRICT", self.rate_limits.strict),
            ("RATE_LIMIT_ACCOUNT", self.rate_limits.account),
            ("RATE_LIMIT_ADDRESS", self.rate_limits.address),
            ("RATE_LIMIT_GUESTS", self.rate_limits.guests),
            ("RATE_LIMIT_SIGN_INS", self.rate_limits.sign_ins),
            ("RATE_LIMIT_RECIPIENT", self.rate_limits.recipient),
            ("RATE_LIMIT_MAILS", self.rate_limits.mails),
        ] {
            lines.add(name, &format_args!("{}/{}", allowance.failures(), secs(allowance.period())));
        }
        lines.add("TRUSTED_PROXIES", &self.trusted_proxies);
        lines.add("CLIENT_IP_HEADER", &self.client_ip_header);
        lines.add("HSTS_INCLUDE_SUBDOMAINS", &self.hsts_include_subdomains);
    }
}
