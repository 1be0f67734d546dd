//! How precisely the kernel wakes a thread that sleeps until something is due.

use std::num::NonZeroU64;

use rustix::thread::{current_timer_slack, set_current_timer_slack};

/// While it lives, the calling thread's sleeps end as near to their time as the kernel can; by
/// itself it takes 50 us more to wake several threads at once.
pub(crate) struct PreciseTimer {
    before: Option<NonZeroU64>,
}

impl PreciseTimer {
    /// From now on. Where the kernel refuses, requests are sent later, which the slip tells.
    pub(crate) fn begin() -> Self {
        let before = current_timer_slack().ok().and_then(NonZeroU64::new);
        let _ = set_current_timer_slack(Some(NonZeroU64::MIN));
        Self { before }
    }
}

impl Drop for PreciseTimer {
    fn drop(&mut self) {
        if self.before.is_some() {
            let _ = set_current_timer_slack(self.before);
        }
    }
}
