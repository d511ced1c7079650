//! How each proxy is started with the file of `deploy/proxies`: what in it is this machine's, and what stands around it.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::places::Places;

/// One kind of proxy.
pub(crate) struct Program {
    /// What it may be called on this machine.
    pub(crate) names: &'static [&'static str],
    /// Its file in `deploy/proxies`.
    pub(crate) file: &'static str,
    /// What stands in that file, and what takes its place: the addresses of this test.
    pub(crate) addresses: fn(&Places) -> Vec<(&'static str, String)>,
    /// Writes what the file is part of, and says how to start all of it. The arguments are the program, the folder, and the file.
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

/// Where distributions keep Apache's modules.
const APACHE_MODULES: [&str; 3] =
    ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules"];

/// Those that the head of the file names, and those that they need.
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
        // Of no effect but for root, as whom it serves nothing.
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
            // What stands for everything that follows comes first.
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
    /// The file of `deploy/proxies` with the addresses of this test, in `folder`.
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

    /// Where it is, in a folder for programs or in one for those of an administrator.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> =
            std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from)).collect();
        let places = folders.iter().flat_map(|folder| self.names.iter().map(|name| folder.join(name)));
        places.into_iter().find(|place| place.is_file())
    }
}
