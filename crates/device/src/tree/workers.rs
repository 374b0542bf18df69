use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does a job for each item on the machine's cores (or on `threads`); whoever is free takes the
/// next. The results are in the order of the items.
pub fn each<T: Sync, R: Send>(
    items: &[T],
    threads: Option<NonZeroUsize>,
    job: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = threads
        .or_else(|| std::thread::available_parallelism().ok())
        .map_or(1, NonZeroUsize::get)
        .min(items.len())
        .max(1);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match items.get(index) {
                Some(item) => done.push((index, job(item))),
                None => return done,
            }
        }
    };
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        let doubled = each(&items, None, |item| item * 2);
        assert!(
            doubled
                .iter()
                .enumerate()
                .all(|(index, two)| *two == index * 2)
        );
        assert!(each(&[] as &[u8], None, |item| *item).is_empty());
    }
}
