//! What the screen shows: the newest look, and what the operator's keys chose to see of it.

use jiff::Timestamp;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Left;
use super::look::{Look, Seen};
use crate::commands::download::status;

/// Rows that a page key moves by.
const PAGE: usize = 10;

/// Whether colours are drawn. Nothing is said by them alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    /// As usual.
    Shown,
    /// The operator asked for none (`NO_COLOR`, no-color.org).
    None,
}

/// Everything that the picture is made of.
#[derive(Debug)]
pub(super) struct Model {
    /// The last look that was answered.
    pub(super) seen: Option<Seen>,
    /// Since when, by this machine's clock, and why the ledger does not answer.
    pub(super) outage: Option<(Timestamp, String)>,
    /// Running devices above the first one that is shown.
    pub(super) scrolled: usize,
    /// Whether failures are shown.
    pub(super) shows_failures: bool,
    /// Log lines that wait for the end of the screen.
    pub(super) n_log_lines: usize,
    pub(super) colours: Colours,
}

/// What a key asks for beyond another picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// The same, drawn anew.
    Stay,
    /// To end.
    Leave(Left),
    /// To stop this process until the shell continues it.
    Suspend,
}

impl Model {
    pub(super) fn new(colours: Colours) -> Self {
        Self { seen: None, outage: None, scrolled: 0, shows_failures: true, n_log_lines: 0, colours }
    }

    /// Takes a look over. A failed one leaves the picture before it, marked as old.
    pub(super) fn take(&mut self, look: Look, now: Timestamp) {
        match look {
            Ok(seen) => {
                self.scrolled = self.scrolled.min(seen.running.len().saturating_sub(1));
                (self.seen, self.outage) = (Some(seen), None);
            }
            Err(reason) => {
                let since = self.outage.as_ref().map_or(now, |(since, _)| *since);
                self.outage = Some((since, reason));
            }
        }
    }

    /// Whether the newest look was answered, and no job waits or runs.
    pub(super) fn is_idle(&self) -> bool {
        let counts = self.seen.as_ref().map(|seen| &seen.picture.counts);
        self.outage.is_none() && counts.is_some_and(|counts| status::n_active(counts) == 0)
    }

    /// Does what a key asks for.
    pub(super) fn key(&mut self, key: KeyEvent) -> Wish {
        let last = self.seen.as_ref().map_or(0, |seen| seen.running.len().saturating_sub(1));
        match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Char('c'), true) => return Wish::Leave(Left::Interrupted),
            (KeyCode::Char('z'), true) => return Wish::Suspend,
            (KeyCode::Char('q') | KeyCode::Esc, false) => return Wish::Leave(Left::Asked),
            (KeyCode::Char('f'), false) => self.shows_failures = !self.shows_failures,
            (KeyCode::Up | KeyCode::Char('k'), false) => self.scrolled = self.scrolled.saturating_sub(1),
            (KeyCode::Down | KeyCode::Char('j'), false) => self.scrolled = (self.scrolled + 1).min(last),
            (KeyCode::PageUp, _) => self.scrolled = self.scrolled.saturating_sub(PAGE),
            (KeyCode::PageDown, _) => self.scrolled = (self.scrolled + PAGE).min(last),
            (KeyCode::Home, _) => self.scrolled = 0,
            (KeyCode::End, _) => self.scrolled = last,
            // Every other key means nothing here.
            (_, _) => {}
        }
        Wish::Stay
    }
}
