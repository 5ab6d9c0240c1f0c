//! Whole answers, read back with an XML parser.

mod basics;
mod oddities;
mod problems;

use std::net::Ipv4Addr;
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::reply::{Body, Ending};
use super::*;
use crate::faults::Fault;
use crate::fleet::PANORAMA;
use crate::scenario::file::SingleDevice;
use crate::scenario::{Named, Pace, Quirks, Scenario};
use crate::world::USERNAME;

#[derive(Debug, Default, Clone)]
struct Node {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Node>,
}

impl Node {
    fn parse(text: &str) -> Self {
        let mut reader = Reader::from_str(text);
        let mut stack = vec![Node::default()];
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => stack.push(Self::open(&start)),
                Event::Empty(empty) => {
                    let node = Self::open(&empty);
                    stack.last_mut().unwrap().children.push(node);
                }
                Event::End(_) => {
                    let node = stack.pop().unwrap();
                    stack.last_mut().unwrap().children.push(node);
                }
                Event::Text(found) => stack.last_mut().unwrap().text.push_str(&found),
                Event::CData(found) => stack.last_mut().unwrap().text.push_str(&found),
                Event::Eof => break,
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
        assert_eq!(stack.len(), 1, "an element was not closed");
        let mut root = stack.pop().unwrap();
        assert_eq!(root.children.len(), 1, "one document: {text}");
        root.children.remove(0)
    }

    fn open(start: &quick_xml::events::BytesStart<'_>) -> Self {
        let attribute = |a: quick_xml::events::attributes::Attribute<'_>| {
            let name: &str = a.key.as_ref();
            (name.to_owned(), a.value.to_string())
        };
        Self {
            name: start.name().as_ref().to_owned(),
            attributes: start.attributes().map(|found| attribute(found.unwrap())).collect(),
            ..Self::default()
        }
    }

    fn all<'a>(&'a self, path: &str) -> Vec<&'a Node> {
        path.split('/').fold(vec![self], |nodes, name| {
            nodes.into_iter().flat_map(|node| node.children.iter().filter(move |c| c.name == name)).collect()
        })
    }

    fn at(&self, path: &str) -> &str {
        let found = self.all(path);
        found.first().unwrap_or_else(|| panic!("no {path} in {self:?}")).text.as_str()
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

fn world(scenario: Scenario) -> World {
    let pace = Pace { check_time: Duration::ZERO, download_time: Duration::ZERO, ..scenario.pace };
    World::new(&Scenario { pace, ..scenario }).unwrap()
}

fn plain(devices: u64) -> World {
    world(Scenario { devices, ..Named::Plain.scenario() })
}

/// One device on 11.0.4, of that model and with those oddities.
fn single(model: &str, quirks: Quirks) -> World {
    let single = SingleDevice {
        model: Some(model.to_owned()),
        version: Some("11.0.4".parse().unwrap()),
        quirks: Some(quirks),
        ..SingleDevice::default()
    };
    world(Scenario { devices: 0, singles: vec![single], ..Named::Plain.scenario() })
}

const FIRST: Ipv4Addr = Ipv4Addr::new(127, 21, 0, 1);

async fn ask(world: &World, address: Ipv4Addr, query: &str) -> Reply {
    let host = world.host(address).unwrap();
    answer(world, host, &Request::new(query, b"", Some(&world.api_key), None)).await
}

async fn op(world: &World, address: Ipv4Addr, cmd: &str) -> Node {
    let reply = ask(world, address, &format!("type=op&cmd={cmd}")).await;
    parse(&reply)
}

fn parse(reply: &Reply) -> Node {
    let Body::Text(text) = &reply.body else { panic!("{reply:?}") };
    Node::parse(text)
}

const CHECK: &str = "<request><system><software><check/></software></system></request>";

fn download(version: &str) -> String {
    format!(
        "<request><system><software><download><version>{version}</version></download></software></system></request>"
    )
}

/// Questions that most tests ask.
const SYSTEM_INFO: &str = "<show><system><info></info></system></show>";
const INFO: &str = "<request><system><software><info/></software></system></request>";
const ALL_DEVICES: &str = "<show><devices><all/></devices></show>";
const HA_STATE: &str = "<show><high-availability><state/></high-availability></show>";

fn job(id: &str) -> String {
    format!("<show><jobs><id>{id}</id></jobs></show>")
}

/// The device of a fleet of one, with a fault from now on.
fn inject(world: &World, fault: Fault) {
    world.firewalls[0].at(world.clock.now()).faults.inject(fault);
}
