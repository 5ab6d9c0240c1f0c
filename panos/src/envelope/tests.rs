use super::*;
use crate::testing::plainly;
use proptest::prelude::*;
use secrecy::SecretString;

fn answer(status: u16, body: &str) -> Result<String, Fault> {
    let reply = Reply { status, reason: None, body: body.to_owned() };
    let key = SecretString::from("SECRETKEY0123456789");
    open(&reply, &Reading { redactor: Redactor::new(&[&key]), ..plainly() }, |response| {
        response
            .at(&["result"])
            .and_then(|r| r.value("job"))
            .map(str::to_owned)
            .ok_or_else(|| Missing::element("result/job"))
    })
}

fn said(body: &str) -> String {
    match answer(200, body) {
        Err(Fault::Refused { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

fn unexpected(status: u16, body: &str) -> (String, String) {
    match answer(status, body) {
        Err(Fault::Unexpected { expected, found }) => (expected, found),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_text_of_an_error_is_found_in_all_five_places() {
    assert_eq!(said("<response status='error'><msg><line>a</line></msg></response>"), "a");
    assert_eq!(
        said("<response status='error' code='12'><msg><line><line>a</line></line></msg></response>"),
        "code 12: a"
    );
    assert_eq!(said("<response status='error'><msg><line>a</line><line>b</line></msg></response>"), "a; b");
    assert_eq!(said("<response status='error'><result><msg><line>a</line></msg></result></response>"), "a");
    assert_eq!(said("<response status = 'error'><result><msg>a</msg></result></response>"), "a");
    assert_eq!(said("<response status='error'><msg>a</msg></response>"), "a");
    assert_eq!(
        said(
            "<response status='error'><result><job><details><line>a</line></details></job></result></response>"
        ),
        "a"
    );
    assert_eq!(
        said("<response status='error'><msg>\n <line>\n </line>\n</msg></response>"),
        "no reason given"
    );
}

#[test]
fn an_earlier_place_with_only_white_space_does_not_hide_a_later_one() {
    assert_eq!(
        said("<response status='error'><msg><line> </line></msg><result><msg>b</msg></result></response>"),
        "b"
    );
}

#[test]
fn the_places_are_looked_at_in_their_order_and_the_text_of_the_result_comes_last() {
    let all = [
        "<msg>4</msg>",
        "<msg><line>1</line></msg>",
        "<result>6<msg>3</msg><job><details><line>5</line></details></job></result>",
        "<result>6<msg><line>2</line></msg></result>",
        "<result>6<job><details><line>5</line></details></job></result>",
        "<result>6</result>",
    ];
    let told = |places: &[usize]| {
        let body: String = places.iter().map(|&n| all[n]).collect();
        said(&format!("<response status='error'>{body}</response>"))
    };
    assert_eq!(told(&[1, 3]), "1");
    assert_eq!(told(&[0, 3]), "2", "a line in the result comes before text in the message");
    assert_eq!(told(&[0, 2]), "3");
    assert_eq!(told(&[0, 4]), "4");
    assert_eq!((told(&[4]), told(&[5])), ("5".to_owned(), "6".to_owned()));
}

#[test]
fn an_error_that_tells_a_success_is_a_success() {
    let done = "<response status='error'><msg><line>Command succeeded with no output</line></msg></response>";
    let opened = open(&crate::testing::reply(done), &plainly(), |_| Ok(()));
    assert_eq!(opened, Ok(()));
    let (expected, _) = unexpected(200, done);
    assert_eq!(expected, "`result/job` in a success", "and still has to hold what was asked for");
}

#[test]
fn a_bad_request_with_words_is_permanent_and_one_without_may_be_an_expired_key() {
    let refusal = |status, body: &str| match answer(status, body) {
        Err(Fault::Refused { refusal, .. }) => refusal,
        other => panic!("{other:?}"),
    };
    let body = |text: &str| {
        format!("<response status = 'error' code = '400'><result><msg>{text}</msg></result></response>")
    };
    assert_eq!(refusal(400, &body("Missing value for parameter \"cmd\".")), Refusal::Permanent);
    assert_eq!(refusal(200, &body("Illegal parameter [request]")), Refusal::Permanent);
    assert_eq!(refusal(400, &body("")), Refusal::KeyExpired);
    assert_eq!(refusal(400, "<html>Bad Request</html>"), Refusal::KeyExpired);
}

#[test]
fn a_password_that_appears_when_white_space_is_brought_together_is_removed() {
    let password = SecretString::from("correct horse");
    let reading = Reading { redactor: Redactor::new(&[&password]), ..plainly() };
    let reply = crate::testing::reply("<response status='error'><msg>correct \n horse?</msg></response>");
    let refused = open(&reply, &reading, |_| Ok(()));
    assert!(
        matches!(&refused, Err(Fault::Refused { message, .. }) if message == "[redacted]?"),
        "{refused:?}"
    );
}

#[test]
fn a_success_without_the_element_is_never_a_success() {
    let (expected, found) = unexpected(200, "<response status=\"success\"><result/></response>");
    assert_eq!(expected, "`result/job` in a success");
    assert_eq!(found, "`<response status=\"success\"><result/></response>`");
    assert_eq!(
        answer(200, "<response cmd='x' status='success'><result><job>7</job></result></response>"),
        Ok("7".into())
    );
}

#[test]
fn what_is_no_answer_of_the_api_says_what_came_instead() {
    let cases = [
        ("", "nothing"),
        ("<html><body>Login</body></html>", "<html>"),
        ("<!DOCTYPE html><html></html>", "a document type definition"),
        (
            "<response status='success'><result><job>1</job></result></response><response/>",
            "a second document",
        ),
        ("<response status='success'><result><job>1</jo", "ends too early"),
        ("<response status=\"success\"><result>&x;</result></response>", "an entity"),
        ("HTTP/1.0 500 oops", "text outside"),
    ];
    for (body, part) in cases {
        let (expected, found) = unexpected(200, body);
        assert_eq!(expected, "one `<response>` document", "{body}");
        assert!(found.contains(part), "{found}");
        assert!(found.chars().count() < 200, "{found}");
    }
}

#[test]
fn a_document_without_a_known_status_is_neither_success_nor_refusal() {
    for body in ["<response/>", "<response code='19'/>", "<response status='maybe'/>"] {
        assert!(unexpected(200, body).0.starts_with("`status`"), "{body}");
    }
}

#[test]
fn a_redirect_or_a_foreign_page_is_not_followed_or_believed() {
    assert!(unexpected(302, "").1.starts_with("HTTP status 302"));
    assert!(unexpected(404, "<html>no such page</html>").1.contains("no such page"));
    assert!(
        matches!(
            answer(404, "<response status='success'><result><job>1</job></result></response>"),
            Err(Fault::Refused { .. })
        ),
        "a success under an HTTP error is none"
    );
}

#[test]
fn a_key_in_an_answer_is_not_quoted() {
    let (_, found) = unexpected(200, "<html>SECRETKEY0123456789</html>");
    assert_eq!(found, "`<html>[redacted]</html>`");
    assert_eq!(
        said("<response status='error'><msg>SECRETKEY0123456789 is bad</msg></response>"),
        "[redacted] is bad"
    );
}

#[test]
fn control_characters_do_not_reach_a_message() {
    assert_eq!(
        said("<response status='error'><msg>a&#27;[31m&#7;b</msg></response>"),
        "a\u{fffd}[31m\u{fffd}b"
    );
}

proptest! {
    #[test]
    fn any_answer_is_opened_without_a_panic_and_without_the_key(
        status in prop::sample::select(vec![200_u16, 204, 302, 400, 403, 404, 500]),
        before in ".{0,200}",
        after in ".{0,200}",
    ) {
        let outcome = answer(status, &format!("{before}SECRETKEY0123456789{after}"));
        let shown = format!("{outcome:?}");
        prop_assert!(!shown.contains("SECRETKEY0123456789"), "{}", shown);
    }
}
