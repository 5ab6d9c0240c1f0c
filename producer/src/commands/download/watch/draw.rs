//! The picture: a function of the model and of the size of the terminal, which draws and does nothing else.
//!
//! Promises: fits any size; what comes from devices is escaped and cut before it is drawn; nothing is said by colour
//! alone. From top to bottom: what holds or alarms, how far the fleet is, who works, what runs, what failed last.

use std::time::Duration;

use common::domain::job::JobState;
use common::ledger::{FleetPicture, JobView, Throughput, WorkerState, WorkerView};
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Row, Table};

use super::look::Seen;
use super::model::{Colours, Model};
use crate::commands::download::status::n_in;
use crate::output::{plain, time};

/// From this width on, workers have a table beside the states.
const WIDE: u16 = 120;

/// Longest text of a device that is laid out, in characters; no terminal shows more on a line.
const TEXT_CHARS: usize = 300;

/// Banners that are shown; the summary at the end has all.
const BANNERS: usize = 4;

/// Width of a state's name, its number, and the gaps beside them.
const STATE_COLUMNS: u16 = 20;

/// Draws the model.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model) {
    let brush = Brush(model.colours);
    let Some(seen) = &model.seen else {
        let text = match &model.outage {
            Some((_, reason)) => format!("the ledger does not answer: {}", shown(reason)),
            None => "looking at the ledger ..".to_owned(),
        };
        return frame
            .render_widget(Paragraph::new(vec![brush.title("download status"), text.into()]), frame.area());
    };
    let banners = banners(model, seen, &brush);
    let n_states = n_of(JobState::ALL.len());
    let failures = failures(seen, model, frame.area().height / 4, &brush);
    let [head, over, states, rate, running, failed, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(n_of(banners.len())),
        Constraint::Length(n_states + 1),
        Constraint::Length(2),
        Constraint::Min(2),
        Constraint::Length(n_of(failures.len())),
        Constraint::Length(1),
    ])
    .areas(frame.area());

    frame.render_widget(Paragraph::new(head_line(seen, &brush)), head);
    frame.render_widget(Paragraph::new(banners), over);
    if states.width >= WIDE {
        let [left, right] =
            Layout::horizontal([Constraint::Percentage(45), Constraint::Fill(1)]).spacing(3).areas(states);
        frame.render_widget(Paragraph::new(state_lines(&seen.picture, left.width, &brush)), left);
        frame.render_widget(worker_table(seen, &brush), right);
    } else {
        frame.render_widget(Paragraph::new(state_lines(&seen.picture, states.width, &brush)), states);
    }
    let lines = vec![Line::from(rate_line(&seen.picture)), Line::from(workers_line(&seen.workers))];
    frame.render_widget(Paragraph::new(lines), rate);
    draw_running(frame, running, seen, model.scrolled, &brush);
    frame.render_widget(Paragraph::new(failures), failed);
    frame.render_widget(Paragraph::new(brush.dim(keys_line(model))), keys);
}

/// How emphasis is drawn: with colours where they are wanted, and always with something besides.
struct Brush(Colours);

impl Brush {
    fn style(&self, colour: Color, modifier: Modifier) -> Style {
        let style = Style::new().add_modifier(modifier);
        match self.0 {
            Colours::Shown => style.fg(colour),
            Colours::None => style,
        }
    }

    fn title(&self, text: &str) -> Line<'static> {
        Line::styled(text.to_owned(), self.style(Color::Cyan, Modifier::BOLD))
    }

    fn alarm(&self, text: String) -> Line<'static> {
        Line::styled(text, self.style(Color::Yellow, Modifier::BOLD))
    }

    fn dim(&self, text: String) -> Line<'static> {
        Line::styled(text, Style::new().add_modifier(Modifier::DIM))
    }

    fn of_state(&self, state: JobState) -> Style {
        match state {
            JobState::Scheduled | JobState::Available => self.style(Color::Blue, Modifier::empty()),
            JobState::Running => self.style(Color::Cyan, Modifier::BOLD),
            JobState::Completed => self.style(Color::Green, Modifier::empty()),
            JobState::Failed => self.style(Color::Red, Modifier::BOLD),
            JobState::Cancelled | JobState::Skipped => self.style(Color::Yellow, Modifier::empty()),
        }
    }
}

fn head_line(seen: &Seen, brush: &Brush) -> Line<'static> {
    let FleetPicture { counts, at, .. } = &seen.picture;
    let mut line = brush.title("download status");
    let ready =
        format!("  {} of {} ready for install, {}", counts.ready_for_install, counts.total, time(*at));
    line.push_span(Span::styled(ready, Style::reset()));
    line
}

/// What a person has to know first.
fn banners(model: &Model, seen: &Seen, brush: &Brush) -> Vec<Line<'static>> {
    let FleetPicture { held, pauses, alarms, .. } = &seen.picture;
    let mut texts = Vec::new();
    if let Some((since, reason)) = &model.outage {
        texts.push(format!(
            "THE LEDGER DOES NOT ANSWER since {}, this is from before: {}",
            time(*since),
            shown(reason)
        ));
    }
    if let Some(hold) = held {
        texts.push(format!(
            "THE FLEET IS HELD: {}; `panos-upgrade fleet resume` ends it",
            shown(&hold.reason)
        ));
    }
    for pause in pauses {
        texts.push(format!(
            "PAUSED: {}: {}",
            shown(&crate::alarms::part(&pause.scope)),
            shown(&pause.reason)
        ));
    }
    for (n, what, command) in [
        (
            alarms.open_mismatches,
            ["hash mismatch not cleared", "hash mismatches not cleared"],
            "hash mismatches",
        ),
        (alarms.disputes, ["file with disputed hashes", "files with disputed hashes"], "hash disputes"),
        (alarms.dead_letters, ["dead letter", "dead letters"], "dead list"),
    ] {
        if n > 0 {
            let what = what[usize::from(n > 1)];
            texts.push(format!("ALARM: {n} {what}; `panos-upgrade {command}` shows which"));
        }
    }
    if texts.len() > BANNERS {
        let n_more = texts.len() - (BANNERS - 1);
        texts.truncate(BANNERS - 1);
        texts.push(format!("and {n_more} more; `panos-upgrade fleet status` shows them"));
    }
    texts.into_iter().map(|text| brush.alarm(text)).collect()
}

/// One bar over the fleet, and one for each state.
fn state_lines(picture: &FleetPicture, width: u16, brush: &Brush) -> Vec<Line<'static>> {
    let counts = &picture.counts;
    let n_ended: u64 =
        JobState::ALL.into_iter().filter(|state| state.is_terminal()).map(|state| n_in(counts, state)).sum();
    let room = usize::from(width.saturating_sub(STATE_COLUMNS));
    let line = |name: &str, n: u64, style: Style| {
        Line::from(vec![
            Span::raw(format!("{name:<10} {n:>7}  ")),
            Span::styled(bar(n, counts.total, room), style),
        ])
    };
    let percent = n_ended.saturating_mul(100).checked_div(counts.total).unwrap_or(100);
    let mut lines =
        vec![line(&format!("done {percent:>3} %"), n_ended, Style::new().add_modifier(Modifier::BOLD))];
    lines.extend(
        JobState::ALL
            .into_iter()
            .map(|state| line(state.as_str(), n_in(counts, state), brush.of_state(state))),
    );
    lines
}

/// A bar of at most `room` cells; what is not nothing has at least one.
fn bar(n: u64, total: u64, room: usize) -> String {
    let share = u128::from(n) * u128::try_from(room).unwrap_or(0) / u128::from(total.max(1));
    let cells = usize::try_from(share).unwrap_or(room).clamp(usize::from(n > 0), room.max(1));
    "█".repeat(cells.min(room))
}

/// `ended: 12 in 1 min, 83 in 10 min; 118 to go, done in about 14 min, at 14:14 UTC`.
fn rate_line(picture: &FleetPicture) -> String {
    let Throughput { ended_last_minute, ended_last_10_minutes, jobs_left, estimated_finish, .. } =
        &picture.throughput;
    let rate =
        format!("ended: {ended_last_minute} in 1 min, {ended_last_10_minutes} in 10 min; {jobs_left} to go");
    match estimated_finish {
        Some(finish) => {
            let left = length(since(picture.at, *finish));
            format!("{rate}, done in about {left}, at {}", finish.strftime("%H:%M UTC"))
        }
        None => rate,
    }
}

/// `2 workers: 2 working, 12 of 16 slots in use`.
fn workers_line(workers: &[WorkerView]) -> String {
    let alive: Vec<_> = workers.iter().filter(|worker| worker.state != WorkerState::Gone).collect();
    if alive.is_empty() {
        return "no worker lives: `panos-upgrade work` performs jobs here".to_owned();
    }
    let in_state = WorkerState::ALL.into_iter().filter_map(|state| {
        let n = alive.iter().filter(|worker| worker.state == state).count();
        (n > 0).then(|| format!("{n} {state}"))
    });
    let in_state = in_state.collect::<Vec<_>>().join(", ");
    let n_running: u64 = alive.iter().map(|worker| worker.n_running).sum();
    let n_slots: u64 = alive.iter().map(|worker| u64::from(worker.concurrency)).sum();
    format!("workers: {in_state}; {n_running} of {n_slots} slots in use")
}

fn worker_table(seen: &Seen, brush: &Brush) -> Table<'static> {
    // Those that live first.
    let (gone, here): (Vec<_>, Vec<_>) =
        seen.workers.iter().partition(|worker| worker.state == WorkerState::Gone);
    let rows = here.into_iter().chain(gone).map(|worker| {
        let seen_ago = format!("{} ago", length(since(worker.seen_at, seen.picture.at)));
        let slots = format!("{}/{}", worker.n_running, worker.concurrency);
        Row::new([
            shown(&worker.id.to_string()),
            worker.state.to_string(),
            slots,
            shown(&worker.version),
            seen_ago,
        ])
    });
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(8),
        Constraint::Length(9),
        Constraint::Length(12),
        Constraint::Length(12),
    ];
    let header = Row::new(["WORKER", "STATE", "SLOTS", "VERSION", "HEARD"])
        .style(brush.style(Color::Reset, Modifier::BOLD));
    Table::new(rows, widths).header(header)
}

fn draw_running(frame: &mut Frame<'_>, area: Rect, seen: &Seen, scrolled: usize, brush: &Brush) {
    let rows = seen.running.iter().skip(scrolled).take(usize::from(area.height)).map(|job| {
        let begun = job.started_at.map(|begun| length(since(begun, seen.picture.at))).unwrap_or_default();
        let worker = job.worker.as_ref().map(ToString::to_string).unwrap_or_default();
        Row::new([name(job), format!("{:>3}", job.progress), shown(&job.message), shown(&worker), begun])
    });
    let (name, worker) = if area.width >= WIDE { (32, 32) } else { (18, 14) };
    let widths = [
        Constraint::Length(name),
        Constraint::Length(3),
        Constraint::Fill(1),
        Constraint::Length(worker),
        Constraint::Length(8),
    ];
    let title = match seen.running.len() {
        n if scrolled > 0 => format!("RUNNING {}/{n}", scrolled + 1),
        n => format!("RUNNING {n}"),
    };
    let header = Row::new([title.as_str(), "%", "STEP", "WORKER", "SINCE"].map(str::to_owned));
    let header = header.style(brush.style(Color::Reset, Modifier::BOLD));
    frame.render_widget(Table::new(rows, widths).header(header), area);
}

/// The newest failures, each with what to do about it, on at most `room` lines; none where they are hidden.
fn failures(seen: &Seen, model: &Model, room: u16, brush: &Brush) -> Vec<Line<'static>> {
    if !model.shows_failures || seen.failures.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::styled("LAST FAILURES", brush.style(Color::Reset, Modifier::BOLD))];
    let n_shown = usize::from(room.saturating_sub(1) / 2).max(1);
    for job in seen.failures.iter().take(n_shown) {
        let kind = job.failure_kind.map_or_else(|| job.state.to_string(), |kind| kind.to_string());
        let what = vec![
            Span::raw(format!("{}  ", name(job))),
            Span::styled(kind, brush.of_state(job.state)),
            Span::raw(format!("  {}", shown(&job.message))),
        ];
        lines.push(Line::from(what));
        if let Some(kind) = job.failure_kind {
            lines.push(brush.dim(format!("  {}", kind.remedy())));
        }
    }
    lines
}

fn keys_line(model: &Model) -> String {
    let failures = if model.shows_failures { "f hides failures" } else { "f shows failures" };
    let mut line = format!("q leaves (jobs go on)  up/down scrolls  {failures}");
    if model.n_log_lines > 0 {
        line.push_str(&format!("  {} log lines follow at the end", model.n_log_lines));
    }
    line
}

fn name(job: &JobView) -> String {
    shown(if job.hostname.is_empty() { job.serial.as_str() } else { &job.hostname })
}

/// Text from outside on one line: cut first, because escaping makes it longer.
fn shown(text: &str) -> String {
    plain(&text.chars().take(TEXT_CHARS).collect::<String>())
}

/// The time from `begin` to `end`; none when the clocks say that it is negative.
fn since(begin: Timestamp, end: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(end.as_second() - begin.as_second()).unwrap_or(0))
}

/// `48 s`, `12 min`, `3 h 05 min`, `4 d`.
fn length(length: Duration) -> String {
    match length.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        seconds => format!("{} d", seconds / 86_400),
    }
}

fn n_of(lines: usize) -> u16 {
    u16::try_from(lines).unwrap_or(u16::MAX)
}
