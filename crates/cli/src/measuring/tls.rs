//! The files of TLS, as options and plan name them.

use phasegate_measure::{Certificates, Endpoint, TlsNames};
use phasegate_model::{ClientFiles, TlsPlan};

use crate::args::TlsOptions;

impl TlsOptions {
    /// Whether none is given.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { ca, cert, key, server_name } = self;
        [ca, cert, key, server_name].into_iter().all(Option::is_none)
    }

    /// The plan's files, those of the options before them; and where each stands.
    fn over(&self, plan: Option<&TlsPlan>) -> (Option<TlsPlan>, TlsNames) {
        let plan = plan.cloned();
        let mut names = TlsNames::PLAN;
        if self.is_empty() {
            return (plan, names);
        }
        let mut files = plan.unwrap_or_default();
        if let Some(ca) = &self.ca {
            (files.ca, names.ca) = (Some(ca.clone()), "`--tls-ca`");
        }
        if let Some(name) = &self.server_name {
            (files.server_name, names.server_name) = (Some(name.clone()), "`--tls-server-name`");
        }
        // Neither is given without the other.
        if let (Some(cert), Some(key)) = (self.cert.clone(), self.key.clone()) {
            files.client = Some(ClientFiles { cert, key });
            (names.cert, names.key) = ("`--tls-cert`", "`--tls-key`");
        }
        (Some(files), names)
    }

    /// A server with its certificates, and the files that a plan may record. To a server without TLS
    /// the options mean nothing; the plan's files are an error then.
    pub(crate) fn apply(
        &self,
        server: Endpoint,
        plan: Option<&TlsPlan>,
    ) -> anyhow::Result<(Endpoint, Option<TlsPlan>)> {
        let (files, names) =
            // Of two servers one may be without TLS, and the options are for the other.
            if server.is_over_tls() { self.over(plan) } else { (plan.cloned(), TlsNames::PLAN) };
        let server = match &files {
            Some(files) => server.with(Certificates::read(files, &names)?)?,
            None => server,
        };
        Ok((server, files))
    }

    /// That there is a server which the options are for.
    pub(crate) fn ensure_used<'e>(
        &self,
        servers: impl IntoIterator<Item = &'e Endpoint>,
    ) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.is_empty() || servers.into_iter().any(Endpoint::is_over_tls),
            "`--tls-ca`, `--tls-cert`, `--tls-key` and `--tls-server-name` are for servers that are reached over TLS, and there is none; write `rediss://HOST:PORT`, or leave them out"
        );
        Ok(())
    }
}
