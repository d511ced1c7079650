use std::path::Path;

use tempfile::NamedTempFile;

use super::{PRODUCTION, load, problems};

fn file(content: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().unwrap()
}

#[test]
fn a_list_of_breached_passwords_is_named_in_the_description() {
    let list = file("E38AD214943DAAD1D64C102FAEC29DE4AFE9DA3D:2413945\r\n");
    let config = load(&[("PASSWORD_BLOCKLIST", path(&list))]).unwrap();
    assert_eq!(config.password_policy.blocklist.as_ref().unwrap().path(), Path::new(path(&list)));
    assert!(config.describe().contains(&format!("PASSWORD_BLOCKLIST={}\n", path(&list))));
    assert!(load(&[]).unwrap().describe().contains("PASSWORD_BLOCKLIST=(none)\n"));
}

#[test]
fn a_list_that_cannot_be_used_is_a_problem_of_its_setting() {
    let in_clear = file("123456\npassword\n");
    for (path, said) in [
        ("/nonexistent/pwned.txt", "No such file"),
        (path(&in_clear), "the line at byte 0 is not a SHA-1 hash"),
        (path(&file("")), "it is empty"),
        ("/", "cannot be used"),
    ] {
        let text = problems(&[("PASSWORD_BLOCKLIST", path)]);
        assert!(text.contains(&format!("PASSWORD_BLOCKLIST names {path}")) && text.contains(said), "{text}");
    }
}

#[test]
fn production_refuses_what_is_easy_to_guess_unless_it_is_told_otherwise() {
    let strength =
        |settings: &[(&str, &str)]| load(settings).unwrap().password_policy.min_strength.to_string();
    assert_eq!((strength(&[]), strength(&PRODUCTION)), ("0".to_owned(), "2".to_owned()));
    assert_eq!(strength(&[("PASSWORD_MIN_STRENGTH", "3")]), "3");
    let lax: Vec<_> = PRODUCTION.into_iter().chain([("PASSWORD_MIN_STRENGTH", "0")]).collect();
    assert_eq!(strength(&lax), "0");
    for value in ["5", "strong", "-1"] {
        let text = problems(&[("PASSWORD_MIN_STRENGTH", value)]);
        assert!(
            text.contains(&format!("PASSWORD_MIN_STRENGTH is `{value}`: it must be a number from 0")),
            "{text}"
        );
    }
}

#[test]
fn the_name_of_the_application_is_expected_in_passwords() {
    let config = load(&[("APP_NAME", "Larkspur")]).unwrap();
    assert_eq!(config.password_policy.expected_words, ["Larkspur"]);
}
