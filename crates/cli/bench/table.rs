//! What was measured, as people read it.

use std::{
    fmt::Display,
    io::{self, Write},
};

use retrigger::bench::{Figures, Growth, Measured, Mismatch};

use crate::output::Output;

/// How many mismatches are listed.
const MAX_MISMATCHES: usize = 10;

/// Prints a workload: what it is, and either its mismatches or its figures.
pub(super) fn print(output: &mut Output, measured: &Measured) -> io::Result<()> {
    print_title(output, measured)?;
    if measured.mismatches > 0 {
        print_mismatches(output, &measured.mismatched)?;
    } else {
        print_figures(output, measured)?;
        print_growth(output, &measured.growth)?;
    }
    writeln!(output)
}

fn print_title(output: &mut Output, measured: &Measured) -> io::Result<()> {
    let Measured { workload, statements, requests, mismatches, policy_sets, .. } = measured;
    let (statements, requests) = (counted(*statements, "statement"), counted(*requests, "request"));
    let sets = counted(*policy_sets, "policy set");
    let decided = match mismatches {
        0 => "all decided as expected".to_owned(),
        count => format!("{} decided otherwise", thousands(count)),
    };
    output.wrapped(&format!("{workload}: {statements} in {sets}, {requests}, {decided}"))
}

fn print_mismatches(output: &mut Output, mismatched: &[Mismatch]) -> io::Result<()> {
    for Mismatch { id, expected, decision, broken } in mismatched.iter().take(MAX_MISMATCHES) {
        let line = match broken {
            Some(why) => format!("  {id}: a policy cannot be evaluated: {why}"),
            None => format!("  {id}: expected {expected}, got {decision}"),
        };
        output.wrapped(&line)?;
    }
    match mismatched.len().saturating_sub(MAX_MISMATCHES) {
        0 => {}
        more => writeln!(output, "  and {} more", thousands(more))?,
    }
    writeln!(output, "  nothing was timed")
}

/// One line of figures: its label, how its figures are written, and the figures.
struct Row {
    label: String,
    write: fn(f64) -> String,
    compiled: Option<f64>,
    plain: Option<f64>,
    /// More is better, so that the ratio is turned round.
    is_rate: bool,
}

fn rows(measured: &Measured) -> Vec<Row> {
    let Measured { figures, plain, threads, .. } = measured;
    let Figures { ns_median, ns_p99, decisions_per_s, allocations_per_decision, .. } = *figures;
    let row = |label: &str, write: fn(f64) -> String, compiled, plain| Row {
        label: label.to_owned(),
        write,
        compiled,
        plain,
        is_rate: false,
    };
    let rate = |label: &str, compiled, plain| Row {
        is_rate: true,
        ..row(label, per_second, compiled, plain)
    };
    let all_threads = format!("{}, together", counted(*threads, "thread"));
    #[expect(clippy::cast_precision_loss, reason = "three digits of it are shown")]
    let memory = figures.memory_bytes.map(|bytes| bytes as f64);
    vec![
        row("a decision, median", time, ns_median, plain.map(|it| it.ns_median)),
        row("a decision, 99th percentile", time, ns_p99, plain.map(|it| it.ns_p99)),
        rate("1 thread", decisions_per_s, plain.map(|it| it.decisions_per_s)),
        rate(
            &all_threads,
            figures.decisions_per_s_all_threads,
            plain.map(|it| it.decisions_per_s_all_threads),
        ),
        row(
            "allocations a decision",
            allocations,
            allocations_per_decision,
            plain.and_then(|it| it.allocations_per_decision),
        ),
        row("compiling", time, figures.compile_ms.map(|ms| ms * 1e6), None),
        row("memory when compiled", bytes, memory, None),
    ]
}

fn print_figures(output: &mut Output, measured: &Measured) -> io::Result<()> {
    if measured.plain.is_some() {
        writeln!(output, "  {:<28} {:>14} {:>14} {:>11}", "", "compiled", "plain", "ratio")?;
    }
    for row in rows(measured).into_iter().filter(|row| row.compiled.is_some()) {
        let write = |figure: Option<f64>| figure.map(row.write).unwrap_or_default();
        let line = format!("  {:<28} {:>14}", row.label, write(row.compiled));
        let line = match row.plain {
            None => line,
            Some(plain) => format!("{line} {:>14} {:>11}", write(Some(plain)), ratio(&row)),
        };
        writeln!(output, "{}", line.trim_end())?;
    }
    print_sample(output, measured)
}

/// Says so where time did not allow for all requests.
fn print_sample(output: &mut Output, measured: &Measured) -> io::Result<()> {
    let timed = [
        ("compiled", measured.figures.timed_requests),
        ("plain", measured.plain.map(|plain| plain.timed_requests)),
    ];
    for (evaluator, timed) in timed {
        if let Some(timed) = timed.filter(|timed| *timed < measured.requests) {
            let (timed, all) = (thousands(timed), thousands(measured.requests));
            let note =
                format!("  {evaluator}: {timed} of {all} requests timed, all that --time allows");
            writeln!(output, "{note}")?;
        }
    }
    Ok(())
}

/// How many times better the compiled evaluator is.
fn ratio(row: &Row) -> String {
    let (Some(compiled), Some(plain)) = (row.compiled, row.plain) else { return String::new() };
    let ratio = if row.is_rate { compiled / plain } else { plain / compiled };
    if ratio.is_finite() && row.label != "allocations a decision" {
        format!("{} x", significant(ratio))
    } else {
        String::new()
    }
}

fn print_growth(output: &mut Output, growth: &[Growth]) -> io::Result<()> {
    if growth.is_empty() {
        return Ok(());
    }
    writeln!(output, "  a decision, median, with")?;
    for Growth { statements, ns_median, plain_ns_median } in growth {
        let label = format!("  {}", counted(*statements, "statement"));
        let plain = plain_ns_median.map(time).unwrap_or_default();
        let line = format!("  {label:<28} {:>14} {plain:>14}", time(*ns_median));
        writeln!(output, "{}", line.trim_end())?;
    }
    Ok(())
}

fn counted(count: usize, what: &str) -> String {
    format!("{} {what}{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// A time given in nanoseconds.
fn time(ns: f64) -> String {
    scaled(ns, &[("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)])
}

fn per_second(rate: f64) -> String {
    scaled(rate, &[("/s", 1.0), ("k/s", 1e3), ("M/s", 1e6)])
}

fn bytes(bytes: f64) -> String {
    scaled(bytes, &[("B", 1.0), ("KiB", 1024.0), ("MiB", 1_048_576.0), ("GiB", 1_073_741_824.0)])
}

fn allocations(count: f64) -> String {
    if count == 0.0 { "0".to_owned() } else { significant(count) }
}

/// The number in the largest unit of which there is at least one.
fn scaled(number: f64, units: &[(&str, f64)]) -> String {
    let fits = units.iter().rev().find(|(_, size)| number >= *size);
    let (unit, size) = fits.unwrap_or(&units[0]);
    format!("{} {unit}", significant(number / size))
}

/// Three digits that mean something, and thousands apart.
fn significant(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.2}"),
        ..100.0 => format!("{number:.1}"),
        _ => thousands(number),
    }
}

/// A whole number with commas between its thousands.
fn thousands(number: impl Display) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
