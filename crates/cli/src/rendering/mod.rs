//! What is written for people about an entry: report, page, comment, pictures and site. Commands use it.

pub(crate) mod entry;
pub(crate) mod site_folder;
pub(crate) mod transcription;
