//! Estimates as a picture: for each success a line from end to end of its interval, with what was
//! measured, the closed form and the mean on it.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{Estimate, Estimated};

/// The picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the plot cannot be drawn: {0}")]
pub struct PlotError(String);

const WIDTH: u32 = 860;
const ROW: u32 = 22;
const MARGINS: u32 = 100;
const LEGEND: u32 = 30;
const LABELS: u32 = 280;

/// An SVG document.
pub fn plot(estimates: &[(&str, &Estimate)]) -> Result<String, PlotError> {
    let rows: Vec<Row> = rows(estimates);
    let height = ROW * u32::try_from(rows.len()).unwrap_or(u32::MAX / ROW) + MARGINS;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        draw(&area, &rows).map_err(|error| PlotError(error.to_string()))?;
    }
    Ok(svg)
}

/// One success of one scenario.
struct Row<'a> {
    label: String,
    success: &'a Estimated,
}

fn rows<'a>(estimates: &[(&str, &'a Estimate)]) -> Vec<Row<'a>> {
    let of = |(name, estimate): &(&str, &'a Estimate)| {
        let row = move |success: &'a Estimated| Row {
            label: format!("{name}: {}", success.name),
            success,
        };
        estimate.successes.iter().map(row).collect::<Vec<_>>()
    };
    estimates.iter().flat_map(of).collect()
}

type Drawn<E> = Result<(), DrawingAreaErrorKind<E>>;

fn draw<B: DrawingBackend>(area: &DrawingArea<B, Shift>, rows: &[Row<'_>]) -> Drawn<B::ErrorType> {
    area.fill(&WHITE)?;
    let (legend, plot) = area.split_vertically(LEGEND);
    explain(&legend)?;
    // The first row is at the top.
    let last = rows.len().saturating_sub(1);
    let mut chart = ChartBuilder::on(&plot)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(LABELS)
        .build_cartesian_2d(0.0..1.0, (0..last).into_segmented())?;
    let label = |at: &SegmentValue<usize>| match at {
        SegmentValue::CenterOf(at) | SegmentValue::Exact(at) => rows
            .get(last - at)
            .map_or(String::new(), |row| row.label.clone()),
        SegmentValue::Last => String::new(),
    };
    chart
        .configure_mesh()
        .x_desc("likelihood")
        .y_labels(rows.len())
        .y_label_formatter(&label)
        .disable_y_mesh()
        .max_light_lines(1)
        .draw()?;
    let at = |nth: usize| SegmentValue::CenterOf(last - nth);
    let each = || rows.iter().enumerate();
    chart.draw_series(each().map(|(nth, row)| {
        let interval = row.success.interval;
        let ends = vec![(interval.low, at(nth)), (interval.high, at(nth))];
        PathElement::new(ends, BLUE.stroke_width(3))
    }))?;
    chart.draw_series(
        each().map(|(nth, row)| Circle::new((row.success.share, at(nth)), 4, BLUE.filled())),
    )?;
    let known = each().filter_map(|(nth, row)| Some((nth, row.success.closed_form?)));
    chart.draw_series(
        known.map(|(nth, known)| Cross::new((known, at(nth)), 6, BLACK.stroke_width(2))),
    )?;
    let means = each().filter_map(|(nth, row)| Some((nth, row.success.mean?)));
    chart.draw_series(
        means.map(|(nth, mean)| TriangleMarker::new((mean, at(nth)), 5, RED.filled())),
    )?;
    area.present()
}

/// What the marks mean.
fn explain<B: DrawingBackend>(legend: &DrawingArea<B, Shift>) -> Drawn<B::ErrorType> {
    const AT: i32 = 20;
    let word = |text: &'static str, x: i32| Text::new(text, (x + 12, AT - 6), ("sans-serif", 13));
    legend.draw(&Circle::new((310, AT), 4, BLUE.filled()))?;
    legend.draw(&word("measured", 310))?;
    legend.draw(&Cross::new((430, AT), 6, BLACK.stroke_width(2)))?;
    legend.draw(&word("closed form", 430))?;
    legend.draw(&TriangleMarker::new((560, AT), 5, RED.filled()))?;
    legend.draw(&word("mean of the members", 560))
}
