//! The form for the token. Leaves to others: looking at the token and keeping it in a cookie (the server's `auth`).

use maud::{Markup, html};

use super::layout::{PageName, document};
use super::text;

/// The page; with a problem, after a token that was not the right one.
#[must_use]
pub fn page(problem: Option<&str>) -> Markup {
    let main = html! {
        section.login {
            h1 { "Sign in" }
            p { "This dashboard asks for the token that stands in its configuration as " code { "dashboard.token" } "." }
            @if let Some(problem) = problem {
                p #login-problem.alert role="alert" { (text::cell(problem)) }
            }
            form method="post" action="/login" {
                label for="token" { "Token" }
                input #token type="password" name="token" required autofocus autocomplete="current-password"
                    maxlength="1024" aria-describedby=[problem.map(|_| "login-problem")];
                button type="submit" { "Sign in" }
            }
        }
    };
    document(PageName::Login, "Sign in", None, &main)
}
