//! The feed as an AsyncAPI 3.0 document: where it is, and what comes.
//!
//! Wake-ups and controls are how our own programs talk to each other: they change without notice and are not in it.

use serde_json::{Map, Value, json};

use super::EventType;
use crate::broker::topology::{Argument, EVENT_LOG, EVENTS, QUEUES};
use crate::domain::job::JobType;
use crate::events::envelope::event_type;

/// The document: servers, the exchange and the stream, one message per type of event.
#[must_use]
pub fn asyncapi() -> Value {
    let types = EventType::all();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of panos-upgrade",
            "version": "1.0.0",
            "description": "What happens to the jobs of a fleet, as CloudEvents 1.0. README.md beside this file says what stays and what may be added.",
            "license": { "name": "MIT" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "amqp": server("amqp", "5672", "RabbitMQ inside one machine or a trusted network."),
            "amqps": server("amqps", "5671", "RabbitMQ over TLS."),
        },
        "channels": {
            "events": exchange(&types),
            "log": log(&types),
        },
        "operations": {
            "tell": operation("events", "Publishes each event once it is committed, at least once.", &types),
            "keep": operation("log", "Keeps each event for replay; read it with `x-stream-offset`.", &types),
        },
        "components": {
            "messages": messages(&types),
            "messageTraits": { "cloudEvent": cloud_event() },
            "securitySchemes": {
                "login": { "type": "userPassword", "description": "A user that may configure nothing, write nothing, and read `panos.events.log.v1`." },
            },
        },
    })
}

fn server(protocol: &str, port: &str, description: &str) -> Value {
    json!({
        "host": format!("{{host}}:{port}"),
        "pathname": "/{virtualHost}",
        "protocol": protocol,
        "protocolVersion": "0-9-1",
        "description": description,
        "variables": {
            "host": { "default": "localhost", "description": "A node of the broker." },
            "virtualHost": { "default": "%2F", "description": "The one in `broker.url`." },
        },
        "security": [{ "$ref": "#/components/securitySchemes/login" }],
    })
}

/// For subscribers with a queue of their own: lossy when they are away.
fn exchange(types: &[EventType]) -> Value {
    let words: Vec<&str> = types.iter().map(|of| of.name.as_str()).collect();
    json!({
        "address": "evt.{jobType}.{event}",
        "title": "The exchange",
        "description": "Bind a queue of your own, exclusive or with a limit, by routing key. What is published while no queue is bound is not delivered later: for that there is the log.",
        "parameters": {
            "jobType": { "description": "What the job does.", "enum": JobType::ALL.map(JobType::as_str) },
            "event": { "description": "The word in `type`.", "enum": words },
        },
        "messages": in_channel(types),
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": { "name": EVENTS, "type": "topic", "durable": true, "autoDelete": false },
                "bindingVersion": "0.3.0",
            },
        },
    })
}

/// For those who must see everything: read by offset, as often as they like.
fn log(types: &[EventType]) -> Value {
    let declared = QUEUES.iter().find(|queue| queue.name == EVENT_LOG);
    let arguments = declared.map_or(&[][..], |queue| queue.arguments);
    let argument = |(name, value): &(&str, Argument)| {
        let value = match value {
            Argument::Text(text) => Value::from(*text),
            Argument::Number(number) => Value::from(*number),
        };
        ((*name).to_owned(), value)
    };
    json!({
        "address": EVENT_LOG,
        "title": "The log",
        "description": "A stream: reading takes nothing away, and every reader has an offset of its own. Consume with the argument `x-stream-offset` (first, next, a number, a timestamp), a prefetch and acknowledgements; each delivery has its offset in the header of that name.",
        "messages": in_channel(types),
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": { "name": EVENT_LOG, "durable": true, "exclusive": false, "autoDelete": false },
                "bindingVersion": "0.3.0",
            },
        },
        "x-arguments": arguments.iter().map(argument).collect::<Map<_, _>>(),
    })
}

fn in_channel(types: &[EventType]) -> Map<String, Value> {
    let reference =
        |of: &EventType| (of.name.clone(), json!({ "$ref": format!("#/components/messages/{}", of.name) }));
    types.iter().map(reference).collect()
}

fn operation(channel: &str, summary: &str, types: &[EventType]) -> Value {
    let reference = |of: &EventType| json!({ "$ref": format!("#/channels/{channel}/messages/{}", of.name) });
    json!({
        "action": "send",
        "channel": { "$ref": format!("#/channels/{channel}") },
        "summary": summary,
        "messages": types.iter().map(reference).collect::<Vec<_>>(),
    })
}

fn messages(types: &[EventType]) -> Map<String, Value> {
    let message = |of: &EventType| {
        let kind = event_type(&of.name);
        let message = json!({
            "name": kind,
            "title": of.name,
            "summary": of.summary,
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-2020-12",
                "schema": { "$ref": format!("./{kind}.json") },
            },
            "bindings": { "amqp": { "messageType": kind, "bindingVersion": "0.3.0" } },
            "traits": [{ "$ref": "#/components/messageTraits/cloudEvent" }],
        });
        (of.name.clone(), message)
    };
    types.iter().map(message).collect()
}

/// What all have in common: the CloudEvents JSON format, whole event in the body.
fn cloud_event() -> Value {
    json!({
        "contentType": "application/json",
        "description": "A CloudEvent in structured mode: the body is the whole event, and `message_id` is its `id`.",
        "correlationId": { "location": "$message.payload#/jobid", "description": "The job; events of one job come in the order of `jobsequence`." },
        "tags": [{ "name": "cloudevents", "description": "CloudEvents 1.0, JSON format" }],
    })
}
