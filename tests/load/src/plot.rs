//! Plots of how something grows, as SVG.

use std::fmt::Write as _;

/// One picture of a page: some lines over one axis.
pub(crate) struct Panel {
    pub(crate) title: String,
    /// Where on the axis below something was measured, with what stands there.
    pub(crate) ticks: Vec<(f64, String)>,
    pub(crate) lines: Vec<Line>,
}

/// What was measured at each tick.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 300.0;
/// Of a panel, around its axes.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 64.0;
/// Of Okabe and Ito, which the colour-blind can tell apart.
const COLOURS: [&str; 5] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"];
/// From this ratio on between the largest and the smallest, the axis is logarithmic.
const LOGARITHMIC: f64 = 20.0;

/// Panels side by side. What they show is said in words by `description`.
pub(crate) fn svg(description: &str, panels: &[Panel]) -> String {
    let width = WIDTH * panels.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" height=\"{HEIGHT}\" \
         role=\"img\" font-family=\"sans-serif\" font-size=\"12\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        escaped(description)
    );
    for (number, panel) in panels.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<g transform=\"translate({},0)\">",
            WIDTH * number as f64
        );
        panel.draw(&mut svg);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

impl Panel {
    fn draw(&self, svg: &mut String) {
        let values = || self.lines.iter().flat_map(|line| &line.values).copied();
        let values = || values().filter(|value| value.is_finite() && *value > 0.0);
        let (least, most) = (
            values().fold(f64::INFINITY, f64::min),
            values().fold(0.0, f64::max),
        );
        let axis = Axis::of(least, most);
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let x = |tick: usize| {
            let steps = self.ticks.len().saturating_sub(1).max(1) as f64;
            LEFT + 24.0 + (right - LEFT - 48.0) * tick as f64 / steps
        };
        let y = |value: f64| bottom - (bottom - TOP) * axis.share(value);
        text(svg, LEFT, 22.0, "start", "#000", &self.title);
        for value in axis.marks() {
            let y = y(value);
            let _ = writeln!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>"
            );
            text(svg, LEFT - 6.0, y + 4.0, "end", "#444", &number(value));
        }
        for (tick, (_, label)) in self.ticks.iter().enumerate() {
            text(svg, x(tick), bottom + 18.0, "middle", "#444", label);
        }
        let mut beside = LEFT;
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            let points = line
                .values
                .iter()
                .enumerate()
                .filter(|(_, value)| value.is_finite());
            let points: Vec<(f64, f64)> =
                points.map(|(tick, value)| (x(tick), y(*value))).collect();
            let path: Vec<String> = points
                .iter()
                .map(|(x, y)| format!("{x:.1},{y:.1}"))
                .collect();
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                path.join(" ")
            );
            for ((x, y), value) in points
                .iter()
                .zip(line.values.iter().filter(|value| value.is_finite()))
            {
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"
                );
                text(svg, *x, y - 7.0, "middle", colour, &number(*value));
            }
            let row = HEIGHT - 16.0;
            let _ = writeln!(
                svg,
                "<rect x=\"{beside}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>",
                row - 9.0
            );
            text(svg, beside + 14.0, row, "start", "#000", &line.name);
            beside += 30.0 + 6.6 * line.name.chars().count() as f64;
        }
    }
}

/// From bottom to top.
struct Axis {
    least: f64,
    most: f64,
    is_logarithmic: bool,
}

impl Axis {
    fn of(least: f64, most: f64) -> Self {
        if most / least >= LOGARITHMIC {
            return Self {
                least: 10_f64.powf(least.log10().floor()),
                most: 10_f64.powf((most * 1.2).log10().ceil()),
                is_logarithmic: true,
            };
        }
        let step = step(most);
        Self {
            least: 0.0,
            most: (most * 1.1 / step).ceil() * step,
            is_logarithmic: false,
        }
    }

    fn share(&self, value: f64) -> f64 {
        match self.is_logarithmic {
            true => (value / self.least).log10() / (self.most / self.least).log10(),
            false => (value - self.least) / (self.most - self.least),
        }
    }

    fn marks(&self) -> Vec<f64> {
        if self.is_logarithmic {
            let decades = (self.most / self.least).log10().round() as i32;
            return (0..=decades)
                .map(|decade| self.least * 10_f64.powi(decade))
                .collect();
        }
        let step = step(self.most);
        let count = (self.most / step).round() as usize;
        (0..=count).map(|mark| mark as f64 * step).collect()
    }
}

/// A round number of which four to ten are this one.
fn step(most: f64) -> f64 {
    let decade = 10_f64.powf(most.log10().floor());
    match most / decade {
        few if few < 2.0 => decade / 4.0,
        few if few < 5.0 => decade / 2.0,
        _ => decade,
    }
}

fn number(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value >= 10_000.0 => format!("{:.0}k", value / 1000.0),
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{:.1}", value).trim_end_matches(".0").to_owned(),
        value => format!("{value:.2}")
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
    }
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, colour: &str, text: &str) {
    let text = escaped(text);
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{text}</text>"
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
