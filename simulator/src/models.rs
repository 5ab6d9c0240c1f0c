//! The hardware and virtual models of the fleet.
//!
//! Names and families are the vendor's; the platform part of a file name is recorded for `vm` and `440` only, the
//! others follow the family. Numbers of the disk are ours, their order of size is the recorded one. Leaves to
//! others: how a disk is printed ([`crate::device::disk`]).

/// A model as `show system info` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// `PA-440`.
    pub name: &'static str,
    /// `family` in the device's and Panorama's answers.
    pub family: &'static str,
    /// Whose images it runs.
    pub platform: Platform,
    /// First digits of its serials; VM serials have 15 digits, the others 12.
    pub serial_prefix: &'static str,
    /// How its `df` looks.
    pub layout: Layout,
    /// Size of `/opt/panrepo` in KB.
    pub panrepo_kb: u64,
    /// Weight in a generated fleet.
    pub weight: u64,
}

/// A family of models that shares images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// The part between `PanOS_` and the dash.
    pub file_part: &'static str,
    /// Size of its images, in percent.
    pub size_percent: u64,
}

/// The recorded forms of `show system disk-space`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// PA-VM: CDATA, `/dev/sdaN`.
    A,
    /// Large chassis: CDATA after line break and blank, single-spaced header, `/dev/mdN`, `1020K`.
    B,
    /// Small old box: plain text, indented, columns squeezed to one blank.
    C,
    /// Branch box: CDATA, a big `/opt/panlogs` missing.
    D,
    /// eMMC: CDATA, `/dev/mmcblk0pN`.
    E,
}

const MB: u64 = 1024;
const GB: u64 = 1024 * MB;

const fn platform(file_part: &'static str, size_percent: u64) -> Platform {
    Platform { file_part, size_percent }
}

/// Every model that a fleet can hold.
///
/// A weight of 0 keeps a model out of generated fleets: a PA-220 is said to stop at 10.2, so it appears where
/// a scenario asks for a device without a path.
pub const MODELS: &[Model] = &[
    Model {
        name: "PA-VM",
        family: "vm",
        platform: platform("vm", 100),
        serial_prefix: "0079",
        layout: Layout::A,
        panrepo_kb: 7 * GB + 920 * MB,
        weight: 6,
    },
    Model {
        name: "PA-220",
        family: "220",
        platform: platform("220", 58),
        serial_prefix: "0128",
        layout: Layout::C,
        panrepo_kb: 3 * GB + 820 * MB,
        weight: 0,
    },
    Model {
        name: "PA-440",
        family: "400",
        platform: platform("440", 100),
        serial_prefix: "0213",
        layout: Layout::E,
        panrepo_kb: 18 * GB,
        weight: 6,
    },
    Model {
        name: "PA-460",
        family: "400",
        platform: platform("440", 100),
        serial_prefix: "0216",
        layout: Layout::E,
        panrepo_kb: 18 * GB,
        weight: 2,
    },
    Model {
        name: "PA-850",
        family: "800",
        platform: platform("800", 92),
        serial_prefix: "0119",
        layout: Layout::D,
        panrepo_kb: 7 * GB + 920 * MB,
        weight: 4,
    },
    Model {
        name: "PA-1410",
        family: "1400",
        platform: platform("1400", 104),
        serial_prefix: "0264",
        layout: Layout::E,
        panrepo_kb: 18 * GB,
        weight: 2,
    },
    Model {
        name: "PA-3220",
        family: "3200",
        platform: platform("3200", 96),
        serial_prefix: "0166",
        layout: Layout::D,
        panrepo_kb: 12 * GB,
        weight: 4,
    },
    Model {
        name: "PA-5260",
        family: "5200",
        platform: platform("5200", 112),
        serial_prefix: "0199",
        layout: Layout::B,
        panrepo_kb: 23 * GB,
        weight: 2,
    },
    Model {
        name: "PA-5410",
        family: "5400",
        platform: platform("5400", 115),
        serial_prefix: "0258",
        layout: Layout::B,
        panrepo_kb: 38 * GB,
        weight: 1,
    },
    Model {
        name: "PA-3430",
        family: "3400",
        platform: platform("3400", 106),
        serial_prefix: "0270",
        layout: Layout::E,
        panrepo_kb: 23 * GB,
        weight: 0,
    },
    Model {
        name: "PA-7050",
        family: "7000",
        platform: platform("7000", 118),
        serial_prefix: "0151",
        layout: Layout::B,
        panrepo_kb: 38 * GB,
        weight: 0,
    },
];

/// The model of that name.
pub fn by_name(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}

impl Model {
    /// Whether it is a virtual machine, which answers with VM fields.
    pub fn is_virtual(&self) -> bool {
        self.family == "vm"
    }

    /// An invented serial: prefix and number, as long as the model's serials are.
    pub fn serial(&self, number: u64) -> String {
        let length = if self.is_virtual() { 15 } else { 12 };
        let width = length - self.serial_prefix.len();
        format!("{}{number:0width$}", self.serial_prefix)
    }
}
