//! Support contract and licences.

use super::Call;
use super::reply::Reply;
use super::xml::{elements, success};

/// `request support check`: a valid contract, in the shape that the vendor's own library documents.
pub fn support() -> Reply {
    let link =
        |title: &str, url: &str| format!("<Link>{}</Link>", elements(&[("Title", title), ("Url", url)]));
    let links = [
        link("Contact Us", "https://www.paloaltonetworks.com/company/contact-us.html"),
        link("Support Home", "https://www.paloaltonetworks.com/support/tabs/overview.html"),
    ]
    .concat();
    let contract = elements(&[
        ("ExpiryDate", "December 31, 2027"),
        ("SupportLevel", "Premium"),
        ("SupportDescription", "24 x 7 phone support; advanced replacement hardware service"),
    ]);
    success(&format!(
        "<SupportInfoResponse><Links>{links}</Links><Support><Contact><Contact>Click the contact link at \
         right.</Contact></Contact>{contract}</Support></SupportInfoResponse>"
    ))
}

/// `request license info`.
pub fn licenses(call: &Call<'_>) -> Reply {
    let entry = elements(&[
        ("feature", "PA-VM"),
        ("description", "Standard VM-50"),
        ("serial", &call.device.claimed_serial(call.now)),
        ("issued", "January 02, 2026"),
        ("expires", "December 31, 2027"),
        ("expired", "no"),
        ("base-license-name", "PA-VM"),
        ("authcode", ""),
    ]);
    success(&format!("<licenses><entry>{entry}</entry></licenses>"))
}
