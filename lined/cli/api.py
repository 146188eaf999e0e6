"""`lined api …`: any method of the regulator's API, called by hand, as its text describes it.

    lined api                                     all methods
    lined api orders --fields                     what one is asked
    lined api search types=UTILISATION --all      called, page after page
    lined api public-codes codes=@codes.txt       a list, one a line, out of a file

It takes its requests from what the running daemon leaves of the account's limit.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from lined.cli.by_hand import account_beside
from lined.cli.exits import FAILED
from lined.cli.options import CONFIG, SET_UP, ConfigOption, JsonOption
from lined.cli.output import console, print_json, print_table
from lined.vocabulary.errors import CallError, Problem, SendingError

if TYPE_CHECKING:
    from lined.config import Config
    from lined.regulator.account import Account
    from lined.regulator.asked import Asked
    from lined.regulator.calls import Answered
    from lined.regulator.profile import Method, Profile

SECRET_MODE = 0o600
LONGEST_FILE = 64 * 1024 * 1024
MOST_ROWS = 10_000

MethodArgument = Annotated[str | None, typer.Argument(metavar="METHOD", help="Without: all methods are listed.")]
ValuesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FIELD=VALUE",
        help="By the text's names. FIELD=VALUE again for a list, FIELD:=JSON, FIELD=@FILE (of a list one a line).",
    ),
]


def register(app: typer.Typer) -> None:
    app.command("api", rich_help_panel=SET_UP)(api)


def api(
    method: MethodArgument = None,
    values: ValuesArgument = None,
    config: ConfigOption = CONFIG,
    fields: Annotated[bool, typer.Option("--fields", help="Show what the method is asked, and call nothing.")] = False,
    body: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JSON object with the fields; '-': standard input.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All pages, as one answer.")] = False,
    most: Annotated[int, typer.Option("--most", min=1, max=1_000_000, help="With --all: at most so many rows.")] = (
        MOST_ROWS
    ),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the request and send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Change something at a regulator that is no test.")] = False,
    unknown: Annotated[bool, typer.Option("--unknown", help="Send fields that the text does not know, too.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where a file goes, or an answer that holds a secret.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Call any method of the regulator's API by hand. What it answers is printed as JSON.

    Without a method all are listed, each with its section in the regulator's text. It is asked within what the daemon,
    where one runs, leaves of the account's requests.
    """
    import asyncio

    from lined.cli.answers import loaded
    from lined.regulator import Regulator
    from lined.regulator.asked import asked, method_named

    found = loaded(config)
    if method is None:
        _list(found.profile, as_json)
        return
    name = method_named(method)
    if fields:
        _show_fields(name, found.profile, as_json)
        return
    given = _given(name, values or (), body)
    account = _account(found)
    wanted = asked(name, given, account, unknown=unknown)
    if dry_run:
        print_json(_request(wanted, account))
        return
    _need_consent(wanted, account, yes=yes)
    _need_a_place(wanted, given, account, out)
    account = account_beside(found)

    async def ask() -> Answered:
        async with Regulator(account) as regulator:
            if every:
                return await regulator.calls().pages(wanted.name, given, most, unknown=unknown)
            return await regulator.calls().one(wanted)

    try:
        answer = _into(out, ask) if out is not None else asyncio.run(ask())
    except SendingError as error:
        if error.evidence:
            _print_note(f"what came back: {error.evidence}")
        raise
    _print(wanted, answer, out)


def _list(profile: Profile, as_json: bool) -> None:
    from lined.regulator.methods import CALLS

    rows = [(name, call, profile.methods[name]) for name, call in CALLS.items()]
    if as_json:
        items = [
            {
                "method": name.replace("_", "-"), "section": call.section, "verb": rule.verb, "path": rule.path,
                "what": call.sentence, "writes": call.writes, "for": _who(call.open, rule),
                "limit": _limit(rule, profile), "role": rule.role,
            }
            for name, call, rule in rows
        ]  # fmt: skip
        print_json({"items": items, "next": None})
        return
    table = [
        (name.replace("_", "-"), call.section, "writes" if call.writes else "", _who(call.open, rule),
         _limit(rule, profile), call.sentence)
        for name, call, rule in rows
    ]  # fmt: skip
    about = profile.about
    print_table(console(), f"{about.name}, {about.texts[0]}", ["method", "section", "", "for", "limit", "what"], table)
    console().print("lined api METHOD --fields tells what one is asked.", style="dim")


def _who(is_open: bool, rule: Method) -> str:
    return "anybody" if is_open else "business users" if rule.business else "all users"


def _limit(rule: Method, profile: Profile) -> str:
    return f"{profile.limits.requests_per_minute}/min together" if rule.limited else rule.rate


def _show_fields(name: str, profile: Profile, as_json: bool) -> None:
    """Each field with what it may be, those of the objects inside too."""
    from lined.regulator.methods import CALLS

    call = CALLS[name]
    rows = list(_fields(call.request, profile, ""))
    if as_json:
        names = ("field", "required", "what")
        print_json({"items": [dict(zip(names, row, strict=True)) for row in rows], "next": None})
        return
    rule = profile.methods[name]
    console().print(f"{rule.verb} {rule.path}   (section {call.section}: {call.sentence})", soft_wrap=True)
    if rule.role:
        console().print(f"It takes the role «{rule.role}».", soft_wrap=True)
    shown = [(field, "required" if required else "", what) for field, required, what in rows]
    print_table(console(), "", ["field", "", "what"], shown)


def _fields(model: Any, profile: Profile, before: str) -> Iterator[tuple[str, bool, str]]:
    from lined.regulator.models.base import Dictionary, Part, kinds_of, marked

    for key, info in model.model_fields.items():
        here = f"{before}{info.alias or key}"
        part = marked(info, type(Part))
        dictionary = marked(info, Dictionary)
        words = ", ".join(sorted(profile.words(dictionary.name))) if dictionary is not None else ""
        yield here, info.is_required(), words or _kind(kinds_of(info))
        if part is not None:
            yield from _fields(part, profile, f"{here}{'[]' if tuple in kinds_of(info) else ''}.")


def _kind(kinds: set[object]) -> str:
    if tuple in kinds:
        return "a list"
    if bool in kinds:
        return "true or false"
    return "a number" if kinds & {int, float} else "text" if str in kinds else ""


def _given(name: str, values: Sequence[str], body: Path | None) -> dict[str, Any]:
    """The fields: those of the file, then those of the command line. Raises CallError with every problem."""
    from lined.regulator.asked import field_names
    from lined.regulator.methods import CALLS
    from lined.regulator.models.base import kinds_of

    found = _from_file(body) if body is not None else {}
    fields = field_names(CALLS[name])
    problems: list[Problem] = []
    told: dict[str, Any] = {}
    for text in values:
        key, sign, value = text.partition("=")
        many = key in fields and tuple in kinds_of(fields[key])
        if not sign or not key.rstrip(":"):
            problems.append(Problem(key, "must be FIELD=VALUE"))
        elif key in told and not many:
            problems.append(Problem(key, "stands there twice, and is no list"))
        else:
            try:
                told[key] = _value(key, value, told.get(key) or [] if many else None)
            except (ValueError, RecursionError) as error:
                problems.append(Problem(key, str(error)))
    if problems:
        raise CallError("Nothing was sent.", problems)
    return found | {key.removesuffix(":"): value for key, value in told.items()}


def _value(key: str, value: str, before: list[str] | None) -> Any:
    """One value as it was written; of a list (`before`: what it holds so far) with those before. Raises ValueError."""
    if key.endswith(":"):
        return json.loads(value)
    if before is None:
        return _read(value[1:]).strip() if value[:1] == "@" else value
    return [*before, *(_read(value[1:]).splitlines() if value[:1] == "@" else [value])]


def _from_file(body: Path) -> dict[str, Any]:
    try:
        found = json.loads(sys.stdin.read() if str(body) == "-" else _read(str(body)))
    except (ValueError, RecursionError) as error:
        raise CallError("Nothing was sent.", [Problem("--body", str(error))]) from None
    if not isinstance(found, dict):
        raise CallError("Nothing was sent.", [Problem("--body", "must be a JSON object")])
    return found


def _read(name: str) -> str:
    """A file of the engineer's. Raises ValueError in words."""
    path = Path(name)
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise ValueError(f"{name} is longer than {LONGEST_FILE} bytes")
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not UTF-8") from None


def _account(config: Config) -> Account:
    from lined.service.assembly import account_of

    return account_of(config)


def _need_consent(wanted: Asked, account: Account, *, yes: bool) -> None:
    """Raises CallError where something would be changed at a regulator that is no test, and nobody said so."""
    from lined.config.values import is_loopback

    servers, host = account.profile.servers, urlsplit(account.url).hostname or ""
    if not wanted.call.writes or yes or servers.is_test(account.url) or is_loopback(host):
        return
    where = "production" if account.url.rstrip("/") in servers.production else "no address of a test"
    name = wanted.name.replace("_", "-")
    raise CallError(f"{name} changes something, and {account.url} is {where}: say --yes if that is meant.")


def _need_a_place(wanted: Asked, given: Mapping[str, Any], account: Account, out: Path | None) -> None:
    """Raises CallError where the answer is no text to be shown and has no file; and where the line's own key would be
    replaced without its file.
    """
    name = wanted.name.replace("_", "-")
    if out is None and (wanted.call.secret or wanted.call.answer is None):
        what = "a credential, which is not shown" if wanted.call.secret else "a file"
        raise CallError(f"{name} answers {what}: say --out FILE for it.")
    if out is not None and out.exists():
        raise CallError(f"{out} is there already: say another --out FILE.")
    if wanted.call.secret and account.api_key is not None and account.api_key().strip() in given.values():
        raise CallError("This is the line's own key: lined key renew replaces it, and keeps the new one in its file.")


def _request(wanted: Asked, account: Account) -> dict[str, object]:
    from lined.regulator.redaction import MASK

    request = wanted.request
    shown: dict[str, object] = {"method": wanted.name.replace("_", "-"), "section": wanted.call.section}
    shown |= {"verb": request.verb, "url": account.url + request.path, "query": [list(pair) for pair in request.query]}
    shown["authorization"] = None if wanted.call.open else f"Bearer {MASK}"
    return shown | {"body": wanted.shown, "body_as": str(wanted.call.body), "writes": wanted.call.writes}


def _into(out: Path, ask: Callable[[], Coroutine[Any, Any, Answered]]) -> Answered:
    """The answer, written to a new file. That is made before anything is asked: a new key needs a place. Raises
    CallError, and what asking does.
    """
    import asyncio

    try:
        file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_MODE)
    except OSError as error:
        raise CallError(f"{out}: {error.strerror}; nothing was sent.") from None
    try:
        answer = asyncio.run(ask())
    except BaseException:
        os.close(file)
        out.unlink(missing_ok=True)
        raise
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(answer.file if answer.file is not None else (_dumped(answer.value) + "\n").encode())
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        if answer.file is None:
            print_json(answer.value)  # a new key exists nowhere else
        _print_note(
            f"{out}: {error.strerror}; {'ask again' if answer.file is not None else 'the answer stands above only'}"
        )
        raise typer.Exit(FAILED) from None
    return answer


def _print(wanted: Asked, answer: Answered, out: Path | None) -> None:
    """The answer on stdout, what is strange about it on stderr; exit 1 where it could not be read as the text says."""
    from lined.regulator.strange import Kind

    if out is None:
        print_json(answer.value)
    else:
        _print_note(f"{out} holds the answer ({out.stat().st_size} bytes), for its owner to read.")
    for one in answer.strange:
        _print_note(f"{one} (section {wanted.call.section})")
    if answer.more:
        _print_note("there are more rows: say --most for them")
    if any(one.kind is Kind.TYPE for one in answer.strange):
        raise typer.Exit(FAILED)


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _print_note(text: str) -> None:
    print(f"lined: {text}", file=sys.stderr)  # noqa: T201 - beside the answer
