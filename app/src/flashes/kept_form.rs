//! Refused forms: what was typed into them, except passwords, and what was wrong with it.

use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{FlashKind, Payload, PayloadError, Worth};

use crate::validation::{FieldProblem, FieldProblems};

/// Cleared when the form shows it. Half an hour is enough to sign in again in between.
pub(crate) const KEPT_FORMS: FlashKind<KeptForms> =
    FlashKind::new("ironleaf-fields", Duration::from_mins(30)).worth(Worth::Typed);

/// They share the space for cookies with the session.
const MAX_BYTES: usize = 1024;

/// The person who was signed in last in this browser, so that the next person does not see what the previous one typed.
/// Kept for as long as a session can last.
pub(crate) const PERSON: FlashKind<Person> =
    FlashKind::new("ironleaf-person", Duration::from_hours(30 * 24)).worth(Worth::Protection);

/// The identifier that the core API gave to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person(pub(crate) String);

impl Payload for Person {
    fn encode(&self, out: &mut Encoder) {
        out.str(&self.0);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self(input.str()?.to_owned()))
    }
}

/// What one form shows again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeptForm {
    /// The path of the form's page. Other pages do not show it.
    page: String,
    values: Vec<(String, String)>,
    problems: Vec<(String, FieldProblem)>,
}

impl KeptForm {
    pub(crate) fn new(page: &str, values: &[(&'static str, String)], problems: &FieldProblems) -> Self {
        let owned = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        Self {
            page: page.to_owned(),
            values: values.iter().map(owned).collect(),
            problems: problems.iter().map(|(name, problem)| ((*name).to_owned(), *problem)).collect(),
        }
    }

    /// The kept value and problem of one field.
    pub(crate) fn field(&self, name: &'static str) -> KeptField {
        let value = self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let at = self.problems.iter().position(|(known, _)| known == name);
        let problem = at.map(|at| self.problems[at].1);
        KeptField { state: FieldState { name, problem, is_first_problem: at == Some(0) }, value }
    }

    /// Whether there is nothing to show again.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.problems.is_empty()
    }

    pub(crate) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    pub(crate) fn without_values(&self) -> Self {
        Self { values: Vec::new(), ..self.clone() }
    }

    fn bytes(&self) -> usize {
        self.page.len() + self.values.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
    }
}

/// One field of a form, with what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptField {
    pub(crate) state: FieldState,
    pub(crate) value: Option<String>,
}

/// What every kind of field shows, whatever was typed into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FieldState {
    pub(crate) name: &'static str,
    pub(crate) problem: Option<FieldProblem>,
    /// Whether this field gets the focus, for people who cannot see what changed.
    pub(crate) is_first_problem: bool,
}

/// The kept forms of one browser. A failed sign-in in between does not remove what was typed elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeptForms(Vec<KeptForm>);

impl KeptForms {
    /// Replaces an earlier form of the same page. If there is too little space, the oldest are dropped. A form that is
    /// too large on its own loses its longest values, until the rest fits.
    pub(crate) fn keep(&mut self, mut form: KeptForm) {
        self.0.retain(|known| known.page != form.page);
        while form.bytes() > MAX_BYTES && !form.values.is_empty() {
            let longest =
                (0..form.values.len()).max_by_key(|at| form.values[*at].1.len()).unwrap_or_default();
            form.values.remove(longest);
        }
        self.0.push(form);
        while self.0.len() > 1 && self.0.iter().map(KeptForm::bytes).sum::<usize>() > MAX_BYTES {
            self.0.remove(0);
        }
    }

    pub(crate) fn take(&mut self, page: &str) -> Option<KeptForm> {
        let at = self.0.iter().position(|form| form.page == page)?;
        Some(self.0.remove(at))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Payload for KeptForms {
    fn encode(&self, out: &mut Encoder) {
        out.varint(self.0.len() as u64);
        for form in &self.0 {
            out.str(&form.page);
            out.varint(form.values.len() as u64);
            for (name, value) in &form.values {
                out.str(name);
                out.str(value);
            }
            out.varint(form.problems.len() as u64);
            for (name, problem) in &form.problems {
                out.str(name);
                out.varint(problem.number());
            }
        }
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let mut forms = Vec::new();
        for _ in 0..input.varint()? {
            let page = input.str()?.to_owned();
            let mut values = Vec::new();
            for _ in 0..input.varint()? {
                values.push((input.str()?.to_owned(), input.str()?.to_owned()));
            }
            let mut problems = Vec::new();
            for _ in 0..input.varint()? {
                let name = input.str()?.to_owned();
                // A problem that this version does not know is not shown. What was typed is still shown.
                problems.extend(FieldProblem::from_number(input.varint()?).map(|problem| (name, problem)));
            }
            forms.push(KeptForm { page, values, problems });
        }
        Ok(Self(forms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(page: &str, email: &str) -> KeptForm {
        KeptForm::new(page, &[("email", email.to_owned())], &vec![("email", FieldProblem::InvalidEmail)])
    }

    #[test]
    fn forms_arrive_as_they_left() {
        let mut forms = KeptForms::default();
        forms.keep(form("/account", "ada"));
        forms.keep(form("/login", "bob"));
        let mut out = Encoder::new();
        forms.encode(&mut out);
        let bytes = out.finish();
        let mut input = Decoder::new(&bytes);
        let mut arrived = KeptForms::decode(1, &mut input).unwrap();
        input.finish().unwrap();
        assert_eq!(arrived, forms);
        let account = arrived.take("/account").unwrap();
        let problem = Some(FieldProblem::InvalidEmail);
        let state = FieldState { name: "email", problem, is_first_problem: true };
        assert_eq!(account.field("email"), KeptField { state, value: Some("ada".to_owned()) });
        let state = FieldState { name: "password", problem: None, is_first_problem: false };
        let untouched = KeptField { state, value: None };
        assert_eq!(account.field("password"), untouched);
        assert_eq!(arrived.take("/account"), None);
        assert!(arrived.take("/login").is_some() && arrived.is_empty());
    }

    #[test]
    fn a_form_takes_the_place_of_its_own_page_only() {
        let mut forms = KeptForms::default();
        forms.keep(form("/login", "ada"));
        forms.keep(form("/account", "bob"));
        forms.keep(form("/login", "eve"));
        assert_eq!(forms.take("/login").unwrap().field("email").value.as_deref(), Some("eve"));
        assert_eq!(forms.take("/account").unwrap().field("email").value.as_deref(), Some("bob"));
    }

    #[test]
    fn what_does_not_fit_goes_from_the_oldest_on() {
        let mut forms = KeptForms::default();
        forms.keep(form("/a", &"x".repeat(600)));
        forms.keep(form("/b", &"y".repeat(600)));
        assert!(forms.take("/a").is_none() && forms.take("/b").is_some());
        forms.keep(form("/c", &"z".repeat(5000)));
        let field = forms.take("/c").unwrap().field("email");
        assert_eq!((field.value, field.state.problem), (None, Some(FieldProblem::InvalidEmail)));
    }

    #[test]
    fn of_a_form_that_is_too_large_the_longest_values_go_first() {
        let (short, long) = ("s".repeat(100), "ä".repeat(400));
        let values =
            [("first", short.clone()), ("text", long.clone()), ("more", long.clone()), ("last", short)];
        let mut forms = KeptForms::default();
        forms.keep(KeptForm::new("/a", &values, &Vec::new()));
        let form = forms.take("/a").unwrap();
        let kept =
            ["first", "text", "more", "last"].map(|name| form.field(name).value.map(|value| value.len()));
        assert_eq!(kept.iter().flatten().sum::<usize>(), 1000);
        assert_eq!((kept[0], kept[3]), (Some(100), Some(100)));
    }
}
