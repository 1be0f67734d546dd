//! What is told of a process: its name, its CPU time, and its last words.

use std::path::Path;
use std::time::Duration;

use rustix::process::Pid;

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

/// The CPU time of a process's main thread, if the kernel tells it. Of a thread that runs it is up to
/// a tick old; of one that sleeps it is exact.
pub(crate) fn cpu_time(process: Pid) -> Option<Duration> {
    let account = std::fs::read_to_string(format!("/proc/{process}/schedstat")).ok()?;
    Some(Duration::from_nanos(account.split_ascii_whitespace().next()?.parse().ok()?))
}
