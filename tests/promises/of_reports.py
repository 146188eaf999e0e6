"""Promises about the network, the regulator and what is sent to it."""

from __future__ import annotations

from tests.promises.mutation import Mutation

_TCP, _OUTAGE = "tests/integration/devices/test_tcp.py", "tests/integration/mqtt/test_outage.py"
_NETWORK, _KILLS = "tests/crash/test_network.py", "tests/crash/test_kills.py"
_EVERY_FAULT = f"{_NETWORK}::test_submissions_that_meet_any_fault_end_as_if_nothing_had_been"
_ONE_IN_DOUBT = f"{_NETWORK}::test_an_outage_puts_one_report_in_doubt_and_no_verdict_waits_for_it"
_CREDENTIALS = "tests/unit/regulator/test_credentials.py"
_ACCOUNT = "tests/integration/regulator/test_credentials.py"
_RENEWAL = "tests/integration/regulator/test_key_renewal.py"
_EXPIRY = "tests/unit/service/test_expiry.py"
_BUDGET, _SUBMISSIONS = "tests/unit/regulator/test_budget.py", "tests/integration/regulator/test_submissions.py"
_SEALING, _AGGREGATION = "tests/unit/line/test_sealing.py", "tests/integration/packing/test_aggregation.py"
_SENDING, _DOUBT = "tests/integration/reports/test_sending.py", "tests/integration/reports/test_doubt.py"
_DATING = "tests/integration/reports/test_dating.py"
_STEP = f"{_DATING}::test_a_step_voids_what_was_measured"
_FOR_A_WHILE = f"{_DATING}::test_a_clock_that_is_wrong_for_a_while_in_the_run"
_NOBODY_KNOWS = f"{_DATING}::test_a_clock_that_is_put_right_while_the_machine_is_off"
_FOLLOWING = "tests/integration/reports/test_following.py"
_REFUSALS, _WAYS = (
    "tests/integration/reports/test_refusals.py",
    "tests/integration/reports/test_ways_of_answering.py",
)
_SEEDS = " ".join(
    f"tests/simulation/test_seeds.py::test_a_thousand_seeds_break_no_promise[{first}-{first + 49}]"
    for first in range(1_000, 1_300, 50)
)

AWAY = "a device, the broker or the internet is away"
HANGS = "the network hangs, trickles, resets before, within or after a request, loses the answer"
TOKEN = "a token or the key dies, is replaced, or is somebody else's; another PC logs in as us"
LIMITS = "the regulator limits us, or many reports wait"
CLOCK = "the PC's clock is off or jumps"
PART = "the regulator processes a part"
WAYS = "the regulator answers in a way that its text leaves open"
ANYTHING = "anything of this at once, in any order"

MUTATIONS = [
    Mutation(
        AWAY,
        "a device that goes away takes the others with it",
        "lined/devices/dial.py",
        '            device.down(f"{device.spec.url}: {gone}")\n',
        '            device.down(f"{device.spec.url}: {gone}")\n            raise\n',
        _TCP,
    ),
    Mutation(
        AWAY,
        "a device is not taken up again",
        "lined/devices/dial.py",
        "        await asyncio.sleep(backoff.next_s())\n",
        "        await asyncio.sleep(1e6)\n",
        f"{_TCP}::test_it_reconnects_when_the_device_comes_back_and_tells_each_state_once",
    ),
    Mutation(
        AWAY,
        "the broker is not taken up again",
        "lined/mqtt/bridge.py",
        "                async with asyncio.timeout(self._backoff.next_s()):\n",
        "                async with asyncio.timeout(1e6):\n",
        _OUTAGE,
    ),
    Mutation(
        AWAY,
        "nothing is sent any more after the internet was away",
        "lined/reports/delivery/loops.py",
        "        if answered:\n            self._gate_open = True\n",
        "        if answered:\n",
        _ONE_IN_DOUBT,
    ),
    Mutation(
        HANGS,
        "a request without an answer counts as not sent",
        "lined/regulator/submission.py",
        "    if not nothing.left:\n",
        "    if True:\n",
        _EVERY_FAULT,
    ),
    Mutation(
        HANGS,
        "what is in doubt is sent again without looking",
        "lined/reports/delivery/submit.py",
        "        ReportState.IN_DOUBT,\n        at_ms,\n        str(error),\n",
        "        ReportState.SEALED,\n        at_ms,\n        str(error),\n",
        f"{_KILLS}::test_a_kill_at_each_named_durable_step_leaves_every_code_once_in_the_books {_EVERY_FAULT}",
    ),
    Mutation(
        HANGS,
        "an answer that trickles is waited for without end",
        "lined/regulator/wire.py",
        "call_later(self.exchange_timeout_s, self._hang_up)",
        "call_later(1e6, self._hang_up)",
        f"{_SUBMISSIONS}::test_bytes_left_and_no_readable_answer_is_in_doubt",
    ),
    Mutation(
        HANGS,
        "an outage puts one report after the other in doubt",
        "lined/reports/delivery/loops.py",
        "        if result == submission.IN_DOUBT:\n            self._close_gate()\n",
        "",
        _ONE_IN_DOUBT,
    ),
    Mutation(
        HANGS,
        "verdicts wait while it is looked for",
        "lined/reports/delivery/loops.py",
        "        look = await self._search.look(report)\n",
        "        import time\n\n        time.sleep(5)\n        look = await self._search.look(report)\n",
        _ONE_IN_DOUBT,
    ),
    Mutation(
        TOKEN,
        "a token is renewed when it is dead",
        "lined/regulator/credentials.py",
        "REFRESH_AT = (0.78, 0.82)",
        "REFRESH_AT = (1.0, 1.0)",
        _CREDENTIALS,
    ),
    Mutation(
        TOKEN,
        "a dead token is not replaced before its time",
        "lined/regulator/credentials.py",
        "                self._note_death(self._tokens)\n                self._tokens = None\n",
        "                self._note_death(self._tokens)\n",
        f"{_CREDENTIALS} {_ACCOUNT}",
    ),
    Mutation(
        TOKEN,
        "after a 401 the request is not sent once more",
        "lined/regulator/asking.py",
        "if reply.blames_credential(self._profile) and await self.credential.renew_after(bearer):",
        "if reply.blames_credential(self._profile) and not await self.credential.renew_after(bearer):",
        _ACCOUNT,
    ),
    Mutation(
        TOKEN,
        "a new key is used before it is stored",
        "lined/regulator/credentials.py",
        "            await self._save()\n            self.expires_at = new.expires_on\n",
        "            self.expires_at = new.expires_on\n"
        "            self._unsaved = None\n"
        "            asyncio.get_running_loop().call_soon(asyncio.ensure_future, self._on_new_secret(new))\n",
        _CREDENTIALS,
    ),
    Mutation(
        TOKEN,
        "a new key that could not be stored is used",
        "lined/regulator/credentials.py",
        "            raise NoCredential(self.problem, FIRST_WAIT_S) from error\n        self._unsaved = None\n",
        "            return\n        self._unsaved = None\n",
        f"{_CREDENTIALS} {_ACCOUNT}",
    ),
    Mutation(
        TOKEN,
        "a new key is not synced",
        "lined/service/key_renewal.py",
        "            os.fsync(file.fileno())\n",
        "",
        _RENEWAL,
    ),
    Mutation(
        TOKEN,
        "the name of a new key's file is not synced",
        "lined/service/key_renewal.py",
        "        sync_folder(self._path().parent)\n",
        "",
        _RENEWAL,
    ),
    Mutation(
        TOKEN,
        "a new key is written into its file where it stands",
        "lined/service/key_renewal.py",
        '        self._write(f"{key}\\n")\n        self._beside().replace(self._path())\n',
        '        self._path().write_text(f"{key}\\n")\n',
        _RENEWAL,
    ),
    Mutation(
        TOKEN,
        "another participant's key is used",
        "lined/regulator/client.py",
        "        if self._keys.problem is not None and not self._keys.unchecked:\n",
        "        if self._keys.problem is not None and self._keys.unchecked:\n",
        _ACCOUNT,
    ),
    Mutation(
        TOKEN,
        "another PC on our user is not named",
        "lined/regulator/credentials.py",
        "        if len(self._deaths) >= CONTENTION_DEATHS:\n",
        "        if len(self._deaths) >= 10**6:\n",
        _CREDENTIALS,
    ),
    Mutation(
        TOKEN,
        "people do not hear 3 days before a key ends",
        "lined/service/expiry.py",
        "DAYS = (14, 7, 3, 1)",
        "DAYS = (14, 7, 1)",
        _EXPIRY,
    ),
    Mutation(
        TOKEN,
        "they hear once, 14 days before",
        "lined/service/expiry.py",
        "        if told == self._told:\n",
        "        if self._told is not None:\n",
        _EXPIRY,
    ),
    Mutation(
        LIMITS,
        "what was saved up comes on top of the limit",
        "lined/regulator/budget.py",
        "self._rate = max(per_minute - self._most, 0.5) / 60.0",
        "self._rate = max(per_minute, 0.5) / 60.0",
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "a restart begins with a full budget",
        "lined/regulator/budget.py",
        "self._level = self._most if full else 0.0",
        "self._level = self._most",
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "the daemon asks for a full budget at its start",
        "lined/regulator/client.py",
        "limited = Bucket(account.requests_per_minute, clock=clock, sleep=sleep)",
        "limited = Bucket(account.requests_per_minute, clock=clock, sleep=sleep, full=True)",
        f"{_BUDGET} {_ACCOUNT} {_SUBMISSIONS}",
    ),
    Mutation(
        LIMITS,
        "reports leave no share",
        "lined/regulator/budget.py",
        "ahead = 0.0 if reserved else max(self._reserve, float(self._waiting[True]))",
        "ahead = 0.0",
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "what is in doubt has no share",
        "lined/regulator/budget.py",
        '"check": (limited, True)',
        '"check": (limited, False)',
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "tokens have no share",
        "lined/regulator/budget.py",
        '"token": (limited, True)',
        '"token": (limited, False)',
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "tokens are asked for beside the budget",
        "lined/regulator/asking.py",
        "        await self.budget.acquire(*turn)\n",
        "",
        _ACCOUNT,
    ),
    Mutation(
        LIMITS,
        "a Retry-After is no floor",
        "lined/regulator/budget.py",
        "        if held_s := self._held_s(method):\n",
        "        if (held_s := self._held_s(method)) > 1e9:\n",
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "the pause of one method stops all",
        "lined/regulator/budget.py",
        "held = self._not_before.get(method)",
        "held = next(iter(self._not_before.values()), None)",
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "a 429 holds nothing back",
        "lined/regulator/asking.py",
        "        if reply.status == 429 and not reply.page:\n",
        "        if reply.status == 430 and not reply.page:\n",
        _SUBMISSIONS,
    ),
    Mutation(
        CLOCK,
        "it is sealed by a clock that is off",
        "lined/line/jobs/sealing.py",
        "        elif skew_s is not None and abs(skew_s) * 1000 > WRONG_MS:\n",
        "        elif skew_s is not None and abs(skew_s) > 1e9:\n",
        _SEALING,
    ),
    Mutation(
        CLOCK,
        "a clock that was set back counts as right",
        "lined/line/jobs/sealing.py",
        "        if self._state.clock_is_behind(now_ms):\n            problem = ",
        "        if self._state.clock_is_behind(now_ms) and skew_s is not None:\n            problem = ",
        _SEALING,
    ),
    Mutation(
        CLOCK,
        "a report dated in the regulator's future is sent",
        "lined/reports/delivery/dating.py",
        "    if ahead_ms > HEARD_MS:  #",
        "    if ahead_ms > WRONG_MS:  #",
        _SENDING,
    ),
    Mutation(
        CLOCK,
        "packing is dated before production",
        "lined/journal/views/packing_times.py",
        "    return reduce(later, moments) if moments else Right(report.opened_ms)\n",
        "    return moments[0] if moments else Right(report.opened_ms)\n",
        f"{_AGGREGATION}::test_packing_is_never_dated_before_production",
    ),
    Mutation(
        CLOCK,
        "a production date is given that is later than the package",
        "lined/line/jobs/jobs.py",
        "    if closed is not None and parse_moment(given, days) > days.local(closed.ms):\n",
        "    if closed is not None and days.local(closed.ms) is None:\n",
        f"{_AGGREGATION}::test_no_production_date_is_given_that_is_later_than_a_package_already_closed",
    ),
    Mutation(
        CLOCK,
        "a report dated far ahead by a clock that was wrong is sent",
        "lined/reports/delivery/dating.py",
        "    if happened is not None and ahead_ms > WRONG_MS:\n",
        "    if happened is not None and ahead_ms > WRONG_MS:\n        return Finding()\n"
        "    if happened is not None and ahead_ms > WRONG_MS:\n",
        _SENDING,
    ),
    Mutation(
        CLOCK,
        "what was measured before a step of the clock is believed after it",
        "lined/line/watch/clock.py",
        "            listener()\n",
        "            pass\n",
        _STEP,
    ),
    Mutation(
        CLOCK,
        "codes are dated by the clock of then, whatever it turned out to be",
        "lined/journal/views/true_time.py",
        "        return Right(at_ms - error_ms, error_ms, now_wrong_ms=wrong_ms)\n",
        "        return Right(at_ms)\n",
        _FOR_A_WHILE,
    ),
    Mutation(
        CLOCK,
        "what nobody knows about a clock counts as right",
        "lined/reports/delivery/dating.py",
        "    if first.doubt or last.doubt:\n",
        "    if first.doubt and last.error_ms:\n",
        _NOBODY_KNOWS,
    ),
    Mutation(
        CLOCK,
        "a report is sent although its expiry has passed",
        "lined/reports/delivery/dating.py",
        "    if expiry is not None and _ms(expiry) <= now_ms:\n",
        "    if expiry is not None and _ms(expiry) <= 0:\n",
        f"{_DATING}::test_a_report_whose_expiry_passes_while_it_waits_is_held",
    ),
    Mutation(
        CLOCK,
        "searches begin by our own clock",
        "lined/reports/delivery/ports.py",
        "return self.wall_ms() if heard is None else int(heard.timestamp() * 1000)",
        "return self.wall_ms()",
        _DOUBT,
    ),
    Mutation(
        CLOCK,
        "the gap between two searches is counted by our own clock",
        "lined/reports/delivery/search.py",
        "gap_ms, now_ms = around.rules.in_doubt_gap_ms, around.server_ms()",
        "gap_ms, now_ms = around.rules.in_doubt_gap_ms, at_ms",
        _DOUBT,
    ),
    Mutation(
        PART,
        "refused codes are accepted",
        "lined/reports/delivery/follow.py",
        '            elif outcome.state in ("SUCCESS", "WARNING"):\n',
        '            if outcome.state in ("SUCCESS", "WARNING", ERROR):\n',
        _FOLLOWING,
    ),
    Mutation(
        PART,
        "codes that are not listed are accepted",
        "lined/reports/delivery/follow.py",
        "    unlisted = set(ours.values()) - listed.accepted.keys() - listed.refused.keys()\n",
        "    unlisted: set[str] = set()\n",
        _FOLLOWING,
    ),
    Mutation(
        PART,
        "all its codes are refused",
        "lined/reports/delivery/outcomes.py",
        "    await give_own(around, report, CodeState.REFUSED, refused)\n    missing",
        "    texts = (await around.journal.read(kind_of(report).texts, report)).values()\n"
        '    await give_own(around, report, CodeState.REFUSED, dict.fromkeys(texts, "refused"))\n    missing',
        _FOLLOWING,
    ),
    Mutation(
        PART,
        "the codes that were not refused go into a new report",
        "lined/reports/delivery/follow.py",
        "    await outcomes.settle_partial(around, report, refused, unlisted, evidence)\n",
        '    await outcomes.refused_by_name(around, report, refused, "in part", evidence)\n',
        _FOLLOWING,
    ),
    Mutation(
        ANYTHING,
        "one search that misses is enough to send again",
        "lined/reports/delivery/search.py",
        "    gap_ms, now_ms = around.rules.in_doubt_gap_ms, around.server_ms()\n",
        "    gap_ms, now_ms = around.rules.in_doubt_gap_ms, around.server_ms()\n"
        "    report = report._replace(misses=report.misses + 1, missed_ms=0)\n",
        _SEEDS,
    ),
    Mutation(
        ANYTHING,
        "a search that failed counts as a miss",
        "lined/reports/delivery/search.py",
        "            return Look(answered=answered, why=str(error))\n",
        "            return Look(answered=answered, complete=True, why=str(error))\n",
        _SEEDS,
    ),
    Mutation(
        ANYTHING,
        "separators are not stripped from what was sent",
        "lined/reports/kinds/utilisation.py",
        "        return {without_separators(str(code)) for code in elements(",
        "        return {str(code) for code in elements(",
        _SEEDS,
    ),
    Mutation(
        ANYTHING,
        "a refusal that may be an echo of our own is believed",
        "lined/reports/delivery/submit.py",
        "            if verdict.suspect:\n",
        "            if verdict.suspect and not named:\n",
        _SEEDS,
    ),
    Mutation(
        ANYTHING,
        "an answer that finds no room on the disk is forgotten",
        "lined/reports/delivery/submit.py",
        '            log.warning("outcome_waits_for_disk", error=str(error))\n            await around.sleep(DISK_S)\n',
        '            log.warning("outcome_waits_for_disk", error=str(error))\n            return\n',
        _SEEDS,
    ),
    Mutation(
        ANYTHING,
        "a batch takes one code too many",
        "lined/line/stations/transaction.py",
        "batch.codes < state.plant.batches.max_codes and",
        "batch.codes <= state.plant.batches.max_codes and",
        _SEEDS,
    ),
    Mutation(
        WAYS,
        "a code that is named by its place is not found",
        "lined/reports/delivery/blame.py",
        "        keys = _keys(ours, at) or _keys(ours, blame.quoted)\n",
        "        keys = _keys(ours, blame.quoted)\n",
        f"{_REFUSALS} {_WAYS}",
    ),
    Mutation(
        WAYS,
        "a code that is named within a text is not found",
        "lined/reports/delivery/blame.py",
        "        keys = _keys(ours, at) or _keys(ours, blame.quoted)\n",
        "        keys = _keys(ours, at)\n",
        f"{_REFUSALS} {_WAYS}",
    ),
    Mutation(
        WAYS,
        "what is turned away is tried for ever",
        "lined/reports/delivery/search.py",
        "    elif report.unread_times >= around.rules.unread_most:\n",
        "    elif report.unread_times >= 10**9:\n",
        _DOUBT,
    ),
]
