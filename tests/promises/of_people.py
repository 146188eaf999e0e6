"""Promises about people and the PLC: who may command, what is kept of it, and when nothing should come."""

from __future__ import annotations

from tests.promises.mutation import Mutation

_PERMIT, _UNIT = "tests/integration/mqtt/test_permit.py", "tests/unit/line/test_permit.py"
_SIGN_IN = "tests/integration/api/test_sign_in.py"

STAND = "nothing should come: no job runs, a scanner is gone, the disk, the program or the broker stops"
ROLE = "somebody commands what their role does not allow, or as somebody else"

MUTATIONS = [
    Mutation(
        STAND,
        "the broker keeps a permit for ever",
        "lined/mqtt/bridge.py::Bridge._tell_permit",
        "self._limits.permit_expiry_s",
        "None",
        f"{_PERMIT}::test_no_conveyor_runs_on_an_old_permit",
    ),
    Mutation(
        STAND,
        "a scanner that is gone stops nothing",
        "lined/line/watch/permit.py::permit",
        "not connected",
        "False",
        f"{_UNIT}::test_a_device_that_is_gone_stops_it_and_is_named",
    ),
    Mutation(
        ROLE,
        "whoever has signed in may command everything",
        "lined/commands/registry/execution.py::Commands.execute",
        "not caller.role.may(command.role)",
        "False",
        f"{_SIGN_IN}::test_each_command_takes_its_role",
    ),
    Mutation(
        ROLE,
        "the body says who it was",
        "lined/commands/registry/caller.py::Caller.name",
        "self.by if self.way == Way.PERSON else named or self.by",
        "named or self.by",
        f"{_SIGN_IN}::test_a_person_is_who_commanded_whatever_the_body_says",
    ),
    Mutation(
        ROLE,
        "the audit trail is a list without a chain",
        "lined/journal/tables/audit.py::_hash",
        "hashlib.sha256(before + content)",
        "hashlib.sha256(content)",
        f"{_SIGN_IN}::test_a_row_that_was_rewritten_with_a_hash_that_fits_shows_at_the_next",
    ),
    Mutation(
        ROLE,
        "what came through a proxy is of this computer",
        "lined/api/gate.py::is_here",
        "is_loopback(scope) and not any(name in headers for name in FORWARDED)",
        "is_loopback(scope)",
        f"{_SIGN_IN}::test_what_came_through_a_proxy_is_not_of_this_computer",
    ),
]
