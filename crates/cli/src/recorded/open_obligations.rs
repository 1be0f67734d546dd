//! What a history still owes, with what is known of it: the plan that it was decided by, and the
//! readings since.

use chrono::{DateTime, NaiveTime, Utc};
use phasegate_history::{Entry, Line, OpenObligation, OpenObligations, Store};
use phasegate_model::{
    Addition, Decimal, EntryKind, Evidence, Metric, Quantity, Readings, TargetServer,
};

use crate::output::listing::Problems;
use crate::recorded::decision::RecordedDecision;
use crate::recorded::typical::typical;

/// A number that was read some time before.
#[derive(Clone, Debug)]
pub(crate) struct EarlierReading {
    /// The entry that has it.
    pub(crate) entry: u64,
    pub(crate) at: DateTime<Utc>,
    /// The server that it is of.
    pub(crate) server: String,
    pub(crate) metric: Metric,
    pub(crate) value: Decimal,
}

/// The obligations that one entry left open.
pub(crate) struct EntryObligations {
    pub(crate) open: Vec<OpenObligation>,
    /// The chance of a wrong finding that the matrix states; nothing for a transcription.
    pub(crate) error_rate: Option<Quantity>,
    /// What was decided on: the plan with its facts is in it. Nothing for a transcription, or if it
    /// can't be read.
    pub(crate) evidence: Option<Box<Evidence>>,
}

/// All that is owed, and the numbers that were read when it was decided and since.
pub(crate) struct ObligationsAndReadings {
    pub(crate) owed: Vec<EntryObligations>,
    pub(crate) earlier: Vec<EarlierReading>,
}

impl ObligationsAndReadings {
    /// Reads the history once, and then what the open obligations rest on. What can't be read is
    /// told.
    pub(crate) fn read(store: &Store, problems: &mut Problems) -> anyhow::Result<Self> {
        let mut open = OpenObligations::default();
        let mut earlier = Vec::new();
        let mut take = |line: Line| {
            if line.summary()?.kind == EntryKind::Revisit {
                earlier.extend(look_of(&line.recorded()?.entry));
                return Ok(());
            }
            open.take_line(&line)
        };
        for line in store.lines()? {
            problems.tell(line.and_then(&mut take));
        }
        let open = open.into_open();
        let mut owed = Vec::new();
        for of_entry in open.chunk_by(|one, next| one.entry == next.entry) {
            if let Some(first) = of_entry.first() {
                let read =
                    EntryObligations::read(store, first.entry, of_entry.to_vec(), &mut earlier);
                owed.extend(problems.tell(read.map_err(|error| {
                    error.context(format!("can't tell what entry {} owes", first.entry))
                })));
            }
        }
        Ok(Self { owed, earlier })
    }

    /// How many obligations there are.
    pub(crate) fn count(&self) -> usize {
        self.owed.iter().map(|owed| owed.open.len()).sum()
    }
}

impl EntryObligations {
    fn read(
        store: &Store,
        number: u64,
        open: Vec<OpenObligation>,
        earlier: &mut Vec<EarlierReading>,
    ) -> anyhow::Result<Self> {
        let entry = store.entry(number)?.entry;
        if let Some(record) = entry.transcription() {
            let told = &record.transcription;
            // A document tells the day and not the hour.
            let day = told
                .decided_on
                .map_or(entry.recorded_at, |day| day.and_time(NaiveTime::MIN).and_utc());
            let server = format!("as {} has it", told.source);
            earlier.extend(numbers(number, day, &server, &told.typical_readings()));
            return Ok(Self { open, error_rate: None, evidence: None });
        }
        let Some(record) = entry.decision() else {
            return Ok(Self { open, error_rate: None, evidence: None });
        };
        let evidence = RecordedDecision::new(store, record).evidence()?;
        let readings = typical(&record.decision, evidence.clone());
        let server = server_of(&evidence);
        earlier.extend(numbers(number, evidence.started_at, &server, &readings));
        let error_rate = Some(record.decision.error_rate);
        Ok(Self { open, error_rate, evidence: Some(Box::new(evidence)) })
    }
}

/// The server that evidence is of: the address of a running one, or what was started.
pub(crate) fn server_of(evidence: &Evidence) -> String {
    match &evidence.target.server {
        TargetServer::Running(address) | TargetServer::Restarted(address) => address.clone(),
        other @ (TargetServer::Started(_) | TargetServer::Imported(_)) => other.to_string(),
        TargetServer::Command(_) => evidence.target.command.clone(),
    }
}

/// What a later look read.
fn look_of(entry: &Entry) -> Vec<EarlierReading> {
    let record = entry.body.addition();
    let Some(Addition::Revisit(look)) = record.map(|record| &record.addition) else {
        return Vec::new();
    };
    // Evidence may be looked at long after it was measured, and growth goes by its own time.
    let at = look.read_at.unwrap_or(entry.recorded_at);
    numbers(entry.number, at, &look.server, &look.readings)
}

fn numbers(
    entry: u64,
    at: DateTime<Utc>,
    server: &str,
    readings: &Readings,
) -> Vec<EarlierReading> {
    let number = |(metric, reading): (Metric, &phasegate_model::Reading)| {
        let value = reading.number()?.value();
        Some(EarlierReading { entry, at, server: server.to_owned(), metric, value })
    };
    readings.iter().filter_map(number).collect()
}
