//! The process that starts a command and nothing else, so that what the kernel tells of it is of
//! that one start.
//!
//! A child inherits its parent's largest resident size: it has the parent's memory until it becomes
//! another program. Measured from phasegate itself, a small command would seem as large as all the
//! readings that phasegate holds by then. The launcher is young and small, and tells its own size, so
//! that nobody takes it for the command's.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::{Signal, getpgrp, getpid, kill_process_group};
use serde::{Deserialize, Serialize};
use wait4::Wait4;

use crate::machine::words::words_of_system;

/// What became of a start, as the launcher writes it to its standard output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartReport {
    /// The program ran and has ended.
    Ended {
        /// From the call that started it until it had ended, in nanoseconds.
        wall_ns: u64,
        /// CPU time in user mode, in nanoseconds.
        user_ns: u64,
        /// CPU time in the kernel, in nanoseconds.
        sys_ns: u64,
        /// The largest resident size, in bytes.
        rss: u64,
        /// The launcher's own, in bytes.
        rss_floor: u64,
        /// Its exit status, or the signal that ended it.
        end: ProgramEnd,
    },
    /// It didn't run, for the system's reason.
    NotStarted(String),
    /// The file for its standard input can't be opened, for the system's reason.
    NoStdin(String),
    /// Somebody started the launcher who doesn't know how.
    Orphan,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramEnd {
    /// With this exit status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
}

/// Starts a command and waits for its end: the whole `main` of a process that is started for each
/// start. `stdin` is a file, or empty for none. The caller writes the report to standard output.
///
/// The process has to lead a process group of its own, and its standard input has to be a pipe that
/// its parent holds open: when the parent is gone, the group is killed.
#[must_use]
pub fn start_command(stdin: &Path, program: &Path, arguments: &[OsString]) -> StartReport {
    // Killing the group of a shell would end whatever else somebody has running in it.
    if getpgrp() != getpid() {
        return StartReport::Orphan;
    }
    // The kernel's signal on a parent's death reaches only its child, which is this process.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = kill_process_group(getpid(), Signal::KILL);
    });
    let input = if stdin.as_os_str().is_empty() {
        Stdio::null()
    } else {
        match File::open(stdin) {
            Ok(file) => file.into(),
            Err(error) => return StartReport::NoStdin(words_of_system(&error)),
        }
    };
    let mut command = Command::new(program);
    // What it says on standard error is kept for messages, and goes where the launcher's goes.
    command.args(arguments).stdin(input).stdout(Stdio::null());
    // The clock is read last before the start, so that opening the input isn't in the wall time.
    let begin = Instant::now();
    // The kernel tells what this one child used; `getrusage` would add up all children so far.
    let used = command.spawn().and_then(Wait4::wait4);
    let wall = begin.elapsed();
    let used = match used {
        Ok(used) => used,
        Err(error) => return StartReport::NotStarted(words_of_system(&error)),
    };
    let end = match (used.status.code(), used.status.signal()) {
        (Some(status), _) => ProgramEnd::Exit(status),
        (None, signal) => ProgramEnd::Signal(signal.unwrap_or_default()),
    };
    let nanoseconds =
        |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    StartReport::Ended {
        wall_ns: nanoseconds(wall),
        user_ns: nanoseconds(used.rusage.utime),
        sys_ns: nanoseconds(used.rusage.stime),
        rss: used.rusage.maxrss,
        rss_floor: own_peak(),
        end,
    }
}

/// The launcher's own largest resident size. It is looked at after the start, when it can only be
/// more than it was before.
fn own_peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches("kB").trim().parse().ok());
    // The kernel writes kB and means 1024 bytes.
    kilobytes.map_or(0, |kilobytes: u64| kilobytes * 1024)
}
