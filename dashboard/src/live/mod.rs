//! One task makes the picture of the fleet; every open page is shown the newest one.
