//! What may go, and what stays.
