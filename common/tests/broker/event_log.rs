//! Replay and live tail of events.

use std::time::Duration;

use common::broker::EventsFrom;
use jiff::Timestamp;
use tokio::time::timeout;

use crate::bench::{A_WHILE, Bench, event, events, next_event, next_events, publish};

on_every_broker!(
    the_log_replays_from_the_first_event,
    a_reader_goes_on_after_the_offset_it_kept,
    the_tail_has_only_what_comes_from_now_on,
    the_log_replays_since_a_time,
    readers_do_not_take_events_from_each_other,
    a_long_log_is_read_to_its_end_and_beyond,
);

async fn the_log_replays_from_the_first_event(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &events(1..=3)).await;
    let mut feed = bench.client().events(EventsFrom::First).await.unwrap();
    let first = next_event(&mut feed).await;
    assert_eq!((first.routing_key.as_str(), first.body.as_str()), ("evt.download_only.progress", "1"));
    assert_eq!(next_events(&mut feed, 2).await, [2, 3]);
    publish(&*broker, &[event(4)]).await;
    assert_eq!(next_events(&mut feed, 1).await, [4], "and goes on live");
}

async fn a_reader_goes_on_after_the_offset_it_kept(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &events(1..=6)).await;
    let mut feed = broker.events(EventsFrom::First).await.unwrap();
    let mut offsets = Vec::new();
    for _ in 0..6 {
        offsets.push(next_event(&mut feed).await.offset);
    }
    assert!(offsets.is_sorted_by(|a, b| a < b), "offsets grow: {offsets:?}");
    let mut again = bench.client().events(EventsFrom::After(offsets[3])).await.unwrap();
    assert_eq!(next_events(&mut again, 2).await, [5, 6]);
    let mut at_the_end = bench.client().events(EventsFrom::After(offsets[5])).await.unwrap();
    assert!(timeout(A_WHILE, at_the_end.next()).await.is_err(), "an event after the last one");
    publish(&*broker, &[event(7)]).await;
    assert_eq!(next_events(&mut at_the_end, 1).await, [7]);
}

async fn the_tail_has_only_what_comes_from_now_on(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &events(1..=3)).await;
    let mut tail = bench.client().events(EventsFrom::Next).await.unwrap();
    publish(&*broker, &[event(4)]).await;
    assert_eq!(next_events(&mut tail, 1).await, [4]);
}

async fn the_log_replays_since_a_time(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &events(1..=3)).await;
    // RabbitMQ counts whole seconds.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let since = Timestamp::now();
    tokio::time::sleep(Duration::from_secs(1)).await;
    publish(&*broker, &events(4..=6)).await;
    let mut feed = bench.client().events(EventsFrom::Since(since)).await.unwrap();
    assert_eq!(next_events(&mut feed, 3).await, [4, 5, 6]);
    let long_ago = since - jiff::SignedDuration::from_hours(1);
    let mut feed = bench.client().events(EventsFrom::Since(long_ago)).await.unwrap();
    assert_eq!(next_events(&mut feed, 6).await, [1, 2, 3, 4, 5, 6]);
}

async fn readers_do_not_take_events_from_each_other(bench: &mut impl Bench) {
    let broker = bench.client();
    let mut ann = broker.events(EventsFrom::First).await.unwrap();
    let mut bob = broker.events(EventsFrom::First).await.unwrap();
    publish(&*broker, &events(1..=3)).await;
    assert_eq!(next_events(&mut ann, 3).await, [1, 2, 3]);
    assert_eq!(next_events(&mut bob, 3).await, [1, 2, 3]);
}

async fn a_long_log_is_read_to_its_end_and_beyond(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &events(1..=1_000)).await;
    let mut feed = broker.events(EventsFrom::First).await.unwrap();
    assert_eq!(next_events(&mut feed, 1_000).await, (1..=1_000).collect::<Vec<_>>());
    publish(&*broker, &events(1_001..=1_250)).await;
    assert_eq!(next_events(&mut feed, 250).await, (1_001..=1_250).collect::<Vec<_>>());
}
