//! The terminal while it is watched: taken over as a whole, and given back on every way out.
//!
//! Guarantees: the ordinary screen, its cursor and the terminal's modes are restored when the watching ends, by a key,
//! a signal, an error or a panic (ratatui's hook), and while the process is stopped. Log lines wait meanwhile
//! ([`progress`]). Leaves to others: what is drawn (`draw`), what keys mean (`model`).

use std::io::{self, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use common::ledger::Ledger;
use jiff::Timestamp;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use ratatui::crossterm::style::Colored;
use ratatui::crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, enable_raw_mode};
use ratatui::crossterm::{cursor, execute};
use ratatui::{DefaultTerminal, Terminal};
use rustix::process::{Signal as Kill, getpid, kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::model::{Colours, Model, Wish};
use super::{Left, draw, look};
use crate::progress;

/// How long a look for keys takes: the time that the way out may wait for the thread that reads them.
const KEY_WITHIN: Duration = Duration::from_millis(100);

/// Keys that may wait; a person types fewer.
const KEYS: usize = 64;

/// Watches on the terminal until nothing is active or the operator leaves.
pub(super) async fn run(ledger: &dyn Ledger) -> anyhow::Result<Left> {
    let mut signals = Signals::listen()?;
    let (tell, looks) = watch::channel(None);
    let mut screen = Screen::enter()?;
    let mut keys = Keys::listen();
    tokio::select! {
        left = watched(&mut screen, &mut keys, &mut signals, looks) => left,
        () = look::again_and_again(ledger, tell) => Ok(Left::Asked),
    }
}

async fn watched(
    screen: &mut Screen,
    keys: &mut Keys,
    signals: &mut Signals,
    mut looks: watch::Receiver<Option<look::Look>>,
) -> anyhow::Result<Left> {
    let colours = if Colored::ansi_color_disabled() { Colours::None } else { Colours::Shown };
    let mut model = Model::new(colours);
    loop {
        model.n_log_lines = progress::n_held();
        screen.draw(&model)?;
        let wish = tokio::select! {
            typed = keys.next() => match typed {
                Some(Typed::Key(key)) => model.key(key),
                Some(Typed::Resized) => Wish::Stay,
                None => Wish::Leave(Left::Interrupted),
            },
            changed = looks.changed() => {
                if changed.is_ok() && let Some(look) = looks.borrow_and_update().clone() {
                    model.take(look, Timestamp::now());
                }
                if model.is_idle() { Wish::Leave(Left::Idle) } else { Wish::Stay }
            }
            heard = signals.next() => match heard {
                Heard::End => Wish::Leave(Left::Interrupted),
                Heard::Stop => Wish::Suspend,
                Heard::Continue => {
                    screen.come_back()?;
                    Wish::Stay
                }
            },
        };
        match wish {
            Wish::Stay => {}
            Wish::Leave(left) => return Ok(left),
            Wish::Suspend => {
                screen.leave();
                // All threads stand still here until SIGCONT, which is then heard above.
                kill_process(getpid(), Kill::STOP)?;
            }
        }
    }
}

/// The whole terminal, given back when dropped.
struct Screen {
    terminal: DefaultTerminal,
    is_shown: bool,
}

impl Screen {
    fn enter() -> io::Result<Self> {
        let terminal = ratatui::try_init()?;
        progress::hold();
        Ok(Self { terminal, is_shown: true })
    }

    fn draw(&mut self, model: &Model) -> io::Result<()> {
        if self.is_shown {
            self.terminal.draw(|frame| draw::draw(frame, model))?;
        }
        Ok(())
    }

    /// Gives the terminal back for a while.
    fn leave(&mut self) {
        self.is_shown = false;
        // A terminal that is gone needs nothing back.
        let _ = ratatui::try_restore();
        let _ = execute!(stdout(), cursor::Show);
    }

    /// Takes it again after a stop, also after one that nobody announced.
    fn come_back(&mut self) -> io::Result<()> {
        self.leave();
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, Clear(ClearType::All))?;
        // A new one, whose first picture is whole. Clearing the old one would ask the terminal for its cursor, and the
        // answer would go to the thread that reads keys.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        self.is_shown = true;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
        progress::release();
    }
}

/// What comes from the keyboard side of the terminal.
enum Typed {
    Key(KeyEvent),
    Resized,
}

/// Reads the keyboard on a thread of its own: its reads block.
struct Keys {
    typed: mpsc::Receiver<Typed>,
    ends: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Keys {
    fn listen() -> Self {
        let (tell, typed) = mpsc::channel(KEYS);
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let reader = thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                let read = match event::poll(KEY_WITHIN) {
                    Ok(true) => event::read(),
                    Ok(false) => continue,
                    // The terminal is gone; the end of the channel says so.
                    Err(_) => return,
                };
                let typed = match read {
                    Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => Typed::Key(key),
                    Ok(Event::Resize(..)) => Typed::Resized,
                    Ok(_) => continue,
                    Err(_) => return,
                };
                if tell.blocking_send(typed).is_err() {
                    return;
                }
            }
        });
        Self { typed, ends, reader: Some(reader) }
    }

    /// The next one; nothing when the terminal is gone.
    async fn next(&mut self) -> Option<Typed> {
        self.typed.recv().await
    }
}

impl Drop for Keys {
    /// Waits for the reader: what is typed from here on belongs to the shell.
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        self.typed.close();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// What other processes tell this one.
enum Heard {
    End,
    Stop,
    Continue,
}

/// Signals that would leave the terminal in a bad state if they did what they do by default.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    stop: Signal,
    proceed: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        let of = |kill: Kill| signal(SignalKind::from_raw(kill.as_raw()));
        Ok(Self {
            interrupt: of(Kill::INT)?,
            terminate: of(Kill::TERM)?,
            hang_up: of(Kill::HUP)?,
            stop: of(Kill::TSTP)?,
            proceed: of(Kill::CONT)?,
        })
    }

    async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.interrupt.recv() => Heard::End,
            _ = self.terminate.recv() => Heard::End,
            _ = self.hang_up.recv() => Heard::End,
            _ = self.stop.recv() => Heard::Stop,
            _ = self.proceed.recv() => Heard::Continue,
        }
    }
}
