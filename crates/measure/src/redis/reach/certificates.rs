//! The files of TLS: an authority of one's own, and a certificate to show the server.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use phasegate_model::{ClientFiles, TlsPlan};
use redis::{ClientTlsConfig, TlsCertificates};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use crate::machine::words::words_of_system;
use crate::redis::reach::own::Name;

/// Why the files of a plan's `tls` are of no use. No message holds anything of what is in them.
#[derive(Debug, thiserror::Error)]
pub enum CertificatesError {
    /// One can't be read.
    #[error("`{file}` of {named} can't be read: {words}; paths begin where phasegate is called")]
    Unreadable {
        /// Where the path stands.
        named: &'static str,
        /// The path as written.
        file: String,
        /// The system's reason.
        words: String,
    },
    /// There isn't in it what has to be.
    #[error("`{file}` of {named} holds no {what} in PEM; it should begin with `-----BEGIN`")]
    Empty {
        /// Where the path stands.
        named: &'static str,
        /// The path as written.
        file: String,
        /// What should be in it.
        what: &'static str,
    },
    /// The authority's certificate can't be used.
    #[error(
        "the certificate in `{file}` of {named} can't be used: {words}; name the authority's own certificate"
    )]
    Authority {
        /// Where the path stands.
        named: &'static str,
        /// The path as written.
        file: String,
        /// The library's reason.
        words: String,
    },
    /// Certificate and key aren't of each other.
    #[error(
        "`{cert}` and `{key}`, the certificate and the private key to show the server, don't belong together: {words}; name the private key that the certificate was made for"
    )]
    Client {
        /// The certificate's path.
        cert: String,
        /// The key's path.
        key: String,
        /// The library's reason.
        words: String,
    },
    /// Not a name.
    #[error(
        "`{name}` of {named} is no name of a server; write the host name or IP address that is in its certificate"
    )]
    Name {
        /// Where it stands.
        named: &'static str,
        /// The text as written.
        name: String,
    },
    /// The system's authorities can't be read.
    #[error(
        "the certificates of the system can't be read: {0}; name the authority that vouches for the server with `--tls-ca` or `tls = {{ ca = \"FILE\" }}` in the plan"
    )]
    System(String),
    /// A name, and nothing that it is verified by.
    #[error(
        "`{address}` ends with `#insecure`, which verifies nothing, and there is a server name to verify; leave out the one or the other"
    )]
    Unchecked {
        /// The address without secrets.
        address: String,
    },
    /// The address isn't one of TLS.
    #[error(
        "the plan has `tls`, and `{address}` is reached without; write `rediss://` or leave `tls` out"
    )]
    Plain {
        /// The address without secrets.
        address: String,
    },
}

/// Where the paths stand, for messages.
#[derive(Clone, Copy, Debug)]
pub struct TlsNames {
    /// That of the authorities.
    pub ca: &'static str,
    /// That of the certificate to show.
    pub cert: &'static str,
    /// That of its private key.
    pub key: &'static str,
    /// That of the server's name.
    pub server_name: &'static str,
}

impl TlsNames {
    /// In the plan.
    pub const PLAN: Self = Self {
        ca: "the plan's `tls.ca`",
        cert: "the plan's `tls.cert`",
        key: "the plan's `tls.key`",
        server_name: "the plan's `tls.server_name`",
    };
}

/// What was read, once it was found to be of use. It never shows itself.
#[derive(Clone)]
pub struct Certificates {
    files: Arc<TlsCertificates>,
    name: Option<Arc<Name>>,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// If one can't be read, holds something else than it should, or they don't fit together.
    pub fn read(plan: &TlsPlan, names: &TlsNames) -> Result<Self, CertificatesError> {
        let root_cert = plan.ca.as_deref().map(|file| read(names.ca, file)).transpose()?;
        let mut roots = RootCertStore::empty();
        if let (Some(file), Some(pem)) = (&plan.ca, &root_cert) {
            for certificate in certificates(names.ca, file, pem)? {
                roots.add(certificate).map_err(|error| CertificatesError::Authority {
                    named: names.ca,
                    file: file.clone(),
                    words: error.to_string(),
                })?;
            }
        }
        let shown =
            plan.client.as_ref().map(|files| ClientCertificate::read(files, names)).transpose()?;
        let name = match &plan.server_name {
            Some(text) => Some(server_name(names.server_name, text)?),
            None => None,
        };
        if name.is_some() && plan.ca.is_none() {
            roots = authorities_of_system()?;
        }
        let (client_tls, config) = if let Some(shown) = shown {
            let (files, config) = shown.into_config(roots)?;
            (Some(files), config)
        } else {
            let config = ClientConfig::builder().with_root_certificates(roots);
            (None, config.with_no_client_auth())
        };
        let config = Arc::new(config);
        let name = name.map(|server| Arc::new(Name { server, config }));
        Ok(Self { files: Arc::new(TlsCertificates { client_tls, root_cert }), name })
    }

    /// The name that the server is to be known by, if it isn't its host.
    pub(crate) fn name(&self) -> Option<&Name> {
        self.name.as_deref()
    }

    /// For the redis crate.
    pub(crate) fn for_client(&self) -> &TlsCertificates {
        &self.files
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates(***)")
    }
}

/// A certificate to show the server, with its private key.
struct ClientCertificate<'a> {
    files: &'a ClientFiles,
    pem: ClientTlsConfig,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl<'a> ClientCertificate<'a> {
    fn read(files: &'a ClientFiles, names: &TlsNames) -> Result<Self, CertificatesError> {
        let (client_cert, client_key) =
            (read(names.cert, &files.cert)?, read(names.key, &files.key)?);
        let chain = certificates(names.cert, &files.cert, &client_cert)?;
        let key = PrivateKeyDer::from_pem_slice(&client_key).map_err(|_| {
            let (file, what) = (files.key.clone(), "private key without a passphrase");
            CertificatesError::Empty { named: names.key, file, what }
        })?;
        Ok(Self { files, pem: ClientTlsConfig { client_cert, client_key }, chain, key })
    }

    /// For either way to connect. That certificate and key fit together shows here.
    fn into_config(
        self,
        roots: RootCertStore,
    ) -> Result<(ClientTlsConfig, ClientConfig), CertificatesError> {
        let config = ClientConfig::builder().with_root_certificates(roots);
        let config = config.with_client_auth_cert(self.chain, self.key).map_err(|error| {
            let ClientFiles { cert, key } = self.files.clone();
            CertificatesError::Client { cert, key, words: error.to_string() }
        })?;
        Ok((self.pem, config))
    }
}

fn server_name(named: &'static str, text: &str) -> Result<ServerName<'static>, CertificatesError> {
    ServerName::try_from(text.to_owned())
        .map_err(|_| CertificatesError::Name { named, name: text.to_owned() })
}

/// As the redis crate finds them: `SSL_CERT_FILE`, `SSL_CERT_DIR`, or what the system has.
fn authorities_of_system() -> Result<RootCertStore, CertificatesError> {
    let mut found = rustls_native_certs::load_native_certs();
    if let Some(error) = found.errors.pop() {
        return Err(CertificatesError::System(error.to_string()));
    }
    let mut roots = RootCertStore::empty();
    // One that can't be used vouches for nobody.
    roots.add_parsable_certificates(found.certs);
    Ok(roots)
}

fn read(named: &'static str, file: &str) -> Result<Vec<u8>, CertificatesError> {
    std::fs::read(Path::new(file)).map_err(|error| CertificatesError::Unreadable {
        named,
        file: file.to_owned(),
        words: words_of_system(&error),
    })
}

/// All certificates of a file, of which there has to be one.
fn certificates(
    named: &'static str,
    file: &str,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, CertificatesError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(CertificatesError::Empty { named, file: file.to_owned(), what: "certificate" }),
    }
}
