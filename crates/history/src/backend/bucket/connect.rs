//! The way to a bucket: from its URL and the environment's variables to a client.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use crate::backend::bucket::failure::{Access, Credentials, advice_on_credentials, root_cause};
use crate::backend::bucket::transport::UreqTransport;
use crate::backend::error::OpenError;
use crate::backend::location::{BucketUrl, Provider};

/// How long a connection may take to come about, and a request to be answered.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(30);

/// Makes a client. Nothing is sent yet.
pub(super) fn connect(
    url: &BucketUrl,
    variables: &BTreeMap<String, String>,
) -> Result<(Arc<dyn ObjectStore>, Access), OpenError> {
    let access = Access { provider: url.provider, credentials: credentials(url, variables) };
    if let Some(endpoint) = plain_http(url.provider, variables) {
        let cause = format!("{endpoint} is an address without TLS");
        let advice = "use https://, or set AWS_ALLOW_HTTP=true if the network is trusted";
        return Err(OpenError::Bucket { url: url.to_string(), cause, advice });
    }
    let store: Result<Arc<dyn ObjectStore>, object_store::Error> = match url.provider {
        Provider::S3 => settings("AWS_", variables)
            .fold(AmazonS3Builder::new().with_client_options(options()), |builder, (key, value)| {
                match key.parse() {
                    Ok(key) => builder.with_config(key, value),
                    // A variable that only other tools know is no error of this one.
                    Err(_) => builder,
                }
            })
            .with_bucket_name(&url.bucket)
            // Create-if-absent, sent as `If-None-Match: *`, is what every entry rests on.
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            // What is removed is little, and one request each every server knows.
            .with_disable_bulk_delete(true)
            .with_retry(retries())
            .with_http_connector(UreqTransport)
            .build()
            .map(|store| Arc::new(store) as _),
        Provider::Google => settings("GOOGLE_", variables)
            .fold(
                GoogleCloudStorageBuilder::new().with_client_options(options()),
                |builder, (key, value)| match key.parse() {
                    Ok(key) => builder.with_config(key, value),
                    Err(_) => builder,
                },
            )
            .with_bucket_name(&url.bucket)
            .with_retry(retries())
            .with_http_connector(UreqTransport)
            .build()
            .map(|store| Arc::new(store) as _),
        Provider::Azure => settings("AZURE_", variables)
            .fold(
                MicrosoftAzureBuilder::new().with_client_options(options()),
                |builder, (key, value)| match key.parse() {
                    Ok(key) => builder.with_config(key, value),
                    Err(_) => builder,
                },
            )
            .with_container_name(&url.bucket)
            .with_retry(retries())
            .with_http_connector(UreqTransport)
            .build()
            .map(|store| Arc::new(store) as _),
    };
    store.map(|store| (store, access)).map_err(|error| OpenError::Bucket {
        url: url.to_string(),
        cause: root_cause(&error),
        advice: advice_on_credentials(url.provider),
    })
}

fn options() -> ClientOptions {
    ClientOptions::new().with_connect_timeout(CONNECT).with_timeout(ANSWER)
}

/// A few, and soon: who waits for an answer wants to know that there is no network.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 3,
        retry_timeout: Duration::from_mins(1),
    }
}

/// The variables of a provider, by their names in the client, which are lower case.
fn settings<'a>(
    beginning: &'static str,
    variables: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (String, &'a String)> {
    variables
        .iter()
        .filter(move |(name, _)| name.starts_with(beginning))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
}

/// Whether the environment has credentials. Without any the client asks the machine's own metadata
/// service, as machines in a cloud have it.
fn credentials(url: &BucketUrl, variables: &BTreeMap<String, String>) -> Credentials {
    let names: &[&str] = match url.provider {
        Provider::S3 => &[
            "AWS_ACCESS_KEY_ID",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            // Whoever asks without a signature lacks no credentials.
            "AWS_SKIP_SIGNATURE",
        ],
        Provider::Google => &[
            "GOOGLE_SERVICE_ACCOUNT",
            "GOOGLE_SERVICE_ACCOUNT_PATH",
            "GOOGLE_SERVICE_ACCOUNT_KEY",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "GOOGLE_SKIP_SIGNATURE",
        ],
        Provider::Azure => &[
            "AZURE_STORAGE_ACCOUNT_KEY",
            "AZURE_STORAGE_ACCESS_KEY",
            "AZURE_STORAGE_SAS_KEY",
            "AZURE_STORAGE_SAS_TOKEN",
            "AZURE_STORAGE_TOKEN",
            "AZURE_STORAGE_CLIENT_SECRET",
            "AZURE_CLIENT_SECRET",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_STORAGE_USE_EMULATOR",
            "AZURE_SKIP_SIGNATURE",
        ],
    };
    if names.iter().any(|name| variables.contains_key(*name)) {
        Credentials::Given
    } else {
        Credentials::None
    }
}

/// The address of a server without TLS that wasn't allowed, without what may be secret in it.
fn plain_http(provider: Provider, variables: &BTreeMap<String, String>) -> Option<&'static str> {
    let names = ["AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"];
    let plain = |name: &&&str| {
        variables.get(**name).is_some_and(|endpoint| endpoint.starts_with("http://"))
    };
    let allowed = variables.get("AWS_ALLOW_HTTP").is_some_and(|value| value != "false");
    let asked = provider == Provider::S3 && !allowed;
    asked.then(|| names.iter().find(plain).copied()).flatten()
}
