//! Why a cluster can't be measured.

use crate::redis::ask::share::ShareError;
use crate::redis::reach::connect::ConnectError;
use crate::redis::server::error::ServerError;
use crate::redis::server::restart::RestartError;
use crate::subject::SubjectError;

/// Why a cluster can't be measured.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// One server compared with several.
    #[error(
        "the baseline is a cluster and the target is one server, so there is no telling with which node it is compared; make the cluster the target and the server the baseline"
    )]
    OnlyBaseline,
    /// No node to compare each with.
    #[error(
        "the primaries of target and baseline don't make pairs, because they don't have the same slots and so not the same requests: {candidate} has {candidate_slots}, and {baseline} {baseline_slots}; give both the same slots, or measure each by itself and use `phasegate compare` with the two evidence files"
    )]
    Unlike {
        /// The first primary of the target that differs, without secrets, or what there is instead.
        candidate: String,
        /// Its slots.
        candidate_slots: String,
        /// The primary of the baseline at its place, without secrets, or what there is instead.
        baseline: String,
        /// Its slots.
        baseline_slots: String,
    },
    /// A failover during a campaign.
    #[error(
        "the cluster has other primaries by now: new {new}, gone {gone}; trials of different servers aren't counted together, so measure again (those before are kept)"
    )]
    Elsewhere {
        /// Addresses without secrets.
        new: String,
        /// Addresses without secrets.
        gone: String,
    },
    /// Nobody has any slots.
    #[error("`{address}` knows no node of its cluster that has slots; see `CLUSTER INFO`")]
    NoSlots {
        /// The address without secrets.
        address: String,
    },
    /// A node that can't be named.
    #[error(
        "`{address}` knows a node of its cluster without a host; set `cluster-announce-ip` there"
    )]
    NoHost {
        /// The address without secrets.
        address: String,
    },
    /// The plan's requests can't be shared out among its primaries.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// What was asked of one of its nodes failed.
    #[error(transparent)]
    Node(#[from] ServerError),
}

impl From<ConnectError> for ClusterError {
    fn from(error: ConnectError) -> Self {
        Self::Node(error.into())
    }
}

impl From<RestartError> for ClusterError {
    fn from(error: RestartError) -> Self {
        Self::Node(error.into())
    }
}

impl From<ClusterError> for SubjectError {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::Node(error) => error.into(),
            error => Self::Own(Box::new(error)),
        }
    }
}
