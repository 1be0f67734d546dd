//! The machine that measures, as far as its kernel tells it in files. What a kernel doesn't tell is
//! left out. Beside the machine's own name, of which a certainty is, no name of a host or a user,
//! no path.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use phasegate_model::Pinning;

use crate::machine::affinity::usable_cpus;

/// The machine, with how the two CPUs that server and client are to have lie to each other.
pub(crate) fn describe(pinning: Pinning) -> BTreeMap<String, String> {
    let kernel = rustix::system::uname();
    let texts = [kernel.sysname(), kernel.release()].map(|text| text.to_string_lossy());
    let mut properties = KernelFiles::of(PathBuf::from("/")).properties(pinning);
    let host = kernel.nodename().to_string_lossy();
    if !host.is_empty() {
        properties.insert("os.host".to_owned(), host.into_owned());
    }
    properties.insert("os.kernel".to_owned(), texts.join(" "));
    properties.insert("os.clock_cost".to_owned(), format!("{} ns", clock_cost().as_nanos()));
    properties.insert("cpu.arch".to_owned(), std::env::consts::ARCH.to_owned());
    if let Some(count) = usable_cpus() {
        properties.insert("cpu.count".to_owned(), count.to_string());
    }
    properties
}

/// What one reading of the clock takes: the mean of the best of some batches, because whatever else
/// runs only adds.
fn clock_cost() -> Duration {
    const TURNS: u32 = 1_000;
    let batch = || {
        let begin = Instant::now();
        (0..TURNS).for_each(|_| {
            // The compiler may leave out a reading of the clock that nobody uses.
            std::hint::black_box(Instant::now());
        });
        begin.elapsed() / TURNS
    };
    (0..20).map(|_| batch()).min().unwrap_or_default()
}

/// The kernel's files below some folder, which is not the root only in tests.
struct KernelFiles {
    root: PathBuf,
}

impl KernelFiles {
    const fn of(root: PathBuf) -> Self {
        Self { root }
    }

    /// A file's text without the space around it; nothing if there is none.
    fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        let text = std::fs::read_to_string(self.root.join(path)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn properties(&self, pinning: Pinning) -> BTreeMap<String, String> {
        let cpuinfo = self.text("proc/cpuinfo").unwrap_or_default();
        let [memory_max, cpu_max] = self.limits();
        let properties = [
            ("cpu.model", field(&cpuinfo, "model name").map(str::to_owned)),
            ("cpu.hypervisor", hypervisor(&cpuinfo).map(str::to_owned)),
            ("cpu.server_and_client", self.relation(pinning).map(str::to_owned)),
            ("cpu.governor", self.governor(pinning)),
            ("cpu.idle_driver", self.text("sys/devices/system/cpu/cpuidle/current_driver")),
            (
                "os.clocksource",
                self.text("sys/devices/system/clocksource/clocksource0/current_clocksource"),
            ),
            ("os.transparent_huge_pages", self.huge_pages()),
            ("os.overcommit_memory", self.text("proc/sys/vm/overcommit_memory")),
            ("container.cpu_max", cpu_max),
            ("container.memory_max", memory_max),
        ];
        let present =
            properties.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
        present.collect()
    }

    fn of_cpu(&self, cpu: u32, file: &str) -> Option<String> {
        self.text(format!("sys/devices/system/cpu/cpu{cpu}/{file}"))
    }

    /// How the two CPUs lie to each other.
    fn relation(&self, pinning: Pinning) -> Option<&'static str> {
        let (server, client) = pinning.server.zip(pinning.client)?;
        if server == client {
            return Some(SAME_CPU);
        }
        // Before the nodes, because two threads of one core are always in the same node.
        let siblings = self.of_cpu(server, "topology/thread_siblings_list")?;
        if in_list(&siblings, client) {
            return Some(SIBLINGS);
        }
        let node = |cpu: u32| {
            (0..MOST_NODES).find(|node| {
                let cpus = self.text(format!("sys/devices/system/node/node{node}/cpulist"));
                cpus.is_some_and(|cpus| in_list(&cpus, cpu))
            })
        };
        Some(match (node(server), node(client)) {
            (Some(server), Some(client)) if server != client => TWO_NODES,
            _ => "two cores of one memory node",
        })
    }

    /// That of the CPUs involved, or of the first one if they aren't known.
    fn governor(&self, pinning: Pinning) -> Option<String> {
        let cpus = [pinning.server, pinning.client].into_iter().flatten();
        let cpus: BTreeSet<u32> = cpus.collect();
        let cpus = if cpus.is_empty() { BTreeSet::from([0]) } else { cpus };
        let governors: BTreeSet<String> = cpus
            .into_iter()
            .filter_map(|cpu| self.of_cpu(cpu, "cpufreq/scaling_governor"))
            .collect();
        let governors: Vec<String> = governors.into_iter().collect();
        Some(governors.join(", ")).filter(|text| !text.is_empty())
    }

    /// The one in brackets of `always [madvise] never`.
    fn huge_pages(&self) -> Option<String> {
        let text = self.text("sys/kernel/mm/transparent_hugepage/enabled")?;
        let (_, rest) = text.split_once('[')?;
        rest.split_once(']').map(|(chosen, _)| chosen.to_owned())
    }

    /// What this process's control group and those above it may use: memory in bytes, and CPUs as
    /// so many microseconds in each period. Only real limits, the nearest one of each.
    fn limits(&self) -> [Option<String>; 2] {
        let groups = self.text("proc/self/cgroup").unwrap_or_default();
        let group = |controller: &str| {
            groups.lines().find_map(|line| {
                // The path may hold colons itself, so only the first two separate.
                let mut parts = line.splitn(3, ':').skip(1);
                let (controllers, path) = (parts.next()?, parts.next()?);
                controllers.split(',').any(|found| found == controller).then(|| path.to_owned())
            })
        };
        let nearest = |mount: &str,
                       path: Option<String>,
                       read: &dyn Fn(PathBuf) -> Option<String>| {
            let path = path?;
            let ancestors = Path::new(path.trim_start_matches('/')).ancestors();
            ancestors.map(|group| Path::new("sys/fs/cgroup").join(mount).join(group)).find_map(read)
        };
        let limited = |text: &String| !text.starts_with("max");
        // The second version of control groups has one tree, whose list of controllers is empty.
        let memory = nearest("", group(""), &|at| self.text(at.join("memory.max")).filter(limited));
        let cpu = nearest("", group(""), &|at| self.text(at.join("cpu.max")).filter(limited));
        // The first version of control groups has no word for "no limit".
        let memory_v1 = || {
            nearest("memory", group("memory"), &|at| {
                let text = self.text(at.join("memory.limit_in_bytes"))?;
                text.parse().is_ok_and(|bytes: u64| bytes < UNLIMITED_BYTES).then_some(text)
            })
        };
        let cpu_v1 = || {
            nearest("cpu", group("cpu"), &|at| {
                // A quota of -1 is how the first version says that there is none.
                let quota = self.text(at.join("cpu.cfs_quota_us")).filter(|text| text != "-1")?;
                Some(format!("{quota} {}", self.text(at.join("cpu.cfs_period_us"))?))
            })
        };
        [memory.or_else(memory_v1), cpu.or_else(cpu_v1)]
    }
}

/// Values of `cpu.server_and_client`.
pub(crate) const SAME_CPU: &str = "the same CPU";
pub(crate) const SIBLINGS: &str = "two threads of one core";
pub(crate) const TWO_NODES: &str = "cores of two memory nodes";

/// No machine has more memory nodes; the kernel's limit is 1024.
const MOST_NODES: u32 = 64;

/// The largest number of whole pages, which stands for no limit, is about twice this.
const UNLIMITED_BYTES: u64 = 1 << 62;

/// A field of the first CPU; some architectures name none.
fn field<'a>(cpuinfo: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(found, _)| found.trim() == name).map(|(_, text)| text.trim())
}

/// Whether the CPU says that it is a virtual one. Only x86 does.
fn hypervisor(cpuinfo: &str) -> Option<&'static str> {
    let flags = field(cpuinfo, "flags")?;
    Some(if flags.split_whitespace().any(|flag| flag == "hypervisor") { "yes" } else { "no" })
}

/// Whether a list of ranges such as `0-3,8` holds a number.
fn in_list(list: &str, number: u32) -> bool {
    list.split(',').any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let bounds = first.trim().parse().ok().zip(last.trim().parse().ok());
        bounds.is_some_and(|(first, last): (u32, u32)| (first..=last).contains(&number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel that tells this, and nothing else.
    fn described(files: &[(&str, &str)], pinning: Pinning) -> BTreeMap<String, String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        KernelFiles::of(folder.path().to_owned()).properties(pinning)
    }

    const fn pinned(server: u32, client: u32) -> Pinning {
        Pinning { server: Some(server), client: Some(client) }
    }

    #[test]
    fn the_machine_is_described_without_its_name() {
        let properties = describe(Pinning::default());
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        assert!(properties["os.kernel"].contains(' '));
        assert!(properties["cpu.count"].parse::<u32>().unwrap() > 0);
        assert!(properties["os.clock_cost"].ends_with(" ns"));
        assert!(properties.values().all(|text| host.len() < 4 || !text.contains(&host)));
    }

    #[test]
    fn what_the_kernel_does_not_tell_is_left_out() {
        assert_eq!(described(&[], pinned(0, 1)), BTreeMap::new());
    }

    #[test]
    fn what_the_kernel_tells_is_taken() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some CPU @ 2.00GHz\nflags\t: fpu hypervisor\n\nprocessor\t: 1\n";
        let files = [
            ("proc/cpuinfo", cpuinfo),
            ("proc/sys/vm/overcommit_memory", "0\n"),
            ("sys/devices/system/cpu/cpuidle/current_driver", "intel_idle\n"),
            ("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"),
            ("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n"),
            ("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n"),
        ];
        let properties = described(&files, pinned(0, 1));
        let shown: Vec<String> =
            properties.iter().map(|(name, text)| format!("{name} = {text}")).collect();
        assert_eq!(
            shown,
            [
                "cpu.governor = performance, powersave",
                "cpu.hypervisor = yes",
                "cpu.idle_driver = intel_idle",
                "cpu.model = Some CPU @ 2.00GHz",
                "os.clocksource = tsc",
                "os.overcommit_memory = 0",
                "os.transparent_huge_pages = madvise",
            ]
        );
    }

    #[test]
    fn how_the_two_cpus_lie_to_each_other_is_told() {
        let files = [
            ("sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0,4\n"),
            ("sys/devices/system/node/node0/cpulist", "0-1,4-5\n"),
            ("sys/devices/system/node/node1/cpulist", "2-3,6-7\n"),
        ];
        let relation =
            |client| described(&files, pinned(0, client))["cpu.server_and_client"].clone();
        assert_eq!(relation(0), SAME_CPU);
        assert_eq!(relation(4), SIBLINGS);
        assert_eq!(relation(1), "two cores of one memory node");
        assert_eq!(relation(6), TWO_NODES);
        assert!(!described(&files, Pinning::default()).contains_key("cpu.server_and_client"));
    }

    fn limits(files: &[(&str, &str)]) -> (Option<String>, Option<String>) {
        let mut properties = described(files, Pinning::default());
        (properties.remove("container.cpu_max"), properties.remove("container.memory_max"))
    }

    #[test]
    fn the_nearest_real_limit_of_a_container_is_told() {
        let second = [
            ("proc/self/cgroup", "0::/outer/inner\n"),
            ("sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/outer/cpu.max", "150000 100000\n"),
            ("sys/fs/cgroup/outer/inner/memory.max", "1000000\n"),
            ("sys/fs/cgroup/outer/memory.max", "9000000\n"),
        ];
        let both = (Some("150000 100000".to_owned()), Some("1000000".to_owned()));
        assert_eq!(limits(&second), both);
        let first = [
            ("proc/self/cgroup", "4:memory:/box\n3:cpu,cpuacct:/box\n0::/\n"),
            ("sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "1000000\n"),
        ];
        assert_eq!(limits(&first), both);
        let none = [
            ("proc/self/cgroup", "4:memory:/\n0::/\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/cpu.max", "max 100000\n"),
        ];
        assert_eq!(limits(&none), (None, None));
    }
}
