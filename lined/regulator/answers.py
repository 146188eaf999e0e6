"""Decoders of answers: the values that other rooms get, and how they are read out of the regulator's JSON.

Guarantees: nothing here raises anything but `Unreadable` whatever the bytes; unknown members are ignored, unknown words
kept. Every text, number and date has passed `bounds`. It knows nothing of HTTP connections, credentials or budgets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from lined.regulator import bounds
from lined.vocabulary.errors import Blame, Place

LONGEST_ID = 128
LONGEST_QUOTING, MOST_BRACKETS = 400, 24  # of a sentence that is searched for what it quotes
DEEPEST_PLACE = 8  # steps of a path into a body; the deepest known has four
TAGS_KEPT = 20  # of an error row


_STEP = re.compile(r"[^\W\d]\w{0,99}|(?<!\w)\d{1,9}(?!\w)")
_BRACKETS = (re.compile(r"\[([^\[\]]+)\]"), re.compile(r"\[(.+)\] \S+ \["), re.compile(r"\[(.+?)\](?= |$)"))


class Unreadable(ValueError):
    """The answer is not what the text says it is."""


class Receipt(NamedTuple):
    """A submission was registered. `server_time` is the answer's Date header."""

    document_id: str
    server_time: datetime | None


class Document(NamedTuple):
    """A document's card (API 1.21.1 §11.2, §11.3). What its status means is the profile's to say."""

    document_id: str
    type: str
    status: str
    created: str | None
    product_group: str | None


class CodeOutcome(NamedTuple):
    """One code of a document (API 1.21.1 §11.6). `index` is its place in the document and the cursor of the list."""

    index: int  # type: ignore[assignment]  # their word; nobody searches in this tuple
    code: str
    state: str
    result: str | None


class DocumentError(NamedTuple):
    """One row of a document's errors (API 1.21.1 §11.5). `row` is its own number, the cursor, NOT a code's index."""

    property: str
    error_code: str
    tags: dict[str, object]
    row: int


class CodeEvent(NamedTuple):
    """One event of a code (API 1.21.1 §9.2); `document_id` (their eventSourceId) names the document that caused it."""

    type: str
    document_id: str
    document_type: str | None
    at: str

    def since(self, moment: datetime) -> bool:
        """It happened at that moment or later, or nobody can tell."""
        at = bounds.moment(self.at)
        return at is None or at >= moment


class CodeHistory(NamedTuple):
    code: str
    status: str
    extended_status: str | None
    events: tuple[CodeEvent, ...]


class ErrorNote(NamedTuple):
    """One error of an answer (API 1.21.1 §1.6), whatever its shape. `values` are the strings it blames, `places` the
    paths into the body that it points at, `quoted` what stands in brackets in its text.
    """

    code: str
    text: str
    values: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    quoted: tuple[str, ...] = ()


def looks_like_page(content_type: str, body: bytes) -> bool:
    """An HTML (or XML) page: an outage or somebody else's proxy, whatever its status says."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in {"text/html", "application/xhtml+xml"} or body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


# ------------------------------------------------------------------------------------------------------ documents
def document(answer: object) -> Document:
    """A card, flat as the sample shows it or under `documentInfos` as its table says."""
    row = members(answer)
    if isinstance(row.get("documentInfos"), dict):
        row = members(row["documentInfos"])
    return _card(row, _word(row, "status"))


def documents(answer: object) -> list[Document]:
    """The rows of a search. One without type or status is a document all the same: its content tells what it is."""
    rows = (members(row) for row in _rows(answer, "documentInfos"))
    return [_card(row, _maybe_word(row, "status")) for row in rows]


def _card(row: dict[str, object], status: str) -> Document:
    return Document(
        document_id=document_id(row, "documentId"),
        type=_maybe_word(row, "type"),
        status=status,
        created=_maybe_text(row, "createDate"),
        product_group=_maybe_text(row, "productGroup"),
    )


def document_id(answer: object, member: str) -> str:
    """The id under this name; raises Unreadable where there is none that could stand in a path."""
    value = members(answer).get(member)
    text = value.strip() if isinstance(value, str) else ""
    if not 0 < len(text) <= LONGEST_ID or not text.isascii() or not text.isprintable() or " " in text:
        raise Unreadable(f"no readable {member}")
    return text


def code_outcome(row: object) -> CodeOutcome:
    fields = members(row)
    return CodeOutcome(
        _whole(fields, "index"), _code(fields, "code"), _word(fields, "state"), _maybe_text(fields, "result")
    )


def document_error(row: object) -> DocumentError:
    fields = members(row)
    tags = fields.get("errorTags")
    return DocumentError(
        property=_maybe_text(fields, "propertyName") or "",
        error_code=_maybe_text(fields, "errorCode") or "",
        tags=_tags(tags) if isinstance(tags, dict) else {},
        row=_whole(fields, "index") if "index" in fields else -1,
    )


def code_history(row: object) -> CodeHistory:
    fields = members(row)
    code = members(fields.get("codeData"))
    events = fields.get("codeHistory")
    return CodeHistory(
        code=_code(code, "code"),
        status=_word(code, "status"),
        extended_status=_maybe_text(code, "extendedStatus"),
        events=tuple(_event(event) for event in events) if isinstance(events, list) else (),
    )


def _event(row: object) -> CodeEvent:
    fields = members(row)
    return CodeEvent(
        type=_maybe_text(fields, "eventType") or "",
        document_id=maybe_id(fields, "eventSourceId"),
        document_type=_maybe_text(fields, "documentType"),
        at=_maybe_text(fields, "eventDate") or "",
    )


def rows_of(answer: object, member: str) -> list[object]:
    """A list, bare as in the sample or under the member that its table names."""
    return _rows(answer, member)


# --------------------------------------------------------------------------------------------------------- errors
def error_notes(answer: object) -> Iterator[ErrorNote]:
    """Every error in an answer: a list or an object, with globalErrors, globalError, errors or none of them. Lists are
    emptied on the way (see `slices.eaten`).
    """
    return _notes(answer, 0)


def _notes(answer: object, depth: int) -> Iterator[ErrorNote]:
    if depth > 4:  # the deepest shape known is globalErrors[] in a list
        return
    if isinstance(answer, list):
        answer.reverse()
        while answer:
            yield from _notes(answer.pop(), depth + 1)
    elif isinstance(answer, str):
        yield ErrorNote("", bounds.text(answer.strip()), quoted=_quoted(answer))
    elif isinstance(answer, dict):
        nested = [answer[name] for name in ("globalErrors", "globalError", "errors") if answer.get(name)]
        for inner in nested:
            yield from _notes(inner, depth + 1)
        if not nested or any(name in answer for name in ("errorCode", "code", "Code")):
            yield _note(answer, depth)


def _note(fields: dict[str, object], depth: int) -> ErrorNote:
    inner = fields.get("error")
    if isinstance(inner, dict) and depth < 4:
        note = _note(inner, depth + 1)
        return note._replace(code=_code_of(fields) or note.code)
    context = fields.get("context")
    context = context if isinstance(context, dict) else {}
    texts = [
        bounds.text(str(place[name]).strip())
        for place, name in (
            (fields, "error"),
            (fields, "message"),
            (context, "description"),
            (context, "specificError"),
            (context, "exception"),
            (fields, "requestBodyJsonPath"),
            (fields, "requestQueryJsonPath"),
            (fields, "requestPathJsonPath"),
        )
        if isinstance(place.get(name), str | int) and str(place[name]).strip()
    ]
    blamed = [*_strings(context.get("value")), *_strings(context.get("parameter")), *_strings(context.get("codes"))]
    blamed += [*_strings(fields.get("value")), *_strings(fields.get("codes")), *_strings(fields.get("invalidCodes"))]
    sentences = [fields.get("error"), fields.get("message"), context.get("description"), context.get("specificError")]
    paths = [fields.get("requestBodyJsonPath"), context.get("parameter")]
    return ErrorNote(
        _code_of(fields),
        "; ".join(dict.fromkeys(texts)),
        tuple(blamed),
        tuple(dict.fromkeys(place for path in paths if (place := _place(path)))),
        tuple(dict.fromkeys(text for sentence in sentences for text in _quoted(sentence))),
    )


def _code_of(fields: dict[str, object]) -> str:
    for name in ("errorCode", "code", "Code"):
        value = fields.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return bounds.text(str(value).strip(), bounds.LONGEST_WORD)
    error = fields.get("error")
    number = isinstance(error, int) or (isinstance(error, str) and error.isdigit())
    return bounds.text(str(error).strip(), bounds.LONGEST_WORD) if number else ""


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [bounds.code(value)]
    return [bounds.code(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _place(path: object) -> Place:
    """API 1.21.1 §1.6, "name and jsonPath of the parameter": `$.sntins[3]`, `sntins[3]`, `$['sntins'][3]`; () where it
    has no index, and so points at no single code.
    """
    words = _STEP.findall(path[: bounds.LONGEST_CODE]) if isinstance(path, str) else []
    place = tuple(int(word) if word.isdigit() else word for word in words[:DEEPEST_PLACE])
    return place if any(isinstance(step, int) for step in place) else ()


def _quoted(sentence: object) -> tuple[str, ...]:
    """What stands in brackets: "Недопустимое значение [V] параметра [P]" (API 1.21.1 §1.6, error 602). A value may hold
    brackets itself, so what lies between the first and the last of its words counts too.
    """
    cut = sentence[:LONGEST_QUOTING] if isinstance(sentence, str) else ""
    if not 0 < cut.count("[") <= MOST_BRACKETS:
        return ()
    return tuple(bounds.code(text) for pattern in _BRACKETS for text in pattern.findall(cut) if could_be_code(text))


def blame(note: ErrorNote) -> Blame | None:
    """What this error points at, as written in the answer; None: at nothing that could be a code. Candidates only: the
    caller compares them, separators stripped, with the codes it sent.
    """
    values = tuple(value for value in note.values if could_be_code(value))
    if not values and not note.places and not note.quoted:
        return None
    return Blame(" ".join(part for part in (note.code, note.text) if part), values, note.places, note.quoted)


def could_be_code(value: str) -> bool:
    """As long as a TOBACCO or SSCC identification code, starting with the digits of a GTIN, no white space inside."""
    text = value.replace("\x1d", "").strip()
    return 20 <= len(text) <= 200 and text[:14].isdigit() and not any(char.isspace() for char in text)


# ----------------------------------------------------------------------------------------------------- primitives
def retry_after_s(header: str | None, server_now: datetime) -> float | None:
    """Seconds of a Retry-After header, given as a number or as a date; None where there is none or it is broken."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return bounds.seconds(text)
    moment = bounds.http_date(text) if text else None
    return None if moment is None else max(0.0, (moment - server_now).total_seconds())


def members(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Unreadable(f"an object was expected, not {type(value).__name__}")
    return value


def _rows(answer: object, member: str) -> list[object]:
    rows = answer.get(member) if isinstance(answer, dict) else answer
    if not isinstance(rows, list):
        raise Unreadable(f"no list {member}")
    return rows


def _word(row: dict[str, object], member: str) -> str:
    """A status or a type, in capitals."""
    value = row.get(member)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"no {member}")
    return bounds.text(value, bounds.LONGEST_WORD).upper()


def _maybe_word(row: dict[str, object], member: str) -> str:
    """The same; empty where there is none."""
    value = row.get(member)
    return bounds.text(value, bounds.LONGEST_WORD).upper() if isinstance(value, str) else ""


def _code(row: dict[str, object], member: str) -> str:
    value = row.get(member)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"no {member}")
    return bounds.code(value)


def _maybe_text(row: dict[str, object], member: str) -> str | None:
    value = row.get(member)
    return bounds.text(value) if isinstance(value, str) and value else None


def maybe_id(row: dict[str, object], member: str) -> str:
    try:
        return document_id(row, member)
    except Unreadable:
        return ""


def _whole(row: dict[str, object], member: str) -> int:
    value = bounds.whole(row.get(member))
    if value is None:
        raise Unreadable(f"no whole number {member}")
    return value


def _tags(tags: dict[str, object]) -> dict[str, object]:
    """What may be shown of an error's tags: each a word or a number, and not many of them."""
    found: dict[str, object] = {}
    for name, value in list(tags.items())[:TAGS_KEPT]:
        if isinstance(value, str):
            found[bounds.text(name, bounds.LONGEST_WORD)] = bounds.text(value)
        elif isinstance(value, bool) or bounds.whole(value) is not None:
            found[bounds.text(name, bounds.LONGEST_WORD)] = value
    return found
