//! What is claimed of pairs is as rarely wrong as stated, and what is there is found: simulated
//! servers with fixed seeds on a machine that changes its pace, compared as `phasegate compare`
//! compares them.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::cast_precision_loss, reason = "simulation")]

mod common;

use common::{Chance, evidence};
use phasegate_model::{Decimal, First, Metric, Reading, Readings, Statistic};
use phasegate_rules::{Compared, Comparison, smallest_detectable};

/// The machine: everything on it takes so many times as long. It gets slower by 3 % in the course
/// of a campaign, and wanders about that by 3 % in the course of some trials.
struct Machine {
    chance: Chance,
    at: f64,
    wandering: f64,
}

const PAIRS: u32 = 30;
const ROUNDS: u32 = 5;
const DRIFT: f64 = 0.03;

impl Machine {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed * 7919 + 17);
        let wandering = DRIFT * chance.normal();
        Self { chance, at: 0.0, wandering }
    }

    /// The P99 of one round of a server, after which it is later.
    fn round(&mut self, server: f64) -> f64 {
        let lean = 0.9_f64;
        self.at += 1.0 / f64::from(2 * PAIRS * ROUNDS);
        self.wandering =
            lean * self.wandering + (1.0 - lean * lean).sqrt() * DRIFT * self.chance.normal();
        let noise = 0.01 * self.chance.normal();
        server * (DRIFT * self.at + self.wandering + noise).exp()
    }

    /// One start of a server: starts differ by 2 %.
    fn start(&mut self, typical: f64) -> f64 {
        typical * (0.02 * self.chance.normal()).exp()
    }

    /// What one pair reads: the rounds take turns as in a trial.
    fn pair(&mut self, number: u32, candidate: f64) -> f64 {
        let (candidate, baseline) = (self.start(candidate), self.start(1.0));
        let (mut of_candidate, mut of_baseline) = (0.0, 0.0);
        for round in 1..=ROUNDS {
            match First::Baseline.in_turn(number).in_turn(round) {
                First::Baseline => {
                    of_baseline += self.round(baseline);
                    of_candidate += self.round(candidate);
                }
                First::Candidate => {
                    of_candidate += self.round(candidate);
                    of_baseline += self.round(baseline);
                }
            }
        }
        1.0 - of_candidate / of_baseline
    }
}

fn readings(improvement: f64) -> Readings {
    let mut readings = Readings::default();
    let share = Decimal::try_from(improvement).unwrap().round_dp(4);
    readings.insert(Metric::Improvement(Statistic::P99), Reading::exact(share)).unwrap();
    readings
}

fn comparison() -> Comparison {
    Comparison::of(&[Metric::Improvement(Statistic::P99)], "5%".parse().unwrap()).unwrap()
}

fn judged(comparison: &Comparison, pairs: impl IntoIterator<Item = Readings>) -> Compared {
    comparison.judge(&evidence(pairs)).0.into_iter().next().unwrap()
}

/// What becomes of campaigns in which the candidate is truly better by so much.
fn campaigns(count: u64, truly_better_by: f64) -> Vec<Compared> {
    let comparison = comparison();
    let campaign = |seed| {
        let mut machine = Machine::new(seed);
        let pairs = (1..=PAIRS).map(|number| readings(machine.pair(number, 1.0 - truly_better_by)));
        judged(&comparison, pairs)
    };
    (0..count).map(campaign).collect()
}

fn count(campaigns: &[Compared], wanted: &[Compared]) -> usize {
    campaigns.iter().filter(|compared| wanted.contains(compared)).count()
}

#[test]
fn of_two_equal_servers_on_a_drifting_machine_none_is_called_better() {
    let campaigns = campaigns(50, 0.0);
    // 5 % of 50 campaigns are 2.5.
    assert!(count(&campaigns, &[Compared::Better, Compared::Worse]) <= 2, "{campaigns:?}");
    // And it isn't for want of daring: mostly it is said that there is no such difference.
    assert!(count(&campaigns, &[Compared::NoDifference]) >= 40, "{campaigns:?}");
}

#[test]
fn an_improvement_of_fifteen_percent_is_found() {
    let campaigns = campaigns(50, 0.15);
    assert!(count(&campaigns, &[Compared::Better]) >= 48, "{campaigns:?}");
}

#[test]
fn what_is_worse_by_fifteen_percent_is_called_worse() {
    let campaigns = campaigns(50, -0.15);
    assert!(count(&campaigns, &[Compared::Worse]) >= 48, "{campaigns:?}");
}

#[test]
fn at_exactly_the_limit_a_claim_is_as_rare_as_stated() {
    // Either way it would be wrong, or only just right: 5 % of 300 campaigns are 15.
    let campaigns = campaigns(300, 0.05);
    assert!(count(&campaigns, &[Compared::Better]) <= 15, "{campaigns:?}");
    let denied = [Compared::NoDifference, Compared::NotBetter];
    assert!(count(&campaigns, &denied) <= 15, "{campaigns:?}");
}

#[test]
fn without_pairs_nothing_is_claimed() {
    assert_eq!(judged(&comparison(), []), Compared::Undecided);
    let unmeasured = (0..PAIRS).map(|_| Readings::default());
    assert_eq!(judged(&comparison(), unmeasured), Compared::Undecided);
}

#[test]
fn the_smallest_detectable_improvement_is_found_about_as_often_as_said() {
    let (comparison, scatter, runs) = (comparison(), 0.04, 400);
    for pairs in [10, 20, 30] {
        let beyond = smallest_detectable(scatter, pairs, comparison.matrix().threshold()).unwrap();
        let found = |share: f64| {
            let campaign = |seed: u64| {
                let mut chance = Chance(seed * 104_729 + u64::from(pairs));
                let trials =
                    (0..pairs).map(|_| readings(0.05 + share * beyond + scatter * chance.normal()));
                judged(&comparison, trials)
            };
            (0..runs).map(campaign).filter(|compared| *compared == Compared::Better).count()
        };
        // Said are 80 % at the last look: earlier looks add, the drift guard takes away.
        let (at, half) = (found(1.0), found(0.5));
        assert!((280..=370).contains(&at), "{pairs}: {at} of {runs}");
        assert!(half < 240, "{pairs}: {half} of {runs} at half of it");
    }
}
