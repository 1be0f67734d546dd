//! Reads matrix files: TOML to [`Matrix`], all problems at once.

use std::collections::BTreeMap;
use std::ops::Range;

use phasegate_model::{Action, FactName, MatrixId, Quantity, RowId, ScopeKind};

use crate::condition;
use crate::condition::check::Checked;
use crate::condition::kinds::Kinds;
use crate::document::code::Code;
use crate::document::diagnostic::{Diagnostic, Source};
use crate::document::sections::{FileProblems, Section, Text, read_document};
use crate::matrix::{DEFAULT_ERROR_RATE, FactUse, HitPolicy, Matrix, Row, RowPlaces, Written};
use crate::read::extends::{BaseChain, BaseLoader, OwnRow, RowChange, merged};
use crate::read::tests_of_matrix::tests;

/// The version of the format that this code reads.
pub(crate) const SCHEMA: u32 = 1;

impl Matrix {
    /// Reads a matrix file.
    ///
    /// ```
    /// use phasegate_rules::{Matrix, Source};
    /// let text = r#"
    /// schema = 1
    /// rules = ["P99 < 12us → no action", "dataset > 50MB → revisit allocator"]
    /// [matrix]
    /// id = "allocator"
    /// title = "Is allocator tuning worth a phase?"
    /// "#;
    /// let source = Source { name: "allocator.toml".to_owned(), text: text.to_owned() };
    /// let matrix = Matrix::parse(&source).map_err(|problems| format!("{problems:?}"))?;
    /// assert_eq!(matrix.rows.len(), 2);
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    /// All problems of the file, in the order of their places. The file's own test cases are not
    /// run here; see [`Matrix::failed_tests`]. A matrix that extends another has the problem that
    /// its base can't be read; see [`Matrix::parse_with`].
    pub fn parse(source: &Source) -> Result<Self, Vec<Diagnostic>> {
        let none = "bases are not read here".to_owned();
        Self::parse_with(source, &mut |_| Err(none.clone()))
    }

    /// Reads a matrix file and the files that it extends. `load` gets a base's path relative to
    /// the first file (a base's own base too) and returns its text, or in a few words why it
    /// can't. It is called for the base first, then for the base's base, and so on.
    ///
    /// # Errors
    /// All problems of the file, in the order of their places, then those of its bases; the
    /// latter name their file.
    pub fn parse_with(
        source: &Source,
        load: &mut dyn FnMut(&str) -> Result<Source, String>,
    ) -> Result<Self, Vec<Diagnostic>> {
        parse(source, load).map_err(|unreadable| unreadable.problems)
    }
}

/// What can be told of a file that is no matrix.
pub(crate) struct Unreadable {
    /// All problems.
    pub(crate) problems: Vec<Diagnostic>,
    /// The rows that could be read.
    pub(crate) rows: Vec<Row>,
}

pub(crate) fn parse(source: &Source, load: BaseLoader<'_>) -> Result<Matrix, Unreadable> {
    let mut chain = BaseChain::new(source, load);
    let parsed = parse_file(source, &mut chain);
    let BaseChain { problems, rows, .. } = chain;
    match parsed {
        Ok(matrix) if problems.is_empty() => Ok(matrix),
        Ok(_) => Err(Unreadable { problems, rows }),
        Err(own) => Err(Unreadable { problems: own.into_iter().chain(problems).collect(), rows }),
    }
}

/// Parses one file after its base. What is wrong with the base is left with the chain.
fn parse_file(source: &Source, chain: &mut BaseChain<'_>) -> Result<Matrix, Vec<Diagnostic>> {
    read_document(source, |top| {
        schema(top)?;
        let path = chain.path();
        // The base comes first: what this file doesn't say is as the base has it.
        let base = chain.base(top, parse_file);
        let head = head(top, base.as_ref());
        let rows = rows(top, path.as_deref(), base.as_ref());
        if path.is_none() {
            chain.rows.clone_from(&rows);
        }
        let tests = if base.is_none() && top.has("extends") {
            // Tests may expect something of rows that couldn't be read.
            top.value("test").map_or_else(Vec::new, |_| Vec::new())
        } else {
            tests(top, &rows)
        };
        let (id, title, error_rate, hit_policy, scope, default, place) = head?;
        let bases = base.map(|base| base.bases).unwrap_or_default();
        Some(Matrix {
            id,
            title,
            error_rate,
            hit_policy,
            scope,
            default,
            rows,
            tests,
            bases,
            place,
        })
    })
}

/// Checks the schema before anything else: a newer file would only give puzzling problems.
pub(crate) fn schema(top: &mut Section<'_>) -> Option<()> {
    let Some(value) = top.value("schema") else {
        let message = format!("the file does not name its schema; begin with `schema = {SCHEMA}`");
        top.problems.add(Code::UnknownSchema, top.span.clone(), message);
        // Without a version the rest is read all the same, so that its problems are told at once.
        return Some(());
    };
    let span = value.span();
    let found = top.whole("schema")?;
    if found == SCHEMA {
        return Some(());
    }
    let message = format!("schema {found} is unknown; this phasegate reads schema {SCHEMA}");
    top.problems.add(Code::UnknownSchema, span, message);
    // Each key may be a new one, and calling it unknown would only distract.
    top.all_known();
    None
}

type MatrixHead =
    (MatrixId, String, Quantity, HitPolicy, Option<ScopeKind>, Option<Action>, Range<usize>);

/// What the file doesn't say of error rate, hit policy and default is as its base has it.
fn head(top: &mut Section<'_>, base: Option<&Matrix>) -> Option<MatrixHead> {
    let mut section = top.required_section("matrix")?;
    let id = section.required("id");
    let title = section.required("title");
    let error_rate = error_rate(&mut section, base);
    let policies = [("priority", HitPolicy::Priority), ("first", HitPolicy::First)];
    let hit_policy = section
        .choice("hit_policy", &policies)
        .unwrap_or(base.map_or(HitPolicy::Priority, |base| base.hit_policy));
    let scope = scope(&mut section).or_else(|| base.and_then(|base| base.scope));
    let default = match section.text("default") {
        Some(text) => action(text.text, text.span, top.problems),
        None => base.and_then(|base| base.default.clone()),
    };
    section.finish();
    Some((id?, title?, error_rate?, hit_policy, scope, default, section.span))
}

/// Of what findings are to be certain, as far as it is written.
pub(crate) fn scope(section: &mut Section<'_>) -> Option<ScopeKind> {
    let scopes = [("run", ScopeKind::Run), ("standing", ScopeKind::Standing)];
    section.choice("scope", &scopes)
}

fn error_rate(section: &mut Section<'_>, base: Option<&Matrix>) -> Option<Quantity> {
    let Some(text) = section.text("error_rate") else {
        return base.map(|base| base.error_rate).or_else(|| DEFAULT_ERROR_RATE.parse().ok());
    };
    let rate = text.text.parse::<Quantity>().ok().filter(|rate| {
        let share = rate.amount();
        rate.fits(phasegate_model::Dimension::Ratio)
            && share > phasegate_model::Decimal::ZERO
            && share < phasegate_model::Decimal::new(5, 1)
    });
    if rate.is_none() {
        let message = format!(
            "`{}` can't be an error rate; write a share above 0 % and below 50 %, such as `5%`",
            text.text
        );
        section.problems.add(Code::BadValue, text.span, message);
    }
    rate
}

fn rows(top: &mut Section<'_>, path: Option<&str>, base: Option<&Matrix>) -> Vec<Row> {
    let before = top.problems.len();
    let mut own: Vec<OwnRow> = Vec::new();
    for mut section in top.sections("row") {
        let span = section.span.clone();
        let change = change(&mut section);
        own.extend(row(&mut section).map(|row| OwnRow { row, span, change }));
        section.finish();
    }
    let source = top.source();
    for text in top.texts("rules") {
        let span = text.span.clone();
        let Some(mut row) = shorthand(source, &text, top.problems) else { continue };
        let others = own.iter().map(|own| &own.row);
        // Two sentences may come to the same name, which nobody chose, so it isn't their mistake.
        row.id = unused(row.id, others.chain(base.iter().flat_map(|base| &base.rows)));
        own.push(OwnRow { row, span, change: None });
    }
    for own in &mut own {
        own.row.file = path.map(str::to_owned);
    }
    report_duplicates(&own, top.problems);
    let rows = merged(base, own, top.problems);
    // Rows that couldn't be read were reported; that none is left is no second problem.
    if rows.is_empty() && top.problems.len() == before && base.is_none() && !top.has("extends") {
        let message = "the matrix has no rows, so it can't decide anything";
        top.problems.push(
            Diagnostic::new(Code::NoRows, top.span.clone(), message)
                .help("add a `[[row]]`, or a line to `rules = [\"P99 < 12us → no action\"]`"),
        );
    }
    // The base's uses first: what contradicts them is this file's.
    let (from_base, from_here): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| row.file.as_deref() != path);
    report_conflicts(from_base.into_iter().chain(from_here).flat_map(Row::written), top.problems);
    rows
}

fn change(section: &mut Section<'_>) -> Option<(RowChange, Range<usize>)> {
    let span = section.value("change")?.span();
    let changes = [("tightens", RowChange::Tightens), ("loosens", RowChange::Loosens)];
    section.choice("change", &changes).map(|change| (change, span))
}

fn report_duplicates(rows: &[OwnRow], problems: &FileProblems) {
    for (at, OwnRow { row, span, .. }) in rows.iter().enumerate() {
        let earlier = rows.iter().take(at).find(|other| other.row.id == row.id);
        if let Some(OwnRow { row: other, .. }) = earlier {
            let message =
                format!("the row id `{}` is taken by the row on line {}", row.id, other.line);
            problems.add(Code::DuplicateId, span.clone(), message);
        }
    }
}

/// Reports each fact whose uses leave nothing that it can be, once.
pub(crate) fn report_conflicts<'w>(
    conditions: impl Iterator<Item = &'w Written>,
    problems: &FileProblems,
) {
    let mut known: BTreeMap<&FactName, (Kinds, &FactUse)> = BTreeMap::new();
    for used in conditions.flat_map(|written| &written.facts) {
        let (kinds, first) = known.entry(&used.name).or_insert((Kinds::ANY, used));
        // After a contradiction nothing fits any more, and one report is enough.
        if kinds.is_none() {
            continue;
        }
        let both = kinds.and(used.kinds);
        if both.is_none() {
            let message = format!(
                "{} is {} here, but {} on line {}{}",
                used.name,
                used.kinds,
                *kinds,
                first.line,
                if first.file == used.file { String::new() } else { format!(" of {}", first.file) }
            );
            problems.push(
                Diagnostic::new(Code::FactConflict, used.span.clone(), message)
                    .help("two things need two names"),
            );
        }
        *kinds = both;
    }
}

fn row(section: &mut Section<'_>) -> Option<Row> {
    let source = section.source();
    let line = source.line(section.span.start);
    let id = section.required("id");
    let when =
        section.required_text("when").and_then(|text| written(source, &text, section.problems));
    let given = section.text("given").map(|text| written(source, &text, section.problems));
    let mut places =
        RowPlaces { row: section.span.clone(), then: 0..0, otherwise: None, sentence: false };
    let then = section.required_text("then").and_then(|text| {
        places.then = text.span.clone();
        action(text.text, text.span, section.problems)
    });
    let otherwise = section.text("else").map(|text| {
        places.otherwise = Some(text.span.clone());
        action(text.text, text.span, section.problems)
    });
    let scope = scope(section);
    let why = section.text("why").map(|text| text.text.into());
    // An optional part that is there but wrong has been reported; it must not vanish.
    let given = given.map_or(Some(None), |given| given.map(Some))?;
    let otherwise = otherwise.map_or(Some(None), |action| action.map(Some))?;
    Some(Row {
        id: id?,
        file: None,
        line,
        when: when?,
        given,
        then: then?,
        otherwise,
        scope,
        why,
        places,
    })
}

fn written(source: &Source, text: &Text<'_>, problems: &FileProblems) -> Option<Written> {
    condition_at(source, text, 0..text.text.len(), problems)
}

/// A condition that is a part of a text; problems point into the file.
pub(crate) fn condition_at(
    source: &Source,
    text: &Text<'_>,
    range: Range<usize>,
    problems: &FileProblems,
) -> Option<Written> {
    let part = text.text.get(range.clone())?;
    let place =
        |span: &Range<usize>| text.place(&(range.start + span.start..range.start + span.end));
    match condition::check::checked_with_facts(part) {
        Ok(Checked { condition, facts }) => {
            let kinds = condition.facts();
            let facts = facts.into_iter().map(|(name, span)| {
                let span = place(&span);
                FactUse {
                    kinds: kinds.get(&name).copied().unwrap_or(Kinds::ANY),
                    name,
                    file: source.name.clone(),
                    line: source.line(span.start),
                    span,
                }
            });
            let facts = facts.collect();
            let trimmed = part.trim();
            let lead = part.len() - part.trim_start().len();
            Some(Written {
                place: place(&(lead..lead + trimmed.len())),
                comparisons: condition::parser::places(part).iter().map(place).collect(),
                text: trimmed.into(),
                normalized: condition.to_string().into(),
                condition,
                facts,
            })
        }
        Err(found) => {
            problems.extend(
                found
                    .into_iter()
                    .map(|problem| Diagnostic { span: place(&problem.span), ..problem }),
            );
            None
        }
    }
}

fn action(text: &str, span: Range<usize>, problems: &FileProblems) -> Option<Action> {
    text.parse()
        .map_err(|error: phasegate_model::ActionError| {
            problems.add(Code::UnknownVerb, span, error.to_string());
        })
        .ok()
}

/// A row as people say it: `P99 < 12μs → no action`.
fn shorthand(source: &Source, text: &Text<'_>, problems: &FileProblems) -> Option<Row> {
    // Both arrows may be there, one of them in the action's words: the first parts the row.
    let arrow = ["→", "->"]
        .into_iter()
        .filter_map(|arrow| text.text.find(arrow).map(|at| (at, arrow.len())))
        .min();
    let Some((at, length)) = arrow else {
        let message = format!("`{}` has no arrow", text.text);
        problems.push(
            Diagnostic::new(Code::ConditionSyntax, text.span.clone(), message)
                .help("write `CONDITION → ACTION`; `->` works too"),
        );
        return None;
    };
    let when = condition_at(source, text, 0..at, problems);
    let tail = at + length..text.text.len();
    let then = text.text.get(tail.clone()).unwrap_or_default();
    let places = RowPlaces {
        row: text.span.clone(),
        then: text.place(&tail),
        otherwise: None,
        sentence: true,
    };
    let then = action(then, places.then.clone(), problems);
    // Missed only after the action was read, so that problems of both sides are told.
    let when = when?;
    Some(Row {
        id: derived_id(&when)?,
        file: None,
        line: source.line(text.span.start),
        when,
        given: None,
        then: then?,
        otherwise: None,
        scope: None,
        why: None,
        places,
    })
}

/// `P99 < 12us` becomes `rtt.p99-lt-12us`.
fn derived_id(when: &Written) -> Option<RowId> {
    let words = when
        .condition
        .to_string()
        .replace("<=", "-le-")
        .replace(">=", "-ge-")
        .replace("==", "-eq-")
        .replace("!=", "-ne-")
        .replace('<', "-lt-")
        .replace('>', "-gt-")
        .replace('%', "pc");
    let mut id = String::new();
    for c in words.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        // An id has 64 characters at most: this leaves four for a number that tells it from
        // another.
        if !(c == '-' && (id.is_empty() || id.ends_with('-'))) && id.len() < 60 {
            id.push(c);
        }
    }
    id.trim_end_matches('-').parse().ok()
}

fn unused<'r>(id: RowId, rows: impl Iterator<Item = &'r Row>) -> RowId {
    let ids: Vec<&RowId> = rows.map(|row| &row.id).collect();
    let taken = |id: &RowId| ids.contains(&id);
    if !taken(&id) {
        return id;
    }
    let numbered = (2..1000).filter_map(|number| format!("{id}-{number}").parse().ok());
    numbered.into_iter().find(|candidate| !taken(candidate)).unwrap_or(id)
}
