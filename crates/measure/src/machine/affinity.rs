//! Keeping threads on CPUs, and giving them back.

use phasegate_model::Pinning;
use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

/// Why something could not be pinned to a CPU.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// There is no such CPU, or this process may not use it.
    #[error(
        "the {role} can't be pinned to CPU {cpu}: this process may use CPU {usable}; name one of those in the plan's pinning, or none"
    )]
    NoSuchCpu {
        /// Whose CPU: `server` or `client`.
        role: &'static str,
        /// The CPU that was asked for.
        cpu: u32,
        /// The CPUs that exist and are allowed, as a list of ranges: `0-3,8`.
        usable: String,
    },
    /// The kernel refused.
    #[error("the {role} can't be pinned to CPU {cpu}: {source}; leave out the plan's pinning")]
    Refused {
        /// Whose CPU: `server` or `client`.
        role: &'static str,
        /// The CPU that was asked for.
        cpu: u32,
        /// The kernel's reason.
        source: Errno,
    },
}

/// The CPUs of a thread as they were; dropping it gives them back.
pub(crate) struct Pinned {
    /// The process whose main thread it is; without one, it is the calling thread.
    process: Option<Pid>,
    before: CpuSet,
}

impl Pinned {
    /// Keeps the calling thread, and what it starts from now on, on one CPU. Without a CPU it
    /// changes nothing.
    pub(crate) fn pin(role: &'static str, cpu: Option<u32>) -> Result<Option<Self>, PinError> {
        let Some(cpu) = cpu else { return Ok(None) };
        let refused = |source| PinError::Refused { role, cpu, source };
        let before = sched_getaffinity(None).map_err(refused)?;
        let no_such_cpu = || PinError::NoSuchCpu { role, cpu, usable: ranges(&before) };
        let number = usize::try_from(cpu).map_err(|_| no_such_cpu())?;
        // Setting a CPU beyond the set's end would panic.
        if number >= CpuSet::MAX_CPU {
            return Err(no_such_cpu());
        }
        let mut only = CpuSet::new();
        only.set(number);
        match sched_setaffinity(None, &only) {
            Ok(()) => Ok(Some(Self { process: None, before })),
            // The kernel says so where none of the CPUs is both there and allowed to this
            // process.
            Err(Errno::INVAL) => Err(no_such_cpu()),
            Err(source) => Err(refused(source)),
        }
    }
}

impl Pinned {
    /// Keeps the main thread of a process of ours on a CPU, if the kernel lets it.
    pub(crate) fn place(process: Pid, cpu: u32) -> Option<Self> {
        let before = sched_getaffinity(Some(process)).ok()?;
        let number = usize::try_from(cpu).ok().filter(|number| *number < CpuSet::MAX_CPU)?;
        let mut only = CpuSet::new();
        only.set(number);
        sched_setaffinity(Some(process), &only).ok()?;
        Some(Self { process: Some(process), before })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // It can only fail if the allowed CPUs were changed meanwhile; then the thread stays
        // where it is, which is no worse than anything else.
        let _ = sched_setaffinity(self.process, &self.before);
    }
}

/// Whether the plan's CPUs can be had.
pub(crate) fn check(pinning: Pinning) -> Result<(), PinError> {
    drop(Pinned::pin("server", pinning.server)?);
    drop(Pinned::pin("client", pinning.client)?);
    Ok(())
}

/// Whether this process may use a CPU.
pub(crate) fn is_usable(cpu: u32) -> bool {
    Pinned::pin("server", Some(cpu)).is_ok()
}

/// The CPU that a process (without one: the calling thread) is kept on, if it is only one.
pub(crate) fn only_cpu(process: Option<Pid>) -> Option<u32> {
    let set = sched_getaffinity(process).ok()?;
    let number = (0..CpuSet::MAX_CPU).find(|number| set.is_set(*number))?;
    // Allowed on several CPUs, it may be on any of them by the next sample.
    (set.count() == 1).then(|| u32::try_from(number).ok()).flatten()
}

/// The CPU that the calling thread is on right now.
pub(crate) fn current_cpu() -> Option<u32> {
    u32::try_from(sched_getcpu()).ok()
}

/// How many CPUs the calling thread may use.
pub(crate) fn usable_cpus() -> Option<u32> {
    sched_getaffinity(None).ok().map(|set| set.count())
}

fn ranges(set: &CpuSet) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for number in (0..CpuSet::MAX_CPU).filter(|number| set.is_set(*number)) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let shown = ranges.into_iter().map(|(first, last)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    });
    shown.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_that_does_not_exist_is_an_error_that_names_those_that_do() {
        for cpu in [1_000, 1_024, u32::MAX] {
            let error = Pinned::pin("client", Some(cpu)).err().unwrap();
            let usable = ranges(&sched_getaffinity(None).unwrap());
            assert_eq!(error, PinError::NoSuchCpu { role: "client", cpu, usable });
        }
        let server = Pinning { server: Some(1_000), client: None };
        assert!(check(server).unwrap_err().to_string().starts_with("the server can't be pinned"));
    }

    #[test]
    fn pinning_ends_when_it_is_dropped() {
        let before = ranges(&sched_getaffinity(None).unwrap());
        let pinned = Pinned::pin("client", Some(0)).unwrap();
        assert_eq!(only_cpu(None), Some(0));
        drop(pinned);
        assert_eq!(ranges(&sched_getaffinity(None).unwrap()), before);
    }

    #[test]
    fn cpus_are_listed_as_ranges() {
        let mut set = CpuSet::new();
        for number in [0, 1, 2, 5, 7, 8] {
            set.set(number);
        }
        assert_eq!(ranges(&set), "0-2,5,7-8");
    }
}
