//! Deleting from a schedule what a failure does not need.
//!
//! A. Zeller, R. Hildebrandt, *Simplifying and Isolating Failure-Inducing Input*, TSE 2002: halves, quarters and so on
//! down to single events. Whatever is left is 1-minimal: without any one event of it the run does not fail in
//! this way any more. What is deleted takes along what came of it, so one deletion is often many.

use rayon::prelude::*;

use crate::scenario::ScheduleLine;

/// Of so many events or fewer every two are deleted together as well.
const PAIRS_MAX: usize = 48;

/// Whether a schedule fails as it should: then what happened of it.
pub type Fails<'a> = dyn Fn(&[ScheduleLine]) -> Option<Vec<ScheduleLine>> + Sync + 'a;

/// Deletes from a schedule as long as it fails, and asks now and then whether it is to go on.
pub struct Deletion<'a> {
    pub fails: &'a Fails<'a>,
    /// Told how many runs that took, and how many events are left: whether to go on.
    pub goes_on: &'a mut dyn FnMut(u64, usize) -> bool,
}

impl Deletion<'_> {
    /// Deletes until nothing more can be.
    pub fn all(&mut self, mut lines: Vec<ScheduleLine>) -> Vec<ScheduleLine> {
        loop {
            let before = lines.len();
            lines = self.alike(lines);
            lines = self.chunks(lines);
            if lines.len() <= PAIRS_MAX {
                lines = self.pairs(lines);
            }
            if lines.len() == before || !self.asks_on(0, &lines) {
                return lines;
            }
        }
    }

    fn asks_on(&mut self, runs: u64, lines: &[ScheduleLine]) -> bool {
        (self.goes_on)(runs, lines.len())
    }

    /// Events that do the same to the same node, with messages or timers of the same kind, all at once.
    fn alike(&mut self, mut lines: Vec<ScheduleLine>) -> Vec<ScheduleLine> {
        let mut sorts: Vec<String> = lines.iter().map(|(_, line)| sort(line)).collect();
        sorts.sort_unstable();
        sorts.dedup();
        let without = |lines: &[ScheduleLine], gone: &String| -> Vec<ScheduleLine> {
            let left = lines.iter().filter(|(_, line)| sort(line) != *gone);
            left.cloned().collect()
        };
        let mut next = 0;
        while next < sorts.len() {
            let batch = next..sorts.len().min(next + rayon::current_num_threads());
            let candidates = sorts[batch.clone()]
                .iter()
                .map(|gone| without(&lines, gone));
            let (tried, found) = self.first(&candidates.collect::<Vec<_>>());
            if let Some(found) = found {
                lines = found;
            }
            next += tried;
            if !self.asks_on(tried as u64, &lines) {
                break;
            }
        }
        lines
    }

    /// Pieces of half the schedule, a quarter, and so on; the last first, since it rests on the others. Single events
    /// again and again, until none can be deleted.
    fn chunks(&mut self, mut lines: Vec<ScheduleLine>) -> Vec<ScheduleLine> {
        let mut size = (lines.len() / 2).max(1);
        loop {
            let before = lines.len();
            let mut end = lines.len();
            while end > 0 {
                let ends = (0..rayon::current_num_threads()).map(|n| end.saturating_sub(n * size));
                let ends: Vec<usize> = ends.filter(|end| *end > 0).collect();
                let candidates = ends
                    .iter()
                    .map(|&end| without(&lines, end.saturating_sub(size)..end));
                let (tried, found) = self.first(&candidates.collect::<Vec<_>>());
                end = ends[tried - 1].saturating_sub(size);
                if let Some(found) = found {
                    lines = found;
                    end = end.min(lines.len());
                }
                if !self.asks_on(tried as u64, &lines) {
                    return lines;
                }
            }
            if size == 1 && lines.len() == before {
                return lines;
            }
            size = (size / 2).clamp(1, lines.len().max(1));
        }
    }

    /// Every two events: a crash with its recovery, a message with its answer.
    fn pairs(&mut self, mut lines: Vec<ScheduleLine>) -> Vec<ScheduleLine> {
        let mut later = lines.len();
        while later > 1 {
            later -= 1;
            let candidates = (0..later).rev().map(|earlier| {
                let left = lines.iter().enumerate();
                let left = left.filter(|(nth, _)| ![earlier, later].contains(nth));
                left.map(|(_, line)| line.clone()).collect()
            });
            let (tried, found) = self.first(&candidates.collect::<Vec<_>>());
            if let Some(found) = found {
                lines = found;
                later = later.min(lines.len());
            }
            if !self.asks_on(tried as u64, &lines) {
                break;
            }
        }
        lines
    }

    /// The first of some schedules that fails: after how many, and what happened of it. How many are tried at once
    /// makes no difference.
    fn first(&self, candidates: &[Vec<ScheduleLine>]) -> (usize, Option<Vec<ScheduleLine>>) {
        let count = candidates.len();
        let found = candidates
            .par_iter()
            .enumerate()
            .find_map_first(|(nth, lines)| Some((nth + 1, (self.fails)(lines)?)));
        found.map_or((count, None), |(tried, lines)| (tried, Some(lines)))
    }
}

fn without(lines: &[ScheduleLine], gone: std::ops::Range<usize>) -> Vec<ScheduleLine> {
    let left = lines[..gone.start].iter().chain(&lines[gone.end..]);
    left.cloned().collect()
}

/// An event without what is in its message or timer.
fn sort(line: &str) -> String {
    let end = line
        .find(['(', '{', '['])
        .filter(|_| !line.starts_with("cut") && !line.starts_with("heal"));
    line[..end.unwrap_or(line.len())].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::Deletion;
    use crate::scenario::ScheduleLine;

    fn lines(words: &[&str]) -> Vec<ScheduleLine> {
        words
            .iter()
            .map(|word| (None, (*word).to_owned()))
            .collect()
    }

    fn left(of: &[&str], fails: &(dyn Fn(&[&str]) -> bool + Sync)) -> Vec<String> {
        let fails = |lines: &[ScheduleLine]| {
            let words: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
            fails(&words).then(|| lines.to_vec())
        };
        let mut deletion = Deletion {
            fails: &fails,
            goes_on: &mut |_, _| true,
        };
        let left = deletion.all(lines(of)).into_iter();
        left.map(|(_, line)| line).collect()
    }

    const WORDS: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

    #[test]
    fn what_is_needed_stays_and_nothing_else() {
        let needs = |words: &[&str]| ["b", "f", "i"].iter().all(|word| words.contains(word));
        assert_eq!(left(&WORDS, &needs), ["b", "f", "i"]);
        assert!(left(&WORDS, &|_| true).is_empty());
    }

    #[test]
    fn two_that_only_go_together_go() {
        let has = |words: &[&str], word| words.contains(&word);
        let needs = |words: &[&str]| has(words, "a") && has(words, "c") == has(words, "h");
        assert_eq!(left(&WORDS, &needs), ["a"]);
    }

    #[test]
    fn who_wants_it_to_end_has_the_best_so_far() {
        let mut asked = 0;
        let mut deletion = Deletion {
            fails: &|lines| (lines.len() > 2).then(|| lines.to_vec()),
            goes_on: &mut |_, _| {
                asked += 1;
                asked < 2
            },
        };
        assert!(deletion.all(lines(&WORDS)).len() < WORDS.len());
    }
}
