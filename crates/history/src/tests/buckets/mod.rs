//! Histories in buckets: one in memory that fails when told to, and real servers where they are installed.

mod azure;
mod faults;
mod packs;
mod servers;
