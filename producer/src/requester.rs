//! Who is at the shell: the name in the audit trail.
//!
//! The login name is the operating system's for this process's user, not `$USER`, which anybody may set.
//! Leaves to others: proving it (whoever may write to the ledger may write anything there).

use common::domain::job::Requester;

use crate::failure::Failure;

/// The operator of this command, with the reason as given.
pub(crate) fn requester(reason: Option<&str>) -> Requester {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
    Requester {
        operator: whoami::username().unwrap_or_else(|_| "unknown".to_owned()),
        host: gethostname::gethostname().to_string_lossy().into_owned(),
        reason,
    }
}

/// The operator of a command that has to have a reason.
///
/// # Errors
/// A [`Failure`] when the reason is blank.
pub(crate) fn because(reason: &str) -> Result<Requester, Failure> {
    let by = requester(Some(reason));
    if by.reason.is_none() {
        return Err(Failure::usage("--reason is empty: the audit trail keeps why this was done"));
    }
    Ok(by)
}
