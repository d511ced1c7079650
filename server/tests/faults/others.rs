//! The other sessions of a person who has set a new password. They must be over, whatever the fault was.

use tokio::time::Instant;

use crate::browser::Browser;
use crate::figures::Figures;
use crate::pause;
use crate::trial::{Errand, Trial};
use crate::truth::{COME_BACK_AFTER, UNTIL_ALL_IS_WELL};

const SETS_A_PASSWORD: &str = "/api/set-password";

/// For each new password, the address and a browser with the cookies from before.
pub(crate) struct Others(Vec<(String, Browser)>);

impl Others {
    pub(crate) fn of(trials: &[Trial]) -> Self {
        let has_set = |trial: &&Trial| {
            matches!(trial.errand, Errand::Form(form) if form.path == SETS_A_PASSWORD)
                && (trial.answer.status, &trial.answer.location[..]) == (303, "/")
        };
        let others = trials.iter().filter(has_set);
        Self(others.map(|trial| (trial.person.email.clone(), trial.copy.clone())).collect())
    }

    pub(crate) fn is_somebody(&self) -> bool {
        !self.0.is_empty()
    }

    pub(crate) async fn are_over(self, figures: &mut Figures) {
        for (email, mut browser) in self.0 {
            let begun = Instant::now();
            loop {
                figures.requests += 1;
                let page = browser.get("/account").await;
                if page.status == 303 && page.location.starts_with("/login") {
                    break;
                }
                if begun.elapsed() > UNTIL_ALL_IS_WELL {
                    figures.wrong.push(format!("{email}: another session lives on after a new password"));
                    break;
                }
                pause(COME_BACK_AFTER).await;
            }
        }
    }
}
