//! How far the fleet is: one bar by state, one row per image.

use common::domain::job::JobState;
use common::ledger::{ImageCount, StatusCounts};
use maud::{Markup, html};

use super::super::text::{cell, number};
use super::super::words;

/// Units of the bar; fine enough for one device among 10,000.
const WIDTH: u64 = 10_000;

/// In the bar: what is done first, what is not begun last.
const ORDER: [JobState; 7] = [
    JobState::Completed,
    JobState::Failed,
    JobState::Skipped,
    JobState::Cancelled,
    JobState::Running,
    JobState::Available,
    JobState::Scheduled,
];

/// A bar, and the numbers that it is made of.
pub(super) fn by_state(counts: &StatusCounts) -> Markup {
    let count = |state: JobState| counts.by_state.get(&state).copied().unwrap_or(0);
    html! {
        section.panel.states aria-labelledby="states-title" {
            h2 #states-title { "Devices by state" }
            svg.bar viewBox={ "0 0 " (WIDTH) " 10" } preserveAspectRatio="none" role="img" aria-labelledby="bar-title" {
                title #bar-title { (in_words(counts)) }
                rect.rest x="0" y="0" width=(WIDTH) height="10" {}
                @for part in parts(counts) {
                    rect class={ "s-" (part.state.as_str()) } x=(part.from) y="0" width=(part.width) height="10" {}
                }
            }
            ul.legend {
                @for state in ORDER {
                    li class=[(count(state) == 0).then_some("none")] {
                        a href={ "/devices?state=" (state.as_str()) } title=(words::meaning(state)) {
                            span class={ "mark s-" (state.as_str()) } {
                                span.sign aria-hidden="true" { (words::sign(state)) } (state.as_str())
                            }
                            span.number data-count=(state.as_str()) { (count(state)) }
                        }
                    }
                }
            }
        }
    }
}

/// One stretch of the bar.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    state: JobState,
    from: u64,
    width: u64,
}

/// The stretches that are not empty; together the whole bar, because each ends where the sum so far ends.
fn parts(counts: &StatusCounts) -> Vec<Part> {
    let total = counts.by_state.values().sum::<u64>().max(1);
    let mut sum = 0;
    let mut parts = Vec::new();
    for state in ORDER {
        let count = counts.by_state.get(&state).copied().unwrap_or(0);
        let from = sum * WIDTH / total;
        sum += count;
        let width = sum * WIDTH / total - from;
        if count > 0 {
            parts.push(Part { state, from, width: width.max(WIDTH / 400) });
        }
    }
    parts
}

fn in_words(counts: &StatusCounts) -> String {
    let parts = ORDER.iter().filter_map(|state| {
        let count = counts.by_state.get(state).copied().unwrap_or(0);
        (count > 0).then(|| format!("{count} {state}"))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// One row per version: how many want it, have it, and have it proved.
pub(super) fn by_image(images: &[ImageCount]) -> Markup {
    html! {
        section.panel.images aria-labelledby="images-title" {
            h2 #images-title { "Images" }
            @if images.is_empty() {
                p.quiet { "The first step of each job tells which images its device needs." }
            } @else {
                div.scroll tabindex="0" role="region" aria-labelledby="images-title" {
                    table.cards {
                        thead { tr {
                            th scope="col" { "Version" }
                            th.wide scope="col" { span.visually-hidden { "Share" } }
                            @for column in ["Wanted", "Running", "Unproved", "Verified", "Mismatch"] {
                                th.num scope="col" { (column) }
                            }
                        } }
                        tbody { @for image in images { (image_row(image)) } }
                    }
                }
            }
        }
    }
}

fn image_row(image: &ImageCount) -> Markup {
    let version = cell(&image.version);
    // The three do not overlap: proved, disproved, and not looked at or without a reference.
    let here = image.present + image.verified + image.mismatch;
    html! {
        tr data-image=(version) data-key=(version) {
            th scope="row" { (version) }
            td.wide {
                progress.bad[image.mismatch > 0].unproved[image.verified == 0] max=(image.wanted.max(1)) value=(here)
                    aria-label={ (here) " of " (image.wanted) " have " (version) } {}
            }
            td.num data-label="Wanted" { (number(image.wanted)) }
            td.num data-label="Running" { (number(image.running)) }
            td.num data-label="Unproved" { (number(image.present)) }
            td.num data-label="Verified" { (number(image.verified)) }
            td.num data-label="Mismatch" {
                @if image.mismatch > 0 { strong.bad { "✕ " (number(image.mismatch)) } } @else { span.quiet { "0" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(by_state: &[(JobState, u64)]) -> StatusCounts {
        StatusCounts { by_state: by_state.iter().copied().collect(), ..StatusCounts::default() }
    }

    #[test]
    fn stretches_follow_each_other_and_fill_the_bar() {
        let parts =
            parts(&counts(&[(JobState::Completed, 333), (JobState::Failed, 333), (JobState::Running, 334)]));
        assert_eq!(parts[0].from, 0);
        assert!(parts.windows(2).all(|pair| pair[0].from + pair[0].width == pair[1].from), "{parts:?}");
        let last = parts.last().unwrap();
        assert_eq!(last.from + last.width, WIDTH);
    }

    #[test]
    fn one_among_ten_thousand_can_be_seen() {
        let parts = parts(&counts(&[(JobState::Completed, 9_999), (JobState::Failed, 1)]));
        assert_eq!(parts[1].state, JobState::Failed);
        assert!(parts[1].width >= 25, "{parts:?}");
    }

    #[test]
    fn an_empty_fleet_has_an_empty_bar() {
        assert_eq!(parts(&counts(&[])), []);
        assert_eq!(in_words(&counts(&[(JobState::Failed, 0)])), "");
    }
}
