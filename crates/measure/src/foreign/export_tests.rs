//! What is written, read by the library's own reader.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "nanoseconds and counts of a few samples"
)]
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use phasegate_model::{Metric, Reading, Statistic};

use super::*;
use crate::foreign::import::{Origin, import};
use crate::foreign::imported::{ImportTerms, TimeUnit};
use crate::times::encoded::encode;

fn times(values: impl IntoIterator<Item = u64>) -> Times {
    let mut times = histogram().unwrap();
    values.into_iter().for_each(|value| times.record(value).unwrap());
    times
}

/// Two trials; the first has a floor, the second a service and a slip histogram.
fn evidence() -> Evidence {
    let text =
        |values: std::ops::Range<u64>| encode(&times(values.map(|n| 9_000 + 17 * n))).unwrap();
    let trial = |number: u32, more: &str| {
        format!(
            r#"{{"number":{number},"started_at":"2026-11-23T05:00:0{number}Z","duration_ms":1500,
            "pinned":{{"server":null,"client":null}},"readings":{{}},"rounds":[],
            "rtt_histogram":"{}"{more},"anomalies":[]}}"#,
            text(0..u64::from(number) * 500)
        )
    };
    let floor = format!(r#","floor_histogram":"{}""#, text(0..40));
    let open = format!(r#","service_histogram":"{0}","slip_histogram":"{0}""#, text(0..7));
    let text = format!(
        r#"{{"schema":1,"tool":"t","started_at":"2026-11-23T05:00:00Z","ended_at":"2026-11-23T05:00:09Z",
        "end":"settled","plan":{},"target":{{"server":{{"started":"redis-server"}},"transport":"unix","wait":"spin","command":"GET"}},
        "environment":{{}},"trials":[{},{}]}}"#,
        PLAN,
        trial(1, &floor),
        trial(2, &open)
    );
    Evidence::from_json(&text).unwrap()
}

const PLAN: &str = r#"{"phase": "3A", "title": "jemalloc analysis", "subject": "the allocator", "matrix":
    "../allocator.toml", "next": {"closed": "4", "open": null}, "planned_effort": "9.8d", "measure":
    {"transport": "unix", "wait": "spin", "command": "GET", "pinning": {"server": 0, "client": 1},
    "rounds": 5, "samples": 10000, "warmup": 1000, "floor": true, "trials": 30, "budget": "35s",
    "dataset": {"size": "1.8MB", "value": "100B"}}, "next_options": [], "deliverables": [], "lessons":
    [], "predictions": []}"#;

#[test]
fn the_librarys_own_reader_finds_every_histogram_with_its_counts() {
    let evidence = evidence();
    let text = histogram_log(&evidence).unwrap();
    let mut tags = Vec::new();
    for entry in IntervalLogIterator::new(text.as_bytes()) {
        match entry.unwrap() {
            LogEntry::Interval(interval) => {
                let bytes = STANDARD.decode(interval.encoded_histogram()).unwrap();
                let read: Times = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
                let tag = interval.tag().unwrap().as_str().to_owned();
                let (of, number) = tag.split_once('.').unwrap();
                let trial = &evidence.trials[number.parse::<usize>().unwrap() - 1];
                let of = HistogramOf::ALL.into_iter().find(|it| it.as_str() == of).unwrap();
                assert_eq!(read, of.times(trial).unwrap().unwrap(), "{tag}");
                assert_eq!(interval.start_timestamp().as_secs(), u64::from(trial.number));
                assert_eq!(interval.duration().as_millis(), 1_500);
                assert!((interval.max() * 1e6 - read.max() as f64).abs() < 1_000.0, "{tag}");
                tags.push(tag);
            }
            LogEntry::StartTime(time) | LogEntry::BaseTime(time) => {
                assert_eq!(time.as_secs(), 1_795_410_000);
            }
        }
    }
    assert_eq!(tags, ["rtt.1", "floor.1", "rtt.2", "service.2", "slip.2"]);
}

#[test]
fn a_log_of_ours_is_imported_again_with_the_same_quantiles() {
    let evidence = evidence();
    let tags = Some("rtt.".to_owned());
    let unit = Some(TimeUnit::Nanoseconds);
    let terms = ImportTerms { unit, tags, ..ImportTerms::default() };
    let text = histogram_log(&evidence).unwrap();
    let trials = import(Origin::Log, &text, &terms).unwrap().trials;
    assert_eq!(trials.len(), 2);
    for (again, trial) in trials.iter().zip(&evidence.trials) {
        assert_eq!(again.started_at, Some(trial.started_at));
        assert_eq!(again.duration_ms, Some(trial.duration_ms));
        assert_eq!(again.histogram, trial.rtt_histogram);
        let times = decode(&trial.rtt_histogram).unwrap();
        let p99 = again.readings.get(Metric::Rtt(Statistic::P99)).and_then(Reading::number);
        assert_eq!(p99.unwrap().value(), times.value_at_quantile(0.99).into());
    }
}

#[test]
fn a_percentile_distribution_ends_with_all_samples_at_the_largest() {
    let evidence = evidence();
    let text = percentile_distribution(&evidence, HistogramOf::Rtt, None).unwrap();
    assert!(
        text.starts_with("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"),
        "{text}"
    );
    let lines: Vec<Vec<f64>> = text
        .lines()
        .skip(2)
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_whitespace().map(|word| word.parse().unwrap()).collect())
        .collect();
    let pooled = pooled(&evidence, HistogramOf::Rtt, None).unwrap();
    for line in &lines {
        // To read the file is to know the histogram: so many are at most so long.
        let value = (line[0] * 1_000.0).round();
        assert_eq!(pooled.count_between(0, value as u64), line[2] as u64, "{line:?}");
    }
    assert!(lines.windows(2).all(|pair| pair[0][1] <= pair[1][1] && pair[0][2] <= pair[1][2]));
    let last = lines.last().unwrap();
    assert_eq!((last[1], last[2], last.len()), (1.0, 1_500.0, 3));
    assert!(text.contains("Total count    =         1500]"), "{text}");
    let one = percentile_distribution(&evidence, HistogramOf::Floor, Some(1)).unwrap();
    assert!(one.contains("Total count    =           40]"), "{one}");
}

#[test]
fn what_is_not_there_or_damaged_is_told() {
    let mut evidence = evidence();
    let of = |evidence: &Evidence, of, trial| {
        percentile_distribution(evidence, of, trial).unwrap_err().to_string()
    };
    assert_eq!(
        of(&evidence, HistogramOf::Baseline, None),
        "no trial has a histogram of `baseline`"
    );
    assert_eq!(of(&evidence, HistogramOf::Rtt, Some(3)), "no trial 3 has a histogram of `rtt`");
    evidence.trials[1].rtt_histogram.truncate(40);
    assert!(
        of(&evidence, HistogramOf::Rtt, None).starts_with("trial 2, rtt: the histogram is cut off")
    );
    assert!(histogram_log(&evidence).unwrap_err().to_string().starts_with("trial 2, rtt: "));
    evidence.trials.clear();
    assert_eq!(
        histogram_log(&evidence).unwrap_err().to_string(),
        "no trial has a histogram of `rtt`"
    );
}
