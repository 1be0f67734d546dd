//! What of a plan's requests is for one primary of a cluster: those whose keys are in its slots.

use std::sync::Arc;

use phasegate_model::{MeasurePlan, Weighted};

use crate::redis::ask::draw::Draw;
use crate::redis::ask::pattern::filled_in;
use crate::redis::ask::slots::{Slots, slot};
use crate::redis::reach::connect::ConnectError;
use crate::redis::reach::control::{Control, Refusal};

/// Why a plan's requests can't be shared out among the primaries of a cluster.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The server doesn't tell which words of a command are keys.
    #[error(
        "the server doesn't tell which words of `{command}` are keys: {words}; check the command, and let the user call `COMMAND GETKEYS` (`+command|getkeys`)"
    )]
    Keys {
        /// The command as the plan has it.
        command: String,
        /// The server's words.
        words: String,
    },
    /// A command of which no node has all keys.
    #[error(
        "the keys of `{0}` are in different slots, and a cluster answers that with `CROSSSLOT`; give them one hash tag: `user:{{{{key}}}}:name` and `user:{{{{key}}}}:mail` are in one slot"
    )]
    CrossSlot(String),
    /// Nothing to send.
    #[error(
        "no request of the plan is for the primary with the slots {slots}; name more keys (`keys = {{ count = 10_000 }}` in `[measure]`), or measure the others without `cluster`"
    )]
    NoRequest {
        /// The node's slots.
        slots: String,
    },
    /// A slot went to another node during a trial.
    #[error(
        "`{address}` gave a slot away during the trial: {words}; wait until the cluster is as it should be, see `CLUSTER INFO` and `CLUSTER NODES`, and measure again"
    )]
    Moved {
        /// The node's address without secrets.
        address: String,
        /// The server's words.
        words: String,
    },
    /// A server could not be asked.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// A primary's share in the requests of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    /// Its slots.
    pub(crate) slots: Slots,
    /// A key that doesn't exist in one of them.
    pub(crate) absent_key: String,
    /// Which words are keys.
    pub(crate) keys: KeyWords,
    /// How many primaries share what names no key.
    pub(crate) primaries: u64,
}

/// Of each command of a mix, which of its words are keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyWords(Arc<[Vec<usize>]>);

impl Share {
    /// Whether a client of the cluster would send it this command of a mix, which has its place
    /// there, with this number of a key. What names no key may go to any primary.
    pub(crate) fn takes(&self, command: (usize, &Weighted), number: u64, draw: &mut Draw) -> bool {
        let mut keys = self.keys.of(command, number).peekable();
        match keys.peek() {
            Some(_) => keys.all(|key| self.slots.have(&key)),
            None => draw.below(self.primaries) == 0,
        }
    }
}

/// Numbers of keys with which it shows whether a command's keys are always in one slot.
const TRIED_NUMBERS: std::ops::Range<u64> = 0..16;

/// The number of a key that stands in no command for anything else.
const MARKER: u64 = 918_273_645_546_372;

impl KeyWords {
    /// Asks a server which words of the plan's own commands are keys. All keys of a command have
    /// to be in one slot, whatever the key's number.
    pub(crate) fn ask(control: &mut Control, plan: &MeasurePlan) -> Result<Self, ShareError> {
        let of = |weighted| key_words(control, weighted);
        let keys: Vec<Vec<usize>> = plan.mix.iter().map(of).collect::<Result<_, _>>()?;
        let keys = Self::from(keys);
        for command in plan.mix.iter().enumerate() {
            for number in TRIED_NUMBERS {
                let mut slots = keys.of(command, number).map(|key| slot(&key));
                let first = slots.next();
                if slots.any(|slot| Some(slot) != first) {
                    return Err(ShareError::CrossSlot(command.1.command.to_string()));
                }
            }
        }
        Ok(keys)
    }

    /// The keys that a command of a mix names, with this number.
    fn of<'a>(
        &'a self,
        (index, weighted): (usize, &'a Weighted),
        number: u64,
    ) -> impl Iterator<Item = Vec<u8>> + 'a {
        let keys = self.0.get(index).into_iter().flatten();
        let words = keys.filter_map(|key| weighted.command.words().get(*key));
        words.map(move |word| filled_in(word, weighted, number))
    }
}

impl From<Vec<Vec<usize>>> for KeyWords {
    fn from(words: Vec<Vec<usize>>) -> Self {
        Self(words.into())
    }
}

/// The server knows best, also of commands of modules.
fn key_words(control: &mut Control, weighted: &Weighted) -> Result<Vec<usize>, ShareError> {
    let words = weighted.command.words().iter();
    let words: Vec<Vec<u8>> = words.map(|word| filled_in(word, weighted, MARKER)).collect();
    if words.len() < 2 {
        return Ok(Vec::new());
    }
    // A table of our own would be wrong for the next command or module.
    let mut command = redis::cmd("COMMAND");
    command.arg("GETKEYS").arg(&words);
    let keys = match control.ask::<Vec<Vec<u8>>>("COMMAND GETKEYS", &command)? {
        Ok(keys) => keys,
        Err(Refusal(words)) if words.contains("no key arguments") => Vec::new(),
        Err(Refusal(words)) => {
            let command = weighted.command.to_string();
            return Err(ShareError::Keys { command, words });
        }
    };
    let is_key = |(_, word): &(usize, &Vec<u8>)| keys.contains(word);
    Ok(words.iter().enumerate().skip(1).filter(is_key).map(|(index, _)| index).collect())
}
