//! A round of one request after the other, over one connection.

use std::time::Instant;

use crate::redis::ask::reply::Reply;
use crate::redis::ask::requests::RequestCycle;
use crate::redis::reach::terms::Terms;
use crate::redis::send::connection::SampleError;
use crate::redis::send::link::MeasuredConnection;
use crate::times::round::{Passes, RoundTimes, Times, nanoseconds};

/// Measures one round. What was in `times` before is gone.
///
/// # Errors
/// If a reply isn't the expected one or doesn't come, or the caller interrupts.
pub(crate) fn measure(
    link: &mut MeasuredConnection,
    requests: &mut RequestCycle<'_>,
    reply: &Reply,
    (passes, terms): (Passes, &Terms),
    times: &mut RoundTimes,
) -> Result<(), SampleError> {
    let Passes { warmup, samples } = passes;
    times.first.reset();
    pass(link, requests, reply, (warmup, terms), &mut times.first)?;
    times.first.reset();
    times.second.reset();
    let first_half = samples / 2;
    let begin = Instant::now();
    pass(link, requests, reply, (first_half, terms), &mut times.first)?;
    pass(link, requests, reply, (samples - first_half, terms), &mut times.second)?;
    times.elapsed = begin.elapsed();
    link.check_quiet()
}

/// The clock is read once between two samples whose reply is no longer than this: comparing and
/// recording it takes less than the clock reading that it saves.
const LONGEST_TILED: usize = 512;

/// One request after the other.
///
/// A sample begins when the one before was complete. What the client does in between, to compare a
/// short reply and to record its time, is some nanoseconds of the next sample, and no pause of the
/// client or the machine falls between two samples and is seen by neither. After a longer reply,
/// whose comparison takes its time, the clock is read anew.
fn pass(
    link: &mut MeasuredConnection,
    requests: &mut RequestCycle<'_>,
    reply: &Reply,
    (count, terms): (u32, &Terms),
    times: &mut Times,
) -> Result<(), SampleError> {
    let tiled = reply.wire().len() <= LONGEST_TILED;
    let mut begin = Instant::now();
    for request in requests.take(usize::try_from(count).unwrap_or(usize::MAX)) {
        // The clock was read for the sample before.
        if terms.stop.is_raised_at(begin) {
            return Err(SampleError::Interrupted);
        }
        let end = link.sample(begin, request, reply)?;
        times.saturating_record(nanoseconds(end - begin));
        begin = if tiled { end } else { Instant::now() };
    }
    Ok(())
}
