//! How each proxy starts with its file of `deploy/proxies`: the values of this machine, and the configuration around
//! the file.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::places::Places;

/// One kind of proxy.
pub(crate) struct Program {
    /// Its possible names on this machine.
    pub(crate) names: &'static [&'static str],
    /// Its file in `deploy/proxies`.
    pub(crate) file: &'static str,
    /// The addresses in that file, and the test's addresses that replace them.
    pub(crate) addresses: fn(&Places) -> Vec<(&'static str, String)>,
    /// Writes the configuration that includes the file, and returns the command that starts the proxy. The arguments
    /// are the program, the folder, and the file.
    pub(crate) command: fn(&Path, &Path, &Path, &Places) -> Command,
}

pub(crate) const NGINX: Program = Program {
    names: &["nginx"],
    file: "nginx.conf",
    addresses: |places| {
        vec![
            ("listen 443 ssl", format!("listen {} ssl", places.https)),
            ("listen 80;", format!("listen {};", places.http)),
        ]
    },
    command: |program, folder, file, _| {
        let folder_name = folder.display();
        let mut main = format!(
            "daemon off;\nmaster_process off;\npid {folder_name}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n    access_log off;\n"
        );
        for what in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
            writeln!(main, "    {what}_temp_path {folder_name}/{what};").unwrap();
        }
        writeln!(main, "    include {};\n}}", file.display()).unwrap();
        let main_file = written(folder, "main.conf", &main);
        let mut command = Command::new(program);
        command.arg("-c").arg(main_file).arg("-p").arg(folder).args(["-e", "stderr"]);
        command
    },
};

pub(crate) const HAPROXY: Program = Program {
    names: &["haproxy"],
    file: "haproxy.cfg",
    addresses: |places| {
        vec![("bind :80", format!("bind {}", places.http)), ("bind :443", format!("bind {}", places.https))]
    },
    command: |program, _, file, _| {
        let mut command = Command::new(program);
        command.arg("-db").arg("-f").arg(file);
        command
    },
};

/// The folders in which distributions keep Apache's modules.
const APACHE_MODULES: [&str; 3] =
    ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules"];

/// The modules that the head of the file names, and their dependencies.
const APACHE_MODULE_NAMES: [&str; 12] = [
    "mpm_event",
    "unixd",
    "authz_core",
    "alias",
    "socache_shmcb",
    "slotmem_shm",
    "ssl",
    "http2",
    "proxy",
    "proxy_http",
    "proxy_balancer",
    "lbmethod_byrequests",
];

pub(crate) const APACHE: Program = Program {
    names: &["apache2", "httpd"],
    file: "apache.conf",
    addresses: |places| {
        vec![
            ("<VirtualHost *:443>", format!("<VirtualHost {}>", places.https)),
            ("<VirtualHost *:80>", format!("<VirtualHost {}>", places.http)),
        ]
    },
    command: |program, folder, file, places| {
        let folder_name = folder.display();
        let modules = APACHE_MODULES.into_iter().find(|modules| Path::new(modules).exists());
        let modules = modules.expect("Apache's modules are in a folder that is not known here");
        let mut main = format!(
            "ServerRoot {folder_name}\nDefaultRuntimeDir {folder_name}\nPidFile {folder_name}/pid\n\
             ErrorLog {folder_name}/error.log\nListen {}\nListen {}\n",
            places.http, places.https
        );
        for name in APACHE_MODULE_NAMES {
            let load = format!("LoadModule {name}_module {modules}/mod_{name}.so");
            writeln!(main, "<IfModule !{name}_module>\n    {load}\n</IfModule>").unwrap();
        }
        // Only root needs this: Apache does not serve as root. For other users it has no effect.
        writeln!(main, "User #65534\nGroup #65534\nInclude {}", file.display()).unwrap();
        let mut command = Command::new(program);
        command.arg("-f").arg(written(folder, "main.conf", &main)).arg("-X");
        command
    },
};

pub(crate) const CADDY: Program = Program {
    names: &["caddy"],
    file: "Caddyfile",
    addresses: |places| {
        vec![
            // The global options must come first.
            (
                "app.example.com {",
                format!(
                    "{{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port {}\n\thttps_port {}\n}}\n\n\
                     app.example.com {{",
                    places.http.port(),
                    places.https.port()
                ),
            ),
            ("192.0.2.0/24", format!("{}/32", places.cdn)),
        ]
    },
    command: |program, folder, file, _| {
        let mut command = Command::new(program);
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
        command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
        command
    },
};

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

impl Program {
    /// Writes the file of `deploy/proxies` to `folder`, with the addresses of this test.
    pub(crate) fn configuration(&self, folder: &Path, places: &Places) -> PathBuf {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/proxies").join(self.file);
        let mut text = std::fs::read_to_string(&path).unwrap();
        let [one, two]: [SocketAddr; 2] = places.replicas;
        let mut all = (self.addresses)(places);
        all.extend([
            ("10.0.0.11:3000", one.to_string()),
            ("10.0.0.12:3000", two.to_string()),
            ("/etc/ssl/ironleaf/", format!("{}/", folder.display())),
        ]);
        for (known, here) in all {
            assert!(text.contains(known), "{} has no `{known}`", path.display());
            text = text.replace(known, &here);
        }
        written(folder, self.file, &text)
    }

    /// The program's path, in a folder of PATH or of the administrator's programs.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> =
            std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from)).collect();
        let places = folders.iter().flat_map(|folder| self.names.iter().map(|name| folder.join(name)));
        places.into_iter().find(|place| place.is_file())
    }
}
