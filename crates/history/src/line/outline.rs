//! What the beginning of an entry's line says, read without building the entry.
//!
//! A line that phasegate wrote has its keys in a fixed order, so that number, link, kind, phase and
//! time are at its beginning and the outcome is soon found. Only such lines are read here. Anything
//! else is no error but nothing, and is left to [`Entry::parse`], which says what is wrong with it.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use phasegate_model::{Outcome, PhaseId};

use crate::entry::body::Kind;
use crate::entry::digest::Digest;
use crate::entry::recorded::Entry;
use crate::line::scan::{after, number, plain};

/// What can be told of an entry at a glance, for filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline<'a> {
    /// Its number.
    pub number: u64,
    /// What kind of entry it is.
    pub kind: Kind,
    /// The phase that it is about; nothing for an entry about all of them.
    pub phase: Option<&'a str>,
    /// What was decided or transcribed; nothing for what people add to a decision.
    pub outcome: Option<Outcome>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl<'a> Outline<'a> {
    /// The outline of an entry.
    #[must_use]
    pub fn of(entry: &'a Entry) -> Self {
        Self {
            number: entry.number,
            kind: entry.kind(),
            phase: entry.phase().map(PhaseId::as_str),
            outcome: entry.outcome(),
            recorded_at: entry.recorded_at,
        }
    }

    /// The outline of a line as phasegate writes it; nothing for any other.
    pub(crate) fn scan(line: &'a [u8]) -> Option<Self> {
        let Opening { link, kind, phase, recorded_at, rest } = Opening::scan(line)?;
        let outcome = match kind {
            Kind::Decision => Some(outcome(rest, b",\"decision\":{")?),
            Kind::Transcription => Some(outcome(rest, b",\"transcription\":{")?),
            Kind::Waiver | Kind::Note | Kind::Revisit => None,
        };
        Some(Self { number: link.number, kind, phase, outcome, recorded_at: recorded_at.parse()? })
    }
}

/// How an entry says that it is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) number: u64,
    pub(crate) previous: Option<Digest>,
    pub(crate) recorded_at: Time,
}

impl Link {
    /// The link of a line as phasegate writes it; nothing for any other.
    pub(crate) fn scan(line: &[u8]) -> Option<Self> {
        Some(Opening::scan(line)?.link)
    }

    pub(crate) fn of(entry: &Entry) -> Self {
        let (number, previous) = (entry.number, entry.previous);
        Self { number, previous, recorded_at: Time::of(entry.recorded_at) }
    }
}

/// How far the clocks of machines may differ. Who writes at the same time as others dates an entry
/// before it is known which place it gets.
pub(crate) const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// Whether an entry of this time can't follow one of the time `before`, unless a clock was wrong: it
/// is earlier by more than a minute, which writers at the same time and clocks in use may differ.
#[must_use]
pub fn clock_went_back(before: DateTime<Utc>, time: DateTime<Utc>) -> bool {
    before - time > CLOCK_TOLERANCE
}

/// A time as entries have it, `2026-11-23T05:00:00Z`: sorted as bytes they are sorted in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time([u8; 20]);

impl Time {
    fn of(time: DateTime<Utc>) -> Self {
        let text = time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        // A year of five digits or more isn't ordered among the others; none is recorded then.
        Self(text.as_bytes().try_into().unwrap_or([b'0'; 20]))
    }

    fn scan(bytes: [u8; 20]) -> Option<Self> {
        let form = b"0000-00-00T00:00:00Z";
        let fits = |(byte, form): (&u8, &u8)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        };
        bytes.iter().zip(form).all(fits).then_some(Self(bytes))
    }

    /// Whether it is that much earlier that a clock must have been wrong.
    pub(crate) fn is_clearly_before(self, other: Self) -> bool {
        self < other
            && match (self.parse(), other.parse()) {
                (Some(this), Some(other)) => clock_went_back(other, this),
                // What is no time at all has no distance.
                _ => true,
            }
    }

    pub(crate) fn parse(self) -> Option<DateTime<Utc>> {
        let Self([y1, y2, y3, y4, _, m1, m2, _, d1, d2, _, h1, h2, _, n1, n2, _, s1, s2, _]) = self;
        let value = |high: u8, low: u8| u32::from(high - b'0') * 10 + u32::from(low - b'0');
        let year = i32::try_from(value(y1, y2) * 100 + value(y3, y4)).ok()?;
        NaiveDate::from_ymd_opt(year, value(m1, m2), value(d1, d2))?
            .and_hms_opt(value(h1, h2), value(n1, n2), value(s1, s2))
            .map(|time| time.and_utc())
    }
}

/// The keys up to the time, and what follows them.
pub(crate) struct Opening<'a> {
    pub(crate) link: Link,
    pub(crate) kind: Kind,
    pub(crate) phase: Option<&'a str>,
    recorded_at: Time,
    pub(crate) rest: &'a [u8],
}

impl<'a> Opening<'a> {
    pub(crate) fn scan(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_prefix(b"{\"schema\":1,\"number\":")?;
        let (number, rest) = number(rest)?;
        let rest = rest.strip_prefix(b",\"previous\":")?;
        let (previous, rest) = match rest.strip_prefix(b"\"") {
            Some(rest) => {
                let (digest, rest) = plain(rest)?;
                (Some(digest.strip_prefix("sha256:")?.parse().ok()?), rest)
            }
            None => (None, rest.strip_prefix(b"null")?),
        };
        let (kind, rest) = plain(rest.strip_prefix(b",\"kind\":\"")?)?;
        let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind)?;
        let (phase, rest) = match rest.strip_prefix(b",\"phase\":\"") {
            Some(rest) => plain(rest).map(|(phase, rest)| (Some(phase), rest))?,
            None => (None, rest),
        };
        let (time, rest) = rest.strip_prefix(b",\"recorded_at\":\"")?.split_first_chunk::<20>()?;
        let recorded_at = Time::scan(*time)?;
        let rest = rest.strip_prefix(b"\"")?;
        Some(Self { link: Link { number, previous, recorded_at }, kind, phase, recorded_at, rest })
    }
}

/// The outcome in a body that is an object of that key. Inside of a text each quotation mark has a
/// backslash before it, so that neither key is ever found in one. The keys of a body before its
/// outcome are numbers and texts, so that the first outcome is the body's own.
fn outcome(rest: &[u8], key: &[u8]) -> Option<Outcome> {
    let body = after(rest, key)?;
    let (outcome, _) = plain(after(body, b",\"outcome\":\"")?)?;
    outcome.parse().ok()
}
