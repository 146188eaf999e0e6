"""`lined backup`, `lined restore`, `lined journal …`: the journal as a file that can be lost."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from lined.cli.options import AT_WORK, CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_facts, print_json, print_table

if TYPE_CHECKING:
    from lined.config import Config

POLL_S = 1.0
FilePath = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)]


def register(app: typer.Typer) -> None:
    app.command("backup", rich_help_panel=AT_WORK)(backup)
    app.command("restore", rich_help_panel=AT_WORK)(restore)
    journal = typer.Typer(no_args_is_help=True, help="Show, recover, adopt, confirm or begin a journal.")
    for name, function in (
        ("show", show),
        ("recover", recover),
        ("adopt", adopt),
        ("confirm", confirm),
        ("new", new),
    ):
        journal.command(name)(function)
    app.add_typer(journal, name="journal", rich_help_panel=AT_WORK)


def backup(config: ConfigOption = CONFIG, by: ByOption = None, as_json: JsonOption = False) -> None:
    """Copy the journal now: checked, synced, without holding the line. Without a daemon the file is copied directly."""
    from lined.cli.answers import loaded
    from lined.cli.daemon import NoDaemon, ask, command

    found = loaded(config)
    try:
        state = command(found, "journal-backup", {}, by)
        while state["backing_up"]:
            time.sleep(POLL_S)
            state = ask(found, "/api/v1/journal")
        if state["last_backup"] is None:
            _failed(state["problems"].get("backup") or "The backup failed; see the daemon's log.")
        made = state["last_backup"]
    except NoDaemon:
        made = _backed_up(found)
    if as_json:
        print_json(made)
    else:
        console().print(f"{made['path']}: {made['codes']:,} codes, {made['bytes']:,} bytes, checked.", style="green")


def restore(
    file: FilePath,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in the journal's place; the daemon must be stopped. The present journal is kept under another name.

    Nothing is sent after it until every report that was unfinished in the backup was looked for and you have said
    `lined journal confirm`.
    """
    import os
    from dataclasses import asdict

    from lined.cli.answers import loaded
    from lined.cli.logs import set_up_logs
    from lined.journal.care import damage, takeover
    from lined.journal.care.backup import check_whole
    from lined.journal.journal import refuse_foreign, take_lock
    from lined.service import assembly

    set_up_logs(level=logging.WARNING)
    found = loaded(config)
    path, at_ms = found.journal.path.resolve(), time.time_ns() // 1_000_000
    refuse_foreign(file.resolve(), assembly.binding_of(found))
    check_whole(file.resolve())
    lock = take_lock(path)
    try:
        damage.suspect(path, "being restored")
        moved = damage.set_aside(path, at_ms, "replaced")  # what lies beside one that is gone, too
        aside = moved if moved.exists() else None
        gap = takeover.take_over(path, file.resolve(), why=takeover.RESTORE, aside=aside, at_ms=at_ms)
        damage.clear_suspicion(path)
    finally:
        os.close(lock)
    if as_json:
        print_json({"path": str(path), **asdict(gap)})
        return
    to = console()
    to.print(f"{path} is {file.name} now.", style="green")
    if aside is not None:
        to.print(f"What was there is kept as {aside.name}.")
    to.print(
        "Start the daemon. It looks for every report that was unfinished then; when it has: lined journal confirm."
    )


def show(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Show the last backup and check, and what the journal cannot know."""
    from lined.cli.answers import a_daemon, loaded
    from lined.cli.daemon import ask
    from lined.cli.formats import Clock

    found = loaded(config)
    with a_daemon(found):
        state = ask(found, "/api/v1/journal")
    if as_json:
        print_json(state)
        return
    clock, to = Clock(found), console()
    print_facts(
        to,
        [
            ("last backup", clock.at(state["last_backup_at"], "none")),
            ("last check", clock.at(state["checked_at"], "not since the start")),
        ],
    )
    for text in state["problems"].values():
        to.print(text, style="yellow")


def recover(
    file: FilePath,
    into: Annotated[Path | None, typer.Option(metavar="FILE", help="The new file; default: FILE.recovered")] = None,
    _config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Read what can be read of a journal that was set aside, into a new file. FILE itself is not changed."""
    from lined.journal.care.salvage import salvage

    target = (into or file.with_name(file.name + ".recovered")).resolve()
    try:
        saved = salvage(file.resolve(), target)
    except OSError as error:
        _failed(str(error))
    if as_json:
        print_json({"path": str(target), "rows": saved.rows, "gaps": saved.gaps})
        return
    to = console()
    rows = [(table, f"{count:,}", saved.gaps[table] or "") for table, count in saved.rows.items() if count]
    print_table(to, "Recovered", ["table", "rows", "gaps"], rows)
    to.print(f"{target}", style="green")
    to.print("Next, with the daemon stopped, one of the two:")
    to.print(
        f"  lined journal adopt {target.name}  production went on in a new journal: its codes are added to that one"
    )
    to.print(f"  lined restore {target.name}  there is no new journal: this one takes its place")


def adopt(file: FilePath, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Take over the codes of a journal that was set aside (or of what was recovered of it); the daemon must be stopped.

    Each batch that the present journal does not know is looked for at the regulator first, and waits for a person where
    it is not found.
    """
    import os

    from lined.cli.answers import loaded
    from lined.cli.logs import set_up_logs
    from lined.journal.care import adoption
    from lined.journal.journal import refuse_foreign, take_lock
    from lined.service import assembly
    from lined.vocabulary.errors import JournalDamaged

    set_up_logs(level=logging.WARNING)
    found = loaded(config)
    path, source, binding = found.journal.path.resolve(), file.resolve(), assembly.binding_of(found)
    try:
        refuse_foreign(source, binding)
    except JournalDamaged:
        raise adoption.to_be_recovered(source) from None
    refuse_foreign(path, binding)
    lock = take_lock(path)
    try:
        taken = adoption.adopt(path, source, time.time_ns() // 1_000_000)
    finally:
        os.close(lock)
    if as_json:
        print_json(taken._asdict())
        return
    to = console()
    if taken.codes:
        told = (
            f"{taken.codes:,} codes in {taken.reports:,} reports are taken over. Start the daemon: it looks for them."
        )
        to.print(told, style="green")
    elif not taken.orphans:
        to.print("Nothing to take over: the journal knows every code in it. Start the daemon.", style="green")
    if taken.orphans:
        to.print(f"{taken.orphans:,} codes are left out: the row of their report cannot be read.", style="yellow")


def confirm(config: ConfigOption = CONFIG, by: ByOption = None, as_json: JsonOption = False) -> None:
    """Say that you have taken note of what the journal cannot know. After a restore, sending begins."""
    from lined.cli.answers import done, loaded

    state = done(loaded(config), "journal-confirm", {}, by)
    if as_json:
        print_json(state)
    else:
        console().print("Confirmed.", style="green")


def new(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Begin with nothing known, where the journal is gone and there is no backup; the daemon must be stopped.

    No duplicate of what the lost one knew is seen any more, so look for it first. Nothing is sent until you have said
    `lined journal confirm`.
    """
    import os
    from dataclasses import asdict

    from lined.cli.answers import loaded
    from lined.cli.logs import set_up_logs
    from lined.journal.care import damage
    from lined.journal.journal import take_lock

    set_up_logs(level=logging.WARNING)
    path = loaded(config).journal.path.resolve()
    if path.exists() and path.stat().st_size:
        _failed(f"there is a journal at {path}: it is left as it is")
    lock = take_lock(path)
    try:
        gap = damage.begin_anew(path, None, time.time_ns() // 1_000_000)
    finally:
        os.close(lock)
    if as_json:
        print_json({"path": str(path), **asdict(gap)})
    else:
        console().print(f"{path} is empty. Start the daemon, then: lined journal confirm.", style="green")


def _backed_up(config: Config) -> dict[str, Any]:
    """With the lock held, so that no daemon starts meanwhile. Raises JournalLocked, JournalError."""
    import os

    from lined.cli.logs import set_up_logs
    from lined.journal.care.backup import back_up
    from lined.journal.journal import take_lock
    from lined.service.opening import backup_folder
    from lined.vocabulary.errors import JournalError

    set_up_logs(level=logging.WARNING)
    path = config.journal.path.resolve()
    if not path.exists():
        raise JournalError(f"there is no journal at {path}")
    lock = take_lock(path)
    try:
        made = back_up(path, backup_folder(config), time.time_ns() // 1_000_000, keep=config.journal.backups_kept)
    finally:
        os.close(lock)
    return {"path": str(made.path), "bytes": made.bytes, "codes": made.codes}


def _failed(text: str) -> NoReturn:
    from lined.vocabulary.errors import JournalError

    raise JournalError(text)
