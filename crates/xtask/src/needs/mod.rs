//! What the commands need on this machine, found or installed: for the commands only.

pub(crate) mod browser;
pub(crate) mod install;
pub(crate) mod seaweedfs;
pub(crate) mod servers;
pub(crate) mod tools;
