//! Templates, from the repository or a team's own, to text; the context, transcriptions and the
//! site are rendered through it.

pub(crate) mod policy;
pub(crate) mod render;
