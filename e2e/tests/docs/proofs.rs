//! The tests that a page names as proof of what it says are there.

use std::collections::BTreeSet;

use crate::root;

/// What stands between backticks after *Shown by*, up to the end of the paragraph.
fn named(page: &str) -> Vec<&str> {
    let paragraphs = page.split("*Shown by* ").skip(1).filter_map(|rest| rest.split("\n\n").next());
    paragraphs.flat_map(|paragraph| paragraph.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_test_that_the_page_of_security_names_exists() {
    let page = std::fs::read_to_string(root().join("docs/security.md")).unwrap();
    let (mut file, mut proofs, mut missing) = (String::new(), BTreeSet::new(), BTreeSet::new());
    for name in named(&page) {
        if name.contains('/') {
            file = std::fs::read_to_string(root().join(name)).unwrap_or_default();
            if file.is_empty() {
                missing.insert(name);
            }
        } else if !file.contains(&format!("fn {name}(")) {
            missing.insert(name);
        } else {
            proofs.insert(name);
        }
    }
    assert!(missing.is_empty(), "docs/security.md names what is not there: {missing:?}");
    assert!(proofs.len() > 30, "{proofs:?}");
}
