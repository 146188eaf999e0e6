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
        "lined/mqtt/commands.py",
        "registry.accepted(asked.name, value, Source.MQTT)",
        "registry.accepted(asked.name, {k: v for k, v in value.items() if k != 'misspelt'}, Source.MQTT)",
        "tests/integration/api/test_surfaces.py::test_the_same_body_gets_the_same_answer_from_everywhere",
    ),
    Mutation(
        COMMANDED,
        "a code whose separator got lost is named in its verdict",
        "lined/line/stations/verdicts.py",
        "    return code.ident if known or masked(code.ident) == code.ident else None\n",
        "    return code.ident if known or code.ident else None\n",
        "tests/integration/api/test_lost_separator.py",
    ),
    Mutation(
        CROWDED,
        "the newest connection makes room, whoever keeps us waiting",
        "lined/web/connections.py",
        "        chosen = waiting or ([] if mine else greedy) or [self]\n",
        "        chosen = [self] if mine or waiting else greedy\n",
        "tests/integration/api/test_too_many.py",
    ),
    Mutation(
        ENDED,
        "what the kernel took counts as said",
        "lined/devices/reply_writer.py",
        "            if first < len(written.judgement.accepts):\n",
        "            if first < 0:\n",
        f"{_DEVICES}/test_tcp.py::test_what_the_peer_never_acknowledged_was_not_said",
    ),
    Mutation(
        ENDED,
        "what the device never acknowledged is not listed",
        "lined/line/intake/intake.py",
        "self._list_unsaid(device, judgement.kept, sum(judgement.kept.frames[:first]), why)",
        "log.warning('verdicts_unsaid', why=why)",
        "tests/integration/journal/test_unsaid.py",
    ),
    Mutation(
        ENDED,
        "a newer connection drops the older one unread",
        "lined/devices/listener.py",
        "                earlier.supersede(REPLACED)\n",
        "                earlier.drop(REPLACED)\n",
        f"{_DEVICES}/test_listen.py",
    ),
    Mutation(
        ENDED,
        "a silent connection replaces the one that is served",
        "lined/devices/listener.py",
        "        if self._served is None and not self._following:\n",
        "        if self._served is None or not self._following:\n",
        f"{_DEVICES}/test_listen.py",
    ),
    Mutation(
        POURS,
        "it is read as fast as it sends",
        "lined/devices/flood.py",
        "        while self._left <= 0:\n",
        "        while self._left <= -(10**9):\n",
        f"{_DEVICES}/test_flood.py",
    ),
    Mutation(
        POURS,
        "each of its reads has a row",
        "lined/line/stations/transaction.py",
        "        if read.counted_only:\n",
        "        if read.counted_only and not read.device:\n",
        "tests/acceptance/test_flood.py",
    ),
    Mutation(
        SPOILED,
        "whatever follows a closing quote in a file is its delimiter",
        "lined/supply/pool_rows.py",
        "    if after and after not in DELIMITERS:\n",
        "    if after and after not in text:\n",
        _POOL_FILE,
    ),
    Mutation(
        SPOILED,
        "a file's lines that lost their separators are longer codes",
        "lined/supply/pool_doubts.py",
        "        if len(self._forms) == 1 or self._certain or self._uneven:\n",
        "        if len(self._forms) < 9:\n",
        _POOL_FILE,
    ),
    Mutation(
        SPOILED,
        "half a character of a text becomes a question mark, which a serial may hold",
        "lined/codes/texts.py",
        '    return parse(text.encode("utf-8", "surrogatepass"), shapes)\n',
        '    return parse(text.encode("utf-8", "replace"), shapes)\n',
        "tests/unit/codes/test_codes_texts.py",
    ),
    Mutation(
        SPOILED,
        "a separator is restored wherever the text allows it",
        "lined/codes/separators.py",
        "    if shape.template not in (None, template):\n        return None\n",
        "",
        "tests/unit/codes/test_codes_separators.py",
    ),
    Mutation(
        TWICE,
        "the second is accepted",
        "lined/line/stations/applying.py",
        "        return Verdict(Decision.REPEAT, known.id)\n    return Verdict(Reason.DUPLICATE, known.id)\n",
        "        return Verdict(Decision.REPEAT, known.id)\n    return Verdict(Decision.ACCEPT, known.id)\n",
        _VERDICTS,
    ),
    Mutation(
        TWICE,
        "it is accepted where it has another check part",
        "lined/line/stations/applying.py",
        "        return Verdict(Reason.DUPLICATE, known.id)\n    if known.own == CodeState.WITHDRAWN:",
        "        return Verdict(Decision.ACCEPT, known.id)\n    if known.own == CodeState.WITHDRAWN:",
        _VERDICTS,
    ),
    Mutation(
        TWICE,
        "it is accepted within the same commit",
        "lined/line/stations/transaction.py",
        "        self.known[code.ident] = KnownCode(\n            code.ident, code_id, ",
        "        self.known[code.tail] = KnownCode(\n            code.ident, code_id, ",
        f"{_VERDICTS}::test_two_equal_codes_in_one_frame_or_chunk_are_one_accept "
        f"{_VERDICTS}::test_two_equal_codes_from_two_devices_in_one_group_are_one_accept",
    ),
    Mutation(
        TWICE,
        "it is a repeat, however long ago",
        "lined/line/stations/applying.py",
        "return last is not None and abs(read.at_ms - last) <= span_ms",
        "return last is not None",
        _VERDICTS,
    ),
    Mutation(
        TWICE,
        "it is accepted once its first read was archived",
        "lined/journal/care/archive.py",
        '    key = _KEY.get(found.table, "id")\n',
        '    key = _KEY.get(found.table, "id")\n'
        '    if found.table == "read":\n'
        "        old = [(row[5],) for row in found.rows]\n"
        '        connection.executemany("DELETE FROM code WHERE ident = ?", old)\n',
        _ARCHIVE,
    ),
    Mutation(
        PACKING,
        "accept is said before the commit",
        "lined/journal/writer.py",
        '            self._crash_point("before-commit")\n',
        "            self._deliver(outcome)\n            time.sleep(0.02)\n"
        '            self._crash_point("before-commit")\n',
        _PACKING_KILLED,
    ),
    Mutation(
        PACKING,
        "a full package is closed in a transaction of its own",
        "lined/line/stations/packing.py",
        "    tx.remember(read, child.ident)\n    applied = filling.close",
        '    tx.connection.execute("COMMIT")\n'
        '    tx.connection.execute("BEGIN IMMEDIATE")\n'
        '    tx.connection.execute("SAVEPOINT work")\n'
        "    tx.remember(read, child.ident)\n    applied = filling.close",
        _PACKING_KILLED,
    ),
    Mutation(
        PACKED,
        "a package takes one too many",
        "lined/line/stations/packing.py",
        "    if package.lot and package.holds >= package.capacity:\n        return Reason.OVER_CAPACITY\n",
        "    if package.lot and package.holds > package.capacity:\n        return Reason.OVER_CAPACITY\n",
        _MACHINE,
    ),
    Mutation(
        PACKED,
        "what lies in a package is put into another",
        "lined/line/stations/packing.py",
        "    if meant.child.inside is not None:\n",
        "    if meant.child.inside is not None and package is None:\n",
        _MACHINE,
    ),
    Mutation(
        PACKED,
        "a person may put what lies in a package into another",
        "lined/line/stations/rework.py",
        "    if child.inside is not None:\n        raise",
        "    if child.inside is not None and child.unit:\n        raise",
        _MACHINE,
    ),
    Mutation(
        PACKED,
        "what was re-packed is not reported anew",
        "lined/journal/tables/packages.py",
        "level, station, job_id, gtin, lot, child_level, capacity, holds, 'closed', ",
        "level, station, job_id, gtin, lot, child_level, capacity, holds, 'dissolved', ",
        _MACHINE,
    ),
    Mutation(
        PACKED,
        "the last child of each package is not reported",
        "lined/reports/kinds/aggregation.py",
        "        children = packages.children(connection, package)\n",
        "        children = packages.children(connection, package)[: package.holds - 1]\n",
        _MACHINE,
    ),
    Mutation(
        PARTS,
        "a driver imports lined",
        "drivers/parts/framing.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\nfrom lined.vocabulary.errors import LinedError as LinedError\n",
        LINT_IMPORTS,
    ),
    Mutation(
        PARTS,
        "the journal imports the line",
        "lined/journal/tables/counters.py",
        "from lined.journal.database import Connection\n",
        "from lined.journal.database import Connection\nfrom lined.line.plant import Plant as Plant\n",
        LINT_IMPORTS,
    ),
    Mutation(
        PARTS,
        "the line asks the regulator",
        "lined/line/jobs/sealing.py",
        "from lined.vocabulary.errors import JournalError\n",
        "from lined.vocabulary.errors import JournalError\nfrom lined.regulator.client import Regulator as Regulator\n",
        LINT_IMPORTS,
    ),
    Mutation(
        PARTS,
        "reports have an HTTP client of their own",
        "lined/reports/delivery/submit.py",
        "import structlog\n",
        "import httpx as httpx\nimport structlog\n",
        LINT_IMPORTS,
    ),
    Mutation(
        DAY,
        "the line does not count one applied code of two",
        "lined/line/stations/transaction.py",
        'self._sums["code.applied"] += len(self._new)',
        'self._sums["code.applied"] += len(self._new) - (len(self._new) > 1)',
        _ADDS_UP,
    ),
    Mutation(
        DAY,
        "a station does not count repeats",
        "lined/line/stations/transaction.py",
        '                    self._sums[f"station.{station}.{name}"] += n\n',
        '                    self._sums[f"station.{station}.{name}"] += n if name != "read.repeats" else 0\n',
        _ADDS_UP,
    ),
    Mutation(
        DAY,
        "a job does not count no-reads",
        "lined/journal/tables/counters.py",
        "        rows += [(job_id, name, n) for _, name, n in rows]\n",
        '        rows += [(job_id, name, n) for _, name, n in rows if not name.endswith("no-read")]\n',
        _ADDS_UP,
    ),
    Mutation(
        DAY,
        "a shift counts the first item of the next one",
        "lined/journal/views/tallies.py",
        "_first_at(connection, table, span.to_ms) - 1)",
        "_first_at(connection, table, span.to_ms))",
        _ADDS_UP,
    ),
    Mutation(
        DAY,
        "the alarm does not say at which station",
        "lined/line/watch/balance.py",
        "where = f\"{one.place or 'line'}: {one.whole}\"",
        'where = f"line: {one.whole}"',
        f"{_LOST} {_PLC}",
    ),
    Mutation(
        DAY,
        "a difference of one is no alarm",
        "lined/line/watch/balance.py",
        "return [one for one in found if one.difference and",
        "return [one for one in found if abs(one.difference) > 1 and",
        _LOST,
    ),
    Mutation(
        DAY,
        "one item that the PLC missed is no alarm",
        "lined/line/watch/balance.py",
        "                if counted is not None and ours > counted:\n",
        "                if counted is not None and ours > counted + 1:\n",
        _PLC,
    ),
    Mutation(
        NOBODY,
        "it is sent by the daemon's own process",
        "lined/notify/sending.py",
        "            async with asyncio.timeout(send_s):\n                said = await _ask_child(wish.encode())\n",
        "            async with asyncio.timeout(send_s):\n"
        "                from lined.notify.apprise_child import answer\n\n"
        "                done = answer(json.loads(wish))\n"
        '                said = bool(done["ok"]), str(done["why"])\n',
        _HANGS,
    ),
    Mutation(
        NOBODY,
        "an address that hangs is waited for without end",
        "lined/notify/sending.py",
        "            async with asyncio.timeout(send_s):\n",
        "            async with asyncio.timeout(None):\n",
        _HANGS,
    ),
    Mutation(
        NOBODY,
        "what hangs is left to itself",
        "lined/notify/sending.py",
        "            with suppress(ProcessLookupError):\n                child.kill()\n"
        "            await child.wait()\n",
        "            pass\n",
        _HANGS,
    ),
    Mutation(
        NOBODY,
        "what stands is given up like what is over",
        "lined/notify/notices.py",
        "            if waiting is not None and not waiting.alarm.raised:\n",
        "            if waiting is not None:\n",
        f"{_NOTICES} {_NOTIFY}",
    ),
    Mutation(
        NOBODY,
        "an hour has one message more than allowed",
        "lined/notify/notices.py",
        "        if len(sent) >= self._per_hour:\n",
        "        if len(sent) > self._per_hour:\n",
        _NOTICES,
    ),
    Mutation(
        NOBODY,
        "a restart forgets how many were sent within the hour",
        "lined/notify/notices.py",
        "        self._sent.extend(sent)\n",
        "",
        _NOTICES,
    ),
    Mutation(
        SECRET,
        "the error about its file shows what the file holds",
        "lined/config/secret.py",
        "{path} holds more than one line of text: it",
        "{path} holds more than one line of text ({text}): it",
        _SECRETS,
    ),
    Mutation(
        SECRET,
        "an error about a key that is written into the configuration repeats it",
        "lined/config/texts.py",
        '        return _unknown_key(error["loc"], root)\n',
        '        return _unknown_key(error["loc"], root) + f"; here it is {found}"\n',
        _SECRETS,
    ),
    Mutation(
        SECRET,
        "one that systemd hands over is looked for in the working directory",
        "lined/config/secret.py",
        "return Path(directory, self.name.removeprefix(CREDENTIAL)) if directory else None",
        "return Path(self.name.removeprefix(CREDENTIAL)) if directory else None",
        _SECRETS,
    ),
    Mutation(
        SECRET,
        "the configuration holds it once it was read",
        "lined/config/models.py",
        'Secret("regulator.api_key_file", self.api_key_file)',
        'Secret(Path(self.api_key_file).read_text("utf-8"), self.api_key_file)',
        _SECRETS,
    ),
    Mutation(
        SECRET,
        "check prints it",
        "lined/cli/check.py",
        'else "business user (API key)"',
        'else f"business user {config.regulator.api_key and config.regulator.api_key.read()}"',
        _CHECK,
    ),
]
