//! What a server says of itself: its `INFO` and its environment as readings.

pub(crate) mod cpu;
pub(crate) mod environment;
pub(crate) mod headroom;
pub(crate) mod product;
pub(crate) mod readings;

#[cfg(test)]
mod readings_of_servers_tests;
