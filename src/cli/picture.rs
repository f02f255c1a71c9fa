//! How diagrams are asked for on the command line.

use crate::trace::Trace;

use super::edge::{self, Options};
use super::terminal::WIDTH_MAX;
use super::{Failure, Terminal, words};

/// A longer run is drawn condensed, unless somebody asks for all of it.
const STEPS_SHOWN: usize = 60;

/// How a diagram is drawn.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[command(next_help_heading = "Diagrams")]
pub struct Picture {
    /// Draw with ASCII alone.
    #[arg(long)]
    pub ascii: bool,

    /// Columns, 40 to 200 [default: those of the terminal].
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..=200))]
    pub width: Option<u16>,

    /// What the scenario is about was told before.
    #[arg(skip)]
    pub about_is_told: bool,
}

impl Picture {
    /// The options of a diagram for this terminal.
    pub fn options(self, terminal: &Terminal) -> Options {
        Options {
            width: self
                .width
                .map_or(terminal.width.min(WIDTH_MAX), usize::from),
            color: terminal.color,
            ascii: self.ascii,
            about: !self.about_is_told,
            ..Options::default()
        }
    }

    /// The diagram of a trace that nobody asked to see in part.
    pub fn draw(self, trace: &Trace, terminal: &Terminal) -> String {
        self.draw_part(trace, (None, None), terminal)
    }

    /// The diagram of the steps from one to another, if they are named: then all of them.
    pub fn draw_part(self, trace: &Trace, part: Part, terminal: &Terminal) -> String {
        let options = Options {
            from: part.0,
            until: part.1,
            elide: condensed(part),
            ..self.options(terminal)
        };
        edge::diagram(trace, &options)
    }

    /// Whether such a diagram leaves something out that nobody wanted left out.
    pub fn leaves_out(trace: &Trace, part: Part) -> bool {
        part == (None, None) && trace.steps.len() > STEPS_SHOWN
    }
}

/// How many steps are drawn of a long run, unless somebody asks for a part of it.
pub fn condensed(part: Part) -> Option<usize> {
    (part == (None, None)).then_some(STEPS_SHOWN)
}

/// The first and the last step to draw.
pub type Part = (Option<usize>, Option<usize>);

/// Whether there is anything to show.
pub fn range((from, until): Part, steps: usize) -> Result<(), Failure> {
    let there_are = words::count(steps as u64, "step", "steps");
    for (flag, step) in [("--from", from), ("--until", until)] {
        if let Some(step) = step
            && step > steps
        {
            return Err(Failure::new(
                format!("{flag} {step}: there is no such step"),
                format!("the trace has {there_are}; 0 is the start"),
            ));
        }
    }
    match (from, until) {
        (Some(from), Some(until)) if from > until => Err(Failure::new(
            format!("there are no steps from {from} until {until}"),
            "name the smaller number with --from",
        )),
        _ => Ok(()),
    }
}

/// The name of a node, if the trace has one of that name.
pub fn node(trace: &Trace, name: &str) -> Result<String, Failure> {
    let mut names = trace.nodes.iter().map(|node| node.name.as_str());
    match names.clone().find(|n| n.eq_ignore_ascii_case(name)) {
        Some(name) => Ok(name.to_owned()),
        None => Err(super::failure::unknown("node", name, names.by_ref())),
    }
}
