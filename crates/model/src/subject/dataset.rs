//! What a server of ours is filled with.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::amount::ByteSize;

/// What a server is filled with: keys of one type with values of one size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DatasetFields", into = "DatasetFields")]
pub struct Dataset {
    /// How much there is to be.
    pub extent: Extent,
    /// The size of each value, or of each element of one.
    pub value: ByteSize,
    /// The type of each key.
    pub kind: DataType,
    /// Elements of each key, where the type has any.
    pub elements: NonZeroU32,
    /// How many values of mixed sizes are written beside each key and deleted again, which leaves
    /// holes in the server's memory.
    pub churn: u32,
}

/// How large a dataset is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The `used_memory_dataset` to reach.
    Size(ByteSize),
    /// So many keys.
    Keys(NonZeroU32),
}

/// The type of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataType {
    /// One value.
    #[default]
    String,
    /// Fields `field:0`, `field:1`, … with a value each.
    Hash,
    /// Values in their order.
    List,
    /// Values without order, each once.
    Set,
    /// Values with the scores 0, 1, …
    Zset,
    /// Entries with the identifiers `1-1`, `2-1`, …, each with a value in the field `field`.
    Stream,
}

impl DataType {
    /// All types.
    pub const ALL: [Self; 6] =
        [Self::String, Self::Hash, Self::List, Self::Set, Self::Zset, Self::Stream];

    /// The name, which is the server's too.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Hash => "hash",
            Self::List => "list",
            Self::Set => "set",
            Self::Zset => "zset",
            Self::Stream => "stream",
        }
    }
}

impl Dataset {
    /// Elements of each key if nothing says so.
    pub const DEFAULT_ELEMENTS: NonZeroU32 = NonZeroU32::new(10).unwrap();
}

/// As readers see it: `1.8MB in values of 100B`.
impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.extent {
            Extent::Size(size) => size.fmt(f)?,
            Extent::Keys(keys) => write!(f, "{keys} keys")?,
        }
        match self.kind {
            DataType::String => write!(f, " in values of {}", self.value)?,
            kind => {
                let (kind, elements) = (kind.as_str(), self.elements);
                write!(f, ", each key a {kind} of {elements} times {}", self.value)?;
            }
        }
        if self.churn > 0 {
            write!(f, ", fragmented by {} values beside each key", self.churn)?;
        }
        Ok(())
    }
}

/// As it stands in files.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatasetFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<ByteSize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keys: Option<NonZeroU32>,
    value: ByteSize,
    #[serde(default, rename = "type", skip_serializing_if = "is_string")]
    kind: DataType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    elements: Option<NonZeroU32>,
    #[serde(default, skip_serializing_if = "is_zero")]
    churn: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_string(kind: &DataType) -> bool {
    *kind == DataType::String
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_zero(churn: &u32) -> bool {
    *churn == 0
}

impl TryFrom<DatasetFields> for Dataset {
    type Error = &'static str;

    fn try_from(written: DatasetFields) -> Result<Self, Self::Error> {
        let DatasetFields { size, keys, value, kind, elements, churn } = written;
        let extent = match (size, keys) {
            (Some(size), None) => Extent::Size(size),
            (None, Some(keys)) => Extent::Keys(keys),
            _ => return Err("a dataset has either a `size` or `keys`"),
        };
        let elements = elements.unwrap_or(Self::DEFAULT_ELEMENTS);
        Ok(Self { extent, value, kind, elements, churn })
    }
}

impl From<Dataset> for DatasetFields {
    fn from(dataset: Dataset) -> Self {
        let Dataset { extent, value, kind, elements, churn } = dataset;
        let (size, keys) = match extent {
            Extent::Size(size) => (Some(size), None),
            Extent::Keys(keys) => (None, Some(keys)),
        };
        let elements = (kind != DataType::String).then_some(elements);
        Self { size, keys, value, kind, elements, churn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_is_written_as_it_was_before_there_were_types() {
        let old = r#"{"size":"1.8MB","value":"100B"}"#;
        let dataset: Dataset = serde_json::from_str(old).unwrap();
        assert_eq!(serde_json::to_string(&dataset).unwrap(), old);
        assert_eq!(dataset.to_string(), "1.8MB in values of 100B");
        let new = r#"{"keys":5,"value":"1kB","type":"hash","elements":3,"churn":2}"#;
        let dataset: Dataset = serde_json::from_str(new).unwrap();
        assert_eq!(serde_json::to_string(&dataset).unwrap(), new);
        assert_eq!(
            dataset.to_string(),
            "5 keys, each key a hash of 3 times 1kB, fragmented by 2 values beside each key"
        );
    }

    #[test]
    fn a_dataset_has_one_extent() {
        for text in [r#"{"value":"1B"}"#, r#"{"value":"1B","size":"1MB","keys":1}"#] {
            let error = serde_json::from_str::<Dataset>(text).unwrap_err().to_string();
            assert!(error.contains("either a `size` or `keys`"), "{error}");
        }
    }
}
