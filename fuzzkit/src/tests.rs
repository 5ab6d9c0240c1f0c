//! The harness finds what it is there to find.

use super::*;

const DEEP: &[u8] = b"version,sha256\n11.1.4-h7,ab\n";

fn corpus_of(inputs: &[&[u8]]) -> PathBuf {
    let name = format!("fuzzkit-{}-{:?}", std::process::id(), std::thread::current().id());
    let directory = std::env::temp_dir().join(name.replace(['(', ')'], "_"));
    fs::create_dir_all(&directory).unwrap();
    for (index, input) in inputs.iter().enumerate() {
        fs::write(directory.join(index.to_string()), input).unwrap();
    }
    directory
}

fn message_of(work: impl FnOnce()) -> String {
    let panic = panic::catch_unwind(AssertUnwindSafe(work)).expect_err("a panic");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn an_input_of_the_corpus_that_breaks_the_target_is_named() {
    let corpus = corpus_of(&[b"fine", b"bad\n"]);
    let message = message_of(|| run(&corpus, &[], |input| assert_ne!(input, b"bad\n")));
    fs::remove_dir_all(&corpus).unwrap();
    assert!(message.contains(r#"broke the target"#) && message.ends_with(r#"b"bad\n""#), "{message}");
}

#[test]
fn random_changes_find_a_word_in_a_place_where_it_does_not_belong() {
    fn target(input: &[u8]) {
        assert!(!text_of(input).contains("sha256\n(null)"));
    }
    let corpus = corpus_of(&[DEEP]);
    let message = message_of(|| run(&corpus, &["(null)", "12.1.2"], target));
    fs::remove_dir_all(&corpus).unwrap();
    assert!(message.contains("(null)"), "{message}");
}

#[test]
fn an_empty_corpus_tests_nothing_and_fails() {
    let corpus = corpus_of(&[]);
    let message = message_of(|| run(&corpus, &[], |_| {}));
    fs::remove_dir_all(&corpus).unwrap();
    assert!(message.ends_with("has no inputs"), "{message}");
    assert!(!message_of(|| run("/nowhere/at/all", &[], |_| {})).is_empty());
}

#[test]
fn inputs_differ_and_are_bounded() {
    let mut mutator = Mutator::seeded(vec![DEEP.to_vec(), vec![b'x'; 10_000]], &["word"], 7);
    let inputs: std::collections::BTreeSet<_> = (0..1_000).map(|_| mutator.next_input()).collect();
    assert!(inputs.len() > 600, "{}", inputs.len());
    assert!(inputs.iter().all(|input| input.len() <= 4096));
    let mut of_nothing = Mutator::seeded(Vec::new(), &[], 7);
    assert!((0..1_000).any(|_| !of_nothing.next_input().is_empty()));
}

#[test]
fn a_message_that_is_long_or_moves_the_cursor_is_refused() {
    assert_printable("`11.1\\n` is not a version", 100);
    assert!(message_of(|| assert_printable("xxx", 2)).contains("a message of 3 bytes"));
    assert!(message_of(|| assert_printable("a\u{1b}[2J", 100)).contains("control character"));
}

#[test]
fn waiting_is_no_work() {
    let waited = quickest_of_three(|| std::thread::sleep(Duration::from_millis(60)));
    let worked = quickest_of_three(|| {
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(60) {
            std::hint::spin_loop();
        }
    });
    assert!(
        !Path::new("/proc/thread-self/schedstat").exists() || waited < Duration::from_millis(20),
        "{waited:?}"
    );
    assert!(worked > Duration::from_millis(1), "{worked:?}");
}
