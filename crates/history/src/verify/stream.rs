//! A ledger as one stream: its entries' lines, one after another, as `cat reports/ledger/*.json`
//! gives them. A million files take longer to open than their bytes to check; one file doesn't.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use crate::backend::error::PlaceError;
use crate::entry::head::Head;
use crate::summary::Link;
use crate::verify::chain::Chain;
use crate::verify::problem::Problem;
use crate::verify::whole::Verification;

/// Verifies the chain of a ledger whose lines come one after another, as
/// [`verify_chain`](crate::verify_chain) does. `name` is what problems call the stream.
///
/// Of the stream, two lines at a time are in memory.
pub fn verify_lines(lines: &mut dyn BufRead, name: &Path, expected: Option<&Head>) -> Verification {
    let mut chain = Chain::new(expected);
    let (mut line, mut newest) = (Vec::new(), Vec::new());
    for at in 1_u64.. {
        line.clear();
        match lines.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => step(&mut chain, &line, || PathBuf::from(format!("{}:{at}", name.display()))),
            Err(cause) => {
                let cause = PlaceError::new("read", name, cause);
                chain.problems.push(Problem::Unreadable { cause });
                break;
            }
        }
        // The last line is kept: no link vouches for the newest entry, so it is read whole.
        std::mem::swap(&mut line, &mut newest);
    }
    if !newest.is_empty() {
        chain.newest(&newest);
    }
    chain.finish();
    Verification::of(chain)
}

fn step(chain: &mut Chain, line: &[u8], place: impl FnOnce() -> PathBuf) {
    let link = Link::read(line);
    match (chain.number_of(link, 1..=u64::MAX), link) {
        (Some(number), Some(link)) => {
            chain.reach(number);
            chain.follow(line, Some(link), place);
        }
        (Some(number), None) => {
            chain.reach(number);
            chain.whole(line, place);
        }
        (None, link) => {
            let inside = link.map_or(0, |link| link.number);
            chain.unreadable(Problem::Misplaced { path: place(), inside });
        }
    }
}
