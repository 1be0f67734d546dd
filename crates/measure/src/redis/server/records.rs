//! What is written for each key of a dataset.

use phasegate_model::{DataType, Dataset};
use redis::{Cmd, Pipeline};

use crate::redis::ask::pattern::{key, value};

/// Values beside a key are so large, in quarters of the dataset's: mostly as large, so that holes
/// come where the dataset's values are, and some that nothing fits into well.
const MIXED_QUARTERS: [usize; 5] = [4, 4, 6, 4, 9];

/// Writes a key and all its elements. The value has `length` bytes.
pub(crate) fn write(pipe: &mut Pipeline, dataset: &Dataset, length: usize, number: u64) {
    let (key, elements) = (key(number), dataset.elements.get());
    let each = |command: &'static str, add: &dyn Fn(&mut Cmd, u32)| {
        let mut command = redis::cmd(command);
        command.arg(&key);
        (0..elements).for_each(|element| add(&mut command, element));
        command
    };
    let command = match dataset.kind {
        DataType::String => {
            let mut command = redis::cmd("SET");
            command.arg(&key).arg(value(length));
            command
        }
        // Servers before version 4 know `HSET` with one field only.
        DataType::Hash => each("HMSET", &|command, element| {
            command.arg(format!("field:{element}")).arg(value(length));
        }),
        DataType::List => each("RPUSH", &|command, _| {
            command.arg(value(length));
        }),
        DataType::Set => each("SADD", &|command, element| {
            command.arg(member(element, length));
        }),
        DataType::Zset => each("ZADD", &|command, element| {
            command.arg(element).arg(member(element, length));
        }),
        DataType::Stream => {
            for entry in 1..=elements {
                let mut command = redis::cmd("XADD");
                command.arg(&key).arg(format!("{entry}-1")).arg("field").arg(value(length));
                pipe.add_command(command).ignore();
            }
            return;
        }
    };
    pipe.add_command(command).ignore();
}

/// A value that no other element of its key has: its number, filled up to the length, or as long as
/// the number is.
fn member(element: u32, length: usize) -> Vec<u8> {
    let mut member = format!("{element}:").into_bytes();
    member.resize(member.len().max(length), b'x');
    member
}

/// The keys beside one of the dataset's, which are deleted again.
pub(crate) fn beside(dataset: &Dataset, number: u64) -> impl Iterator<Item = String> {
    (0..dataset.churn).map(move |index| format!("phasegate:beside:{number}:{index}"))
}

/// Writes the keys beside one of the dataset's.
pub(crate) fn write_beside(pipe: &mut Pipeline, dataset: &Dataset, length: usize, number: u64) {
    let start = usize::try_from(number).unwrap_or_default();
    for (index, key) in beside(dataset, number).enumerate() {
        let quarters = MIXED_QUARTERS.iter().cycle().nth((start + index) % MIXED_QUARTERS.len());
        let length = (length / 4).saturating_mul(quarters.copied().unwrap_or(4)).max(1);
        pipe.cmd("SET").arg(key).arg(value(length)).ignore();
    }
}
