//! Reading what programs ask for.

use serde_json::json;

use super::*;

#[test]
fn a_submission_reads_in_each_of_its_forms() {
    let asked =
        Submission::parse(&json!({"devices": ["01", "02"], "target": "11.1.4-h7", "reason": " CHG-1 "}))
            .unwrap();
    assert_eq!(asked.devices, Chosen::Serials(vec!["01".parse().unwrap(), "02".parse().unwrap()]));
    assert_eq!((asked.reason.as_deref(), asked.dry_run), (Some("CHG-1"), false));
    let asked =
        Submission::parse(&json!({"devices": "all", "path": ["11.1.0", "11.1.4-h7"], "dry_run": true}))
            .unwrap();
    assert_eq!((asked.devices, asked.path.unwrap().len(), asked.dry_run), (Chosen::All, 2, true));
    let asked =
        Submission::parse(&json!({"devices": {"select": ["model=PA-440", "version<11.1.0"]}})).unwrap();
    assert!(matches!(asked.devices, Chosen::Select(selectors) if selectors.len() == 2));
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_field() {
    let asked = json!({"device": "01", "devices": ["", 7], "target": "eleven", "path": [], "dry_run": "no",
                      "reason": "a\nb", "requested_by": "x".repeat(201)});
    let BadBody(problems) = Submission::parse(&asked).unwrap_err();
    let fields: Vec<&str> = problems.iter().map(|problem| problem.split(':').next().unwrap()).collect();
    assert_eq!(
        fields,
        ["`device`", "devices[0]", "devices[1]", "target", "path", "reason", "dry_run", "requested_by"]
    );
    assert!(problems[0].contains("there are devices, target"), "{}", problems[0]);
    assert!(Submission::parse(&json!([])).is_err());
    assert!(Submission::parse(&json!({"devices": "all", "target": "11.1.0", "path": ["11.1.0"]})).is_err());
    let many: Vec<String> = (0..=MAX_SERIALS).map(|n| n.to_string()).collect();
    assert!(Submission::parse(&json!({"devices": many})).is_err());
}

#[test]
fn a_cancel_says_why() {
    assert!(Because::parse(&json!({})).is_err());
    assert!(Because::parse(&json!({"reason": "  "})).is_err());
    assert!(Because::parse(&json!({"reason": "CHG-1", "force": true})).is_err());
    assert_eq!(Because::parse(&json!({"reason": "CHG-1"})).unwrap().reason.as_deref(), Some("CHG-1"));
}
