//! What the page of an entry shows of its matter.

use chrono::NaiveDate;
use phasegate_model::{
    Addition, AssertedReading, Became, Decision, Quantity, Reading, Revisit, RowDecision,
    Transcription, Waiver,
};

use crate::decision::details::Property;
use crate::decision::matrix::RowReading;
use crate::decision::matrix::{margin, readings, symbol};
use crate::site::context::{Cell, List, Table};
use crate::site::material::SiteMatter;
use crate::text::figures::{as_written, list, quantity, text};

/// The word for a waiver on a day.
pub(crate) fn waiver_state(waiver: &Waiver, today: Option<NaiveDate>) -> &'static str {
    match today {
        Some(day) if !waiver.is_valid_on(day) => "expired",
        // A day is missing only for an empty history, which has no waivers.
        _ => "valid",
    }
}

pub(crate) fn facts(matter: &SiteMatter<'_>, today: Option<NaiveDate>) -> Vec<Property> {
    match matter {
        SiteMatter::Decision(decision) => of_decision(decision),
        SiteMatter::Transcription(transcription) => of_transcription(transcription),
        SiteMatter::Addition { addition, .. } => match addition {
            Addition::Waiver(waiver) => vec![
                fact("Row", waiver.row.as_str()),
                fact("Owner", &waiver.owner),
                fact("Reason", &waiver.reason),
                fact("Last day", &format!("{} ({})", waiver.expires, waiver_state(waiver, today))),
            ],
            Addition::Note(note) => {
                let words = note.text.iter().map(|words| fact("Note", words));
                let saved = note.time_saved.iter();
                words.chain(saved.map(|time| fact("Time saved", &time.to_string()))).collect()
            }
            Addition::Revisit(revisit) => vec![fact("Server", &revisit.server)],
        },
    }
}

fn fact(name: &str, value: &str) -> Property {
    Property { name: name.to_owned(), value: text(value) }
}

fn of_decision(decision: &Decision) -> Vec<Property> {
    let mut facts = vec![
        fact("Matrix", decision.matrix.as_str()),
        fact("Trials", &decision.trials.to_string()),
        fact("Error rate", &as_written(decision.error_rate)),
    ];
    facts.extend(decision.scope.iter().map(|scope| fact("Certain", &scope.to_string())));
    facts.extend(decision.runs.iter().map(|runs| {
        let told = format!("{}; {}", runs.in_words(), runs.standing.in_words());
        fact(&format!("Runs of {}", runs.row), &told)
    }));
    if decision.is_unsettled() {
        facts.push(fact("Unsettled", "runs of the same question contradict each other"));
    }
    if !decision.possible.is_empty() {
        let possible: Vec<String> = decision.possible.iter().map(ToString::to_string).collect();
        facts.push(fact("Still possible", &list(&possible, "or")));
    }
    facts.extend(decision.next.iter().map(|next| fact("Next phase", next.as_str())));
    facts
}

fn of_transcription(transcription: &Transcription) -> Vec<Property> {
    let mut facts = vec![
        fact("Title", &transcription.title),
        fact("Subject", &transcription.subject),
        fact("Copied from", &transcription.source),
    ];
    facts.extend(transcription.decided_by.iter().map(|by| fact("Decided by", by)));
    facts.extend(transcription.decided_on.iter().map(|on| fact("Decided on", &on.to_string())));
    facts.extend(transcription.next.iter().map(|next| fact("Next phase", next.as_str())));
    facts.extend(transcription.planned_effort.map(|time| fact("Planned", &time.to_string())));
    facts.extend(transcription.spent.map(|time| fact("Spent", &time.to_string())));
    facts
}

pub(crate) fn lists(matter: &SiteMatter<'_>) -> Vec<List> {
    let lists = match matter {
        SiteMatter::Transcription(transcription) => vec![
            sentences(
                "Predictions",
                transcription.predictions.iter().map(|prediction| {
                    let became = match prediction.became {
                        Became::Confirmed => "confirmed",
                        Became::Disproven => "disproven",
                        Became::Undecided => "undecided",
                    };
                    format!("{}: {became}", prediction.text)
                }),
            ),
            sentences("Deliverables", transcription.deliverables.iter().cloned()),
            sentences("Lessons", transcription.lessons.iter().cloned()),
            sentences("Corrections", transcription.corrections.iter().cloned()),
        ],
        SiteMatter::Addition { addition: Addition::Note(note), .. } => vec![
            sentences("Lessons", note.lessons.iter().cloned()),
            sentences("Deliverables", note.deliverables.iter().cloned()),
        ],
        SiteMatter::Decision(_) | SiteMatter::Addition { .. } => Vec::new(),
    };
    // A title with nothing below it would look as if something was lost.
    lists.into_iter().filter(|list| !list.items.is_empty()).collect()
}

fn sentences(title: &str, items: impl Iterator<Item = String>) -> List {
    List { title: title.to_owned(), items: items.map(|item| text(&item)).collect() }
}

pub(crate) fn tables(matter: &SiteMatter<'_>) -> Vec<Table> {
    let tables = match matter {
        SiteMatter::Decision(decision) => vec![matrix(decision), owed(&decision.obligations)],
        SiteMatter::Transcription(transcription) => vec![
            asserted_rows(transcription),
            asserted("Figures before", &transcription.before),
            asserted("Figures", &transcription.readings),
            owed(&transcription.obligations),
        ],
        SiteMatter::Addition { addition: Addition::Revisit(revisit), .. } => {
            vec![revisited(revisit), read(revisit)]
        }
        SiteMatter::Addition { .. } => Vec::new(),
    };
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn table(title: &str, columns: &[&str], rows: impl Iterator<Item = Vec<Cell>>) -> Table {
    let columns = columns.iter().map(ToString::to_string).collect();
    Table { title: title.to_owned(), columns, rows: rows.collect() }
}

fn words(written: &str) -> Cell {
    Cell { text: text(written), is_code: false }
}

fn code(written: &str) -> Cell {
    Cell { text: text(written), is_code: true }
}

fn matrix(decision: &Decision) -> Table {
    let line = |row: &RowDecision| {
        let reading = |RowReading { label, value, .. }: RowReading| match label {
            Some(label) => format!("{label} {value}"),
            None => value,
        };
        let readings: Vec<String> = readings(row).into_iter().map(reading).collect();
        let decides = decision.deciding.contains(&row.id);
        let finding = format!("{} {}", symbol(&row.finding), row.finding);
        let action = row.action.as_ref().map_or("", |action| action.as_str());
        let action = if decides { format!("{action} (decides)") } else { action.to_owned() };
        vec![
            code(row.id.as_str()),
            words(&finding),
            words(&readings.join(", ")),
            words(&margin(row).unwrap_or_default()),
            words(action.trim()),
            code(&row.when),
        ]
    };
    let columns = ["Row", "Finding", "Reading", "Margin", "Action", "Condition"];
    table("Decision matrix", &columns, decision.rows.iter().map(line))
}

fn owed(obligations: &[phasegate_model::Obligation]) -> Table {
    let rows = obligations.iter().map(|owed| {
        vec![code(owed.row.as_str()), words(owed.action.as_str()), code(&owed.condition)]
    });
    table("Obligations left open", &["Row", "Owed", "When"], rows)
}

fn asserted_rows(transcription: &Transcription) -> Table {
    let rows = transcription.rows.iter().map(|row| {
        vec![
            code(row.id.as_str()),
            words(&row.condition),
            words(&row.reading),
            words(row.action.as_str()),
        ]
    });
    table(
        "Decision matrix, as the document has it",
        &["Row", "Condition", "Reading", "Action"],
        rows,
    )
}

fn asserted(
    title: &str,
    readings: &std::collections::BTreeMap<phasegate_model::Metric, AssertedReading>,
) -> Table {
    let rows = readings.iter().map(|(metric, reading)| {
        let (value, range) = match reading {
            AssertedReading::Number(value) => (as_written(*value), String::new()),
            AssertedReading::Range { value, min, max } => {
                let range = format!("{} to {}", as_written(*min), as_written(*max));
                (as_written(*value), range)
            }
            AssertedReading::Text(value) => (value.clone(), String::new()),
        };
        vec![code(&metric.to_string()), words(&value), words(&range)]
    });
    table(title, &["Metric", "Asserted", "Range"], rows)
}

fn revisited(revisit: &Revisit) -> Table {
    let rows = revisit.obligations.iter().map(|owed| {
        let finding = format!("{} {}", symbol(&owed.finding), owed.finding);
        vec![words(&owed.entry.to_string()), code(owed.row.as_str()), words(&finding)]
    });
    table("What became of the obligations", &["Entry", "Row", "Condition"], rows)
}

fn read(revisit: &Revisit) -> Table {
    let rows = revisit.readings.iter().map(|(metric, reading)| {
        let value = match reading {
            Reading::Number(number) => quantity(metric, number.value())
                .map_or_else(|| number.value().to_string(), |figure: Quantity| figure.human()),
            Reading::Text(value) => value.clone(),
            Reading::Version(version) => version.to_string(),
            Reading::Missing(why) => format!("no reading ({why})"),
        };
        vec![code(&metric.to_string()), words(&value)]
    });
    table("Readings", &["Metric", "Reading"], rows)
}
