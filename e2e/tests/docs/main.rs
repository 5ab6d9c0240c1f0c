//! The documentation holds together: links lead somewhere, every page is reachable, commands exist.
//!
//! Leaves to others: whether what a page says is true (each part's own tests), links to other sites beyond their form.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

mod proofs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use testkit::process::Program;

/// Every Markdown page by its path from the root, except what is not ours.
fn pages() -> BTreeMap<PathBuf, String> {
    let root = root();
    let mut pages = BTreeMap::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir()
                && !name.starts_with('.')
                && !["target", "corpus", "node_modules"].contains(&name.as_str())
            {
                directories.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                let text = std::fs::read_to_string(&path).unwrap();
                pages.insert(path.strip_prefix(&root).unwrap().to_owned(), text);
            }
        }
    }
    assert!(pages.len() > 5, "{:?}", pages.keys());
    pages
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The text without code blocks, in which brackets mean something else.
fn prose(text: &str) -> String {
    let mut in_code = false;
    let outside = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    });
    outside.map(|line| line.split('`').step_by(2).collect::<String>() + "\n").collect()
}

/// Targets of `[text](target)` and of images.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let ends = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    ends.map(|(target, _)| target.split(' ').next().unwrap_or_default().to_owned()).collect()
}

/// Anchors of the headings, as the usual renderers make them: lower case, blanks to dashes, other signs left out.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut in_code = false;
    let headings = text.lines().filter(|line| {
        in_code ^= line.trim_start().starts_with("```");
        !in_code && line.starts_with('#')
    });
    headings
        .map(|heading| {
            let words = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = words.chars().filter(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_'));
            kept.map(|sign| if sign == ' ' { '-' } else { sign }).collect()
        })
        .collect()
}

/// `docs/a/../b.md` as `docs/b.md`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => normal.push(part),
        }
    }
    normal
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut broken = Vec::new();
    let mut n_links = 0;
    for (page, text) in &pages {
        for link in links(text) {
            n_links += 1;
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) =
                link.split_once('#').map_or((link.as_str(), None), |(file, anchor)| (file, Some(anchor)));
            let target = if file.is_empty() {
                page.clone()
            } else {
                normal(&page.parent().unwrap_or(Path::new("")).join(file))
            };
            let is_there = root().join(&target).exists()
                && anchor.is_none_or(|anchor| {
                    pages.get(&target).is_some_and(|text| anchors(text).contains(anchor))
                });
            if !is_there {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(n_links > 20, "only {n_links} links were found: the reader of links is broken");
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_page_of_docs_is_reached_from_the_readme() {
    let pages = pages();
    let mut reached = BTreeSet::new();
    let mut next = vec![PathBuf::from("README.md")];
    while let Some(page) = next.pop() {
        let Some(text) = pages.get(&page).filter(|_| reached.insert(page.clone())) else { continue };
        let targets = links(text).into_iter().filter(|link| !link.starts_with("https://"));
        next.extend(targets.map(|link| {
            let file = link.split('#').next().unwrap_or_default().to_owned();
            normal(&page.parent().unwrap_or(Path::new("")).join(file))
        }));
    }
    let lost: Vec<_> =
        pages.keys().filter(|page| page.starts_with("docs") && !reached.contains(*page)).collect();
    assert!(lost.is_empty(), "pages that no other page leads to: {lost:?}");
}

/// What stands as code: the lines of blocks, and the spans in prose.
fn code(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            found.push(line);
        } else {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

/// The words of a command line up to the first that is an argument.
fn command(line: &str) -> Option<Vec<&str>> {
    let rest = line.trim().trim_start_matches("$ ").strip_prefix("panos-upgrade ")?;
    let is_word = |word: &&str| {
        !word.is_empty()
            && word.chars().all(|sign| sign.is_ascii_lowercase() || sign == '-')
            && !word.starts_with('-')
    };
    Some(rest.split(' ').take_while(is_word).collect())
}

#[tokio::test]
async fn every_command_that_a_page_shows_exists() {
    let mut shown = BTreeMap::new();
    for (page, text) in pages() {
        for line in code(&text) {
            if let Some(words) = command(line).filter(|words| !words.is_empty()) {
                let words = words.iter().take(2).map(ToString::to_string).collect::<Vec<_>>();
                shown.entry(words).or_insert_with(|| page.clone());
            }
        }
    }
    assert!(shown.len() > 20, "only {} commands were found: {shown:?}", shown.len());
    let mut unknown = Vec::new();
    for (words, page) in shown {
        let program = Program::ours("panos-upgrade").unwrap().args(&words).arg("--help");
        if !program.run(Duration::from_secs(30)).await.unwrap().status.success() {
            unknown.push((words, page));
        }
    }
    assert!(unknown.is_empty(), "commands that do not exist: {unknown:?}");
}
