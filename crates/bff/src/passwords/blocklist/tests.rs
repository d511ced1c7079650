use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use tempfile::NamedTempFile;

use super::*;

const PASSWORD1: &str = "E38AD214943DAAD1D64C102FAEC29DE4AFE9DA3D";

fn file(content: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

/// A line for each of these numbers. `end` is behind the hash.
fn lines(numbers: impl IntoIterator<Item = u64>, end: &str) -> String {
    numbers.into_iter().fold(String::new(), |mut lines, number| {
        write!(lines, "{number:016X}{:024X}{end}", 0).unwrap();
        lines
    })
}

fn hash_of(number: u64) -> Hash {
    let mut hash = [0; HASH_BYTES];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    hash
}

fn problem(content: &str) -> String {
    Blocklist::open(file(content).path()).unwrap_err().to_string()
}

#[test]
fn a_password_is_found_by_its_hash() {
    assert_eq!(hex::encode_upper(hash("password1")), PASSWORD1);
    for end in ["\r\n", "\n", ":2413945\r\n", ""] {
        let file = file(&format!("{PASSWORD1}{end}"));
        let blocklist = Blocklist::open(file.path()).unwrap();
        assert!(blocklist.contains(&hash("password1")).unwrap(), "{end:?}");
        assert!(!blocklist.contains(&hash("password2")).unwrap(), "{end:?}");
    }
}

#[test]
fn each_line_of_a_large_file_is_found_and_nothing_between_them() {
    let numbers = || (1..20_000).map(|number| number << 32);
    let file = file(&lines(numbers(), ":1\r\n"));
    assert!(file.path().metadata().unwrap().len() > SMALL_BYTES);
    let blocklist = Blocklist::open(file.path()).unwrap();
    for number in numbers().step_by(7).chain([1 << 32, 19_999 << 32]) {
        assert!(blocklist.contains(&hash_of(number)).unwrap(), "{number}");
        for other in [number - 1, number + 1] {
            assert!(!blocklist.contains(&hash_of(other)).unwrap(), "{other}");
        }
    }
    for outside in [0, u64::MAX] {
        assert!(!blocklist.contains(&hash_of(outside)).unwrap());
    }
}

#[test]
fn what_is_not_such_a_list_is_refused_with_the_place() {
    assert_eq!(problem(""), "it is empty");
    let hash = "the line at byte 0 is not a SHA-1 hash";
    for content in [
        "password1\n",
        "E38AD214943DAAD1D64C102FAEC29DE4\n",
        "E38AD214943DAAD1D64C102FAEC29DE4AFE9DA3D:\n",
        "E38AD214943DAAD1D64C102FAEC29DE4AFE9DA3D:many\n",
        "E38AD214943DAAD1D64C102FAEC29DE4AFE9DA3DE38A\n",
        "G38AD214943DAAD1D64C102FAEC29DE4AFE9DA3D\n",
        "\n",
    ] {
        assert!(problem(content).starts_with(hash), "{content}");
    }
    let cut_off = lines(1..9, "\n") + "00000000";
    assert!(problem(&cut_off).starts_with("the line at byte 328 is not"), "{}", problem(&cut_off));
    for out_of_order in [lines([1, 3, 2, 4], "\n"), lines([1, 2, 2, 4], "\n")] {
        assert!(problem(&out_of_order).starts_with("the line at byte 82 is out of order"), "{out_of_order}");
    }
    let by_count = lines((0..20_000).map(|number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15)), ":1\n");
    assert!(problem(&by_count).contains("is out of order"));
    assert!(problem(&"7".repeat(1_000_000)).contains("is not a SHA-1 hash"));
}

#[test]
fn a_file_that_is_gone_is_not_an_empty_one() {
    let gone = Path::new("/nonexistent/pwned-passwords.txt");
    assert!(matches!(Blocklist::open(gone), Err(BlocklistError::Unreadable(_))));
    let file = file(&lines(1..9, "\n"));
    let blocklist = Blocklist::open(file.path()).unwrap();
    file.close().unwrap();
    assert!(matches!(blocklist.contains(&hash_of(1)), Err(BlocklistError::Unreadable(_))));
}

#[test]
fn a_file_that_took_its_place_counts_at_once() {
    let file = file(&lines(1..9, "\n"));
    let blocklist = Blocklist::open(file.path()).unwrap();
    assert!(!blocklist.contains(&hash_of(100)).unwrap());
    let newer = NamedTempFile::new_in(file.path().parent().unwrap()).unwrap();
    std::fs::write(newer.path(), lines(50..150, "\n")).unwrap();
    newer.persist(file.path()).unwrap();
    assert!(blocklist.contains(&hash_of(100)).unwrap());
}

proptest! {
    #[test]
    fn whatever_is_in_the_file_a_look_up_ends(
        content in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'0'), Just(b'F'), any::<u8>()], 0..400),
        number in any::<u64>(),
    ) {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        if let Ok(mut lines) = Lines::open(file.path()) {
            let _ = (lines.check(), lines.find(&hash_of(number)));
        }
    }

    #[test]
    fn what_is_in_the_list_is_found_and_nothing_else(
        numbers in proptest::collection::btree_set(any::<u64>(), 1..200),
        other in any::<u64>(),
        end in prop_oneof![Just("\n"), Just("\r\n"), Just(":7\r\n"), Just(":18446744073709551615\n")],
    ) {
        let file = file(&lines(numbers.iter().copied(), end));
        let blocklist = Blocklist::open(file.path()).unwrap();
        for number in &numbers {
            prop_assert!(blocklist.contains(&hash_of(*number)).unwrap());
        }
        prop_assert_eq!(blocklist.contains(&hash_of(other)).unwrap(), numbers.contains(&other));
    }
}
