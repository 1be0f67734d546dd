//! The connection beside the measured ones: what it asks is answered by the redis crate.

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;

use redis::{Cmd, ConnectionLike, FromRedisValue, Pipeline, RedisError};

use crate::redis::reach::address::{Address, Place};
use crate::redis::reach::connect::{ConnectError, check_path, words_of};
use crate::redis::reach::info::Info;
use crate::redis::reach::own::{OwnConnection, ReplyLimit, Socket};
use crate::redis::reach::tcp::tcp;

/// A connection for everything that isn't timed.
pub(crate) struct Control {
    connection: Box<dyn ConnectionLike>,
    address: Address,
}

/// A server's refusal to answer one command, in its own words. The connection goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

impl Control {
    /// Connects, authenticates, selects the database and gets an answer to `PING`.
    pub(crate) fn open(
        address: &Address,
        limit: impl Into<ReplyLimit>,
    ) -> Result<Self, ConnectError> {
        let mut control = Self::enter(address, limit)?;
        control.insist::<redis::Value>("PING", &redis::cmd("PING"))?;
        Ok(control)
    }

    /// Connects, authenticates and selects the database.
    pub(crate) fn enter(
        address: &Address,
        limit: impl Into<ReplyLimit>,
    ) -> Result<Self, ConnectError> {
        let connection = connect(address, &limit.into())?;
        let mut control = Self { connection, address: address.clone() };
        for (name, command) in address.handshake() {
            control.insist::<redis::Value>(name, &command)?;
        }
        Ok(control)
    }

    /// An answer, or the server's refusal.
    pub(crate) fn ask<T: FromRedisValue>(
        &mut self,
        name: &'static str,
        command: &Cmd,
    ) -> Result<Result<T, Refusal>, ConnectError> {
        match command.query(&mut *self.connection) {
            Ok(answer) => Ok(Ok(answer)),
            Err(error) if error.code().is_some() => {
                Ok(Err(Refusal(self.address.redact(&words_of(&error)))))
            }
            Err(error) => Err(ConnectError::of(&error, &self.address, name)),
        }
    }

    /// An answer; a refusal is an error.
    pub(crate) fn insist<T: FromRedisValue>(
        &mut self,
        name: &'static str,
        command: &Cmd,
    ) -> Result<T, ConnectError> {
        self.ask(name, command)?.map_err(|Refusal(words)| ConnectError::Refused {
            address: self.address.to_string(),
            command: name,
            words,
        })
    }

    /// `INFO`, or one section of it.
    pub(crate) fn info(
        &mut self,
        section: Option<&str>,
    ) -> Result<Result<Info, Refusal>, ConnectError> {
        let mut command = redis::cmd("INFO");
        command.arg(section);
        Ok(self.ask::<String>("INFO", &command)?.map(|text| Info::parse(&text)))
    }

    /// One value of the server's configuration; nothing if it doesn't know the name.
    pub(crate) fn config(
        &mut self,
        name: &str,
    ) -> Result<Result<Option<String>, Refusal>, ConnectError> {
        let mut command = redis::cmd("CONFIG");
        command.arg("GET").arg(name);
        let answer = self.ask::<BTreeMap<String, String>>("CONFIG GET", &command)?;
        Ok(answer.map(|values| values.into_values().next()))
    }

    /// Several commands of one kind at once; a refusal of any is an error.
    pub(crate) fn write_all(
        &mut self,
        name: &'static str,
        commands: &Pipeline,
    ) -> Result<(), ConnectError> {
        let answer = commands.query::<()>(&mut *self.connection);
        answer.map_err(|error| {
            let first = error.clone().into_server_errors();
            let first = first.and_then(|errors| errors.first().map(|(_, error)| error.clone()));
            ConnectError::of(&first.map_or(error, RedisError::from), &self.address, name)
        })
    }

    /// The connection, for requests that are encoded already.
    pub(crate) fn connection(&mut self) -> &mut (impl ConnectionLike + ?Sized) {
        &mut *self.connection
    }
}

/// A connection on which nothing was said yet.
fn connect(address: &Address, limit: &ReplyLimit) -> Result<Box<dyn ConnectionLike>, ConnectError> {
    check_path(address)?;
    let own = match address.place() {
        Place::Unix(path) => UnixStream::connect(path)
            .and_then(|stream| OwnConnection::plain(Socket::Unix(stream), limit)),
        Place::Tcp { host, port } => tcp(host, *port, limit.longest())
            .and_then(|stream| OwnConnection::plain(Socket::Tcp(stream), limit)),
        Place::Tls { host, port, .. } => match address.name() {
            Some(name) => tcp(host, *port, limit.longest())
                .and_then(|stream| OwnConnection::tls(Socket::Tcp(stream), limit, name)),
            None => return of_the_crate(address, limit),
        },
    };
    let own = own.map_err(|error| ConnectError::unreachable(address, &error))?;
    Ok(Box::new(own))
}

/// TLS as the redis crate speaks it: no read of it takes longer than the limit.
fn of_the_crate(
    address: &Address,
    limit: &ReplyLimit,
) -> Result<Box<dyn ConnectionLike>, ConnectError> {
    let unreachable = |error: RedisError| ConnectError::unreachable(address, &error);
    let limit = limit.longest();
    let connection = address
        .client()
        .and_then(|client| client.get_connection_with_timeout(limit))
        .map_err(unreachable)?;
    let limited = connection
        .set_read_timeout(Some(limit))
        .and_then(|()| connection.set_write_timeout(Some(limit)));
    limited.map_err(unreachable)?;
    Ok(Box::new(connection))
}
