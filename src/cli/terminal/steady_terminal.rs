//! A terminal that may go away.
//!
//! Owns the place on which progress bars are drawn. Must never fail: the library that draws them panics where it cannot,
//! and a run outlives its terminal.

use console::Term;
use indicatif::{ProgressDrawTarget, TermLike};
use std::io::{self, IsTerminal};

/// Drawings a second.
const RATE_HZ: u8 = 20;

/// Standard error, where it is a terminal; otherwise nothing is drawn.
pub(crate) fn steady_target() -> ProgressDrawTarget {
    match io::stderr().is_terminal() {
        true => {
            let terminal = Box::new(Steady(Term::buffered_stderr()));
            ProgressDrawTarget::term_like_with_hz(terminal, RATE_HZ)
        }
        false => ProgressDrawTarget::hidden(),
    }
}

/// Draws on a terminal for as long as there is one.
#[derive(Debug)]
struct Steady<T>(T);

/// With no terminal left there is nobody to draw for.
fn drawn(_: io::Result<()>) -> io::Result<()> {
    Ok(())
}

impl<T: TermLike> TermLike for Steady<T> {
    fn width(&self) -> u16 {
        self.0.width()
    }

    fn height(&self) -> u16 {
        self.0.height()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        drawn(self.0.move_cursor_up(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        drawn(self.0.move_cursor_down(n))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        drawn(self.0.move_cursor_right(n))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        drawn(self.0.move_cursor_left(n))
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        drawn(self.0.write_line(s))
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        drawn(self.0.write_str(s))
    }

    fn clear_line(&self) -> io::Result<()> {
        drawn(self.0.clear_line())
    }

    fn flush(&self) -> io::Result<()> {
        drawn(self.0.flush())
    }
}

#[cfg(test)]
mod tests {
    use indicatif::{MultiProgress, ProgressBar};

    use super::*;

    /// A terminal that was closed.
    #[derive(Debug)]
    struct Gone;

    fn gone() -> io::Result<()> {
        Err(io::Error::from_raw_os_error(5))
    }

    impl TermLike for Gone {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            gone()
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            gone()
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            gone()
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            gone()
        }
        fn write_line(&self, _: &str) -> io::Result<()> {
            gone()
        }
        fn write_str(&self, _: &str) -> io::Result<()> {
            gone()
        }
        fn clear_line(&self) -> io::Result<()> {
            gone()
        }
        fn flush(&self) -> io::Result<()> {
            gone()
        }
    }

    #[test]
    fn bars_outlive_their_terminal() {
        let bars =
            MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(Steady(Gone))));
        let bar = bars.add(ProgressBar::new(2));
        bar.inc(1);
        bar.tick();
        assert_eq!(bars.suspend(|| 1), 1);
        assert!(bars.clear().is_ok());
    }
}
