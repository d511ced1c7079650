//! Judges the result of an errand after the fault: by asking the core API directly, and by asking the application.

use std::time::Duration;

use tokio::time::Instant;

use crate::browser::{Answer, Browser};
use crate::forms::{Form, Needs, UNAVAILABLE, new_email};
use crate::pause;
use crate::trial::{Errand, Trial};
use crate::world::{NEW_PASSWORD, OLD_PASSWORD, World, sign_in_form};

/// Longer than any refresh is repeated, and longer than the circuit breaker stays open, on a slow machine.
pub(crate) const UNTIL_ALL_IS_WELL: Duration = Duration::from_mins(1);

/// Earlier than a 503 asks for.
pub(crate) const COME_BACK_AFTER: Duration = Duration::from_millis(200);

/// What the application said about the form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Told {
    Done,
    /// The application could not say whether it was done.
    Unclear,
}

impl Trial {
    pub(crate) async fn judge(&mut self, world: &World) {
        let Errand::Form(form) = self.errand else {
            self.session_is_there().await;
            return;
        };
        let Some(told) = self.read_message(form).await else { return };
        match form.path {
            "/api/sign-out" => self.nobody_is_there().await,
            // If the end was not stored, it may be later.
            "/api/end-all-sessions" if told == Told::Done => self.nobody_is_there().await,
            "/api/sign-in" => self.signed_in(world, told).await,
            "/api/sign-in-with-token" => self.signed_in_with_link(told).await,
            "/api/register" => self.registered(world, told).await,
            "/api/end-all-sessions" | "/api/request-password-reset" | "/api/request-sign-in-link" => {}
            "/api/verify-email" => self.verified().await,
            "/api/restore-address" => self.restored(world, told).await,
            "/api/set-password" => self.changed(world, told, None).await,
            "/api/update-account" => self.changed(world, told, Some(new_email(&self.person))).await,
            "/api/delete-account" => self.deleted(world, told).await,
            "/api/set-theme" => {
                self.expect(self.answer.body.contains(r#"class="dark""#), "the theme is not set");
                self.session_is_there().await;
            }
            // Whoever sends a form for strangers has no session.
            _ if form.needs == Needs::Nothing => {}
            _ => self.session_is_there().await,
        }
    }

    /// Follows the redirect. The next page has to show one of two messages, and the text that was typed.
    async fn read_message(&mut self, form: &Form) -> Option<Told> {
        if form.is_of_island && form.is_answered_by(&self.answer) {
            return Some(Told::Done);
        }
        if self.answer.status != 303 {
            self.figures.unavailable += usize::from(self.answer.status != 0);
            return (self.answer.status != 0).then_some(Told::Unclear);
        }
        let place = self.answer.location.clone();
        let mut page = self.person.browser.get(&place).await;
        let mut shown = page.body.clone();
        let begun = Instant::now();
        while page.status == 503 && begun.elapsed() < UNTIL_ALL_IS_WELL {
            pause(COME_BACK_AFTER).await;
            page = self.person.browser.get(&place).await;
            shown.push_str(&page.body);
        }
        self.answer = page;
        self.answer.location.clone_from(&place);
        let says_nothing = match form.fields {
            Some(_) => !shown.contains(UNAVAILABLE),
            None => form.says.is_empty() && form.done.contains(&&place[..]),
        };
        if says_nothing || form.says.iter().any(|says| shown.contains(says)) {
            return Some(Told::Done);
        }
        self.figures.unavailable += 1;
        self.expect(shown.contains(UNAVAILABLE), "the page does not say what is the matter");
        let kept = form.kept(&self.person).map(|email| format!(r#"value="{email}""#));
        self.expect(kept.is_none_or(|kept| shown.contains(&kept)), "the form has forgotten what was typed");
        self.expect(form.path != "/api/sign-out", "a sign-out says that it failed");
        Some(Told::Unclear)
    }

    fn expect(&mut self, is_so: bool, why: &str) {
        if !is_so {
            let Errand::Form(form) = self.errand else { return };
            let answer = self.answer.clone();
            self.wrong(form.path, &answer, why);
        }
    }

    /// The cookie's session works again.
    pub(crate) async fn session_is_there(&mut self) {
        let page = until_served(&mut self.person.browser).await;
        self.figures.requests += 1;
        if page.status != 200 || !page.body.contains(&self.person.email) {
            self.figures.lost_sessions += 1;
            self.wrong("/account afterwards", &page, "the session is lost");
        }
    }

    /// The session is over in this browser, and in a browser with a copy of its cookies. The copy may work until the
    /// store learns of the end.
    async fn nobody_is_there(&mut self) {
        self.expect(!self.person.browser.has_session(), "the cookie is still there");
        let begun = Instant::now();
        loop {
            let page = self.copy.get("/account").await;
            if page.status == 303 && page.location.starts_with("/login") {
                return;
            }
            if begun.elapsed() > UNTIL_ALL_IS_WELL {
                return self.expect(false, "a copy of the cookie lives on");
            }
            pause(COME_BACK_AFTER).await;
        }
    }

    async fn password_is(&self, world: &World, password: &str) -> Option<String> {
        let _turn = world.hashes.acquire().await.unwrap();
        world.upstream.sign_in(&self.person.email, password).await
    }

    /// The person is signed in, if necessary after a second try.
    async fn signed_in(&mut self, world: &World, told: Told) {
        if told == Told::Unclear {
            self.expect(!self.person.browser.has_session(), "a session without a sign-in");
            let _turn = world.hashes.acquire().await.unwrap();
            let form = sign_in_form(&self.person.email, OLD_PASSWORD);
            self.answer = self.person.browser.post("/api/sign-in", &form).await;
            self.expect(self.answer.location == "/", "trying again does not help");
        }
        self.session_is_there().await;
    }

    /// A link works once. If the answer was lost after that, the sign-in form is shown and says so.
    async fn signed_in_with_link(&mut self, told: Told) {
        if told == Told::Unclear {
            self.expect(self.answer.body.contains("Continue as"), "the link is not there to be tried again");
            self.answer = self.person.browser.post("/api/sign-in-with-token", "action=password").await;
            if self.answer.location == "/login" {
                self.answer = self.person.browser.get("/login").await;
                let says = self.answer.body.contains("Auto login failed, please login manually.");
                return self.expect(says, "a link that is used up does not say so");
            }
        }
        self.session_is_there().await;
    }

    /// The account exists with its password, or it does not exist and its address is free.
    async fn registered(&mut self, world: &World, told: Told) {
        let exists = self.password_is(world, OLD_PASSWORD).await.is_some();
        self.expect(exists || told != Told::Done, "an account was promised that there is not");
        if exists && self.person.browser.has_session() {
            return self.session_is_there().await;
        }
        if !exists {
            let _turn = world.hashes.acquire().await.unwrap();
            let status = world.upstream.register(&self.person.email, OLD_PASSWORD).await;
            self.expect(status == 201, "half an account is in the way");
        }
    }

    /// A link without a decision works at the next try.
    async fn verified(&mut self) {
        if !self.answer.body.contains("Success!") {
            self.person.browser.post("/api/verify-email", "").await;
            self.answer = self.person.browser.get("/email-verification").await;
            self.expect(self.answer.body.contains("Success!"), "trying again does not help");
        }
    }

    /// The address is taken back, and its password does not work. If the answer was lost after that, the link is used
    /// up, and the page says so.
    async fn restored(&mut self, world: &World, told: Told) {
        if told == Told::Unclear {
            self.expect(self.answer.body.contains("Take it back"), "the link is not there to be tried again");
            self.person.browser.post("/api/restore-address", "").await;
            self.answer = self.person.browser.get("/restore-address").await;
            let page = &self.answer.body;
            let says = page.contains("Success!") || page.contains("was taken back already");
            self.expect(says, "trying again does not help");
        }
        self.expect(self.password_is(world, OLD_PASSWORD).await.is_none(), "a password from before works");
        let link = world.upstream.link(&self.person.email, "/login").await;
        self.expect(link.contains("action=password"), "there is no way to a new password");
    }

    /// Exactly one password works, the old or the new one, and the new address belongs to the new password.
    async fn changed(&mut self, world: &World, told: Told, email: Option<String>) {
        let old = self.password_is(world, OLD_PASSWORD).await;
        let new = self.password_is(world, NEW_PASSWORD).await;
        self.expect(old.is_some() != new.is_some(), "not exactly one password works");
        self.expect(told != Told::Done || new.is_some(), "a password was promised that does not work");
        if let (Some(email), Some(token)) = (email, old.as_ref().or(new.as_ref())) {
            let waits = world.upstream.unverified_email(token).await == Some(email);
            self.expect(waits == new.is_some(), "half of it was done");
        }
        self.session_is_there().await;
    }

    /// The account and its session exist, or neither does.
    async fn deleted(&mut self, world: &World, told: Told) {
        let exists = self.password_is(world, OLD_PASSWORD).await.is_some();
        self.expect(told != Told::Done || !exists, "the account is still there");
        if exists {
            return self.session_is_there().await;
        }
        let begun = Instant::now();
        loop {
            let page = self.copy.get("/account").await;
            if page.status == 303 {
                return;
            }
            if begun.elapsed() > UNTIL_ALL_IS_WELL {
                return self.expect(false, "a session lives on without its account");
            }
            pause(COME_BACK_AFTER).await;
        }
    }
}

/// Repeats the request for as long as the answer is a 503.
pub(crate) async fn until_served(browser: &mut Browser) -> Answer {
    let begun = Instant::now();
    loop {
        let page = browser.get("/account").await;
        if page.status != 503 || begun.elapsed() > UNTIL_ALL_IS_WELL {
            return page;
        }
        pause(COME_BACK_AFTER).await;
    }
}
