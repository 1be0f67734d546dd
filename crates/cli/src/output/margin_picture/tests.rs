//! Exact pictures, of decisions on hand-made evidence.

use super::{picture, picture_in};
use crate::output::layout::Layout;
use crate::testing::{decision, matrix};

const ROWS: &str = r#"
[[row]]
id = "rtt-target"
when = "P99 < 12us"
then = "no action"
else = "act"
[[row]]
id = "scale"
when = "dataset > 50MB"
then = "revisit"
else = "defer"
[[row]]
id = "share"
when = "headroom.exec >= 5%"
then = "act"
"#;

fn drawn(rows: &str, trials: &[&str]) -> String {
    let trials: Vec<String> = trials.iter().map(|&trial| trial.to_owned()).collect();
    picture(&decision(&matrix(rows), &trials))
}

fn one(when: &str, trials: &[&str]) -> String {
    drawn(&format!("[[row]]\nid = \"a\"\nwhen = \"{when}\"\nthen = \"act\"\n"), trials)
}

#[test]
fn every_row_has_its_own_scale() {
    let trial = |n: u32| {
        let share = [40, 49, 44, 52, 46][n as usize % 5];
        format!("P99={}us dataset=1.8MB headroom.exec=0.0{share}", 30 + n * 7 % 20)
    };
    let trials: Vec<String> = (0..22).map(trial).collect();
    let text = picture(&decision(&matrix(ROWS), &trials));
    assert_eq!(
        text,
        "\
each row to its own scale: ● median, ├─┤ its interval, · all trials, │ limit
rtt-target 12.0 us │                   ···├──────●───────┤··· 49.0 us  │ 12.0 us
scale      1.80 MB ●                                        │ 50.0 MB  │ 50.0 MB
share       4.00 % ├───────────────────●──────────┤··│······· 5.20 %   │ 5.00 %
"
    );
}

#[test]
fn the_limit_may_lie_among_the_readings() {
    let trials = ["P99=9us", "P99=10us", "P99=14us", "P99=16us"];
    assert_eq!(
        one("P99 < 12us", &trials),
        "\
each row to its own scale: ● median, ├─┤ its interval, · all trials, │ limit
a 9.00 us ·······●·············│····························· 16.0 us  │ 12.0 us
"
    );
}

#[test]
fn a_reading_at_its_limit_is_one_mark_with_its_meaning() {
    assert_eq!(
        one("P99 < 12us", &["P99=12us"; 9]),
        "\
each row to its own scale: ● median, ├─┤ its interval, · all trials, │ limit
◆ is a median at its limit, as far as the picture can show
a 12.0 us                          ◆                          12.0 us  │ 12.0 us
"
    );
}

#[test]
fn rows_without_numbers_say_so() {
    assert_eq!(
        one("allocator == 'libc'", &["allocator=jemalloc-5.3.0"]),
        "a memory.allocator is jemalloc-5.3.0, not a number\n"
    );
    assert_eq!(one("floor.p99 < 5us", &["P99=12us"]), "a no reading of floor.p99: not measured\n");
    assert_eq!(
        one("P99 < 12us and floor.p99 < 5us", &["P99=11us"]),
        "a no reading of floor.p99: not measured\n"
    );
    assert_eq!(
        one("server.keys != 5 or server.keys == 5", &["server.keys=7"]),
        "a no change of what is measured flips it\n"
    );
    assert_eq!(one("server.version >= 7.2", &[]), "a no reading of server.version: not measured\n");
}

#[test]
fn a_row_that_has_no_say_shows_how_far_its_given_is() {
    let row = "[[row]]\nid = \"a\"\nwhen = \"frag > 1.5\"\ngiven = \"dataset >= 10MB\"\n\
        then = \"act\"\n";
    assert_eq!(
        drawn(row, &["dataset=1MB frag=8"]),
        "\
each row to its own scale: ● median, ├─┤ its interval, · all trials, │ limit
a 1.00 MB ●                                                 │ 10.0 MB  │ 10.0 MB
"
    );
}

#[test]
fn long_names_and_figures_are_cut_and_the_line_still_fits() {
    let row = "[[row]]\nid = \"a-name-that-is-longer-than-its-column\"\n\
        when = \"server.keys < 12345678901234567\"\nthen = \"act\"\n";
    let text = drawn(row, &["server.keys=12345678901234999"]);
    assert_eq!(
        text,
        "\
each row to its own scale: ● median, ├─┤ its interval, · all trials, │ limit
a-name-that-is-lo… 123456789012… │              ● 123456789012…  │ 123456789012…
"
    );
    let long = format!("allocator={}", "x".repeat(300));
    let text = one("allocator == 'libc'", &[&long]);
    assert_eq!(text.lines().map(|line| line.chars().count()).max(), Some(80), "{text}");
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    for micros in [1_u64, 11, 12, 13, 500, 40_000_000, 86_400_000_000] {
        let trials: Vec<String> = (0..12_u64)
            .map(|n| {
                let p99 = micros * (100 + n) / 100;
                format!("P99={p99}us dataset={n}B headroom.exec=0.{n}%")
            })
            .collect();
        let text = picture(&decision(&matrix(ROWS), &trials));
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{text}");
    }
}

#[test]
fn a_margin_of_several_metrics_counts_the_others() {
    assert_eq!(
        one("frag > 1.5 and dataset >= 10MB", &["frag=1.1 dataset=1MB"]),
        "\
each row to its own scale: ● median, ├─┤ its interval, · all trials, │ limit
+1: so many other metrics would have to reach their limits as well
a 1.00 MB ●                                              │ 10.0 MB  │ 10.0 MB +1
"
    );
}

#[test]
fn where_its_lines_do_not_fit_there_is_no_picture() {
    let decision = decision(&matrix(ROWS), &["P99=9us dataset=1B headroom.exec=1%".to_owned()]);
    let whole = picture(&decision);
    assert_eq!(picture_in(Layout::endless(), &decision), whole);
    assert_eq!(picture_in(Layout::of(80), &decision), whole);
    assert_eq!(picture_in(Layout::of(40), &decision), "");
}
