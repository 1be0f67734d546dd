//! The primaries of a cluster as a group of subjects, looked for again before each trial.

use std::collections::BTreeSet;

use phasegate_model::{MeasurePlan, RestartCommand};

use crate::floor::process::StandIn;
use crate::redis::ask::share::{KeyWords, Share, ShareError};
use crate::redis::ask::slots::Slots;
use crate::redis::cluster::error::ClusterError;
use crate::redis::cluster::topology::{Primary, primaries};
use crate::redis::reach::address::Address;
use crate::redis::reach::control::Control;
use crate::redis::reach::endpoint::Endpoint;
use crate::redis::reach::source::{Contender, Contenders, ServerSource};
use crate::redis::reach::terms::Terms;
use crate::redis::server::restart::{RESTART_LIMIT, Restart};
use crate::redis::server::subject::RedisServer;
use crate::subject::{Group, Member, Subject, SubjectError};

/// The primaries of a cluster, each with what it is compared with.
pub(crate) struct Nodes {
    cluster: Cluster,
    /// The other cluster, if the baseline is one.
    baseline: Option<Cluster>,
    /// One for each primary, in the order of their slots.
    primaries: Vec<Node>,
    keys: KeyWords,
    terms: Terms,
}

/// A primary, and what it is compared with.
struct Node {
    candidate: RedisServer,
    baseline: Option<RedisServer>,
}

/// A cluster, by the node that was named.
struct Cluster {
    seed: Address,
    restart: Option<RestartCommand>,
    /// Those of the beginning, in the order of the slots that they had then.
    primaries: Vec<Primary>,
}

impl Nodes {
    /// Finds each primary that the node tells. If the baseline is a cluster, too,
    /// each is compared with the one that has the same slots; else all with the same server.
    pub(crate) fn find(
        contenders: &Contenders,
        (seed, seed_of_baseline): (&Address, Option<&Address>),
        plan: &MeasurePlan,
        stand_in: Option<&StandIn>,
        terms: &Terms,
    ) -> Result<Self, SubjectError> {
        let Contenders { candidate, baseline } = contenders;
        let mut control = Control::open(seed, terms.limit()).map_err(ClusterError::from)?;
        let cluster = Cluster::find(&mut control, seed, candidate)?;
        let keys = KeyWords::ask(&mut control, plan).map_err(ClusterError::from)?;
        let partner = baseline.as_ref().filter(|baseline| baseline.cluster).zip(seed_of_baseline);
        let partner = partner.map(|(baseline, seed)| -> Result<Cluster, ClusterError> {
            let mut control = Control::open(seed, terms.limit())?;
            Cluster::find(&mut control, seed, baseline)
        });
        let partner = partner.transpose().map_err(of_baseline)?;
        let terms = terms.clone();
        let mut found = Self { cluster, baseline: partner, primaries: Vec::new(), keys, terms };
        found.check_pairs()?;
        for (index, primary) in found.cluster.primaries.iter().enumerate() {
            let candidate = of_node(candidate, &primary.address);
            let partner = found.baseline.as_ref().and_then(|it| it.primaries.get(index));
            let baseline = match (baseline, partner) {
                (Some(baseline), Some(partner)) => Some(of_node(baseline, &partner.address)),
                (baseline, _) => baseline.clone(),
            };
            let open = |contender: &Contender, stand_in| {
                RedisServer::open(contender, plan, stand_in, found.terms.stop.clone())
            };
            let candidate = open(&candidate, stand_in)?;
            let baseline = baseline.as_ref().map(|baseline| open(baseline, None)).transpose();
            let baseline = baseline.map_err(|error| SubjectError::from(error).of_baseline())?;
            found.primaries.push(Node { candidate, baseline });
        }
        found.share_out()?;
        Ok(found)
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> usize {
        self.primaries.len()
    }

    /// That each primary has one of the baseline's to be compared with.
    fn check_pairs(&self) -> Result<(), ClusterError> {
        let Some(baseline) = &self.baseline else { return Ok(()) };
        let shown = |primary: Option<&Primary>| match primary {
            Some(Primary { address, slots }) => (format!("`{address}`"), slots.to_string()),
            None => ("no further primary".to_owned(), "none".to_owned()),
        };
        let (ours, theirs) = (&self.cluster.primaries, &baseline.primaries);
        for index in 0..ours.len().max(theirs.len()) {
            let (candidate, candidate_slots) = shown(ours.get(index));
            let (baseline, baseline_slots) = shown(theirs.get(index));
            if candidate_slots != baseline_slots {
                return Err(ClusterError::Unlike {
                    candidate,
                    candidate_slots,
                    baseline,
                    baseline_slots,
                });
            }
        }
        Ok(())
    }

    /// Gives each session the part of the requests that is for its primary's slots.
    fn share_out(&mut self) -> Result<(), ClusterError> {
        let primaries = u64::try_from(self.primaries.len()).unwrap_or(u64::MAX);
        for (node, primary) in self.primaries.iter_mut().zip(&self.cluster.primaries) {
            let slots = primary.slots.clone();
            let no_request = || ShareError::NoRequest { slots: primary.slots.to_string() };
            let absent_key = slots.absent_key().ok_or_else(no_request)?;
            let share = Share { slots, absent_key, keys: self.keys.clone(), primaries };
            if let Some(baseline) = &mut node.baseline {
                baseline.share = Some(share.clone());
            }
            let has_changed = node.candidate.share.as_ref().map(|it| &it.slots);
            let has_changed = has_changed != Some(&share.slots);
            node.candidate.share = Some(share);
            // Said before anything is measured, and not made for nothing in each trial.
            if has_changed {
                node.candidate.requests(None)?;
            }
        }
        Ok(())
    }
}

impl Group for Nodes {
    fn begin(&mut self) -> Result<(), SubjectError> {
        // All primaries are restarted before any is measured: one command restarts all of them.
        self.cluster.begin(&self.terms)?;
        if let Some(baseline) = &mut self.baseline {
            baseline.begin(&self.terms).map_err(of_baseline)?;
        }
        self.check_pairs()?;
        Ok(self.share_out()?)
    }

    fn members(&self) -> Vec<Member<'_>> {
        let nodes = self.primaries.iter().zip(&self.cluster.primaries);
        nodes
            .map(|(node, primary)| Member {
                name: primary.address.to_string(),
                candidate: &node.candidate,
                baseline: node.baseline.as_ref().map(|it| it as &dyn Subject),
            })
            .collect()
    }
}

fn of_baseline(error: ClusterError) -> SubjectError {
    SubjectError::from(error).of_baseline()
}

impl Cluster {
    fn find(
        control: &mut Control,
        seed: &Address,
        contender: &Contender,
    ) -> Result<Self, ClusterError> {
        let primaries = primaries(control, seed)?;
        Ok(Self { seed: seed.clone(), restart: contender.restart.clone(), primaries })
    }

    /// Before a trial: restarts it, if it is to be restarted, and looks who has the slots now.
    fn begin(&mut self, terms: &Terms) -> Result<(), ClusterError> {
        self.restart(terms)?;
        self.find_again(terms)
    }

    /// Asks who has the slots now: the node that was named, or else the first primary that answers.
    /// Others than at the beginning end the campaign.
    fn find_again(&mut self, terms: &Terms) -> Result<(), ClusterError> {
        let open = |address: &Address| Control::open(address, terms.limit());
        let (mut control, asked) = match open(&self.seed) {
            Ok(control) => (control, self.seed.clone()),
            Err(error) => {
                let others = self.primaries.iter().map(|primary| &primary.address);
                let answers = |it: &Address| Some((open(it).ok()?, it.clone()));
                others.into_iter().find_map(answers).ok_or(error)?
            }
        };
        let found = primaries(&mut control, &asked)?;
        let (before, now) = (addresses(&self.primaries), addresses(&found));
        if now == before {
            // In the order of the beginning, which is that of the nodes.
            for primary in &mut self.primaries {
                let shown = primary.address.to_string();
                let same = found.iter().find(|it| it.address.to_string() == shown);
                primary.slots = same.map_or_else(Slots::default, |it| it.slots.clone());
            }
            return Ok(());
        }
        let list = |these: &BTreeSet<String>, those: &BTreeSet<String>| {
            let named: Vec<String> = these.difference(those).map(|it| format!("`{it}`")).collect();
            if named.is_empty() { "none".to_owned() } else { named.join(", ") }
        };
        let (new, gone) = (list(&now, &before), list(&before, &now));
        Err(ClusterError::Elsewhere { new, gone })
    }

    /// Runs the owner's command, if there is one, and waits until each primary is another process
    /// than before and the cluster is whole.
    fn restart(&self, terms: &Terms) -> Result<(), ClusterError> {
        let Some(command) = &self.restart else { return Ok(()) };
        let addresses = self.primaries.iter().map(|primary| &primary.address);
        let restart = |address| Restart { command, address, terms, limit: RESTART_LIMIT };
        let restarts: Vec<Restart<'_>> = addresses.map(restart).collect();
        let before: Vec<Option<String>> = restarts.iter().map(Restart::identity).collect();
        if let Some(any) = restarts.first() {
            any.run()?;
        }
        for (restart, before) in restarts.iter().zip(&before) {
            restart.wait_until_ready(before.as_deref())?;
        }
        Ok(())
    }
}

fn addresses(primaries: &[Primary]) -> BTreeSet<String> {
    primaries.iter().map(|it| it.address.to_string()).collect()
}

/// One node of the cluster that a contender is. What restarts it restarts all of them.
fn of_node(contender: &Contender, address: &Address) -> Contender {
    let source = ServerSource::Running(Endpoint::At(address.clone()));
    Contender { source, cluster: false, restart: None, ..contender.clone() }
}
