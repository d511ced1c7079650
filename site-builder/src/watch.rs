//! Serves the application during development: saved files are built and shown.
//!
//! A page is ready as soon as the server half is compiled. The browser half is compiled at the same time. If that
//! changes the module, pages are told again.

use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cargo;
use crate::layout::Layout;
use crate::reload::Announcer;
use crate::run::{self, Running};
use crate::site;
use crate::sources::{Parts, Sources};
use crate::style::Form;

const PROFILE: &str = "dev";
/// How often the sources are checked. An editor may save in steps, so nothing is built while consecutive checks differ.
const INTERVAL: Duration = Duration::from_millis(20);
/// How often they are checked while nobody is at work: a third of the processor time, and still quick enough.
const IDLE_INTERVAL: Duration = Duration::from_millis(60);
/// How long after a change somebody counts as being at work.
const AT_WORK: Duration = Duration::from_mins(1);
/// A server that does not listen after this time has failed to start and has printed why.
const LONGEST_START: Duration = Duration::from_secs(20);

/// Builds, serves, and builds again whenever a file is saved, until Ctrl-C.
///
/// # Errors
///
/// If the first build fails or an address is taken. Later builds may fail: the previous build then keeps running.
pub(crate) fn run(layout: &Layout) -> Result<()> {
    let mut sources = Sources::of(layout, &layout.packages)?;
    let mut watch = Watch::start(layout)?;
    let mut last_change = Instant::now();
    // What a build that failed has not built.
    let mut missing = Parts::default();
    while !run::interrupted() {
        thread::sleep(if last_change.elapsed() < AT_WORK { INTERVAL } else { IDLE_INTERVAL });
        watch.notice_the_end_of_the_server()?;
        let mut changed = sources.changed();
        if !changed.any() {
            continue;
        }
        last_change = Instant::now();
        changed = changed.and(missing);
        loop {
            thread::sleep(INTERVAL);
            let more = sources.changed();
            if !more.any() {
                break;
            }
            changed = changed.and(more);
        }
        missing = match watch.build(changed) {
            Ok(()) => Parts::default(),
            Err(error) => {
                eprintln!("{error:#}\nThe browser still shows the last version.");
                changed
            }
        };
    }
    Ok(())
}

struct Watch<'a> {
    layout: &'a Layout,
    address: SocketAddr,
    reload: SocketAddr,
    pages: Announcer,
    server: Option<Running>,
    /// The module from which the package was made.
    module: Vec<u8>,
}

impl<'a> Watch<'a> {
    fn start(layout: &'a Layout) -> Result<Self> {
        let address = setting("LEPTOS_SITE_ADDR", layout.site_addr)?;
        let reload = SocketAddr::new(address.ip(), setting("LEPTOS_RELOAD_PORT", layout.reload_port)?);
        let pages = Announcer::listen(reload)?;
        // One after the other: in parallel they would wait for the dependencies of both.
        run::until_success(&mut browser_half(layout))?;
        run::until_success(&mut cargo::server_half(layout, PROFILE))?;
        let module = module(layout)?;
        site::assemble(layout, &module_path(layout), &layout.site)?;
        let mut watch = Self { layout, address, reload, pages, server: None, module };
        watch.write_style()?;
        watch.restart()?;
        Ok(watch)
    }

    fn build(&mut self, changed: Parts) -> Result<()> {
        let started = Instant::now();
        if changed.assets {
            site::copy_folder(&self.layout.assets, &self.layout.site)?;
        }
        if changed.style {
            self.write_style()?;
        }
        if changed.assets {
            self.pages.all();
        } else if changed.style {
            self.pages.style(&self.style_path());
        }
        // If the server half fails, this is dropped, which stops it.
        let browser = changed.browser.then(|| Running::start(&mut browser_half(self.layout))).transpose()?;
        if changed.server {
            run::until_success(&mut cargo::server_half(self.layout, PROFILE))?;
            self.restart()?;
            self.pages.all();
        }
        let on_screen = started.elapsed();
        if let Some(browser) = browser {
            browser.wait_for_success()?;
            self.update_module()?;
        }
        println!(
            "Shown after {:.1} s, done after {:.1} s.",
            on_screen.as_secs_f64(),
            started.elapsed().as_secs_f64()
        );
        Ok(())
    }

    /// Does nothing if the module is unchanged, as after most changes of pages.
    fn update_module(&mut self) -> Result<()> {
        let module = module(self.layout)?;
        if module == self.module {
            return Ok(());
        }
        let package = self.layout.package_in(&self.layout.site);
        crate::bindings::write(self.layout, &module_path(self.layout), &package)?;
        self.module = module;
        self.pages.all();
        Ok(())
    }

    fn write_style(&self) -> Result<()> {
        site::write_style(self.layout, &self.layout.package_in(&self.layout.site), Form::Readable)
    }

    /// As part of an address, so with slashes.
    fn style_path(&self) -> String {
        format!("{}/{}.css", self.layout.package_folder.display(), self.layout.output_name).replace('\\', "/")
    }

    /// Stops the running server, starts the new build, and waits until it listens.
    fn restart(&mut self) -> Result<()> {
        if let Some(server) = self.server.take() {
            server.kill();
        }
        let mut command = Command::new(cargo::program(self.layout, PROFILE));
        command
            .arg("serve")
            .current_dir(&self.layout.root)
            .env("LISTEN_ADDR", self.address.to_string())
            .env("LEPTOS_SITE_ROOT", &self.layout.site)
            .env("LEPTOS_WATCH", "true")
            .env("LEPTOS_RELOAD_PORT", self.reload.port().to_string());
        let mut server = Running::start(&mut command)?;
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if server.ended()?.is_some() || started.elapsed() > LONGEST_START {
                bail!("The server is not running. The next saved change is built and started.");
            }
            if run::interrupted() {
                bail!("Stopped.");
            }
            thread::sleep(INTERVAL / 10);
        }
        self.server = Some(server);
        Ok(())
    }

    fn notice_the_end_of_the_server(&mut self) -> Result<()> {
        if let Some(server) = &mut self.server
            && server.ended()?.is_some()
            && !run::interrupted()
        {
            self.server = None;
            eprintln!("The server has ended. The next saved change is built and started.");
        }
        Ok(())
    }
}

/// In the folder that `cargo leptos watch` uses for it: it runs in parallel to the server half without waiting for it,
/// and nothing is compiled again for people who use both.
fn browser_half(layout: &Layout) -> Command {
    let mut command = cargo::browser_half(layout, PROFILE);
    command.arg("--target-dir").arg(front(layout).target);
    command
}

fn front(layout: &Layout) -> Layout {
    Layout { target: layout.target.join("front"), ..layout.clone() }
}

fn module_path(layout: &Layout) -> PathBuf {
    cargo::module(&front(layout), PROFILE)
}

fn module(layout: &Layout) -> Result<Vec<u8>> {
    let path = module_path(layout);
    std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))
}

/// A variable of cargo-leptos, or else the setting in `Cargo.toml`.
fn setting<T: std::str::FromStr>(name: &str, otherwise: T) -> Result<T> {
    #[expect(clippy::disallowed_methods, reason = "these two are all that it takes from the environment")]
    let value = std::env::var(name);
    match value {
        Err(_) => Ok(otherwise),
        Ok(value) => value.parse().ok().with_context(|| format!("{name} is `{value}`, which is not valid")),
    }
}
