//! One measurement in a process of its own: this program once more, told what to measure.

use std::process::{Command, Stdio};

use cpu_time::ProcessTime;

use crate::Task;

const FLAG: &str = "--measure";

/// What this process was started to measure.
pub fn asked_for(args: &[String]) -> Option<Task> {
    let (flag, numbers) = args.split_first()?;
    let number = |text: &String| text.parse().expect("a number");
    match numbers {
        _ if flag != FLAG => None,
        [line] => Some(Task::Idle { line: number(line) }),
        [line, column] => {
            let (line, column) = (number(line), number(column));
            Some(Task::Echo { line, column })
        }
        _ => panic!("{FLAG} LINE [COLUMN]"),
    }
}

/// Measures here, and tells whoever started this process: how much in a second of processor time.
pub fn report(task: Task) {
    let start = ProcessTime::now();
    let amount = task.run();
    println!("{amount} {}", start.elapsed().as_nanos());
}

/// Measures in a process of its own: how much in a second of processor time.
#[allow(clippy::cast_precision_loss)]
pub fn elsewhere(task: Task) -> f64 {
    let this = std::env::current_exe().expect("this program");
    let mut command = Command::new(this);
    command.arg(FLAG);
    match task {
        Task::Idle { line } => command.arg(line.to_string()),
        Task::Echo { line, column } => command.args([line.to_string(), column.to_string()]),
    };
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{task:?}: {}", output.status);
    let text = String::from_utf8(output.stdout).expect("it writes plain text");
    let numbers = text
        .split_whitespace()
        .map(|n| n.parse().expect("a number"));
    let [amount, nanos] = numbers.collect::<Vec<u64>>()[..] else {
        panic!("{task:?}: {text}");
    };
    let seconds = nanos as f64 / 1e9;
    eprintln!("  {task:?}: {amount} in {seconds:.2} s");
    amount as f64 / seconds
}
