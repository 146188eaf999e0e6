"""The line: its state, the roles of its stations, and the modes of a job."""

from __future__ import annotations

from lined.vocabulary.word import N_, Word


class LineState(Word):
    """How the line is, in one word."""

    RUNNING = "running", N_("In order")
    DEGRADED = "degraded", N_("Works, with problems")
    STOPPED = "stopped", N_("STOPPED: everything is rejected")


class Role(Word):
    """What a station is for."""

    APPLY = "apply", N_("marking")
    VERIFY = "verify", N_("verification")
    PACK = "pack", N_("packing")
    REJECT = "reject", N_("rejection")
    REWORK = "rework", N_("rework")


class JobMode(Word):
    """A test job answers like a normal one, and nothing it reads is applied, packed or reported."""

    NORMAL = "normal", N_("production")
    TEST = "test", N_("test")


class Stop(Word):
    """Why no items should come: why there is no permit."""

    ENDING = "ending", N_("the program stops")
    JOURNAL = "journal", N_("nothing can be kept on disk")
    DEVICE = "device", N_("a device is not connected")
    NO_JOB = "no-job", N_("no job runs")
