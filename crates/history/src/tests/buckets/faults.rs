//! A history in a bucket: one that works, one whose every request fails once, and one that lies.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::client::{HttpError, HttpErrorKind};
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::backend::bucket::client::{Access, Bucket, Credentials};
use crate::backend::location::{BucketUrl, Provider};
use crate::tests::{append, draft, render, verify_names};
use crate::{AppendError, CheckVerdict, PrepareError, Recorded, Store, TrialError};

/// How a bucket fails.
#[derive(Clone, Copy, Debug)]
pub(in crate::tests) enum Failure {
    /// The request doesn't arrive.
    Lost,
    /// The request has its effect, but the reply is lost.
    ReplyLost,
    /// The request is refused.
    Denied,
    /// The network is gone from that request on.
    Gone,
    /// The network is gone from that request on, which itself has its effect.
    GoneAfter,
    /// Creating replaces what is there, as with servers that ignore `If-None-Match`.
    NotExclusive,
}

/// A bucket in memory that fails at its n-th request, counted from one.
#[derive(Debug)]
pub(in crate::tests) struct Faulty {
    bucket: Arc<InMemory>,
    failure: Failure,
    at: usize,
    pub(in crate::tests) requests: Mutex<usize>,
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bucket that fails")
    }
}

fn network_error() -> Error {
    let cause = io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by peer");
    let source = Box::new(HttpError::new(HttpErrorKind::Interrupted, cause));
    Error::Generic { store: "test", source }
}

impl Faulty {
    /// Whether the next request has its effect, and the error that is told, if any.
    fn next(&self) -> (bool, Option<Error>) {
        let mut requests = self.requests.lock().unwrap();
        *requests += 1;
        let (now, later) = (*requests == self.at, *requests > self.at);
        match self.failure {
            Failure::Lost if now => (false, Some(network_error())),
            Failure::ReplyLost if now => (true, Some(network_error())),
            Failure::Denied if now => {
                let (path, source) = ("secret-path?sig=hunter2".to_owned(), "hunter2".into());
                (false, Some(Error::PermissionDenied { path, source }))
            }
            Failure::Gone if now || later => (false, Some(network_error())),
            Failure::GoneAfter if now || later => (now, Some(network_error())),
            _ => (true, None),
        }
    }

    async fn answer<T>(&self, request: impl Future<Output = Result<T>>) -> Result<T> {
        let (effect, error) = self.next();
        let result = if effect { Some(request.await) } else { None };
        match (error, result) {
            (Some(error), _) => Err(error),
            (None, Some(result)) => result,
            (None, None) => Err(network_error()),
        }
    }

    fn answer_stream<T: Send + 'static>(
        &self,
        stream: BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        match self.next() {
            (_, Some(error)) => futures_util::stream::once(async { Err(error) }).boxed(),
            (_, None) => stream,
        }
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        key: &Key,
        payload: PutPayload,
        mut options: PutOptions,
    ) -> Result<PutResult> {
        if matches!(self.failure, Failure::NotExclusive) {
            options.mode = PutMode::Overwrite;
        }
        self.answer(self.bucket.put_opts(key, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        key: &Key,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.bucket.put_multipart_opts(key, options).await
    }

    async fn get_opts(&self, key: &Key, options: GetOptions) -> Result<GetResult> {
        self.answer(self.bucket.get_opts(key, options)).await
    }

    fn delete_stream(
        &self,
        keys: BoxStream<'static, Result<Key>>,
    ) -> BoxStream<'static, Result<Key>> {
        self.answer_stream(self.bucket.delete_stream(keys))
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.answer_stream(self.bucket.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Key>,
        offset: &Key,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.answer_stream(self.bucket.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> Result<ListResult> {
        self.answer(self.bucket.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Key, to: &Key, options: CopyOptions) -> Result<()> {
        self.answer(self.bucket.copy_opts(from, to, options)).await
    }
}

/// A history in a bucket, which may have no entry yet.
pub(in crate::tests) fn store_in(bucket: Arc<dyn ObjectStore>) -> Store {
    let url = BucketUrl {
        provider: Provider::S3,
        bucket: "team".to_owned(),
        prefix: "redis/history".to_owned(),
    };
    let access = Access { provider: Provider::S3, credentials: Credentials::Given };
    let bucket = Bucket::over(bucket, &url, access).unwrap();
    Store::of(Path::new(&url.to_string()), Box::new(bucket))
}

pub(in crate::tests) fn faulty(
    bucket: &Arc<InMemory>,
    failure: Failure,
    at: usize,
) -> (Store, Arc<Faulty>) {
    let bucket = Arc::clone(bucket);
    let faulty = Arc::new(Faulty { bucket, failure, at, requests: Mutex::new(0) });
    (store_in(Arc::clone(&faulty) as _), faulty)
}

pub(in crate::tests) fn requests_of(bucket: &Arc<InMemory>, act: impl FnOnce(&Store)) -> usize {
    let (store, faulty) = faulty(bucket, Failure::Lost, usize::MAX);
    act(&store);
    *faulty.requests.lock().unwrap()
}

/// A bucket with so many entries.
pub(in crate::tests) fn bucket_of(entries: usize) -> Arc<InMemory> {
    let bucket = Arc::new(InMemory::new());
    let store = store_in(Arc::clone(&bucket) as _);
    for n in 0..entries {
        append(&store, &n.to_string());
    }
    bucket
}

pub(in crate::tests) fn keys(bucket: &InMemory) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let listed: Vec<_> = runtime.block_on(bucket.list(None).collect());
    let mut keys: Vec<String> =
        listed.into_iter().map(|object| object.unwrap().location.to_string()).collect();
    keys.sort();
    keys
}

/// Puts or, without bytes, deletes an object behind the history's back.
pub(in crate::tests) fn tamper(bucket: &InMemory, key: &str, bytes: Option<&[u8]>) {
    use object_store::ObjectStoreExt as _;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let key = Key::from(key);
    match bytes {
        Some(bytes) => _ = runtime.block_on(bucket.put(&key, bytes.to_vec().into())).unwrap(),
        None => runtime.block_on(bucket.delete(&key)).unwrap(),
    }
}

#[test]
fn a_bucket_has_the_names_and_bytes_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk = Store::open(folder.path()).unwrap();
    let bucket = Arc::new(InMemory::new());
    let shared = store_in(Arc::clone(&bucket) as _);
    for who in ["ada", "bob"] {
        assert_eq!(append(&on_disk, who), append(&shared, who));
    }
    for key in keys(&bucket) {
        let path = folder.path().join(key.strip_prefix("redis/history/").unwrap());
        let there = shared.files.read(&Path::new("s3://team").join(&key)).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), there, "{key}");
    }
    let files = |dir: &Path| crate::tests::names(dir).len();
    let folders = ["ledger", "objects", "000001-3a-skip", "000002-3a-skip"];
    let on_disk: usize = folders.iter().map(|name| files(&folder.path().join(name))).sum();
    assert_eq!(keys(&bucket).len(), on_disk);
    assert_eq!(verify_names(&shared, None), [""; 0]);
    let folder = shared.folder(&shared.entry(1).unwrap().entry).unwrap();
    assert_eq!(folder, Path::new("s3://team/redis/history/000001-3a-skip"));
}

#[test]
fn tampering_in_a_bucket_is_named() {
    let rendered =
        ["redis/history/000003-3a-skip/report.md", "redis/history/000003-3a-skip/votes.svg"];
    let entry = "redis/history/ledger/000002.json";
    for (key, bytes, found) in [
        (entry, Some(b"{}\n" as &[u8]), &["damaged", "edited"] as &[&str]),
        (entry, None, &["missing", "orphaned-report"]),
        ("redis/history/ledger/000003.json", None, &["orphaned-report"]),
        (rendered[0], Some(b"# Another\n"), &["report-edited"]),
        (rendered[0], None, &["report-missing"]),
        (rendered[1], None, &[]),
        ("redis/history/ledger/notes.txt", Some(b"hello"), &["stray-file"]),
    ] {
        let bucket = bucket_of(3);
        tamper(&bucket, key, bytes);
        assert_eq!(verify_names(&store_in(bucket), None), found, "{key}");
    }
}

#[test]
fn a_gap_in_a_bucket_stops_appending_with_its_numbers() {
    let bucket = bucket_of(4);
    tamper(&bucket, "redis/history/ledger/000002.json", None);
    let store = store_in(bucket);
    let message = store.append(&draft("ada"), &mut render).unwrap_err().to_string();
    assert_eq!(
        message,
        "nothing was recorded: entries 2 to 2 are missing from `s3://team/redis/history/ledger`; \
         restore their files"
    );
    assert!(store.prepare().is_err());
}

/// Appends while the bucket fails, and checks all that must hold then.
fn append_while_failing(
    entries: usize,
    failure: Failure,
    at: usize,
) -> std::result::Result<Recorded, AppendError> {
    let bucket = bucket_of(entries);
    let (failing, _) = faulty(&bucket, failure, at);
    let result = failing.append(&draft("ada"), &mut render);

    let context = format!("{failure:?} at request {at} of {entries} entries: {result:?}");
    let store = store_in(Arc::clone(&bucket) as _);
    let there = store.entries().unwrap().count() - entries;
    assert!(there <= 1, "{context}");
    assert_eq!(verify_names(&store, None), [""; 0], "{context}");
    match &result {
        Ok(recorded) => assert_eq!(store.head().unwrap(), Some(recorded.head()), "{context}"),
        Err(AppendError::Unfinished { head, .. }) => {
            assert_eq!(store.head().unwrap(), Some(*head), "{context}");
        }
        Err(AppendError::Unsure { number, .. }) => {
            assert_eq!(*number, entries as u64 + 1, "{context}");
        }
        Err(error) => {
            assert_eq!(there, 0, "{context}");
            let message = error.to_string();
            assert!(message.starts_with("nothing was recorded: "), "{message}");
            assert!(message.contains("`s3://team/redis/history"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    // Once the network is back, everything goes on and is completed.
    store.prepare().unwrap();
    append(&store, "bob");
    assert_eq!(verify_names(&store, None), [""; 0], "{context}");
    for recorded in store.entries().unwrap() {
        let folder = store.folder(&recorded.unwrap().entry).unwrap();
        for file in ["report.md", "votes.svg"] {
            assert!(store.files.exists(&folder.join(file)).unwrap(), "{context}");
        }
    }
    result
}

#[test]
fn an_append_survives_the_failure_of_any_request() {
    for entries in [0, 2] {
        let requests = requests_of(&bucket_of(entries), |store| _ = append(store, "ada"));
        assert!(requests > 15, "{requests}");
        for at in 1..=requests {
            for failure in [Failure::Lost, Failure::ReplyLost, Failure::Denied] {
                _ = append_while_failing(entries, failure, at);
            }
            for failure in [Failure::Gone, Failure::GoneAfter] {
                // At the end, temporary names are removed, as far as that goes.
                let cleaning = at + 4 > requests;
                assert!(append_while_failing(entries, failure, at).is_err() || cleaning);
            }
        }
    }
}

#[test]
fn an_entry_whose_reply_was_lost_is_found_to_be_one_s_own() {
    let requests = requests_of(&bucket_of(1), |store| _ = append(store, "ada"));
    let ends =
        |failure| (1..=requests).filter(move |at| append_while_failing(1, failure, *at).is_ok());
    // Creating two objects and the entry, whether the request or its reply is lost.
    assert!(ends(Failure::ReplyLost).count() >= 2);
    assert!(ends(Failure::Lost).count() >= 2);
    // With the network gone as well, it is said that nobody knows.
    let unsure = |at: &usize| {
        let ended = append_while_failing(1, Failure::GoneAfter, *at);
        matches!(ended, Err(AppendError::Unsure { number: 2, .. }))
    };
    // So it is where it can't be told whether the number was packed meanwhile.
    assert_eq!((1..=requests).filter(unsure).count(), 2);
}

#[test]
fn preparing_reports_the_failure_of_any_request() {
    let bucket = bucket_of(1);
    let requests = requests_of(&bucket, |store| store.prepare().unwrap());
    for at in 1..=requests {
        let (store, _) = faulty(&bucket, Failure::Gone, at);
        let message = store.prepare().unwrap_err().to_string();
        assert!(message.contains("connection reset by peer"), "{message}");
        assert!(message.contains("check the network"), "{message}");
        let (store, _) = faulty(&bucket, Failure::Denied, at);
        let message = store.prepare().unwrap_err().to_string();
        assert!(message.contains("access is denied; the owner of AWS_ACCESS_KEY_ID"), "{message}");
    }
}

#[test]
fn verify_names_what_it_can_t_read_in_a_bucket() {
    let bucket = bucket_of(2);
    let requests = requests_of(&bucket, |store| assert_eq!(verify_names(store, None), [""; 0]));
    for at in 1..=requests {
        let (store, _) = faulty(&bucket, Failure::Lost, at);
        assert_eq!(verify_names(&store, None), ["unreadable"], "request {at}");
    }
}

#[test]
fn a_store_that_ignores_create_if_absent_is_refused() {
    let bucket = bucket_of(1);
    let (store, _) = faulty(&bucket, Failure::NotExclusive, 0);
    let refused = store.prepare().unwrap_err();
    assert!(matches!(refused, PrepareError::Trial(TrialError::NotExclusive { .. })));
    assert!(refused.to_string().contains("use a store that honours `If-None-Match: *`"));
    let checks = crate::examine(&store, chrono::Utc::now());
    assert_eq!(checks.last().unwrap().verdict, CheckVerdict::Bad);
    assert_eq!(keys(&bucket), keys(&bucket_of(1)), "the examination leaves nothing behind");
}

/// A server may keep its promise to one writer after the other, and not to many at once.
#[test]
fn the_race_of_the_examination_counts_who_believes_to_have_won() {
    let bucket = bucket_of(1);
    let (store, _) = faulty(&bucket, Failure::NotExclusive, 0);
    let probe = Path::new("s3://team/redis/history/ledger/.tmp-race");
    assert_eq!(crate::doctor::race(&store, probe).unwrap(), 8);
    let (store, _) = faulty(&bucket, Failure::Lost, usize::MAX);
    store.files.remove(probe).unwrap();
    assert_eq!(crate::doctor::race(&store, probe).unwrap(), 1);
}

#[test]
fn a_sound_store_is_found_good_and_left_as_it_was() {
    let bucket = bucket_of(2);
    let before = keys(&bucket);
    let now = "2026-11-23T05:00:00Z".parse().unwrap();
    let checks = crate::examine(&store_in(Arc::clone(&bucket) as _), now);
    let bad = checks.iter().find(|check| check.verdict == CheckVerdict::Bad);
    assert_eq!(bad, None);
    assert_eq!(keys(&bucket), before);
}

#[test]
fn the_examination_reports_the_failure_of_any_request() {
    let bucket = bucket_of(1);
    let now = chrono::Utc::now();
    let before = keys(&bucket);
    // The race is left out: how many requests it makes depends on who is faster.
    let requests = requests_of(&bucket, |store| store.prepare().unwrap());
    for at in 1..=requests + 1 {
        let (store, _) = faulty(&bucket, Failure::Gone, at);
        let checks = crate::examine(&store, now);
        assert_eq!(checks.last().unwrap().verdict, CheckVerdict::Bad, "request {at}");
        for key in keys(&bucket) {
            if !before.contains(&key) {
                tamper(&bucket, &key, None);
            }
        }
    }
}

#[test]
fn threads_append_one_chain_in_a_bucket() {
    let bucket = Arc::new(InMemory::new());
    thread::scope(|scope| {
        for writer in 0..8 {
            let store = store_in(Arc::clone(&bucket) as _);
            scope.spawn(move || {
                for n in 0..20 {
                    append(&store, &format!("{writer}/{n}"));
                }
            });
        }
    });
    let store = store_in(Arc::clone(&bucket) as _);
    assert_eq!(store.head().unwrap().unwrap().number, 160);
    assert_eq!(verify_names(&store, None), [""; 0]);
    assert!(keys(&bucket).iter().all(|key| !key.contains(".tmp-")));
}

#[test]
fn the_end_of_a_long_history_is_found_without_listing_it() {
    let bucket = Arc::new(InMemory::new());
    let last = store_in(bucket_of(1)).entry(1).unwrap().entry;
    for number in 1..=4500 {
        let key = format!("redis/history/ledger/{number:06}.json");
        let entry = crate::Entry { number, ..last.clone() };
        tamper(&bucket, &key, Some(&entry.to_line().unwrap()));
        if [999, 1000, 1001, 2047, 4096, 4500].contains(&number) {
            let store = store_in(Arc::clone(&bucket) as _);
            assert_eq!(store.newest().unwrap().unwrap().head.number, number);
        }
    }
    let requests = requests_of(&bucket, |store| _ = store.newest().unwrap());
    assert!(requests < 40, "{requests}");
    // A gap just before the supposed end is seen all the same.
    // The search takes this for the end. What is behind it shows that it isn't.
    tamper(&bucket, "redis/history/ledger/003047.json", None);
    assert!(store_in(bucket).newest().is_err());
}
