//! JUnit XML.

use super::super::Manner;
use super::made::{STRICT, finding, hostile, report, subject};
use crate::verify::junit;
use customs_model::Severity;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;

/// How often each element is there; fails where it is no XML.
fn elements(text: &str) -> BTreeMap<String, usize> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut counts = BTreeMap::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes() {
                    attribute.unwrap();
                }
                let name = element.name().as_ref().to_owned();
                let name = String::from_utf8_lossy(name.as_ref()).into_owned();
                *counts.entry(name).or_default() += 1;
            }
            Event::Eof => return counts,
            _ => {}
        }
    }
}

#[test]
fn junit_is_xml_whatever_strangers_write() {
    let text = junit::text(&hostile(), Manner::default()).unwrap();
    assert!(elements(&text)["testcase"] > 3);
    let illegal = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}') || (c.is_control() && c != '\n');
    assert!(!text.contains(illegal), "{text:?}");
}

#[test]
fn junit_has_a_case_for_each_question_and_each_finding_that_fails() {
    let mut one = subject(vec![
        finding("a", "fails".into(), Severity::High),
        finding("a", "warns".into(), Severity::Low),
    ]);
    one.packages = Vec::new();
    let report = report(vec![one]);
    let text = junit::text(&report, Manner::default()).unwrap();
    insta::assert_snapshot!(text, @r##"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="customs">
      <testsuite name="package-lock.json" tests="4" failures="2" errors="0" skipped="1">
        <testcase classname="package-lock.json" name="tree"/>
        <testcase classname="package-lock.json" name="lockfile">
          <failure type="lockfile" message="the answer is no"></failure>
        </testcase>
        <testcase classname="package-lock.json" name="origin">
          <skipped message="not checked: evidence of origin was not asked for"/>
        </testcase>
        <testcase classname="package-lock.json" name="lock-address: fails" file="apps/a b/package-lock.json">
          <failure type="lock-address" message="fails">was a
    now b
    why: The package manager installs what stands behind the address, and shows the name of the entry: `npm ls` prints is-number@7.0.0 where is-odd@3.0.1 was installed.
    do: Do not install from this lockfile. Find the commit that wrote the line and who made it, and let the package manager write the entry again.</failure>
        </testcase>
        <system-out>warning[lock-address] warns</system-out>
      </testsuite>
      <testsuite name="all projects together" tests="2" failures="0" errors="0" skipped="0">
        <testcase classname="all projects together" name="settings"/>
        <testcase classname="all projects together" name="lockfiles together"/>
      </testsuite>
    </testsuites>
    "##);
    let strict = elements(&junit::text(&report, STRICT).unwrap());
    assert_eq!(strict["error"], 1);
    assert!(!strict.contains_key("skipped"));
}
