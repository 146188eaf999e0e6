"""Answers as the text prints them, as its tables say, and as servers send them all the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from lined.regulator import answers, bounds
from lined.regulator.answers import Unreadable, blame, error_notes
from lined.vocabulary.errors import Blame

CARD = {"documentId": "0e33", "type": "UTILISATION", "status": "SUCCESS", "createDate": "2025-01-20T06:43:13.536Z"}
CODE = "010489921512237121U&U1+<cfOUoZf"


def test_a_card_is_read_flat_and_under_document_infos() -> None:
    flat = answers.document({**CARD, "productGroup": "water"})
    assert flat == answers.document({"documentInfos": {**CARD, "productGroup": "water"}})
    assert flat.status == "SUCCESS" and flat.product_group == "water"


def test_an_unknown_status_is_kept() -> None:
    card = answers.document({**CARD, "status": "ARCHIVED"})
    assert card.status == "ARCHIVED"


@pytest.mark.parametrize("value", [None, "", " ", 7, ["x"], "a b", "ж", "x" * 129, "a\nb"])
def test_an_id_that_cannot_stand_in_a_path_is_no_id(value: object) -> None:
    with pytest.raises(Unreadable):
        answers.document_id({"reportId": value}, "reportId")


def test_an_id_loses_the_blanks_of_the_printed_sample() -> None:
    assert answers.document_id({"documentId": " fd6c7738 "}, "documentId") == "fd6c7738"


@pytest.mark.parametrize(
    "answer", [None, [], "x", 1, {"documentInfos": {}}, {"documentInfos": [1]}, {"documentInfos": [{}]}]
)
def test_a_search_answer_of_another_shape_is_unreadable(answer: object) -> None:
    if answer == []:
        assert answers.documents(answer) == []
        return
    with pytest.raises(Unreadable):
        answers.documents(answer)


def test_outcomes_keep_index_state_and_result() -> None:
    row = {"index": "3", "code": CODE, "state": "warning", "result": "EXTENDED_STATUS_EXISTS"}
    assert answers.code_outcome(row) == (3, CODE, "WARNING", "EXTENDED_STATUS_EXISTS")
    assert answers.code_outcome({"index": 0, "code": CODE, "state": "SUCCESS"}).result is None


@pytest.mark.parametrize("row", [None, {}, {"index": 0}, {"index": True, "code": "x", "state": "ERROR"}])
def test_a_broken_outcome_is_unreadable(row: object) -> None:
    with pytest.raises(Unreadable):
        answers.code_outcome(row)


def test_an_error_row_keeps_its_number_and_tags() -> None:
    row = {
        "propertyName": "CODE",
        "index": 1,
        "errorCode": "invalid-code-status",
        "errorTags": {"status": "INTRODUCED"},
    }
    assert answers.document_error(row) == ("CODE", "invalid-code-status", {"status": "INTRODUCED"}, 1)


def test_a_history_names_the_documents_that_touched_a_code() -> None:
    event = {"eventType": "INTRODUCTION", "eventSourceId": "0f86", "documentType": "UTILISATION", "eventDate": "2025"}
    history = answers.code_history({"codeData": {"code": CODE, "status": "INTRODUCED"}, "codeHistory": [event]})
    assert history.status == "INTRODUCED"
    assert history.events == (("INTRODUCTION", "0f86", "UTILISATION", "2025"),)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ([{"code": "access-denied", "errorId": "1", "service": "s"}], "access-denied"),
        ({"code": "301"}, "301"),
        ({"Code": "301"}, "301"),
        ({"errorCode": 301}, "301"),
        ({"error": "301"}, "301"),
        ({"error": {"code": "301"}}, "301"),
        ({"globalErrors": [{"errorCode": "301"}]}, "301"),
        ({"globalError": {"Code": "301"}}, "301"),
        ({"globalErrors": [], "code": "301"}, "301"),
        ([{"globalErrors": [{"error": "text", "errorCode": "301"}]}], "301"),
    ],
)
def test_the_code_of_an_error_is_found_in_every_shape(answer: object, code: str) -> None:
    assert [note.code for note in error_notes(answer)] == [code]


@pytest.mark.parametrize(
    "answer", [None, 7, "text", [], {}, [[[[[[[]]]]]]], {"error": {"error": {"error": {"error": {}}}}}]
)
def test_no_shape_is_too_odd_to_read(answer: object) -> None:
    assert isinstance(list(error_notes(answer)), list)


def test_an_error_tells_everything_that_people_need() -> None:
    (note,) = error_notes(
        {
            "code": "602",
            "error": "bad",
            "requestBodyJsonPath": "$.sntins[0]",
            "context": {"description": "why", "value": CODE},
        }
    )
    assert note.text == "bad; why; $.sntins[0]"
    assert blame(note) == Blame("602 bad; why; $.sntins[0]", (CODE,), (("sntins", 0),))


def test_codes_are_named_by_value_parameter_and_lists() -> None:
    other = "046400300955377bePLC4"
    (note,) = error_notes({"code": "1x", "context": {"value": [CODE, other], "parameter": CODE + "\x1d93abcd"}})
    pointed = blame(note)
    assert pointed is not None and pointed.values == (CODE, other, CODE + "\x1d93abcd")


@pytest.mark.parametrize(
    "value", ["sntins", "", "2025-01-01T08:45:02Z", "307797292", json.dumps([CODE, CODE]), "0" * 300]
)
def test_what_is_no_code_is_not_named(value: str) -> None:
    (note,) = error_notes({"code": "602", "context": {"value": value}})
    assert blame(note) is None


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("$.sntins[3]", ("sntins", 3)),
        ("sntins[3]", ("sntins", 3)),
        ("$['sntins'][3]", ("sntins", 3)),
        ("/sntins/3", ("sntins", 3)),
        ("sntins: $.sntins[3]", ("sntins", "sntins", 3)),
        ("$.aggregationUnits[0].codes[12]", ("aggregationUnits", 0, "codes", 12)),
        ("$.aggregationUnits[7].unitSerialNumber", ("aggregationUnits", 7, "unitSerialNumber")),
        ("$.codes[2].printQualityClass", ("codes", 2, "printQualityClass")),
        ("$.sntins", ()),
        ("$.productionDate", ()),
        ("", ()),
        ("$.sntins[99999999999999999999]", ()),
        ("[" * 5_000, ()),
    ],
)
def test_a_path_points_into_the_body_however_it_is_written(path: str, place: tuple[str | int, ...]) -> None:
    for fields in ({"requestBodyJsonPath": path}, {"context": {"parameter": path}}):
        (note,) = error_notes({"code": 602, **fields})
        assert note.places == ((place,) if place else ())


@pytest.mark.parametrize("code", [CODE, CODE + "\x1d93abcd", "010489921512237121A[b]c+d", "046400300955377bePLC4"])
@pytest.mark.parametrize(
    "sentence",
    [
        "Недопустимое значение [{}] параметра [sntins]",
        "Недопустимое значение [{}] параметра [$.sntins[3]]",
        "invalid value [{}] of parameter sntins",
        "invalid code [{}]",
    ],
)
def test_a_code_within_a_sentence_is_found_by_its_brackets(sentence: str, code: str) -> None:
    for fields in ({"error": sentence.format(code)}, {"context": {"description": sentence.format(code)}}):
        (note,) = error_notes({"code": 602, **fields})
        assert code in note.quoted
    (note,) = error_notes([sentence.format(code)])
    assert code in note.quoted


def test_a_sentence_of_nothing_but_brackets_is_not_searched() -> None:
    (note,) = error_notes({"code": 602, "error": "[" * 100_000})
    assert note.quoted == ()


@pytest.mark.parametrize(
    ("kind", "body", "page"),
    [
        ("text/html", b"", True),
        ("text/html; charset=utf-8", b'{"reportId": "x"}', True),
        ("application/json", b"<!DOCTYPE html>", True),
        ("", b"\xef\xbb\xbf \r\n<html>", True),
        ("application/json", b'{"a": "<html>"}', False),
        ("text/plain", b"no", False),
        ("", b"", False),
    ],
)
def test_a_page_is_told_by_type_or_by_its_first_character(kind: str, body: bytes, page: bool) -> None:
    assert answers.looks_like_page(kind, body) is page


NOW = datetime(2026, 2, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("Wed, 25 Feb 2026 12:00:30 GMT", 30.0),
        ("Wed, 25 Feb 2026 11:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("9" * 400, bounds.LONGEST_SECONDS),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert answers.retry_after_s(header, NOW) == seconds


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "yesterday",
        "Wed, 99 Feb 2026 12:00:30 GMT",
        "1",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Fri, 01 Jan 99999999999999999999 0:0:0 GMT",
    ],
)
def test_a_broken_date_is_no_date(header: str | None) -> None:
    assert bounds.http_date(header) is None


def test_a_date_is_read_as_utc() -> None:
    assert bounds.http_date("Wed, 25 Feb 2026 17:00:00 +0500") == NOW
