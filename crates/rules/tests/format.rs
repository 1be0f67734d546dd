//! `fmt`: one layout, with every comment kept and nothing changed in meaning.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{ALLOCATOR, PHASE_3A, source};
use phasegate_rules::{FileKind, FormatError, format};
use proptest::prelude::*;

const MATRIX_MD: &str = include_str!("../../../docs/MATRIX.md");
const PLAN_MD: &str = include_str!("../../../docs/PLAN.md");
const README: &str = include_str!("../../../README.md");

fn formatted(text: &str, kind: FileKind) -> String {
    format(&source(text), kind).unwrap_or_else(|error| panic!("{error:?}: {text}"))
}

fn matrix(text: &str) -> String {
    formatted(text, FileKind::Matrix)
}

fn kind_of(text: &str) -> FileKind {
    if text.contains("[phase]") { FileKind::Plan } else { FileKind::Matrix }
}

#[test]
fn the_shipped_files_and_the_documented_ones_are_formatted() {
    let examples =
        [MATRIX_MD, PLAN_MD, README].into_iter().flat_map(|page| page.split("```toml\n").skip(1));
    let examples = examples.filter_map(|part| part.split_once("```")).map(|(text, _)| text);
    let mut seen = 0;
    for text in examples.filter(|text| text.starts_with("schema")).chain([ALLOCATOR, PHASE_3A]) {
        assert_eq!(formatted(text, kind_of(text)), text);
        seen += 1;
    }
    assert_eq!(seen, 6);
}

#[test]
fn tables_and_keys_come_in_their_order_with_their_comments() {
    let text = r#"
# of the file

# of the rules
rules = [ # beside the bracket
  "P99<12us->no action" # behind, before the comma
  ,
    # on its own
  'dataset > 50MB  →  revisit allocator', # behind the second
  # at the end
]
# of the schema
schema=1 # one

  # of the test
[[test]]
expect = {scale="defer",outcome   =  "skip"   }
name="t"
given.rtt.p99 = "9us"
[ matrix ] # of the header


# of the title

title='t'



default = "skip"
id = "m"
[[ row ]]
then="act"
# why
why="w"
id="scale"
when="dataset > 50MB"
else = "defer"
# the end
"#;
    assert_eq!(
        matrix(text),
        "\
# of the file

# of the schema
schema = 1 # one
# of the rules
rules = [
  # beside the bracket
  \"P99<12us → no action\", # behind, before the comma
  # on its own
  \"dataset > 50MB → revisit allocator\", # behind the second
  # at the end
]

[matrix] # of the header
id = \"m\"

# of the title

title = 't'

default = \"skip\"

[[row]]
id = \"scale\"
when = \"dataset > 50MB\"
then = \"act\"
else = \"defer\"
# why
why = \"w\"

# of the test
[[test]]
name = \"t\"
given.rtt.p99 = \"9us\"
expect = { scale = \"defer\", outcome = \"skip\" }

# the end
"
    );
}

#[test]
fn a_plan_has_its_order_too() {
    let text = r#"#:schema x.json
[[next_option]]
recommended = true
title = "a"
[phase]
next.open = "5"
matrix = "m.toml"
next.closed = "4"
lessons = ["a lesson that is long enough", "another lesson that is long enough", "a third one that isn't"]
deliverables = [
  "one",
  "two"
]
subject = "s"
title = "t"
id = "3A"
[measure.dataset]
value = "1B"
size = "1MB"
[measure]
pinning = {client=1,server=0}
samples = 10_000
"#;
    let text = text.replace("[[next_option]]", "schema = 1\n[[next_option]]");
    assert_eq!(
        formatted(&text, FileKind::Plan),
        "\
#:schema x.json
schema = 1

[phase]
id = \"3A\"
title = \"t\"
subject = \"s\"
matrix = \"m.toml\"
next.closed = \"4\"
next.open = \"5\"
deliverables = [\"one\", \"two\"]
lessons = [
  \"a lesson that is long enough\",
  \"another lesson that is long enough\",
  \"a third one that isn't\",
]

[measure]
samples = 10_000
pinning = { server = 0, client = 1 }

[measure.dataset]
size = \"1MB\"
value = \"1B\"

[[next_option]]
title = \"a\"
recommended = true
"
    );
}

#[test]
fn comments_move_with_what_they_are_about() {
    let text = r#"schema = 1
matrix = { title = "t", # the title
  # the id
  id = "m" # the name
}
row = [ {then = "act", id="a", when = "frag > 1"}, {id="b", when="P99 < 1us", then="skip", why="very long"} ] # tail
"#;
    assert_eq!(
        matrix(text),
        "\
schema = 1
matrix = {
  # the id
  id = \"m\", # the name
  title = \"t\", # the title
}
row = [
  { id = \"a\", when = \"frag > 1\", then = \"act\" },
  { id = \"b\", when = \"P99 < 1us\", then = \"skip\", why = \"very long\" },
] # tail
"
    );
}

#[test]
fn windows_line_ends_and_a_missing_last_newline_are_mended() {
    let text = "schema = 1\r\n[matrix]\r\nid = 'm'\r\ntitle = 't'\r\n[[row]]\r\nid = 'a'\r\n\
        when = 'frag > 1'\r\nthen = '''\r\nact'''";
    assert_eq!(
        matrix(text),
        "\
schema = 1

[matrix]
id = 'm'
title = 't'

[[row]]
id = 'a'
when = 'frag > 1'
then = '''\r
act'''
"
    );
}

#[test]
fn a_file_with_problems_is_left_alone() {
    let problems = |text: &str| match format(&source(text), FileKind::Matrix) {
        Err(FormatError::Problems(problems)) => problems.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(problems("schema = "), 1);
    assert_eq!(problems("schema = 1\n[matrix]\nid = 'm'\ntitle = 't'\nspeed = 1\n"), 2);
}

/// Something between two tokens of one line.
fn space() -> impl Strategy<Value = String> {
    prop_oneof![Just(""), Just(" "), Just("   "), Just("\t")].prop_map(str::to_owned)
}

/// Something between two lines: blank lines and comments, `COMMENT` for a number.
fn between() -> impl Strategy<Value = String> {
    let line = prop_oneof![Just("\n"), Just("  # COMMENT\n"), Just("#COMMENT  \n"), Just("\t\n")];
    prop::collection::vec(line, 0..4).prop_map(|lines| lines.concat())
}

/// The end of a line.
fn ending() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just("\n"), 1 => Just("  # COMMENT\n"), 1 => Just("#COMMENT\n")]
        .prop_map(str::to_owned)
}

fn table(
    header: impl Into<String>,
    keys: Vec<(&'static str, String)>,
) -> impl Strategy<Value = String> {
    let header = header.into();
    let keys = Just(keys).prop_shuffle();
    let parts = prop::collection::vec((between(), space(), space(), ending()), 8);
    (keys, parts, between(), ending()).prop_map(move |(keys, parts, before, end)| {
        let lines = keys.iter().zip(&parts).map(|((key, value), (before, left, right, end))| {
            format!("{before}{key}{left}={right}{value}{end}")
        });
        let header = if header.is_empty() { String::new() } else { format!("{header}{end}") };
        format!("{before}{header}{}", lines.collect::<String>())
    })
}

fn rules() -> impl Strategy<Value = String> {
    let rule = prop_oneof![
        Just("\"P99 < 12us -> no action\""),
        Just("'dataset>50MB→revisit -> it'"),
        Just("'frag > 1.5 ->act: defragment what takes so much room that the line gets long'"),
    ];
    let rule = (between(), rule, ending(), ending())
        .prop_map(|(before, rule, end, after)| format!("{before}{rule}{end},{after}"));
    (prop::collection::vec(rule, 0..4), between())
        .prop_map(|(rules, end)| format!("[{}{end}]", rules.concat()))
}

fn messy_matrix() -> impl Strategy<Value = String> {
    let text = |text: &str| format!("'{text}'");
    let top = rules()
        .prop_flat_map(|rules| table("", vec![("schema", "1".to_owned()), ("rules", rules)]));
    let head = table(
        "[matrix]",
        vec![
            ("id", text("m")),
            ("title", "\"\"\"a\n#b\"\"\"".to_owned()),
            ("error_rate", text("5%")),
            ("hit_policy", text("first")),
        ],
    );
    let row = move |n: usize| {
        table(
            "[[row]]",
            vec![
                ("id", format!("'r{n}'")),
                ("given", "'dataset > 1MB'".to_owned()),
                ("when", "\"P99 < 12us # no comment\"".replace(" # no comment", "")),
                ("then", "'act: #1'".to_owned()),
                ("else", "'skip'".to_owned()),
            ],
        )
    };
    let test = table(
        "[[ test ]]",
        vec![
            ("name", text("t")),
            ("given", "{P99='1us',\"frag\"=1.50}".to_owned()),
            ("expect.outcome", text("undecided")),
            ("expect.r0", text("undecided")),
        ],
    );
    let tables = (head, row(0), row(1), test)
        .prop_map(|(head, one, two, test)| vec![vec![head], vec![one, two], vec![test]]);
    let tables = tables.prop_flat_map(|tables| Just(tables).prop_shuffle());
    (top, tables, between()).prop_map(|(top, tables, end)| {
        let text = format!("{top}{}{end}", tables.concat().concat());
        let mut number = 0;
        let parts: Vec<String> = text
            .split("COMMENT")
            .map(|part| {
                number += 1;
                format!("{part}c{number}.")
            })
            .collect();
        let text = parts.concat();
        let last = text.rfind('c').unwrap();
        text[..last].to_owned()
    })
}

proptest! {
    #[test]
    fn any_mess_becomes_the_one_layout(text in messy_matrix()) {
        let once = matrix(&text);
        prop_assert_eq!(&matrix(&once), &once, "formatting twice is formatting once");
        for number in 1..=200 {
            let comment = format!("c{number}.");
            let (before, after) = (text.matches(&comment).count(), once.matches(&comment).count());
            prop_assert_eq!(before, after, "{}", comment);
        }
        prop_assert!(once.ends_with('\n') && !once.ends_with("\n\n"));
        prop_assert!(!once.contains("\n\n\n") && !once.starts_with('\n'));
        prop_assert!(once.lines().all(|line| line == line.trim_end()));
        prop_assert!(once.starts_with("schema = 1") || once.starts_with('#'));
    }
}
