//! Where results and words on the way go, and how they look there. Every room but `args` may print through it; it reads nothing.

pub(crate) mod comparing;
pub(crate) mod decision_json;
pub(crate) mod explanation;
pub(crate) mod github;
pub(crate) mod layout;
pub(crate) mod listing;
pub(crate) mod margin_picture;
pub(crate) mod settled_at;
pub(crate) mod streams;
pub(crate) mod table;
