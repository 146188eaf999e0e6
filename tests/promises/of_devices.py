"""Promises about devices: what they are told, what their bytes may be, and what becomes known of them."""

from __future__ import annotations

from tests.promises.mutation import Mutation

_WAITING = "tests/integration/devices/test_waiting.py"
_STREAM = "tests/property/test_drivers_stream.py"
_REGISTRY = "tests/unit/drivers/test_registry.py"

WAITS = "a device waits for an acknowledgement, and sends again what it hears nothing of"
HANGS = "a device hangs behind a connection that stays up"
ANYTHING = "a device sends anything, cut anywhere, in the protocol of any driver"
OUTSIDE = "a driver of somebody else's is installed, and cannot be loaded"

MUTATIONS = [
    Mutation(
        WAITS,
        "what could not be kept is acknowledged",
        "lined/devices/reply_writer.py::ReplyWriter._reject_reply",
        "self._again if judgement.failed else self._reject",
        "self._reject",
        f"{_WAITING}::test_what_could_not_be_kept_is_asked_for_again_and_judged_again",
    ),
    Mutation(
        WAITS,
        "what is sent again is judged again",
        "drivers/parts/framed.py::FramedDriver._without_retransmissions",
        "self._unanswered and event.raw == self._last_raw",
        "self._unanswered < 0",
        f"{_WAITING}::test_a_frame_sent_again_before_its_acknowledgement_is_judged_and_answered_once",
    ),
    Mutation(
        WAITS,
        "another item with the same code is taken for the one before",
        "lined/devices/reply_writer.py::ReplyWriter._pop",
        "self._driver.answered()",
        "pass",
        f"{_WAITING}::test_a_frame_sent_again_before_its_acknowledgement_is_judged_and_answered_once",
    ),
    Mutation(
        HANGS,
        "nobody is told",
        "lined/devices/silence.py::Silence._look",
        "self._tell(True)",
        "pass",
        f"{_WAITING}::test_a_device_that_falls_silent_is_told_and_told_well_again",
    ),
    Mutation(
        HANGS,
        "it is not told well again",
        "lined/devices/device.py::Device._take",
        "self._silence.received()",
        "pass",
        f"{_WAITING}::test_a_device_that_falls_silent_is_told_and_told_well_again",
    ),
    Mutation(
        ANYTHING,
        "a closing tag cut in two is overlooked",
        "drivers/parts/framing.py::EndsFramer.cut",
        "max(0, len(rest) - start - self._overlap)",
        "len(rest) - start",
        f"{_STREAM}::test_byte_by_byte_gives_the_same_events",
    ),
    Mutation(
        ANYTHING,
        "a frame that never ends is kept whole",
        "drivers/parts/framing.py::EndsFramer._bound",
        "del self._rest[: self._searched]",
        "pass",
        f"{_STREAM}::test_no_endless_stream_makes_it_grow",
    ),
    Mutation(
        ANYTHING,
        "JSON that is none ends the stream",
        "drivers/parts/fields.py::by_json",
        "(ValueError, RecursionError)",
        "KeyError",
        f"{_STREAM}::test_cutting_the_stream_anywhere_gives_the_same_events",
    ),
    Mutation(
        OUTSIDE,
        "its mistake is ours",
        "drivers/parts/registry.py::Registry._loaded",
        "Exception",
        "KeyError",
        f"{_REGISTRY}::test_one_that_cannot_be_loaded_is_told_with_its_place",
    ),
]
