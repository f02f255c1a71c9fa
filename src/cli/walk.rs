//! Walking through a trace with the keyboard.
//!
//! Invariant: however it ends (a key, Ctrl-C, a signal, a panic), the terminal is as before. It ends
//! when the terminal goes away, too.

use std::io::{self, IsTerminal, Write, stdin, stdout};
use std::time::Duration;

use crate::trace::Trace;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::style::Print;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use crossterm::{execute, queue};

use super::edge::{self, Landmark, Options};
use super::{Failure, Outcome, Terminal, interrupt};

/// How often a signal is looked for while nobody types.
const LOOK: Duration = Duration::from_millis(200);

/// What may be pressed, in lines that fit a narrow terminal.
const KEYS: [&str; 2] = [
    "n/→ next · p/← back · g goto · d details · Home/End · q quit",
    "j or f e c v: jump to a fault, election, decision, violation; J F E C V back",
];

/// Makes sure that there is somebody to walk with.
pub fn possible(terminal: &Terminal) -> Result<(), Failure> {
    if terminal.stdin && terminal.stdout {
        return Ok(());
    }
    Err(Failure::new(
        "--step needs a terminal, for the keys and for the picture",
        "leave it out, or use --until N to see the run up to a step",
    ))
}

/// Walks, beginning at a step.
pub fn walk(trace: &Trace, options: &Options, from: usize) -> Result<(), Failure> {
    interrupt::heed();
    end_with_the_terminal();
    let screen = Screen::enter()?;
    let mut walker = Walker {
        trace,
        options,
        at: 0,
        details: false,
        going_to: None,
        missed: None,
    };
    walker.go(from);
    let result = walker.walk();
    drop(screen);
    Ok(result?)
}

/// Ends the process once its terminal is gone. Whoever waits for a key then is told of no end: reading
/// gives an error, over and over.
fn end_with_the_terminal() {
    std::thread::spawn(|| {
        while stdin().is_terminal() {
            std::thread::sleep(LOOK);
        }
        // The trace replayed before anybody walked through it.
        std::process::exit(Outcome::AsExpected.code().into());
    });
}

/// The terminal in raw mode, on its other screen; given back when dropped.
struct Screen;

impl Screen {
    fn enter() -> io::Result<Self> {
        // The hook runs before the stack unwinds: without it, the words of a panic would go to
        // the screen that vanishes.
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            told(panic);
        }));
        enable_raw_mode()?;
        let screen = Screen;
        execute!(stdout(), EnterAlternateScreen, Hide)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    // Nothing can be done about a terminal that is gone.
    let _ = execute!(stdout(), Show, LeaveAlternateScreen);
    let _ = disable_raw_mode();
}

struct Walker<'a> {
    trace: &'a Trace,
    options: &'a Options,
    /// The step shown, counted from 1; 0 before the first.
    at: usize,
    details: bool,
    /// The digits typed so far of the step to go to.
    going_to: Option<String>,
    /// What the last key looked for in vain.
    missed: Option<Landmark>,
}

impl Walker<'_> {
    fn go(&mut self, step: usize) {
        self.at = step.min(self.trace.steps.len());
    }

    fn walk(&mut self) -> io::Result<()> {
        self.draw()?;
        while !interrupt::asked() {
            if !event::poll(LOOK)? {
                continue;
            }
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    if !self.press(key) {
                        return Ok(());
                    }
                }
                Event::Resize(..) => {}
                _ => continue,
            }
            self.draw()?;
        }
        Ok(())
    }

    /// To the next of what a key stands for, or back to the last.
    fn jump(&mut self, key: char) {
        let wanted = match key.to_ascii_lowercase() {
            'j' => Landmark::Any,
            'f' => Landmark::Fault,
            'e' => Landmark::Election,
            'c' => Landmark::Decision,
            'v' => Landmark::Violation,
            _ => return,
        };
        let back = key.is_ascii_uppercase();
        match edge::landmark(self.trace, self.at, wanted, back) {
            Some(step) => self.go(step),
            None => self.missed = Some(wanted),
        }
    }

    /// Whether the walk goes on.
    fn press(&mut self, key: KeyEvent) -> bool {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return !matches!(key.code, KeyCode::Char('c' | 'd'));
        }
        self.missed = None;
        if let Some(mut digits) = self.going_to.take() {
            match key.code {
                KeyCode::Char(c) if c.is_ascii_digit() && digits.len() < 9 => digits.push(c),
                KeyCode::Backspace => drop(digits.pop()),
                KeyCode::Enter => {
                    if let Ok(step) = digits.parse() {
                        self.go(step);
                    }
                    return true;
                }
                KeyCode::Esc => return true,
                _ => {}
            }
            self.going_to = Some(digits);
            return true;
        }
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return false,
            KeyCode::Char('n' | ' ') | KeyCode::Right | KeyCode::Down | KeyCode::Enter => {
                self.go(self.at + 1);
            }
            KeyCode::Char('p') | KeyCode::Left | KeyCode::Up | KeyCode::Backspace => {
                self.go(self.at.saturating_sub(1));
            }
            KeyCode::Home => self.go(0),
            KeyCode::End => self.go(usize::MAX),
            KeyCode::Char('g') => self.going_to = Some(String::new()),
            KeyCode::Char('d') => self.details = !self.details,
            KeyCode::Char(key) => self.jump(key),
            _ => {}
        }
        true
    }

    fn draw(&self) -> io::Result<()> {
        let (columns, rows) = size()?;
        let rows = usize::from(rows).max(3);
        let options = Options {
            until: Some(self.at),
            width: self.options.width.min(columns.into()),
            ..self.options.clone()
        };
        let room = rows.saturating_sub(1 + KEYS.len());
        // The names stay on top, and what happened last at the bottom.
        let lines = if self.details {
            edge::details(self.trace, self.at, &options, room)
        } else {
            edge::screen(self.trace, &options, room)
        };
        let mut out = stdout().lock();
        queue!(out, Clear(ClearType::All))?;
        for (row, line) in lines.iter().enumerate() {
            queue!(out, MoveTo(0, u16::try_from(row).unwrap_or(0)), Print(line))?;
        }
        let foot = self.foot();
        let below = [foot.as_str()].into_iter().chain(KEYS).rev();
        for (up, line) in (1..).zip(below) {
            let line: String = line.chars().take(columns.into()).collect();
            let row = u16::try_from(rows.saturating_sub(up)).unwrap_or(u16::MAX);
            queue!(out, MoveTo(0, row), Print(line))?;
        }
        out.flush()
    }

    /// Where it stands, or what is being typed.
    fn foot(&self) -> String {
        if let Some(digits) = &self.going_to {
            return format!("go to step: {digits}_");
        }
        let event = self.at.checked_sub(1).map(|i| &self.trace.steps[i].event);
        let event = event.map_or("the start", String::as_str);
        let missed = self.missed.map_or("", |landmark| match landmark {
            Landmark::Any => " (nothing more to jump to)",
            Landmark::Fault => " (no fault there)",
            Landmark::Election => " (no election there)",
            Landmark::Decision => " (no decision there)",
            Landmark::Violation => " (no violation there)",
        });
        format!(
            "step {} of {}{missed}: {event}",
            self.at,
            self.trace.steps.len()
        )
    }
}
