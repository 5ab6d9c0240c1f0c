//! Who may look, and who may write.
//!
//! | asks for | without a token configured | with one |
//! |---|---|---|
//! | `/login`, `/assets/…`, `/healthz` | everybody | everybody |
//! | anything else | everybody on this machine | `Authorization: Bearer`, or the cookie of a browser |
//! | to write (any method but GET and HEAD) | nobody | `Authorization: Bearer` alone |
//!
//! Promises: tokens are compared by their SHA-256, in a time that tells nothing; the cookie is not the token, so that
//! whoever reads a browser's store cannot write. No page of somebody else's can write with a browser's cookie, because no
//! cookie is enough for it. Leaves to others: keeping the token secret, and TLS.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use common::config::Secret;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use crate::error::ApiError;
use crate::pages::login;

/// Name of the cookie.
const COOKIE: &str = "panos_upgrade_dashboard";

/// How long a browser stays logged in.
const COOKIE_KEPT_S: u32 = 7 * 24 * 60 * 60;

/// What a cookie is made of besides the token.
const COOKIE_DOMAIN: &[u8] = b"panos-upgrade dashboard cookie v1\0";

/// The longest token that is looked at.
const LONGEST_TOKEN: usize = 1_024;

/// Knows the token.
#[derive(Clone)]
pub struct Doorkeeper {
    known: Option<Known>,
}

#[derive(Clone, Copy)]
struct Known {
    token: [u8; 32],
    /// SHA-256 of the cookie's text, for the same comparison.
    cookie: [u8; 32],
}

impl Doorkeeper {
    /// For this token, or none.
    #[must_use]
    pub fn new(token: Option<&Secret>) -> Self {
        let known = token.map(|token| {
            let token = token.expose().trim();
            Known { token: digest(token.as_bytes()), cookie: digest(cookie_of(token).as_bytes()) }
        });
        Self { known }
    }

    /// Lets a request pass that may.
    ///
    /// # Errors
    /// What to answer instead.
    pub fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Box<Response>> {
        let path = uri.path();
        if is_open(path) {
            return Ok(());
        }
        let reads = *method == Method::GET || *method == Method::HEAD;
        let Some(known) = &self.known else {
            return if reads { Ok(()) } else { Err(refused(no_token_configured())) };
        };
        if bearer(headers).is_some_and(|token| known.is_token(token)) {
            return Ok(());
        }
        if !reads {
            return Err(refused(no_token_sent("Authorization: Bearer with the token of dashboard.token")));
        }
        if cookies(headers).any(|cookie| same(&digest(cookie.as_bytes()), &known.cookie)) {
            return Ok(());
        }
        if is_for_programs(path) {
            Err(refused(no_token_sent(
                "Authorization: Bearer with the token of dashboard.token, or log in at /login",
            )))
        } else {
            Err(Box::new(Redirect::to("/login").into_response()))
        }
    }
}

impl Known {
    fn is_token(&self, token: &str) -> bool {
        token.len() <= LONGEST_TOKEN && same(&digest(token.trim().as_bytes()), &self.token)
    }
}

/// `POST /login`: takes the token from the form, and gives a cookie.
pub(crate) async fn log_in(State(keeper): State<Doorkeeper>, headers: HeaderMap, form: Bytes) -> Response {
    let Some(known) = &keeper.known else { return Redirect::to("/").into_response() };
    let token = form_urlencoded::parse(&form).find(|(name, _)| name == "token").map(|(_, token)| token);
    match token.filter(|token| known.is_token(token)) {
        Some(token) => {
            // Behind a proxy that speaks TLS the cookie must not leave in the clear.
            let is_tls = headers.get("x-forwarded-proto").is_some_and(|protocol| protocol == "https");
            let secure = if is_tls { "; Secure" } else { "" };
            let cookie = cookie_of(token.trim());
            let cookie = format!(
                "{COOKIE}={cookie}; Path=/; Max-Age={COOKIE_KEPT_S}; HttpOnly; SameSite=Strict{secure}"
            );
            ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
        }
        None => {
            let page = login::page(Some("This is not the token.")).into_string();
            (StatusCode::UNAUTHORIZED, Html(page)).into_response()
        }
    }
}

fn is_open(path: &str) -> bool {
    path == "/login" || path == "/healthz" || path.starts_with("/assets/")
}

fn is_for_programs(path: &str) -> bool {
    ["/api/", "/fragments/"].into_iter().any(|prefix| path.starts_with(prefix))
        || ["/live", "/metrics", "/readyz"].contains(&path)
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn cookie_of(token: &str) -> String {
    hex::encode(Sha256::new().chain_update(COOKIE_DOMAIN).chain_update(token.as_bytes()).finalize())
}

/// Compares all of it, wherever it differs.
fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter_map(|(name, value)| (name == COOKIE).then_some(value))
}

fn refused(error: ApiError) -> Box<Response> {
    Box::new(error.into_response())
}

fn no_token_configured() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "no_token_configured",
        "this dashboard changes nothing: it has no token",
        "set dashboard.token (or PANOS_UPGRADE__DASHBOARD__TOKEN_FILE) and send it as Authorization: Bearer",
    )
}

fn no_token_sent(remedy: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", "the token is missing, or is another one", remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(keeper: &Doorkeeper, method: &Method, path: &str, header: Option<(&str, &str)>) -> u16 {
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(header::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        let uri: Uri = path.parse().unwrap();
        keeper.check(method, &uri, &headers).map_or_else(|answer| answer.status().as_u16(), |()| 200)
    }

    #[test]
    fn the_table_above_holds() {
        let token = "0123456789abcdef";
        let (open, shut) = (Doorkeeper::new(None), Doorkeeper::new(Some(&Secret::new(token))));
        let bearer = format!("Bearer {token}");
        let cookie = format!("other=1; {COOKIE}={}", cookie_of(token));
        let (bearer, cookie) = (Some(("authorization", bearer.as_str())), Some(("cookie", cookie.as_str())));
        let cases = [
            (&open, Method::GET, "/", None, 200),
            (&open, Method::POST, "/api/v1/jobs", None, 403),
            (&open, Method::POST, "/api/v1/jobs", bearer, 403),
            (&shut, Method::GET, "/login", None, 200),
            (&shut, Method::GET, "/healthz", None, 200),
            (&shut, Method::GET, "/assets/app.js", None, 200),
            (&shut, Method::GET, "/", None, 303),
            (&shut, Method::GET, "/devices", Some(("authorization", "Bearer wrong")), 303),
            (&shut, Method::GET, "/api/v1/fleet", None, 401),
            (&shut, Method::GET, "/live", None, 401),
            (&shut, Method::GET, "/metrics", None, 401),
            (&shut, Method::GET, "/api/v1/fleet", bearer, 200),
            (&shut, Method::GET, "/api/v1/fleet", cookie, 200),
            (&shut, Method::POST, "/api/v1/jobs", None, 401),
            (&shut, Method::POST, "/api/v1/jobs", cookie, 401),
            (&shut, Method::POST, "/api/v1/jobs", bearer, 200),
            (&shut, Method::DELETE, "/devices", cookie, 401),
        ];
        for (keeper, method, path, header, expected) in cases {
            assert_eq!(status(keeper, &method, path, header), expected, "{method} {path} {header:?}");
        }
    }

    #[test]
    fn the_cookie_is_not_the_token_and_the_token_is_no_cookie() {
        let token = "0123456789abcdef";
        let keeper = Doorkeeper::new(Some(&Secret::new(token)));
        let cookie = format!("{COOKIE}={token}");
        assert_eq!(status(&keeper, &Method::GET, "/", Some(("cookie", &cookie))), 303);
        let bearer = format!("Bearer {}", cookie_of(token));
        assert_eq!(status(&keeper, &Method::GET, "/api/v1/fleet", Some(("authorization", &bearer))), 401);
    }
}
