//! Nothing: the whole-system tests are in `tests/it`. They start the programs as an operator would, so this
//! crate has no code of its own to offer.
