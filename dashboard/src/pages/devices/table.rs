//! One page of devices as a table, which becomes a list of cards where the screen is narrow.

use common::ledger::{DevicePage, DeviceRow, DeviceSort};
use maud::{Markup, html};

use super::super::text::{self, number};
use super::super::{times, words};
use super::question::Question;

/// The table with its pages.
pub(super) fn table(question: &Question, devices: &DevicePage) -> Markup {
    html! {
        div.scroll.box tabindex="0" role="region" aria-label="Devices" { table #devices.cards data-total=(devices.total) {
            caption { (found(devices)) }
            thead { tr {
                (header(question, DeviceSort::Serial, "Serial"))
                (header(question, DeviceSort::Hostname, "Hostname"))
                th scope="col" { "Model" }
                th scope="col" { "Runs" }
                (header(question, DeviceSort::State, "State"))
                th scope="col" { "Progress" }
                th scope="col" { "Last word" }
                (header(question, DeviceSort::Updated, "Changed"))
            } }
            tbody { @for device in &devices.rows { (row(device)) } }
        } }
        @if devices.rows.is_empty() { (nothing(question, devices)) }
        (pages(question, devices))
    }
}

fn found(devices: &DevicePage) -> String {
    match devices.total {
        0 => "No device".to_owned(),
        total if devices.rows.is_empty() => text::counted(total, "device"),
        total => {
            let before = u64::from(devices.page.saturating_sub(1)) * u64::from(devices.per_page);
            let last = before + u64::try_from(devices.rows.len()).unwrap_or(0);
            format!("{}, {} to {} shown", text::counted(total, "device"), number(before + 1), number(last))
        }
    }
}

fn header(question: &Question, sort: DeviceSort, label: &str) -> Markup {
    let order = (question.query.sort == sort).then_some(if question.query.descending {
        "descending"
    } else {
        "ascending"
    });
    html! {
        th scope="col" aria-sort=[order] {
            a href=(question.sorted_by(sort).href()) { (label) @if let Some(order) = order {
                span.sign aria-hidden="true" { @if order == "ascending" { " ↑" } @else { " ↓" } }
            } }
        }
    }
}

fn row(device: &DeviceRow) -> Markup {
    html! {
        tr data-serial=(device.serial) data-key=(device.serial) {
            th.mono scope="row" data-label="Serial" { a href={ "/devices/" (device.serial) } { (device.serial) } }
            td.any data-label="Hostname" { (text::cell(&device.hostname)) }
            td.short data-label="Model" { (text::cell(&device.model)) }
            td.mono data-label="Runs" { (text::cell(&device.sw_version)) }
            td.state data-label="State" {
                @if let Some(state) = device.state { (words::state(state)) } @else { span.quiet { "never queued" } }
                @if device.ready_for_install { " · " span.mark.good { "ready" } }
            }
            td data-label="Progress" {
                @if device.state.is_some() { (words::progress(device.progress, &device.hostname)) }
            }
            td.message data-label="Last word" {
                @if let Some(kind) = device.failure_kind { strong { (text::words(kind.as_str())) } " " }
                (text::cell(&device.message))
            }
            td data-label="Changed" { @if let Some(at) = device.updated_at { (times::ago(at)) } }
        }
    }
}

/// What to do where nothing was found.
fn nothing(question: &Question, devices: &DevicePage) -> Markup {
    let is_filtered =
        question.query.search.is_some() || question.query.state.is_some() || question.query.kind.is_some();
    html! {
        p.empty {
            @if devices.total > 0 {
                "There is no page " (question.query.page) ". " a href=(question.on_page(1).href()) { "Back to the first" }
            } @else if is_filtered {
                "No device fits. " a href="/devices" { "Show all devices" }
            } @else {
                "No device yet. Read the fleet from Panorama: " (text::command("panos-upgrade device discover"))
            }
        }
    }
}

fn pages(question: &Question, devices: &DevicePage) -> Markup {
    let last =
        u32::try_from(devices.total.div_ceil(u64::from(devices.per_page.max(1)))).unwrap_or(u32::MAX).max(1);
    let page = devices.page;
    html! {
        @if last > 1 {
            nav.pages aria-label="Pages" {
                @if page > 1 { a rel="prev" href=(question.on_page(page.min(last + 1) - 1).href()) { "← Previous" } }
                span { "Page " (page) " of " (last) }
                @if page < last { a rel="next" href=(question.on_page(page + 1).href()) { "Next →" } }
            }
        }
    }
}
