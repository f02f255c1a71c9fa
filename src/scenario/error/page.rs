//! A scenario error as terminals show it: with the text around its place.

use std::fmt;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, NamedSource, SourceCode, SourceSpan, SpanContents,
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

/// Of a line that is longer than this only what is around the place is shown, and no other line.
const LINE_MAX: usize = 500;
/// How much of it is shown in front of the place, and behind its beginning.
const AROUND: (usize, usize) = (40, 60);

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

/// The text around a place. Who draws it counts columns in two bytes, and files may have all in one line.
impl SourceCode for Page<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.source.read_span(span, before, after)?;
        let text = &*self.error.0.text;
        let longest = |bytes: &[u8]| bytes.split(|b| *b == b'\n').map(<[u8]>::len).max();
        if longest(contents.data()).is_none_or(|length| length <= LINE_MAX) {
            return Ok(contents);
        }
        let at = span.offset();
        let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let line_end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        let start = boundary(text, at.saturating_sub(AROUND.0).max(line_start));
        let end = boundary(text, (at + AROUND.1).min(line_end));
        let line = text[..line_start].matches('\n').count();
        let column = text[line_start..start].chars().count();
        Ok(Box::new(MietteSpanContents::new_named(
            self.error.file().to_owned(),
            &text.as_bytes()[start..end],
            (start, end - start).into(),
            line,
            column,
            1,
        )))
    }
}

/// The last boundary between characters up to here.
fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl Diagnostic for Page<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.error.advice()?))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.span().map(|_| self as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let Span { start, end } = self.span()?;
        // What is marked stays within what is shown of a long line.
        let end = end.min(start + AROUND.1);
        let label = Some(self.error.0.flaw.label.clone());
        let span = LabeledSpan::new(label, start, end - start);
        Some(Box::new(std::iter::once(span)))
    }
}
