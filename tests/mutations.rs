//! Mistakes that were made in the fast engine on purpose: each has to be caught by its tests.
//!
//! The list is checked in every test run: each mistake must still fit the code. Making them takes a
//! build and a test run each, so that is done by hand, after a change of the engine:
//!
//!     cargo test --test mutations -- --ignored --nocapture
//!
//! `JURY_MUTATIONS=sweep,pack` makes only those in files with such names.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a build and a test run may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// One mistake: the file, seen from `src/check/fast`, what it says, and what it would say.
struct Mutation {
    what: &'static str,
    file: &'static str,
    says: &'static str,
    would_say: &'static str,
    /// Why no test can catch it: it changes nothing that can be seen.
    survives: Option<&'static str>,
}

const fn mistake(
    what: &'static str,
    file: &'static str,
    says: &'static str,
    would_say: &'static str,
) -> Mutation {
    Mutation {
        what,
        file,
        says,
        would_say,
        survives: None,
    }
}

const MUTATIONS: &[Mutation] = &[
    mistake(
        "a bit is dropped in packing",
        "pack.rs",
        "words[word as usize] ^= u64::from(old ^ new) << shift;",
        "words[word as usize] ^= u64::from((old ^ new) & !1) << shift;",
    ),
    mistake(
        "a number that is one too large still fits",
        "pack.rs",
        "u64::from(number) <= self.fields[part].mask()",
        "u64::from(number) <= self.fields[part].mask() + 1",
    ),
    mistake(
        "folding forgets which half is which",
        "pack.rs",
        "u64::from(left) << 32 | u64::from(right)",
        "u64::from(left.max(right)) << 32 | u64::from(left.min(right))",
    ),
    mistake(
        "the word that was folded last is believed to be this one",
        "pack.rs",
        "if word == words[from] {",
        "if word >> 1 == words[from] >> 1 {",
    ),
    mistake(
        "of two words the second is lost",
        "pack.rs",
        "second: words.get(1).copied().unwrap_or(0),",
        "second: 0,",
    ),
    mistake(
        "the second half is folded like the first",
        "pack.rs",
        "second: self.half(words, middle, words.len()),",
        "second: self.half(words, 0, middle),",
    ),
    mistake(
        "who names others has a say in signatures",
        "orbits.rs",
        "let says = if names_nobody {",
        "let says = if names_nobody || part > 0 {",
    ),
    mistake(
        "renamings change the order in which choices are settled",
        "orbits.rs",
        "if keeps_order(renaming, &self.undecided) {",
        "if keeps_order(renaming, &[]) {",
    ),
    mistake(
        "nodes with equal signatures pass for alike",
        "orbits.rs",
        "None => all_alike &= !is_tied,",
        "None => all_alike &= true,",
    ),
    mistake(
        "a protocol is taken at its word that names do not matter",
        "cursor/answers.rs",
        "orbits.check(&self.system, question);",
        "let _ = (orbits, question);",
    ),
    mistake(
        "a checkpoint forgets that sends were absorbed",
        "saved.rs",
        "absorbed: seen.absorbed,\n            repair_withheld: seen.repair_withheld,\n            exercised: by_position",
        "absorbed: false,\n            repair_withheld: seen.repair_withheld,\n            exercised: by_position",
    ),
    mistake(
        "a checkpoint forgets half of the events",
        "saved.rs",
        "(self.levels.clone(), self.expanded, self.generated);",
        "(self.levels.clone(), self.expanded, self.generated / 2);",
    ),
    mistake(
        "a checkpoint forgets what predicates have read",
        "saved.rs",
        "self.read = read;",
        "let _ = read;",
    ),
    mistake(
        "duplicates for which there is no room are forgotten with the list",
        "offers.rs",
        "enabled.crowded |= list.crowded;",
        "let _ = list.crowded;",
    ),
    mistake(
        "longer keys take nothing in addition",
        "search.rs",
        "ahead: ((worlds + set) * longer) as u64,",
        "ahead: ((worlds + set) * (longer - longer)) as u64,",
    ),
    mistake(
        "a checkpoint in a sweep says more than was marked",
        "saved.rs",
        "marks.add(self.visited.find(class).expect(\"it was found\"), bits);",
        "marks.add(self.visited.find(class).expect(\"it was found\"), bits | 1);",
    ),
    mistake(
        "packing again is lost on the list",
        "search.rs",
        "let translate = |key| worker.cursor.translate(&old, key, &mut scratch);",
        "let translate = |key| { worker.cursor.translate(&old, key, &mut scratch); key };",
    ),
    mistake(
        "packing again is lost on other workers",
        "search.rs",
        "other.cursor.adopt(first.cursor.packer());",
        "let _ = (other, first.cursor.packer());",
    ),
    mistake(
        "a round goes on although a number was outgrown",
        "search.rs",
        "if all[..chunks].iter().all(|chunk| !locked(chunk).outgrown) {",
        "if all[..chunks].iter().any(|chunk| !locked(chunk).outgrown) {",
    ),
    mistake(
        "a level begins one world late",
        "search.rs",
        "self.levels.push(self.keys.len());",
        "self.levels.push((self.keys.len() + 1).min(self.keys.len() + self.expanded));",
    ),
    mistake(
        "a search that ends within a round counts all of it",
        "search.rs",
        "if self.is_settled() || self.is_too_large() {\n                    // Seen",
        "if self.is_settled() && self.is_too_large() {\n                    // Seen",
    ),
    mistake(
        "what was seen before a search ended is forgotten",
        "search.rs",
        "self.see_again(&chunk);\n",
        "",
    ),
    Mutation {
        what: "a property is looked for at later worlds, too",
        file: "search.rs",
        says: "settling.nth == nth && found.is_none()",
        would_say: "settling.nth <= nth && found.is_none()",
        survives: Some("it was found at its own world already"),
    },
    mistake(
        "words of one share are taken for those of another",
        "search.rs",
        "self.keys.push(chunk.found(share)[taken[share]]);",
        "self.keys.push(chunk.found(share)[if taken[share] > 0 { taken[share] - 1 } else { 0 }]);",
    ),
    mistake(
        "a stale memo: what was asked lately of another part",
        "cursor/answers.rs",
        "if recent.0 == question {",
        "if recent.0 & 0xffff_ffff == question & 0xffff_ffff {",
    ),
    mistake(
        "what is doubted is believed",
        "cursor/answers.rs",
        "let doubts = self.is_in_doubt();",
        "let doubts = self.is_in_doubt() && self.told > self.inputs.len();",
    ),
    mistake(
        "what was recorded otherwise is believed",
        "cursor/answers.rs",
        "again == **self.books.history.values.get(after),",
        "again == again.clone() || again == **self.books.history.values.get(after),",
    ),
    mistake(
        "a predicate that answers otherwise is believed",
        "views.rs",
        "insist(answer.is_ok() == known, self.name);",
        "let _ = answer.is_ok() == known;",
    ),
    mistake(
        "what is offered is remembered whatever the node is",
        "offers.rs",
        "u64::from(channel) << 34 | u64::from(node) << 3 | bits(terms)",
        "u64::from(channel) << 34 | u64::from(node & !1) << 3 | bits(terms)",
    ),
    mistake(
        "what is offered is remembered whatever the terms are",
        "offers.rs",
        "u64::from(node) << 3 | bits(terms)",
        "u64::from(node) << 3 | bits(terms) & 3",
    ),
    Mutation {
        what: "events that are no offers are not counted before those that are",
        file: "offers.rs",
        says: "        self.enabled.resize(enabled.events.len(), NONE);\n        self.enabled.extend",
        would_say: "        self.enabled.extend",
        survives: Some("as it is, the relation lists them last"),
    },
    mistake(
        "the bounds that withheld events are forgotten",
        "offers.rs",
        "        enabled.withheld.extend(&list.withheld);\n",
        "",
    ),
    mistake(
        "what is offered is forgotten, and still believed to be known",
        "offers.rs",
        "*self = Offers::new(self.nodes, self.most);",
        "self.all.clear();",
    ),
    mistake(
        "what is sent is played back although a cut lasts",
        "offers.rs",
        "if offer == NONE || self.some_cut_lasts() {",
        "if offer == NONE {",
    ),
    mistake(
        "a send puts in flight what it put in flight the first time",
        "cursor/carrier.rs",
        "        self.record_move(|| Move::Sends { link, msg });\n        self.change_on(link, &ChannelChange::Send(&msg))",
        "        let fate = self.change_on(link, &ChannelChange::Send(&msg));\n        self.record_part(self.books.nodes + self.books.at_link(link));\n        fate",
    ),
    mistake(
        "on a tape nothing is absorbed",
        "offers.rs",
        "absorbed |= fate == Fate::Absorbed;",
        "let _ = fate == Fate::Absorbed;",
    ),
    mistake(
        "a crash inside a handler costs nothing on a tape",
        "offers.rs",
        "Move::Crashes(id) => self.change_all(&GlobalsChange::Crash(id)),",
        "Move::Crashes(_) => {}",
    ),
    mistake(
        "only the last change is taken back",
        "cursor/mod.rs",
        "while let Some((part, before)) = self.changed.pop() {",
        "if let Some((part, before)) = self.changed.pop() {",
    ),
    mistake(
        "a crash inside a handler is the whole handler",
        "cursor/carrier.rs",
        "let known = self.books.node[index(id)].known_reaction(at, crash_after);",
        "let known = self.books.node[index(id)].known_reaction(at, None);",
    ),
    mistake(
        "an observation is taken for nothing",
        "books/rest.rs",
        "if observations.is_empty() && breaches.is_empty() {",
        "if observations.len() < 2 && breaches.is_empty() {",
    ),
    mistake(
        "whom a timer awaits is not looked up",
        "books/node.rs",
        "armed.filter(|(armed, _)| *armed == timer)",
        "armed.filter(|(armed, _)| *armed <= timer)",
    ),
    mistake(
        "a crash point is lost",
        "books/node.rs",
        "points.iter().fold(0, |bits, point| bits | 1 << point)",
        "points.iter().fold(0, |bits, point| bits | 1 << (point & 1))",
    ),
    mistake(
        "an absorbed message counts as in flight",
        "books/channel.rs",
        "Fate::Absorbed => 1,",
        "Fate::Absorbed => 0,",
    ),
    mistake(
        "any message may come next",
        "books/channel.rs",
        "self.lists.get(self.facts[channel as usize].1, nth)",
        "self.lists.get(self.facts[channel as usize].0, nth)",
    ),
    mistake(
        "workers do not read what others wrote",
        "intern.rs",
        "        self.read_on(&written);\n        if let Some",
        "        if let Some",
    ),
    mistake(
        "a memo forgets some answers when it grows",
        "memo.rs",
        "if question != FREE {\n                    self.place",
        "if question != FREE && question % 7 != 3 {\n                    self.place",
    ),
    mistake(
        "the set forgets some keys when it grows",
        "visited.rs",
        "keys.filter(|key| key.first != FREE) {",
        "keys.filter(|key| key.first != FREE && key.first % 7 != 3) {",
    ),
    mistake(
        "two keys with hashes that begin alike are one",
        "visited.rs",
        "if found == key.first && (",
        "if mix(found) >> 48 == mix(key.first) >> 48 && (",
    ),
    mistake(
        "keys are compared by their first word alone",
        "visited.rs",
        "(self.key_words == 1 || self.words[at + 1] == key.second)",
        "(self.key_words > 0 || self.words[at + 1] == key.second)",
    ),
    mistake(
        "when keys get longer, a block on disk is written over one that was not read yet",
        "keys.rs",
        "let gets_longer = key_words > self.key_words;",
        "let gets_longer = key_words < self.key_words;",
    ),
    mistake(
        "a predicate's answer is remembered whatever it read",
        "views.rs",
        "at = self.branches.get(question(number(at), part(read)))? as usize;",
        "at = self.branches.get(question(number(at), part(read) & !1))? as usize;",
    ),
    mistake(
        "a fault counts as progress",
        "sweep.rs",
        "Class::Fault => 0,",
        "Class::Fault => self.all,",
    ),
    mistake(
        "a repair counts as progress",
        "sweep.rs",
        "Class::Repair => self.by_repairs,",
        "Class::Repair => self.all,",
    ),
    mistake(
        "a world from which a bound withheld something counts as blocked",
        "sweep.rs",
        "if !enabled.withheld.is_empty() || (!deeper",
        "if (!deeper",
    ),
    mistake(
        "the sweep ends after one pass",
        "sweep.rs",
        "if !changed.load(Ordering::Relaxed) {",
        "if first || !changed.load(Ordering::Relaxed) {",
    ),
    mistake(
        "worlds that were not expanded count as blocked",
        "sweep.rs",
        "self.marks.add(place, self.all);\n            return true;",
        "return false;",
    ),
    mistake(
        "the depth bound is one too deep for the sweep",
        "sweep.rs",
        "let deeper = at < self.deeper;",
        "let deeper = at <= self.deeper;",
    ),
    mistake(
        "a schedule takes the last event that leads there",
        "schedule.rs",
        "(0..enabled.events.len()).find(|nth| {",
        "(0..enabled.events.len()).rev().find(|nth| {",
    ),
    mistake(
        "a successor passes for one that came lately if it begins alike",
        "lately.rs",
        "std::mem::replace(&mut self.0[at], key) != key",
        "std::mem::replace(&mut self.0[at], key).first != key.first",
    ),
    mistake(
        "what came lately is remembered although worlds are packed anew",
        "lately.rs",
        "        self.0.clear();\n",
        "",
    ),
    mistake(
        "successors that came lately are no events",
        "worker.rs",
        "events += enabled.events.len() as u64;",
        "events = chunk.order.len() as u64;",
    ),
    mistake(
        "what was seen by later chunks is lost",
        "worker.rs",
        "self.waiting = self.waiting.or(later.waiting);",
        "self.waiting = later.waiting.or(self.waiting);",
    ),
    mistake(
        "a message that is absorbed is not noted",
        "worker.rs",
        "chunk.seen.absorbed |= self.cursor",
        "let _ = self.cursor",
    ),
    mistake(
        "an observation does not keep a delivery from being left out",
        "reduce/mod.rs",
        "known.after == before && known.observed == NONE && ",
        "known.after == before && ",
    ),
    mistake(
        "a delivery that sends something is left out",
        "reduce/mod.rs",
        "known.observed == NONE && book.sent(reaction, 0).is_none()",
        "known.observed == NONE",
    ),
    mistake(
        "deliveries are left out where progress is asked for",
        "../reduction.rs",
        "Reduction::NoOp | Reduction::Lost => &[\"always\", \"reachable\"],",
        "Reduction::NoOp | Reduction::Lost => &[\"always\", \"reachable\", \"never blocked\"],",
    ),
    mistake(
        "something is left out on fifo links",
        "../reduction.rs",
        "rules.links.order == LinkOrder::Fifo",
        "rules.links.order == LinkOrder::Fifo && rules.links.never_forgets",
    ),
    mistake(
        "something is left out under accurate timing",
        "../reduction.rs",
        "if rules.timing == Timing::Accurate {",
        "if rules.timing == Timing::Accurate && rules.links.never_forgets {",
    ),
    mistake(
        "a predicate may read what is in flight",
        "../reduction.rs",
        "self.channels || (self.globals && spends)",
        "self.globals && spends",
    ),
    mistake(
        "a predicate may read what was spent on duplicates",
        "../reduction.rs",
        "let spends = loses(rules) || rules.budgets.duplicates != Limit::NONE;",
        "let spends = loses(rules);",
    ),
    mistake(
        "what settled properties read counts",
        "search.rs",
        "inquiries[reading.property].found.is_none()",
        "reading.nth == nth",
    ),
    mistake(
        "what goals read does not count",
        "search.rs",
        "workers.fold(self.read, |all, worker| all.and(worker.read))",
        "workers.fold(self.read, |all, worker| if worker.read.any() { all } else { all.and(worker.read) })",
    ),
    mistake(
        "what is dead for a node that changed stays in flight on most links",
        "reduce/dead.rs",
        "self.bury_at(part, 0..nodes);\n            } else",
        "self.bury_at(part, 0..1);\n            } else",
    ),
    mistake(
        "the first world is not looked at",
        "cursor/mod.rs",
        "if cursor.bury_all() {",
        "if false {",
    ),
    mistake(
        "a message that a bound withholds is dead",
        "reduce/prospect.rs",
        "if node.state().and_then(withheld).is_some() {\n            return Ok(true);",
        "if node.state().and_then(withheld).is_some() {\n            return Ok(false);",
    ),
    mistake(
        "crashes inside handlers are not foreseen",
        "reduce/prospect.rs",
        "if self.system.rules.budgets.inside_handlers && self.frail.contains(id) {",
        "if false {",
    ),
    mistake(
        "what a crash inside a handler leaves behind is nothing",
        "reduce/prospect.rs",
        "self.ask(id, part, node, input, Some(after))?;\n                differs = true;",
        "self.ask(id, part, node, input, Some(after))?;",
    ),
    mistake(
        "recoveries are not foreseen",
        "reduce/prospect.rs",
        "if joins || self.recovers {",
        "if joins {",
    ),
    mistake(
        "joins are not foreseen",
        "reduce/prospect.rs",
        "let joins = matches!(node, Node::Absent);",
        "let joins = false;",
    ),
    mistake(
        "timeouts are not foreseen",
        "reduce/prospect.rs",
        "if self.times_out {",
        "if false {",
    ),
    mistake(
        "an observation is nothing to whom a message is for",
        "reduce/prospect.rs",
        "let mut differs = after != *node || !reaction.observations.is_empty();",
        "let mut differs = after != *node;",
    ),
    mistake(
        "a message is dead as soon as nobody reacts to it now",
        "reduce/prospect.rs",
        "if news {\n                    todo.push(from);",
        "if news && from > self.parts.len() {\n                    todo.push(from);",
    ),
];

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn engine(root: &Path, mutation: &Mutation) -> PathBuf {
    root.join("src/check/fast").join(mutation.file)
}

#[test]
fn every_mistake_fits_the_code() {
    for mutation in MUTATIONS {
        let code = fs::read_to_string(engine(project(), mutation)).expect("a file of the engine");
        let times = code.matches(mutation.says).count();
        assert_eq!(times, 1, "{}: {:?}", mutation.what, mutation.says);
        assert_ne!(mutation.says, mutation.would_say);
    }
}

#[test]
#[ignore = "a build and a test run for each mistake: an hour or two, to be done by hand"]
fn every_mistake_is_caught() {
    let copy = tempfile::tempdir().expect("a place for a copy");
    for part in ["src", "tests", "benches", "examples", "scenarios"] {
        copy_all(&project().join(part), &copy.path().join(part));
    }
    for file in ["Cargo.toml", "Cargo.lock", "README.md", "schema.json"] {
        let _ = fs::copy(project().join(file), copy.path().join(file));
    }
    assert!(passes(copy.path()), "without a mistake all is well");
    let mut wrong = Vec::new();
    let only = std::env::var("JURY_MUTATIONS").unwrap_or_default();
    for mutation in MUTATIONS
        .iter()
        .filter(|m| only.split(',').any(|part| m.file.contains(part)))
    {
        let path = engine(copy.path(), mutation);
        let code = fs::read_to_string(&path).expect("it was copied");
        let mistaken = code.replacen(mutation.says, mutation.would_say, 1);
        fs::write(&path, mistaken).expect("the copy can be written");
        let caught = !passes(copy.path());
        fs::write(&path, code).expect("the copy can be written");
        println!(
            "{}: {}",
            if caught { "caught" } else { "SURVIVED" },
            mutation.what
        );
        if caught == mutation.survives.is_some() {
            wrong.push(mutation.what);
        }
    }
    assert!(wrong.is_empty(), "not as expected: {wrong:#?}");
}

/// Whether the engine's own tests and the comparison with the plain engine pass, in good time: a
/// mistake may also make a search go on for ever.
fn passes(project: &Path) -> bool {
    let tests = |more: &[&str]| {
        let mut tests = Command::new(env!("CARGO"));
        tests
            .args(["test", "--lib", "--test", "engines"])
            .args(more)
            .current_dir(project)
            .env("CARGO_TARGET_DIR", project.join("target"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
            .env("PROPTEST_CASES", "40")
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        tests
    };
    // What does not compile is caught by nobody.
    let built = tests(&["--no-run"]).status().expect("cargo runs");
    assert!(built.success(), "it does not compile");
    let log = project.join("tests.log");
    let mut tests = tests(&["--", "fast::", "reduce::", "symmetry::", "checkpoint::"]);
    tests.stdout(fs::File::create(&log).expect("the copy can be written"));
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut tests, 0);
    let mut tests = tests.spawn().expect("cargo runs");
    let begun = Instant::now();
    loop {
        if let Some(status) = tests.try_wait().expect("it is ours") {
            return status.success();
        }
        // The first test that fails is enough.
        let told = fs::read_to_string(&log).unwrap_or_default();
        if told.contains("... FAILED") || begun.elapsed() > PATIENCE {
            end(&mut tests);
            return false;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Ends a command, and whatever it has started.
fn end(command: &mut Child) {
    if cfg!(unix) {
        let group = format!("-{}", command.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
    }
    let _ = command.kill();
    command.wait().expect("it is ours");
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory of ours") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file");
        }
    }
}
