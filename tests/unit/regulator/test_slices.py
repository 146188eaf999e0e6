"""Sliced reading gives what json.loads gives, and refuses what it refuses."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lined.regulator import slices
from lined.regulator.answers import Unreadable
from lined.regulator.slices import in_slices, read_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=60,
)


@pytest.fixture(autouse=True)
def _everything_is_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SMALL", 0)
    monkeypatch.setattr(slices, "SLICE_S", 0.0)


@pytest.mark.parametrize("element", [1, 8, 2048])
async def test_brackets_inside_strings_close_nothing(monkeypatch: pytest.MonkeyPatch, element: int) -> None:
    monkeypatch.setattr(slices, "ELEMENT", element)
    value = {"a]": ["]", "}{", '"]', "\\", {"x": "}"}, []], "": {}, "b": [[], [{}], {"c": [1, [2]]}]}
    for indent in (None, 2):
        assert await read_json(json.dumps(value, indent=indent).encode()) == value


@settings(max_examples=200, deadline=None)
@given(value=JSON, indent=st.sampled_from([None, 0, 3]), element=st.sampled_from([1, 6, 20, 2048]))
async def test_any_json_is_read_as_json_loads_reads_it(value: object, indent: int | None, element: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "ELEMENT", element)
        patch.setattr(slices, "SMALL", 0)
        assert await read_json(json.dumps(value, indent=indent).encode()) == value


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet='[]{}",:1a\\ tn-.', max_size=40))
async def test_what_json_loads_refuses_is_unreadable(text: str) -> None:
    try:
        expected: object = json.loads(text, parse_constant=slices._no_constant)
    except ValueError:
        expected = Unreadable
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "ELEMENT", 4)
        patch.setattr(slices, "SMALL", 0)
        if expected is Unreadable:
            with pytest.raises(Unreadable):
                await read_json(text.encode())
        else:
            assert await read_json(text.encode()) == expected


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"\xff", b"[1,]", b'{"a":1,}', b"[1] x", b"[", b'["a', b"NaN", b'{"a": Infinity}'),
        *(b"[" * 100_000, b'{"a":' * 5000, b"1" * 5000, b"[" * 1500 + b"]" * 1500),
    ],
)
@pytest.mark.parametrize("small", [0, 32 * 1024])
async def test_bytes_that_are_no_json_are_unreadable(monkeypatch: pytest.MonkeyPatch, body: bytes, small: int) -> None:
    monkeypatch.setattr(slices, "SMALL", small)
    with pytest.raises(Unreadable):
        await read_json(body)


async def test_a_byte_order_mark_is_no_part_of_the_answer() -> None:
    assert await read_json(b"\xef\xbb\xbf[1]") == [1]


async def test_rows_are_converted_in_their_order() -> None:
    assert await in_slices(str, range(1000)) == [str(number) for number in range(1000)]


@pytest.mark.parametrize(
    "text",
    [
        "[" + "{}," * slices.MOST_CONTAINERS + "{}]",
        "[" + "[[1]]," * slices.MOST_CONTAINERS + "1]",
        "[" + "1," * (slices.MOST_VALUES + 1) + "1]",
        "[" + "[1,2,3,4,5,6,7,8,9]," * (slices.MOST_VALUES // 8) + "1]",
    ],
    ids=["objects", "lists", "numbers", "flat lists"],
)
async def test_what_has_more_in_it_than_any_answer_is_given_up_early(text: str) -> None:
    with pytest.raises(Unreadable, match="more of it than any answer has"):
        await read_json(text.encode())


@pytest.mark.parametrize("piece", [1, 2, 3, 1000])
async def test_text_is_decoded_in_pieces_wherever_they_are_cut(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(slices, "PIECE", piece)
    value = {"код": "ы€😀", "b": ["\ufeff", "ü"]}
    for head in ("", "\ufeff"):
        assert await read_json((head + json.dumps(value, ensure_ascii=False)).encode()) == value
    for broken in (b'{"a": "\xd1"}', b'["\xff"]', b'"\xd1'):
        with pytest.raises(Unreadable):
            await read_json(broken)
