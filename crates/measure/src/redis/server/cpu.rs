//! A Redis server that is asked for nothing but the CPU time of its requests.

use std::time::{Duration, Instant};

use phasegate_model::{Load, Missing, MissingReason, Transport, Wait};
use redis::ConnectionLike;

use crate::redis::ask::reply::Reply;
use crate::redis::ask::requests::{RequestCycle, Requests};
use crate::redis::ask::workload::writing;
use crate::redis::observed::cpu::{main_thread_time, serves_elsewhere, what_else};
use crate::redis::reach::connect::ConnectError;
use crate::redis::reach::control::{Control, Refusal};
use crate::redis::reach::info::Info;
use crate::redis::reach::terms::Terms;
use crate::redis::send::connection::SampleError;
use crate::redis::send::connections::Connections;
use crate::redis::send::link::MeasuredConnection;
use crate::redis::server::error::ServerError;
use crate::redis::server::private::PrivateServer;
use crate::redis::server::subject::RedisServer;
use crate::subject::{CpuWork, SubjectError};

/// How many requests are sent at once at most while nothing is measured, and how long a batch may
/// take so that the next one is larger.
const MOST_AT_ONCE_BEFORE: usize = 64;
const QUICK: Duration = Duration::from_millis(20);

/// Whom to ask, and for what.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) server: &'a RedisServer,
    pub(crate) private: Option<&'a PrivateServer>,
    pub(crate) requests: &'a Requests,
    /// How many of the requests were sent before.
    pub(crate) sent: u64,
}

/// The connections that requests go over.
enum Way<'a> {
    Plain(Connections<'a>),
    /// One at a time: nothing else is measured over TLS.
    Tls(MeasuredConnection, &'a Reply),
}

/// A server while it is asked.
struct CpuRequests<'a> {
    asked: Asked<'a>,
    control: &'a mut Control,
    way: Way<'a>,
    cycle: RequestCycle<'a>,
    terms: Terms,
    /// What it said of itself at the beginning.
    before: Option<Info>,
    /// The commands that it was given since then.
    own: u64,
}

impl<'a> Asked<'a> {
    /// Over fresh connections, with every key there that the requests write, if that doesn't take
    /// longer than `limit`.
    pub(crate) fn for_cpu_time(
        self,
        control: &'a mut Control,
        limit: Duration,
    ) -> Result<impl CpuWork + 'a, ServerError> {
        let Self { server, private, requests, sent } = self;
        // Keys that come into being would be in the first blocks only.
        if writing(&server.plan).is_some() {
            self.write_all(control, limit)?;
        }
        // A client that spins would hold the CPU that a server beside it needs.
        let terms = Terms { wait: Wait::Block, ..server.terms.clone() };
        let address = server.address(private)?;
        let alone = requests.reply().filter(|_| server.target.transport == Some(Transport::Tls));
        let way = if let Some(reply) = alone {
            let link = MeasuredConnection::open(address, &terms, reply);
            link.map(|link| Way::Tls(link, reply))
        } else {
            // No schedule: CPU time isn't latency, and a block is to be over soon.
            let load = Load { rate: None, ..server.plan.load };
            Connections::open(address, &terms, requests.expected(), load).map(Way::Plain)
        };
        let way = way.map_err(|error| server.link_error(private, None, error))?;
        let cycle = requests.cycle_after(sent);
        Ok(CpuRequests { asked: self, control, way, cycle, terms, before: None, own: 0 })
    }

    /// Sends each of the different requests once, for so long at most.
    fn write_all(self, control: &mut Control, limit: Duration) -> Result<(), ServerError> {
        let address = self.server.address(self.private)?;
        let all: Vec<&[u8]> = self.requests.different().collect();
        let (begin, mut rest, mut size) = (Instant::now(), all.as_slice(), 1);
        while !rest.is_empty() && begin.elapsed() < limit {
            if self.server.terms.stop.is_raised() {
                return Err(ServerError::Interrupted);
            }
            let (batch, more) = rest.split_at(rest.len().min(size));
            let sent = Instant::now();
            let answer = control.connection().req_packed_commands(&batch.concat(), 0, batch.len());
            answer.map_err(|error| ConnectError::of(&error, address, "the plan's requests"))?;
            // Of a slow server a large batch would take longer than any reply may.
            size = if sent.elapsed() < QUICK { (2 * size).min(MOST_AT_ONCE_BEFORE) } else { 1 };
            rest = more;
        }
        Ok(())
    }
}

impl CpuRequests<'_> {
    fn info(&mut self, section: Option<&str>) -> Result<Result<Info, Missing>, SubjectError> {
        self.own += 1;
        let answer = self.control.info(section).map_err(ServerError::from)?;
        Ok(answer
            .map_err(|Refusal(words)| Missing { reason: MissingReason::Refused, detail: words }))
    }
}

impl CpuWork for CpuRequests<'_> {
    fn at_once(&self) -> u64 {
        let Load { connections, pipeline, .. } = self.asked.server.plan.load;
        u64::from(connections.get()) * u64::from(pipeline.get())
    }

    fn send(&mut self, requests: u64) -> Result<(), SubjectError> {
        self.own += requests;
        let sent = match &mut self.way {
            Way::Plain(connections) => connections.send(&mut self.cycle, requests, |_, _| {}),
            Way::Tls(link, reply) => {
                let mut these = (0..requests).zip(&mut self.cycle);
                these.try_for_each(|(_, request)| {
                    if self.terms.stop.is_raised() {
                        return Err(SampleError::Interrupted);
                    }
                    link.sample(Instant::now(), request, reply).map(drop)
                })
            }
        };
        let Asked { server, private, .. } = self.asked;
        Ok(sent.map_err(|error| server.round_error(private, None, error))?)
    }

    fn begin(&mut self) -> Result<Option<Missing>, SubjectError> {
        let io_threads = self.control.config("io-threads").map_err(ServerError::from)?;
        self.own = 0;
        let info = match self.info(None)? {
            Ok(info) => info,
            Err(why) => return Ok(Some(why)),
        };
        let elsewhere = serves_elsewhere(&info, io_threads.ok().flatten().as_deref());
        self.before = Some(info);
        Ok(elsewhere)
    }

    fn identity(&self) -> Option<&str> {
        self.before.as_ref()?.get("run_id")
    }

    fn told(&mut self) -> Result<Result<Duration, Missing>, SubjectError> {
        Ok(self.info(Some("cpu"))?.and_then(|info| main_thread_time(&info)))
    }

    fn end(&mut self) -> Result<Option<Missing>, SubjectError> {
        let own = self.own;
        let after = self.info(None)?;
        let before =
            self.before.take().ok_or(ServerError::Bug("no INFO from before the blocks"))?;
        Ok(match after {
            Ok(after) => what_else(&before, &after, own),
            Err(why) => Some(why),
        })
    }
}
