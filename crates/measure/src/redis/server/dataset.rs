//! Filling a private server until its own figure says that the dataset is there.

use std::num::NonZeroU64;
use std::ops::Range;
use std::time::{Duration, Instant};

use phasegate_model::{ByteSize, DataType, Dataset, Decimal, Extent};

use crate::redis::ask::pattern::key;
use crate::redis::reach::address::Address;
use crate::redis::reach::connect::ConnectError;
use crate::redis::reach::control::{Control, Refusal};
use crate::redis::reach::info::Info;
use crate::redis::reach::terms::Terms;
use crate::redis::server::records;

/// Why the plan's dataset is not there.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The server doesn't tell the size of its dataset.
    #[error(
        "the server does not tell its `used_memory_dataset` ({0}); leave out the plan's dataset"
    )]
    Untold(String),
    /// One key is too much already.
    #[error(
        "the dataset can't be as small as `{goal}`: with one key the server reports {found} bytes; ask for more"
    )]
    TooSmall {
        /// The size in the plan.
        goal: ByteSize,
        /// What the server reports.
        found: u64,
    },
    /// The value is too large for this machine.
    #[error("a value of `{0}` does not fit into memory; make the plan's values smaller")]
    ValueTooLarge(ByteSize),
    /// The figure doesn't come near the goal.
    #[error(
        "the dataset does not come near `{goal}`: with {keys} keys the server reports {found} bytes; see whether something else uses this server"
    )]
    Unreached {
        /// The size in the plan.
        goal: ByteSize,
        /// How many keys there are.
        keys: u64,
        /// What the server reports.
        found: u64,
    },
    /// The server doesn't tell how fragmented its memory is.
    #[error(
        "the server does not tell its `allocator_frag_ratio` ({0}), so that nobody knows what `churn` comes to; leave it out, or measure a server with jemalloc"
    )]
    FragmentationUntold(String),
    /// What was written and deleted left no holes.
    #[error(
        "`churn = {churn}` did not fragment the server's memory: its `allocator_frag_ratio` was {before} and is {after}; ask for a larger dataset or more churn"
    )]
    NotFragmented {
        /// The plan's figure.
        churn: u32,
        /// Before.
        before: Decimal,
        /// After.
        after: Decimal,
    },
    /// The server refused, or went away.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The caller's flag was raised.
    #[error("interrupted")]
    Interrupted,
}

/// Servers bring the figures of their clients' buffers, which are no part of the dataset, up to
/// date ten times a second: only a figure that holds for longer than that is taken.
const SETTLED_AFTER: Duration = Duration::from_millis(120);

/// The field of `INFO` that the plan's size is about.
const FIGURE: &str = "used_memory_dataset";

/// Between two looks at a figure.
const PAUSE: Duration = Duration::from_millis(5);

/// How often the number of keys is corrected, and how often at first for being off by more than a
/// tenth of a percent.
const MOST_CORRECTIONS: u32 = 30;
const FINE_CORRECTIONS: u32 = 5;

/// What is sent at once, in keys and in bytes: little, so that no buffer grows.
const BATCH_KEYS: u64 = 128;
const BATCH_BYTES: u64 = 64 * 1024;

/// A fragmentation that rises by less than five percent may have risen by itself.
const LEAST_RISE: Decimal = Decimal::from_parts(105, 0, 0, false, 2);

/// What a key costs beside its value, for a first guess.
const GUESSED_OVERHEAD: u64 = 64;

/// A private server being filled.
pub(crate) struct Filling<'a> {
    pub(crate) control: &'a mut Control,
    pub(crate) address: &'a Address,
    pub(crate) terms: &'a Terms,
    pub(crate) dataset: &'a Dataset,
    /// Told now and then how many bytes the dataset has.
    pub(crate) progress: &'a mut dyn FnMut(u64),
}

impl Filling<'_> {
    /// Writes all keys, and leaves holes in the server's memory if there are to be any. Gives the
    /// number of keys, which is at least one.
    pub(crate) fn fill(mut self) -> Result<NonZeroU64, FillError> {
        let length = self.dataset.value;
        let length =
            usize::try_from(length.bytes()).map_err(|_| FillError::ValueTooLarge(length))?;
        let keys = match self.dataset.extent {
            Extent::Size(size) => self.fill_to(size, length)?,
            Extent::Keys(keys) => {
                let guess = self.guess();
                self.write(0..u64::from(keys.get()), length, 0, guess)?;
                keys.into()
            }
        };
        if self.dataset.churn > 0 {
            self.fragment(keys, length)?;
        }
        Ok(keys)
    }

    /// What a key takes, for a first guess.
    fn guess(&self) -> u64 {
        let each = self.dataset.value.bytes().saturating_add(GUESSED_OVERHEAD);
        match self.dataset.kind {
            DataType::String => each,
            _ => each.saturating_mul(self.dataset.elements.get().into()),
        }
    }

    /// Writes keys until `used_memory_dataset` is within one percent of the goal, or within one
    /// key of it.
    fn fill_to(&mut self, size: ByteSize, length: usize) -> Result<NonZeroU64, FillError> {
        let goal = size.bytes();
        // Since version 7, a server keeps a histogram of 25 kB for each command that was ever
        // called: the one of the measured command is part of what is filled.
        let mut get = redis::cmd("GET");
        self.control.insist::<redis::Value>("GET", get.arg(key(0)))?;
        // What a server holds only as it starts would be taken from what the first keys take: they
        // would seem small, and far too many would follow.
        let empty = self.settled()?;
        let guess = self.guess();
        let pilot = (goal.saturating_sub(empty) / guess / 10).clamp(1, 1_000);
        let mut keys = NonZeroU64::MIN.saturating_add(pilot - 1);
        self.write(0..keys.get(), length, empty, guess)?;
        let mut found = 0;
        for turn in 0..MOST_CORRECTIONS {
            found = self.read()?;
            let each = (found.saturating_sub(empty) / keys).max(1);
            let tolerance = (goal / 100).max(each);
            // What is missing can be added; what is too much would leave holes in the server's
            // memory when it is removed, which is worse than one percent.
            let fine = if turn < FINE_CORRECTIONS { (goal / 1_000).max(each) } else { tolerance };
            if (goal.saturating_sub(fine)..=goal.saturating_add(tolerance)).contains(&found) {
                found = self.settled()?;
                if found.abs_diff(goal) <= tolerance {
                    return Ok(keys);
                }
            }
            (self.progress)(found);
            let difference = (found.abs_diff(goal) / each).max(1);
            if found < goal {
                // The size of a key is a guess that gets better: not the whole way at once.
                let is_far = goal.saturating_sub(found) > goal / 20;
                let step = if is_far { difference - difference / 10 } else { difference };
                let more = keys.saturating_add(step);
                self.write(keys.get()..more.get(), length, found, each)?;
                keys = more;
            } else {
                let fewer = NonZeroU64::new(keys.get().saturating_sub(difference));
                let fewer = fewer.unwrap_or(NonZeroU64::MIN);
                if fewer == keys {
                    let found = self.settled()?;
                    return Err(FillError::TooSmall { goal: size, found });
                }
                self.remove(fewer.get()..keys.get())?;
                keys = fewer;
            }
        }
        Err(FillError::Unreached { goal: size, keys: keys.get(), found })
    }

    /// Writes over a connection of its own, because the buffers of one that has written a lot
    /// would count as part of the dataset for a while.
    fn write(
        &mut self,
        keys: Range<u64>,
        length: usize,
        found: u64,
        each: u64,
    ) -> Result<(), FillError> {
        let mut writer = Control::open(self.address, self.terms.limit())?;
        let batch = self.batch();
        let mut next = keys.start;
        while next < keys.end {
            let until = next.saturating_add(batch).min(keys.end);
            let mut pipe = redis::pipe();
            for number in next..until {
                records::write(&mut pipe, self.dataset, length, number);
            }
            self.send(&mut writer, "SET", &pipe)?;
            next = until;
            if (next / batch).is_multiple_of(64) {
                (self.progress)(found.saturating_add((next - keys.start).saturating_mul(each)));
            }
        }
        Ok(())
    }

    /// How many keys are written at once.
    fn batch(&self) -> u64 {
        (BATCH_BYTES / self.guess().max(1)).clamp(1, BATCH_KEYS)
    }

    /// Writes all keys anew with others beside each, then deletes those: what stays lies scattered
    /// over memory that the allocator can't give back.
    fn fragment(&mut self, keys: NonZeroU64, length: usize) -> Result<(), FillError> {
        let before = self.fragmentation()?;
        // Were they still there, each new value would take the place of its old one.
        self.remove(0..keys.get())?;
        let mut writer = Control::open(self.address, self.terms.limit())?;
        let all: Vec<u64> = (0..keys.get()).collect();
        let batch = usize::try_from(self.batch()).unwrap_or(1);
        for batch in all.chunks(batch) {
            let mut pipe = redis::pipe();
            for number in batch {
                records::write(&mut pipe, self.dataset, length, *number);
                records::write_beside(&mut pipe, self.dataset, length, *number);
            }
            self.send(&mut writer, "SET", &pipe)?;
        }
        for batch in all.chunks(batch) {
            let mut pipe = redis::pipe();
            for number in batch {
                pipe.cmd("DEL").arg(records::beside(self.dataset, *number).collect::<Vec<_>>());
                pipe.ignore();
            }
            self.send(&mut writer, "DEL", &pipe)?;
        }
        drop(writer);
        let limit = Instant::now() + self.terms.reply_limit;
        loop {
            // The server looks at its allocator ten times a second.
            let after = self.fragmentation()?;
            if has_risen(before, after) {
                return Ok(());
            }
            if Instant::now() >= limit {
                return Err(FillError::NotFragmented { churn: self.dataset.churn, before, after });
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// The allocator's own figure. Other allocators than jemalloc have none that means something.
    fn fragmentation(&mut self) -> Result<Decimal, FillError> {
        let info = settled_info(self.control, self.terms)?;
        let info = info.map_err(|Refusal(words)| FillError::FragmentationUntold(words))?;
        let allocator = info.get("mem_allocator").unwrap_or("an unknown allocator").to_owned();
        let ratio = info.get("allocator_frag_ratio").and_then(|text| text.parse().ok());
        ratio
            .filter(|_| allocator.starts_with("jemalloc"))
            .ok_or(FillError::FragmentationUntold(allocator))
    }

    fn remove(&mut self, keys: Range<u64>) -> Result<(), FillError> {
        let mut writer = Control::open(self.address, self.terms.limit())?;
        let numbers: Vec<u64> = keys.collect();
        for batch in numbers.chunks(128) {
            let mut pipe = redis::pipe();
            for number in batch {
                pipe.cmd("DEL").arg(key(*number)).ignore();
            }
            self.send(&mut writer, "DEL", &pipe)?;
        }
        Ok(())
    }

    fn send(
        &self,
        writer: &mut Control,
        name: &'static str,
        pipe: &redis::Pipeline,
    ) -> Result<(), FillError> {
        if self.terms.stop.is_raised() {
            return Err(FillError::Interrupted);
        }
        writer.write_all(name, pipe)?;
        Ok(())
    }

    /// The figure once it has not moved for a while.
    fn settled(&mut self) -> Result<u64, FillError> {
        figure(settled_info(self.control, self.terms)?)
    }

    /// The figure now.
    fn read(&mut self) -> Result<u64, FillError> {
        figure(lonely_info(self.control, self.terms)?)
    }
}

/// Whether a fragmentation is another one than before.
fn has_risen(before: Decimal, after: Decimal) -> bool {
    before.checked_mul(LEAST_RISE).is_some_and(|least| after >= least)
}

fn figure(info: Result<Info, Refusal>) -> Result<u64, FillError> {
    let info = info.map_err(|Refusal(words)| FillError::Untold(words))?;
    let figure = info.get(FIGURE).unwrap_or("no such field").to_owned();
    info.whole(FIGURE).ok_or(FillError::Untold(figure))
}

/// `INFO` of a private server once the size of its dataset has not moved for longer than the server
/// leaves its figures of its clients' buffers as they were.
pub(crate) fn settled_info(
    control: &mut Control,
    terms: &Terms,
) -> Result<Result<Info, Refusal>, FillError> {
    let limit = Instant::now() + terms.reply_limit;
    let mut info = lonely_info(control, terms)?;
    let mut since = Instant::now();
    while info.is_ok() && since.elapsed() < SETTLED_AFTER && Instant::now() < limit {
        std::thread::sleep(PAUSE);
        let again = lonely_info(control, terms)?;
        let text = |info: &Result<Info, Refusal>| {
            info.as_ref().ok().and_then(|info| info.get(FIGURE).map(str::to_owned))
        };
        if text(&again) != text(&info) {
            since = Instant::now();
        }
        info = again;
    }
    Ok(info)
}

/// `INFO` of a private server once no connection but this one is left, or it stays for long.
fn lonely_info(control: &mut Control, terms: &Terms) -> Result<Result<Info, Refusal>, FillError> {
    let limit = Instant::now() + terms.reply_limit;
    loop {
        if terms.stop.is_raised() {
            return Err(FillError::Interrupted);
        }
        let answer = control.info(None)?;
        let clients = answer.as_ref().ok().and_then(|info| info.whole("connected_clients"));
        if clients.is_none_or(|clients| clients <= 1) || Instant::now() >= limit {
            return Ok(answer);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragmentation_has_risen_if_it_is_beyond_what_comes_by_itself() {
        let ratio = |text: &str| text.parse::<Decimal>().unwrap();
        assert!(has_risen(ratio("1.03"), ratio("1.09")));
        assert!(!has_risen(ratio("1.03"), ratio("1.08")));
        assert!(!has_risen(ratio("1.30"), ratio("1.03")));
        assert!(!has_risen(Decimal::MAX, Decimal::MAX));
    }
}
