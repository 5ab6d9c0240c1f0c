use super::*;
use crate::testing::{missing, read_both};
use proptest::prelude::*;

fn jobs(answer: &str) -> Vec<DeviceJob> {
    read_both(answer, read_all).unwrap()
}

fn read_all(response: &Element) -> Result<Vec<DeviceJob>, Missing> {
    read(response, &Messages::default())
}

fn only(answer: &str) -> DeviceJob {
    let [job] = <[DeviceJob; 1]>::try_from(jobs(answer)).expect("one job");
    job
}

fn of_fields(fields: &str) -> DeviceJob {
    only(&format!("<response status=\"success\"><result><job>{fields}</job></result></response>"))
}

#[test]
fn a_running_download_is_read() {
    assert_eq!(
        only(include_str!("../../../fixtures/job_running_8.x.xml")),
        DeviceJob {
            id: Some(DeviceJobId(7712)),
            kind: "Downld".into(),
            status: JobStatus::Active,
            result: JobResult::Pending,
            progress: Some(13),
            details: Vec::new(),
            warnings: Vec::new(),
            enqueued: Some("2026/09/18 14:07:58".into()),
            dequeued: Some("14:07:58".into()),
            finished: None,
            user: None,
            description: None,
            failure: None,
        }
    );
}

#[test]
fn a_finished_job_has_a_time_where_its_progress_was() {
    let job = only(include_str!("../../../fixtures/job_finished_11.2.xml"));
    assert!(job.is_finished());
    assert_eq!((job.result.clone(), job.progress, job.failure()), (JobResult::Ok, None, None));
    assert_eq!(job.finished.as_deref(), Some("2026/08/07 04:07:45"));
    assert_eq!(job.user.as_deref(), Some("admin"));
    assert_eq!(job.details.len(), 3);
    assert_eq!(job.details[2], "Successfully loaded into software manager");

    let short = only(include_str!("../../../fixtures/job_finished_time_only.xml"));
    assert_eq!((short.progress, short.finished.as_deref()), (None, Some("08:32:10")));
    assert_eq!((&short.dequeued, short.failure()), (&None, None));
}

#[test]
fn progress_is_a_percentage_or_nothing() {
    let cases = [
        ("0", Some(0)),
        ("13", Some(13)),
        ("100", Some(100)),
        ("99%", Some(99)),
        ("101", None),
        ("14:02:21", None),
        ("2026/08/30 15:01:04", None),
        ("-1", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(of_fields(&format!("<id>1</id><progress>{text}</progress>")).progress, expected, "{text}");
    }
    assert_eq!(of_fields("<id>1</id>").progress, None);
}

#[test]
fn a_missing_base_fails_the_job_although_its_first_lines_tell_success() {
    let job = only(include_str!("../../../fixtures/job_base_missing.xml"));
    assert_eq!(job.details[0], "Successfully downloaded");
    assert_eq!(job.failure(), Some(Refusal::BaseMissing { version: "11.2.0".into() }));
}

#[test]
fn a_busy_software_manager_fails_a_job_at_once() {
    let job = of_fields(
        "<id>5</id><type>SWInstall</type><status>FIN</status><result>FAIL</result><details>\
         <line>Failed to install 11.1.1 with the following errors.\nSW version is 11.1.1</line>\
         <line>The software manager is currently in use. Please try again later.</line>\
         <line>Failed to install   version  11.1.1  type  panos</line></details>",
    );
    assert_eq!(job.failure(), Some(Refusal::BusySoftwareManager));
}

#[test]
fn a_job_without_an_id_is_kept_and_known_as_lost() {
    let jobs = jobs(include_str!("../../../fixtures/jobs_failed_job.xml"));
    assert_eq!(jobs.len(), 2);
    let lost = &jobs[0];
    assert_eq!((lost.id, lost.kind.as_str()), (None, "Failed-Job"));
    assert!(lost.is_finished());
    assert_eq!(lost.failure(), Some(Refusal::JobLost));
    assert_eq!((jobs[1].id, jobs[1].kind.as_str()), (Some(DeviceJobId(1)), "AutoCom"));
    assert_eq!(jobs[1].failure(), None);
}

#[test]
fn a_device_is_ready_when_a_commit_after_the_boot_went_well_or_is_forgotten() {
    use crate::commands::restart::AutoCommit;
    let commit = |id: u8, status: &str, result: &str| {
        format!(
            "<job><id>{id}</id><type>AutoCom</type><status>{status}</status><result>{result}</result></job>"
        )
    };
    let state = |entries: &str| {
        AutoCommit::of(&jobs(&format!("<response status='success'><result>{entries}</result></response>")))
    };
    assert_eq!(
        AutoCommit::of(&jobs(include_str!("../../../fixtures/jobs_failed_job.xml"))),
        AutoCommit::Done
    );
    assert_eq!(state(""), AutoCommit::Done);
    assert_eq!(state("<job><id>3</id><type>Downld</type><status>ACT</status></job>"), AutoCommit::Done);
    assert_eq!(state(&commit(1, "ACT", "PEND")), AutoCommit::Running);
    assert_eq!(state(&commit(1, "FIN", "FAIL")), AutoCommit::Failed);
    // Recorded in the documentation of the vendor's assurance library, `get_jobs`.
    let again = AutoCommit::of(&jobs(include_str!("../../../fixtures/jobs_autocom_again.xml")));
    assert_eq!(again, AutoCommit::Done);
    for list in [
        [commit(1, "FIN", "FAIL"), commit(2, "ACT", "PEND")].concat(),
        [commit(2, "ACT", "PEND"), commit(1, "FIN", "FAIL")].concat(),
    ] {
        assert_eq!(state(&list), AutoCommit::Running);
    }
}

#[test]
fn a_job_listed_twice_is_one_job() {
    let jobs = jobs(include_str!("../../../fixtures/jobs_duplicates_11.2.xml"));
    let ids: Vec<_> = jobs.iter().filter_map(|job| job.id).map(|id| id.0).collect();
    assert_eq!(ids, [2127, 1990]);
    assert_eq!((jobs[0].progress, jobs[1].progress), (Some(100), None));
    assert_eq!(jobs[1].dequeued.as_deref(), Some("00:00:05"), "past midnight, and without a date");
}

#[test]
fn of_two_entries_for_one_id_the_finished_one_counts_in_either_order() {
    let active = "<job><id>7</id><type>Downld</type><status>ACT</status><result>PEND</result></job>";
    let ended = "<job><id>7</id><type>Downld</type><status>FIN</status><result>OK</result></job>";
    for list in [[active, ended].concat(), [ended, active].concat()] {
        assert!(
            only(&format!("<response status='success'><result>{list}</result></response>")).is_finished()
        );
    }
}

#[test]
fn details_are_lines_or_text_or_nested_or_absent_in_any_order() {
    let details = |xml: &str| of_fields(&format!("<warnings/>{xml}<id>1</id>")).details;
    assert_eq!(details("<details>plain text</details>"), ["plain text"]);
    assert_eq!(
        details("<details><line><![CDATA[File successfully downloaded\n]]></line></details>"),
        ["File successfully downloaded"]
    );
    assert_eq!(
        details("<details><line><line>inner</line></line><line>second</line></details>"),
        ["inner", "second"]
    );
    assert_eq!(details("<details><line><newjob><newmsg>n</newmsg></newjob></line></details>"), ["n"]);
    assert_eq!(details("<details/>"), Vec::<String>::new());
    assert_eq!(details(""), Vec::<String>::new());
    assert_eq!(of_fields("<warnings><line>w</line></warnings>").warnings, ["w"]);
}

#[test]
fn unknown_words_are_kept_and_are_no_end() {
    let job = of_fields("<id>3</id><type>Downld</type><status>PAUSED</status><result>MAYBE</result>");
    assert_eq!(job.status, JobStatus::Other("PAUSED".into()));
    assert_eq!(job.result, JobResult::Other("MAYBE".into()));
    assert!(!job.is_finished());
    assert_eq!(job.failure(), None);
    assert_eq!(of_fields("<id>3</id><status>QUEUED</status>").status, JobStatus::Queued);
    assert_eq!(of_fields("<id>3</id><status>PEND</status>").status, JobStatus::Pending);
    let odd = of_fields("<id>3</id><status>FIN</status><result>MAYBE</result>");
    assert_eq!(odd.failure(), Some(Refusal::Unrecognised), "an end that is not OK is a failure");
}

#[test]
fn a_job_that_is_still_active_has_not_ended_and_old_releases_name_an_admin() {
    let job = of_fields("<id>3</id><tfin>Still Active</tfin><admin>ops</admin>");
    assert_eq!((job.finished, job.user.as_deref()), (None, Some("ops")));
}

#[test]
fn no_jobs_are_an_empty_list_and_no_result_is_unexpected() {
    assert!(jobs("<response status='success'><result/></response>").is_empty());
    assert!(missing("<response status='success'/>", read_all).contains("result"));
}

proptest! {
    #[test]
    fn any_field_texts_are_read_without_a_panic(a in "[^<&]{0,40}", b in "[0-9:/ -]{0,24}") {
        let answer = format!("<response status='success'><result><job><id>{b}</id><progress>{b}</progress><status>{a}</status><tfin>{b}</tfin></job></result></response>");
        if let Ok(response) = Element::parse(&answer) {
            prop_assert!(read_all(&response).is_ok());
        }
    }
}
