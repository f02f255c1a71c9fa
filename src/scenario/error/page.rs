//! A scenario error as terminals show it: with the text around its place.

use std::fmt;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
};

use super::{ScenarioError, Span};

impl ScenarioError {
    /// The error with the text around its place, for people.
    pub fn render(&self, colours: bool) -> String {
        let theme = if colours {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let mut page = String::new();
        GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_width(100)
            .render_report(&mut page, &Page::of(self))
            .expect("writing to a string does not fail");
        page
    }
}

/// The file and the place stand above the text, not in front of the message.
#[derive(Debug)]
struct Page<'a> {
    error: &'a ScenarioError,
    source: NamedSource<Arc<str>>,
}

impl<'a> Page<'a> {
    fn of(error: &'a ScenarioError) -> Self {
        let text = Arc::clone(&error.0.text);
        let source = NamedSource::new(error.file(), text);
        Page { error, source }
    }

    fn span(&self) -> Option<Span> {
        self.error.0.flaw.span
    }
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.span() {
            Some(_) => f.write_str(self.error.message()),
            None => self.error.fmt(f),
        }
    }
}

impl std::error::Error for Page<'_> {}

impl Diagnostic for Page<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.error.advice()?))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.span().map(|_| &self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let Span { start, end } = self.span()?;
        let label = Some(self.error.0.flaw.label.clone());
        let span = LabeledSpan::new(label, start, end - start);
        Some(Box::new(std::iter::once(span)))
    }
}
