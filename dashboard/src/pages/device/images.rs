//! The images of a device's newest job: how far each is, its hash, and what that proves.

use common::domain::hash::HashOutcome;
use common::domain::status::DeviceStatus;
use common::ledger::{ImageState, ImageView};
use maud::{Markup, html};

use super::super::text;
use super::super::words;

/// The images, in order of the path.
pub(super) fn images(images: &[ImageView], status: Option<&DeviceStatus>) -> Markup {
    html! {
        section.panel.wide aria-labelledby="device-images-title" {
            h2 #device-images-title { "Images" }
            @if images.is_empty() {
                p.quiet { "No image is planned: the first step of a job does that." }
            } @else {
                div.scroll tabindex="0" role="region" aria-labelledby="device-images-title" {
                    table #images.cards {
                        thead { tr {
                            th scope="col" { "Version" } th scope="col" { "On the device" } th scope="col" { "Proof" }
                            th scope="col" { "SHA-256" } th scope="col" { "File" } th scope="col" { "Why" }
                        } }
                        tbody { @for image in images { (row(image, status)) } }
                    }
                }
            }
        }
    }
}

fn row(image: &ImageView, status: Option<&DeviceStatus>) -> Markup {
    let version = image.version.to_string();
    html! {
        tr data-image=(version) data-key=(version) {
            th.mono scope="row" { (version) }
            td data-label="On the device" { (state(image.state)) }
            td data-label="Proof" {
                @match &image.outcome {
                    Some(outcome) => { (words::outcome(outcome)) }
                    None => { span.quiet { "not compared yet" } }
                }
            }
            td.hash data-label="SHA-256" { (hash(image, status)) }
            td.mono data-label="File" {
                @if let Some(file) = &image.file_name { (text::cell(file.as_str())) }
                @if let Some(size) = image.size_bytes { " " span.quiet { (size.div_ceil(1 << 20)) " MiB" } }
            }
            td data-label="Why" { (text::cell(&image.rule)) }
        }
    }
}

/// How far it is, with a sign as jobs have.
fn state(state: ImageState) -> Markup {
    let (class, sign) = match state {
        ImageState::Missing => ("plain", "○"),
        ImageState::Requested | ImageState::Downloading => ("s-running", "▶"),
        ImageState::Downloaded | ImageState::AlreadyPresent => ("good", "✓"),
    };
    html! {
        span class={ "mark " (class) } { span.sign aria-hidden="true" { (sign) } (text::words(state.as_str())) }
    }
}

/// The hash that was found; beside the trusted one, where they differ.
fn hash(image: &ImageView, status: Option<&DeviceStatus>) -> Markup {
    let told = status.and_then(|status| status.version_hashes.get(&image.version.to_string()));
    html! {
        @match &image.outcome {
            Some(HashOutcome::Mismatch { expected, found, .. }) => {
                div.bad { "found " code { (found.as_str()) } }
                div { "trusted " code { (expected.as_str()) } }
            }
            Some(HashOutcome::NoReference { found, .. }) => { code { (found.as_str()) } }
            Some(HashOutcome::Verified { .. } | HashOutcome::NotReported) | None => {
                @if let Some(told) = told { code { (text::cell(told)) } } @else { span.quiet { "none" } }
            }
        }
    }
}
