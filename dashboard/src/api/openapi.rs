//! The description of the API (OpenAPI 3.1), made from one table and the types themselves.
//!
//! Promises: every path of the router is in the table, and `docs/openapi.json` is what is served; tests see to both.

use std::sync::OnceLock;

use axum::http::header;
use axum::response::IntoResponse;
use common::intake::Report;
use common::intake::submission::{Because, SubmissionBody};
use common::ledger::DevicePage;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::devices::{Device, DevicesQuery};
use super::fleet::{Chart, ChartQuery, Fleet, Workers};
use super::jobs::{Job, JobPage, JobsQuery};
use super::jobs_post::{BatchPage, BatchQuery};
use super::timeline::{Timeline, TimelineQuery};
use crate::commands::door::Cancelled;
use crate::error::ErrorBody;

/// The schema of a type.
type Of = fn(&mut SchemaGenerator) -> Value;

/// One method of one path.
struct Route {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    query: Option<Of>,
    body: Option<Of>,
    answer: Option<Of>,
    /// Whether an answer may say that something was made.
    creates: bool,
    /// Statuses of errors besides 400, 401, 405, 500 and 503.
    others: &'static [&'static str],
}

impl Route {
    const fn read(path: &'static str, id: &'static str, summary: &'static str, answer: Of) -> Self {
        Self {
            method: "get",
            path,
            id,
            summary,
            query: None,
            body: None,
            answer: Some(answer),
            creates: false,
            others: &[],
        }
    }

    const fn write(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        body: Of,
        answer: Of,
    ) -> Self {
        Self {
            method: "post",
            path,
            id,
            summary,
            query: None,
            body: Some(body),
            answer: Some(answer),
            creates: false,
            others: &["403", "404", "409", "413", "422"],
        }
    }
}

/// Every method of every path.
fn routes() -> Vec<Route> {
    vec![
        Route::read("/api/v1/fleet", "fleet", "The fleet as it was last seen", of::<Fleet>),
        Route {
            query: Some(of::<ChartQuery>),
            ..Route::read("/api/v1/fleet/chart", "chart", "Jobs that ended, over time", of::<Chart>)
        },
        Route::read(
            "/api/v1/workers",
            "workers",
            "Workers that live, and those that went within a day",
            of::<Workers>,
        ),
        Route {
            query: Some(of::<DevicesQuery>),
            ..Route::read(
                "/api/v1/devices",
                "devices",
                "A page of the inventory, each device with its newest job",
                of::<DevicePage>,
            )
        },
        Route {
            others: &["404"],
            ..Route::read(
                "/api/v1/devices/{serial}",
                "device",
                "One device with its status document and jobs",
                of::<Device>,
            )
        },
        Route {
            query: Some(of::<TimelineQuery>),
            others: &["404"],
            ..Route::read(
                "/api/v1/devices/{serial}/timeline",
                "timeline",
                "What was done to a device, from its audit chain",
                of::<Timeline>,
            )
        },
        Route {
            query: Some(of::<JobsQuery>),
            ..Route::read("/api/v1/jobs", "jobs", "A page of jobs, newest first", of::<JobPage>)
        },
        Route {
            others: &["404"],
            ..Route::read("/api/v1/jobs/{id}", "job", "One job with its images and attempts", of::<Job>)
        },
        Route {
            query: Some(of::<BatchQuery>),
            others: &["404"],
            ..Route::read("/api/v1/batches/{id}", "batch", "What came of one request", of::<BatchPage>)
        },
        Route {
            creates: true,
            others: &["403", "409", "413", "422"],
            ..Route::write(
                "/api/v1/jobs",
                "submit",
                "Asks for images on devices",
                of::<SubmissionBody>,
                of::<Report>,
            )
        },
        Route::write(
            "/api/v1/jobs/{id}/cancel",
            "cancel",
            "Stops a job at its next safe point",
            of::<Because>,
            of::<Cancelled>,
        ),
        Route {
            creates: true,
            ..Route::write(
                "/api/v1/jobs/{id}/retry",
                "retry",
                "Queues an ended job again",
                of::<Because>,
                of::<Report>,
            )
        },
        Route {
            answer: None,
            ..Route::read("/api/v1/openapi.json", "openapi", "This description", of::<Value>)
        },
    ]
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// The whole description.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    let mut generator = settings.into_generator();
    let error = of::<ErrorBody>(&mut generator);
    let mut paths: Map<String, Value> = Map::new();
    for route in routes() {
        let operation = operation(&route, &mut generator, &error);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "panos-upgrade",
            "version": "1",
            "description": "What is known of the fleet, and what may be asked of it. Errors have one shape; branch on `error.code`. Fields are added within v1, none changes its meaning.",
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The token of dashboard.token. Reading needs none where none is set; writing always does.",
            } },
            "schemas": generator.take_definitions(true),
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator, error: &Value) -> Value {
    let in_json = |schema: &Value| json!({ "application/json": { "schema": schema } });
    let answer = route.answer.map_or_else(|| json!({ "type": "object" }), |of| of(generator));
    let mut done = json!({ "description": "As asked", "content": in_json(&answer) });
    if route.method == "post" {
        done["headers"] = json!({ "Idempotency-Replayed": {
            "schema": { "const": "true" },
            "description": "There when this request was answered before, and this is that answer.",
        } });
    }
    let mut responses = json!({ "200": done });
    if route.creates {
        responses["201"] = responses["200"].clone();
        responses["200"]["description"] = json!("As asked, and nothing was new");
    }
    for status in ["400", "401", "405", "500", "503"].iter().chain(route.others) {
        responses[*status] = json!({ "description": "Not as asked", "content": in_json(error) });
    }
    let mut parameters = path_parameters(route.path);
    if let Some(query) = route.query {
        parameters.extend(query_parameters(&query(generator), generator));
    }
    if route.method == "post" {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "Names the request: the same one again gets the same answer. Needed unless nothing is to be changed.",
        }));
    }
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(body) = route.body {
        operation["requestBody"] = json!({ "required": true, "content": in_json(&body(generator)) });
    }
    operation
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect()
}

/// The fields of a query's type, each a parameter.
fn query_parameters(schema: &Value, generator: &SchemaGenerator) -> Vec<Value> {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
    let Some(fields) = generator.definitions().get(name).and_then(|fields| fields["properties"].as_object())
    else {
        return Vec::new();
    };
    let parameter = |(name, field): (&String, &Value)| {
        let mut schema = field.clone();
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        json!({ "name": name, "in": "query", "required": false, "schema": schema, "description": description })
    };
    fields.iter().map(parameter).collect()
}

/// The description as text.
#[must_use]
pub fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| format!("{:#}\n", document()))
}

/// `GET /api/v1/openapi.json`.
pub async fn serve() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_that_is_checked_in_is_the_one_that_is_served() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(path, text()).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap();
        assert!(kept == text(), "UPDATE_SCHEMAS=1 cargo nextest run -p dashboard openapi makes it again");
    }

    #[test]
    fn every_route_is_described() {
        let described: Vec<_> = routes().iter().map(|route| (route.path, route.method)).collect();
        let (reading, writing) = (include_str!("mod.rs"), include_str!("jobs_post.rs"));
        let mut n_routes = 0;
        for line in reading.lines().chain(writing.lines()) {
            let Some((path, rest)) =
                line.split_once(".route(\"").and_then(|(_, rest)| rest.split_once("\", "))
            else {
                continue;
            };
            let (method, _) = rest.split_once('(').unwrap();
            assert!(described.contains(&(path, method)), "{method} {path} is not in the table");
            n_routes += 1;
        }
        assert_eq!(n_routes, described.len());
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
        let document = document();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let text = document.to_string();
        for part in text.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
        let mut ids: Vec<_> = routes().iter().map(|route| route.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), routes().len());
    }
}
