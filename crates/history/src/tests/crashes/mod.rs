//! Failing disks, killed processes, and writers at the same time.

pub(super) mod failing;
mod killing;
mod racing;
