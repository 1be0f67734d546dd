//! The slots of a Redis Cluster, by its specification: which one a key is in, and who has which.

use std::fmt;

/// How many there are.
const SLOTS: u16 = 16_384;

/// Ranges of slots, in order: the first and the last of each. There is at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slots(Vec<(u16, u16)>);

impl Slots {
    /// Of one more range.
    pub(crate) fn add(&mut self, first: u16, last: u16) {
        self.0.push((first, last));
        self.0.sort_unstable();
    }

    /// Whether a key is in one of them.
    pub(crate) fn have(&self, key: &[u8]) -> bool {
        let slot = slot(key);
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&slot))
    }

    /// A key in one of them that nobody writes, by a hash tag. Nothing if they are none.
    pub(crate) fn absent_key(&self) -> Option<String> {
        // About a tenth of a second for a single slot, which is then found nearly surely.
        let tags = 0..u32::from(SLOTS) * 32;
        let key = |tag: u32| format!("phasegate:absent:{{{tag}}}");
        tags.map(key).find(|key| self.have(key.as_bytes()))
    }
}

impl fmt::Display for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = |(first, last): &(u16, u16)| format!("{first}-{last}");
        f.write_str(&self.0.iter().map(range).collect::<Vec<_>>().join(", "))
    }
}

/// The slot of a key: CRC16 (XMODEM) of its hash tag, or else of all of it, modulo their number.
pub(crate) fn slot(key: &[u8]) -> u16 {
    let crc = tag(key).iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    crc % SLOTS
}

/// What stands between the first `{` and the next `}`, unless that is nothing.
fn tag(key: &[u8]) -> &[u8] {
    let inner = || {
        let begin = key.iter().position(|byte| *byte == b'{')? + 1;
        let rest = key.get(begin..)?;
        let end = rest.iter().position(|byte| *byte == b'}').filter(|end| *end > 0)?;
        rest.get(..end)
    };
    inner().unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(ranges: &[(u16, u16)]) -> Slots {
        let mut slots = Slots::default();
        for (first, last) in ranges {
            slots.add(*first, *last);
        }
        slots
    }

    #[test]
    fn slots_are_those_of_the_specification() {
        // The check value of CRC16/XMODEM, and a slot that `CLUSTER KEYSLOT` tells.
        assert_eq!(slot(b"123456789"), 0x31C3 % SLOTS);
        assert_eq!(slot(b"foo"), 12_182);
        // The specification's own examples of hash tags.
        assert_eq!(slot(b"{user1000}.following"), slot(b"{user1000}.followers"));
        assert_eq!(slot(b"{user1000}.following"), slot(b"user1000"));
        assert_eq!(tag(b"foo{}{bar}"), b"foo{}{bar}");
        assert_eq!(tag(b"foo{{bar}}zap"), b"{bar");
        assert_eq!(tag(b"foo{bar}{zap}"), b"bar");
        assert_eq!(tag(b"foo{bar"), b"foo{bar");
    }

    #[test]
    fn a_key_that_is_absent_is_in_the_slots() {
        for (first, last) in [(0, 5460), (5461, 10_922), (16_383, 16_383), (0, 0)] {
            let key = slots(&[(first, last)]).absent_key().unwrap();
            assert!((first..=last).contains(&slot(key.as_bytes())), "{key}");
        }
        assert_eq!(Slots::default().absent_key(), None);
    }

    #[test]
    fn several_ranges_are_told_in_order() {
        let two = slots(&[(12_182, 12_182), (0, 10)]);
        assert_eq!(two.to_string(), "0-10, 12182-12182");
        assert!(two.have(b"foo") && two.have(b"a{foo}b") && !two.have(b"{a}foo"));
    }
}
