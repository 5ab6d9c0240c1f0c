//! The readers of what devices answer, against answers that nobody thought of.
//!
//! Each module is one target: what has to hold for any bytes. Here it replays its corpus and changes it at random
//! for two seconds; `scripts/fuzz NAME SECONDS` runs the same function coverage-guided and adds to the corpus.

mod panos_answer;
mod panos_df;

/// Where the inputs of a target lie.
macro_rules! corpus {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/", $name)
    };
}

/// What answers are made of.
const PROTOCOL: &[&str] = &[
    "<response status=\"success\">",
    "<response status = 'error' code = '403'>",
    "</response>",
    "<result>",
    "</result>",
    "<msg>",
    "<line>",
    "<job>",
    "<id>7</id>",
    "<status>FIN</status>",
    "<progress>99</progress>",
    "<details>",
    "<entry name='1'>",
    "</entry>",
    "<serial>007900000100112</serial>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml version=\"1.0\"?>",
    "&#10;",
    "&#x202e;",
    "&amp;",
    "unknown",
    "(null)",
    "Key Expired: ",
    panos_answer::SECRET,
    "31 days, 3:25:27",
    "jobid ",
    "The required '11.2.0' base image must be loaded before this image",
];

/// What `df -h` is made of.
const TABLE: &[&str] = &[
    "Filesystem Size Used Avail Use% Mounted on\n",
    "/dev/sda6       7.9G  1.7G  5.8G  23% /opt/panrepo\n",
    "/dev/mapper/a-very-long-volume-name\n",
    "tmpfs 12M 0 12M 0% /dev/shm\n",
    "1020K",
    "1.8T",
    "100%",
    "-",
    "/opt",
    " /",
    "\n",
];

#[test]
fn any_answer_is_read_or_refused_by_every_reader_without_a_secret_or_a_phantom() {
    fuzzkit::run(corpus!("panos_answer"), PROTOCOL, panos_answer::check);
}

#[test]
fn any_text_of_df_is_measured_as_it_stands_or_refused() {
    fuzzkit::run(corpus!("panos_df"), TABLE, panos_df::check);
}
