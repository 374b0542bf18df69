//! Jobs that workers do for a gate.

use super::Page;
use customs_registry::Jobs;

/// Writes the numbers.
pub(super) fn render(page: &mut Page, jobs: &Jobs) {
    page.labelled(
        "worker_jobs_total",
        "Jobs that this gate put into the queue of workers, and what became of them; failed: the gate \
         read the artifact itself.",
        "state",
        [
            ("put", jobs.put),
            ("taken", jobs.taken),
            ("done", jobs.done),
            ("failed", jobs.failed),
        ]
        .into_iter(),
    );
    let name = "worker_jobs_waiting";
    page.head(name, "gauge", "Jobs that this gate waits for now.");
    page.line(name, "", &jobs.waiting.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_stand_by_what_became_of_them() {
        let mut page = Page(String::new());
        let jobs = Jobs {
            put: 4,
            taken: 3,
            done: 2,
            failed: 1,
            waiting: 1,
        };
        render(&mut page, &jobs);
        for line in [
            "customs_gate_worker_jobs_total{state=\"put\"} 4",
            "customs_gate_worker_jobs_total{state=\"failed\"} 1",
            "customs_gate_worker_jobs_waiting 1",
        ] {
            assert!(page.0.lines().any(|known| known == line), "{}", page.0);
        }
    }
}
