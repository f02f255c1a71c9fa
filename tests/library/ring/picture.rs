//! The figures as a picture: on the left how uneven shares are, on the right what moves when a node joins.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{Balance, Join, RINGS, law_of_deviation};

const SIZE: (u32, u32) = (900, 400);
const TEXT: (&str, i32) = ("sans-serif", 13);
const TITLE: (&str, i32) = ("sans-serif", 15);

type Drawn<E> = Result<(), DrawingAreaErrorKind<E>>;

/// An SVG document, or why it cannot be drawn.
pub fn plot(balances: &[Balance], joins: &[Join]) -> Result<String, String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        draw(&area, balances, joins).map_err(|error| error.to_string())?;
    }
    Ok(svg)
}

fn draw<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    balances: &[Balance],
    joins: &[Join],
) -> Drawn<B::ErrorType> {
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(SIZE.0 / 2);
    draw_balances(&left, balances)?;
    draw_joins(&right, joins)?;
    area.present()
}

/// Where a power of two is.
fn place(power: u32) -> i32 {
    i32::try_from(power.trailing_zeros()).expect("it is at most 31")
}

fn power(place: i32) -> String {
    (1_u32 << place).to_string()
}

fn line(points: impl Iterator<Item = (i32, f64)>, color: RGBColor) -> [PathElement<(i32, f64)>; 1] {
    [PathElement::new(points.collect::<Vec<_>>(), color)]
}

fn draw_balances<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    balances: &[Balance],
) -> Drawn<B::ErrorType> {
    let mut chart = ChartBuilder::on(area)
        .caption("how uneven shares are", TITLE)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(0..8, 0.0..1.0)?;
    chart
        .configure_mesh()
        .x_desc("virtual nodes of each node")
        .y_desc("deviation, in parts of the mean share")
        .x_labels(9)
        .x_label_formatter(&|place| power(*place))
        .max_light_lines(1)
        .draw()?;
    for ((nodes, _), color) in RINGS.into_iter().zip([BLACK, BLUE, RED]) {
        let law = (0..=8).map(|log| (log, law_of_deviation(nodes, 1 << log)));
        chart
            .draw_series(line(law, color))?
            .label(format!("{nodes} nodes: law, measured"))
            .legend(move |(x, y)| {
                EmptyElement::at((x, y))
                    + PathElement::new(vec![(0, 0), (20, 0)], color)
                    + Circle::new((10, 0), 3, color.filled())
            });
        let measured = balances.iter().filter(|b| b.nodes == nodes);
        chart.draw_series(measured.map(|b| {
            let at = (place(b.virtual_nodes), b.deviation);
            Circle::new(at, 3, color.filled())
        }))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .label_font(TEXT)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()
}

fn draw_joins<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    joins: &[Join],
) -> Drawn<B::ErrorType> {
    let mut chart = ChartBuilder::on(area)
        .caption("what moves when a node joins", TITLE)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(0..5, 0.0..1.0)?;
    chart
        .configure_mesh()
        .x_desc("nodes before")
        .y_desc("part of all keys")
        .x_labels(6)
        .x_label_formatter(&|place| power(*place))
        .max_light_lines(1)
        .draw()?;
    let at = |join: &Join| place(join.members);
    let ring = joins.iter().map(|join| (at(join), join.law()));
    chart
        .draw_series(line(ring, BLUE))?
        .label("ring: 1/(n + 1), measured")
        .legend(|(x, y)| {
            EmptyElement::at((x, y))
                + PathElement::new(vec![(0, 0), (20, 0)], BLUE)
                + Circle::new((10, 0), 3, BLUE.filled())
        });
    chart.draw_series(joins.iter().map(|join| {
        let at = (at(join), join.ring.all);
        Circle::new(at, 3, BLUE.filled())
    }))?;
    let modulo = joins.iter().map(|join| (at(join), join.law_of_modulo()));
    chart
        .draw_series(line(modulo, RED))?
        .label("hash % n: n/(n + 1), measured")
        .legend(|(x, y)| {
            EmptyElement::at((x, y))
                + PathElement::new(vec![(0, 0), (20, 0)], RED)
                + Cross::new((10, 0), 5, RED.stroke_width(2))
        });
    chart.draw_series(joins.iter().map(|join| {
        let at = (at(join), join.modulo.all);
        Cross::new(at, 5, RED.stroke_width(2))
    }))?;
    chart
        .draw_series(joins.iter().map(|join| {
            let at = (at(join), join.slots.all);
            TriangleMarker::new(at, 5, BLACK.filled())
        }))?
        .label("slots sorted as text")
        .legend(|(x, y)| TriangleMarker::new((x + 10, y), 5, BLACK.filled()));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::MiddleRight)
        .label_font(TEXT)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()
}
