//! All that was measured in one run, self-contained.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::evidence::previous::Previous;
use crate::evidence::runs::{ContinuedRun, EarlierRun};
use crate::evidence::target::{BaselineServer, Environment, Target};
use crate::evidence::trial::Trial;
use crate::plan::{Plan, Spread};

/// The evidence of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The format's version; [`Evidence::SCHEMA`].
    pub schema: u32,
    /// The version of phasegate that measured.
    pub tool: String,
    /// When measuring began.
    pub started_at: DateTime<Utc>,
    /// When measuring ended.
    pub ended_at: DateTime<Utc>,
    /// Why it ended.
    pub end: End,
    /// The plan that was followed, with any options of the command line applied.
    pub plan: Plan,
    /// What was measured.
    pub target: Target,
    /// Where it was measured.
    pub environment: Environment,
    /// What was measured beside it in each trial, if the plan has a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineServer>,
    /// The trials, in the order in which they were made.
    pub trials: Vec<Trial>,
    /// The last recorded phase, where the matrix or the plan compares with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// The ledger's earlier runs that asked at least one of the same questions, in its order.
    /// Evidence of versions that told of no other run doesn't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_runs: Option<Vec<EarlierRun>>,
    /// Over which time the trials were spread; nothing if they followed each other at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
    /// The run that this one goes on with; the two count as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<ContinuedRun>,
}

/// Why an evidence file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// It is not JSON, or not of this format.
    #[error("this is not an evidence file of phasegate: {0}")]
    Format(#[from] serde_json::Error),
    /// A newer phasegate wrote it.
    #[error(
        "the evidence has schema {found}, this phasegate knows schema {} at most; use a newer phasegate",
        Evidence::SCHEMA_OF_COMMANDS
    )]
    NewerSchema {
        /// The schema that the file names.
        found: u32,
    },
}

impl Evidence {
    /// The version of the format for evidence of a Redis server.
    pub const SCHEMA: u32 = 1;

    /// The version of the format for evidence of a command, which is the newest that this code
    /// reads. Versions that knew only servers can't read it, and by its number they say why.
    pub const SCHEMA_OF_COMMANDS: u32 = 2;

    /// The version of the format for evidence of this target.
    #[must_use]
    pub const fn schema_of(target: &Target) -> u32 {
        if target.server.is_command() { Self::SCHEMA_OF_COMMANDS } else { Self::SCHEMA }
    }

    /// The file's text: JSON, indented, with a newline at its end. The same evidence gives the
    /// same bytes.
    ///
    /// # Errors
    /// Never for evidence made by this crate's types; the signature is the serializer's.
    pub fn to_json(&self) -> Result<String, EvidenceError> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// If it isn't evidence, names unknown metrics or units, or is of a newer schema.
    pub fn from_json(text: &str) -> Result<Self, EvidenceError> {
        #[derive(Deserialize)]
        struct SchemaOnly {
            schema: u32,
        }
        let newer = |found| EvidenceError::NewerSchema { found };
        let problem = match serde_json::from_str::<Self>(text) {
            Ok(evidence) if evidence.schema > Self::SCHEMA_OF_COMMANDS => {
                return Err(newer(evidence.schema));
            }
            Ok(evidence) => return Ok(evidence),
            Err(problem) => problem,
        };
        // A newer format may have what this code can't read. That is looked at only then, as
        // evidence is long and read often.
        match serde_json::from_str(text)? {
            SchemaOnly { schema } if schema > Self::SCHEMA_OF_COMMANDS => Err(newer(schema)),
            SchemaOnly { .. } => Err(problem.into()),
        }
    }
}

/// Why measuring ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Every row was decided.
    Settled,
    /// No further trial within the limits could have decided an open row.
    Futile,
    /// The plan's number of trials was reached.
    TrialsSpent,
    /// The plan's time was spent.
    BudgetSpent,
    /// Nothing was measured: all that others had measured was read.
    Imported,
    /// Something went wrong; the trials before it are kept.
    Failed(String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settled => f.write_str("every row was decided"),
            Self::Futile => f.write_str("no further trial could have decided an open row"),
            Self::TrialsSpent => f.write_str("all planned trials were made"),
            Self::BudgetSpent => f.write_str("the time budget was spent"),
            Self::Imported => f.write_str("all that was imported was read"),
            Self::Failed(message) => write!(f, "measuring failed: {message}"),
        }
    }
}
