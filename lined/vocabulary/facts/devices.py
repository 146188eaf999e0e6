"""Facts of devices: what becomes of a connection, and of a verdict that was to be told (`lined/devices`)."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class DeviceFact(FactCode):
    """`where`: a device's URL. `more`: a reason, one of these or the system's own words."""

    DOWN = "device-down", "%(where)s: %(more)s"
    NO_DEVICE = "no-device", N_("no device is connected")
    CLOSED_BY_DEVICE = "closed-by-device", N_("the device closed the connection")
    UNPLUGGED = "port-unplugged", N_("the port was unplugged")
    CLOSED = "connection-closed", "closed", N_("the connection was closed")
    NOT_READING = "replies-not-read", N_("the device does not read its replies")
    NOBODY_LISTENS = "nobody-listens", N_("nobody listens there")
    NO_ANSWER = "no-answer-in-time", N_("no answer within %(within_s)s s")
    NAME_LATE = "name-late", N_("the name was not resolved within %(within_s)s s")
    NAME_UNKNOWN = "name-unknown", N_("the name cannot be resolved: %(more)s")
    NO_ADDRESS = "no-address", N_("the name has no address")
    PORT_LATE = "port-late", N_("the port did not open within %(within_s)s s")
    PORT_IN_USE = "port-in-use", N_("another program uses the port")
    PORT_SETTINGS = "port-settings", N_("the port cannot be set up: %(more)s")
    REPLACED = "connection-replaced", N_("a newer connection took its place")
    ONE_TOO_MANY = "connections-too-many", N_("too many connections")
    STOPPING = "stopping", N_("stopping")
    READING_DEFECT = (
        "reading-defect",
        "a mistake in lined while its bytes were read (%(id)s)",
        N_("a mistake in the program while its bytes were read (%(id)s)"),
    )

    # why a verdict was not said
    TOO_LATE = "verdict-late", N_("the verdict came after its deadline")
    GIVEN_UP = "verdict-given-up", "a mistake in lined itself", N_("a mistake in the program")
    NOT_AT_ONCE = "verdict-not-at-once", N_("the connection could not take the verdict before the stop")
    CUT_OFF = "verdict-cut-off", N_("stopped in the middle of a reply")
    UNACKNOWLEDGED = "verdict-unacknowledged", N_("the device never acknowledged it")
    NOBODY_WAITS = "verdict-for-nobody", N_("nobody waits for the verdict any more")
    CRASH = "verdict-crash", "crash", N_("the program ended before it was said")
    BEING_REPLIED = "verdict-being-said", "being said", N_("it is being said once more")
