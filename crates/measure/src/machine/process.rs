//! What is told of a process: its name, its CPU time, and its last words.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rustix::process::Pid;
use sha2::{Digest as _, Sha256};

/// The property of an environment that tells one build of a program from another.
pub(crate) const DIGEST: &str = "program.digest";

/// How much of a program is read at a time.
const PIECE: usize = 1 << 16;

/// How much of a log is quoted.
const LOG_LINES: usize = 4;

/// The last lines of what a program printed in one line, for messages.
pub(crate) fn last_lines(printed: &[u8]) -> String {
    // A log that is no UTF-8 still has words that help.
    let text = String::from_utf8_lossy(printed);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default();
    if last.is_empty() { "nothing".to_owned() } else { last.join(" | ") }
}

/// A program's name without its folder.
pub(crate) fn file_name(program: &Path) -> String {
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

/// The SHA-256 digest of a program's file in hexadecimal digits; nothing if it can't be read, which
/// doesn't keep it from being started.
pub(crate) fn digest(program: &Path) -> Option<String> {
    let mut file = File::open(program).ok()?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece).ok()? {
            0 => break,
            read => hash.update(piece.get(..read)?),
        }
    }
    Some(hash.finalize().iter().fold(String::new(), |mut digits, byte| {
        // Writing into a text never fails.
        let _ = write!(digits, "{byte:02x}");
        digits
    }))
}

/// The CPU time of a process's main thread, if the kernel tells it. Of a thread that runs it is up to
/// a tick old; of one that sleeps it is exact.
pub(crate) fn cpu_time(process: Pid) -> Option<Duration> {
    let account = std::fs::read_to_string(format!("/proc/{process}/schedstat")).ok()?;
    Some(Duration::from_nanos(account.split_ascii_whitespace().next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_built_anew_has_another_digest() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, "abc").unwrap();
        let first = digest(&program).unwrap();
        assert!(first.starts_with("ba7816bf8f01cfea") && first.len() == 64, "{first}");
        std::fs::write(&program, "abd").unwrap();
        assert_ne!(digest(&program).unwrap(), first);
        assert!(digest(&folder.path().join("none")).is_none());
    }
}
