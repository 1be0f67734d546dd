//! Packs in a bucket: few requests, and the same safety as on disk.

use std::sync::Arc;

use object_store::memory::InMemory;

use crate::tests::buckets::faults::{Failure, bucket_of, faulty, keys, store_in, tamper};
use crate::tests::{append, draft, render};
use crate::{PackEffect, Problem, Store, verify_chain};

/// How many entries a pack has here.
const SIZE: u64 = 10;

fn small(mut store: Store) -> Store {
    store.ledger.pack_size = SIZE;
    store
}

fn open(bucket: &Arc<InMemory>) -> Store {
    small(store_in(Arc::clone(bucket) as _))
}

/// A bucket with so many entries, packed.
fn packed(entries: usize) -> Arc<InMemory> {
    let bucket = bucket_of(entries);
    crate::pack(&open(&bucket), PackEffect::Packed).unwrap();
    bucket
}

fn chain(store: &Store) -> (Vec<&'static str>, u64) {
    let found = verify_chain(store, None);
    (found.problems.iter().map(Problem::name).collect(), found.entries)
}

fn ledger(bucket: &InMemory) -> Vec<String> {
    let beginning = "redis/history/ledger/";
    keys(bucket).iter().filter_map(|key| key.strip_prefix(beginning).map(str::to_owned)).collect()
}

fn requests(bucket: &Arc<InMemory>, act: impl FnOnce(&Store)) -> usize {
    let (store, faulty) = faulty(bucket, Failure::Lost, usize::MAX);
    act(&small(store));
    *faulty.requests.lock().unwrap()
}

#[test]
fn a_packed_bucket_is_verified_and_listed_with_few_requests() {
    let (plain, bucket) = (bucket_of(41), packed(41));
    assert_eq!(ledger(&bucket).len(), 5);
    let read = |store: &Store| -> Vec<_> { store.entries().unwrap().map(Result::unwrap).collect() };
    assert_eq!(read(&open(&bucket)), read(&open(&plain)));
    assert_eq!(chain(&open(&bucket)), (vec![], 41));
    let verified = |bucket| requests(bucket, |store| assert_eq!(chain(store).1, 41));
    assert!(verified(&plain) > 41);
    assert!(verified(&bucket) < 9, "{}", verified(&bucket));
    let (store, another) = (open(&bucket), open(&bucket));
    assert_eq!(store.entry(17).unwrap().entry.number, 17);
    for who in ["ada", "bob"] {
        append(&store, who);
        append(&another, who);
    }
    assert_eq!(chain(&store), (vec![], 45));
}

#[test]
fn the_end_of_a_packed_bucket_is_found() {
    for entries in [10, 11, 20, 21, 35] {
        let bucket = packed(entries);
        let found = open(&bucket).head().unwrap().unwrap().number;
        assert_eq!(found, entries as u64);
    }
    // A store that saw an end before others went on and packed.
    let bucket = bucket_of(5);
    let store = open(&bucket);
    assert_eq!(store.head().unwrap().unwrap().number, 5);
    for _ in 0..20 {
        append(&open(&bucket), "bob");
    }
    assert_eq!(crate::pack(&open(&bucket), PackEffect::Packed).unwrap().len(), 2);
    assert_eq!(append(&store, "ada").entry.number, 26);
}

#[test]
fn packing_a_bucket_survives_the_failure_of_any_request() {
    for at in 1.. {
        let mut ended = false;
        for failure in
            [Failure::Gone, Failure::Lost, Failure::ReplyLost, Failure::Denied, Failure::GoneAfter]
        {
            let bucket = bucket_of(12);
            let (store, _) = faulty(&bucket, failure, at);
            let result = crate::pack(&small(store), PackEffect::Packed);
            let context = format!("{failure:?} at request {at}: {result:?}");
            assert_eq!(chain(&open(&bucket)), (vec![], 12), "{context}");
            let read = open(&bucket).entries().unwrap().flatten().count();
            assert_eq!(read, 12, "{context}");
            if let Err(error) = &result {
                let message = error.to_string();
                assert!(message.contains("s3://team/redis/history"), "{message}");
                assert!(!message.contains("hunter2"), "{message}");
            }
            crate::pack(&open(&bucket), PackEffect::Packed).unwrap();
            let expected = ["000001-000010.jsonl", "000011.json", "000012.json"];
            assert_eq!(ledger(&bucket), expected, "{context}");
            ended |= matches!(failure, Failure::Gone) && result.is_ok();
        }
        if ended {
            assert!(at > 30, "{at}");
            break;
        }
    }
}

#[test]
fn a_late_writer_of_a_bucket_begins_again_behind_the_new_head() {
    let bucket = bucket_of(4);
    let store = open(&bucket);
    let mut first = true;
    let recorded = store
        .append(&draft("late"), &mut |upcoming| {
            if std::mem::take(&mut first) {
                for _ in 0..10 {
                    append(&open(&bucket), "bob");
                }
                crate::pack(&open(&bucket), PackEffect::Packed).unwrap();
            }
            render(upcoming)
        })
        .unwrap();
    assert_eq!(recorded.entry.number, 15);
    assert_eq!(chain(&store), (vec![], 15));
    assert!(!ledger(&bucket).contains(&"000005.json".to_owned()));
    assert!(keys(&bucket).iter().all(|key| !key.contains(".tmp-")));
}

#[test]
fn a_damaged_pack_in_a_bucket_is_named() {
    let pack = "redis/history/ledger/000011-000020.jsonl";
    for (bytes, found) in
        [(None, "missing"), (Some(b"" as &[u8]), "missing"), (Some(b"{}\n"), "damaged")]
    {
        let bucket = packed(31);
        tamper(&bucket, pack, bytes);
        let (names, _) = chain(&open(&bucket));
        assert!(names.contains(&found), "{names:?}");
    }
}
