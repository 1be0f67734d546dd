//! Names that people give to phases, matrices and rows.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest name that is accepted: names become parts of file names.
const LONGEST: usize = 64;

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` can't be an id; use 1 to {LONGEST} letters, digits, `-`, `_` or `.`, beginning with a letter or digit"
)]
pub struct IdError {
    text: String,
}

fn check(text: &str) -> Result<(), IdError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let good = text.len() <= LONGEST
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(allowed);
    if good { Ok(()) } else { Err(IdError { text: text.chars().take(LONGEST).collect() }) }
}

// Shared, because every row of every decision repeats its names.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                check(text).map(|()| Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        crate::amount::serde_as_text!($name);
    };
}

id! {
    /// A phase of the optimization effort, such as `3A`.
    PhaseId
}
id! {
    /// A decision matrix, such as `allocator`.
    MatrixId
}
id! {
    /// A row of a matrix, such as `rtt-target`.
    RowId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_file_names() {
        assert!("3A".parse::<PhaseId>().is_ok());
        assert!("rtt-target".parse::<RowId>().is_ok());
        for bad in ["", "../x", "a b", "-x", ".hidden", &"x".repeat(65)] {
            assert!(bad.parse::<RowId>().is_err(), "{bad}");
        }
    }
}
