"""Promises about the configuration, the process, the disk and the journal."""

from __future__ import annotations

from tests.promises.mutation import Mutation

_CHECK, _SYSTEMD = "tests/integration/test_check.py", "tests/integration/test_systemd.py"
_KILLS, _DISK, _DAMAGE = "tests/crash/test_kills.py", "tests/crash/test_disk.py", "tests/crash/test_damage.py"
_RESTART, _KEEPING = "tests/integration/reports/test_restart.py", "tests/integration/keeping"

_15_KILLS = f"{_KILLS}::test_15_kills_under_load_with_one_answer_in_five_lost_leave_every_code_once_in_the_books"
_EACH_STEP = f"{_KILLS}::test_a_kill_at_each_named_durable_step_leaves_every_code_once_in_the_books"
_EIO = f"{_DISK}::test_a_disk_error_ends_the_daemon_with_74_and_loses_nothing_that_was_acknowledged"
_NO_ROOM = f"{_DISK}::test_no_room_rejects_everything_until_there_is_room_again"
_SMALL = f"{_DISK}::test_a_disk_that_fills_up_stops_intake_then_spends_its_ballast_and_recovers_by_itself"
_ASIDE = f"{_DAMAGE}::test_a_damaged_journal_is_set_aside_whole_and_production_goes_on_with_what_the_backup_knows"
_ADOPTED = f"{_DAMAGE}::test_codes_of_a_journal_that_was_set_aside_are_taken_over_and_each_is_reported_once"
_STOPS = f"{_DAMAGE}::test_on_damage_stop_ends_with_74_at_each_start_and_touches_nothing"
_CONFIRMED = f"{_DAMAGE}::test_after_a_restore_nothing_is_sent_until_all_was_looked_for_and_a_person_confirmed"
_NEVER_SENT = f"{_DAMAGE}::test_a_report_unfinished_in_the_backup_that_was_never_sent_waits_for_a_person"

_PUT_BACK = "tests/integration/reports/test_put_back.py"
_ANOTHER = f"{_PUT_BACK}::test_another_journal_in_its_place_is_known_before_anything_is_sent"
_FILES, _ENDS = "tests/integration/ending/test_files.py", "tests/integration/ending/test_ending.py"
_WRITER = "tests/integration/journal/test_writer.py"
_DEFECTS, _REPORTS_DEFECTS = "tests/unit/line/test_defects.py", "tests/integration/reports/test_defects.py"

WRONG = "the configuration is wrong"
KILLED = "the process is killed, at any moment or durable step"
FAILS = "a write or a sync fails"
FULL = "the disk is full"
DAMAGED = "the journal is damaged"
RESTORED = "a backup is restored"
BACKUP = "a backup is made"
PUT_BACK = (
    "another journal stands in the journal's place: an older copy, one without its WAL, an empty one, another line's; "
    "or its files are touched while it is open"
)
MISTAKE = "lined itself makes a mistake"
OLD = "rows grow old"
NEWER = "a newer version opens an older journal"

MUTATIONS = [
    Mutation(
        WRONG,
        "check leaves a mark beside what it has checked",
        "lined/cli/check.py",
        "        found = load(path)\n",
        '        found = load(path)\n        path.with_suffix(".checked").touch()\n',
        f"{_CHECK}::test_check_touches_nothing",
    ),
    Mutation(
        WRONG,
        "what does not fit together is told only once every value is right",
        "lined/config/load.py",
        "        problems += [*of_profile, *_misfits(found, profile)]\n",
        "        problems += of_profile or problems or [*_misfits(found, profile)]\n",
        "tests/unit/config",
    ),
    Mutation(
        WRONG,
        "one problem is told at a time",
        "lined/config/load.py",
        "in_file_order(problems, known_keys(Config, ()))])",
        "in_file_order(problems, known_keys(Config, ()))][:1])",
        f"tests/unit/config {_CHECK}",
    ),
    Mutation(
        WRONG,
        "places count their entries from 1",
        "lined/config/texts.py",
        '            path += f"[{part}]"\n',
        '            path += f"[{part + 1}]"\n',
        f"tests/unit/config {_CHECK}",
    ),
    Mutation(
        WRONG,
        "a misspelt key is passed over",
        "lined/config/models.py",
        'extra="forbid"',
        'extra="ignore"',
        "tests/unit/config",
    ),
    Mutation(WRONG, "it exits with 1", "lined/cli/exits.py", "SETTINGS: Final = 78", "SETTINGS: Final = 1", _CHECK),
    Mutation(
        WRONG,
        "systemd tries again and again",
        "systemd/lined@.service",
        "RestartPreventExitStatus=78",
        "RestartPreventExitStatus=79",
        _SYSTEMD,
    ),
    Mutation(
        KILLED,
        "accept is said before the commit",
        "lined/journal/writer.py",
        '            self._crash_point("before-commit")\n',
        "            self._deliver([pair for pair in outcome if pair[0].work.intake])\n"
        "            time.sleep(0.02)\n"
        '            self._crash_point("before-commit")\n',
        _15_KILLS,
    ),
    Mutation(
        KILLED,
        "a code whose accept was not said is a duplicate after the start",
        "lined/journal/journal.py",
        "if row[0] > self.said.get(row[1])]",
        "if row[0] > self.said.get(row[1]) + 10**9]",
        _EACH_STEP,
    ),
    Mutation(
        KILLED,
        "what was being sent is sent again after the start",
        "lined/reports/outcomes/sending.py",
        "class CutShort(ReportOutcome, edges={_S.SENDING: _S.IN_DOUBT}):\n",
        "class CutShort(ReportOutcome, edges={_S.SENDING: _S.SEALED}):\n",
        _EACH_STEP,
    ),
    Mutation(
        KILLED,
        "a report is noted as being sent after it was sent",
        "lined/reports/delivery/submit.py",
        "    await apply_outcome(around, report, begun(report, around.server_floor_ms()))\n"
        "    await around.journal.settle()\n"
        "    answered = await _sent(around, search, report, body, failures)\n",
        "    await around.journal.settle()\n"
        "    answered = await _sent(around, search, report, body, failures)\n"
        "    await apply_outcome(around, report, begun(report, around.server_floor_ms()))\n",
        _EACH_STEP,
    ),
    Mutation(
        FAILS,
        "a failed sync or write counts as a full disk: it goes on",
        "lined/journal/database.py",
        "    if primary in _BROKEN:\n        return JournalBroken(",
        "    if primary in _BROKEN:\n        return JournalFull(",
        _EIO,
    ),
    Mutation(
        FAILS,
        "it is tried again: the error is not kept",
        "lined/journal/writer.py",
        "        if isinstance(error, JournalBroken):\n            self.fail(error)\n        elif",
        "        if isinstance(error, JournalBroken):\n            pass\n        elif",
        f"{_EIO}[sync-once]",
    ),
    Mutation(
        FAILS,
        "nothing is synced",
        "lined/journal/database.py",
        '("synchronous", 2)',
        '("synchronous", 0)',
        f"{_EIO}[sync-always]",
    ),
    Mutation(
        FAILS,
        "it exits with 1",
        "lined/service/daemon.py",
        "EXIT_OK, EXIT_FAILED, EXIT_JOURNAL, EXIT_SETTINGS = 0, 1, 74, 78",
        "EXIT_OK, EXIT_FAILED, EXIT_JOURNAL, EXIT_SETTINGS = 0, 1, 1, 78",
        f"{_EIO}[write-always]",
    ),
    Mutation(
        FAILS,
        "who waits for a write that failed is told accept",
        "lined/journal/writer.py",
        "            self._undo(group, found)\n            self._make_room(error)\n            return\n",
        "            self._deliver(outcome)\n            self._undo([], found)\n            return\n",
        _EIO,
    ),
    Mutation(
        FULL,
        "intake goes on below the floor",
        "lined/journal/writer.py",
        "self.low_on_space = free < self._floor_bytes",
        "self.low_on_space = False",
        _SMALL,
    ),
    Mutation(
        FULL,
        "below the floor reporting stops too",
        "lined/journal/writer.py",
        "if work.intake and self.low_on_space:",
        "if self.low_on_space:",
        _SMALL,
    ),
    Mutation(
        FULL,
        "the ballast is kept",
        "lined/journal/writer.py",
        "            self._room_checked = 0.0\n            self.ballast.release()\n",
        "            self._room_checked = 0.0\n",
        _SMALL,
    ),
    Mutation(
        FULL,
        "the ballast is never made again",
        "lined/journal/ballast.py",
        "        self._aboard = False\n        log.warning",
        "        log.warning",
        _SMALL,
    ),
    Mutation(
        FULL,
        "intake stays stopped when there is room again",
        "lined/journal/writer.py",
        "self.low_on_space = free < self._floor_bytes",
        "self.low_on_space = self.low_on_space or free < self._floor_bytes",
        _SMALL,
    ),
    Mutation(
        FULL,
        "a full disk ends the program",
        "lined/journal/database.py",
        'return JournalFull(f"the journal\'s disk is full ({text})")',
        'return JournalBroken(f"the journal\'s disk is full ({text})")',
        _NO_ROOM,
    ),
    Mutation(
        DAMAGED,
        "the damaged file is deleted",
        "lined/journal/care/damage.py",
        "    move_whole(journal, aside)\n",
        "    move_whole(journal, aside)\n    aside.unlink()\n",
        _ASIDE,
    ),
    Mutation(
        DAMAGED,
        "the new journal does not know what the newest backup knew",
        "lined/journal/care/damage.py",
        "take_over(journal, newest(journal, backups), why",
        "take_over(journal, None, why",
        _ASIDE,
    ),
    Mutation(
        DAMAGED,
        "nobody is told since when duplicates are unknown",
        "lined/journal/care/keeping.py",
        "if self.gap is None or self.gap.confirmed_ms is not None:",
        "if self.gap is None or not self.gap.withholds:",
        _ASIDE,
    ),
    Mutation(
        DAMAGED,
        "recover stops at the first page that cannot be read",
        "lined/journal/care/salvage.py",
        "            if step > STEP_MOST:\n",
        "            if step > 1:\n",
        f"{_DAMAGE}::test_recover_reads_what_a_damaged_journal_still_holds",
    ),
    Mutation(
        DAMAGED,
        "adopt takes over what is known already once more",
        "lined/journal/care/adoption.py",
        "if row[0] not in known)",
        "if row[0] not in known or row[4] is None)",
        _ADOPTED,
    ),
    Mutation(
        DAMAGED,
        "what was adopted is sent without being looked for",
        "lined/journal/care/adoption.py",
        "            due_ms=None,\n            waits_for=PERSON,\n",
        "",
        _ADOPTED,
    ),
    Mutation(
        DAMAGED,
        'with on_damage = "stop" it goes on all the same',
        "lined/service/opening.py",
        'if on_damage == "stop" and',
        'if on_damage == "never" and',
        _STOPS,
    ),
    Mutation(
        RESTORED,
        "it sends before a person has confirmed",
        "lined/reports/delivery/loops.py",
        "    if takeover.withholds(connection):\n",
        "    if False:\n",
        _CONFIRMED,
    ),
    Mutation(
        RESTORED,
        "it sends as soon as it has looked for everything",
        "lined/journal/care/takeover.py",
        "    return gap is not None and gap.withholds\n",
        "    return gap is not None and gap.withholds and bool(looked_for(connection))\n",
        f"{_CONFIRMED} {_RESTART}::test_after_a_restore_nothing_is_sent_until_a_person_has_confirmed",
    ),
    Mutation(
        RESTORED,
        "what was open or sealed in it is not looked for",
        "lined/journal/tables/report_lists.py",
        "state IN ('open', 'sealed', 'sending', 'in_doubt')\")",
        "state IN ('sending', 'in_doubt')\")",
        _CONFIRMED,
    ),
    Mutation(
        RESTORED,
        "a person may confirm before everything was looked for",
        "lined/journal/care/takeover.py",
        "    if looking and gap.withholds:\n",
        "    if looking and not gap.withholds:\n",
        f"{_RESTART}::test_it_cannot_be_confirmed_while_a_report_is_still_looked_for",
    ),
    Mutation(
        RESTORED,
        "what was not found is sent again by itself",
        "lined/reports/outcomes/searching.py",
        "    if report.waits_for == PERSON:\n",
        "    if report.waits_for == PERSON and not report.misses:\n",
        f"{_NEVER_SENT} {_RESTART}",
    ),
    Mutation(
        BACKUP,
        "it has its name from the beginning",
        "lined/journal/care/backup.py",
        'part = final.with_name(final.name + ".part")',
        "part = final",
        f"{_KEEPING}/test_backup.py",
    ),
    Mutation(
        BACKUP,
        "it is not checked",
        "lined/journal/care/backup.py",
        "        check_whole(part, given_up)\n",
        "",
        f"{_KEEPING}/test_backup.py",
    ),
    Mutation(
        BACKUP,
        "it is not synced",
        "lined/journal/care/backup.py",
        "        sync_file(part)\n        part.rename(final)\n",
        "        part.rename(final)\n",
        f"{_KEEPING}/test_backup.py",
    ),
    Mutation(
        BACKUP,
        "its name is not synced",
        "lined/journal/care/backup.py",
        "        part.rename(final)\n        sync_folder(folder)\n",
        "        part.rename(final)\n",
        f"{_KEEPING}/test_backup.py",
    ),
    Mutation(
        BACKUP,
        "it keeps the writer out while it copies",
        "lined/journal/care/backup.py",
        '        source.execute("BEGIN")  # one',
        "        from lined.journal.database import open_writable\n\n"
        "        alone = open_writable(journal).conn\n"
        '        alone.execute("BEGIN IMMEDIATE")\n'
        '        source.execute("BEGIN")  # one',
        f"{_KEEPING}/test_backup.py",
    ),
    Mutation(
        OLD,
        "they leave the journal before they are in the archive",
        "lined/journal/care/archive.py",
        '            connection.execute("COMMIT")\n        finally',
        '            connection.execute("ROLLBACK")\n        finally',
        f"{_KEEPING}/test_archive.py",
    ),
    Mutation(
        OLD,
        "stories do not read the archive",
        "lined/journal/care/archive.py",
        "    for path in archives(_file_of(connection)):\n",
        "    for path in archives(_file_of(connection))[1:]:\n",
        f"{_KEEPING}/test_archive.py",
    ),
    Mutation(
        OLD,
        "they move in one great step",
        "lined/journal/care/archive.py",
        "    most = _MOST.get(table, STEP_ROWS)\n",
        "    most = 10**9\n",
        f"{_KEEPING}/test_archive.py",
    ),
    Mutation(
        OLD,
        "codes go with the bodies of their reports",
        "lined/journal/care/archive.py",
        '    key = _KEY.get(found.table, "id")\n',
        '    key = _KEY.get(found.table, "id")\n'
        '    if found.table == "body":\n'
        '        connection.executemany("DELETE FROM code WHERE batch_id = ?", [(row[0],) for row in found.rows])\n',
        f"{_KEEPING}/test_archive.py",
    ),
    Mutation(
        NEWER,
        "sums that were counted are forgotten",
        "lined/journal/schema.py",
        "    WHERE name GLOB 'code.*' GROUP BY job_id",
        "    WHERE name GLOB 'none.*' GROUP BY job_id",
        f"{_KEEPING}/test_migrations.py",
    ),
    Mutation(
        NEWER,
        "a migration drops the bodies of reports",
        "lined/journal/schema.py",
        '_CARRIED = "ALTER TABLE report ADD COLUMN carried INTEGER"',
        '_CARRIED = "ALTER TABLE report ADD COLUMN carried INTEGER; DELETE FROM body"',
        f"{_KEEPING}/test_migrations.py",
    ),
    Mutation(
        NEWER,
        "a table is left out",
        "lined/journal/schema.py",
        "def m006_minutes(db: Database) -> None:\n    run_script(db, _MINUTES)\n",
        'def m006_minutes(db: Database) -> None:\n    if not db["code"].count:\n        run_script(db, _MINUTES)\n',
        f"{_KEEPING}/test_migrations.py",
    ),
    Mutation(
        PUT_BACK,
        "no mark is set",
        "lined/journal/writer.py",
        "            self.marks.reached(self.age)\n",
        "            pass\n",
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "the number in the journal stands still",
        "lined/journal/tables/age.py",
        '"UPDATE age SET commits = ?"',
        '"UPDATE age SET commits = max(commits, 0 * ?)"',
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "a main file and a WAL of two journals are mixed",
        "lined/journal/age.py",
        "    if main.name != whole.name or main.commits > whole.commits:\n",
        "    if False:\n",
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "an older copy under the newer WAL is believed",
        "lined/journal/age.py",
        "main.commits < mark.copied",
        "main.commits < 0",
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "an older journal sends as if nothing were",
        "lined/journal/care/takeover.py",
        "return self.why != DAMAGE and self.confirmed_ms is None",
        "return self.why == RESTORE and self.confirmed_ms is None",
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "an empty journal takes the place of one that is gone",
        "lined/journal/care/damage.py",
        "    if backup is None:\n        raise error\n",
        "",
        f"{_PUT_BACK}::test_without_a_backup_nothing_takes_the_place_of_a_journal_that_is_gone",
    ),
    Mutation(
        PUT_BACK,
        "the newest backup is not asked",
        "lined/service/opening.py",
        "return await journal.open(binding, devices, backup)",
        "return await journal.open(binding, devices)",
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "one that was replaced comes back unseen",
        "lined/journal/care/takeover.py",
        "        age.rename(connection)\n",
        "",
        f"{_PUT_BACK}::test_the_one_that_was_replaced_is_another_one_when_it_comes_back",
    ),
    Mutation(
        PUT_BACK,
        "marks that are lost stop the line",
        "lined/journal/age.py",
        "    if mark is not None and (whole is None or mark.name != whole.name):\n",
        "    if mark is None or whole is None or mark.name != whole.name:\n",
        f"{_PUT_BACK}::test_the_same_journal_goes_on_as_it_was_with_or_without_its_marks",
    ),
    Mutation(
        PUT_BACK,
        "nobody looks at the files that are open",
        "lined/journal/open_files.py",
        "            if found != self._opened[end]:\n",
        "            if False:\n",
        _FILES,
    ),
    Mutation(
        MISTAKE,
        "it takes everybody's transaction with it",
        "lined/journal/writer.py",
        "            gone = not self._connection.in_transaction\n",
        "            gone = True\n",
        f"{_WRITER}::test_a_defect_fails_its_item_alone_and_is_told",
    ),
    Mutation(
        MISTAKE,
        "what it was met in stays half done",
        "lined/journal/steps.py",
        '        connection.execute("ROLLBACK TO step")\n        answer = defect_of(error)\n',
        "        answer = defect_of(error)\n",
        f"{_DEFECTS}::test_a_command_that_meets_a_defect_is_undone_and_the_line_goes_on",
    ),
    Mutation(
        MISTAKE,
        "its error keeps the journal from being copied back",
        "lined/journal/database.py",
        "            traceback.clear_frames(one.__traceback__)\n",
        "",
        f"{_WRITER}::test_an_error_that_is_kept_keeps_no_cursor",
    ),
    Mutation(
        MISTAKE,
        "a read that met one is accepted",
        "lined/line/intake/intake.py",
        "reason = Reason.NOT_DURABLE if isinstance(error, JournalError) else Reason.DEFECT",
        "reason = Reason.NOT_DURABLE if isinstance(error, JournalError) else Decision.ACCEPT",
        f"{_DEFECTS}::test_a_read_that_meets_a_defect_while_it_is_judged_is_rejected_alone",
    ),
    Mutation(
        MISTAKE,
        "a report that meets them again and again is never held",
        "lined/reports/delivery/defective.py",
        "TIMES = 3 ",
        "TIMES = 3_000 ",
        _REPORTS_DEFECTS,
    ),
    Mutation(
        MISTAKE,
        "one that may have been received is sent again",
        "lined/reports/outcomes/sending.py",
        "class DefectWhileSending(ReportOutcome, edges={_S.SENDING: _S.IN_DOUBT}):\n",
        "class DefectWhileSending(ReportOutcome, edges={_S.SENDING: _S.SEALED}):\n",
        _REPORTS_DEFECTS,
    ),
    Mutation(
        MISTAKE,
        "a loop ends with it",
        "lined/line/watch/defects.py",
        "                if holds(error, (*FATAL, *fatal)):\n",
        "                if error:\n",
        f"{_DEFECTS}::test_a_loop_goes_on_after_each_defect_later_and_later",
    ),
    Mutation(
        MISTAKE,
        "what hangs keeps the process",
        "lined/service/ending.py",
        "        self._end(code)\n",
        "",
        f"{_ENDS}::test_with_a_broken_journal_the_process_is_gone_within_5_s",
    ),
]
