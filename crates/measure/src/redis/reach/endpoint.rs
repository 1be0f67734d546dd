//! Where a running server is, as people write it: its own address, or who knows it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use phasegate_model::Transport;

use crate::redis::reach::address::{Address, AddressError};
use crate::redis::reach::certificates::{Certificates, CertificatesError};
use crate::redis::reach::sentinel::{SentinelError, Sentinels};

/// A running server: the URL of one, or of sentinels that name one.
///
/// ```
/// use phasegate_measure::Endpoint;
/// let watched: Endpoint = "redis+sentinel://sentinel.example/cache".parse()?;
/// assert!(matches!(watched, Endpoint::Watched(_)));
/// # Ok::<(), phasegate_measure::AddressError>(())
/// ```
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// It is there.
    At(Address),
    /// Sentinels say where it is.
    Watched(Sentinels),
}

impl Endpoint {
    /// The same, known by these certificates.
    ///
    /// # Errors
    /// If it isn't reached over TLS.
    pub fn with(self, certificates: Certificates) -> Result<Self, CertificatesError> {
        match self {
            Self::At(address) => address.with(certificates).map(Self::At),
            Self::Watched(sentinels) => sentinels.with(&certificates).map(Self::Watched),
        }
    }

    /// Whether it is reached over TLS.
    #[must_use]
    pub const fn is_over_tls(&self) -> bool {
        match self {
            Self::At(address) => matches!(address.transport(), Transport::Tls),
            Self::Watched(sentinels) => sentinels.are_over_tls(),
        }
    }

    /// Where the server is now.
    pub(crate) fn find(&self, limit: Duration) -> Result<Address, SentinelError> {
        match self {
            Self::At(address) => Ok(address.clone()),
            Self::Watched(sentinels) => sentinels.find(limit),
        }
    }
}

impl From<Address> for Endpoint {
    fn from(address: Address) -> Self {
        Self::At(address)
    }
}

impl FromStr for Endpoint {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if Sentinels::are_meant_by(text) {
            text.parse().map(Self::Watched)
        } else {
            text.parse().map(Self::At)
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(f),
            Self::Watched(sentinels) => sentinels.fmt(f),
        }
    }
}
