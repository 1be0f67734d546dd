//! A Redis Cluster: its primaries, and one trial out of theirs.

use crate::redis::ask::slots::Slots;
use crate::redis::cluster::error::ClusterError;
use crate::redis::reach::address::Address;
use crate::redis::reach::control::Control;

/// A primary, and what it has.
#[derive(Clone, Debug)]
pub(crate) struct Primary {
    pub(crate) address: Address,
    pub(crate) slots: Slots,
}

/// The primaries that one of the nodes tells, in the order of their slots.
pub(crate) fn primaries(
    control: &mut Control,
    seed: &Address,
) -> Result<Vec<Primary>, ClusterError> {
    let mut command = redis::cmd("CLUSTER");
    command.arg("SLOTS");
    // First and last slot, then the nodes, the primary first, each with its host and port.
    let answer: Vec<Vec<redis::Value>> = control.insist("CLUSTER SLOTS", &command)?;
    let no_host = || ClusterError::NoHost { address: seed.to_string() };
    let mut ranges: Vec<(u16, u16, String, u16)> = Vec::new();
    for range in answer {
        let [first, last, primary, ..] = range.as_slice() else { continue };
        let redis::Value::Array(primary) = primary else { return Err(no_host()) };
        let [host, port, ..] = primary.as_slice() else { return Err(no_host()) };
        let read = |value: &redis::Value| redis::from_redis_value_ref::<u16>(value).ok();
        let host = redis::from_redis_value_ref::<String>(host).ok();
        let (Some(first), Some(last), Some(host), Some(port)) =
            (read(first), read(last), host.filter(|it| it != "?"), read(port))
        else {
            return Err(no_host());
        };
        ranges.push((first, last, host, port));
    }
    ranges.sort();
    let mut found: Vec<Primary> = Vec::new();
    for (first, last, host, port) in ranges {
        let address = seed.at(&host, port).ok_or_else(no_host)?;
        let shown = address.to_string();
        if let Some(known) = found.iter_mut().find(|it| it.address.to_string() == shown) {
            known.slots.add(first, last);
        } else {
            let mut slots = Slots::default();
            slots.add(first, last);
            found.push(Primary { address, slots });
        }
    }
    if found.is_empty() {
        return Err(ClusterError::NoSlots { address: seed.to_string() });
    }
    Ok(found)
}
