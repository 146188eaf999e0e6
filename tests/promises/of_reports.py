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
_FOLLOWING, _ECHO = "tests/integration/reports/test_following.py", "tests/integration/reports/test_echo.py"
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
MOVES = "the regulator's text moves: a path, a limit, a word, a product group"
ANYTHING = "anything of this at once, in any order"

_PROFILES = "tests/unit/regulator/test_profiles.py"

MUTATIONS = [
    Mutation(
        MOVES,
        "what is overridden changes nothing",
        "lined/regulator/profiles.py::_put",
        "tables[keys[-1]] = value",
        "pass",
        f"{_PROFILES} tests/integration/regulator/test_moved.py",
    ),
    Mutation(
        MOVES,
        "a key that no profile has is taken for one",
        "lined/regulator/profile.py::Table.model_config",
        "'forbid'",
        "'ignore'",
        _PROFILES,
    ),
    Mutation(
        MOVES,
        "a report goes where it always went",
        "lined/regulator/client.py::Regulator._submit",
        "method.path",
        "'/api/utilisation'",
        "tests/integration/regulator/test_moved.py",
    ),
    Mutation(
        MOVES,
        "a key of the profile has no reader",
        "lined/regulator/wire.py::Wire._new_line",
        "account.profile.headers.accept",
        "'application/json'",
        "tests/unit/regulator/test_profile_read.py",
    ),
    Mutation(
        MOVES,
        "a word of the regulator's stands elsewhere",
        "lined/reports/kinds/bodies.py::utilisation_fields",
        """
        {
            "business_place_id": attributes["business_place_id"],
            "country": attributes["country"],
            "release_type": attributes["release_type"],
        }
        """,
        """
        {
            "business_place_id": attributes["business_place_id"],
            "manufacturerCountry": attributes["country"],
            "release_type": attributes["release_type"],
        }
        """,
        "tests/unit/regulator/test_words.py",
    ),
    Mutation(
        AWAY,
        "a device that goes away takes the others with it",
        "lined/devices/dial.py::keep_open",
        "device.down(gone)",
        """
        device.down(gone)
        raise
        """,
        _TCP,
    ),
    Mutation(
        AWAY,
        "a device is not taken up again",
        "lined/devices/dial.py::keep_open",
        "backoff.next_s()",
        "1000000.0",
        f"{_TCP}::test_it_reconnects_when_the_device_comes_back_and_tells_each_state_once",
    ),
    Mutation(
        AWAY,
        "the broker is not taken up again",
        "lined/mqtt/bridge.py::Bridge._keep_connected",
        "self._backoff.next_s()",
        "1000000.0",
        _OUTAGE,
    ),
    Mutation(
        AWAY,
        "nothing is sent any more after the internet was away",
        "lined/reports/delivery/loops.py::Delivery._probed",
        """
        self._gate_open = True
        self._probes = 0
        """,
        "self._probes = 0",
        _ONE_IN_DOUBT,
    ),
    Mutation(
        HANGS,
        "a request without an answer counts as not sent",
        "lined/regulator/submission.py::without_answer",
        "not nothing.left",
        "True",
        _EVERY_FAULT,
    ),
    Mutation(
        HANGS,
        "what is in doubt is sent again without looking",
        "lined/reports/outcomes/sending.py::NoAnswer",
        "_S.IN_DOUBT",
        "_S.SEALED",
        f"{_KILLS}::test_a_kill_at_each_named_durable_step_leaves_every_code_once_in_the_books {_EVERY_FAULT}",
    ),
    Mutation(
        HANGS,
        "an answer that trickles is waited for without end",
        "lined/regulator/wire.py::_Line.exchange",
        "asyncio.get_running_loop().call_later(self.exchange_timeout_s, self._hang_up)",
        "asyncio.get_running_loop().call_later(1000000.0, self._hang_up)",
        f"{_SUBMISSIONS}::test_bytes_left_and_no_readable_answer_is_in_doubt",
    ),
    Mutation(
        HANGS,
        "an outage puts one report after the other in doubt",
        "lined/reports/delivery/loops.py::Delivery._send",
        """
        outcome = await submission.send(ports, self._search, due, self._send_failures)
        if isinstance(outcome, NoAnswer):
            self._close_gate()
        """,
        "outcome = await submission.send(ports, self._search, due, self._send_failures)",
        _ONE_IN_DOUBT,
    ),
    Mutation(
        HANGS,
        "verdicts wait while it is looked for",
        "lined/reports/delivery/loops.py::Delivery._look",
        "closings = self._closings",
        """
        closings = self._closings
        import time
        time.sleep(5)
        """,
        _ONE_IN_DOUBT,
    ),
    Mutation(
        TOKEN,
        "a token is renewed when it is dead",
        "lined/regulator/credentials.py::REFRESH_AT",
        "(0.78, 0.82)",
        "(1.0, 1.0)",
        _CREDENTIALS,
    ),
    Mutation(
        TOKEN,
        "a dead token is not replaced before its time",
        "lined/regulator/credentials.py::TechnicalUser.renew_after",
        """
        self._note_death(self._tokens)
        self._tokens = None
        """,
        "self._note_death(self._tokens)",
        f"{_CREDENTIALS} {_ACCOUNT}",
    ),
    Mutation(
        TOKEN,
        "after a 401 the request is not sent once more",
        "lined/regulator/requester.py::Requester.ask_now",
        "await self.credential.renew_after(bearer)",
        "not await self.credential.renew_after(bearer)",
        _ACCOUNT,
    ),
    Mutation(
        TOKEN,
        "a new key is used before it is stored",
        "lined/regulator/credentials.py::ApiKey.refresh",
        """
        await self._save()
        self.expires_at = new.expires_on
        """,
        """
        self.expires_at = new.expires_on
        self._unsaved = None
        asyncio.get_running_loop().call_soon(asyncio.ensure_future, self._on_new_secret(new))
        """,
        _CREDENTIALS,
    ),
    Mutation(
        TOKEN,
        "a new key that could not be stored is used",
        "lined/regulator/credentials.py::ApiKey._save",
        "raise NoCredential(self.problem, FIRST_WAIT_S) from error",
        "return",
        f"{_CREDENTIALS} {_ACCOUNT}",
    ),
    Mutation(
        TOKEN,
        "a new key is not synced",
        "lined/service/key_renewal.py::KeyFile._write",
        """
        file.flush()
        os.fsync(file.fileno())
        """,
        "file.flush()",
        _RENEWAL,
    ),
    Mutation(
        TOKEN,
        "the name of a new key's file is not synced",
        "lined/service/key_renewal.py::KeyFile._replace",
        """
        self._beside().replace(self._path())
        sync_folder(self._path().parent)
        """,
        "self._beside().replace(self._path())",
        _RENEWAL,
    ),
    Mutation(
        TOKEN,
        "a new key is written into its file where it stands",
        "lined/service/key_renewal.py::KeyFile._replace",
        r"""
        self._write(f'{key}\n')
        self._beside().replace(self._path())
        """,
        "self._path().write_text(f'{key}\\n')",
        _RENEWAL,
    ),
    Mutation(
        TOKEN,
        "another participant's key is used",
        "lined/regulator/client.py::Regulator._need_own_key",
        "not self._keys.unchecked",
        "self._keys.unchecked",
        _ACCOUNT,
    ),
    Mutation(
        TOKEN,
        "another PC on our user is not named",
        "lined/regulator/credentials.py::TechnicalUser._judge_contention",
        "len(self._deaths) >= CONTENTION_DEATHS",
        "len(self._deaths) >= 10 ** 6",
        _CREDENTIALS,
    ),
    Mutation(
        TOKEN,
        "people do not hear 3 days before a key ends",
        "lined/service/expiry.py::DAYS",
        "(14, 7, 3, 1)",
        "(14, 7, 1)",
        _EXPIRY,
    ),
    Mutation(
        TOKEN,
        "they hear once, 14 days before",
        "lined/service/expiry.py::ExpiryWatch.look",
        "told == self._told",
        "self._told is not None",
        _EXPIRY,
    ),
    Mutation(
        LIMITS,
        "what was saved up comes on top of the limit",
        "lined/regulator/budget.py::Bucket.__init__",
        "per_minute - self._most",
        "per_minute",
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "a restart begins with a full budget",
        "lined/regulator/budget.py::Bucket.__init__",
        "self._most if full else 0.0",
        "self._most",
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "the daemon asks for a full budget at its start",
        "lined/regulator/client.py::Regulator.__init__",
        "Bucket(account.requests_per_minute, clock=clock, sleep=sleep)",
        "Bucket(account.requests_per_minute, clock=clock, sleep=sleep, full=True)",
        f"{_BUDGET} {_ACCOUNT} {_SUBMISSIONS}",
    ),
    Mutation(
        LIMITS,
        "reports leave no share",
        "lined/regulator/budget.py::Bucket._wait_s",
        "0.0 if rank is Rank.URGENT else max(left, before)",
        "0.0",
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "what is in doubt has no share",
        "lined/regulator/budget.py::Budget.__init__",
        """
        {
            "submit": (limited, Rank.USUAL),
            "token": (limited, Rank.URGENT),
            "check": (limited, Rank.URGENT),
            "read": (reads, Rank.USUAL),
            "spare": (reads, Rank.SPARE),
            "order": (limited, Rank.SPARE),
        }
        """,
        """
        {
            "submit": (limited, Rank.USUAL),
            "token": (limited, Rank.URGENT),
            "check": (limited, Rank.USUAL),
            "read": (reads, Rank.USUAL),
            "spare": (reads, Rank.SPARE),
            "order": (limited, Rank.SPARE),
        }
        """,
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "tokens have no share",
        "lined/regulator/budget.py::Budget.__init__",
        """
        {
            "submit": (limited, Rank.USUAL),
            "token": (limited, Rank.URGENT),
            "check": (limited, Rank.URGENT),
            "read": (reads, Rank.USUAL),
            "spare": (reads, Rank.SPARE),
            "order": (limited, Rank.SPARE),
        }
        """,
        """
        {
            "submit": (limited, Rank.USUAL),
            "token": (limited, Rank.USUAL),
            "check": (limited, Rank.URGENT),
            "read": (reads, Rank.USUAL),
            "spare": (reads, Rank.SPARE),
            "order": (limited, Rank.SPARE),
        }
        """,
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "tokens are asked for beside the budget",
        "lined/regulator/requester.py::Requester._ask_for_token",
        """
        permit = Permit('token', method)
        await self.budget.acquire(*permit)
        """,
        "permit = Permit('token', method)",
        _ACCOUNT,
    ),
    Mutation(
        LIMITS,
        "a Retry-After is no floor",
        "lined/regulator/budget.py::Budget.need_open",
        "(held_s := self._held_s(method))",
        "(held_s := self._held_s(method)) > 1000000000.0",
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "the pause of one method stops all",
        "lined/regulator/budget.py::Budget._held_s",
        "self._not_before.get(method)",
        "next(iter(self._not_before.values()), None)",
        _BUDGET,
    ),
    Mutation(
        LIMITS,
        "a 429 holds nothing back",
        "lined/regulator/requester.py::Requester._observe",
        "reply.status == 429",
        "reply.status == 430",
        _SUBMISSIONS,
    ),
    Mutation(
        CLOCK,
        "it is sealed by a clock that is off",
        "lined/line/jobs/sealing.py::Sealer.judge_clock",
        "abs(skew_s) * 1000 > WRONG_MS",
        "abs(skew_s) > 1000000000.0",
        _SEALING,
    ),
    Mutation(
        CLOCK,
        "a clock that was set back counts as right",
        "lined/line/jobs/sealing.py::Sealer.judge_clock",
        """
        if self._state.clock_is_behind(now_ms):
            problem = Fact(LineFact.CLOCK_BEFORE_JOURNAL)
        elif skew_s is not None and abs(skew_s) * 1000 > WRONG_MS:
            problem = Fact(LineFact.CLOCK_AHEAD if skew_s > 0 else LineFact.CLOCK_BEHIND, n=round(abs(skew_s) / 60))
        """,
        """
        if self._state.clock_is_behind(now_ms) and skew_s is not None:
            problem = Fact(LineFact.CLOCK_BEFORE_JOURNAL)
        elif skew_s is not None and abs(skew_s) * 1000 > WRONG_MS:
            problem = Fact(LineFact.CLOCK_AHEAD if skew_s > 0 else LineFact.CLOCK_BEHIND, n=round(abs(skew_s) / 60))
        """,
        _SEALING,
    ),
    Mutation(
        CLOCK,
        "a report dated in the regulator's future is sent",
        "lined/reports/delivery/dating.py::_by_its_moments",
        "ahead_ms > DATE_MS",
        "ahead_ms > WRONG_MS",
        _SENDING,
    ),
    Mutation(
        CLOCK,
        "packing is dated before production",
        "lined/journal/views/packing_times.py::packed",
        "reduce(later, moments)",
        "moments[0]",
        f"{_AGGREGATION}::test_packing_is_never_dated_before_production",
    ),
    Mutation(
        CLOCK,
        "a production date is given that is later than the package",
        "lined/line/jobs/jobs.py::_refuse_packed_before",
        "parse_moment(given, days) > days.local(closed.ms)",
        "days.local(closed.ms) is None",
        f"{_AGGREGATION}::test_no_production_date_is_given_that_is_later_than_a_package_already_closed",
    ),
    Mutation(
        CLOCK,
        "a report dated far ahead by a clock that was wrong is sent",
        "lined/reports/delivery/dating.py::_by_its_moments",
        "ahead_ms = 0 if happened is None else _ms(happened) - now_ms",
        """
        ahead_ms = 0 if happened is None else _ms(happened) - now_ms
        if happened is not None and ahead_ms > WRONG_MS:
            return Finding()
        """,
        _SENDING,
    ),
    Mutation(
        CLOCK,
        "what was measured before a step of the clock is believed after it",
        "lined/line/watch/clock.py::WallClock._stepped",
        "listener()",
        "pass",
        _STEP,
    ),
    Mutation(
        CLOCK,
        "codes are dated by the clock of then, whatever it turned out to be",
        "lined/journal/views/true_time.py::TrueTime._right",
        "Right(at_ms - error_ms, error_ms, now_wrong_ms=wrong_ms)",
        "Right(at_ms)",
        _FOR_A_WHILE,
    ),
    Mutation(
        CLOCK,
        "what nobody knows about a clock counts as right",
        "lined/reports/delivery/dating.py::_unsure",
        "first.doubt or last.doubt",
        "first.doubt and last.error_ms",
        _NOBODY_KNOWS,
    ),
    Mutation(
        CLOCK,
        "a start of the machine is believed although the one before it showed a later time",
        "lined/journal/views/true_time.py::TrueTime._doubtful",
        "ahead or any((low_ms <= moment < at_ms - WRONG_MS for moment in later))",
        "any((low_ms <= moment < at_ms - WRONG_MS for moment in later))",
        f"{_DATING}::test_two_starts_that_contradict_each_other_are_both_for_a_person",
    ),
    Mutation(
        CLOCK,
        "a report is sent although its expiry has passed",
        "lined/reports/delivery/dating.py::_by_its_moments",
        "_ms(expiry) <= now_ms",
        "_ms(expiry) <= 0",
        f"{_DATING}::test_a_report_whose_expiry_passes_while_it_waits_is_held",
    ),
    Mutation(
        CLOCK,
        "searches begin by our own clock",
        "lined/reports/delivery/ports.py::Ports.server_floor_ms",
        "self.wall_ms() if received is None else int(received.timestamp() * 1000)",
        "self.wall_ms()",
        _DOUBT,
    ),
    Mutation(
        CLOCK,
        "the gap between two searches is counted by our own clock",
        "lined/reports/delivery/search.py::conclude.step",
        "ports.server_ms",
        "ports.wall_ms",
        _DOUBT,
    ),
    Mutation(
        PART,
        "refused codes are accepted",
        "lined/reports/delivery/lists.py::Listed.take",
        """
        if row.state in statuses.code_refused:
            self.refused[key] = row.result or NO_REASON
        elif row.state in statuses.code_accepted | statuses.code_warned:
            self.accepted[key] = row.result or row.state
        """,
        """
        if row.state in statuses.code_refused:
            self.refused[key] = row.result or NO_REASON
        if row.state in statuses.code_accepted | statuses.code_warned | statuses.code_refused:
            self.accepted[key] = row.result or row.state
        """,
        _FOLLOWING,
    ),
    Mutation(
        PART,
        "codes that are not listed are accepted",
        "lined/reports/kinds/members.py::each_by_its_row",
        "set(ours) - accepted.keys() - refused.keys()",
        "set()",
        _FOLLOWING,
    ),
    Mutation(
        PART,
        "it is held for an echo while its list names only what it refused",
        "lined/reports/delivery/follow.py::_partial",
        "echo.instead(ports, search, report, accepted, refused, processed=late)",
        "echo.instead(ports, search, report, accepted, refused)",
        _ECHO,
    ),
    Mutation(
        PART,
        "all its codes are refused",
        "lined/reports/delivery/follow.py::_partial",
        """
        {
            CodeState.REFUSED: refused,
            CodeState.REPORTED: unlisted,
            CodeState.ACCEPTED: {**listed_now, **await _mended(ports, report, taken)},
        }
        """,
        """
        {
            CodeState.REFUSED: dict.fromkeys(listed.keys, "refused"),
            CodeState.REPORTED: unlisted,
            CodeState.ACCEPTED: {**listed_now, **await _mended(ports, report, taken)},
        }
        """,
        _FOLLOWING,
    ),
    Mutation(
        PART,
        "the codes that were not refused go into a new report",
        "lined/reports/delivery/follow.py::_partial",
        "_, evidence = await error_rows.read(ports, report)",
        """
        _, evidence = await error_rows.read(ports, report)
        return Refused(refusal='in part', own={CodeState.REFUSED: refused})
        """,
        _FOLLOWING,
    ),
    Mutation(
        ANYTHING,
        "one search that misses is enough to send again",
        "lined/reports/outcomes/searching.py::concluded",
        "_missed(report, rules, server_ms)",
        "_missed(report._replace(misses=report.misses + 1, missed_ms=0), rules, server_ms)",
        _SEEDS,
    ),
    Mutation(
        ANYTHING,
        "a search that failed counts as a miss",
        "lined/reports/delivery/search.py::Search.look",
        "Look(answered=answered, why=fact_or_text(error))",
        "Look(answered=answered, complete=True, why=fact_or_text(error))",
        _SEEDS,
    ),
    Mutation(
        ANYTHING,
        "separators are not stripped from what was sent",
        "lined/reports/kinds/utilisation.py::Utilisation.sent",
        "without_separators(str(code))",
        "str(code)",
        _SEEDS,
    ),
    Mutation(
        ANYTHING,
        "a refusal that may be an echo of our own is believed",
        "lined/reports/delivery/submit.py::_refused",
        "verdict.suspect",
        "verdict.suspect and (not named)",
        _SEEDS,
    ),
    Mutation(
        ANYTHING,
        "an answer that finds no room on the disk is forgotten",
        "lined/reports/delivery/submit.py::_kept",
        "await ports.sleep(DISK_S)",
        "return",
        _SEEDS,
    ),
    Mutation(
        ANYTHING,
        "a batch takes one code too many",
        "lined/line/stations/transaction.py::Transaction._batch",
        "batch.codes < state.plant.batches.max_codes",
        "batch.codes <= state.plant.batches.max_codes",
        _SEEDS,
    ),
    Mutation(
        WAYS,
        "a code that is named by its place is not found",
        "lined/reports/delivery/blame.py::blamed",
        "_keys(ours, at) or _keys(ours, blame.quoted)",
        "_keys(ours, blame.quoted)",
        f"{_REFUSALS} {_WAYS}",
    ),
    Mutation(
        WAYS,
        "a code that is named within a text is not found",
        "lined/reports/delivery/blame.py::blamed",
        "_keys(ours, at) or _keys(ours, blame.quoted)",
        "_keys(ours, at)",
        f"{_REFUSALS} {_WAYS}",
    ),
    Mutation(
        WAYS,
        "what is turned away is tried for ever",
        "lined/reports/outcomes/searching.py::_missed",
        "rules.unread_most",
        "10 ** 9",
        _DOUBT,
    ),
    Mutation(
        WAYS,
        "the card of another document is believed",
        "lined/reports/delivery/cards.py::card",
        "found.document_id.casefold() != document_id.casefold()",
        "False",
        f"{_FOLLOWING} {_WAYS}",
    ),
    Mutation(
        WAYS,
        "the card of another type is believed",
        "lined/reports/delivery/cards.py::card",
        "found.type and (found.type != wanted if wanted else found.type in types.values())",
        "False and (found.type != wanted if wanted else found.type in types.values())",
        f"{_FOLLOWING} {_WAYS}",
    ),
    Mutation(
        WAYS,
        "a list without end is read without end",
        "lined/reports/delivery/lists.py::Lists._read_on",
        "listed.rows > most",
        "listed.rows > 10 ** 9",
        f"{_FOLLOWING} {_WAYS}",
    ),
    Mutation(
        WAYS,
        "a document's status is not kept while its codes are unknown",
        "lined/reports/delivery/follow.py::Following._final",
        "report.document_status != status",
        "False",
        _FOLLOWING,
    ),
    Mutation(
        WAYS,
        "packages of which only the children are listed have no outcome",
        "lined/reports/kinds/aggregation.py::Aggregation.members",
        "parent in silent and parent not in by_children",
        "False",
        _WAYS,
    ),
    Mutation(
        WAYS,
        "remarks are lost",
        "lined/reports/delivery/lists.py::Listed.take",
        "row.state in statuses.code_warned",
        "False",
        f"{_FOLLOWING} {_WAYS}",
    ),
    Mutation(
        WAYS,
        "an answer is read however long it is",
        "lined/regulator/wire.py::_Line._exchange",
        "size > limit",
        "size > 10 ** 9",
        "tests/integration/regulator/test_lookups.py",
    ),
]
