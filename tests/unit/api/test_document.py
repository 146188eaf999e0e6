"""The sums of /status, from rows of the journal."""

from __future__ import annotations

from lined.api.document import REASONS, backlog, counted, counts
from lined.journal.tables.jobs import JobRow
from lined.journal.views.queries import Backlog, ReportCounts, Sums
from lined.regulator.budget import BucketState

# docs/contract.md, Verdicts, in its order; a no-read is counted by itself.
CONTRACT_REASONS = (
    "not-durable malformed wrong-level no-job wrong-product unknown-code duplicate low-grade not-applied "
    "already-packed mixed-lot parent-used over-capacity parent-expected child-expected"
).split()


def test_every_reason_of_the_contract_is_always_there() -> None:
    assert list(REASONS) == CONTRACT_REASONS
    assert set(counts({})["reads"]["by_reason"]) == set(CONTRACT_REASONS)


def test_an_empty_journal_has_every_key_at_zero() -> None:
    found = counts({})
    by_reason = found["reads"]["by_reason"]
    assert set(by_reason.values()) == {0}
    assert found == {
        "reads": {"total": 0, "accepted": 0, "rejected": 0, "no_read": 0, "repeats": 0, "by_reason": by_reason},
        "codes": {"unreported": 0, "reported": 0, "accepted": 0, "refused": 0, "held": 0, "withdrawn": 0},
    }


def test_what_only_memory_has_counted_is_in_both_sums() -> None:
    sums = {"read.accepted": 5, "read.rejected": 3, "read.no-read": 2, "read.repeats": 1}
    sums |= {"reason.duplicate": 2, "reason.no-job": 1, "code.unreported": 5}
    reads = counts(sums, unkept={"not-durable": 4})["reads"]
    assert reads["total"] == 15
    assert reads["rejected"] == 7 == sum(reads["by_reason"].values())
    assert reads["by_reason"]["not-durable"] == 4


def test_a_reason_this_version_does_not_know_still_adds_up() -> None:
    reads = counts({"read.rejected": 2, "reason.from-the-future": 2})["reads"]
    assert reads["by_reason"]["from-the-future"] == 2
    assert sum(reads["by_reason"].values()) == reads["rejected"]


def test_a_job_has_its_own_sums_in_the_same_shapes() -> None:
    job = JobRow(7, "04899215122371", "test", {"order": "PO-1"}, {"name": "Oil"}, 0, "anna", None, None)
    found = counted(Sums({"read.accepted": 9}, job, {"read.accepted": 4}, ReportCounts(0, {}), Backlog(0, 0, None), 0))
    assert found["job"] is not None
    assert found["job"]["id"] == "7" and found["job"]["mode"] == "test" and found["job"]["order"] == "PO-1"
    assert found["job"]["started_at"] == "1970-01-01T00:00:00.000Z"
    assert found["job"]["reads"]["accepted"] == 4 and found["reads"]["accepted"] == 9
    assert (
        found["job"]["reads"].keys() == found["reads"].keys() and found["job"]["codes"].keys() == found["codes"].keys()
    )


def test_the_time_to_clear_is_what_the_budget_needs_and_the_last_outcome() -> None:
    budget = BucketState(available=0.0, per_minute=90, held_back_s=0.0, waiting=0)
    week = Backlog(24_000_000, 800, 0, unsent=800, outcome_ms=20_000)
    assert backlog(week, 0, budget)["clear_s"] == 554  # 800 reports at 90 a minute, and 20 s
    assert backlog(week, 0, budget._replace(held_back_s=30.0))["clear_s"] == 584
    sent = Backlog(30_000, 1, 0, unsent=0, outcome_ms=20_000)
    assert backlog(sent, 0, budget)["clear_s"] == 20
    assert backlog(Backlog(0, 0, None), 0, budget)["clear_s"] == 0
    assert backlog(week, 0)["clear_s"] is None


def test_the_age_of_the_backlog_is_never_negative() -> None:
    assert backlog(Backlog(3, 1, 10_000), 4_000)["oldest_age_s"] == 0
    assert backlog(Backlog(3, 1, 10_000), 75_500)["oldest_age_s"] == 65
    assert backlog(Backlog(0, 0, None), 4_000)["oldest_age_s"] is None
