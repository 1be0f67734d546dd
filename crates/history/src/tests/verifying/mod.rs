//! What verifying finds in a history that was altered.

mod damage;
mod links;
pub(super) mod signatures;
pub(super) mod tampering;
