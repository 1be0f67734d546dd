//! The requests of a trial, encoded before the first of them is timed, and the reply to each.

use std::collections::HashSet;
use std::iter::Cycle;
use std::num::NonZeroU64;
use std::ops::Range;
use std::slice::Iter;

use phasegate_model::{Command, Keys, MeasurePlan, Weighted};

use crate::redis::ask::draw::{Choice, Draw, Zipf};
use crate::redis::ask::pattern::{filled_in, key, length, value};
use crate::redis::ask::reply::{Expected, Reply};
use crate::redis::ask::share::Share;
use crate::redis::ask::workload::VALUE_BYTES;
use crate::redis::reach::address::Protocol;

/// A key that phasegate never writes.
pub(crate) const ABSENT_KEY: &str = "phasegate:absent";

/// With more keys than this, so many of them are read: enough to be spread over the server's
/// memory, few enough not to fill the client's caches with requests.
const MOST_REQUESTS: u64 = 65_536;

/// So often a request is drawn for a node of a cluster, most of which may be for the other nodes.
const MOST_DRAWS: u64 = 1 << 20;

/// So many bytes of requests are encoded beforehand, and at least one request.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// Encoded requests, one after the other in one buffer.
pub(crate) struct Requests {
    bytes: Vec<u8>,
    spans: Vec<Range<usize>>,
    expected: Expected,
}

impl Requests {
    /// What a plan sends. With `keys`, so many keys of a dataset exist. Nothing if none of it is for
    /// this node of a cluster.
    pub(crate) fn of(
        plan: &MeasurePlan,
        share: Option<&Share>,
        protocol: Protocol,
        keys: Option<NonZeroU64>,
    ) -> Option<Self> {
        let value = plan.dataset.as_ref().map(|dataset| length(dataset.value.bytes()));
        let value = value.unwrap_or(VALUE_BYTES);
        let named = plan.keys.count.unwrap_or(Keys::DEFAULT_COUNT);
        let chosen = choice(&plan.keys, keys.unwrap_or(named.into()));
        let absent_key = share.map_or(ABSENT_KEY, |share| share.absent_key.as_str());
        let requests = match (plan.mix.as_slice(), plan.command, keys) {
            ([], Command::Ping, _) => Self::ping(),
            ([], Command::Get, None) => Self::get_absent(absent_key, protocol),
            ([], Command::Get, Some(keys)) if plan.keys.zipf.is_none() => {
                Self::get_dataset(keys, value)
            }
            ([], Command::Get, Some(_)) => Self::get_chosen(&chosen, value),
            ([], Command::Set, _) => Self::set(&chosen, value, share),
            (mix, ..) => Self::mix(mix, &chosen, share),
        };
        (!requests.spans.is_empty()).then_some(requests)
    }

    /// `PING`.
    pub(crate) fn ping() -> Self {
        Self::encode([redis::cmd("PING")], Reply::pong())
    }

    /// `GET` of a key that doesn't exist.
    pub(crate) fn get_absent(key: &str, protocol: Protocol) -> Self {
        Self::encode([get(key)], Reply::nil(protocol))
    }

    /// `GET` of the dataset's keys, each of them once (of very many, a part) in a scattered order
    /// that is always the same.
    pub(crate) fn get_dataset(keys: NonZeroU64, value_length: usize) -> Self {
        let commands = scattered(keys).map(|number| get(&key(number)));
        Self::encode(commands, Reply::bulk(value(value_length)))
    }

    /// `SET` of the keys to values of one length.
    pub(crate) fn set(keys: &Choice, value_length: usize, share: Option<&Share>) -> Self {
        let value = value(value_length);
        let mut draw = Draw::new();
        let commands = drawn(value_length, share, || {
            let key = key(keys.next(&mut draw));
            let is_there = share.is_none_or(|share| share.slots.have(key.as_bytes()));
            is_there.then(|| {
                let mut command = redis::cmd("SET");
                command.arg(key).arg(&value);
                command
            })
        });
        Self::encode(commands, Reply::ok())
    }

    /// `GET` of the dataset's keys, as often as they are chosen.
    pub(crate) fn get_chosen(keys: &Choice, value_length: usize) -> Self {
        let mut draw = Draw::new();
        let commands = (0..MOST_REQUESTS).map(|_| get(&key(keys.next(&mut draw))));
        Self::encode(commands, Reply::bulk(value(value_length)))
    }

    /// The commands of a mix, as often as they weigh, with the keys that are chosen. Their replies
    /// may be any but errors. For a node of a cluster, those of them that are for it.
    pub(crate) fn mix(mix: &[Weighted], keys: &Choice, share: Option<&Share>) -> Self {
        let longest = mix.iter().map(|it| length(it.value.bytes())).max().unwrap_or_default();
        let weights: u64 = mix.iter().map(|it| u64::from(it.weight.get())).sum();
        let mut draw = Draw::new();
        let commands = drawn(longest, share, || {
            let mut point = draw.below(weights);
            let (at, chosen) = mix.iter().enumerate().find(|(_, it)| {
                let weight = u64::from(it.weight.get());
                let is_here = point < weight;
                point = point.saturating_sub(weight);
                is_here
            })?;
            let number = keys.next(&mut draw);
            let is_there = share.is_none_or(|share| share.takes((at, chosen), number, &mut draw));
            is_there.then(|| {
                let mut command = redis::Cmd::new();
                let words = chosen.command.words().iter();
                words.for_each(|word| {
                    command.arg(filled_in(word, chosen, number));
                });
                command
            })
        });
        Self { expected: Expected::Any, ..Self::encode(commands, Reply::ok()) }
    }

    fn encode(commands: impl IntoIterator<Item = redis::Cmd>, reply: Reply) -> Self {
        let mut bytes = Vec::new();
        let mut spans = Vec::new();
        for command in commands {
            let begin = bytes.len();
            bytes.extend_from_slice(&command.get_packed_command());
            spans.push(begin..bytes.len());
        }
        Self { bytes, spans, expected: Expected::Exact(reply) }
    }

    /// What the reply to each of them has to be.
    pub(crate) const fn expected(&self) -> &Expected {
        &self.expected
    }

    /// The reply to each of them, if it is known to the byte.
    pub(crate) const fn reply(&self) -> Option<&Reply> {
        match &self.expected {
            Expected::Exact(reply) => Some(reply),
            Expected::Any => None,
        }
    }

    /// The different ones among them, each once.
    pub(crate) fn different(&self) -> impl Iterator<Item = &[u8]> {
        let mut seen = HashSet::new();
        let all = self.spans.iter().filter_map(|span| self.bytes.get(span.clone()));
        all.filter(move |request| seen.insert(*request))
    }

    /// The requests in their order, over and over.
    pub(crate) fn cycle(&self) -> RequestCycle<'_> {
        RequestCycle { bytes: &self.bytes, spans: self.spans.iter().cycle() }
    }

    /// As [`Self::cycle`], after so many of them were sent.
    pub(crate) fn cycle_after(&self, sent: u64) -> RequestCycle<'_> {
        let mut cycle = self.cycle();
        let all = u64::try_from(self.spans.len()).unwrap_or(u64::MAX).max(1);
        // Not `skip`, which would look at its count again before each request.
        for _ in 0..sent % all {
            cycle.next();
        }
        cycle
    }
}

/// Requests without end.
pub(crate) struct RequestCycle<'a> {
    bytes: &'a [u8],
    spans: Cycle<Iter<'a, Range<usize>>>,
}

impl<'a> Iterator for RequestCycle<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.spans.next().and_then(|span| self.bytes.get(span.clone()))
    }
}

/// How the keys of a plan are chosen, if there are so many.
fn choice(keys: &Keys, count: NonZeroU64) -> Choice {
    match keys.zipf {
        None => Choice::Uniform(count.get()),
        Some(exponent) => {
            // An exponent has no more than a few digits: what binary fractions lose doesn't matter.
            let exponent = f64::try_from(exponent.value()).unwrap_or(1.0);
            Choice::Zipf(Zipf::new(count.get(), exponent))
        }
    }
}

/// As many requests as are encoded beforehand if each has so many bytes beside a few.
fn most_requests(length: usize) -> u64 {
    let length = u64::try_from(length).unwrap_or(u64::MAX).saturating_add(64);
    (MOST_BYTES / length).clamp(1, MOST_REQUESTS)
}

/// As many requests with values of this length as are encoded beforehand. Those of a cluster are
/// drawn until so many are for this node, within a bound.
fn drawn(
    value_length: usize,
    share: Option<&Share>,
    mut next: impl FnMut() -> Option<redis::Cmd>,
) -> impl Iterator<Item = redis::Cmd> {
    let most = most_requests(value_length);
    let draws = if share.is_some() { MOST_DRAWS } else { most };
    let wanted = usize::try_from(most).unwrap_or(usize::MAX);
    (0..draws).filter_map(move |_| next()).take(wanted)
}

fn get(key: &str) -> redis::Cmd {
    let mut command = redis::cmd("GET");
    command.arg(key);
    command
}

/// Numbers below `keys` in a scattered order, none of them twice: steps of about the golden ratio
/// round a ring, which visit every number because the step has no divisor in common with `keys`.
fn scattered(keys: NonZeroU64) -> impl Iterator<Item = u64> {
    let ring = keys.get();
    // 0.618 of the ring, or the next larger step without a common divisor. One always is.
    let near = u64::try_from(u128::from(ring) * 618 / 1000).unwrap_or(1).max(1);
    let step = (near..=ring).find(|step| divisor(*step, ring) == 1).unwrap_or(1);
    (0..ring.min(MOST_REQUESTS)).map(move |turn| {
        let position = u128::from(turn) * u128::from(step) % u128::from(ring);
        u64::try_from(position).unwrap_or_default()
    })
}

const fn divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::redis::ask::share::KeyWords;
    use crate::redis::ask::slots::Slots;

    fn numbers(keys: u64) -> Vec<u64> {
        scattered(NonZeroU64::new(keys).unwrap()).collect()
    }

    #[test]
    fn every_key_is_read_once_before_any_is_read_again() {
        for keys in (1..300).chain([65_535, 65_536]) {
            let read: BTreeSet<u64> = numbers(keys).into_iter().collect();
            assert_eq!(read.into_iter().collect::<Vec<_>>(), (0..keys).collect::<Vec<_>>());
        }
    }

    #[test]
    fn of_very_many_keys_a_part_is_read_that_is_spread_over_all() {
        let read = numbers(10_000_000);
        assert_eq!(read.len(), 65_536);
        let tenths: BTreeSet<u64> = read.iter().map(|number| number / 1_000_000).collect();
        assert_eq!(tenths.len(), 10);
        assert_eq!(numbers(10_000_000), read);
    }

    #[test]
    fn requests_are_encoded_as_the_protocol_has_them() {
        let requests = Requests::get_dataset(NonZeroU64::new(2).unwrap(), 3);
        let sent: Vec<&[u8]> = requests.cycle().take(3).collect();
        assert_eq!(sent[0], b"*2\r\n$3\r\nGET\r\n$16\r\nphasegate:000000\r\n");
        assert_eq!(sent[1], b"*2\r\n$3\r\nGET\r\n$16\r\nphasegate:000001\r\n");
        assert_eq!(sent[2], sent[0]);
        assert_eq!(requests.reply().unwrap().wire(), b"$3\r\nxxx\r\n");
    }

    #[test]
    fn each_different_request_is_there_once() {
        let requests = Requests::set(&Choice::Uniform(100), 3, None);
        let different: Vec<&[u8]> = requests.different().collect();
        let keys: BTreeSet<&[u8]> = requests.cycle().take(65_536).collect();
        assert_eq!((different.len(), keys.len()), (100, 100));
        assert_eq!(requests.cycle().next(), different.first().copied());
    }

    fn weighted(command: &str, weight: u32, value: &str) -> Weighted {
        let (command, value) = (command.parse().unwrap(), value.parse().unwrap());
        Weighted { command, weight: weight.try_into().unwrap(), value }
    }

    #[test]
    fn a_mix_has_each_command_as_often_as_it_weighs() {
        let mix = [weighted("GET", 9, "1B"), weighted("HSET u:{key}:{key} f {value}", 1, "3B")];
        let requests = Requests::mix(&mix, &Choice::Uniform(5), None);
        assert!(requests.reply().is_none());
        let sent: Vec<&[u8]> = requests.cycle().take(65_536).collect();
        let is_get =
            |request: &&&[u8]| request.starts_with(b"*2\r\n$3\r\nGET\r\n$16\r\nphasegate:00000");
        let gets = sent.iter().filter(is_get).count();
        assert!((58_600..59_400).contains(&gets), "{gets}");
        let other = sent.iter().find(|request| !is_get(request)).unwrap();
        let shape = b"*4\r\n$4\r\nHSET\r\n$15\r\nu:00000";
        assert!(other.starts_with(shape) && other.ends_with(b"\r\n$3\r\nxxx\r\n"));
        let keys: BTreeSet<&[u8]> = sent.iter().filter(is_get).copied().collect();
        assert_eq!(keys.len(), 5);
    }

    /// The part of the node that has these slots, of two.
    fn share(first: u16, last: u16, keys: Vec<Vec<usize>>) -> Share {
        let mut slots = Slots::default();
        slots.add(first, last);
        let absent_key = slots.absent_key().unwrap();
        Share { slots, absent_key, keys: KeyWords::from(keys), primaries: 2 }
    }

    #[test]
    fn the_nodes_of_a_cluster_share_all_keys_and_none_gets_another_ones() {
        let keys = Choice::Uniform(100);
        let mix = [weighted("GET u:{key}", 2, "1B"), weighted("TIME", 1, "1B")];
        let sent = |share: Option<&Share>| -> BTreeSet<Vec<u8>> {
            let requests = [Requests::mix(&mix, &keys, share), Requests::set(&keys, 1, share)];
            let of = |it: &Requests| it.cycle().take(it.spans.len()).map(<[u8]>::to_vec).collect();
            requests.iter().flat_map(|it| -> Vec<Vec<u8>> { of(it) }).collect()
        };
        let (low, high) =
            (share(0, 8191, vec![vec![1], vec![]]), share(8192, 16_383, vec![vec![1], vec![]]));
        let (low, high) = (sent(Some(&low)), sent(Some(&high)));
        // One hundred of either command, and the one without a key, which is for both.
        let all = sent(None);
        assert_eq!((all.len(), low.len() + high.len()), (201, 202));
        assert_eq!(low.union(&high).cloned().collect::<BTreeSet<_>>(), all);
    }

    #[test]
    fn what_names_no_key_is_shared_out() {
        let mix = [weighted("GET u:{key}", 1, "1B"), weighted("TIME", 1, "1B")];
        let half = share(0, 8191, vec![vec![1], vec![]]);
        let requests = Requests::mix(&mix, &Choice::Uniform(10_000), Some(&half));
        assert_eq!(requests.spans.len(), 65_536);
        let times = requests.cycle().take(65_536).filter(|it| it.starts_with(b"*1")).count();
        assert!((32_000..33_500).contains(&times), "{times}");
    }

    #[test]
    fn a_node_for_which_nothing_is_gets_nothing() {
        let mix = [weighted("GET foo", 1, "1B")];
        let without = share(0, 12_181, vec![vec![1]]);
        assert!(Requests::mix(&mix, &Choice::Uniform(1), Some(&without)).spans.is_empty());
        let with = share(12_182, 12_182, vec![vec![1]]);
        assert!(!Requests::mix(&mix, &Choice::Uniform(1), Some(&with)).spans.is_empty());
    }

    #[test]
    fn large_values_are_encoded_a_few_times_only() {
        let requests = Requests::set(&Choice::Uniform(100), 16 * 1024 * 1024, None);
        assert_eq!(requests.spans.len(), 1);
        assert_eq!(requests.reply().unwrap().wire(), b"+OK\r\n");
        assert_eq!(Requests::set(&Choice::Uniform(100), 100, None).spans.len(), 65_536);
    }
}
