//! The command line as its users meet it: the real program, real servers, real files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::indexing_slicing, clippy::disallowed_methods, reason = "tests")]

mod audit;
mod backtest;
mod bad_input;
mod bucket;
mod budgets;
mod check;
mod cluster;
mod commands;
mod compare;
mod documents;
mod explain;
mod facts;
mod faults;
mod fmt;
mod foreign;
mod import;
mod init;
mod ledger;
#[path = "../made/mod.rs"]
mod made;
mod manual;
mod metrics;
mod outputs;
mod packing;
mod pairs;
mod previous;
mod products;
mod readme;
mod rebase;
mod report;
mod restarted;
mod revisit;
mod run;
mod sarif;
mod scene;
mod schema;
mod secrets;
mod sentinel;
mod servers;
mod signing;
mod site;
mod store;
mod tls;
mod trajectory;
mod typical;
#[path = "../made/typical.rs"]
mod typical_history;
mod verifying;
mod whatif;
mod workflows;
