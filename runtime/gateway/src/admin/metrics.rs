//! `/metrics`.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use hyper::StatusCode;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::{reply, text};
use crate::counters::{Count, KINDS, OUTCOMES, PUSHES, SECONDS, STATUSES};
use crate::http_server::Reply;
use crate::hub::outbound::Gate;
use crate::journal::Journal;
use crate::shared::Shared;

/// What Prometheus asks for.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The numbers of a gateway, read when they are asked for.
pub(super) struct Metrics {
    registry: Registry,
    /// The age of the oldest close event of an earlier run, in seconds: found out before the numbers are read.
    oldest: Arc<AtomicU64>,
}

impl Metrics {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let mut registry = Registry::with_prefix("wsfn");
        let oldest = Arc::default();
        registry.register_collector(Box::new(Numbers {
            shared: Arc::downgrade(shared),
            oldest: Arc::clone(&oldest),
        }));
        Self { registry, oldest }
    }

    pub(super) fn answer(&self, oldest: Duration) -> Reply {
        self.oldest.store(oldest.as_secs(), Ordering::Relaxed);
        let mut page = String::new();
        match prometheus_client::encoding::text::encode(&mut page, &self.registry) {
            Ok(()) => reply(StatusCode::OK, OPEN_METRICS, page),
            Err(_) => text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the numbers cannot be written\n",
            ),
        }
    }
}

struct Numbers {
    shared: Weak<Shared>,
    oldest: Arc<AtomicU64>,
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Numbers")
    }
}

impl Collector for Numbers {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(shared) = self.shared.upgrade() else {
            return Ok(());
        };
        let mut page = Page(encoder);
        page.states(&shared)?;
        page.calls(&shared)?;
        let hub = &shared.hub;
        let counters = hub.counters();
        page.family(
            "handshakes_turned_away",
            "Handshakes answered with another status than 101.",
            "status",
            STATUSES
                .iter()
                .map(u16::to_string)
                .zip(&counters.turned_away),
        )?;
        page.family(
            "pushes",
            "Pushes by the errNo that they were answered with; a broadcast is one.",
            "err_no",
            PUSHES
                .iter()
                .map(|err_no| err_no.0.to_string())
                .zip(&counters.pushes),
        )?;
        page.counter(
            "messages_dropped",
            "Messages received, and dropped because their connection ended before the function could take them.",
            &counters.dropped_messages,
        )?;
        page.counter(
            "closes_given_up",
            "Close events that were not answered within close-retry-for.",
            &counters.given_up_closes,
        )?;
        page.gauge(
            "queue_bytes",
            "Bytes in all queues; queue-memory is their limit.",
            hub.memory().load(Ordering::Relaxed),
        )?;
        page.gauge(
            "calls_waiting",
            "Calls that wait for their turn (invoke-queue).",
            shared.services.calls_waiting(),
        )?;
        page.limits_and_processes(&shared)?;
        match hub.journal() {
            Some(journal) => page.journal(journal, self.oldest.load(Ordering::Relaxed)),
            None => Ok(()),
        }
    }
}

struct Page<'e>(DescriptorEncoder<'e>);

impl Page<'_> {
    /// Connections by where they are in their life.
    fn states(&mut self, shared: &Shared) -> fmt::Result {
        let (mut registering, mut open) = (0_usize, 0_usize);
        for peer in shared.hub.all() {
            match peer.out().gate {
                Gate::Held => registering += 1,
                Gate::Open | Gate::Last => open += 1,
                Gate::Sealed => {}
            }
        }
        let help = "Connections by state; closing is those whose close event is not answered yet.";
        let kind = MetricType::Gauge;
        let mut family = self.0.encode_descriptor("connections", help, None, kind)?;
        for (state, number) in [
            ("registering", registering),
            ("open", open),
            ("closing", shared.hub.closing()),
        ] {
            family
                .encode_family(&[("state", state)])?
                .encode_gauge(&number_of(number))?;
        }
        Ok(())
    }

    fn calls(&mut self, shared: &Shared) -> fmt::Result {
        let counters = shared.hub.counters();
        let help = "Calls of functions by event and by what came of them.";
        let kind = MetricType::Counter;
        let mut family = self.0.encode_descriptor("calls", help, None, kind)?;
        for ((_, event), calls) in KINDS.iter().zip(&counters.calls) {
            for (outcome, count) in OUTCOMES.iter().zip(&calls.outcomes) {
                family
                    .encode_family(&[("event", *event), ("outcome", *outcome)])?
                    .encode_counter::<NoLabelSet, _, u64>(&count.get(), None)?;
            }
        }
        let help = "How long calls of functions took.";
        let kind = MetricType::Histogram;
        let mut family = self.0.encode_descriptor("call_seconds", help, None, kind)?;
        for ((_, event), calls) in KINDS.iter().zip(&counters.calls) {
            let count = calls.outcomes.iter().map(Count::get).sum::<u64>();
            let mut buckets: Vec<(f64, u64)> = SECONDS
                .iter()
                .zip(&calls.classes)
                .map(|(most, count)| (*most, count.get()))
                .collect();
            let below: u64 = buckets.iter().map(|(_, count)| count).sum();
            buckets.push((f64::MAX, count.saturating_sub(below)));
            let seconds = calls.microseconds.get() as f64 / 1e6;
            family
                .encode_family(&[("event", *event)])?
                .encode_histogram::<NoLabelSet>(seconds, count, &buckets, None)?;
        }
        Ok(())
    }

    fn limits_and_processes(&mut self, shared: &Shared) -> fmt::Result {
        let processes = shared.services.processes();
        let help = "How often each limit was reached, by its setting.";
        let kind = MetricType::Counter;
        let mut family = self
            .0
            .encode_descriptor("limits_reached", help, None, kind)?;
        let exec = ("exec-max", processes.kept_waiting);
        for (setting, count) in shared.hub.counters().limits().chain([exec]) {
            family
                .encode_family(&[("setting", setting)])?
                .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        let help = "Processes of commands (exec) by what they are at.";
        let kind = MetricType::Gauge;
        let mut family = self
            .0
            .encode_descriptor("exec_processes", help, None, kind)?;
        for (state, number) in [
            ("starting", processes.starting),
            ("idle", processes.idle),
            ("busy", processes.busy),
        ] {
            family
                .encode_family(&[("state", state)])?
                .encode_gauge(&number_of(number))?;
        }
        Ok(())
    }

    fn journal(&mut self, journal: &Journal, oldest: u64) -> fmt::Result {
        let numbers = journal.numbers();
        self.gauge(
            "journal_entries",
            "Connections in the journal: open ones, and those whose close events wait.",
            usize::try_from(numbers.entries()).unwrap_or(usize::MAX),
        )?;
        self.gauge(
            "journal_left",
            "Close events of earlier runs that wait.",
            usize::try_from(numbers.left()).unwrap_or(usize::MAX),
        )?;
        self.gauge(
            "journal_left_oldest_seconds",
            "The age of the oldest of them.",
            usize::try_from(oldest).unwrap_or(usize::MAX),
        )?;
        self.gauge(
            "journal_takes",
            "1, or 0 while the journal is full or cannot be written, and new connections are refused.",
            usize::from(journal.takes()),
        )?;
        self.counter(
            "journal_errors",
            "Groups of changes that could not be written.",
            &numbers.errors,
        )?;
        self.counter(
            "journal_commits",
            "Groups of changes that are on disk.",
            &numbers.commits,
        )?;
        self.counter("journal_changes", "Changes in them.", &numbers.changes)?;
        let seconds = numbers.microseconds.get() as f64 / 1e6;
        let help = "How long writing them took, all together.";
        self.0
            .encode_descriptor("journal_commit_seconds", help, None, MetricType::Counter)?
            .encode_counter::<NoLabelSet, _, u64>(&seconds, None)
    }

    fn family<'c>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        counts: impl Iterator<Item = (String, &'c Count)>,
    ) -> fmt::Result {
        let kind = MetricType::Counter;
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        for (value, count) in counts {
            family
                .encode_family(&[(label, value)])?
                .encode_counter::<NoLabelSet, _, u64>(&count.get(), None)?;
        }
        Ok(())
    }

    fn counter(&mut self, name: &str, help: &str, count: &Count) -> fmt::Result {
        let kind = MetricType::Counter;
        self.0
            .encode_descriptor(name, help, None, kind)?
            .encode_counter::<NoLabelSet, _, u64>(&count.get(), None)
    }

    fn gauge(&mut self, name: &str, help: &str, number: usize) -> fmt::Result {
        self.0
            .encode_descriptor(name, help, None, MetricType::Gauge)?
            .encode_gauge(&number_of(number))
    }
}

fn number_of(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
