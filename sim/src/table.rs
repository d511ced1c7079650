//! The table of `docs/providers/losses.md`: how many sessions are lost in so many faults of each kind, with our code
//! and with a plain client, in worlds from one seed in which nothing else goes wrong.

mod reasons;
mod trial;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::script::{Client, Kind};
use crate::style::Style;

/// The back ends of the table, in its order.
const STYLES: [Style; 8] = [
    Style::Ours,
    Style::Recorded,
    Style::JwtSessions,
    Style::BetterAuth,
    Style::CookieApi,
    Style::Commercetools,
    Style::OpenId,
    Style::Graced,
];

/// How many sessions were lost.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct Lost {
    ours: u32,
    plain: u32,
}

/// The numbers of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    seed: u64,
    faults: u32,
    lost: BTreeMap<(Style, Kind), Lost>,
}

/// Counts the lost sessions of `faults` faults of each kind, with this many threads.
///
/// # Panics
///
/// If the simulated code panics.
pub fn table(seed: u64, faults: u32, threads: usize) -> Table {
    let cells: Vec<_> = STYLES
        .iter()
        .flat_map(|style| Kind::ALL.map(|kind| (*style, kind)))
        .flat_map(|(style, kind)| [(style, kind, Client::Ours), (style, kind, Client::Plain)])
        .collect();
    let (next, lost) = (AtomicUsize::new(0), Mutex::new(BTreeMap::<_, Lost>::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((style, kind, client)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let count = trial::lost(seed, faults, *style, *kind, *client);
                    let mut lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
                    let cell = lost.entry((*style, *kind)).or_default();
                    match client {
                        Client::Ours => cell.ours = count,
                        Client::Plain => cell.plain = count,
                    }
                }
            });
        }
    });
    Table { seed, faults, lost: lost.into_inner().unwrap_or_else(PoisonError::into_inner) }
}

impl Table {
    /// The cells in which our code lost a session although the back end leaves a way, as sentences.
    pub fn unexplained(&self) -> Vec<String> {
        let unexplained = self
            .lost
            .iter()
            .filter(|((style, kind), lost)| lost.ours > 0 && reasons::why(*style, *kind).is_none());
        let sentence = |((style, kind), lost): (&(Style, Kind), &Lost)| {
            format!("{}: {} sessions lost, {}", style.words(), lost.ours, kind.words())
        };
        unexplained.map(sentence).collect()
    }

    fn section(&self, f: &mut fmt::Formatter<'_>, style: Style) -> fmt::Result {
        writeln!(f, "\n## {}\n", reasons::title(style))?;
        writeln!(f, "| fault | Ironleaf | plain client |")?;
        writeln!(f, "|---|---:|---:|")?;
        let mut sentences = Vec::new();
        for kind in Kind::ALL {
            let Lost { ours, plain } = self.lost.get(&(style, kind)).copied().unwrap_or_default();
            let mark = reasons::why(style, kind).map(|why| {
                let known = sentences.iter().position(|sentence| *sentence == why);
                let index = known.unwrap_or_else(|| {
                    sentences.push(why);
                    sentences.len() - 1
                });
                format!(" ({})", letter(index))
            });
            writeln!(f, "| {} | {ours}{} | {plain} |", kind.words(), mark.unwrap_or_default())?;
        }
        for (index, sentence) in sentences.iter().enumerate() {
            writeln!(f, "\n({}) {sentence}", letter(index))?;
        }
        Ok(())
    }
}

fn letter(index: usize) -> char {
    char::from(b'a' + u8::try_from(index).unwrap_or_default())
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(reasons::INTRODUCTION)?;
        writeln!(
            f,
            "Per {} faults of each kind. This page is the output of `cargo xtask sim --table --seed {} --faults {}`.",
            self.faults, self.seed, self.faults
        )?;
        STYLES.iter().try_for_each(|style| self.section(f, *style))
    }
}
