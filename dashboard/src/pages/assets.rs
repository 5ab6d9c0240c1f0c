//! Style, script and icon: our own files, compiled in, under names that change with their content.
//!
//! Promises: a browser may keep an asset for a year and never shows a page with an older one. Leaves to others: that
//! nothing else is loaded (the server's Content-Security-Policy).

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::problem;

/// Hex digits of the content's SHA-256 that stand in a name.
const HASH_DIGITS: usize = 16;

/// How long a name may be kept; it never comes back with another content.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// One file.
pub(super) struct Asset {
    /// As a page names it: `/assets/app.0123456789abcdef.css`.
    pub(super) url: String,
    content_type: &'static str,
    content: &'static [u8],
}

/// How everything looks.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| asset("app", "css", "text/css; charset=utf-8", include_bytes!("../../assets/app.css")));

/// What moves.
pub(super) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    asset("app", "js", "text/javascript; charset=utf-8", include_bytes!("../../assets/app.js"))
});

/// The sign in the browser's tab.
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| asset("favicon", "svg", "image/svg+xml", include_bytes!("../../assets/favicon.svg")));

fn asset(stem: &str, extension: &str, content_type: &'static str, content: &'static [u8]) -> Asset {
    let hash = hex::encode(Sha256::digest(content));
    Asset { url: format!("/assets/{stem}.{}.{extension}", &hash[..HASH_DIGITS]), content_type, content }
}

/// `GET /assets/{file}`.
pub(super) async fn serve(Path(file): Path<String>) -> Response {
    let wanted = format!("/assets/{file}");
    let found = [&*STYLE, &*SCRIPT, &*ICON].into_iter().find(|asset| asset.url == wanted);
    match found {
        Some(asset) => {
            let headers = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, FOR_GOOD)];
            (StatusCode::OK, headers, asset.content).into_response()
        }
        None => problem::not_found(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_asset_is_found_under_the_name_of_its_content_alone() {
        for asset in [&*STYLE, &*SCRIPT, &*ICON] {
            let name = asset.url.trim_start_matches("/assets/").to_owned();
            let hash = name.split('.').nth(1).unwrap();
            assert_eq!(hash, &hex::encode(Sha256::digest(asset.content))[..HASH_DIGITS]);

            let found = serve(Path(name.clone())).await;
            assert_eq!(found.status(), StatusCode::OK);
            assert_eq!(found.headers()[CACHE_CONTROL], FOR_GOOD);
            assert_eq!(found.headers()[CONTENT_TYPE], asset.content_type);

            let other = serve(Path(name.replace(hash, "0000000000000000"))).await;
            assert_eq!(other.status(), StatusCode::NOT_FOUND);
            assert!(
                !other.headers().contains_key(CACHE_CONTROL) || other.headers()[CACHE_CONTROL] == "no-store"
            );
        }
        assert_eq!(serve(Path("app.css".to_owned())).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(serve(Path("../Cargo.toml".to_owned())).await.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for asset in [&*STYLE, &*SCRIPT] {
            let text = std::str::from_utf8(asset.content).unwrap();
            for foreign in ["http://", "https://", "@import", "url(", "eval(", "new Function"] {
                assert!(!text.contains(foreign), "{} has {foreign}", asset.url);
            }
        }
    }
}
