//! Where the memory goes, where the fragmentation ratio comes from, and whether the dataset is
//! large enough for that ratio to tell anything.
//!
//! The server computes its ratio as resident / used. The allocator's own figures split it up:
//! active / allocated (fragments inside of its pages) times resident / active (pages it keeps)
//! times RSS / resident (everything of the process that isn't the allocator's: code, stacks).
//! <https://redis.io/docs/latest/commands/info/>

use phasegate_model::{Decimal, Memory, Metric, Quantity, Reading, Unit};
use serde::Serialize;

use crate::material::Material;
use crate::measured::baseline::{median, said, why_missing};
use crate::measured::previous;
use crate::text::figures::{TableUnits, list, text};

/// The allocator and the memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemorySection {
    /// Where the ratio comes from, and whether it means anything.
    pub sentences: Vec<String>,
    /// How the server was set.
    pub settings: Vec<MemorySetting>,
    /// Whether there is a figure of the earlier phase for any of these.
    pub has_before: bool,
    /// What takes how much.
    pub sizes: Vec<MemorySize>,
    /// The factors of the fragmentation ratio, as far as the server tells them.
    pub factors: Vec<MemoryFactor>,
    /// Their product, if none is missing.
    pub product: Option<String>,
    /// The fragmentation ratio that the server tells.
    pub ratio: Option<String>,
    /// The same in the earlier phase.
    pub ratio_before: Option<String>,
}

/// A setting of the server's memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemorySetting {
    /// The metric's name.
    pub metric: String,
    /// What it is.
    pub meaning: String,
    /// How it is set.
    pub value: String,
    /// How it was set in the earlier phase.
    pub before: Option<String>,
}

/// An amount of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemorySize {
    /// The metric's name.
    pub metric: String,
    /// What it is.
    pub meaning: String,
    /// How much.
    pub value: String,
    /// How much it was in the earlier phase.
    pub before: Option<String>,
    /// What share of the resident memory that is.
    pub share: Option<String>,
}

/// A factor of the fragmentation ratio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryFactor {
    /// The metric's name.
    pub metric: String,
    /// What it is.
    pub meaning: String,
    /// The factor.
    pub value: String,
    /// What it was in the earlier phase.
    pub before: Option<String>,
}

/// The factors, from the inside out.
const FACTORS: [(Memory, &str); 3] = [
    (Memory::AllocatorFragRatio, "fragments inside of the allocator's pages"),
    (Memory::AllocatorRssRatio, "pages that the allocator keeps"),
    (Memory::RssOverheadRatio, "the rest of the process: code, stacks, other memory"),
];

/// The settings, and what they are.
const SETTINGS: [(Memory, &str); 3] = [
    (Memory::Allocator, "the allocator, as the server was built"),
    (Memory::Maxmemory, "the most that the server may use"),
    (Memory::MaxmemoryPolicy, "what it does once that is used up"),
];

/// The sizes, from the largest, and what they are.
const SIZES: [(Memory, &str); 4] = [
    (Memory::Rss, "resident, as the system sees the process"),
    (Memory::Used, "used, as the allocator handed it out"),
    (Memory::Overhead, "overhead, the server's own bookkeeping"),
    (Memory::Dataset, "dataset, what users stored"),
];

/// Product and ratio are said to be the same up to this share.
const SAME: Decimal = Decimal::from_parts(2, 0, 0, false, 2);

/// What the trials' medians say of the server's memory.
#[derive(Clone, Debug)]
pub(crate) struct MemoryMedians {
    /// Those factors that there are.
    pub(crate) factors: Vec<Factor>,
    /// Their product, if none is missing.
    pub(crate) product: Option<Quantity>,
    /// The ratio that the server tells.
    pub(crate) ratio: Option<Quantity>,
    /// Those sizes that there are, with their words.
    pub(crate) sizes: Vec<(Memory, &'static str, Quantity)>,
    /// The unit that suits the sizes.
    pub(crate) units: TableUnits,
}

/// A factor of the fragmentation ratio.
#[derive(Clone, Debug)]
pub(crate) struct Factor {
    pub(crate) metric: Memory,
    pub(crate) words: &'static str,
    pub(crate) value: Quantity,
}

impl MemoryMedians {
    pub(crate) fn of(material: &Material<'_>) -> Self {
        let of = |memory| median(material, Metric::Memory(memory));
        let factors: Vec<Factor> = FACTORS
            .into_iter()
            .filter_map(|(metric, words)| Some(Factor { metric, words, value: of(metric)? }))
            .collect();
        // A product of some factors would look like the ratio, and be something else.
        let product = (factors.len() == FACTORS.len()).then(|| {
            let product = factors
                .iter()
                .map(|factor| factor.value.amount())
                .try_fold(Decimal::ONE, Decimal::checked_mul);
            product.and_then(|product| Quantity::new(product.round_dp(4).normalize(), Unit::One))
        });
        let sizes: Vec<(Memory, &'static str, Quantity)> = SIZES
            .into_iter()
            .filter_map(|(memory, words)| Some((memory, words, of(memory)?)))
            .collect();
        let units = TableUnits::of(sizes.iter().map(|(_, _, size)| *size));
        let ratio = of(Memory::FragmentationRatio);
        Self { factors, product: product.flatten(), ratio, sizes, units }
    }

    fn size(&self, wanted: Memory) -> Option<Quantity> {
        self.sizes.iter().find(|(memory, ..)| *memory == wanted).map(|(.., size)| *size)
    }

    /// A size in the unit of the table.
    pub(crate) fn shown(&self, size: Quantity) -> String {
        size.human_in(self.units.unit(Metric::Memory(Memory::Used), size))
    }

    /// What the process takes that doesn't grow with the data: what isn't the allocator's, and
    /// what the server begins with. Not the overhead: it has a part for each key.
    fn fixed(&self, startup: Quantity) -> Option<Quantity> {
        let rss = self.size(Memory::Rss)?;
        let outside = self.factors.iter().find(|f| f.metric == Memory::RssOverheadRatio)?;
        let of_allocator = rss.amount().checked_div(outside.value.amount())?;
        // A ratio below one would make this negative, which no amount of memory is.
        let outside = (rss.amount() - of_allocator).max(Decimal::ZERO);
        let fixed = outside.checked_add(startup.amount())?.round();
        Some(Quantity::from_amount(rss.dimension(), fixed))
    }
}

/// The section on memory; nothing if the server told nothing of it.
pub(crate) fn section(material: &Material<'_>) -> Option<MemorySection> {
    let measured = MemoryMedians::of(material);
    if measured.sizes.is_empty() && measured.factors.is_empty() && measured.ratio.is_none() {
        return None;
    }
    let rss = measured.size(Memory::Rss);
    let size = |(memory, words, size): &(Memory, &str, Quantity)| MemorySize {
        metric: Metric::Memory(*memory).to_string(),
        meaning: (*words).to_owned(),
        value: measured.shown(*size),
        before: previous::memory_number(material, *memory).map(|size| measured.shown(size)),
        share: rss.and_then(|rss| share(*size, rss)),
    };
    let factor = |factor: &Factor| MemoryFactor {
        metric: Metric::Memory(factor.metric).to_string(),
        meaning: factor.words.to_owned(),
        value: factor.value.human(),
        before: previous::memory_number(material, factor.metric).map(|ratio| ratio.human()),
    };
    let sentences =
        [allocator(material), origin(material, &measured), meaning(material, &measured)];
    let settings = settings(material);
    let sizes: Vec<MemorySize> = measured.sizes.iter().map(size).collect();
    let factors: Vec<MemoryFactor> = measured.factors.iter().map(factor).collect();
    let ratio_before = previous::memory_number(material, Memory::FragmentationRatio);
    let mut before = settings.iter().map(|setting| &setting.before);
    Some(MemorySection {
        has_before: ratio_before.is_some()
            || before.any(Option::is_some)
            || sizes.iter().any(|size| size.before.is_some())
            || factors.iter().any(|factor| factor.before.is_some()),
        settings,
        sizes,
        factors,
        ratio_before: ratio_before.map(|ratio| ratio.human()),
        product: measured.product.map(|product| product.human()),
        ratio: measured.ratio.map(|ratio| ratio.human()),
        sentences: sentences.into_iter().flatten().collect(),
    })
}

/// How the server's memory is set.
fn settings(material: &Material<'_>) -> Vec<MemorySetting> {
    let setting = |(memory, meaning): (Memory, &str)| {
        let metric = Metric::Memory(memory);
        let value = match median(material, metric) {
            Some(limit) => limited(limit),
            None => Some(list(&said(material, metric), "and")).filter(|said| !said.is_empty())?,
        };
        let before = match previous::memory(material, memory) {
            Some(Reading::Text(said)) => Some(text(&said)),
            Some(Reading::Number(_)) => previous::memory_number(material, memory).map(limited),
            Some(Reading::Version(_) | Reading::Missing(_)) | None => None,
        };
        let (metric, meaning) = (metric.to_string(), meaning.to_owned());
        Some(MemorySetting { metric, meaning, value, before })
    };
    SETTINGS.into_iter().filter_map(setting).collect()
}

/// Redis has 0 for no limit.
fn limited(limit: Quantity) -> String {
    if limit.amount().is_zero() { "no limit".to_owned() } else { limit.human() }
}

fn share(part: Quantity, whole: Quantity) -> Option<String> {
    let share = part.amount().checked_div(whole.amount())?;
    Some(Quantity::percent(share).human())
}

fn allocator(material: &Material<'_>) -> Option<String> {
    let names = said(material, Metric::Memory(Memory::Allocator));
    (!names.is_empty()).then(|| format!("The allocator is {}.", text(&list(&names, "and"))))
}

/// Where the ratio comes from.
fn origin(material: &Material<'_>, measured: &MemoryMedians) -> Option<String> {
    let ratio = measured.ratio?.human();
    let Some(product) = measured.product else {
        let missing: Vec<String> = FACTORS
            .into_iter()
            .map(|(memory, _)| Metric::Memory(memory))
            .filter(|metric| median(material, *metric).is_none())
            .map(|metric| match why_missing(material, metric) {
                Some(why) => format!("{metric} ({why})"),
                None => metric.to_string(),
            })
            .collect();
        let missing = list(&missing, "and");
        return Some(format!(
            "The fragmentation ratio is {ratio}; where it comes from can't be told without {missing}."
        ));
    };
    let largest = measured.factors.iter().max_by_key(|factor| factor.value.amount())?;
    let most = format!("most of it is {}, a factor of {}", largest.words, largest.value.human());
    let differs = {
        let ratio = measured.ratio?.amount();
        (product.amount() - ratio).abs() > ratio.abs().saturating_mul(SAME)
    };
    let but = if differs {
        format!(
            "; the factors' product is {}, as the server divides by what it counts as used",
            product.human()
        )
    } else {
        String::new()
    };
    Some(format!("Of the fragmentation ratio of {ratio}, {most}{but}."))
}

/// Whether the dataset is large enough for the ratio to mean anything.
fn meaning(material: &Material<'_>, measured: &MemoryMedians) -> Option<String> {
    let startup = median(material, Metric::Memory(Memory::Startup))?;
    let (dataset, fixed) = (measured.size(Memory::Dataset)?, measured.fixed(startup)?);
    let (data, rest) = (measured.shown(dataset), measured.shown(fixed));
    let about = format!(
        "The dataset has {data}, and what the process takes whatever it stores (what it \
         begins with, and memory that isn't the allocator's) about {rest}"
    );
    Some(if dataset.amount() < fixed.amount() {
        format!(
            "{about}: the dataset is the smaller part, so the ratio says little about the allocator."
        )
    } else {
        format!("{about}: the dataset is the larger part, so the ratio does tell of it.")
    })
}
