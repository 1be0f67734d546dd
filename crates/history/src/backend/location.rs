//! Where a history is kept: a folder, or a bucket under its URL.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a history is kept.
///
/// Read from `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`, `file:///PATH` or
/// the path of a folder, and shown as it was written. There is no place for credentials in it:
/// what is shown can be printed and recorded.
///
/// ```
/// use phasegate_history::Location;
///
/// let shared: Location = "s3://team/redis/history/".parse()?;
/// assert_eq!(shared.to_string(), "s3://team/redis/history");
/// assert!("s3://KEY:SECRET@team/redis".parse::<Location>().is_err());
/// # Ok::<(), phasegate_history::LocationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A folder.
    Folder(PathBuf),
    /// A bucket, or what is under a prefix in one.
    Bucket(BucketUrl),
}

/// A bucket and a prefix in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketUrl {
    /// Whose bucket it is.
    pub(crate) provider: Provider,
    /// Its name.
    pub(crate) bucket: String,
    /// What the names of all objects begin with, without slashes around it; may be empty.
    pub(crate) prefix: String,
}

/// Who keeps a bucket, or whose protocol is spoken with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    S3,
    Google,
    Azure,
}

impl Provider {
    const ALL: [Self; 3] = [Self::S3, Self::Google, Self::Azure];

    const fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Google => "gs",
            Self::Azure => "az",
        }
    }
}

impl Location {
    /// The path that the history's names begin with; of a bucket, its URL.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match self {
            Self::Folder(path) => path.clone(),
            Self::Bucket(url) => PathBuf::from(url.to_string()),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Bucket(url) => url.fmt(f),
        }
    }
}

impl fmt::Display for BucketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.provider.scheme(), self.bucket)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

/// A text names no place for a history. The message doesn't repeat the text, for it may hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Nothing is there.
    #[error("the store is empty; write s3://BUCKET/PREFIX, gs://…, az://… or the path of a folder")]
    Empty,
    /// A URL of something else, or one that is badly written.
    #[error(
        "the store is no URL that phasegate knows; write s3://BUCKET/PREFIX, gs://…, az://… or the path of a folder"
    )]
    UnknownScheme,
    /// It looks as if a key or token were in the URL.
    #[error(
        "a store's URL has no user, key or token in it, only s3://BUCKET/PREFIX; pass credentials in environment variables, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )]
    Credentials,
    /// The bucket's name can't be one.
    #[error("the store's URL has no bucket's name of letters, digits, `-`, `_` and `.`")]
    BucketName,
    /// The prefix can't be one.
    #[error(
        "the prefix in the store's URL can't be used; between its slashes, use letters, digits, `-`, `_`, `.`, `=` and `+`"
    )]
    Prefix,
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if text.is_empty() {
            return Err(LocationError::Empty);
        }
        if let Some(path) = text.strip_prefix("file://") {
            // `file://host/path` would be on another machine.
            return if path.starts_with('/') {
                Ok(Self::Folder(path.into()))
            } else {
                Err(LocationError::UnknownScheme)
            };
        }
        for provider in Provider::ALL {
            let Some(rest) = text.strip_prefix(provider.scheme()) else { continue };
            if let Some(rest) = rest.strip_prefix("://") {
                return bucket(provider, rest).map(Self::Bucket);
            }
            // `s3:/bucket` would be a folder here, which nobody means.
            if rest.starts_with(':') {
                return Err(LocationError::UnknownScheme);
            }
        }
        if text.contains("://") {
            return Err(LocationError::UnknownScheme);
        }
        Ok(Self::Folder(text.into()))
    }
}

fn bucket(provider: Provider, rest: &str) -> Result<BucketUrl, LocationError> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    // Keys and tokens stand in these parts of a URL, and what is accepted here is printed.
    if rest.contains(['@', '?', '#']) || bucket.contains(':') {
        return Err(LocationError::Credentials);
    }
    let plain = |text: &str, others: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
    };
    if !plain(bucket, "-_.") || bucket.starts_with('.') {
        return Err(LocationError::BucketName);
    }
    let prefix = prefix.trim_end_matches('/');
    let usable = |part: &str| plain(part, "-_.=+") && part != "." && part != "..";
    if !prefix.is_empty() && !prefix.split('/').all(usable) {
        return Err(LocationError::Prefix);
    }
    Ok(BucketUrl { provider, bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_shown_as_it_is_written() {
        for text in ["reports", "/mnt/shared/history", "s3://team", "gs://team/a/b-1", "az://c/p=1"]
        {
            let location: Location = text.parse().unwrap();
            assert_eq!(location.to_string(), text);
            assert_eq!(location.path(), PathBuf::from(text));
        }
        assert_eq!("file:///mnt/h".parse(), Ok(Location::Folder("/mnt/h".into())));
        assert_eq!("s3://team/a//".parse::<Location>().unwrap().to_string(), "s3://team/a");
    }

    #[test]
    fn what_may_hold_a_secret_is_refused_and_not_repeated() {
        for text in [
            "s3://AKIA:hunter2@team/history",
            "az://container/p?sv=2024&sig=hunter2",
            "s3://team:hunter2/p",
            "gs://team/p#hunter2",
            "https://hunter2@team.example/p",
        ] {
            let message = text.parse::<Location>().unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_slip_is_no_folder() {
        use LocationError::{BucketName, Empty, Prefix, UnknownScheme};
        for (text, error) in [
            ("", Empty),
            ("s3:/team/p", UnknownScheme),
            ("ftp://team/p", UnknownScheme),
            ("file://host/p", UnknownScheme),
            ("s3://", BucketName),
            ("s3:///p", BucketName),
            ("s3://te am/p", BucketName),
            ("s3://team//p", Prefix),
            ("s3://team/../p", Prefix),
            ("s3://team/a%2f", Prefix),
        ] {
            assert_eq!(text.parse::<Location>(), Err(error), "{text}");
        }
    }
}
