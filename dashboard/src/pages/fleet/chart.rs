//! Jobs that ended, over time: bars made on the server, the scale as text beside them, the numbers as a table.

use std::time::Duration;

use common::ledger::Bucket;
use maud::{Markup, html};

use super::super::text::number;
use super::super::times;

/// Units per bucket, with the gap.
const STEP: usize = 10;

/// Units of a bar's width.
const BAR: usize = 8;

/// Units of height.
const HEIGHT: u64 = 100;

/// The chart.
pub(super) fn chart(buckets: &[Bucket]) -> Markup {
    let most = buckets.iter().map(ended).max().unwrap_or(0);
    html! {
        section #chart.panel aria-labelledby="chart-title" {
            h2 #chart-title { "Ended over time" }
            @if most == 0 {
                p.quiet { "No job ended lately. Each one that does becomes a part of a bar here." }
            } @else {
                (drawing(buckets, most))
                (table(buckets))
            }
        }
    }
}

fn ended(bucket: &Bucket) -> u64 {
    bucket.completed + bucket.not_completed
}

fn drawing(buckets: &[Bucket], most: u64) -> Markup {
    let (completed, not) = buckets
        .iter()
        .fold((0, 0), |(completed, not), bucket| (completed + bucket.completed, not + bucket.not_completed));
    html! {
        ul.key {
            li { span.swatch.s-completed aria-hidden="true" {} "completed " strong { (number(completed)) } }
            li { span.swatch.s-failed aria-hidden="true" {} "failed, skipped, cancelled " strong { (number(not)) } }
            li.quiet { "top line: " (number(most)) " per bar" @if let Some(span) = span(buckets) { " of " (in_words(span)) } }
        }
        svg.chart viewBox={ "0 0 " (buckets.len() * STEP) " " (HEIGHT) } preserveAspectRatio="none" role="img"
            aria-labelledby="drawing-title drawing-desc" {
            title #drawing-title { "Jobs that ended, over time" }
            desc #drawing-desc { (completed) " completed and " (not) " ended otherwise; at most " (most) " in one bar." }
            @for y in [0, HEIGHT / 2] {
                line.rule x1="0" x2=(buckets.len() * STEP) y1=(y) y2=(y) {}
            }
            @for (index, bucket) in buckets.iter().enumerate() { (bar(index, bucket, most)) }
        }
        @if let (Some(first), Some(last)) = (buckets.first(), buckets.last()) {
            p.axis { (times::clock(first.from)) (times::clock(last.from)) }
        }
    }
}

/// What one bar spans.
fn span(buckets: &[Bucket]) -> Option<Duration> {
    let [first, second, ..] = buckets else { return None };
    Some(times::between(first.from, second.from))
}

fn in_words(span: Duration) -> String {
    match span.as_secs() {
        60 => "a minute".to_owned(),
        seconds => format!("{seconds} s"),
    }
}

/// One bar: completed below, the others on top; what is there is at least one unit high.
fn bar(index: usize, bucket: &Bucket, most: u64) -> Markup {
    let height = |n: u64| if n == 0 { 0 } else { (n * HEIGHT / most).max(1) };
    let (below, above) = (height(bucket.completed), height(bucket.not_completed));
    let x = index * STEP + (STEP - BAR) / 2;
    html! {
        @if below > 0 { rect.s-completed x=(x) y=(HEIGHT - below) width=(BAR) height=(below) {} }
        @if above > 0 { rect.s-failed x=(x) y=(HEIGHT.saturating_sub(below + above)) width=(BAR) height=(above) {} }
    }
}

fn table(buckets: &[Bucket]) -> Markup {
    html! {
        details data-key="chart-table" {
            summary { "As a table" }
            div.scroll.short tabindex="0" role="region" aria-label="Jobs that ended, as a table" {
                table {
                    thead { tr {
                        th scope="col" { "From" } th.num scope="col" { "Completed" } th.num scope="col" { "Otherwise" }
                    } }
                    tbody {
                        @for bucket in buckets.iter().rev().filter(|bucket| ended(bucket) > 0) {
                            tr {
                                th scope="row" { (times::exact(bucket.from)) }
                                td.num { (bucket.completed) }
                                td.num { (bucket.not_completed) }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(minute: i64, completed: u64, not_completed: u64) -> Bucket {
        let from = jiff::Timestamp::from_second(minute * 60).unwrap();
        Bucket { from, completed, not_completed }
    }

    #[test]
    fn bars_stand_on_the_ground_and_stay_inside() {
        let page = chart(&[bucket(0, 50, 50), bucket(1, 0, 0), bucket(2, 1, 0)]).into_string();
        assert!(
            page.contains("<rect class=\"s-completed\" x=\"1\" y=\"50\" width=\"8\" height=\"50\">"),
            "{page}"
        );
        assert!(
            page.contains("<rect class=\"s-failed\" x=\"1\" y=\"0\" width=\"8\" height=\"50\">"),
            "{page}"
        );
        assert!(page.contains("x=\"21\" y=\"99\" width=\"8\" height=\"1\""), "one job can be seen: {page}");
        assert_eq!(page.matches("<rect").count(), 3);
        assert!(page.contains("51 completed and 50 ended otherwise"));
        assert!(page.contains("top line: 100 per bar of a minute"), "{page}");
    }

    #[test]
    fn without_an_end_there_is_a_sentence_instead_of_an_empty_drawing() {
        for buckets in [vec![], vec![bucket(0, 0, 0)]] {
            let page = chart(&buckets).into_string();
            assert!(page.contains("No job ended lately") && !page.contains("<svg"), "{page}");
        }
    }
}
