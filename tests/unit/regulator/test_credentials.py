"""API key and technical user, with a clock of our own and a server that is a list of replies."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

import pytest

from lined.regulator import NewKey
from lined.regulator.answers import error_notes
from lined.regulator.credentials import ApiKey, NoCredential, TechnicalUser, clean_secret
from lined.regulator.reply import Reply
from tests.profiles import PROFILE

LIFE_S = 1800.0


def reply(status: int, value: object = None, *, retry_s: float | None = None) -> Reply:
    notes = tuple(error_notes(value)) if status >= 300 else ()
    codes = frozenset(note.code for note in notes)
    return Reply(status, b"", False, value is not None, value, notes, None, retry_s, len(notes), codes)


class Server:
    """Logs a technical user in: each new token kills the one before."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.password = "secret-1"
        self.token = self.refresh = ""
        self.instead: list[Reply | None] = []
        self.expires: object = LIFE_S * 1000

    async def __call__(self, method: str, fields: dict[str, str]) -> Reply | None:
        self.asked.append((method, fields))
        await asyncio.sleep(0)
        if self.instead:
            return self.instead.pop(0)
        good = fields.get("password") == self.password or fields.get("refreshToken", "-") == self.refresh
        if not good:
            return reply(
                401 if method == "token_refresh" else 400, {"code": "100", "error": "Неверный логин или пароль"}
            )
        self.token, self.refresh = f"token-{len(self.asked)}", f"refresh-{len(self.asked)}"
        return reply(
            200, {"accessToken": self.token, "accessTokenExpiresIn": self.expires, "refreshToken": self.refresh}
        )

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]


class Plant:
    """One technical user at one server."""

    def __init__(self) -> None:
        self.server = Server()
        self.now = 0.0
        self.file = "secret-1\n"
        self.user = self.another()

    def another(self, seed: int = 7) -> TechnicalUser:
        return TechnicalUser(
            "6e8login23",
            lambda: self.file,
            ask=self.server,
            profile=PROFILE,
            clock=lambda: self.now,
            chance=random.Random(seed),
        )


# ------------------------------------------------------------------------------------------------- technical user
async def test_one_login_serves_until_80_percent_of_its_life() -> None:
    plant = Plant()
    first = await plant.user.bearer()
    plant.now = 0.77 * LIFE_S
    assert await plant.user.bearer() == first
    plant.now = 0.83 * LIFE_S
    second = await plant.user.bearer()
    assert second != first and second == plant.server.token
    assert plant.server.methods == ["authenticate", "token_refresh"]


async def test_many_who_ask_at_once_make_one_login() -> None:
    plant = Plant()
    tokens = await asyncio.gather(*(plant.user.bearer() for _ in range(20)))
    assert set(tokens) == {plant.server.token}
    assert plant.server.methods == ["authenticate"]


async def test_the_new_refresh_token_of_each_answer_is_kept() -> None:
    plant = Plant()
    for number in range(1, 5):
        plant.now = number * LIFE_S
        await plant.user.bearer()
    assert plant.server.methods == ["authenticate", *["token_refresh"] * 3]


async def test_a_dead_refresh_token_leads_to_a_new_login() -> None:
    plant = Plant()
    await plant.user.bearer()
    plant.server.refresh = "killed"
    plant.now = LIFE_S
    assert await plant.user.bearer() == plant.server.token
    assert plant.server.methods == ["authenticate", "token_refresh", "authenticate"]


async def test_a_refresh_token_that_was_refused_is_not_tried_again() -> None:
    plant = Plant()
    await plant.user.bearer()
    plant.server.refresh = "killed"
    plant.file = "wrong"
    for _ in range(3):
        plant.now += LIFE_S
        with pytest.raises(NoCredential):
            await plant.user.bearer()
    assert plant.server.methods == ["authenticate", "token_refresh", *["authenticate"] * 3]


async def test_a_refresh_token_is_not_tried_after_its_24_hours() -> None:
    plant = Plant()
    await plant.user.bearer()
    plant.now = 25 * 3600.0
    await plant.user.bearer()
    assert plant.server.methods == ["authenticate", "authenticate"]


async def test_an_outage_of_the_login_does_not_take_a_living_token_away() -> None:
    plant = Plant()
    first = await plant.user.bearer()
    plant.now = 0.9 * LIFE_S
    plant.server.instead = [None]
    assert await plant.user.bearer() == first
    assert plant.user.problem and "does not answer" in plant.user.problem
    plant.now = LIFE_S - 1
    assert await plant.user.bearer() == plant.server.token != first
    assert plant.user.problem is None


@pytest.mark.parametrize("expires", [1_800_000, "1800000", 1_800_000.0])
async def test_the_life_of_a_token_may_be_a_number_or_a_string(expires: object) -> None:
    plant = Plant()
    plant.server.expires = expires
    await plant.user.bearer()
    plant.now = 0.77 * LIFE_S
    await plant.user.bearer()
    assert plant.server.methods == ["authenticate"]
    plant.now = 0.83 * LIFE_S
    await plant.user.bearer()
    assert len(plant.server.asked) == 2


@pytest.mark.parametrize("expires", [None, 0, -1, float("inf"), "soon", {"a": 1}, 10**400])
async def test_a_life_that_is_not_told_is_the_texts_30_minutes(expires: object) -> None:
    plant = Plant()
    plant.server.expires = expires
    await plant.user.bearer()
    plant.now = 0.77 * LIFE_S
    await plant.user.bearer()
    assert len(plant.server.asked) == 1


async def test_a_wrong_password_is_said_clearly_and_not_hammered() -> None:
    plant = Plant()
    plant.file = "expired"
    for _ in range(50):
        with pytest.raises(NoCredential, match="login or password refused; a password lasts 90 days") as caught:
            await plant.user.bearer()
        assert caught.value.wait_s > 0
        assert "expired" not in str(caught.value)
        plant.now += 1.0
    assert len(plant.server.asked) <= 2


async def test_a_new_password_in_the_file_is_tried_at_once() -> None:
    plant = Plant()
    plant.file = "expired"
    with pytest.raises(NoCredential):
        await plant.user.bearer()
    plant.file = "secret-1"
    assert await plant.user.bearer() == plant.server.token
    assert plant.user.problem is None


async def test_a_retry_after_of_the_login_is_a_floor() -> None:
    plant = Plant()
    plant.server.instead = [reply(429, retry_s=500.0)]
    with pytest.raises(NoCredential) as caught:
        await plant.user.bearer()
    assert caught.value.wait_s >= 500.0
    plant.now = 499.0
    with pytest.raises(NoCredential):
        await plant.user.bearer()
    assert len(plant.server.asked) == 1
    plant.now = 501.0
    await plant.user.bearer()


@pytest.mark.parametrize(
    "odd",
    [
        reply(200, {}),
        reply(200, []),
        reply(200),
        reply(200, {"accessToken": "a b"}),
        reply(200, {"accessToken": 5}),
        reply(503, {"code": "1"}),
        reply(400, {"code": "1"}),
    ],
)
async def test_an_odd_answer_is_no_token_and_no_refusal(odd: Reply) -> None:
    plant = Plant()
    plant.server.instead = [odd]
    with pytest.raises(NoCredential) as caught:
        await plant.user.bearer()
    assert "refused" not in str(caught.value)
    plant.now += 10.0
    assert await plant.user.bearer() == plant.server.token


async def test_after_a_401_there_is_a_fresh_token() -> None:
    plant = Plant()
    stale = await plant.user.bearer()
    assert await plant.user.renew_after(stale)
    assert await plant.user.bearer() != stale


async def test_a_401_of_a_token_that_others_have_replaced_costs_no_login() -> None:
    plant = Plant()
    stale = await plant.user.bearer()
    assert await plant.user.renew_after(stale)
    asked = len(plant.server.asked)
    assert all(await asyncio.gather(*(plant.user.renew_after(stale) for _ in range(5))))
    assert len(plant.server.asked) == asked


async def test_another_pc_on_our_user_is_named_and_not_fought() -> None:
    plant = Plant()
    ours, theirs = plant.user, plant.another()
    fights = 0
    for _ in range(120):  # both ask every half a minute: an hour
        for user in (ours, theirs):
            with contextlib.suppress(NoCredential):
                token = await user.bearer()
                if token != plant.server.token:
                    fights += await user.renew_after(token)
        plant.now += 30.0
    assert ours.problem and "somebody else logs in as technical user 6e8login23" in ours.problem
    assert "every line needs a technical user of its own" in ours.problem
    assert fights < 60


async def test_peace_clears_the_alarm() -> None:
    plant = Plant()
    for _ in range(3):
        token = await plant.user.bearer()
        await plant.user.renew_after(token)
    assert plant.user.problem and "somebody else" in plant.user.problem
    for _ in range(8):
        plant.now += LIFE_S
        await plant.user.bearer()
    assert plant.user.problem is None


async def test_a_password_file_that_is_gone_is_a_problem_and_no_crash() -> None:
    plant = Plant()

    def gone() -> str:
        raise FileNotFoundError(2, "No such file", "/etc/lined/password")

    user = TechnicalUser("x", gone, ask=plant.server, profile=PROFILE, clock=lambda: plant.now, chance=random.Random(1))
    with pytest.raises(NoCredential, match="password cannot be read"):
        await user.bearer()
    assert plant.server.asked == []


async def test_after_an_outage_lines_do_not_log_in_in_the_same_moment() -> None:
    plant = Plant()
    waits = set()
    for seed in range(10):
        user = plant.another(seed)
        plant.server.instead = [None]
        with pytest.raises(NoCredential):
            await user.bearer()
        waits.add(user._next_try)
    assert len(waits) > 5


# -------------------------------------------------------------------------------------------------------- API key
class KeyFile:
    def __init__(self) -> None:
        self.now = 0.0
        self.text = "key-old-1\n"
        self.saved: list[NewKey] = []
        self.fails: list[OSError] = []
        self.key = ApiKey(self.read, clock=lambda: self.now, on_new_secret=self.save)

    def read(self) -> str:
        return self.text

    async def save(self, new: NewKey) -> None:
        await asyncio.sleep(0)
        if self.fails:
            raise self.fails.pop(0)
        self.saved.append(new)


def _brings(key: str, seen: list[str] | None = None) -> Callable[[str], Awaitable[NewKey]]:
    async def ask(old: str) -> NewKey:
        if seen is not None:
            seen.append(old)
        return NewKey(key, "id-2", None, "")

    return ask


async def test_a_key_put_in_the_file_is_used_within_a_minute() -> None:
    file = KeyFile()
    assert await file.key.bearer() == "key-old-1"
    file.text = "key-new-2"
    file.now = 61.0
    assert await file.key.bearer() == "key-new-2"


async def test_a_401_reads_the_file_at_once() -> None:
    file = KeyFile()
    await file.key.bearer()
    file.text = "key-new-2"
    assert await file.key.renew_after("key-old-1")
    assert await file.key.bearer() == "key-new-2"


async def test_a_refused_key_is_said_and_forgotten_when_it_works() -> None:
    file = KeyFile()
    await file.key.bearer()
    assert not await file.key.renew_after("key-old-1")
    assert file.key.problem and "refuses the API key" in file.key.problem and "key-old-1" not in file.key.problem
    file.key.accepted("key-old-1")
    assert file.key.problem is None


async def test_a_file_that_cannot_be_read_leaves_the_key_we_know() -> None:
    file = KeyFile()
    await file.key.bearer()
    file.now, file.text = 100.0, "  \n"
    assert await file.key.bearer() == "key-old-1"
    assert file.key.problem and "empty" in file.key.problem


async def test_without_a_readable_key_nothing_is_asked() -> None:
    file = KeyFile()
    file.text = "two words"
    with pytest.raises(NoCredential, match="characters that no key has"):
        await file.key.bearer()


async def test_a_new_key_is_stored_before_anybody_gets_it() -> None:
    file = KeyFile()
    order: list[str] = []

    async def save(new: NewKey) -> None:
        order.append("storing")
        await asyncio.sleep(0.01)
        order.append("stored")

    file.key = ApiKey(file.read, clock=lambda: file.now, on_new_secret=save)

    async def use() -> None:
        await asyncio.sleep(0.001)
        order.append(await file.key.bearer())

    await asyncio.gather(file.key.refresh(_brings("key-new-2")), use())
    assert order == ["storing", "stored", "key-new-2"]


async def test_the_old_key_in_the_file_does_not_come_back_after_a_refresh() -> None:
    file = KeyFile()
    await file.key.refresh(_brings("key-new-2"))
    file.now = 1000.0
    assert await file.key.bearer() == "key-new-2"
    assert not await file.key.renew_after("key-new-2")
    file.text = "key-by-hand-3"
    file.now = 2000.0
    assert await file.key.bearer() == "key-by-hand-3"


async def test_a_new_key_that_could_not_be_stored_is_stored_before_its_first_use() -> None:
    file = KeyFile()
    file.fails = [OSError(28, "No space left"), OSError(28, "No space left")]
    with pytest.raises(NoCredential, match="cannot be stored"):
        await file.key.refresh(_brings("key-new-2"))
    with pytest.raises(NoCredential, match="do not stop lined"):
        await file.key.bearer()
    assert await file.key.bearer() == "key-new-2"
    assert [new.api_key for new in file.saved] == ["key-new-2"]
    assert file.key.problem is None


async def test_without_a_place_for_the_new_key_none_is_asked_for() -> None:
    seen: list[str] = []
    key = ApiKey(lambda: "key-old-1", clock=lambda: 0.0)
    with pytest.raises(NoCredential, match="nothing was asked"):
        await key.refresh(_brings("x", seen))
    assert seen == []


def test_a_new_key_does_not_show_itself() -> None:
    assert "key-new-2" not in repr(NewKey("key-new-2", "id", None, ""))


@pytest.mark.parametrize("text", ["", " \n", "a b", "ключ", "a\x00b", "x" * 5000])
def test_what_cannot_be_a_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        clean_secret(text)
    assert not text.strip() or text.strip() not in str(caught.value)


def test_a_password_keeps_its_blanks() -> None:
    assert clean_secret(" pass word \r\n", inner_space=True) == " pass word "
