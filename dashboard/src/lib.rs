//! The fleet in a browser, and the door for other programs.
