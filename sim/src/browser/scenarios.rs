//! The kinds of visits: from a look at one page to a laptop that wakes up with yesterday's cookie.

use std::sync::Arc;
use std::time::Duration;

use super::answer::Answer;
use super::ask::{Ask, What};
use super::person::Person;
use super::state::Browser;
use crate::core_api::ACCESS_TTL;
use crate::counts::Fault;
use crate::timeline::pass;

#[derive(Clone, Copy)]
enum Visit {
    Look,
    Work,
    Tabs,
    Expiry,
    Impatient,
    Train,
    Copy,
    Restore,
    SignOut,
    SignInOver,
    Confirm,
}

const VISITS: &[(u32, Visit)] = &[
    (26, Visit::Look),
    (14, Visit::Work),
    (20, Visit::Tabs),
    (12, Visit::Expiry),
    (8, Visit::Impatient),
    (4, Visit::Train),
    (3, Visit::Copy),
    (4, Visit::Restore),
    (7, Visit::SignOut),
    (2, Visit::SignInOver),
    (3, Visit::Confirm),
];

/// Longer than an access token lives, with or without the leeway.
const UNTIL_DUE: (u64, u64) = (20 * 60 + 30, 26 * 60);
const NIGHT: Duration = Duration::from_hours(12);

impl Person {
    pub(super) async fn visit(&mut self) {
        match self.dice.weighted(VISITS) {
            Visit::Look => self.look().await,
            Visit::Work => self.work().await,
            Visit::Tabs => self.tabs().await,
            Visit::Expiry => self.expiry().await,
            Visit::Impatient => self.impatient().await,
            Visit::Train => self.train().await,
            Visit::Copy => self.wake_up_behind().await,
            Visit::Restore => self.restore().await,
            Visit::SignOut => self.sign_out().await,
            Visit::SignInOver => self.sign_in_over().await,
            Visit::Confirm => self.confirm().await,
        }
    }

    /// A few pages, one after the other.
    async fn look(&mut self) {
        for _ in 0..self.dice.range(1, 4) {
            if self.dice.once_in(4) {
                self.ask(What::Home).await;
            }
            if self.page().await != Answer::Done {
                break;
            }
            pass(self.dice.secs(1, 60)).await;
        }
    }

    /// An hour or two with a page now and then, sometimes two at once.
    async fn work(&mut self) {
        for _ in 0..self.dice.range(4, 14) {
            if self.dice.once_in(3) {
                self.burst(2, 200).await;
            }
            if self.page().await != Answer::Done {
                break;
            }
            pass(self.dice.secs(60, 15 * 60)).await;
        }
    }

    /// The browser opens with all its tabs.
    async fn tabs(&mut self) {
        let tabs = self.dice.range(2, 9);
        self.burst(tabs, 30).await;
        self.page().await;
    }

    /// Everything at once, near the expiry of the access token.
    async fn expiry(&mut self) {
        if self.page().await != Answer::Done {
            return;
        }
        let wait = self.until_expiry() + self.dice.secs(0, 8);
        pass(wait.saturating_sub(Duration::from_secs(4))).await;
        let tabs = self.dice.range(3, 20);
        self.burst(tabs, 60).await;
        pass(self.dice.millis(0, 400)).await;
        let tabs = self.dice.range(1, 5);
        self.burst(tabs, 60).await;
        self.page().await;
    }

    /// Requests that nobody waits for.
    async fn impatient(&mut self) {
        let wait = self.dice.secs(UNTIL_DUE.0, UNTIL_DUE.1);
        pass(wait).await;
        let mut tabs = Vec::new();
        for _ in 0..self.dice.range(1, 5) {
            let after = if self.dice.once_in(2) { self.dice.millis(1, 3) } else { self.dice.millis(4, 150) };
            let ask = Ask { cancelled_after: Some(after), ..Ask::plain(What::Page) };
            tabs.push(tokio::spawn(Arc::clone(&self.browser).fetch(ask)));
            pass(self.dice.millis(0, 20)).await;
        }
        all(tabs).await;
        pass(self.dice.millis(0, 5000)).await;
        self.page().await;
    }

    /// No answer arrives for an hour or more. After that, the laptop may be closed for a night.
    async fn train(&mut self) {
        for _ in 0..self.dice.range(2, 5) {
            let ask = Ask { response_lost: true, ..Ask::plain(What::Page) };
            let tabs = (0..self.dice.range(1, 3)).map(|_| tokio::spawn(Arc::clone(&self.browser).fetch(ask)));
            let tabs: Vec<_> = tabs.collect();
            all(tabs).await;
            pass(self.dice.secs(UNTIL_DUE.0, UNTIL_DUE.1)).await;
        }
        if self.dice.once_in(2) {
            self.count_sleep();
            pass(NIGHT).await;
        }
        self.page().await;
    }

    /// Elsewhere, the session continues with the same cookie for three rotations. Then this browser wakes up.
    async fn wake_up_behind(&mut self) {
        let elsewhere = self.browser.copy();
        for _ in 0..3 {
            pass(self.dice.secs(UNTIL_DUE.0, UNTIL_DUE.1)).await;
            if Arc::clone(&elsewhere).fetch(Ask::plain(What::Page)).await == Answer::SignedOut {
                break;
            }
        }
        self.count_sleep();
        pass(NIGHT).await;
        self.page().await;
    }

    /// The browser's profile is reset to an earlier state.
    async fn restore(&mut self) {
        let backup = self.browser.copy();
        for _ in 0..self.dice.range(1, 3) {
            pass(self.dice.secs(UNTIL_DUE.0, UNTIL_DUE.1)).await;
            if self.page().await != Answer::Done {
                return;
            }
        }
        if self.dice.once_in(2) {
            // It shows what the last page brought.
            self.page().await;
        }
        let hours = self.dice.once_in(3);
        pass(if hours { self.dice.secs(3600, 8 * 3600) } else { self.dice.secs(0, 8 * 60) }).await;
        self.world.counts.fault(Fault::CookieRestored);
        self.world.tell_of(self.id, "an old cookie is restored");
        self.browser.restore(&backup);
        self.page().await;
    }

    /// Signs out while other tabs are loading. Somebody who copied the cookie tries it afterwards.
    async fn sign_out(&mut self) {
        if self.dice.once_in(2) {
            pass(self.dice.secs(UNTIL_DUE.0, UNTIL_DUE.1)).await;
        }
        let copy = self.browser.copy();
        let mut tabs = Vec::new();
        for _ in 0..self.dice.range(0, 8) {
            let what = if self.dice.once_in(4) { What::Home } else { What::Page };
            tabs.push(tokio::spawn(Arc::clone(&self.browser).fetch(Ask::plain(what))));
            pass(self.dice.millis(0, 15)).await;
        }
        if !tabs.is_empty() {
            self.world.counts.fault(Fault::SignedOutInFlight);
        }
        let answer = self.ask(What::SignOut).await;
        all(tabs).await;
        if answer != Answer::Done {
            return;
        }
        self.ask(What::Page).await;
        self.replay(&copy).await;
    }

    async fn replay(&mut self, copy: &Arc<Browser>) {
        self.world.tell_of(self.id, "a copied cookie is replayed");
        for wait in [0, 5, self.dice.range(10, 1800)] {
            pass(Duration::from_secs(wait)).await;
            self.world.counts.fault(Fault::CopyReplayed);
            // A fresh copy each time, because an answer must not update it.
            let what = if self.dice.once_in(4) { What::Home } else { What::Page };
            copy.copy().fetch(Ask::plain(what)).await;
        }
    }

    async fn sign_in_over(&mut self) {
        let copy = self.browser.copy();
        self.world.counts.fault(Fault::SignedInOver);
        if self.try_to_sign_in().await == Answer::Done {
            self.replay(&copy).await;
            self.page().await;
        }
    }

    /// This many pages at once, all within this many milliseconds.
    async fn burst(&mut self, tabs: u64, within_millis: u64) {
        if self.until_expiry().is_zero() && tabs > 1 {
            self.world.counts.fault(Fault::ExpiryBurst);
        }
        let mut pages = Vec::new();
        for _ in 0..tabs {
            pages.push(tokio::spawn(Arc::clone(&self.browser).fetch(Ask::plain(What::Page))));
            pass(self.dice.millis(0, within_millis / tabs.max(1))).await;
        }
        all(pages).await;
    }

    /// The remaining lifetime of the session's newest access token.
    fn until_expiry(&self) -> Duration {
        let family = self.browser.session().map(|session| self.world.checker.family_of(session));
        let rotated_at = family.and_then(|family| self.world.core.look(family, |family| family.rotated_at));
        // The core API's clock has a head start of a minute.
        let expires_at = rotated_at.unwrap_or_default() + ACCESS_TTL;
        expires_at.saturating_sub(self.world.core_now())
    }

    fn count_sleep(&self) {
        let Some(session) = self.browser.session() else { return };
        let family = self.world.checker.family_of(session);
        let newest = self.world.core.look(family, |family| u64::from(family.generation)).unwrap_or(0);
        self.world.tell_of(self.id, "the laptop sleeps for a night");
        if newest >= self.browser.generation() + 3 {
            self.world.counts.fault(Fault::LaptopAsleep);
        }
    }
}

async fn all(tabs: Vec<tokio::task::JoinHandle<Answer>>) {
    for tab in tabs {
        if let Err(error) = tab.await {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}
