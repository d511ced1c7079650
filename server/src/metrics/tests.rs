use super::*;

#[test]
fn every_metric_is_in_the_handbook_and_no_other() {
    let handbook = include_str!("../../../docs/operations.md");
    let mut listed: Vec<&str> = handbook
        .lines()
        .filter(|line| {
            [" counter ", " gauge ", " histogram "].contains(&line.split('|').nth(2).unwrap_or_default())
        })
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next()?.split('{').next())
        .collect();
    let mut known: Vec<&str> = ALL.iter().map(|(name, ..)| *name).collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
}

#[test]
fn a_refresh_is_counted_by_how_it_ended() {
    let outcomes = [Event::Refreshed, Event::Rejected, Event::NotSent, Event::InDoubt].map(refresh_outcome);
    assert_eq!(outcomes, ["rotated", "rejected", "not_sent", "in_doubt"].map(Some));
    assert_eq!(refresh_outcome(Event::Joined), None);
}
