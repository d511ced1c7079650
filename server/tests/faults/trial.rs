//! One errand of one person under one fault. It has three steps: it is prepared without the fault, done under the
//! fault, and judged after the fault.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::browser::{Answer, Browser};
use crate::figures::Figures;
use crate::forms::Form;
use crate::survey::survey;
use crate::world::{Person, World};

/// A page allows its calls two and a half seconds in total, and the store a second to read the session. The rest is for
/// a slow machine. `http/faulty_refresh.rs` tests the deadline itself, with a clock that stands still.
const PAGE_LIMIT: Duration = Duration::from_secs(15);

/// A form allows its calls ten seconds in total, plus the time for the store.
pub(crate) const FORM_LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy)]
pub(crate) enum Errand {
    /// Opens every page.
    Pages,
    /// Opens the page that calls the core API.
    Account,
    Form(&'static Form),
}

pub(crate) struct Trial {
    pub(crate) errand: Errand,
    pub(crate) person: Person,
    /// The browser before the errand, with a copy of its cookies.
    pub(crate) copy: Browser,
    pub(crate) answer: Answer,
    pub(crate) figures: Figures,
    fault: &'static str,
    /// Whether the store may be unable to say if the session was ended, while the access token has expired.
    pub(crate) is_unchecked: bool,
}

impl Trial {
    pub(crate) async fn prepare(world: &World, errand: Errand, fault: &'static str) -> Self {
        let person = match errand {
            Errand::Pages => world.administrator().await,
            Errand::Account => world.signed_in().await,
            Errand::Form(form) => form.sender(world).await,
        };
        let (copy, answer, figures) = (person.browser.clone(), Answer::default(), Figures::default());
        Self { errand, person, copy, answer, figures, fault, is_unchecked: false }
    }

    pub(crate) async fn act(&mut self) {
        match self.errand {
            Errand::Pages => {
                for page in &survey().pages {
                    self.open(&page.path).await;
                }
            }
            Errand::Account => self.open("/account").await,
            Errand::Form(form) => self.send(form).await,
        }
    }

    pub(crate) async fn open(&mut self, path: &str) {
        let page = survey().pages.iter().find(|page| page.path == path).unwrap();
        let mut stranger = self.person.browser.stranger();
        let browser = if page.is_for_strangers { &mut stranger } else { &mut self.person.browser };
        let answer = browser.get(&page.path).await;
        self.figures.requests += 1;
        self.figures.slowest_page = self.figures.slowest_page.max(answer.took);
        let is_right = match answer.status {
            200 if page.path == "/account" => answer.body.contains(&self.person.email),
            200 => true,
            404 => page.status == 404,
            503 if page.calls_core_api || (self.is_unchecked && page.needs_session) => {
                self.figures.unavailable += 1;
                answer.says_when
            }
            _ => false,
        };
        if !is_right || answer.took > PAGE_LIMIT {
            self.wrong(&page.path, &answer, "is no right answer in time");
        }
    }

    async fn send(&mut self, form: &Form) {
        let answer = self.person.browser.post(form.path, &form.fields(&self.person)).await;
        self.figures.requests += 1;
        self.figures.slowest_form = answer.took;
        let is_right = match answer.status {
            429 | 503 => answer.says_when && form.path != "/api/sign-out",
            _ => form.is_answered_by(&answer),
        };
        if !is_right || answer.took > FORM_LIMIT {
            self.wrong(form.path, &answer, "is no right answer in time");
        }
        self.answer = answer;
    }

    pub(crate) fn wrong(&mut self, what: &str, answer: &Answer, why: &str) {
        let Answer { status, location, body, took, .. } = answer;
        let body = if *status == 0 { &body[..] } else { "" };
        self.figures.wrong.push(format!(
            "{what}, {}, {}: {status} {location}{body} after {} ms: {why}",
            self.fault,
            self.person.email,
            took.as_millis()
        ));
    }
}

pub(crate) fn every_errand() -> impl Iterator<Item = Errand> {
    survey().forms.iter().map(Errand::Form).chain([Errand::Pages])
}

/// Prepares all errands, each for another person.
pub(crate) async fn prepare_all(
    world: &Arc<World>,
    errands: impl Iterator<Item = Errand>,
    fault: &'static str,
) -> Vec<Trial> {
    let mut trials = JoinSet::new();
    for errand in errands {
        let world = Arc::clone(world);
        trials.spawn(async move { Trial::prepare(&world, errand, fault).await });
    }
    trials.join_all().await
}

/// Does all errands at the same time.
pub(crate) async fn act_all(trials: Vec<Trial>) -> Vec<Trial> {
    let mut acting = JoinSet::new();
    for mut trial in trials {
        acting.spawn(async move {
            trial.act().await;
            trial
        });
    }
    acting.join_all().await
}

pub(crate) async fn judge_all(world: &Arc<World>, trials: Vec<Trial>) -> Figures {
    world.wire.all_settled().await;
    let mut judging = JoinSet::new();
    for mut trial in trials {
        let world = Arc::clone(world);
        judging.spawn(async move {
            trial.judge(&world).await;
            trial.figures
        });
    }
    let mut together = Figures::default();
    for figures in judging.join_all().await {
        together.add(figures);
    }
    together
}
