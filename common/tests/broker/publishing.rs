//! What confirmed, refused and unknown mean.

use common::broker::EventsFrom;
use common::domain::job::JobType::{DownloadOnly, Upgrade};
use common::ledger::{OutboxRow, Settlement};
use lapin::options::ExchangeDeleteOptions;
use testkit::wait::wait_until;

use crate::bench::{Bench, Fleet, SOON, downloads, event, events, next_events, publish, wake_up};

on_every_broker!(
    a_window_of_both_kinds_is_confirmed_row_by_row,
    an_empty_window_is_settled_at_once,
    what_is_published_twice_is_there_twice,
    several_relays_may_publish_at_once,
);

async fn a_window_of_both_kinds_is_confirmed_row_by_row(bench: &mut impl Bench) {
    let broker = bench.client();
    let rows: Vec<_> =
        (1..=1500).map(|id| if id % 3 == 0 { wake_up(id, Upgrade) } else { event(id) }).collect();
    publish(&*broker, &rows).await;
    wait_until("500 upgrades wait", SOON, async || match broker.depth(Upgrade).await.unwrap().n_ready {
        500 => Ok(()),
        depth => Err(depth.to_string()),
    })
    .await;
    let mut feed = broker.events(EventsFrom::First).await.unwrap();
    let ids: Vec<_> = (1..=1500).filter(|id| id % 3 != 0).collect();
    assert_eq!(next_events(&mut feed, ids.len()).await, ids);
}

async fn an_empty_window_is_settled_at_once(bench: &mut impl Bench) {
    assert_eq!(bench.client().publish(&[]).await.unwrap(), Settlement::default());
}

async fn what_is_published_twice_is_there_twice(bench: &mut impl Bench) {
    let broker = bench.client();
    publish(&*broker, &downloads([1])).await;
    publish(&*broker, &downloads([1])).await;
    wait_until("both wait", SOON, async || match broker.depth(DownloadOnly).await.unwrap().n_ready {
        2 => Ok(()),
        depth => Err(depth.to_string()),
    })
    .await;
}

async fn several_relays_may_publish_at_once(bench: &mut impl Bench) {
    let broker = bench.client();
    let relays: Vec<_> = (0..4)
        .map(|relay| {
            let broker = broker.clone();
            tokio::spawn(async move {
                for round in 0..5 {
                    let first = relay * 1_000 + round * 100;
                    publish(&*broker, &events(first..first + 100)).await;
                }
            })
        })
        .collect();
    for relay in relays {
        relay.await.unwrap();
    }
    let mut feed = broker.events(EventsFrom::First).await.unwrap();
    let mut ids = next_events(&mut feed, 2_000).await;
    ids.sort_unstable();
    assert_eq!(ids, (0..4).flat_map(|relay| relay * 1_000..relay * 1_000 + 500).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbitmq_refuses_what_no_queue_wants_and_confirms_the_others() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    let mut rows = downloads(1..=400);
    for row in rows.iter_mut().filter(|row| row.id % 7 == 0) {
        row.routing_key = "job.download_only.dmz.default".into();
    }
    let settlement = broker.publish(&rows).await.unwrap();
    assert_eq!(settlement.confirmed, (1..=400).filter(|id| id % 7 != 0).collect::<Vec<_>>());
    assert_eq!(
        settlement.refused.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        (7..=400).step_by(7).collect::<Vec<_>>()
    );
    let (_, reason) = &settlement.refused[0];
    assert_eq!(reason, "no queue wants the routing key `job.download_only.dmz.default` (312 NO_ROUTE)");
    assert!(settlement.unknown.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbitmq_refuses_what_amqp_has_no_room_for() {
    let fleet = Fleet::start().await;
    let too_long = OutboxRow { message_id: "x".repeat(300), ..wake_up(1, Upgrade) };
    let settlement = fleet.client().publish(&[too_long, wake_up(2, Upgrade)]).await.unwrap();
    assert_eq!(settlement.confirmed, [2]);
    assert_eq!(settlement.refused, [(1, "its message id has more than 255 bytes".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbitmq_is_given_an_exchange_again_that_was_deleted() {
    let fleet = Fleet::start().await;
    let broker = fleet.client();
    publish(&*broker, &downloads([1])).await;
    let (_connection, channel) = fleet.channel().await;
    channel.exchange_delete("panos.jobs".into(), ExchangeDeleteOptions::default()).await.unwrap();
    let settlement = broker.publish(&downloads([2, 3])).await.unwrap();
    assert_eq!(settlement.unknown, [2, 3], "{settlement:?}");
    publish(&*broker, &downloads([2, 3])).await;
}
