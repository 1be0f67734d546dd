//! Servers that Redis Sentinel watches: who is the primary now, or a replica of it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use phasegate_model::Transport;

use crate::redis::reach::address::{Address, AddressError, Place, Protocol};
use crate::redis::reach::certificates::{Certificates, CertificatesError};
use crate::redis::reach::connect::ConnectError;
use crate::redis::reach::control::Control;

/// Sentinels, and the service that they watch:
/// `redis+sentinel://HOST:PORT,HOST:PORT/SERVICE[/DATABASE][?role=replica]`.
///
/// User and password in front of the hosts are the server's; the sentinels' own stand in
/// `?sentinel_user=` and `?sentinel_pass=`. With `rediss+sentinel://` sentinels and servers are
/// reached over TLS. [`Display`](fmt::Display) and [`Debug`] show neither users nor passwords.
///
/// ```
/// use phasegate_measure::Sentinels;
/// let watched: Sentinels = "redis+sentinel://:secret@a,b:26380/cache?role=replica".parse()?;
/// assert_eq!(watched.to_string(), "redis+sentinel://a:26379,b:26380/cache?role=replica");
/// # Ok::<(), phasegate_measure::AddressError>(())
/// ```
#[derive(Clone)]
pub struct Sentinels {
    /// At least one.
    asked: Vec<Address>,
    service: String,
    role: Role,
    /// A server of the service, but for where it is.
    server: Address,
}

/// Which of the servers of a service is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Primary,
    Replica,
}

/// Why the sentinels were of no help. No message holds a user or a password.
#[derive(Debug, thiserror::Error)]
pub enum SentinelError {
    /// There is nobody to ask.
    #[error("no sentinel answers: {tried}; check their addresses and that one runs")]
    NoneAnswers {
        /// Each sentinel with what happened.
        tried: String,
    },
    /// Nobody watches such a service.
    #[error(
        "no sentinel at `{watched}` watches a service `{service}`; {}", known_services(.known)
    )]
    UnknownService {
        /// The sentinels and the service.
        watched: String,
        /// The service.
        service: String,
        /// Those that the sentinels do watch.
        known: Vec<String>,
    },
    /// All are down, or there never were any.
    #[error(
        "the sentinels know no replica of `{service}` that is up; leave `role=replica` out of the address, or see `SENTINEL REPLICAS {service}`"
    )]
    NoReplica {
        /// The service.
        service: String,
    },
    /// It isn't there any more, and nobody has noticed yet.
    #[error(
        "the sentinels name `{address}` for `{service}`, and it can't be reached: {words}; wait until they have chosen another one, or see `SENTINEL MASTERS`"
    )]
    Gone {
        /// The service.
        service: String,
        /// What they name, without secrets.
        address: String,
        /// What happened.
        words: String,
    },
    /// It has become something else, and nobody has noticed yet.
    #[error(
        "the sentinels name `{address}` as the {wanted} of `{service}`, and it says that its role is `{role}`; a failover may be under way, try again"
    )]
    OtherRole {
        /// The service.
        service: String,
        /// What they name, without secrets.
        address: String,
        /// What it should be.
        wanted: &'static str,
        /// What it is.
        role: String,
    },
    /// A failover during a campaign.
    #[error(
        "`{watched}` is another server by now: the sentinels name `{now}`, and the trials before this are of `{first}`; trials of two servers aren't counted together, so measure again (those of the first are kept)"
    )]
    Elsewhere {
        /// The sentinels and the service.
        watched: String,
        /// The server of the beginning, without secrets.
        first: String,
        /// The server that they name now, without secrets.
        now: String,
    },
    /// Something that is of one server at one place.
    #[error(
        "`{0}` doesn't go with sentinels, which name another server after a failover; give the server's own address, or leave `{0}` out"
    )]
    Alone(&'static str),
    /// It was reached and didn't let us in, or a sentinel didn't.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

fn known_services(known: &[String]) -> String {
    if known.is_empty() {
        return "they watch none at all; see `SENTINEL MASTERS`".to_owned();
    }
    format!("they watch `{}`", known.join("`, `"))
}

/// How a URL with sentinels begins, without TLS and with it; the ways to the servers behind them.
const SCHEMES: [(&str, &str); 4] = [
    ("redis+sentinel://", "redis"),
    ("rediss+sentinel://", "rediss"),
    ("valkey+sentinel://", "redis"),
    ("valkeys+sentinel://", "rediss"),
];

/// Where sentinels listen unless they are told otherwise.
const PORT: u16 = 26_379;

impl Sentinels {
    /// Whether a text means sentinels, right or wrong.
    pub(crate) fn are_meant_by(url: &str) -> bool {
        SCHEMES.iter().any(|(scheme, _)| url.trim().starts_with(scheme))
    }

    /// The same, with the servers and the sentinels known by these certificates.
    ///
    /// # Errors
    /// If they aren't reached over TLS.
    pub(crate) fn with(self, certificates: &Certificates) -> Result<Self, CertificatesError> {
        let of = |address: Address| address.with(certificates.clone());
        let asked = self.asked.into_iter().map(of).collect::<Result<_, _>>()?;
        Ok(Self { asked, server: self.server.with(certificates.clone())?, ..self })
    }

    /// Whether they and their servers are reached over TLS.
    pub(crate) const fn are_over_tls(&self) -> bool {
        matches!(self.server.transport(), Transport::Tls)
    }

    /// The server that is to be measured now. It was reached and said that it has its role.
    pub(crate) fn find(&self, limit: Duration) -> Result<Address, SentinelError> {
        let mut tried = Vec::new();
        let mut known = Vec::new();
        let mut answered = false;
        for sentinel in &self.asked {
            let mut control = match Control::open(sentinel, limit) {
                Ok(control) => control,
                // It is there, and the other ones would say the same.
                Err(error @ (ConnectError::Refused { .. } | ConnectError::Tls { .. })) => {
                    return Err(error.into());
                }
                Err(error) => {
                    tried.push(format!("`{sentinel}`: {}", error.words()));
                    continue;
                }
            };
            answered = true;
            let mut primary = redis::cmd("SENTINEL");
            primary.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.service);
            let answer = control.insist("SENTINEL GET-MASTER-ADDR-BY-NAME", &primary)?;
            let Some(primary): Option<(String, u16)> = answer else {
                known.extend(services(&mut control)?);
                continue;
            };
            let (host, port) = match self.role {
                Role::Primary => primary,
                Role::Replica => self.replica(&mut control)?,
            };
            let no_host = AddressError::Place.to_string();
            let address = self.server.at(&host, port);
            return self.check(&address.ok_or_else(|| self.gone(&no_host, &no_host))?, limit);
        }
        if !answered {
            return Err(SentinelError::NoneAnswers { tried: tried.join(", ") });
        }
        known.sort();
        known.dedup();
        let (watched, service) = (self.to_string(), self.service.clone());
        Err(SentinelError::UnknownService { watched, service, known })
    }

    /// The replica that is up, of several always the same.
    fn replica(&self, control: &mut Control) -> Result<(String, u16), SentinelError> {
        let mut command = redis::cmd("SENTINEL");
        // `REPLICAS` since Redis 5; all that followed understand the older word.
        command.arg("SLAVES").arg(&self.service);
        let answer: Vec<BTreeMap<String, String>> = control.insist("SENTINEL SLAVES", &command)?;
        let is_up = |replica: &&BTreeMap<String, String>| {
            replica.get("flags").is_some_and(|flags| flags == "slave")
        };
        let place = |replica: &BTreeMap<String, String>| {
            Some((replica.get("ip")?.clone(), replica.get("port")?.parse().ok()?))
        };
        let up = answer.iter().filter(is_up).filter_map(place).min();
        up.ok_or_else(|| SentinelError::NoReplica { service: self.service.clone() })
    }

    /// That the server is there and is what the sentinels say.
    fn check(&self, address: &Address, limit: Duration) -> Result<Address, SentinelError> {
        let mut control = Control::open(address, limit).map_err(|error| match error {
            ConnectError::Unreachable { .. } | ConnectError::Lost { .. } => {
                self.gone(&address.to_string(), &error.words())
            }
            error => error.into(),
        })?;
        let (wanted, words) = match self.role {
            Role::Primary => ("primary", ["master", "master"]),
            Role::Replica => ("replica", ["slave", "replica"]),
        };
        // Who doesn't tell is believed.
        let answer = control.info(Some("replication"))?.ok();
        let role = answer.as_ref().and_then(|info| info.get("role")).unwrap_or(words[0]);
        if words.contains(&role) {
            return Ok(address.clone());
        }
        let (service, address) = (self.service.clone(), address.to_string());
        Err(SentinelError::OtherRole { service, address, wanted, role: role.to_owned() })
    }

    fn gone(&self, address: &str, words: &str) -> SentinelError {
        let (address, words) = (address.to_owned(), words.to_owned());
        SentinelError::Gone { service: self.service.clone(), address, words }
    }
}

/// The services that a sentinel watches.
fn services(control: &mut Control) -> Result<Vec<String>, ConnectError> {
    let mut command = redis::cmd("SENTINEL");
    command.arg("MASTERS");
    let answer: Vec<BTreeMap<String, String>> = control.insist("SENTINEL MASTERS", &command)?;
    Ok(answer.into_iter().filter_map(|mut service| service.remove("name")).collect())
}

impl FromStr for Sentinels {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let way = |(begin, scheme)| Some((scheme, text.strip_prefix(begin)?));
        let (scheme, rest) = SCHEMES.into_iter().find_map(way).ok_or(AddressError::NotAUrl)?;
        let (rest, insecure) = match rest.split_once('#') {
            Some((rest, "insecure")) if scheme == "rediss" => (rest, "#insecure"),
            Some(_) => return Err(AddressError::Unknown("a part after `#`")),
            None => (rest, ""),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_once('/').ok_or(AddressError::Service)?;
        let (who, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (service, database) = path.split_once('/').unwrap_or((path, ""));
        if service.is_empty() || !service.chars().all(is_of_a_service) {
            return Err(AddressError::Service);
        }
        let mut role = Role::Primary;
        let mut protocol = String::new();
        let (mut user, mut password) = ("", "");
        for item in query.split('&').filter(|item| !item.is_empty()) {
            match item.split_once('=').unwrap_or((item, "")) {
                ("role", "master" | "primary") => role = Role::Primary,
                ("role", "replica" | "slave") => role = Role::Replica,
                ("protocol", _) => protocol = format!("?{item}"),
                ("sentinel_user", it) => user = it,
                ("sentinel_pass", it) => password = it,
                _ => return Err(AddressError::Unknown("a parameter after `?`")),
            }
        }
        let sentinel = |host: &str| {
            let who = if user.is_empty() && password.is_empty() {
                String::new()
            } else {
                format!("{user}:{password}@")
            };
            let port = if has_port(host) { String::new() } else { format!(":{PORT}") };
            format!("{scheme}://{who}{host}{port}{insecure}").parse().map_err(|error| match error {
                // All but the host is known to be right.
                AddressError::NotAUrl => AddressError::Place,
                error => error,
            })
        };
        let asked = hosts.split(',').map(sentinel).collect::<Result<Vec<Address>, _>>()?;
        let who = if who.is_empty() { String::new() } else { format!("{who}@") };
        // Its host is replaced by the one that the sentinels name.
        let server = format!("{scheme}://{who}server/{database}{protocol}{insecure}").parse()?;
        Ok(Self { asked, service: service.to_owned(), role, server })
    }
}

/// What Sentinel allows in a name.
const fn is_of_a_service(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_')
}

/// Whether a host has a port behind it. The colons of an IPv6 address stand in brackets.
fn has_port(host: &str) -> bool {
    host.rsplit(']').next().is_some_and(|end| end.contains(':'))
}

impl fmt::Display for Sentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<String> = self.asked.iter().map(|it| it.place().to_string()).collect();
        let hosts: Vec<&str> =
            places.iter().filter_map(|it| it.split_once("://")).map(|(_, host)| host).collect();
        let (scheme, end) = match self.server.place() {
            Place::Tls { insecure: true, .. } => ("rediss", "#insecure"),
            Place::Tls { .. } => ("rediss", ""),
            _ => ("redis", ""),
        };
        write!(f, "{scheme}+sentinel://{}/{}", hosts.join(","), self.service)?;
        if self.server.database() != 0 {
            write!(f, "/{}", self.server.database())?;
        }
        let mut mark = '?';
        if self.role == Role::Replica {
            write!(f, "{mark}role=replica")?;
            mark = '&';
        }
        if self.server.protocol() == Protocol::Resp3 {
            write!(f, "{mark}protocol=resp3")?;
        }
        f.write_str(end)
    }
}

impl fmt::Debug for Sentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sentinels({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<Sentinels>().map_or_else(|error| error.to_string(), |it| it.to_string())
    }

    #[test]
    fn what_is_shown_means_the_same_and_has_no_secrets() {
        for (text, expected) in [
            ("redis+sentinel://a/s", "redis+sentinel://a:26379/s"),
            (
                "redis+sentinel://a:1,[::1]:2,[::1]/s/3",
                "redis+sentinel://a:1,[::1]:2,[::1]:26379/s/3",
            ),
            ("valkeys+sentinel://a/s#insecure", "rediss+sentinel://a:26379/s#insecure"),
            (
                "redis+sentinel://alice:hunter2@a,b/s/1?role=slave&protocol=3&sentinel_pass=hunter2",
                "redis+sentinel://a:26379,b:26379/s/1?role=replica&protocol=resp3",
            ),
        ] {
            assert_eq!(shown(text), expected);
            assert_eq!(shown(expected), expected);
            let debug = format!("{:?}", text.parse::<Sentinels>().unwrap());
            assert!(!debug.contains("hunter2") && !debug.contains("alice"), "{debug}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_without_repeating_it() {
        for (text, part) in [
            ("redis+sentinel://me:hunter2@a", "names no service"),
            ("redis+sentinel://me:hunter2@a/", "names no service"),
            ("redis+sentinel://me:hunter2@a/a b", "names no service"),
            ("redis+sentinel://me:hunter2@/s", "no usable host"),
            ("redis+sentinel://me:hunter2@a,,b/s", "no usable host"),
            ("redis+sentinel://me:hunter2@a:port/s", "no usable host"),
            ("redis+sentinel://me:hunter2@a/s/one", "not a number"),
            ("redis+sentinel://me:hunter2@a/s?role=king", "a parameter after `?`"),
            ("redis+sentinel://me:hunter2@a/s?protocol=4", "protocol"),
            ("redis+sentinel://me:hunter2@a/s#insecure", "a part after `#`"),
            ("redis+sentinel:me:hunter2@a", "not an address"),
        ] {
            let answer = shown(text);
            assert!(answer.contains(part), "{text}: {answer}");
            assert!(!answer.contains("hunter2"), "{answer}");
        }
    }
}
