//! Sums over fleets.
