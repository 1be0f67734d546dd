//! Numbers by chance that are the same in every run: which command comes next, and which key.

/// The generator `SplitMix64`, by Sebastiano Vigna (public domain, `prng.di.unimi.it`).
pub(crate) struct Draw {
    state: u64,
}

/// Where each trial begins, so that all trials send the same.
const SEED: u64 = 3;

impl Draw {
    pub(crate) const fn new() -> Self {
        Self { state: SEED }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below another, which isn't zero. What is uneven about it is less than one part in
    /// 2⁶⁴ of that other.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        let product = u128::from(self.next()) * u128::from(end);
        u64::try_from(product >> 64).unwrap_or_default()
    }

    /// From 0 to below 1, in steps of 2⁻⁵³.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn unit(&mut self) -> f64 {
        // A double holds 53 bits exactly, and the upper ones are kept.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Which of so many keys comes next, counted from zero.
pub(crate) enum Choice {
    /// All alike.
    Uniform(u64),
    /// The first most often.
    Zipf(Zipf),
}

impl Choice {
    pub(crate) fn next(&self, draw: &mut Draw) -> u64 {
        match self {
            Self::Uniform(count) => draw.below(*count),
            Self::Zipf(zipf) => zipf.next(draw),
        }
    }
}

/// A Zipf distribution over the ranks from 1 to `count`, drawn by rejection-inversion: W. Hörmann,
/// G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
/// distributions", ACM Transactions on Modeling and Computer Simulation 6 (1996). It needs no table,
/// however many ranks there are.
pub(crate) struct Zipf {
    exponent: f64,
    count: f64,
    least: f64,
    most: f64,
    shortcut: f64,
}

impl Zipf {
    #[expect(clippy::cast_precision_loss, reason = "of 2⁵³ keys the last few may be confused")]
    pub(crate) fn new(count: u64, exponent: f64) -> Self {
        let count = count.max(1) as f64;
        let mut zipf = Self { exponent, count, least: 0.0, most: 0.0, shortcut: 0.0 };
        zipf.least = zipf.area(1.5) - 1.0;
        zipf.most = zipf.area(count + 0.5);
        zipf.shortcut = 2.0 - zipf.place(zipf.area(2.5) - zipf.height(2.0));
        zipf
    }

    /// The hat function x⁻ˢ.
    fn height(&self, x: f64) -> f64 {
        (-self.exponent * x.ln()).exp()
    }

    /// Its integral: (x¹⁻ˢ - 1) / (1 - s), or ln x where s is 1.
    fn area(&self, x: f64) -> f64 {
        let (log, rest) = (x.ln(), 1.0 - self.exponent);
        // Near an exponent of 1 the quotient would be zero by zero.
        if (rest * log).abs() < 1e-9 { log } else { (rest * log).exp_m1() / rest }
    }

    /// The inverse of the integral.
    fn place(&self, area: f64) -> f64 {
        let rest = 1.0 - self.exponent;
        let part = (rest * area).max(-1.0);
        if part.abs() < 1e-9 { area.exp() } else { (part.ln_1p() / rest).exp() }
    }

    fn next(&self, draw: &mut Draw) -> u64 {
        loop {
            let area = self.most + draw.unit() * (self.least - self.most);
            let x = self.place(area);
            let rank = x.round().clamp(1.0, self.count);
            if rank - x <= self.shortcut || area >= self.area(rank + 0.5) - self.height(rank) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a whole number from 1 to the number of keys"
                )]
                return rank as u64 - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn ranks_come_as_often_as_the_law_says() {
        const DRAWS: u32 = 200_000;
        for exponent in [0.5, 0.99, 1.0, 1.2, 3.0] {
            for count in [1_u64, 2, 10, 1_000] {
                let (zipf, mut draw) = (Zipf::new(count, exponent), Draw::new());
                let mut seen = vec![0_u32; usize::try_from(count).unwrap()];
                for _ in 0..DRAWS {
                    seen[usize::try_from(zipf.next(&mut draw)).unwrap()] += 1;
                }
                let weight = |rank: usize| (rank as f64 + 1.0).powf(-exponent);
                let all: f64 = (0..seen.len()).map(weight).sum();
                for rank in (0..seen.len()).take(20) {
                    let expected = f64::from(DRAWS) * weight(rank) / all;
                    // Five standard deviations of a binomial count; the seed is fixed.
                    let scatter = 5.0 * expected.sqrt() + 1.0;
                    let found = f64::from(seen[rank]);
                    assert!(
                        (found - expected).abs() < scatter,
                        "s {exponent}, {count} keys, rank {rank}: {found}, expected {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn even_choices_are_even_and_always_the_same() {
        let draws = || {
            let mut draw = Draw::new();
            (0..100_000).map(|_| Choice::Uniform(10).next(&mut draw)).collect::<Vec<_>>()
        };
        let first = draws();
        assert_eq!(first, draws());
        for number in 0..10 {
            let seen = first.iter().filter(|it| **it == number).count();
            assert!((9_500..10_500).contains(&seen), "{number}: {seen}");
        }
    }
}
