//! The campaign against a cluster: a session with each primary, found again before each trial.

use std::collections::BTreeSet;
use std::sync::Arc;

use phasegate_model::{MeasurePlan, Trial};

use crate::address::Address;
use crate::cluster::{self, ClusterError, Primary};
use crate::connection::SampleError;
use crate::control::Control;
use crate::endpoint::Endpoint;
use crate::error::MeasureError;
use crate::floor::StandIn;
use crate::link::Terms;
use crate::session::{Progress, Session};
use crate::source::{Contender, Contenders, Source};
use crate::trial;

/// The primaries of a cluster.
pub(crate) struct Primaries {
    /// The node that was named, and how it is measured.
    candidate: Contender,
    plan: MeasurePlan,
    stand_in: Option<StandIn>,
    nodes: Vec<Node>,
    /// Those of the beginning.
    first: BTreeSet<String>,
}

struct Node {
    address: Address,
    session: Session,
}

impl Primaries {
    /// Opens a session with each primary that the node tells.
    pub(crate) fn find(
        candidate: &Contender,
        seed: &Address,
        plan: &MeasurePlan,
        stand_in: Option<&StandIn>,
        terms: &Terms,
    ) -> Result<Self, MeasureError> {
        let (candidate, plan) = (candidate.clone(), plan.clone());
        let nodes = Vec::new();
        let stand_in = stand_in.cloned();
        let mut found = Self { candidate, plan, stand_in, nodes, first: BTreeSet::new() };
        let mut control = Control::open(seed, terms.reply_limit)?;
        found.take(cluster::primaries(&mut control, seed)?, terms)?;
        found.first = found.addresses();
        Ok(found)
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> usize {
        self.nodes.len()
    }

    fn addresses(&self) -> BTreeSet<String> {
        self.nodes.iter().map(|node| node.address.to_string()).collect()
    }

    /// Keeps the sessions with primaries that are still some, and opens those with others.
    fn take(&mut self, found: Vec<Primary>, terms: &Terms) -> Result<(), MeasureError> {
        let mut before = std::mem::take(&mut self.nodes);
        for Primary { address, key } in found {
            let shown = address.to_string();
            let known = before.iter().position(|node| node.address.to_string() == shown);
            let mut node = match known {
                Some(at) => before.swap_remove(at),
                None => self.open(address, terms)?,
            };
            node.session.candidate.absent_key = key;
            self.nodes.push(node);
        }
        Ok(())
    }

    fn open(&self, address: Address, terms: &Terms) -> Result<Node, MeasureError> {
        let source = Source::Running(Endpoint::At(address.clone()));
        let candidate = Contender { source, cluster: false, ..self.candidate.clone() };
        let contenders = Contenders { candidate, baseline: None };
        let interrupted = Arc::clone(&terms.interrupted);
        let session = Session::open(contenders, &self.plan, self.stand_in.as_ref(), interrupted)?;
        Ok(Node { address, session })
    }

    /// Asks who has the slots now: the node that was named, or else the first primary that answers.
    fn find_again(
        &mut self,
        seed: &Address,
        terms: &Terms,
    ) -> Result<Option<String>, MeasureError> {
        let open = |address: &Address| Control::open(address, terms.reply_limit);
        let (mut control, asked) = match open(seed) {
            Ok(control) => (control, seed.clone()),
            Err(error) => {
                let others = self.nodes.iter().map(|node| &node.address);
                let answers = |it: &Address| Some((open(it).ok()?, it.clone()));
                others.into_iter().find_map(answers).ok_or(error)?
            }
        };
        self.take(cluster::primaries(&mut control, &asked)?, terms)?;
        let now = self.addresses();
        let list = |these: &BTreeSet<String>, those: &BTreeSet<String>| {
            let named: Vec<String> = these.difference(those).map(|it| format!("`{it}`")).collect();
            if named.is_empty() { "none".to_owned() } else { named.join(", ") }
        };
        Ok((now != self.first).then(|| {
            format!(
                "the cluster's primaries are others than at the beginning: new {}, gone {}; earlier trials are of the first ones",
                list(&now, &self.first),
                list(&self.first, &now)
            )
        }))
    }

    /// One trial of each, and of each metric the worst.
    pub(crate) fn trial(
        &mut self,
        seed: &Address,
        terms: &Terms,
        number: u32,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Trial, MeasureError> {
        let others = self.find_again(seed, terms)?;
        let mut trials = Vec::new();
        for Node { address, session } in &self.nodes {
            let trial =
                trial::make(session, number, progress).map_err(|error| moved(error, address));
            trials.push((address.to_string(), trial?));
        }
        let mut trial = cluster::worst(number, trials)?;
        trial.anomalies.extend(others);
        Ok(trial)
    }
}

/// That a slot went elsewhere between asking who has it and the last sample.
fn moved(error: MeasureError, address: &Address) -> MeasureError {
    match error {
        MeasureError::Round { source: SampleError::ErrorReply { words }, .. }
            if words.starts_with("MOVED ") || words.starts_with("ASK ") =>
        {
            ClusterError::Moved { address: address.to_string(), words }.into()
        }
        error => error,
    }
}
