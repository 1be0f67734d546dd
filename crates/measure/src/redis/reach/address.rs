//! Where a server is. An address holds secrets and never shows them.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use phasegate_model::Transport;
use redis::io::tcp::TcpSettings;
use redis::{Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use crate::redis::reach::certificates::{Certificates, CertificatesError};
use crate::redis::reach::own::Name;

/// The address of a server: `redis://`, `rediss://` (TLS) or `unix:///PATH`, with the user, password
/// and database that the redis crate's URLs have. The schemes `valkey://`, `valkeys://`,
/// `redis+unix://` and `valkey+unix://` mean the same. `?protocol=resp3` speaks the third version of
/// the protocol.
///
/// [`Display`](fmt::Display) and [`Debug`] show where the server is and which database is meant,
/// and neither user nor password. `rediss://HOST:PORT/#insecure` does not check the certificate.
///
/// ```
/// use phasegate_measure::Address;
/// let address: Address = "unix:///run/redis.sock?pass=secret".parse()?;
/// assert_eq!(address.to_string(), "unix:///run/redis.sock");
/// # Ok::<(), phasegate_measure::AddressError>(())
/// ```
#[derive(Clone)]
pub struct Address {
    place: Place,
    database: i64,
    user: Option<String>,
    password: Option<String>,
    certificates: Option<Certificates>,
    protocol: Protocol,
}

/// The version of the protocol that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// What every server speaks, and what is spoken until something else is agreed upon.
    #[default]
    Resp2,
    /// Since Redis 6, after `HELLO 3`.
    Resp3,
}

/// The part of an address that is not secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp { host: String, port: u16 },
    Tls { host: String, port: u16, insecure: bool },
    Unix(PathBuf),
}

/// A text is not an address. The message doesn't repeat the text, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is not a URL, or not one of these.
    #[error(
        "this is not an address of a server; write `redis://HOST:PORT`, `rediss://HOST:PORT` or `unix:///PATH`"
    )]
    NotAUrl,
    /// The host, the path or the port is missing or wrong.
    #[error("the address has no usable host or path; write `redis://HOST:PORT` or `unix:///PATH`")]
    Place,
    /// The database is not a number.
    #[error("the database in the address is not a number; write `redis://HOST:PORT/0`")]
    Database,
    /// The protocol is none that is known.
    #[error("the protocol in the address is not known; write `?protocol=resp3` or leave it out")]
    Protocol,
    /// Sentinels are named, and not what they watch.
    #[error(
        "the address of sentinels names no service; write `redis+sentinel://HOST:PORT,HOST:PORT/SERVICE`"
    )]
    Service,
    /// There is something in it that isn't known.
    #[error(
        "the address has {0} that is not known; a password with special characters has to be percent-encoded (`#` is `%23`, `?` is `%3F`)"
    )]
    Unknown(&'static str),
}

impl Address {
    /// A server's unix socket, without user and password.
    pub(crate) const fn unix(path: PathBuf) -> Self {
        Self {
            place: Place::Unix(path),
            database: 0,
            user: None,
            password: None,
            certificates: None,
            protocol: Protocol::Resp2,
        }
    }

    /// A server's port on this machine, without user and password.
    pub(crate) fn loopback(port: u16) -> Self {
        Self::tcp((Ipv4Addr::LOCALHOST, port).into())
    }

    /// A server's port, without user and password.
    pub(crate) fn tcp(socket: SocketAddr) -> Self {
        let place = Place::Tcp { host: socket.ip().to_string(), port: socket.port() };
        Self {
            place,
            database: 0,
            user: None,
            password: None,
            certificates: None,
            protocol: Protocol::Resp2,
        }
    }

    /// The address of a server that is known by these certificates.
    ///
    /// # Errors
    /// If it isn't reached over TLS, or nothing is verified and there is a name to verify.
    pub fn with(self, certificates: Certificates) -> Result<Self, CertificatesError> {
        match self.place {
            Place::Tls { insecure: true, .. } if certificates.name().is_some() => {
                Err(CertificatesError::Unchecked { address: self.to_string() })
            }
            Place::Tls { .. } => Ok(Self { certificates: Some(certificates), ..self }),
            _ => Err(CertificatesError::Plain { address: self.to_string() }),
        }
    }

    /// The name that the server is to be known by, if it isn't the host.
    pub(crate) fn name(&self) -> Option<&Name> {
        self.certificates.as_ref().and_then(Certificates::name)
    }

    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }

    /// The same at another host and port; nothing if there is no host at all.
    pub(crate) fn at(&self, host: &str, port: u16) -> Option<Self> {
        // A node that doesn't know its host tells none: it is the one that was asked.
        let or_ours = |ours: &String| if host.is_empty() { ours.clone() } else { host.to_owned() };
        let place = match &self.place {
            Place::Tcp { host, .. } => Place::Tcp { host: or_ours(host), port },
            Place::Tls { host, insecure, .. } => {
                Place::Tls { host: or_ours(host), port, insecure: *insecure }
            }
            Place::Unix(_) if host.is_empty() => return None,
            // A socket is only a way in: the others are at ports.
            Place::Unix(_) => Place::Tcp { host: host.to_owned(), port },
        };
        Some(Self { place, ..self.clone() })
    }

    pub(crate) const fn database(&self) -> i64 {
        self.database
    }

    pub(crate) const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// How the server is reached.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        match self.place {
            Place::Tcp { .. } => Transport::Tcp,
            Place::Tls { .. } => Transport::Tls,
            Place::Unix(_) => Transport::Unix,
        }
    }

    /// What has to be sent first on each connection, and the name of each command for messages.
    pub(crate) fn handshake(&self) -> Vec<(&'static str, Cmd)> {
        let mut commands = Vec::new();
        if self.user.is_some() || self.password.is_some() {
            let mut command = redis::cmd("AUTH");
            if let Some(user) = &self.user {
                command.arg(user);
            }
            command.arg(self.password.as_deref().unwrap_or_default());
            commands.push(("AUTH", command));
        }
        if self.database != 0 {
            let mut command = redis::cmd("SELECT");
            command.arg(self.database);
            commands.push(("SELECT", command));
        }
        if self.protocol == Protocol::Resp3 {
            let mut command = redis::cmd("HELLO");
            command.arg(3);
            commands.push(("HELLO", command));
        }
        commands
    }

    /// The server's own words without user and password, should it have repeated them.
    pub(crate) fn redact(&self, words: &str) -> String {
        [&self.password, &self.user]
            .into_iter()
            .flatten()
            .filter(|secret| !secret.is_empty())
            .fold(words.to_owned(), |words, secret| words.replace(secret.as_str(), "***"))
    }

    /// A client of the redis crate.
    pub(crate) fn client(&self) -> redis::RedisResult<Client> {
        let info = self.connection_info()?;
        match &self.certificates {
            Some(certificates) => Client::build_with_tls(info, certificates.for_client().clone()),
            None => Client::open(info),
        }
    }

    /// For the redis crate, without credentials: they are sent as commands of their own, because
    /// the crate drops the server's words when they are refused.
    fn connection_info(&self) -> redis::RedisResult<ConnectionInfo> {
        let addr = match &self.place {
            Place::Tcp { host, port } => ConnectionAddr::Tcp(host.clone(), *port),
            Place::Tls { host, port, insecure } => ConnectionAddr::TcpTls {
                host: host.clone(),
                port: *port,
                insecure: *insecure,
                tls_params: None,
            },
            Place::Unix(path) => ConnectionAddr::Unix(path.clone()),
        };
        let info = addr.into_connection_info()?;
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        Ok(info
            .set_redis_settings(settings)
            .set_tcp_settings(TcpSettings::default().set_nodelay(true)))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = redis::parse_redis_url(text.trim()).ok_or(AddressError::NotAUrl)?;
        let is_unix = url.scheme().ends_with("unix");
        let is_tls = matches!(url.scheme(), "rediss" | "valkeys");
        let known_keys: &[&str] =
            if is_unix { &["db", "user", "pass", "protocol"] } else { &["protocol"] };
        if url.query_pairs().any(|(key, _)| !known_keys.contains(&key.as_ref())) {
            return Err(AddressError::Unknown("a parameter after `?`"));
        }
        let asked = url.query_pairs().filter(|(key, _)| key == "protocol").last();
        let protocol = match asked.as_ref().map(|(_, protocol)| protocol.as_ref()) {
            None | Some("2" | "resp2") => Protocol::Resp2,
            Some("3" | "resp3") => Protocol::Resp3,
            Some(_) => return Err(AddressError::Protocol),
        };
        drop(asked);
        match url.fragment() {
            None => {}
            Some("insecure") if is_tls => {}
            Some(_) => return Err(AddressError::Unknown("a part after `#`")),
        }
        let info = url.into_connection_info().map_err(|error| {
            // The redis crate's kinds don't tell one wrong part from another, its words do.
            let words = error.to_string();
            if words.contains("database") {
                AddressError::Database
            } else if words.contains("UTF-8") {
                AddressError::Unknown("a user or a password in an encoding")
            } else {
                AddressError::Place
            }
        })?;
        let place = match info.addr() {
            ConnectionAddr::Tcp(host, port) => Place::Tcp { host: host.clone(), port: *port },
            ConnectionAddr::TcpTls { host, port, insecure, .. } => {
                Place::Tls { host: host.clone(), port: *port, insecure: *insecure }
            }
            ConnectionAddr::Unix(path) => Place::Unix(path.clone()),
            _ => return Err(AddressError::NotAUrl),
        };
        let settings = info.redis_settings();
        Ok(Self {
            place,
            database: settings.db(),
            user: settings.username().map(str::to_owned),
            password: settings.password().map(str::to_owned),
            certificates: None,
            protocol,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        let mut mark = '?';
        match (&self.place, self.database) {
            (_, 0) => {}
            (Place::Unix(_), database) => {
                write!(f, "?db={database}")?;
                mark = '&';
            }
            (_, database) => write!(f, "/{database}")?,
        }
        if self.protocol == Protocol::Resp3 {
            write!(f, "{mark}protocol=resp3")?;
        }
        match self.place {
            Place::Tls { insecure: true, .. } => f.write_str("#insecure"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bracketed = |host: &str| {
            if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
        };
        match self {
            Self::Tcp { host, port } => write!(f, "redis://{}:{port}", bracketed(host)),
            Self::Tls { host, port, .. } => write!(f, "rediss://{}:{port}", bracketed(host)),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<Address>().map_or_else(|error| error.to_string(), |a| a.to_string())
    }

    #[test]
    fn an_address_shows_where_the_server_is() {
        assert_eq!(shown("redis://cache:6380"), "redis://cache:6380");
        assert_eq!(shown("redis://cache"), "redis://cache:6379");
        assert_eq!(shown("valkey://[::1]:7000/3"), "redis://[::1]:7000/3");
        assert_eq!(shown("rediss://cache:6380/2#insecure"), "rediss://cache:6380/2#insecure");
        assert_eq!(shown("unix:///run/redis.sock?db=4"), "unix:///run/redis.sock?db=4");
        assert_eq!(shown("redis+unix:///run/redis.sock"), "unix:///run/redis.sock");
        assert_eq!(shown("redis://c/1?protocol=resp3"), "redis://c:6379/1?protocol=resp3");
        assert_eq!(shown("unix:///s?protocol=3&db=1"), "unix:///s?db=1&protocol=resp3");
        assert_eq!(
            shown("rediss://c?protocol=3#insecure"),
            "rediss://c:6379?protocol=resp3#insecure"
        );
        assert_eq!(shown("redis://c?protocol=resp2"), "redis://c:6379");
    }

    #[test]
    fn user_and_password_are_never_shown() {
        for text in [
            "redis://alice:hunter2@cache:6379/1",
            "rediss://alice:hunter2@cache:6379",
            "unix:///run/redis.sock?user=alice&pass=hunter2",
            "redis://alice:hunter2@cache:6379/one",
            "redis://alice:hunter2@cache:port",
            "redis://alice:hunter2#@cache:6379",
            "redis://alice:hunter2@cache:6379?pass=hunter2",
            "http://alice:hunter2@cache:6379",
            "alice:hunter2@cache",
        ] {
            let parsed = text.parse::<Address>();
            let all = format!("{parsed:?} {}", shown(text));
            assert!(!all.contains("hunter2") && !all.contains("alice"), "{text}: {all}");
        }
    }

    #[test]
    fn the_servers_words_are_redacted() {
        let address: Address = "redis://alice:hunter2@cache".parse().unwrap();
        let words = "NOPERM User alice may not; hunter2 was given";
        assert_eq!(address.redact(words), "NOPERM User *** may not; *** was given");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!("localhost:6379".parse::<Address>().unwrap_err(), AddressError::NotAUrl);
        assert_eq!("".parse::<Address>().unwrap_err(), AddressError::NotAUrl);
        assert_eq!("redis://cache/one".parse::<Address>().unwrap_err(), AddressError::Database);
        assert_eq!("unix:///a?db=one".parse::<Address>().unwrap_err(), AddressError::Database);
        assert_eq!("redis:///1".parse::<Address>().unwrap_err(), AddressError::Place);
        assert_eq!("unix://".parse::<Address>().unwrap_err(), AddressError::Place);
        assert!(shown("redis://cache?timeout=1").contains("parameter"));
        assert_eq!("redis://c?protocol=4".parse::<Address>().unwrap_err(), AddressError::Protocol);
        assert!(shown("redis://:a#b@cache").contains("redis://HOST"));
    }
}
