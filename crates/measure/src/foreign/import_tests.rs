//! Files of others: whole, incomplete, damaged, hostile.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2Serializer};
use phasegate_model::Reading;

use super::*;
use crate::foreign::imported::{MOST_TRIALS, TimeUnit, TrialOf};
use crate::times::encoded::{decode, encode};
use crate::times::round::{Times, histogram};

fn terms(command: &str) -> ImportTerms {
    let unit = Some(TimeUnit::Nanoseconds);
    ImportTerms { unit, command: command.to_owned(), ..ImportTerms::default() }
}

/// A reading as text: its value and interval, or why there is none.
fn shown(trial: &ImportedTrial, metric: &str) -> String {
    match trial.readings.get(metric.parse().unwrap()) {
        Some(Reading::Number(number)) => {
            format!("{} in {}..{}", number.value(), number.low(), number.high())
        }
        Some(Reading::Missing(missing)) => missing.to_string(),
        other => format!("{other:?}"),
    }
}

fn one(imported: Result<Imported, ImportError>) -> ImportedTrial {
    let mut trials = imported.unwrap().trials;
    assert_eq!(trials.len(), 1);
    trials.remove(0)
}

fn message(imported: Result<Imported, ImportError>) -> String {
    imported.unwrap_err().to_string()
}

const TABLE: &str = concat!(
    r#""test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms""#,
    "\n",
    r#""PING_MBULK","51150.89","0.015","0.008","0.015","0.015","0.023","4.671""#,
    "\n",
    r#""GET","42372.88","0.019","0.008","0.007","0.023","0.015","16.399""#,
    "\n",
);

#[test]
fn a_table_of_redis_benchmark_is_known_to_steps_of_eight_microseconds() {
    let imported = import(Origin::RedisBenchmark, TABLE, &terms("GET")).unwrap();
    assert_eq!(imported.command.as_deref(), Some("`GET` of redis-benchmark"));
    let trial = &imported.trials[0];
    // 7 is the upper edge of 0 to 7, 15 that of 8 to 15; whole microseconds are off by less than
    // one either way. From 16384 us on, two steps make one.
    assert_eq!(shown(trial, "rtt.p50"), "7000 in 0..8000");
    assert_eq!(shown(trial, "rtt.p99"), "15000 in 7000..16000");
    assert_eq!(shown(trial, "rtt.min"), "8000 in 7000..16000");
    assert_eq!(shown(trial, "rtt.max"), "16399000 in 16383000..16400000");
    assert_eq!(shown(trial, "rtt.mean"), "19000 in 13981..24019");
    assert_eq!(shown(trial, "rtt.throughput"), "42372.88 in 42372.875..42372.885");
    let absent = "not measured: redis-benchmark's CSV doesn't tell it";
    for metric in ["rtt.p90", "rtt.p99.9", "rtt.stddev", "rtt.p99.spread"] {
        assert_eq!(shown(trial, metric), absent, "{metric}");
    }
    let ping = one(import(Origin::RedisBenchmark, TABLE, &terms("PING")));
    assert_eq!(shown(&ping, "rtt.p99"), "23000 in 15000..24000");
}

#[test]
fn a_table_of_before_there_were_latencies_has_throughput_only() {
    let trial = one(import(Origin::RedisBenchmark, "\"GET\",\"50890.59\"\n", &terms("GET")));
    assert_eq!(shown(&trial, "rtt.throughput"), "50890.59 in 50890.585..50890.595");
    assert!(shown(&trial, "rtt.p99").starts_with("not measured"));
}

#[test]
fn a_damaged_table_has_its_line_named() {
    let of = |text: &str| message(import(Origin::RedisBenchmark, text, &terms("GET")));
    // Half a figure would be another figure.
    for cut in [3, 17, 20] {
        let told = of(&TABLE[..TABLE.len() - cut]);
        assert!(told.starts_with("line 3: it ends within a figure"), "{cut}: {told}");
    }
    let short = of(&TABLE.replace(",\"16.399\"", ""));
    assert!(short.contains("line 3: it has 7 of 8 columns"), "{short}");
    assert!(of("hello\n").starts_with("line 1: this is no line of a redis-benchmark table"));
    assert!(of("").contains("the table has no line"));
    let other = message(import(Origin::RedisBenchmark, TABLE, &terms("LPUSH")));
    assert!(other.starts_with("there is no result for `LPUSH`, but for PING_MBULK, GET;"));
    let unread = TABLE.replace("0.015\",\"16.399", "-0.015\",\"nan");
    let trial = one(import(Origin::RedisBenchmark, &unread, &terms("GET")));
    assert!(shown(&trial, "rtt.p99").starts_with("unreadable: `-0.015`"));
    assert!(shown(&trial, "rtt.max").starts_with("unreadable: `nan`"));
    for huge in ["7.9e28", "79228162514264337593543950335", "1e400", "0.0155"] {
        let text = TABLE.replace("16.399", huge).replace("0.019", huge).replace("42372.88", huge);
        let trial = one(import(Origin::RedisBenchmark, &text, &terms("GET")));
        assert!(shown(&trial, "rtt.max").starts_with("unreadable"), "{huge}");
    }
}

/// A log of one histogram an interval, with a tag or none.
fn log(intervals: &[(&str, &Times)]) -> String {
    let mut text = "#[Histogram log format version 1.3]\n#[StartTime: 1700000000.500 (seconds since epoch), ...]\n\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n".to_owned();
    for (number, (tag, times)) in intervals.iter().enumerate() {
        let tag = if tag.is_empty() { String::new() } else { format!("Tag={tag},") };
        writeln!(text, "{tag}{number}.000,2.000,0.1,{}", encode(times).unwrap()).unwrap();
    }
    text
}

fn times(values: impl IntoIterator<Item = u64>) -> Times {
    let mut times = histogram().unwrap();
    values.into_iter().for_each(|value| times.record(value).unwrap());
    times
}

#[test]
fn each_tag_of_a_log_is_a_trial_and_its_intervals_are_rounds() {
    let (fast, slow) = (times(vec![10_000; 300]), times(vec![20_000; 100]));
    let text = log(&[("a", &fast), ("b", &slow), ("a", &slow)]);
    let trials = import(Origin::Log, &text, &terms("GET")).unwrap().trials;
    assert_eq!(trials.len(), 2);
    let a = &trials[0];
    assert_eq!((a.rounds.len(), a.rounds[0].samples, a.duration_ms), (2, 300, Some(4_000)));
    assert_eq!(a.started_at.unwrap().to_rfc3339(), "2023-11-14T22:13:20.500+00:00");
    assert_eq!(shown(a, "rtt.p50"), "10007 in 10000..10007");
    assert_eq!(shown(a, "rtt.p50.spread"), "10008 in 9993..10015");
    assert_eq!(shown(a, "rtt.throughput"), "100 in 100..100");
    assert_eq!(decode(&a.histogram).unwrap().len(), 400);
    assert_eq!(shown(&trials[1], "rtt.p50.spread"), "too few samples: one interval has no spread");

    let by = |trial_of| {
        let terms = ImportTerms { trial_of, ..terms("GET") };
        import(Origin::Log, &text, &terms).unwrap().trials
    };
    assert_eq!((by(TrialOf::File).len(), by(TrialOf::Interval).len()), (1, 3));
    assert!(by(TrialOf::Interval)[2].remarks[0].starts_with("the interval of line 6:"));
    let only = ImportTerms { tags: Some("b".to_owned()), ..terms("GET") };
    assert_eq!(import(Origin::Log, &text, &only).unwrap().trials.len(), 1);
    let none = ImportTerms { tags: Some("c".to_owned()), ..terms("GET") };
    assert!(message(import(Origin::Log, &text, &none)).contains("no interval has such a tag"));
}

#[test]
fn a_logs_values_have_the_unit_that_is_said_and_are_off_by_one_of_it() {
    let text = log(&[("", &times(vec![12; 200]))]);
    let unsaid = ImportTerms { unit: None, ..terms("GET") };
    assert!(message(import(Origin::Log, &text, &unsaid)).contains("give --unit ns, us or ms"));
    let of = |unit| {
        let terms = ImportTerms { unit: Some(unit), ..terms("GET") };
        let trial = one(import(Origin::Log, &text, &terms));
        (shown(&trial, "rtt.p99"), decode(&trial.histogram).unwrap().max())
    };
    assert_eq!(of(TimeUnit::Nanoseconds), ("12 in 12..12".to_owned(), 12));
    assert_eq!(of(TimeUnit::Microseconds).0, "12000 in 11000..13000");
    assert_eq!(of(TimeUnit::Milliseconds).0, "12000000 in 11000000..13000000");
    let scaled = of(TimeUnit::Microseconds).1;
    assert!((12_000..12_008).contains(&scaled), "{scaled}");
}

#[test]
fn plain_histograms_and_lines_without_an_end_are_read_too() {
    let mut bytes = Vec::new();
    V2Serializer::new().serialize(&times([5, 6, 7]), &mut bytes).unwrap();
    let text = format!("1.0,1.0,0.1,{}", STANDARD.encode(bytes));
    let trial = one(import(Origin::Log, &text, &terms("GET")));
    assert_eq!(shown(&trial, "rtt.max"), "7 in 7..7");
    assert_eq!(trial.started_at, None);
    let empty = one(import(Origin::Log, &log(&[("", &times([]))]), &terms("GET")));
    assert_eq!(shown(&empty, "rtt.p99"), "too few samples: no samples");
}

/// A header that says what it likes, with some counts.
fn forged(cookie: u32, length: u32, digits: u32, low: u64, high: u64, counts: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [cookie, length, 0, digits] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend(low.to_be_bytes());
    bytes.extend(high.to_be_bytes());
    bytes.extend(1.0_f64.to_be_bytes());
    bytes.extend(counts);
    bytes
}

fn deflated(plain: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut inflated = ZlibEncoder::new(Vec::new(), Compression::best());
    inflated.write_all(plain).unwrap();
    let deflated = inflated.finish().unwrap();
    let mut bytes = 0x1c84_9314_u32.to_be_bytes().to_vec();
    bytes.extend(u32::try_from(deflated.len()).unwrap().to_be_bytes());
    bytes.extend(deflated);
    bytes
}

#[test]
fn a_hostile_histogram_is_refused_with_its_line() {
    let refused = |bytes: &[u8]| {
        let text = format!("#[x]\nTag=a,0.0,1.0,0.1,{}\n", STANDARD.encode(bytes));
        message(import(Origin::Log, &text, &terms("GET")))
    };
    let good = 0x1c84_9313;
    // It says four gigabytes and has two bytes.
    let long = forged(good, u32::MAX, 3, 1, 1_000, &[2, 2]);
    for bytes in [long.clone(), deflated(&long), Vec::new(), vec![0x1c], long[..20].to_vec()] {
        let told = refused(&bytes);
        assert!(
            told.starts_with("line 2: the histogram is cut off")
                || told.ends_with("of HdrHistogram"),
            "{told}"
        );
    }
    assert!(refused(&forged(0x1c84_9301, 2, 3, 1, 1_000, &[2, 2])).contains("V0 or V1"));
    assert!(refused(&forged(0xdead_beef, 2, 3, 1, 1_000, &[2, 2])).contains("not a histogram"));
    for (digits, low, high) in [(6, 1, 1_000), (3, 0, 1_000), (3, 10, 5), (300, 1, 2)] {
        let told = refused(&forged(good, 2, digits, low, high, &[2, 2]));
        assert!(told.contains("the histogram is damaged"), "{told}");
    }
    // A kilobyte that inflates to a hundred megabytes.
    assert!(refused(&deflated(&vec![0; 100 << 20])).contains("more than 64 MiB"));
    assert!(
        message(import(Origin::Log, "0.0,1.0,0.1,@@@\n", &terms("GET"))).contains("not base64")
    );
}

#[test]
fn no_damage_to_a_log_makes_it_panic() {
    let text = log(&[("a", &times((1..400).map(|n| n * n))), ("", &times([9]))]);
    let mut refused = 0;
    for place in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'/' } else { b'A' };
        let damaged = String::from_utf8(bytes).unwrap();
        refused += usize::from(import(Origin::Log, &damaged, &terms("GET")).is_err());
        let cut = import(Origin::Log, &text[..place], &terms("GET"));
        assert!(place < 200 || cut.is_ok() || !message(cut).is_empty());
    }
    // Most damage is noticed: what is deflated has a checksum.
    assert!(refused > text.len() / 2, "{refused} of {}", text.len());
}

#[test]
fn a_log_with_odd_lines_or_histograms_names_the_line() {
    let of = |text: &str| message(import(Origin::Log, text, &terms("GET")));
    assert!(of("#[x]\n\n1,2,3\n").starts_with("line 3: this is no line of an HdrHistogram log"));
    assert!(of("# nothing\n").contains("the log has no interval"));
    let mut coarse = Histogram::<u64>::new_with_bounds(1, 1_000, 1).unwrap();
    coarse.record(9).unwrap();
    let mixed = log(&[("a", &times([9])), ("a", &coarse)]);
    assert!(of(&mixed).starts_with("line 5: its histogram has another resolution"));
    let many: String = (0..=MOST_TRIALS).fold(String::new(), |mut text, number| {
        writeln!(text, "Tag=t{number},0.0,1.0,0.1,A").unwrap();
        text
    });
    assert!(of(&many).contains("more than 1000 trials"));
}

/// The JSON of one run of GETs.
fn memtier(latencies: &str) -> String {
    format!(
        r#"{{"configuration":{{"threads":4,"clients":50,"pipeline":1,"odd":[]}},"ALL STATS":{{
        "Gets":{{"Count":200000,"Ops/sec":90909.09,"Average Latency":0.110,"Min Latency":0.008,
        "Max Latency":2.047,"Percentile Latencies":{latencies}}},
        "Totals":{{"Ops/sec":100000.00}},
        "Runtime":{{"Start time":1700000000123,"Total duration":2200,"Time unit":"MILLISECONDS"}}}}}}"#
    )
}

#[test]
fn memtier_is_read_from_its_histogram_or_from_what_it_prints() {
    let printed = memtier(r#"{"p50.00":0.103,"p99.00":0.015,"p99.90":0.255,"p99.99":1.0}"#);
    let imported = import(Origin::Memtier, &printed, &terms("GET")).unwrap();
    assert_eq!(
        imported.load.as_deref(),
        Some("memtier_benchmark: threads 4, clients 50, pipeline 1")
    );
    let trial = &imported.trials[0];
    assert_eq!(shown(trial, "rtt.p50"), "103000 in 95000..104000");
    assert_eq!(shown(trial, "rtt.p99"), "15000 in 7000..16000");
    assert_eq!(shown(trial, "rtt.p99.9"), "255000 in 247000..256000");
    assert!(shown(trial, "rtt.p99.99").starts_with("too few samples: 200000"));
    assert_eq!(shown(trial, "rtt.throughput"), "90909.09 in 90909.085..90909.095");
    assert_eq!(shown(trial, "rtt.p90"), "not measured: this file doesn't tell it");
    assert_eq!(trial.duration_ms, Some(2_200));
    assert_eq!(trial.started_at.unwrap().timestamp_millis(), 1_700_000_000_123);

    let mut coarse = Histogram::<u64>::new_with_bounds(10, 60_000_000, 3).unwrap();
    coarse.record_n(12, 1_000).unwrap();
    let encoded = encode(&coarse).unwrap();
    let whole = memtier(&format!(
        r#"{{"p99.00":0.5,"Histogram log format":{{"Compressed Histogram":"{encoded}"}}}}"#
    ));
    let trial = one(import(Origin::Memtier, &whole, &terms("GET")));
    assert_eq!(shown(&trial, "rtt.p99"), "15000 in 7000..16000");
    assert_eq!(decode(&trial.histogram).unwrap().len(), 1_000);
    let damaged = whole.replace(&encoded[10..20], "");
    assert!(
        message(import(Origin::Memtier, &damaged, &terms("GET")))
            .starts_with("`ALL STATS`, `Gets`: ")
    );
}

/// Written by `memtier_benchmark` 2: `-S redis.sock -t 1 -c 1 --ratio 0:1 -n 2000 --hide-histogram
/// --json-out-file`.
const MEMTIER_2: &str = include_str!("fixtures/memtier.json");

#[test]
fn what_a_real_memtier_printed_is_what_its_histogram_says() {
    assert_eq!(Origin::detect(MEMTIER_2), Some(Origin::Memtier));
    let trial = one(import(Origin::Memtier, MEMTIER_2, &terms("GET")));
    // It prints 0.023, 0.031 and 0.231 ms.
    assert_eq!(shown(&trial, "rtt.p50"), "23000 in 15000..24000");
    assert_eq!(shown(&trial, "rtt.p99"), "31000 in 23000..32000");
    assert_eq!(shown(&trial, "rtt.max"), "231000 in 223000..232000");
    assert!(shown(&trial, "rtt.p99.9").starts_with("too few samples: 2000"));
    assert_eq!(decode(&trial.histogram).unwrap().len(), 2_000);
}

#[test]
fn each_run_of_memtier_is_a_trial_and_averages_are_none() {
    let run = r#"{"Sets":{"Count":1,"Ops/sec":1.0}}"#;
    let text = format!(
        r#"{{"RUN #10 RESULTS":{run},"RUN #2 RESULTS":{run},"BEST RUN RESULTS":{run},"AGGREGATED AVERAGE RESULTS (2 runs)":{run}}}"#
    );
    let trials = import(Origin::Memtier, &text, &terms("SET")).unwrap().trials;
    let runs: Vec<&str> = trials.iter().map(|it| it.remarks[0].as_str()).collect();
    assert!(runs.len() == 2 && runs[0].contains("#2 ") && runs[1].contains("#10 "), "{runs:?}");
}

#[test]
fn damaged_json_names_the_place() {
    let of = |text: &str| message(import(Origin::Memtier, text, &terms("GET")));
    let whole = memtier("{}");
    assert!(of(&whole[..whole.len() - 9]).contains("was cut off: EOF while parsing"));
    assert!(of(&whole.replace("0.110", "-nan")).contains("line 2"));
    assert!(of("{}").starts_with("`ALL STATS` is not there"));
    assert!(of(&whole.replace("ALL STATS", "BEST RUN RESULTS")).ends_with("--print-all-runs"));
    assert!(of(r#"{"ALL STATS":7}"#).contains("is no object"));
    assert!(of(r#"{"ALL STATS":{}}"#).contains("no figures of any command"));
    assert!(of("[]").contains("no object"));
    assert!(of(&whole.replace("Gets", "Sets")).contains("but for Sets, Totals"));
    assert!(of(&format!("{{\"a\":{}", "[".repeat(1_000_000))).contains("recursion limit"));
}

#[test]
fn a_saved_info_tells_memory_and_nothing_else() {
    let text = "# Server\r\nredis_version:7.0.15\r\n# Memory\r\nused_memory:916448\r\n";
    let trial = one(import(Origin::Info, text, &terms("GET")));
    assert_eq!(shown(&trial, "memory.used"), "916448 in 916448..916448");
    assert!(shown(&trial, "memory.allocator_frag_ratio").starts_with("not given by the server"));
    assert_eq!(shown(&trial, "rtt.p99"), "None");
    assert!(message(import(Origin::Info, "NOAUTH\n", &terms("GET"))).contains("redis-cli INFO"));
}

#[test]
fn who_wrote_a_file_is_told_by_its_beginning() {
    let detected = |text: &str| Origin::detect(text);
    assert_eq!(detected(TABLE), Some(Origin::RedisBenchmark));
    assert_eq!(detected("\"GET\",\"50890.59\"\n"), Some(Origin::RedisBenchmark));
    assert_eq!(detected(&memtier("{}")), Some(Origin::Memtier));
    assert_eq!(detected(&log(&[])), Some(Origin::Log));
    assert_eq!(detected("# Server\r\nredis_version:7.0.15\r\n"), Some(Origin::Info));
    assert_eq!(detected("PHASE 3A\n"), None);
    assert_eq!(detected(""), None);
}

#[test]
fn a_trial_says_that_it_was_imported_and_what_is_not_known() {
    let trial = one(import(Origin::RedisBenchmark, TABLE, &terms("GET")));
    let written = "2026-11-23T05:00:00Z".parse().unwrap();
    let trial = trial.into_trial(3, "b.csv", written);
    assert_eq!((trial.number, trial.started_at, trial.duration_ms), (3, written, 0));
    let told = trial.anomalies.join("\n");
    for part in [
        "imported from `b.csv`",
        "whether the server was restarted",
        "that of the file",
        "how long",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
