//! The text format of Prometheus, version 0.0.4.

use std::fmt::Write as _;

use waku_api::{MetricFamily, MetricHistogram, MetricKind, MetricLabel, MetricScope, MetricValue};

/// Metrics as text. Those of Waku are there twice, under `waku_` as in releases of nwaku up to 0.38 and under
/// `logos_delivery_` as in later ones. Label values of peers are escaped.
pub fn render(families: &[MetricFamily]) -> String {
    let mut text = String::new();
    for family in families {
        let prefixes: &[&str] = match family.scope {
            MetricScope::Waku => &["waku_", "logos_delivery_"],
            MetricScope::Libp2p => &["libp2p_"],
        };
        for prefix in prefixes {
            render_as(&mut text, family, prefix);
        }
    }
    text
}

fn render_as(text: &mut String, family: &MetricFamily, prefix: &str) {
    let (kind, end) = match family.kind {
        MetricKind::Counter => ("counter", "_total"),
        MetricKind::Gauge => ("gauge", ""),
        MetricKind::Histogram => ("histogram", ""),
    };
    let name = format!("{prefix}{}{end}", family.name);
    let help = family.help.replace('\\', "\\\\").replace('\n', "\\n");
    line(text, format_args!("# HELP {name} {help}"));
    line(text, format_args!("# TYPE {name} {kind}"));
    for sample in &family.samples {
        match &sample.value {
            MetricValue::Number(value) => {
                line(
                    text,
                    format_args!("{name}{} {value}", labels(&sample.labels, None)),
                );
            }
            MetricValue::Histogram(histogram) => render_histogram(text, &name, &sample.labels, histogram),
        }
    }
}

fn render_histogram(text: &mut String, name: &str, own: &[MetricLabel], histogram: &MetricHistogram) {
    let bounds = histogram.bounds.iter().map(f64::to_string);
    let bounds = bounds.chain(["+Inf".to_owned()]);
    let mut total = 0;
    for (bound, count) in bounds.zip(&histogram.counts) {
        total += count;
        line(
            text,
            format_args!("{name}_bucket{} {total}", labels(own, Some(&bound))),
        );
    }
    line(
        text,
        format_args!("{name}_sum{} {}", labels(own, None), histogram.sum),
    );
    line(text, format_args!("{name}_count{} {total}", labels(own, None)));
}

fn labels(own: &[MetricLabel], bound: Option<&str>) -> String {
    let own = own
        .iter()
        .map(|label| (label.name.as_str(), label.value.as_str()));
    let all = own.chain(bound.map(|bound| ("le", bound)));
    let texts: Vec<String> = all
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    if texts.is_empty() {
        return String::new();
    }
    format!("{{{}}}", texts.join(","))
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a text does not fail.
    let _written = writeln!(text, "{line}");
}
