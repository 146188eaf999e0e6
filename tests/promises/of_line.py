"""Promises about codes, packages, sums, alarms, secrets, and how the program is built."""

from __future__ import annotations

from tests.promises.mutation import LINT_IMPORTS, Mutation

_VERDICTS, _ARCHIVE = "tests/unit/line/test_verdicts.py", "tests/integration/keeping/test_archive.py"
_PACKING_KILLED = "tests/integration/packing/test_killed.py"
_MACHINE = "tests/property/test_packing_machine.py"
_DAY = "tests/integration/day/test_day.py"
_ADDS_UP = f"{_DAY}::test_the_balance_adds_up_after_a_day_with_every_fault[short]"
_LOST = f"{_DAY}::test_one_item_lost_in_any_sum_is_an_alarm_with_its_place"
_PLC = f"{_DAY}::test_one_item_that_the_plc_did_not_count_is_an_alarm_with_its_place"
_NOTIFY, _NOTICES = "tests/integration/notify", "tests/unit/notify/test_notices.py"
_DEVICES, _POOL_FILE = "tests/integration/devices", "tests/unit/cli/test_pool_file.py"
_SECRETS = "tests/unit/config/test_secrets.py"
_CHECK = "tests/integration/test_check.py"
_HANGS = f"{_NOTIFY}/test_sending.py::test_what_hangs_is_ended_and_the_loop_goes_on_meanwhile"

COMMANDED = "a person or the PLC commands what cannot be"
CROWDED = "somebody keeps connections open, or guesses tokens"
TWICE = "a code is read twice"
ENDED = "a device's connection ends before its replies have arrived"
POURS = "a device pours garbage as fast as its cable carries it"
SPOILED = "a reader, a person or a file spoils a code"
PACKING = "the process is killed between any two steps of packing"
PACKED = "items are packed, re-packed and reported in any order"
PARTS = "one part of the program is wrong"
DAY = "a day of production with every fault in it"
NOBODY = "something goes wrong and nobody is at the page"
SECRET = "a secret"

MUTATIONS = [
    Mutation(
        COMMANDED,
        "MQTT lets a misspelt field pass",
        "lined/mqtt/commands.py::CommandConsumer._body",
        "registry.accepted(asked.name, value, Source.MQTT)",
        "registry.accepted(asked.name, {k: v for k, v in value.items() if k != 'misspelt'}, Source.MQTT)",
        "tests/integration/api/test_surfaces.py::test_the_same_body_gets_the_same_answer_from_everywhere",
    ),
    Mutation(
        COMMANDED,
        "a code whose separator got lost is named in its verdict",
        "lined/line/stations/verdicts.py::told_code",
        "masked(code.ident) == code.ident",
        "code.ident",
        "tests/integration/api/test_lost_separator.py",
    ),
    Mutation(
        CROWDED,
        "the newest connection makes room, whoever keeps us waiting",
        "lined/web/connections.py::BoundedProtocol._make_room",
        "waiting or ([] if mine else greedy) or [self]",
        "[self] if mine or waiting else greedy",
        "tests/integration/api/test_too_many.py",
    ),
    Mutation(
        ENDED,
        "what the kernel took counts as said",
        "lined/devices/reply_writer.py::ReplyWriter.ended",
        "len(written.judgement.accepts)",
        "0",
        f"{_DEVICES}/test_tcp.py::test_what_the_peer_never_acknowledged_was_not_said",
    ),
    Mutation(
        ENDED,
        "what the device never acknowledged is not listed",
        "lined/line/intake/intake.py::LineIntake.unacknowledged",
        "self._list_unsaid(device, judgement.kept, sum(judgement.kept.frames[:first]), why)",
        "log.warning('verdicts_unsaid', why=why)",
        "tests/integration/journal/test_unsaid.py",
    ),
    Mutation(
        ENDED,
        "a newer connection drops the older one unread",
        "lined/devices/listener.py::Listener._follows",
        "earlier.supersede",
        "earlier.drop",
        f"{_DEVICES}/test_listen.py",
    ),
    Mutation(
        ENDED,
        "a silent connection replaces the one that is served",
        "lined/devices/listener.py::Listener._accept",
        "self._served is None and (not self._following)",
        "self._served is None or not self._following",
        f"{_DEVICES}/test_listen.py",
    ),
    Mutation(
        POURS,
        "it is read as fast as it sends",
        "lined/devices/flood.py::FloodGuard.slow_down",
        "self._left <= 0",
        "self._left <= -10 ** 9",
        f"{_DEVICES}/test_flood.py",
    ),
    Mutation(
        POURS,
        "each of its reads has a row",
        "lined/line/stations/transaction.py::Transaction.keep",
        "read.counted_only",
        "read.counted_only and (not read.device)",
        "tests/acceptance/test_flood.py",
    ),
    Mutation(
        SPOILED,
        "whatever follows a closing quote in a file is its delimiter",
        "lined/supply/pool_rows.py::delimiter_after_quotes",
        "after not in DELIMITERS",
        "after not in text",
        _POOL_FILE,
    ),
    Mutation(
        SPOILED,
        "a file's lines that lost their separators are longer codes",
        "lined/supply/pool_doubts.py::Doubts._of_forms",
        "len(self._forms) == 1 or self._certain or self._uneven",
        "len(self._forms) < 9",
        _POOL_FILE,
    ),
    Mutation(
        SPOILED,
        "half a character of a text becomes a question mark, which a serial may hold",
        "lined/codes/texts.py::parse_text",
        "'surrogatepass'",
        "'replace'",
        "tests/unit/codes/test_codes_texts.py",
    ),
    Mutation(
        SPOILED,
        "a separator is restored wherever the text allows it",
        "lined/codes/separators.py::restored",
        """
        if shape.template not in (None, template):
            return None
        return Restored(template, text[:tail_at], tail)
        """,
        "return Restored(template, text[:tail_at], tail)",
        "tests/unit/codes/test_codes_separators.py",
    ),
    Mutation(
        TWICE,
        "the second is accepted",
        "lined/line/stations/applying.py::seen_before",
        """
        if is_repeat(tx, read, job, known):
            tx.remember(read, known.ident)
            return Verdict(Decision.REPEAT, known.id)
        return Verdict(Reason.DUPLICATE, known.id)
        """,
        """
        if is_repeat(tx, read, job, known):
            tx.remember(read, known.ident)
            return Verdict(Decision.REPEAT, known.id)
        return Verdict(Decision.ACCEPT, known.id)
        """,
        _VERDICTS,
    ),
    Mutation(
        TWICE,
        "it is accepted where it has another check part",
        "lined/line/stations/applying.py::seen_before",
        """
        other_check_part(tx, code)
        return Verdict(Reason.DUPLICATE, known.id)
        """,
        """
        other_check_part(tx, code)
        return Verdict(Decision.ACCEPT, known.id)
        """,
        _VERDICTS,
    ),
    Mutation(
        TWICE,
        "it is accepted within the same commit",
        "lined/line/stations/transaction.py::Transaction._put",
        """
        self.known[code.ident] = KnownCode(
            code.ident, code_id, code.tail, read.at_ms, read.device_no, job.id, batch.id, None
        )
        """,
        """
        self.known[code.tail] = KnownCode(
            code.ident, code_id, code.tail, read.at_ms, read.device_no, job.id, batch.id, None
        )
        """,
        f"{_VERDICTS}::test_two_equal_codes_in_one_frame_or_chunk_are_one_accept "
        f"{_VERDICTS}::test_two_equal_codes_from_two_devices_in_one_group_are_one_accept",
    ),
    Mutation(
        TWICE,
        "it is a repeat, however long ago",
        "lined/line/stations/applying.py::is_repeat",
        "last is not None and abs(read.at_ms - last) <= span_ms",
        "last is not None",
        _VERDICTS,
    ),
    Mutation(
        TWICE,
        "it is accepted once its first read was archived",
        "lined/journal/care/archive.py::drop",
        "key = _KEY.get(found.table, 'id')",
        """
        key = _KEY.get(found.table, 'id')
        if found.table == 'read':
            old = [(row[5],) for row in found.rows]
            connection.executemany('DELETE FROM code WHERE ident = ?', old)
        """,
        _ARCHIVE,
    ),
    Mutation(
        PACKING,
        "accept is said before the commit",
        "lined/journal/writer.py::Writer._commit",
        "self._crash_point('before-commit')",
        """
        self._deliver(outcome)
        time.sleep(0.02)
        self._crash_point('before-commit')
        """,
        _PACKING_KILLED,
    ),
    Mutation(
        PACKING,
        "a full package is closed in a transaction of its own",
        "lined/line/stations/packing.py::_child",
        "tx.remember(read, child.ident)",
        """
        tx.connection.execute('COMMIT')
        tx.connection.execute('BEGIN IMMEDIATE')
        tx.connection.execute('SAVEPOINT work')
        tx.remember(read, child.ident)
        """,
        _PACKING_KILLED,
    ),
    Mutation(
        PACKED,
        "a package takes one too many",
        "lined/line/stations/packing.py::_against_child",
        "package.holds >= package.capacity",
        "package.holds > package.capacity",
        _MACHINE,
    ),
    Mutation(
        PACKED,
        "what lies in a package is put into another",
        "lined/line/stations/packing.py::_single",
        "meant.child.inside is not None",
        "meant.child.inside is not None and package is None",
        _MACHINE,
    ),
    Mutation(
        PACKED,
        "a person may put what lies in a package into another",
        "lined/line/stations/rework.py::put_in",
        "child.inside is not None",
        "child.inside is not None and child.unit",
        _MACHINE,
    ),
    Mutation(
        PACKED,
        "what was re-packed is not reported anew",
        "lined/journal/tables/packages.py::form_anew",
        "\"'closed',\"",
        "\"'dissolved',\"",
        _MACHINE,
    ),
    Mutation(
        PACKED,
        "the last child of each package is not reported",
        "lined/reports/kinds/aggregation.py::_units",
        "packages.children(connection, package)",
        "packages.children(connection, package)[:package.holds - 1]",
        _MACHINE,
    ),
    Mutation(
        PARTS,
        "a driver imports lined",
        "drivers/parts/framing.py",
        "from __future__ import annotations",
        """
        from __future__ import annotations
        from lined.vocabulary.errors import LinedError as LinedError
        """,
        LINT_IMPORTS,
    ),
    Mutation(
        PARTS,
        "the journal imports the line",
        "lined/journal/tables/counters.py",
        "LIFE = 0",
        """
        from lined.line.plant import Plant as Plant
        LIFE = 0
        """,
        LINT_IMPORTS,
    ),
    Mutation(
        PARTS,
        "the line asks the regulator",
        "lined/line/jobs/sealing.py",
        "TICK_S = 0.25",
        """
        from lined.regulator.client import Regulator as Regulator
        TICK_S = 0.25
        """,
        LINT_IMPORTS,
    ),
    Mutation(
        PARTS,
        "reports have an HTTP client of their own",
        "lined/reports/delivery/submit.py",
        "import json",
        """
        import json
        import httpx as httpx
        """,
        LINT_IMPORTS,
    ),
    Mutation(
        DAY,
        "the line does not count one applied code of two",
        "lined/line/stations/transaction.py::Transaction._flush_new",
        "self._sums['code.applied'] += len(self._new)",
        "self._sums['code.applied'] += len(self._new) - (len(self._new) > 1)",
        _ADDS_UP,
    ),
    Mutation(
        DAY,
        "a station does not count repeats",
        "lined/line/stations/transaction.py::Transaction._count_words",
        "self._sums[f'station.{station}.{name}'] += n",
        "self._sums[f'station.{station}.{name}'] += n if name != 'read.repeats' else 0",
        _ADDS_UP,
    ),
    Mutation(
        DAY,
        "a job does not count no-reads",
        "lined/journal/tables/counters.py::add",
        "[(job_id, name, n) for _, name, n in rows]",
        "[(job_id, name, n) for _, name, n in rows if not name.endswith('no-read')]",
        _ADDS_UP,
    ),
    Mutation(
        DAY,
        "a shift counts the first item of the next one",
        "lined/journal/views/tallies.py::rows_in",
        "_first_at(connection, table, span.to_ms) - 1",
        "_first_at(connection, table, span.to_ms)",
        _ADDS_UP,
    ),
    Mutation(
        DAY,
        "the alarm does not say at which station",
        "lined/line/watch/balance.py::BalanceWatch._raise",
        "f\"{one.place or 'line'}: {one.whole}\"",
        "f'line: {one.whole}'",
        f"{_LOST} {_PLC}",
    ),
    Mutation(
        DAY,
        "a difference of one is no alarm",
        "lined/line/watch/balance.py::_exact",
        "one.difference",
        "abs(one.difference) > 1",
        _LOST,
    ),
    Mutation(
        DAY,
        "one item that the PLC missed is no alarm",
        "lined/line/watch/balance.py::BalanceWatch._of_plc",
        "ours > counted",
        "ours > counted + 1",
        _PLC,
    ),
    Mutation(
        NOBODY,
        "it is sent by the daemon's own process",
        "lined/notify/sending.py::sender.send",
        "sent = await _ask_child(request.encode())",
        """
        from lined.notify.apprise_child import answer
        done = answer(json.loads(request))
        sent = (bool(done['ok']), str(done['why']))
        """,
        _HANGS,
    ),
    Mutation(
        NOBODY,
        "an address that hangs is waited for without end",
        "lined/notify/sending.py::sender.send",
        "asyncio.timeout(send_s)",
        "asyncio.timeout(None)",
        _HANGS,
    ),
    Mutation(
        NOBODY,
        "what hangs is left to itself",
        "lined/notify/sending.py::_ask_child",
        """
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        """,
        "pass",
        _HANGS,
    ),
    Mutation(
        NOBODY,
        "what stands is given up like what is over",
        "lined/notify/notices.py::Notices.give_up",
        "waiting is not None and (not waiting.alarm.raised)",
        "waiting is not None",
        f"{_NOTICES} {_NOTIFY}",
    ),
    Mutation(
        NOBODY,
        "an hour has one message more than allowed",
        "lined/notify/notices.py::Notices._free_ms",
        "len(sent) >= self._per_hour",
        "len(sent) > self._per_hour",
        _NOTICES,
    ),
    Mutation(
        NOBODY,
        "a restart forgets how many were sent within the hour",
        "lined/notify/notices.py::Notices._restore",
        """
        self._told.update(told)
        self._sent.extend(sent)
        """,
        "self._told.update(told)",
        _NOTICES,
    ),
    Mutation(
        SECRET,
        "the error about its file shows what the file holds",
        "lined/config/secret.py::Secret._one_line",
        "f'{path} holds more than one line of text: it has to hold the secret and nothing else'",
        "f'{path} holds more than one line of text ({text}): it has to hold the secret and nothing else'",
        _SECRETS,
    ),
    Mutation(
        SECRET,
        "an error about a key that is written into the configuration repeats it",
        "lined/config/texts.py::_message",
        "_unknown_key(error['loc'], root)",
        "_unknown_key(error['loc'], root) + f'; here it is {found}'",
        _SECRETS,
    ),
    Mutation(
        SECRET,
        "one that systemd hands over is looked for in the working directory",
        "lined/config/secret.py::Secret.path",
        "Path(directory, self.name.removeprefix(CREDENTIAL))",
        "Path(self.name.removeprefix(CREDENTIAL))",
        _SECRETS,
    ),
    Mutation(
        SECRET,
        "the configuration holds it once it was read",
        "lined/config/models.py::Regulator.api_key",
        "'regulator.api_key_file'",
        "Path(self.api_key_file).read_text('utf-8')",
        _SECRETS,
    ),
    Mutation(
        SECRET,
        "check prints it",
        "lined/cli/check.py::_facts",
        "'business user (API key)'",
        "f'business user {config.regulator.api_key and config.regulator.api_key.read()}'",
        _CHECK,
    ),
]
