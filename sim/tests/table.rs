//! The table of lost sessions, run as the command does it, with few faults.

use sim::table::table;

/// The table with all numbers alike.
fn shape(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| {
        let mut shape = String::new();
        for character in line.chars() {
            match (character.is_ascii_digit(), shape.ends_with('#')) {
                (true, true) => {}
                (true, false) => shape.push('#'),
                (false, _) => shape.push(character),
            }
        }
        shape
    });
    lines.collect()
}

#[test]
fn the_documented_table_has_the_shape_that_the_command_prints() {
    let documented = include_str!("../../docs/providers/losses.md");
    assert_eq!(shape(documented), shape(&table(17, 1, 2).to_string()));
}

#[test]
fn nothing_is_lost_where_the_back_end_leaves_a_way() {
    assert_eq!(table(3, 4, 2).unexplained(), [""; 0]);
}

#[test]
fn a_seed_gives_the_same_table_again() {
    assert_eq!(table(5, 2, 1), table(5, 2, 2));
}
