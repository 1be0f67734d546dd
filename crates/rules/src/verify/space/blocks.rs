//! Regions of readings as blocks of cells.

/// Cells of one axis, from the first (included) to the last (not included).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CellRun {
    pub(crate) from: u32,
    pub(crate) to: u32,
}

impl CellRun {
    const fn is_within(self, other: Self) -> bool {
        other.from <= self.from && self.to <= other.to
    }

    const fn is_apart_from(self, other: Self) -> bool {
        self.to <= other.from || other.to <= self.from
    }
}

/// One run for each axis. It is never empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Block(Box<[CellRun]>);

/// One cell for each axis.
pub(crate) type CellPoint = Vec<u32>;

/// How two blocks lie.
pub(crate) enum Relation {
    Apart,
    Covers,
    /// They overlap; the mask tells on which axes the first one cuts into the second.
    Cuts(u128),
}

impl Block {
    pub(crate) fn new(runs: impl IntoIterator<Item = CellRun>) -> Self {
        Self(runs.into_iter().collect())
    }

    pub(crate) fn run(&self, axis: usize) -> Option<CellRun> {
        self.0.get(axis).copied()
    }

    pub(crate) fn runs(&self) -> impl Iterator<Item = CellRun> {
        self.0.iter().copied()
    }

    /// The same with another run on one axis.
    pub(crate) fn with(&self, axis: usize, run: CellRun) -> Self {
        let mut block = self.clone();
        if let Some(own) = block.0.get_mut(axis) {
            *own = run;
        }
        block
    }

    /// Leaves of it what lies in the run on one axis. Returns whether that is anything: a block is
    /// never empty.
    #[must_use]
    pub(crate) fn narrow(&mut self, axis: usize, run: CellRun) -> bool {
        let Some(own) = self.0.get_mut(axis).filter(|own| !own.is_apart_from(run)) else {
            return false;
        };
        *own = CellRun { from: own.from.max(run.from), to: own.to.min(run.to) };
        true
    }

    pub(crate) fn intersection(&self, other: &Self) -> Option<Self> {
        if self.is_apart_from(other) {
            return None;
        }
        let runs = self.0.iter().zip(&other.0);
        Some(Self::new(runs.map(|(a, b)| CellRun { from: a.from.max(b.from), to: a.to.min(b.to) })))
    }

    pub(crate) fn is_apart_from(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a.is_apart_from(*b))
    }

    /// The smallest block that holds both.
    pub(crate) fn hull(&self, other: &Self) -> Self {
        let runs = self.0.iter().zip(&other.0);
        Self::new(runs.map(|(a, b)| CellRun { from: a.from.min(b.from), to: a.to.max(b.to) }))
    }

    /// A cell of it. The middle is as good as any, and reads better than the edge.
    pub(crate) fn middle(&self) -> CellPoint {
        self.0.iter().map(|run| run.from.midpoint(run.to)).collect()
    }

    /// Which share of the target's cells it holds, if it overlaps it and cuts into it on these
    /// axes.
    pub(crate) fn share(&self, target: &Self, axes: u128) -> f64 {
        let sides = self.0.iter().zip(&target.0).enumerate();
        let cut = sides.filter(|(axis, _)| axes & axis_bit(*axis) != 0).map(|(_, (own, its))| {
            let common = own.to.min(its.to).saturating_sub(own.from.max(its.from));
            f64::from(common) / f64::from(its.to.saturating_sub(its.from))
        });
        cut.product()
    }

    pub(crate) fn holds(&self, point: &[u32]) -> bool {
        self.0.iter().zip(point).all(|(run, cell)| run.from <= *cell && *cell < run.to)
    }

    pub(crate) fn relation(&self, target: &Self) -> Relation {
        let mut cuts = 0;
        for (axis, (own, its)) in self.0.iter().zip(&target.0).enumerate() {
            if own.is_apart_from(*its) {
                return Relation::Apart;
            }
            if !its.is_within(*own) {
                cuts |= axis_bit(axis);
            }
        }
        if cuts == 0 { Relation::Covers } else { Relation::Cuts(cuts) }
    }

    /// The same for a target that was narrowed on one axis only, and into which it cut on these
    /// axes before.
    pub(crate) fn relation_on(&self, axis: usize, target: &Self, cuts: u128) -> Relation {
        // Axes that share the last bit can't be told apart by it: then all are looked at again.
        let runs = self.run(axis).zip(target.run(axis)).filter(|_| axis < SHARED_BIT);
        let Some((own, its)) = runs else { return self.relation(target) };
        if own.is_apart_from(its) {
            return Relation::Apart;
        }
        let cuts = if its.is_within(own) { cuts & !axis_bit(axis) } else { cuts };
        if cuts == 0 { Relation::Covers } else { Relation::Cuts(cuts) }
    }
}

/// The bit of all axes from this one on.
const SHARED_BIT: usize = 127;

/// Axes beyond the last bit share it: they are then only never taken apart.
pub(crate) fn axis_bit(axis: usize) -> u128 {
    1 << axis.min(SHARED_BIT)
}
