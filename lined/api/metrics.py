"""`/metrics` for Prometheus: the `/status` document as samples, so that both agree. No code stands in a label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from lined.api.ports import PlantView
from lined.api.status_schema import Status
from lined.commands.registry.context import cannot_commit
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.line import JobMode, LineState


def exposition(document: Status, view: PlantView, accept: str) -> tuple[bytes, str]:
    """The text and its content type, as the scraper wants it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Snapshot(document, view))
    encoder, content_type = choose_encoder(accept)
    return encoder(registry), content_type


class Snapshot(Collector):
    """One document as metric families."""

    def __init__(self, document: Status, view: PlantView) -> None:
        self._document = document
        self._view = view

    def collect(self) -> Iterator[Metric]:
        yield from self._of_line()
        yield from self._of_counts()
        yield from self._of_stock()
        yield from self._of_defects()
        yield from self._of_devices()
        yield from self._of_outside()

    def _of_line(self) -> Iterator[Metric]:
        document = self._document
        yield InfoMetricFamily("lined", "This process.", {"line": document["line"], "version": document["version"]})
        ready = self._view.ready() and cannot_commit(self._view.journal) is None
        yield gauge("lined_ready", "1: the journal has recovered and can commit.", ready)
        states = {state.value: state == document["state"] for state in LineState}
        yield labelled("lined_state", "1 for the state of the line.", "state", states)
        yield gauge("lined_problems", "Problems shown right now.", len(document["problems"]))
        yield gauge("lined_job_running", "1: a job runs.", document["job"] is not None)
        test = document["job"] is not None and document["job"]["mode"] == JobMode.TEST
        yield gauge("lined_job_test", "1: a job runs in test mode: nothing is reported.", test)

    def _of_counts(self) -> Iterator[Metric]:
        found = self._document["reads"]
        reasons = found["by_reason"]
        reads = {
            "accepted": found["accepted"],
            "rejected": found["rejected"],
            "no_read": found["no_read"],
            "repeats": found["repeats"],
        }
        yield counter("lined_reads", "Reads by verdict, for the life of the journal.", "verdict", reads)
        yield counter("lined_rejects", "Rejected reads by reason, for the life of the journal.", "reason", reasons)
        yield labelled("lined_codes", "Codes ever applied, by state.", "state", self._document["codes"])
        yield labelled("lined_reports", "Reports by state.", "state", self._document["reports"])
        about = "Codes the regulator processed with a remark, for the life of the journal."
        yield CounterMetricFamily("lined_remarks", about, value=float(self._document["remarks"]))
        backlog = self._document["backlog"]
        yield gauge("lined_backlog_codes", "Codes without an outcome, held ones aside.", backlog["codes"])
        age_s = backlog["oldest_age_s"] or 0
        yield gauge("lined_backlog_oldest_seconds", "Age of the oldest code without an outcome.", age_s)
        clear_s = backlog["clear_s"] or 0
        yield gauge("lined_backlog_clear_seconds", "Time the budget needs for the backlog.", clear_s)
        yield gauge("lined_unsaid_codes", "Codes accepted whose verdict was not said.", self._document["unsaid"])

    def _of_stock(self) -> Iterator[Metric]:
        found = self._view.stock.latest if self._view.stock is not None else ()
        left = {one.gtin: one.left for one in found}
        yield labelled("lined_pool_left", "Codes neither applied nor given out, by product.", "gtin", left)
        hours = {one.gtin: one.hours_left for one in found if one.hours_left is not None}
        yield labelled("lined_pool_hours_left", "For how long they last, by product that is made.", "gtin", hours)

    def _of_defects(self) -> Iterator[Metric]:
        found = CounterMetricFamily("lined_defects", "Mistakes of lined's own since the start.", labels=("where",))
        for where, times in sorted(self._view.intake.defects.counts.items()):
            found.add_metric((where,), times)
        yield found

    def _of_devices(self) -> Iterator[Metric]:
        devices: dict[str, Mapping[str, Any]] = {device["id"]: device for device in self._document["devices"]}
        for name, key, about in (
            ("lined_device_connected", "connected", "1: the device is connected."),
            ("lined_device_unanswered", "unanswered", "Frames whose verdicts have not been said yet."),
        ):
            yield labelled(name, about, "device", {device: row[key] for device, row in devices.items()})
        for name, key, about in (
            ("lined_device_frames", "frames", "Frames received since the start."),
            ("lined_device_reconnects", "reconnects", "Connections after the first since the start."),
        ):
            yield counter(name, about, "device", {device: row[key] for device, row in devices.items()})

    def _of_outside(self) -> Iterator[Metric]:
        document, regulator = self._document, self._document["regulator"]
        yield gauge("lined_regulator_reachable", "1: the last exchange brought an answer.", regulator["reachable"])
        yield gauge("lined_regulator_sending", "0: nothing is posted until a doubt is settled.", regulator["sending"])
        if regulator["clock_skew_s"] is not None:
            yield gauge("lined_clock_skew_seconds", "Our clock minus the regulator's.", regulator["clock_skew_s"])
        budget = {name: state["available"] for name, state in regulator["budget"].items()}
        yield labelled("lined_regulator_budget", "Requests that could go out at once.", "kind", budget)
        asked = CounterMetricFamily(
            "lined_regulator_requests", "Requests since the start.", labels=("method", "result")
        )
        for (method, result), times in sorted(self._view.regulator.counts.items()):
            asked.add_metric((method, result), times)
        yield asked
        wrong = {str(AlarmKind.WRONG_TOKEN): self._view.refused[AlarmKind.WRONG_TOKEN]}
        yield counter("lined_refused_requests", "Requests the endpoint refused since the start.", "reason", wrong)
        yield gauge("lined_mqtt_connected", "1: the broker is connected.", document["mqtt"]["connected"])
        journal = document["journal"]
        yield gauge("lined_journal_bytes", "Size of the journal and its WAL.", journal["bytes"])
        yield gauge("lined_journal_free_bytes", "Free disk where the journal lies.", journal["free_bytes"])
        yield gauge("lined_journal_queued", "Writes waiting for a commit.", journal["queued"])
        yield gauge("lined_journal_commits", "Transactions synced since the start.", self._view.journal.writer.commits)


def gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=float(value))


def labelled(name: str, about: str, label: str, values: dict[str, Any]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=(label,))
    for value, number in values.items():
        family.add_metric((value,), float(number))
    return family


def counter(name: str, about: str, label: str, values: dict[str, Any]) -> Metric:
    """`<name>_total`."""
    family = CounterMetricFamily(name, about, labels=(label,))
    for value, number in values.items():
        family.add_metric((value,), float(number))
    return family
