//! The client's requests sent by `ureq`, on the thread that asks: whoever waits for a history has
//! nothing else to do meanwhile, and needs no second stack of asynchronous HTTP and TLS for it.

use std::io::{self, ErrorKind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt as _;
use object_store::ClientOptions;
use object_store::client::{
    ClientConfigKey, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest,
    HttpResponse, HttpService,
};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

/// Makes clients that send by `ureq`.
#[derive(Debug)]
pub(super) struct UreqTransport;

impl HttpConnector for UreqTransport {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let set = |key| options.get_config_value(&key);
        let is_set = |key| set(key).is_some_and(|value| value == "true");
        // The client keeps its options as texts, durations in the words of `humantime`.
        let time = |key| set(key).and_then(|value| humantime::parse_duration(&value).ok());
        let settings = Settings {
            plain: is_set(ClientConfigKey::AllowHttp),
            unverified: is_set(ClientConfigKey::AllowInvalidCertificates),
            connect: time(ClientConfigKey::ConnectTimeout),
            answer: time(ClientConfigKey::Timeout),
            proxy: set(ClientConfigKey::ProxyUrl),
        };
        Ok(HttpClient::new(Sender { settings, agent: OnceLock::new() }))
    }
}

#[derive(Debug)]
struct Settings {
    plain: bool,
    unverified: bool,
    connect: Option<Duration>,
    answer: Option<Duration>,
    proxy: Option<String>,
}

impl Settings {
    fn agent(&self) -> Agent {
        let mut config = Agent::config_builder()
            // What the server answers is the client's to judge, redirects and errors as well: a
            // signature is good for one address only.
            .http_status_as_error(false)
            .max_redirects(0)
            .https_only(!self.plain)
            .user_agent(concat!("phasegate/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(self.connect)
            .timeout_global(self.answer)
            .tls_config(self.tls());
        if let Some(proxy) = self.proxy.as_deref().and_then(|url| Proxy::new(url).ok()) {
            config = config.proxy(Some(proxy));
        }
        config.build().into()
    }

    fn tls(&self) -> TlsConfig {
        // The authorities of this system, as for servers that are measured.
        let found = rustls_native_certs::load_native_certs().certs;
        let roots: Vec<_> =
            found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
        TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .disable_verification(self.unverified)
            // The one of measuring over TLS and of signatures: one such library is enough.
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build()
    }
}

#[derive(Debug)]
struct Sender {
    settings: Settings,
    /// Made for the first request: the client that asks a machine for credentials often has none.
    agent: OnceLock<Agent>,
}

#[async_trait]
impl HttpService for Sender {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let agent = self.agent.get_or_init(|| self.settings.agent());
        let (parts, body) = request.into_parts();
        let empty = body.is_empty() && matches!(parts.method.as_str(), "GET" | "HEAD" | "DELETE");
        let body = body.collect().await?.to_bytes();
        let request = http::Request::from_parts(parts, ());
        let response = if empty { agent.run(request) } else { agent.run(request.map(|()| &*body)) };
        let (parts, body) = response.map_err(error)?.into_parts();
        // `ureq` has a limit of its own, and evidence or a part of a pack may be larger.
        let body = body.into_with_config().limit(u64::MAX).read_to_vec().map_err(error)?;
        Ok(HttpResponse::from_parts(parts, body.into()))
    }
}

/// How a request failed: whether it may be sent again, and whether it may have had its effect.
fn error(error: ureq::Error) -> HttpError {
    match error {
        ureq::Error::Timeout(_) => HttpError::new(HttpErrorKind::Timeout, error),
        ureq::Error::Io(cause) => HttpError::new(kind(&cause), cause),
        // In all of these cases no request went out, so that nothing can have been done.
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_) => HttpError::new(HttpErrorKind::Connect, error),
        _ => HttpError::new(HttpErrorKind::Unknown, error),
    }
}

fn kind(cause: &io::Error) -> HttpErrorKind {
    match cause.kind() {
        ErrorKind::TimedOut => HttpErrorKind::Timeout,
        ErrorKind::ConnectionAborted
        | ErrorKind::ConnectionReset
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => HttpErrorKind::Interrupted,
        // `InvalidData` comes from TLS, before any request went out.
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        | ErrorKind::InvalidData => HttpErrorKind::Connect,
        _ => HttpErrorKind::Unknown,
    }
}
