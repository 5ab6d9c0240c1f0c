//! Support contract, licences, and the list of content updates.

use super::Call;
use super::reply::Reply;
use super::xml::{elements, success};
use crate::scenario::Support;

/// `request support check`, in the shape that the vendor's own library documents; for a device that the update
/// server does not know, everything is empty but the description.
pub fn support(call: &Call<'_>) -> Reply {
    let link =
        |title: &str, url: &str| format!("<Link>{}</Link>", elements(&[("Title", title), ("Url", url)]));
    let links = [
        link("Contact Us", "https://www.paloaltonetworks.com/company/contact-us.html"),
        link("Support Home", "https://www.paloaltonetworks.com/support/tabs/overview.html"),
    ]
    .concat();
    let contract = |expiry: &str| {
        elements(&[
            ("ExpiryDate", expiry),
            ("SupportLevel", "Premium"),
            ("SupportDescription", "24 x 7 phone support; advanced replacement hardware service"),
        ])
    };
    let known = "<Contact><Contact>Click the contact link at right.</Contact></Contact>";
    let support = match call.quirks().support {
        Support::Valid => format!("{known}{}", contract("December 31, 2027")),
        Support::Expired => format!("{known}{}", contract("March 01, 2026")),
        Support::Unknown => {
            "<Contact /><ExpiryDate /><SupportLevel /><SupportDescription>Device not found on this \
                             update server</SupportDescription>"
                .to_owned()
        }
    };
    success(&format!(
        "<SupportInfoResponse><Links>{links}</Links><Support>{support}</Support></SupportInfoResponse>"
    ))
}

/// `request license info` and `fetch`; a device without a licence answers an empty list (recorded on 8.1).
pub fn licenses(call: &Call<'_>) -> Reply {
    if call.quirks().unlicensed {
        return success("<licenses></licenses>");
    }
    let is_expired = call.quirks().support == Support::Expired;
    let license = |feature: &str, description: &str, expires: &str, expired: bool| {
        let fields = elements(&[
            ("feature", feature),
            ("description", description),
            ("serial", &call.device.claimed_serial(call.now)),
            ("issued", "January 02, 2026"),
            ("expires", expires),
            ("expired", if expired { "yes" } else { "no" }),
            ("base-license-name", call.device.spec.model.name),
            ("authcode", ""),
        ]);
        format!("<entry>{fields}</entry>")
    };
    let device = license(call.device.spec.model.name, "Capacity of the device", "Never", false);
    let threat = if is_expired {
        license("Threat Prevention", "Threat Prevention", "March 01, 2026", true)
    } else {
        license("Threat Prevention", "Threat Prevention", "December 31, 2027", false)
    };
    success(&format!("<licenses>{device}{threat}</licenses>"))
}

/// `request content upgrade check` and `info`: on a device that never fetched any (recorded on 8.1).
pub fn content(_: &Call<'_>) -> Reply {
    success("<content-updates last-updated-at=\"never\"></content-updates>")
}
