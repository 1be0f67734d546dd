//! The command line as its users meet it: the real program, real servers, real files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::indexing_slicing, clippy::disallowed_methods, reason = "tests")]

mod bad_input;
mod check;
mod explain;
mod faults;
mod fmt;
#[path = "../made/mod.rs"]
mod made;
mod manual;
mod previous;
mod readme;
mod report;
mod run;
mod scene;
mod schema;
mod secrets;
mod site;
mod whatif;
