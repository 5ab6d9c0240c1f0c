//! Every combination of what is known about a hash.

use super::*;

fn hash(digit: char) -> Sha256Hex {
    Sha256Hex::parse(&digit.to_string().repeat(64)).unwrap()
}

#[test]
fn a_hash_is_64_digits_kept_in_lower_case() {
    assert_eq!(Sha256Hex::parse(&"aB".repeat(32)).unwrap().as_str(), "ab".repeat(32));
}

#[test]
fn a_refused_hash_tells_its_length_and_the_first_wrong_character() {
    let message = |text: &str| Sha256Hex::parse(text).unwrap_err().to_string();
    assert_eq!(message(""), "a SHA-256 has 64 hex digits, found 0");
    assert_eq!(message(&"a".repeat(63)), "a SHA-256 has 64 hex digits, found 63");
    assert_eq!(message(&"a".repeat(65)), "a SHA-256 has 64 hex digits, found 65");
    assert_eq!(
        message(&format!("{}xy{}", "a".repeat(9), "0".repeat(53))),
        "a SHA-256 has 64 hex digits, found 64 characters with 'x' at position 10"
    );
    assert_eq!(
        message(&format!("{}\n", "a".repeat(64))),
        "a SHA-256 has 64 hex digits, found 65 characters with '\\n' at position 65"
    );
    assert_eq!(message("é"), "a SHA-256 has 64 hex digits, found 1 characters with 'é' at position 1");
}

#[test]
fn bytes_hash_to_the_published_test_vector() {
    // FIPS 180-2, appendix B.1: the message "abc".
    assert_eq!(
        Sha256Hex::of(b"abc").as_str(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn only_equality_with_the_catalogue_is_called_verified() {
    let (a, b) = (hash('a'), hash('b'));
    for evidence in [Evidence::DeviceReported, Evidence::ComputedFromBytes] {
        assert_eq!(judge(Some(&a), Some(&a), evidence), HashOutcome::Verified { evidence });
        assert_eq!(
            judge(Some(&a), Some(&b), evidence),
            HashOutcome::Mismatch { expected: b.clone(), found: a.clone(), evidence }
        );
        assert_eq!(judge(Some(&a), None, evidence), HashOutcome::NoReference { found: a.clone(), evidence });
        assert_eq!(judge(None, Some(&a), evidence), HashOutcome::NotReported);
        assert_eq!(judge(None, None, evidence), HashOutcome::NotReported);
    }
}

#[test]
fn strict_accepts_proof_alone_and_a_mismatch_is_accepted_by_nobody() {
    use VerificationMode::{Lenient, Strict};
    let (a, b, evidence) = (hash('a'), hash('b'), Evidence::DeviceReported);
    let table = [
        (HashOutcome::Verified { evidence }, true, true),
        (HashOutcome::Mismatch { expected: a.clone(), found: b, evidence }, false, false),
        (HashOutcome::NotReported, true, false),
        (HashOutcome::NoReference { found: a, evidence }, true, false),
    ];
    for (outcome, lenient, strict) in table {
        assert_eq!(outcome.accepted(Lenient), lenient, "{outcome:?}");
        assert_eq!(outcome.accepted(Strict), strict, "{outcome:?}");
    }
}

#[test]
fn an_outcome_in_json_is_tagged_and_reads_back() {
    let (a, evidence) = (hash('a'), Evidence::ComputedFromBytes);
    let outcomes = [
        HashOutcome::Verified { evidence },
        HashOutcome::Mismatch { expected: a.clone(), found: hash('b'), evidence },
        HashOutcome::NotReported,
        HashOutcome::NoReference { found: a, evidence },
    ];
    for outcome in outcomes {
        let json = serde_json::to_value(&outcome).unwrap();
        assert_eq!(json["outcome"], outcome.as_str());
        let evidence = outcome.evidence().map(Evidence::as_str);
        assert_eq!(json.get("evidence").and_then(|evidence| evidence.as_str()), evidence);
        assert_eq!(serde_json::from_value::<HashOutcome>(json).unwrap(), outcome);
    }
    let short = r#"{"outcome":"no_reference","found":"abc","evidence":"device_reported"}"#;
    assert!(serde_json::from_str::<HashOutcome>(short).is_err());
}

#[test]
fn a_mode_is_read_by_the_word_it_prints() {
    for mode in [VerificationMode::Lenient, VerificationMode::Strict] {
        assert_eq!(mode.to_string().parse(), Ok(mode));
        assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
    }
    let error = "Strict ".parse::<VerificationMode>().unwrap_err().to_string();
    assert_eq!(error, "`Strict ` is not a verification mode: write lenient or strict");
}
