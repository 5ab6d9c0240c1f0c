"""A consumer of the event feed to start from, with pika (https://pika.readthedocs.io).

    pip install pika
    AMQP_URL=amqp://user:password@broker:5672/%2F python3 consumer.py --offset-file consumer.offset
    AMQP_URL=... python3 consumer.py --routing-key 'evt.*.failed'

Prints every event once, one JSON text a line. Without --routing-key it reads the stream and misses nothing:

- Its own place: the offset of the last event that was dealt with is kept in a file, and the stream is read from behind it. It
  is written after the work: killed in between, some events come again, and none is lost.
- Once: an event that comes again has the same "id". The last ten thousand are remembered here; a program that keeps what it
  makes of events in a database keeps their ids there, in the same transaction.
- Gaps: "jobsequence" counts the events of a job; a number too high means that one is missing.
- Credit: a stream sends as much as the prefetch allows; acknowledging gives it leave to send more, and takes nothing away.

With --routing-key it has a queue of its own at the exchange, which is gone when it is: right for a light that blinks. What is
published while it is away is lost.

Both reconnect, slower and slower, and give up after ten attempts in a row. Ctrl-C ends them. After the broker lost its disk the
stream begins at 0 again: remove the file then.
"""

import argparse
import collections
import json
import os
import pathlib
import signal
import sys
import time

import pika
import pika.exceptions

STREAM = "panos.events.log.v1"
EXCHANGE = "panos.events"
OFFSET = "x-stream-offset"

PREFETCH = 100  # deliveries under way
BATCH = 50  # events after which they are acknowledged together and the offset is kept
QUIET_S = 1  # without an event, after which the offset is kept, too
TRIES = 10  # attempts in a row to reach the broker
REMEMBERED = 10_000  # ids


def remark(text):
    print(f"consumer: {text}", file=sys.stderr, flush=True)


class Once:
    """Tells new events from those that came before, and gaps between those of one job."""

    def __init__(self):
        self.ids = collections.OrderedDict()
        self.last = {}

    def is_new(self, event):
        if event["id"] in self.ids:
            return False
        self.ids[event["id"]] = None
        if len(self.ids) > REMEMBERED:
            self.ids.popitem(last=False)
        job, number = event["jobid"], event["jobsequence"]
        last = self.last.get(job, number - 1)  # the first that is seen begins the count
        if number > last + 1:
            remark(f"job {job}: event {number} came, {last + 1} is missing")
        self.last[job] = max(last, number)
        return True


class Place:
    """The offset of the last event that was dealt with."""

    def __init__(self, file):
        self.file = pathlib.Path(file)
        self.offset = int(self.file.read_text()) if self.file.exists() else None

    def begin(self):
        return "first" if self.offset is None else self.offset + 1

    def keep(self):
        if self.offset is not None:  # whole or not at all
            new = self.file.with_suffix(".new")
            new.write_text(str(self.offset))
            new.replace(self.file)


def read_event(body):
    """The event, or nothing when it is none of ours."""
    try:
        event = json.loads(body)
        if isinstance(event["id"], str) and isinstance(event["jobid"] + event["jobsequence"], int):
            return event
    except (ValueError, KeyError, TypeError):
        pass
    remark(f"no event: {body[:100]!r}")
    return None


def deal_with(event):
    """The work of this consumer. Text in an event is what devices and people wrote: escape it where it is shown."""
    print(json.dumps(event), flush=True)


def follow_stream(channel, once, place):
    """Reads the log from behind the place that was kept."""
    channel.basic_qos(prefetch_count=PREFETCH)
    deliveries = channel.consume(STREAM, arguments={OFFSET: place.begin()}, inactivity_timeout=QUIET_S)
    remark(f"reading behind offset {place.offset}")
    unacked = []
    for method, properties, body in deliveries:
        if method is not None:
            event = read_event(body)
            if event is not None and once.is_new(event):
                deal_with(event)
            place.offset = properties.headers[OFFSET]
            unacked.append(method.delivery_tag)
        if unacked and (method is None or len(unacked) >= BATCH):
            place.keep()
            channel.basic_ack(unacked[-1], multiple=True)
            unacked.clear()


def listen(channel, once, routing_key):
    """Hears what is published from now on. A full queue drops its oldest, and never refuses: one queue that refuses would make
    the broker refuse the event for everybody."""
    queue = channel.queue_declare("", exclusive=True, arguments={"x-max-length": 10_000}).method.queue
    channel.queue_bind(queue, EXCHANGE, routing_key)
    remark(f"listening for {routing_key!r}")
    for _, _, body in channel.consume(queue, auto_ack=True):
        event = read_event(body)
        # Only some events of a job are heard here, so numbers tell nothing.
        if event is not None:
            deal_with(event)


def main():
    options = argparse.ArgumentParser(description="Prints the events of panos-upgrade, one JSON text a line.")
    options.add_argument("--offset-file", default="consumer.offset", help="where the place in the stream is kept")
    options.add_argument("--routing-key", help="listen at the exchange instead, for example 'evt.*.failed'")
    options = options.parse_args()
    parameters = pika.URLParameters(os.environ.get("AMQP_URL", "amqp://guest:guest@localhost:5672/%2F"))
    parameters.blocked_connection_timeout = 30
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    once, place = Once(), Place(options.offset_file)

    failed = 0
    while True:
        before = time.monotonic()
        try:
            with pika.BlockingConnection(parameters) as connection:
                channel = connection.channel()
                if options.routing_key:
                    listen(channel, once, options.routing_key)
                else:
                    follow_stream(channel, once, place)
        except KeyboardInterrupt:
            place.keep()
            return
        except pika.exceptions.AMQPError as error:
            place.keep()
            # A connection that held for a while was good.
            failed = 1 if time.monotonic() - before > 30 else failed + 1
            if failed == TRIES:
                raise
            pause = min(0.25 * 2**failed, 30)
            remark(f"interrupted ({error!r}), again in {pause} s")
            time.sleep(pause)


if __name__ == "__main__":
    main()
