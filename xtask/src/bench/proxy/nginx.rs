//! nginx, as the API behind all proxies and as the proxy that only forwards.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use super::installed::Installed;
use super::place::{ANSWERS, CONNECTIONS_TO_THE_API, PROCESSES, written};
use super::provider::Provider;
use crate::bench::program::{Program, free_address, in_clean_environment};
use crate::failure::{Failure, Result};

/// The API: files of fixed sizes. One process is enough for it, see the rates without a proxy.
///
/// With a provider, `/live/1k` is the same for whoever shows a token that lives, and 401 for everybody else.
///
/// # Errors
///
/// If it does not start.
pub(super) fn api(installed: &Installed, folder: &Path, provider: Option<&Provider>) -> Result<Program> {
    for (name, bytes) in ANSWERS {
        let body: Vec<u8> = (b'a'..=b'z').cycle().take(bytes).collect();
        let path = folder.join(name);
        fs::write(&path, body)
            .map_err(|error| Failure::new(format!("{} cannot be written: {error}", path.display())))?;
    }
    let address = free_address()?;
    let live = provider.map(|provider| guarded(folder, &provider.userinfo())).unwrap_or_default();
    let server = format!(
        "server {{ listen {address} backlog=1024; default_type application/octet-stream;
           location / {{ root {folder}; }}\n{live} }}",
        folder = folder.display(),
    );
    start(installed, folder, 1, address, &server)
}

fn guarded(folder: &Path, userinfo: &str) -> String {
    format!(
        "location /live/ {{ auth_request /asked; alias {folder}/; }}
         location = /asked {{ internal; proxy_pass {address}; proxy_set_header Host {host};
           proxy_pass_request_body off; proxy_set_header Content-Length \"\"; }}",
        folder = folder.display(),
        // nginx would ask for `localhost` by IPv6 as well.
        address = userinfo.replace("localhost", "127.0.0.1"),
        host = userinfo.trim_start_matches("http://").trim_end_matches("/me"),
    )
}

/// The proxy. Its buffers hold the largest answer, so that nothing goes through a file.
///
/// # Errors
///
/// If it does not start.
pub(super) fn proxy(installed: &Installed, folder: &Path, api: SocketAddr) -> Result<Program> {
    let address = free_address()?;
    let server = format!(
        "upstream api {{ server {api}; keepalive {CONNECTIONS_TO_THE_API}; }}
         server {{ listen {address} backlog=1024; location /api/ {{ proxy_pass http://api/;
           proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_buffers 32 4k; }} }}"
    );
    start(installed, folder, PROCESSES, address, &server)
}

fn start(
    installed: &Installed,
    folder: &Path,
    processes: usize,
    address: SocketAddr,
    server: &str,
) -> Result<Program> {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {}/{kind};", folder.display()))
        .join(" ");
    // Each writes a line per request, as the others do.
    let text = format!(
        "daemon off; worker_processes {processes}; pid {folder}/nginx.pid; error_log {folder}/error.log;
         events {{ worker_connections 4096; }}
         http {{ {temporary} access_log /dev/null; sendfile on; tcp_nopush on;
           keepalive_requests 100000000; keepalive_timeout 60s;
           {server} }}\n",
        folder = folder.display(),
    );
    let configuration = written(folder, "nginx.conf", &text)?;
    let mut command = in_clean_environment(&installed.nginx);
    command.arg("-p").arg(folder).arg("-e").arg(folder.join("error.log")).arg("-c").arg(configuration);
    let path = if server.contains("/api/") { "/api/1k" } else { "/1k" };
    Program::start_with_children(&mut command, address, path)
}
