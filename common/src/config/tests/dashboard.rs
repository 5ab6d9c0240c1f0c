//! Where the dashboard may listen.

use super::*;

#[test]
fn a_dashboard_beyond_this_machine_needs_a_token() {
    let place = Place::new("[dashboard]\nlisten = \"0.0.0.0:8080\"\n");
    let problems = place.problems(&[]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].contains("dashboard.listen") && problems[0].contains("dashboard.token"),
        "{problems:?}"
    );
    let token = "8a6ae6d57b1f8d5c38c6d2f0a3e0a9b1c5f2d97e4b60418f";
    place.load(&[("PANOS_UPGRADE__DASHBOARD__TOKEN", token)]).unwrap();
    place.load(&[("PANOS_UPGRADE__DASHBOARD__LISTEN", "[::1]:8080")]).unwrap();
}

#[test]
fn a_token_that_can_be_guessed_is_refused() {
    let problems = Place::new("").problems(&[("PANOS_UPGRADE__DASHBOARD__TOKEN", "secret")]);
    assert!(problems.len() == 1 && !problems[0].contains("secret"), "{problems:?}");
}
