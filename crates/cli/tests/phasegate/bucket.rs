//! A server that speaks as much S3 as a history needs, in memory, and fails as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As S3 does.
    Sound,
    /// It replaces what is there even if asked to create only if absent.
    NotExclusive,
    /// It knows no such bucket.
    NoBucket,
    /// It knows no such key.
    UnknownKey,
    /// It lets nobody write.
    ReadOnly,
    /// It takes everything but entries, as if access had been withdrawn while measuring.
    NoEntries,
}

type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// The server; it ends with the test's process.
pub(crate) struct Bucket {
    port: u16,
    pub(crate) objects: Objects,
}

struct Request {
    method: String,
    target: String,
    creates: bool,
    body: Vec<u8>,
}

impl Bucket {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let objects = Objects::default();
        let shared = Arc::clone(&objects);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let objects = Arc::clone(&shared);
                thread::spawn(move || serve(connection, manner, &objects));
            }
        });
        Self { port, objects }
    }

    /// What the environment needs to reach it.
    pub(crate) fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIATEST".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "hunter2secret".to_owned()),
        ]
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }
}

/// Answers the requests of a connection, until it is closed.
fn serve(mut connection: TcpStream, manner: Manner, objects: &Objects) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    while let Some(request) = read(&mut reader) {
        let head = request.method == "HEAD";
        let (status, body) = answer(&request, manner, &mut objects.lock().unwrap());
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nETag: \"1\"\r\n\
             Last-Modified: Mon, 23 Nov 2026 05:00:00 GMT\r\n\r\n"
        );
        let body: &[u8] = if head { &[] } else { &body };
        if connection.write_all(&[text.as_bytes(), body].concat()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut creates) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        let Some((name, value)) = line.split_once(": ") else { break };
        match name {
            "content-length" => length = value.parse().ok()?,
            "if-none-match" => creates = value == "*",
            _ => (),
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, target, creates, body })
}

fn error(status: &str, code: &str) -> (String, Vec<u8>) {
    // What real servers repeat, and nobody should see.
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><AWSAccessKeyId>AKIATEST</AWSAccessKeyId>\
         <StringToSign>hunter2secret</StringToSign></Error>"
    );
    (status.to_owned(), body.into_bytes())
}

fn answer(
    request: &Request,
    manner: Manner,
    objects: &mut BTreeMap<String, Vec<u8>>,
) -> (String, Vec<u8>) {
    const OK: &str = "200 OK";
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let key = path.trim_start_matches("/team").trim_start_matches('/');
    match manner {
        Manner::NoBucket => return error("404 Not Found", "NoSuchBucket"),
        Manner::UnknownKey => return error("403 Forbidden", "InvalidAccessKeyId"),
        Manner::ReadOnly if request.method != "GET" && request.method != "HEAD" => {
            return error("403 Forbidden", "AccessDenied");
        }
        Manner::NoEntries if request.method == "PUT" && key.contains("/ledger/0") => {
            return error("403 Forbidden", "ExpiredToken");
        }
        _ => (),
    }
    match request.method.as_str() {
        "GET" if key.is_empty() => (OK.to_owned(), listing(query, objects).into_bytes()),
        "GET" | "HEAD" => match objects.get(key) {
            Some(bytes) => (OK.to_owned(), bytes.clone()),
            None => error("404 Not Found", "NoSuchKey"),
        },
        "PUT" => {
            let exclusive = request.creates && manner != Manner::NotExclusive;
            if exclusive && objects.contains_key(key) {
                return error("412 Precondition Failed", "PreconditionFailed");
            }
            objects.insert(key.to_owned(), request.body.clone());
            (OK.to_owned(), Vec::new())
        }
        "DELETE" => {
            objects.remove(key);
            ("204 No Content".to_owned(), Vec::new())
        }
        _ => error("501 Not Implemented", "NotImplemented"),
    }
}

/// One page with everything.
fn listing(query: &str, objects: &BTreeMap<String, Vec<u8>>) -> String {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(key, _)| *key == name);
        found.map(|(_, value)| value.replace("%2F", "/")).unwrap_or_default()
    };
    let (prefix, after, delimited) =
        (value("prefix"), value("start-after"), !value("delimiter").is_empty());
    let mut found: Vec<String> = Vec::new();
    let mut prefixes = std::collections::BTreeSet::new();
    for (key, bytes) in objects.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after)
    {
        match key[prefix.len()..].split_once('/') {
            Some((folder, _)) if delimited => _ = prefixes.insert(format!("{prefix}{folder}/")),
            _ => {
                found.push(format!(
                    "<Contents><Key>{key}</Key><Size>{}</Size><ETag>\"1\"</ETag>\
                     <LastModified>2026-11-23T05:00:00.000Z</LastModified></Contents>",
                    bytes.len()
                ));
            }
        }
    }
    for prefix in prefixes {
        found.push(format!("<CommonPrefixes><Prefix>{prefix}</Prefix></CommonPrefixes>"));
    }
    format!(
        "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>",
        found.concat()
    )
}
