//! The files of TLS: an authority of one's own, and a certificate to show the server.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use phasegate_model::TlsPlan;
use redis::{ClientTlsConfig, TlsCertificates};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::connect::words_of_system;

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
}

impl TlsNames {
    /// In the plan.
    pub const PLAN: Self = Self {
        ca: "the plan's `tls.ca`",
        cert: "the plan's `tls.cert`",
        key: "the plan's `tls.key`",
    };
}

/// What was read, once it was found to be of use. It never shows itself.
#[derive(Clone)]
pub struct Certificates(Arc<TlsCertificates>);

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
        let client_tls = plan.client.as_ref().map(|files| {
            let (client_cert, client_key) =
                (read(names.cert, &files.cert)?, read(names.key, &files.key)?);
            let chain = certificates(names.cert, &files.cert, &client_cert)?;
            let key = PrivateKeyDer::from_pem_slice(&client_key).map_err(|_| {
                let (file, what) = (files.key.clone(), "private key without a passphrase");
                CertificatesError::Empty { named: names.key, file, what }
            })?;
            // Only to see whether they fit together.
            ClientConfig::builder()
                .with_root_certificates(roots)
                .with_client_auth_cert(chain, key)
                .map_err(|error| CertificatesError::Client {
                    cert: files.cert.clone(),
                    key: files.key.clone(),
                    words: error.to_string(),
                })?;
            Ok(ClientTlsConfig { client_cert, client_key })
        });
        let client_tls = client_tls.transpose()?;
        Ok(Self(Arc::new(TlsCertificates { client_tls, root_cert })))
    }

    /// For the redis crate.
    pub(crate) fn for_client(&self) -> &TlsCertificates {
        &self.0
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates(***)")
    }
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
