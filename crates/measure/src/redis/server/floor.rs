//! Whether something can stand in for a Redis server, and a floor round with it.

use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};

use phasegate_model::{MeasurePlan, Transport};

use crate::floor::process::{Floor, FloorFailure, Listening, StandIn, StandInRecipe, Way};
use crate::machine::affinity::is_usable;
use crate::redis::reach::address::{Address, Place};
use crate::redis::send::connection::SampleError;
use crate::redis::server::found::Found;

/// For this subject by the plan as it was written.
pub(crate) fn floor_of(found: &Found, plan: &MeasurePlan, stand_in: Option<&StandIn>) -> Floor {
    if !plan.floor {
        return Floor::Missing("the plan says `floor = false`".to_owned());
    }
    // To answer a pipeline or a mix, a stand-in would have to find the ends of requests, which is
    // work of the kind that a floor leaves out.
    if !plan.load.is_one_at_a_time() {
        return Floor::Missing(
            "a stand-in answers one request at a time, and this load has several under way"
                .to_owned(),
        );
    }
    if !plan.mix.is_empty() {
        return Floor::Missing(
            "a stand-in always answers the same bytes, and the plan has a mix".to_owned(),
        );
    }
    let Some(stand_in) = stand_in else {
        return Floor::Missing("there is no program to stand in for the server".to_owned());
    };
    let way = match found {
        Found::Program(_) => match plan.transport {
            Transport::Unix => Ok(Way::Unix),
            Transport::Tcp => Ok(Way::Loopback(Ipv4Addr::LOCALHOST.into())),
            Transport::Tls => Err(OVER_TLS.to_owned()),
        },
        Found::Running(address) => way_to(address),
    };
    match way {
        Ok(way) => {
            // A running server is where it is, and the plan may be of another machine.
            let is_ours = matches!(found, Found::Program(_));
            let cpu = plan.pinning.server.filter(|cpu| is_ours || is_usable(*cpu));
            Floor::Measured(StandInRecipe { stand_in: stand_in.clone(), way, cpu })
        }
        Err(reason) => Floor::Missing(reason),
    }
}

/// How it comes about, for the environment; nothing if it doesn't.
pub(crate) fn describe_floor(floor: &Floor, found: &Found) -> Option<String> {
    let Floor::Measured(recipe) = floor else { return None };
    Some(match (found, recipe.cpu) {
        (Found::Program(_), Some(cpu)) => format!("a process on the server's CPU {cpu}"),
        (Found::Program(_), None) => {
            "a process that, like the server, is not kept on a CPU".to_owned()
        }
        (Found::Running(_), Some(cpu)) => {
            format!("a process on CPU {cpu}, which the plan names as the server's")
        }
        (Found::Running(_), None) => {
            "a process that is not kept on a CPU: the plan names none that the server is on"
                .to_owned()
        }
    })
}

const OVER_TLS: &str = "a stand-in has no TLS";

/// The way to a running server, if a stand-in on this machine can be reached in the same way.
fn way_to(address: &Address) -> Result<Way, String> {
    let (host, port) = match address.place() {
        Place::Unix(_) => return Ok(Way::Unix),
        Place::Tls { .. } => return Err(OVER_TLS.to_owned()),
        Place::Tcp { host, port } => (host.as_str(), *port),
    };
    let hosts: Vec<IpAddr> = (host, port)
        .to_socket_addrs()
        .map(|found| found.map(|socket| socket.ip().to_canonical()).collect())
        .unwrap_or_default();
    let preferred = hosts.iter().find(|host| host.is_ipv4()).or_else(|| hosts.first());
    match preferred {
        Some(host) if hosts.iter().all(IpAddr::is_loopback) => Ok(Way::Loopback(*host)),
        _ => Err(format!(
            "`{address}` is no loopback address, and a stand-in on this machine says nothing about the way there"
        )),
    }
}

/// A stand-in's address.
pub(crate) fn address_of(listening: &Listening) -> Address {
    match listening {
        Listening::Unix(path) => Address::unix(path.clone()),
        Listening::Loopback(socket) => Address::tcp(*socket),
    }
}

/// What a sample that failed says of the stand-in.
pub(crate) fn failure(error: &SampleError) -> FloorFailure {
    FloorFailure::Ended(match error {
        SampleError::Interrupted => return FloorFailure::Interrupted,
        SampleError::Closed(words) => format!("went away ({words})"),
        SampleError::Stalled(limit) => format!("gave no reply within {} ms", limit.as_millis()),
        other => format!("failed: {other}"),
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::path::{Path, PathBuf};

    use phasegate_model::{Wait, Weighted};

    use super::*;
    use crate::floor::process::StandInProcess;
    use crate::redis::ask::requests::Requests;
    use crate::redis::send::link::MeasuredConnection;
    use crate::testing::{plan, terms};

    fn way(address: &str) -> Result<Way, String> {
        way_to(&address.parse().unwrap())
    }

    #[test]
    fn a_running_server_has_a_floor_only_if_it_is_on_this_machine() {
        assert_eq!(way("unix:///run/redis.sock"), Ok(Way::Unix));
        assert_eq!(way("redis://127.0.0.2:7000"), Ok(Way::Loopback("127.0.0.2".parse().unwrap())));
        assert_eq!(way("redis://[::1]:7000"), Ok(Way::Loopback("::1".parse().unwrap())));
        assert_eq!(way("rediss://127.0.0.1:7000"), Err("a stand-in has no TLS".to_owned()));
        assert_eq!(
            way("redis://alice:hunter2@192.0.2.1:7000").unwrap_err(),
            "`redis://192.0.2.1:7000` is no loopback address, and a stand-in on this machine says nothing about the way there"
        );
        assert!(way("redis://no-such-host.invalid").is_err());
    }

    fn missing(change: impl FnOnce(&mut MeasurePlan), stand_in: Option<&StandIn>) -> String {
        let mut plan = plan();
        change(&mut plan);
        let subject = Found::Program("redis-server".into());
        match floor_of(&subject, &plan, stand_in) {
            Floor::Missing(reason) => reason,
            Floor::Measured(_) => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_floor_that_is_not_measured_has_its_reason() {
        let stand_in = StandIn::this_program(["stand-in"]);
        assert_eq!(missing(|_| {}, Some(&stand_in)), "nothing");
        let off = missing(|plan| plan.floor = false, Some(&stand_in));
        assert_eq!(off, "the plan says `floor = false`");
        let command = "HGET phasegate:{key} field:0".parse().unwrap();
        let one = Weighted { command, weight: NonZeroU32::MIN, value: "1B".parse().unwrap() };
        let mix = missing(|plan| plan.mix = vec![one], Some(&stand_in));
        assert_eq!(mix, "a stand-in always answers the same bytes, and the plan has a mix");
        assert_eq!(missing(|_| {}, None), "there is no program to stand in for the server");
        let tls = missing(|plan| plan.transport = Transport::Tls, Some(&stand_in));
        assert_eq!(tls, "a stand-in has no TLS");
    }

    fn recipe(program: &str, arguments: &[&str], way: Way) -> StandInRecipe {
        StandInRecipe { stand_in: StandIn::program(program, arguments), way, cpu: None }
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_that_tells_how_to_do_without() {
        let error =
            StandInProcess::start(&recipe("/nowhere/program", &[], Way::Unix), b"").err().unwrap();
        assert_eq!(
            error.to_string(),
            "the stand-in, by which the floor is measured, can't be started: no such file or directory; try again, or leave the floor out with `floor = false` in the plan's `[measure]`"
        );
    }

    /// What is told when a process that is no stand-in is asked for a sample.
    fn last_message(script: &str, way: Way) -> (String, PathBuf, Option<PathBuf>) {
        let recipe = recipe("/bin/sh", &["-c", script], way);
        let mut running = StandInProcess::start(&recipe, b"+PONG\r\n").unwrap();
        let process =
            Path::new("/proc").join(running.process().unwrap().as_raw_nonzero().to_string());
        let address = address_of(running.listening());
        let folder = match address.place() {
            Place::Unix(path) => path.parent().map(Path::to_owned),
            _ => None,
        };
        let requests = Requests::ping();
        let request = requests.cycle().next().unwrap();
        let error = match MeasuredConnection::open(
            &address,
            &terms(Wait::Block),
            requests.reply().unwrap(),
        ) {
            Ok(mut link) => link
                .sample(std::time::Instant::now(), request, requests.reply().unwrap())
                .unwrap_err(),
            // It was gone before that.
            Err(error) => SampleError::Closed(error.to_string()),
        };
        let FloorFailure::Ended(words) = failure(&error) else { panic!("{error}") };
        (running.explain(2, words).to_string(), process, folder)
    }

    #[test]
    fn a_stand_in_that_dies_is_quoted_and_nothing_is_left_of_it() {
        for way in [Way::Unix, Way::Loopback(Ipv4Addr::LOCALHOST.into())] {
            let (last_message, process, folder) = last_message("echo bad weather >&2; exit 3", way);
            assert!(
                last_message.starts_with("floor round 2: the stand-in for the server went away (")
            );
            assert!(
                last_message.contains("its last words were: bad weather; try again"),
                "{last_message}"
            );
            assert!(!process.exists() && folder.is_none_or(|folder| !folder.exists()));
        }
    }

    #[test]
    fn a_stand_in_that_stalls_is_given_up_and_stopped() {
        let (last_message, process, _) = last_message("exec sleep 600", Way::Unix);
        assert!(last_message.contains("gave no reply within 300 ms, its last words were: nothing"));
        assert!(!process.exists());
    }
}
