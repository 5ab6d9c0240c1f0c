//! The volume for images, and how `show system disk-space` prints it.
//!
//! The layouts are the recorded ones (A PA-VM, B large chassis, C small old box, D branch box, E PA-440 with
//! eMMC); only the line that holds the images moves, the other lines are constants.

use crate::models::Layout;

/// What the file system keeps for itself, in percent of its size.
const RESERVED_PERCENT: u64 = 5;

/// How full a volume is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    total_kb: u64,
    used_kb: u64,
}

impl Space {
    /// A volume of `total_kb` that holds `used_kb`.
    pub fn new(total_kb: u64, used_kb: u64) -> Self {
        Self { total_kb, used_kb: used_kb.min(total_kb) }
    }

    /// What may still be written.
    pub fn available_kb(self) -> u64 {
        let usable_kb = self.total_kb * (100 - RESERVED_PERCENT) / 100;
        usable_kb.saturating_sub(self.used_kb)
    }

    fn percent(self) -> u64 {
        (self.used_kb * 100).div_ceil((self.used_kb + self.available_kb()).max(1))
    }
}

/// `share` (0 to 1) of `kb`.
pub fn part_kb(kb: u64, share: f64) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sizes in KB are far below 2^52 and a share is not negative"
    )]
    let part = (kb as f64 * share.clamp(0.0, 1.0)) as u64;
    part
}

/// A size as `df -h` prints it: rounded up, one decimal below ten.
fn human(kb: u64) -> String {
    const UNITS: [(u64, char); 3] = [(1 << 30, 'T'), (1 << 20, 'G'), (1 << 10, 'M')];
    let Some((unit, letter)) = UNITS.into_iter().find(|(unit, _)| kb >= *unit) else {
        return if kb == 0 { "0".to_owned() } else { format!("{kb}K") };
    };
    let tenths = (kb * 10).div_ceil(unit);
    if tenths < 100 {
        format!("{}.{}{letter}", tenths / 10, tenths % 10)
    } else {
        format!("{}{letter}", kb.div_ceil(unit))
    }
}

/// One line: device, size, used, available, percent, mount.
type Line<'a> = (&'a str, [String; 4], &'a str);

/// How to print: the layout and what is odd about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// The recorded layout.
    pub layout: Layout,
    /// The line of the images is wrapped after the device name.
    pub wrapped: bool,
    /// Images lie on `/`; there is no mount of their own.
    pub no_panrepo: bool,
}

/// The inside of `<result>`, CDATA section included where the layout has one.
pub fn print(form: Form, space: Space) -> String {
    let images = [
        human(space.total_kb),
        human(space.used_kb),
        human(space.available_kb()),
        format!("{}%", space.percent()),
    ];
    let table = table(form, &images);
    match form.layout {
        Layout::A | Layout::D | Layout::E => {
            format!("<![CDATA[{HEADER}\n{table}]]>")
        }
        Layout::B => {
            format!("\n        <![CDATA[ {}\n{table}]]>\n    ", squeeze(HEADER))
        }
        Layout::C => {
            let lines: String = table.lines().map(|line| format!("        {}\n", squeeze(line))).collect();
            format!("{}\n{lines}    ", squeeze(HEADER))
        }
    }
}

const HEADER: &str = "Filesystem      Size  Used Avail Use% Mounted on";

fn squeeze(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn table(form: Form, images: &[String; 4]) -> String {
    let root_name = match form.layout {
        Layout::A | Layout::B | Layout::D => "/dev/root",
        Layout::C => "/dev/sda2",
        Layout::E => "/dev/mmcblk0p3",
    };
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (name, cells, mount) in constants(form.layout) {
        let cells = cells.map(str::to_owned);
        match *mount {
            "/" if form.no_panrepo => lines.push((root_name, images.clone(), "/")),
            "/opt/panrepo" if form.no_panrepo => {}
            "/opt/panrepo" => lines.push((name, images.clone(), "/opt/panrepo")),
            mount => lines.push((name, cells, mount)),
        }
    }
    lines.iter().map(|line| print_line(line, form)).collect()
}

fn print_line((name, [size, used, available, percent], mount): &Line<'_>, form: Form) -> String {
    let cells = format!("{size:>5} {used:>5} {available:>5} {percent:>4} {mount}");
    if form.wrapped && *mount == "/opt/panrepo" {
        format!("{name}\n                {cells}\n")
    } else {
        format!("{name:<15}{cells}\n")
    }
}

/// The lines of a layout; those of the images are replaced.
fn constants(layout: Layout) -> &'static [(&'static str, [&'static str; 4], &'static str)] {
    match layout {
        Layout::A => &[
            ("/dev/root", ["6.9G", "5.0G", "1.6G", "77%"], "/"),
            ("none", ["7.9G", "76K", "7.9G", "1%"], "/dev"),
            ("/dev/sda5", ["16G", "1.3G", "14G", "9%"], "/opt/pancfg"),
            ("/dev/sda6", ["", "", "", ""], "/opt/panrepo"),
            ("tmpfs", ["12G", "8.4G", "3.0G", "74%"], "/dev/shm"),
            ("cgroup_root", ["7.9G", "0", "7.9G", "0%"], "/cgroup"),
            ("/dev/sda8", ["21G", "64M", "20G", "1%"], "/opt/panlogs"),
            ("tmpfs", ["12M", "0", "12M", "0%"], "/opt/pancfg/mgmt/lcaas/ssl/private"),
        ],
        Layout::B => &[
            ("/dev/root", ["38G", "5.1G", "31G", "15%"], "/"),
            ("none", ["16G", "136K", "16G", "1%"], "/dev"),
            ("/dev/md5", ["46G", "7.0G", "36G", "17%"], "/opt/pancfg"),
            ("/dev/md6", ["", "", "", ""], "/opt/panrepo"),
            ("tmpfs", ["16G", "253M", "16G", "2%"], "/dev/shm"),
            ("/dev/md9", ["1.8T", "4.2G", "1.7T", "1%"], "/opt/panraid/ld1"),
            ("/dev/md8", ["73G", "1.3G", "68G", "2%"], "/opt/panlogs"),
            ("tmpfs", ["1.0M", "4.0K", "1020K", "1%"], "/opt/pancfg/mgmt/lcaas/ssl/private"),
        ],
        Layout::C => &[
            ("/dev/sda2", ["3.8G", "2.0G", "1.7G", "55%"], "/"),
            ("/dev/sda5", ["7.6G", "3.0G", "4.3G", "42%"], "/opt/pancfg"),
            ("/dev/sda6", ["", "", "", ""], "/opt/panrepo"),
            ("tmpfs", ["1.9G", "67M", "1.8G", "4%"], "/dev/shm"),
            ("/dev/sda8", ["90G", "41G", "45G", "48%"], "/opt/panlogs"),
        ],
        Layout::D => &[
            ("/dev/root", ["12G", "4.6G", "6.7G", "41%"], "/"),
            ("none", ["2.7G", "88K", "2.7G", "1%"], "/dev"),
            ("/dev/sda5", ["16G", "4.1G", "12G", "27%"], "/opt/pancfg"),
            ("/dev/sda6", ["", "", "", ""], "/opt/panrepo"),
            ("tmpfs", ["2.5G", "2.3G", "286M", "89%"], "/dev/shm"),
            ("cgroup_root", ["2.7G", "0", "2.7G", "0%"], "/cgroup"),
            ("/dev/sda8", ["11G", "111M", "11G", "2%"], "/opt/panlogs"),
            ("tmpfs", ["12M", "0", "12M", "0%"], "/opt/pancfg/mgmt/lcaas/ssl/private"),
        ],
        Layout::E => &[
            ("/dev/mmcblk0p3", ["21G", "6.1G", "14G", "31%"], "/"),
            ("none", ["7.7G", "64K", "7.7G", "1%"], "/dev"),
            ("/dev/mmcblk0p5", ["32G", "13G", "18G", "42%"], "/opt/pancfg"),
            ("/dev/mmcblk0p6", ["", "", "", ""], "/opt/panrepo"),
            ("tmpfs", ["7.7G", "3.8G", "4.0G", "49%"], "/dev/shm"),
            ("cgroup_root", ["7.7G", "0", "7.7G", "0%"], "/cgroup"),
            ("/dev/mmcblk0p8", ["22G", "11G", "11G", "50%"], "/opt/panlogs"),
            ("tmpfs", ["12M", "48K", "12M", "1%"], "/opt/pancfg/mgmt/ssl/private"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up_as_df_does() {
        for (kb, text) in [
            (0, "0"),
            (4, "4K"),
            (1020, "1020K"),
            (1024, "1.0M"),
            (5_610_000, "5.4G"),
            (18 << 20, "18G"),
            (10_485_761, "11G"),
        ] {
            assert_eq!(human(kb), text, "{kb}");
        }
    }

    #[test]
    fn every_layout_prints_the_images_with_six_columns() {
        for layout in [Layout::A, Layout::B, Layout::C, Layout::D, Layout::E] {
            let form = Form { layout, wrapped: false, no_panrepo: false };
            let text = print(form, Space::new(18 << 20, 14 << 20));
            let line = text.lines().find(|line| line.ends_with("/opt/panrepo")).unwrap();
            let columns: Vec<&str> = line.split_whitespace().skip(1).collect();
            assert_eq!(columns, ["18G", "14G", "3.1G", "82%", "/opt/panrepo"], "{layout:?}");
        }
    }

    #[test]
    fn images_move_to_the_root_when_there_is_no_mount_for_them() {
        let form = Form { layout: Layout::A, wrapped: false, no_panrepo: true };
        let text = print(form, Space::new(40 << 20, 1 << 20));
        assert!(!text.contains("panrepo") && text.contains("/dev/root        40G"), "{text}");
    }
}
