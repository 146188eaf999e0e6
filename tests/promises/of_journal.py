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
        "lined/cli/check.py::check",
        "found = load(path)",
        """
        found = load(path)
        path.with_suffix('.checked').touch()
        """,
        f"{_CHECK}::test_check_touches_nothing",
    ),
    Mutation(
        WRONG,
        "what does not fit together is told only once every value is right",
        "lined/config/load.py::from_tables",
        "[*of_profile, *_misfits(found, profile)]",
        "of_profile or problems or [*_misfits(found, profile)]",
        "tests/unit/config",
    ),
    Mutation(
        WRONG,
        "one problem is told at a time",
        "lined/config/load.py::from_tables",
        "[readable(one) for one in in_file_order(problems, known_keys(Config, ()))]",
        "[readable(one) for one in in_file_order(problems, known_keys(Config, ()))][:1]",
        f"tests/unit/config {_CHECK}",
    ),
    Mutation(
        WRONG,
        "places count their entries from 1",
        "lined/config/texts.py::path_of",
        "f'[{part}]'",
        "f'[{part + 1}]'",
        f"tests/unit/config {_CHECK}",
    ),
    Mutation(
        WRONG,
        "a misspelt key is passed over",
        "lined/config/models.py::Table.model_config",
        "'forbid'",
        "'ignore'",
        "tests/unit/config",
    ),
    Mutation(WRONG, "it exits with 1", "lined/cli/exits.py::SETTINGS", "78", "1", _CHECK),
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
        "lined/journal/writer.py::Writer._commit",
        "self._crash_point('before-commit')",
        """
        self._deliver([pair for pair in outcome if pair[0].work.intake])
        time.sleep(0.02)
        self._crash_point('before-commit')
        """,
        _15_KILLS,
    ),
    Mutation(
        KILLED,
        "a code whose accept was not said is a duplicate after the start",
        "lined/journal/journal.py::Journal._list_unsaid",
        "i > self.reply_marks.get(no)",
        "i > self.reply_marks.get(no) + 10 ** 9",
        _EACH_STEP,
    ),
    Mutation(
        KILLED,
        "what was being sent is sent again after the start",
        "lined/reports/outcomes/sending.py::CutShort",
        "_S.IN_DOUBT",
        "_S.SEALED",
        _EACH_STEP,
    ),
    Mutation(
        KILLED,
        "a report is noted as being sent after it was sent",
        "lined/reports/delivery/submit.py::send",
        """
        await apply_outcome(ports, report, begun(report, ports.server_floor_ms()))
        await ports.journal.settle()
        answered = await _sent(ports, search, report, body, failures)
        """,
        """
        await ports.journal.settle()
        answered = await _sent(ports, search, report, body, failures)
        await apply_outcome(ports, report, begun(report, ports.server_floor_ms()))
        """,
        _EACH_STEP,
    ),
    Mutation(
        FAILS,
        "a failed sync or write counts as a full disk: it goes on",
        "lined/journal/database.py::translated",
        "JournalBroken(f'the journal cannot be written or read ({text})')",
        "JournalFull(f'the journal cannot be written or read ({text})')",
        _EIO,
    ),
    Mutation(
        FAILS,
        "it is tried again: the error is not kept",
        "lined/journal/writer.py::Writer._undo",
        "self.fail(error)",
        "pass",
        f"{_EIO}[sync-once]",
    ),
    Mutation(
        FAILS,
        "nothing is synced",
        "lined/journal/database.py::open_writable",
        "('synchronous', 2)",
        "('synchronous', 0)",
        f"{_EIO}[sync-always]",
    ),
    Mutation(
        FAILS,
        "it exits with 1",
        "lined/service/daemon.py::EXIT_OK",
        "74",
        "1",
        f"{_EIO}[write-always]",
    ),
    Mutation(
        FAILS,
        "who waits for a write that failed is told accept",
        "lined/journal/writer.py::Writer._commit",
        """
        self._undo(group, found)
        self._make_room(error)
        """,
        """
        self._deliver(outcome)
        self._undo([], found)
        """,
        _EIO,
    ),
    Mutation(
        FULL,
        "intake goes on below the floor",
        "lined/journal/writer.py::Writer._look_at_room",
        "free < self._floor_bytes",
        "False",
        _SMALL,
    ),
    Mutation(
        FULL,
        "below the floor reporting stops too",
        "lined/journal/writer.py::Writer._run",
        "work.intake and self.low_on_space",
        "self.low_on_space",
        _SMALL,
    ),
    Mutation(
        FULL,
        "the ballast is kept",
        "lined/journal/writer.py::Writer._make_room",
        """
        self._room_checked = 0.0
        self.ballast.release()
        """,
        "self._room_checked = 0.0",
        _SMALL,
    ),
    Mutation(
        FULL,
        "the ballast is never made again",
        "lined/journal/ballast.py::Ballast.release",
        """
        self._allocated = False
        log.warning('ballast_released', bytes=self._bytes)
        """,
        "log.warning('ballast_released', bytes=self._bytes)",
        _SMALL,
    ),
    Mutation(
        FULL,
        "intake stays stopped when there is room again",
        "lined/journal/writer.py::Writer._look_at_room",
        "free < self._floor_bytes",
        "self.low_on_space or free < self._floor_bytes",
        _SMALL,
    ),
    Mutation(
        FULL,
        "a full disk ends the program",
        "lined/journal/database.py::translated",
        'JournalFull(f"the journal\'s disk is full ({text})")',
        'JournalBroken(f"the journal\'s disk is full ({text})")',
        _NO_ROOM,
    ),
    Mutation(
        DAMAGED,
        "the damaged file is deleted",
        "lined/journal/care/damage.py::set_aside",
        "move_whole(journal, aside)",
        """
        move_whole(journal, aside)
        aside.unlink()
        """,
        _ASIDE,
    ),
    Mutation(
        DAMAGED,
        "the new journal does not know what the newest backup knew",
        "lined/journal/care/damage.py::replace_damaged",
        "newest(journal, backups)",
        "None",
        _ASIDE,
    ),
    Mutation(
        DAMAGED,
        "nobody is told since when duplicates are unknown",
        "lined/journal/care/keeping.py::Keeping._tell_gap",
        "self.gap.confirmed_ms is not None",
        "not self.gap.withholds",
        _ASIDE,
    ),
    Mutation(
        DAMAGED,
        "recover stops at the first page that cannot be read",
        "lined/journal/care/salvage.py::_Reading._behind",
        "step > STEP_MOST",
        "step > 1",
        f"{_DAMAGE}::test_recover_reads_what_a_damaged_journal_still_holds",
    ),
    Mutation(
        DAMAGED,
        "adopt takes over what is known already once more",
        "lined/journal/care/adoption.py::_missing",
        "row[0] not in known",
        "row[0] not in known or row[4] is None",
        _ADOPTED,
    ),
    Mutation(
        DAMAGED,
        "what was adopted is sent without being looked for",
        "lined/journal/care/adoption.py::_take",
        """
        reports.change(
            new,
            report_id,
            due_ms=None,
            waits_for=PERSON,
            problem=Fact(TakeoverFact.ADOPTED_LOOKED_FOR),
            attempt_server_ms=batch.opened_ms,
        )
        """,
        """
        reports.change(
            new,
            report_id,
            problem=Fact(TakeoverFact.ADOPTED_LOOKED_FOR),
            attempt_server_ms=batch.opened_ms,
        )
        """,
        _ADOPTED,
    ),
    Mutation(
        DAMAGED,
        'with on_damage = "stop" it goes on all the same',
        "lined/service/opening.py::opened",
        "'stop'",
        "'never'",
        _STOPS,
    ),
    Mutation(
        RESTORED,
        "it sends before a person has confirmed",
        "lined/reports/delivery/loops.py::_due_to_send",
        "takeover.withholds(connection)",
        "False",
        _CONFIRMED,
    ),
    Mutation(
        RESTORED,
        "it sends as soon as it has looked for everything",
        "lined/journal/care/takeover.py::withholds",
        "gap is not None and gap.withholds",
        "gap is not None and gap.withholds and bool(looked_for(connection))",
        f"{_CONFIRMED} {_RESTART}::test_after_a_restore_nothing_is_sent_until_a_person_has_confirmed",
    ),
    Mutation(
        RESTORED,
        "what was open or sealed in it is not looked for",
        "lined/journal/tables/report_lists.py::without_document",
        "\"('open', 'sealed', 'sending',\"",
        "\"('sending',\"",
        _CONFIRMED,
    ),
    Mutation(
        RESTORED,
        "a person may confirm before everything was looked for",
        "lined/journal/care/takeover.py::confirm",
        "gap.withholds",
        "not gap.withholds",
        f"{_RESTART}::test_it_cannot_be_confirmed_while_a_report_is_still_looked_for",
    ),
    Mutation(
        RESTORED,
        "what was not found is sent again by itself",
        "lined/reports/outcomes/searching.py::_missed",
        "report.waits_for == PERSON",
        "report.waits_for == PERSON and (not report.misses)",
        f"{_NEVER_SENT} {_RESTART}",
    ),
    Mutation(
        BACKUP,
        "it has its name from the beginning",
        "lined/journal/care/backup.py::back_up",
        "final.with_name(final.name + '.part')",
        "final",
        f"{_KEEPING}/test_backup.py",
    ),
    Mutation(
        BACKUP,
        "it is not checked",
        "lined/journal/care/backup.py::back_up",
        """
        check_whole(part, given_up)
        sync_file(part)
        """,
        "sync_file(part)",
        f"{_KEEPING}/test_backup.py",
    ),
    Mutation(
        BACKUP,
        "it is not synced",
        "lined/journal/care/backup.py::back_up",
        """
        sync_file(part)
        part.rename(final)
        """,
        "part.rename(final)",
        f"{_KEEPING}/test_backup.py",
    ),
    Mutation(
        BACKUP,
        "its name is not synced",
        "lined/journal/care/backup.py::back_up",
        """
        part.rename(final)
        sync_folder(folder)
        """,
        "part.rename(final)",
        f"{_KEEPING}/test_backup.py",
    ),
    Mutation(
        BACKUP,
        "it keeps the writer out while it copies",
        "lined/journal/care/backup.py::_copy",
        "source.execute('BEGIN')",
        """
        from lined.journal.database import open_writable
        alone = open_writable(journal).conn
        alone.execute('BEGIN IMMEDIATE')
        source.execute('BEGIN')
        """,
        f"{_KEEPING}/test_backup.py",
    ),
    Mutation(
        OLD,
        "they leave the journal before they are in the archive",
        "lined/journal/care/archive.py::put",
        "'COMMIT'",
        "'ROLLBACK'",
        f"{_KEEPING}/test_archive.py",
    ),
    Mutation(
        OLD,
        "stories do not read the archive",
        "lined/journal/care/archive.py::_asked",
        "archives(_file_of(connection))",
        "archives(_file_of(connection))[1:]",
        f"{_KEEPING}/test_archive.py",
    ),
    Mutation(
        OLD,
        "they move in one great step",
        "lined/journal/care/archive.py::old_rows",
        "_MOST.get(table, STEP_ROWS)",
        "10 ** 9",
        f"{_KEEPING}/test_archive.py",
    ),
    Mutation(
        OLD,
        "codes go with the bodies of their reports",
        "lined/journal/care/archive.py::drop",
        "key = _KEY.get(found.table, 'id')",
        """
        key = _KEY.get(found.table, "id")
        if found.table == "body":
            connection.executemany("DELETE FROM code WHERE batch_id = ?", [(row[0],) for row in found.rows])
        """,
        f"{_KEEPING}/test_archive.py",
    ),
    Mutation(
        NEWER,
        "sums that were counted are forgotten",
        "lined/journal/schema.py::_ALARMS",
        "\"'code.*'\"",
        "\"'none.*'\"",
        f"{_KEEPING}/test_migrations.py",
    ),
    Mutation(
        NEWER,
        "a migration drops the bodies of reports",
        "lined/journal/schema.py::_CARRIED",
        "'INTEGER'",
        "'INTEGER; DELETE FROM body'",
        f"{_KEEPING}/test_migrations.py",
    ),
    Mutation(
        NEWER,
        "a table is left out",
        "lined/journal/schema.py::m006_minutes",
        "run_script(db, _MINUTES)",
        """
        if not db['code'].count:
            run_script(db, _MINUTES)
        """,
        f"{_KEEPING}/test_migrations.py",
    ),
    Mutation(
        PUT_BACK,
        "no mark is set",
        "lined/journal/writer.py::Writer._commit",
        "self.marks.reached(self.age)",
        "pass",
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "the number in the journal stands still",
        "lined/journal/tables/age.py::advance",
        "'?'",
        "'max(commits, 0 * ?)'",
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "a main file and a WAL of two journals are mixed",
        "lined/journal/age.py::_refuse_spliced",
        "main.name != whole.name or main.commits > whole.commits",
        "False",
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "an older copy under the newer WAL is believed",
        "lined/journal/age.py::_refuse_spliced",
        "mark.copied",
        "0",
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "an older journal sends as if nothing were",
        "lined/journal/care/takeover.py::Gap.withholds",
        "self.why != DAMAGE",
        "self.why == RESTORE",
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "an empty journal takes the place of one that is gone",
        "lined/journal/care/damage.py::replace_lost",
        """
        backup = newest(journal, backups)
        if backup is None:
            raise error
        """,
        "backup = newest(journal, backups)",
        f"{_PUT_BACK}::test_without_a_backup_nothing_takes_the_place_of_a_journal_that_is_gone",
    ),
    Mutation(
        PUT_BACK,
        "the newest backup is not asked",
        "lined/service/opening.py::opened",
        "journal.open(binding, devices, backup)",
        "journal.open(binding, devices)",
        _ANOTHER,
    ),
    Mutation(
        PUT_BACK,
        "one that was replaced comes back unseen",
        "lined/journal/care/takeover.py::_prepare",
        """
        write(connection, gap)
        age.rename(connection)
        """,
        "write(connection, gap)",
        f"{_PUT_BACK}::test_the_one_that_was_replaced_is_another_one_when_it_comes_back",
    ),
    Mutation(
        PUT_BACK,
        "marks that are lost stop the line",
        "lined/journal/age.py::refuse_other",
        "mark is not None and (whole is None or mark.name != whole.name)",
        "mark is None or whole is None or mark.name != whole.name",
        f"{_PUT_BACK}::test_the_same_journal_goes_on_as_it_was_with_or_without_its_marks",
    ),
    Mutation(
        PUT_BACK,
        "nobody looks at the files that are open",
        "lined/journal/open_files.py::OpenFiles.wrong",
        "found != self._opened[end]",
        "False",
        _FILES,
    ),
    Mutation(
        MISTAKE,
        "it takes everybody's transaction with it",
        "lined/journal/writer.py::Writer._together",
        "not self._connection.in_transaction",
        "True",
        f"{_WRITER}::test_a_defect_fails_its_item_alone_and_is_told",
    ),
    Mutation(
        MISTAKE,
        "what it was met in stays half done",
        "lined/journal/steps.py::one_step",
        """
        connection.execute('ROLLBACK TO step')
        answer = defect_of(error)
        """,
        "answer = defect_of(error)",
        f"{_DEFECTS}::test_a_command_that_meets_a_defect_is_undone_and_the_line_goes_on",
    ),
    Mutation(
        MISTAKE,
        "its error keeps the journal from being copied back",
        "lined/journal/database.py::_let_go",
        """
        done.add(id(one))
        traceback.clear_frames(one.__traceback__)
        """,
        "done.add(id(one))",
        f"{_WRITER}::test_an_error_that_is_kept_keeps_no_cursor",
    ),
    Mutation(
        MISTAKE,
        "a read that met one is accepted",
        "lined/line/intake/intake.py::LineIntake._ruled",
        "Reason.DEFECT",
        "Decision.ACCEPT",
        f"{_DEFECTS}::test_a_read_that_meets_a_defect_while_it_is_judged_is_rejected_alone",
    ),
    Mutation(
        MISTAKE,
        "a report that meets them again and again is never held",
        "lined/reports/delivery/defective.py::TIMES",
        "3",
        "3000",
        _REPORTS_DEFECTS,
    ),
    Mutation(
        MISTAKE,
        "one that may have been received is sent again",
        "lined/reports/outcomes/sending.py::DefectWhileSending",
        "_S.IN_DOUBT",
        "_S.SEALED",
        _REPORTS_DEFECTS,
    ),
    Mutation(
        MISTAKE,
        "a loop ends with it",
        "lined/line/watch/defects.py::Defects.keep_going",
        "holds(error, (*FATAL, *fatal))",
        "error",
        f"{_DEFECTS}::test_a_loop_goes_on_after_each_defect_later_and_later",
    ),
    Mutation(
        MISTAKE,
        "what hangs keeps the process",
        "lined/service/ending.py::LastResort._wait",
        """
        time.sleep(LAST_LINE_S)
        self._end(code)
        """,
        "time.sleep(LAST_LINE_S)",
        f"{_ENDS}::test_with_a_broken_journal_the_process_is_gone_within_5_s",
    ),
]
