//! Private real servers for tests.
