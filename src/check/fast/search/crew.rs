//! Workers and the threads that they work on.
//!
//! Invariant: a job is done by one worker, once. Which worker does it, and when, changes nothing
//! that can be found out from the results.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::check::fast::expand::worker::Worker;

/// Those who search.
pub struct Crew {
    workers: Vec<Box<dyn Worker>>,
    threads: usize,
    /// From how many worlds in a round on all work, and not the first alone.
    shared_from: usize,
    pool: Option<ThreadPool>,
}

impl Crew {
    /// A crew of so many, of which the first is here. The others come when there is enough to do.
    pub fn new(first: Box<dyn Worker>, threads: usize, shared_from: usize) -> Self {
        Crew {
            workers: vec![first],
            threads,
            shared_from,
            pool: None,
        }
    }

    /// Calls those who are needed for so many worlds; into how many shares words are divided.
    pub fn call(&mut self, worlds: usize) -> usize {
        if self.threads > 1 && self.workers.len() == 1 && worlds >= self.shared_from {
            // Without threads one can still do it all.
            if let Ok(pool) = ThreadPoolBuilder::new().num_threads(self.threads).build() {
                self.pool = Some(pool);
                for _ in 1..self.threads {
                    let another = self.workers[0].for_another();
                    self.workers.push(another);
                }
            }
        }
        self.workers.len().next_power_of_two()
    }

    pub fn first(&mut self) -> &mut dyn Worker {
        &mut *self.workers[0]
    }

    pub fn all(&mut self) -> &mut [Box<dyn Worker>] {
        &mut self.workers
    }

    /// Has jobs done, which are numbered from 0, for so many worlds.
    pub fn work(
        &mut self,
        worlds: usize,
        jobs: usize,
        job: &(dyn Fn(&mut dyn Worker, usize) + Sync),
    ) {
        let alone = worlds < self.shared_from || jobs == 1;
        let Some(pool) = self.pool.as_ref().filter(|_| !alone) else {
            (0..jobs).for_each(|nth| job(&mut *self.workers[0], nth));
            return;
        };
        let next = AtomicUsize::new(0);
        pool.in_place_scope(|scope| {
            for worker in &mut self.workers {
                scope.spawn(|_| {
                    loop {
                        let nth = next.fetch_add(1, Ordering::Relaxed);
                        if nth >= jobs {
                            break;
                        }
                        job(&mut **worker, nth);
                    }
                });
            }
        });
    }

    /// The bytes of all that they remember.
    pub fn bytes(&self) -> usize {
        self.workers.iter().map(|worker| worker.bytes()).sum()
    }
}
