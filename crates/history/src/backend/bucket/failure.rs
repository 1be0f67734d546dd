//! What it means when a request to a bucket fails, and what to do about it.
//!
//! The client's own messages hold addresses, with tokens in them, and what the server answered,
//! which may hold what it was asked to sign. So nothing of them is passed on but codes, such as
//! `NoSuchBucket`, and the words of the operating system.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::path::Path;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

use crate::backend::error::PlaceError;
use crate::backend::location::Provider;

/// As whom a bucket is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) provider: Provider,
    pub(crate) credentials: Credentials,
}

/// Whether the environment has credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    Given,
    None,
}

/// Whether a request that failed may have had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestEffect {
    /// Surely not.
    None,
    /// Possibly, or it may yet have: the request is on its way, or the reply was lost.
    Possible,
}

const BUSY: &str = "; try again later";
const NETWORK: &str = "; check the network and, where it is set, the endpoint, then try again";

/// The error to report for a request that failed.
pub(super) fn failure(
    action: &'static str,
    path: &Path,
    error: &Error,
    access: Access,
) -> PlaceError {
    let (kind, text, advice) = explain(error, access);
    PlaceError::with_advice(action, path, io::Error::new(kind, text), advice)
}

/// Whether a request that failed may have had its effect.
pub(super) fn effect(error: &Error) -> RequestEffect {
    match error {
        // Only these leave it open; the others are answers that say that nothing was done.
        Error::Generic { .. } | Error::JoinError { .. } => match transport(error) {
            // Without a connection no request went out.
            Some(HttpErrorKind::Connect) => RequestEffect::None,
            // A request that the server found wrong, it didn't follow.
            None if chain(error).contains("status code: 4") => RequestEffect::None,
            _ => RequestEffect::Possible,
        },
        _ => RequestEffect::None,
    }
}

fn explain(error: &Error, access: Access) -> (ErrorKind, String, &'static str) {
    // Searched for codes and never shown: it holds addresses, and what was to be signed.
    let text = chain(error);
    let code = code(&text);
    let with_code = |words: &str| match code {
        Some(code) => format!("{words} ({code})"),
        None => words.to_owned(),
    };
    let credentials = advice_on_credentials(access.provider);
    match code {
        Some("NoSuchBucket" | "ContainerNotFound") => return missing_bucket(&with_code),
        // Signatures are dated, so a server refuses those of a clock that is too far off.
        Some("RequestTimeTooSkewed" | "RequestExpired") => {
            let words = with_code("the clock of this machine is wrong");
            return (ErrorKind::Other, words, "; set it, then try again");
        }
        Some(
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "InvalidToken"
            | "ExpiredToken"
            | "TokenRefreshRequired"
            | "AuthenticationFailed"
            | "InvalidAuthenticationInfo",
        ) => {
            let words = with_code("the credentials are not accepted");
            return (ErrorKind::PermissionDenied, words, credentials);
        }
        Some(
            "PermanentRedirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException",
        ) => {
            return other_region(&with_code);
        }
        _ => (),
    }
    if text.contains("specified bucket does not exist") {
        return missing_bucket(&with_code);
    }
    // An object that isn't there is another error: this is the answer to a list.
    if matches!(error, Error::Generic { .. }) && text.contains("status code: 404") {
        return missing_bucket(&with_code);
    }
    if text.contains("redirect without LOCATION") {
        return other_region(&with_code);
    }
    // Without credentials the client asks the machine's own service for some, and that there is
    // none would look like a failure of the network.
    if asked_the_machine(&text) || access.credentials == Credentials::None && code.is_none() {
        let words = format!("there are no credentials ({})", root_cause(error));
        return (ErrorKind::PermissionDenied, words, credentials);
    }
    let denied = || {
        let words = with_code("access is denied");
        (ErrorKind::PermissionDenied, words, permission(access.provider))
    };
    match error {
        Error::NotFound { .. } => (ErrorKind::NotFound, with_code("it isn't there"), ""),
        Error::AlreadyExists { .. } | Error::Precondition { .. } => {
            (ErrorKind::AlreadyExists, with_code("it is there already"), BUSY)
        }
        Error::PermissionDenied { .. } => denied(),
        // A list that is refused is a generic error to the client.
        Error::Generic { .. } if text.contains("status code: 403") => denied(),
        Error::Unauthenticated { .. } => {
            let words = with_code("the credentials are not accepted");
            (ErrorKind::PermissionDenied, words, credentials)
        }
        Error::NotSupported { .. } | Error::NotImplemented { .. } => {
            let words = with_code("the store doesn't offer that");
            (ErrorKind::Unsupported, words, "; use another store")
        }
        _ => match transport(error) {
            Some(HttpErrorKind::Timeout) => {
                (ErrorKind::TimedOut, "there was no answer in time".to_owned(), NETWORK)
            }
            Some(_) => {
                let words = format!("there is no connection: {}", root_cause(error));
                (ErrorKind::NotConnected, words, NETWORK)
            }
            None => (ErrorKind::Other, with_code(&root_cause(error)), BUSY),
        },
    }
}

fn missing_bucket(with_code: &dyn Fn(&str) -> String) -> (ErrorKind, String, &'static str) {
    let words = with_code("the bucket doesn't exist");
    (ErrorKind::Other, words, "; create it, or check its name and the endpoint")
}

fn other_region(with_code: &dyn Fn(&str) -> String) -> (ErrorKind, String, &'static str) {
    let words = with_code("the bucket is in another region");
    (ErrorKind::Other, words, "; set AWS_REGION to the bucket's region")
}

/// What to set so that a bucket is accessible.
pub(super) const fn advice_on_credentials(provider: Provider) -> &'static str {
    match provider {
        Provider::S3 => {
            "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with AWS_SESSION_TOKEN if they are temporary, and AWS_ENDPOINT if the bucket isn't Amazon's"
        }
        Provider::Google => {
            "; set GOOGLE_APPLICATION_CREDENTIALS to the path of a service account's key file"
        }
        Provider::Azure => {
            "; set AZURE_STORAGE_ACCOUNT_NAME, and AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_KEY"
        }
    }
}

const fn permission(provider: Provider) -> &'static str {
    match provider {
        Provider::S3 => {
            "; the owner of AWS_ACCESS_KEY_ID needs permission to list, read, create and delete objects there"
        }
        Provider::Google | Provider::Azure => {
            "; check the credentials; who they belong to needs permission to list, read, create and delete objects there"
        }
    }
}

/// Whether the client asked the machine it runs on for credentials.
fn asked_the_machine(text: &str) -> bool {
    ["/latest/api/token", "/latest/meta-data", "169.254.", "metadata.google", "/computeMetadata/"]
        .iter()
        .any(|address| text.contains(address))
}

/// How the connection failed, if that is what failed.
fn transport(error: &Error) -> Option<HttpErrorKind> {
    let mut cause: Option<&dyn StdError> = Some(error);
    // The client wraps errors in layers, and only one of them tells how the connection failed.
    while let Some(error) = cause {
        if let Some(http) = error.downcast_ref::<HttpError>() {
            return Some(http.kind());
        }
        cause = error.source();
    }
    None
}

/// All that is said about an error. Not to be shown.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = StdError::source(error);
    while let Some(error) = cause {
        text.push('\n');
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The code in a server's answer: `<Code>NoSuchBucket</Code>`.
fn code(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    // What is longer, or has markup in it, is no code and may repeat what was sent.
    let plain = !code.is_empty() && code.len() < 64;
    (plain && code.chars().all(|c| c.is_ascii_alphanumeric())).then_some(code)
}

/// The innermost cause, as far as it can be shown.
pub(super) fn root_cause(error: &Error) -> String {
    let mut innermost: &dyn StdError = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    let text = innermost.to_string();
    if let Some((_, rest)) = text.split_once("status code: ") {
        let status = rest.split([':', '\n']).next().unwrap_or_default();
        return format!("the server answered {status}");
    }
    // Anything longer, with an address or markup in it, is no message of the operating system.
    let showable = text.len() < 200 && !text.contains("://") && !text.contains(['<', '\n', '?']);
    if showable { text } else { "the request failed".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: &Error, provider: Provider, credentials: Credentials) -> String {
        let path = Path::new("s3://team/ledger/000001.json");
        failure("read", path, error, Access { provider, credentials }).to_string()
    }

    /// A server's answer, as the client tells it.
    fn answered(status: &str, body: &str) -> Error {
        let text = format!(
            "Error performing GET https://team.example/x?sig=hunter2 in 1s - Server returned \
             non-2xx status code: {status}: {body}"
        );
        Error::Generic { store: "test", source: text.into() }
    }

    fn broken(kind: HttpErrorKind) -> Error {
        let cause = io::Error::other("https://team.example/x?sig=hunter2");
        Error::Generic { store: "test", source: Box::new(HttpError::new(kind, cause)) }
    }

    #[test]
    fn every_failure_says_what_to_do_and_repeats_no_secret() {
        let code = |code: &str| answered("403 Forbidden", &format!("<Code>{code}</Code>hunter2"));
        for (error, words) in [
            (code("RequestTimeTooSkewed"), "the clock of this machine is wrong"),
            (code("ExpiredToken"), "the credentials are not accepted (ExpiredToken); set AWS_"),
            (code("PermanentRedirect"), "another region (PermanentRedirect); set AWS_REGION"),
            (code("AccessDenied"), "access is denied (AccessDenied); the owner of AWS_ACCESS_KEY"),
            (code("NoSuchBucket"), "the bucket doesn't exist (NoSuchBucket); create it"),
            (answered("404 Not Found", "hunter2"), "the bucket doesn't exist; create it"),
            (answered("503 Slow Down", "hunter2"), "503 Slow Down; try again later"),
            (answered("503 x", "<Code>hunter2 <b></Code>"), "the server answered 503 x; try"),
            (broken(HttpErrorKind::Timeout), "there was no answer in time; check the network"),
            (broken(HttpErrorKind::Connect), "there is no connection: the request failed; check"),
        ] {
            let message = told(&error, Provider::S3, Credentials::Given);
            assert!(
                message.starts_with("can't read `s3://team/ledger/000001.json`: "),
                "{message}"
            );
            assert!(message.contains(words), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn missing_credentials_are_named_as_each_provider_calls_them() {
        for (provider, variable) in [
            (Provider::S3, "AWS_SECRET_ACCESS_KEY"),
            (Provider::Google, "GOOGLE_APPLICATION_CREDENTIALS"),
            (Provider::Azure, "AZURE_STORAGE_ACCOUNT_KEY"),
        ] {
            let message = told(&broken(HttpErrorKind::Connect), provider, Credentials::None);
            assert!(message.contains("there are no credentials"), "{message}");
            assert!(message.contains(variable), "{message}");
        }
    }

    #[test]
    fn only_what_surely_did_not_arrive_has_no_effect() {
        for (error, expected) in [
            (broken(HttpErrorKind::Connect), RequestEffect::None),
            (answered("400 Bad Request", ""), RequestEffect::None),
            (broken(HttpErrorKind::Timeout), RequestEffect::Possible),
            (broken(HttpErrorKind::Interrupted), RequestEffect::Possible),
            (answered("500 Internal Server Error", ""), RequestEffect::Possible),
        ] {
            assert_eq!(effect(&error), expected, "{error}");
        }
    }
}
