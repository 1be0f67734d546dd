//! Why a cluster can't be measured.

/// Why a cluster can't be measured.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The server doesn't tell which words of a command are keys.
    #[error(
        "the server doesn't tell which words of `{command}` are keys: {words}; check the command, and let the user call `COMMAND GETKEYS` (`+command|getkeys`)"
    )]
    Keys {
        /// The command as the plan has it.
        command: String,
        /// The server's words.
        words: String,
    },
    /// A command of which no node has all keys.
    #[error(
        "the keys of `{0}` are in different slots, and a cluster answers that with `CROSSSLOT`; give them one hash tag: `user:{{{{key}}}}:name` and `user:{{{{key}}}}:mail` are in one slot"
    )]
    CrossSlot(String),
    /// Nothing to send.
    #[error(
        "no request of the plan is for the primary with the slots {slots}; name more keys (`keys = {{ count = 10_000 }}` in `[measure]`), or measure the others without `cluster`"
    )]
    NoRequest {
        /// The node's slots.
        slots: String,
    },
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
    /// A slot went to another node during a trial.
    #[error(
        "`{address}` gave a slot away during the trial: {words}; wait until the cluster is as it should be, see `CLUSTER INFO` and `CLUSTER NODES`, and measure again"
    )]
    Moved {
        /// The node's address without secrets.
        address: String,
        /// The server's words.
        words: String,
    },
    /// A node that can't be named.
    #[error(
        "`{address}` knows a node of its cluster without a host; set `cluster-announce-ip` there"
    )]
    NoHost {
        /// The address without secrets.
        address: String,
    },
}
