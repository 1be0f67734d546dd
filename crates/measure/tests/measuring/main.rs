//! Measuring real servers through the public API. Each test starts its own server, which is
//! stopped by its process id when the test ends.
#![allow(clippy::disallowed_methods, reason = "tests start processes and read files")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod clusters;
mod commands;
mod common;
mod cpu;
mod floor;
mod headroom;
mod known;
mod load;
mod pairs;
mod restarted;
mod running;
mod sentinels;
mod started;
mod tls;
