"""Credentials over real sockets: a technical user's log-in, stale tokens, the API key's check and replacement."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from lined.regulator import Account, NewKey, Regulator
from lined.vocabulary.errors import Denied, JournalFull, NotSent, OutcomeUnknown, Refused, Unavailable
from tests.harness.raw_server import Behaviour, Peer, RawServer, Seen, answer, says
from tests.integration.regulator.conftest import KEY

MakeAccount = Callable[..., Account]
DEAD = [
    {"code": "access-denied", "errorId": "1", "service": "s", "context": {"description": "Provided token isn't active"}}
]
CARD = {"documentId": "0e33", "type": "UTILISATION", "status": "SUCCESS", "createDate": "x"}
PASSWORD = "correct horse"


class Office:
    """The regulator's side: logs in a technical user, knows one living token, answers documents and reports."""

    def __init__(self) -> None:
        self.token = self.refresh = "none"
        self.logins: list[str] = []
        self.dead_status = 401

    async def __call__(self, peer: Peer) -> None:
        while True:
            seen = await peer.request()
            await peer.send(self.answer(seen))

    def answer(self, seen: Seen) -> bytes:
        if seen.path == "/api/users/authenticate":
            assert seen.headers["content-type"] == "application/json;charset=UTF-8"
            assert "authorization" not in seen.headers
            fields = json.loads(seen.body)
            return self._grant("login", fields == {"login": "6e8login23", "password": PASSWORD})
        if seen.path == "/api/users/tokens/refresh":
            assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
            assert "authorization" not in seen.headers
            return self._grant("refresh", parse_qs(seen.body.decode()) == {"refreshToken": [self.refresh]})
        if seen.bearer != self.token:
            return answer(self.dead_status, DEAD)
        return answer(200, {"reportId": "0e53"} if seen.verb == "POST" else CARD)

    def _grant(self, what: str, good: bool) -> bytes:
        self.logins.append(what)
        if not good:
            return answer(400, {"code": "100", "error": "Неверный логин или пароль"})
        self.token, self.refresh = f"access/{len(self.logins)}", f"refresh+{len(self.logins)}="
        life = {"accessTokenExpiresIn": "1800000", "accessTokenType": "BEARER"}
        return answer(200, {"accessToken": self.token, "refreshToken": self.refresh, **life})


@asynccontextmanager
async def technical(account: MakeAccount, *first: Behaviour) -> AsyncIterator[tuple[Regulator, RawServer, Office]]:
    office = Office()
    async with RawServer(*first, office) as server:
        made = account(server.url, login="6e8login23", password=lambda: PASSWORD)
        async with Regulator(made) as regulator:
            regulator._permits = 100
            regulator._requester.budget.limited._level = 9.0  # not to wait for what the start leaves empty
            yield regulator, server, office


async def test_a_technical_user_logs_in_once_for_all_that_ask(account: MakeAccount) -> None:
    async with technical(account) as (regulator, server, office):
        await asyncio.gather(*(regulator.document("0e33") for _ in range(5)))
        assert office.logins == ["login"]
        assert {seen.bearer for seen in server.seen if seen.verb == "GET"} == {office.token}
        assert regulator.credential_expires_at is None


@pytest.mark.parametrize("status", [401, 403])
async def test_a_stale_token_is_replaced_and_the_request_sent_once_more(account: MakeAccount, status: int) -> None:
    async with technical(account) as (regulator, server, office):
        await regulator.document("0e33")
        office.token, office.dead_status = "killed", status
        receipt = await regulator.submit("utilisation", b"{}", product_group="water")
        assert receipt.document_id == "0e53"
        assert office.logins == ["login", "refresh"]
        assert [seen.path for seen in server.seen if seen.verb == "POST"].count("/api/utilisation") == 2


async def test_after_one_more_try_it_is_given_back(account: MakeAccount) -> None:
    """The office forgets every token as soon as it gave it."""
    async with technical(account) as (regulator, server, office):
        grant = office._grant

        def forget(what: str, good: bool) -> bytes:
            granted = grant(what, good)
            office.token = "killed"
            return granted

        office._grant = forget  # type: ignore[method-assign]
        with pytest.raises(NotSent) as caught:
            await regulator.submit("utilisation", b"{}", product_group="water")
        assert caught.value.credential
        assert [seen.path for seen in server.seen].count("/api/utilisation") == 2


async def test_a_wrong_password_is_not_sent_and_says_so(account: MakeAccount) -> None:
    office = Office()
    async with RawServer(office) as server:
        made = account(server.url, login="6e8login23", password=lambda: "wrong horse")
        async with Regulator(made) as regulator:
            regulator._requester.budget.limited._level = 9.0
            for _ in range(3):
                with pytest.raises(NotSent) as caught:
                    await regulator.wait_for_permit("utilisation")
                assert caught.value.credential and caught.value.retry_after_s is not None
                assert "wrong horse" not in str(regulator.last_problem) + str(caught.value)
                with pytest.raises(Denied):
                    await regulator.document("0e33")
        assert "login or password refused" in str(regulator.last_problem)
        assert office.logins == ["login"]


async def _hang(peer: Peer) -> None:
    await peer.request()
    await peer.hang()


@pytest.mark.parametrize("outage", [_hang, says(answer(200, "<html>")), says(answer(503, {"code": "1"}))])
async def test_an_outage_at_log_in_is_not_sent_and_backs_off(account: MakeAccount, outage: Behaviour) -> None:
    async with technical(account, outage) as (regulator, server, office):
        with pytest.raises(NotSent) as caught:
            await regulator.wait_for_permit("utilisation")
        assert caught.value.credential and "does not answer" in str(caught.value)
        with pytest.raises(NotSent):
            await regulator.submit("utilisation", b"{}", product_group="water")
        assert len(server.seen) == 1 and office.logins == []


async def test_check_credential_logs_a_technical_user_in(account: MakeAccount) -> None:
    async with technical(account) as (regulator, _, office):
        await regulator.check_credential()
        assert office.logins == ["login"]
        assert regulator.reachable


# -------------------------------------------------------------------------------------------------------- API key
def unchecked(regulator: Regulator) -> bool:
    return regulator.credential_unchecked


@pytest.mark.parametrize("right", [True, False])
async def test_the_key_is_checked_and_its_end_known(account: MakeAccount, right: bool) -> None:
    row = {"isTinCorrect": right, **({"expiresOn": "2026-11-15T23:59:59Z"} if right else {})}
    async with RawServer(says(answer(200, row))) as server, Regulator(account(server.url)) as regulator:
        await regulator.check_credential()
        await regulator.check_credential()  # too soon after the first: 100 a day are allowed
        (seen,) = server.seen
        assert (seen.verb, seen.target) == ("GET", "/public/api/v1/party/parties/307797292/api-keys/check")
        assert seen.bearer == KEY
        if right:
            assert regulator.credential_expires_at == datetime(2026, 11, 15, 23, 59, 59, tzinfo=UTC)
            assert regulator.last_problem is None
        else:
            assert regulator.last_problem == "the API key does not belong to TIN 307797292"


async def test_another_key_in_the_file_is_checked_at_once(account: MakeAccount, tmp_path: Path) -> None:
    """What was known of the old one is not known of it, and the 15 minutes between two looks are not waited for."""
    file = tmp_path / "api-key"
    file.write_text("key-old-1\n")
    ends = {"key-old-1": "2026-11-15T23:59:59Z", "key-new-2": "2027-02-01T00:00:00Z"}

    async def office(peer: Peer) -> None:
        while True:
            seen = await peer.request()
            await peer.send(answer(200, {"isTinCorrect": True, "expiresOn": ends[seen.bearer]}))

    async with RawServer(office) as server, Regulator(account(server.url, api_key=file.read_text)) as regulator:
        await regulator.check_credential()
        assert not unchecked(regulator)
        file.write_text("key-new-2\n")
        regulator._requester.key._read_at = None  # type: ignore[union-attr]  # a minute later
        await regulator.wait_for_permit("utilisation")
        assert unchecked(regulator)
        assert regulator.credential_expires_at is None
        await regulator.check_credential()
        assert not unchecked(regulator)
        assert regulator.credential_expires_at == datetime(2027, 2, 1, tzinfo=UTC)
        assert [seen.bearer for seen in server.seen] == ["key-old-1", "key-new-2"]


async def test_a_check_that_failed_is_made_up_for(account: MakeAccount) -> None:
    row = {"isTinCorrect": True, "expiresOn": "2026-11-15T23:59:59Z"}
    now = [1000.0]
    office = says(answer(503), answer(200, row))
    async with RawServer(office) as server, Regulator(account(server.url), clock=lambda: now[0]) as regulator:
        await regulator.check_credential()
        assert not unchecked(regulator)  # not before its time
        now[0] += 901.0
        assert unchecked(regulator)
        await regulator.check_credential()
        assert not unchecked(regulator)
        assert regulator.credential_expires_at is not None
        now[0] += 901.0
        assert not unchecked(regulator)


async def test_nothing_is_sent_with_a_key_of_somebody_else(account: MakeAccount) -> None:
    """All its codes would be refused as not owned, for good."""
    async with (
        RawServer(says(answer(200, {"isTinCorrect": False}))) as server,
        Regulator(account(server.url)) as regulator,
    ):
        await regulator.check_credential()
        with pytest.raises(NotSent, match="307797292") as caught:
            await regulator.wait_for_permit("utilisation")
        assert caught.value.credential
        with pytest.raises(NotSent, match="307797292"):
            await regulator.submit("utilisation", b"{}", product_group="water")
        assert len(server.seen) == 1


@pytest.mark.parametrize("said", [answer(500), answer(403, {}), answer(200, "<html>"), answer(200, []), answer(404)])
async def test_a_check_that_fails_raises_nothing(account: MakeAccount, said: bytes) -> None:
    async with RawServer(says(said)) as server, Regulator(account(server.url)) as regulator:
        await regulator.check_credential()
        assert regulator.credential_expires_at is None


async def test_a_key_changed_in_its_file_is_used_after_a_401(account: MakeAccount, tmp_path: Path) -> None:
    file = tmp_path / "api-key"
    file.write_text("key-old-1\n")

    async def office(peer: Peer) -> None:
        while True:
            seen = await peer.request()
            await peer.send(answer(200, CARD) if seen.bearer == "key-new-2" else answer(401, {}))

    async with RawServer(office) as server, Regulator(account(server.url, api_key=file.read_text)) as regulator:
        with pytest.raises(Denied):
            await regulator.document("0e33")
        assert "refuses the API key" in str(regulator.last_problem)
        file.write_text("key-new-2\n")
        assert await regulator.document("0e33") is not None
        assert regulator.last_problem is None
        assert [seen.bearer for seen in server.seen] == ["key-old-1", "key-old-1", "key-new-2"]


class KeyOffice:
    """Refreshes keys: after that the old one is dead."""

    def __init__(self) -> None:
        self.key = KEY
        self.said: bytes | None = None

    async def __call__(self, peer: Peer) -> None:
        while True:
            seen = await peer.request()
            if seen.bearer != self.key:
                await peer.send(answer(401, DEAD))
            elif seen.verb == "POST":
                await peer.send(self.said or self._refresh(seen))
            else:
                await peer.send(answer(200, CARD))

    def _refresh(self, seen: Seen) -> bytes:
        assert seen.path == "/public/api/v1/party/parties/307797292/api-keys/refresh"
        assert json.loads(seen.body) in ({"apiKey": self.key}, {"id": "key-id"})
        self.key = "0bb92de8-16b5-450d-842c-0b7a46d98c3c"
        expires = "2026-11-30T15:51:28.071Z"
        return answer(200, {"apiKey": self.key, "id": " fd6c7738 ", "expiresOn": expires, "label": "string"})


@asynccontextmanager
async def business(
    account: MakeAccount, store: Callable[[NewKey], object]
) -> AsyncIterator[tuple[Regulator, KeyOffice]]:
    async def on_new_secret(new: NewKey) -> None:
        await asyncio.sleep(0.05)
        store(new)

    office = KeyOffice()
    async with (
        RawServer(office) as server,
        Regulator(account(server.url), on_new_secret=on_new_secret) as regulator,
    ):
        yield regulator, office


@pytest.mark.parametrize("key_id", [None, "key-id"])
async def test_a_new_key_is_on_disk_before_it_is_used(account: MakeAccount, tmp_path: Path, key_id: str | None) -> None:
    file = tmp_path / "new-key"
    async with business(account, lambda new: file.write_text(new.api_key)) as (regulator, office):
        refreshing = asyncio.create_task(regulator.refresh_api_key(key_id=key_id))
        while office.key == KEY:
            await asyncio.sleep(0.001)
        assert not file.exists()
        assert await regulator.document("0e33") is not None  # waited for the file, and uses the new key
        assert file.read_text() == office.key
        new = await refreshing
        assert (new.api_key, new.id, new.label) == (office.key, "fd6c7738", "string")
        assert regulator.credential_expires_at == new.expires_on
        assert new.api_key not in repr(new)


async def test_a_full_disk_stops_the_new_key_from_being_used_not_from_being_known(account: MakeAccount) -> None:
    stored: list[NewKey] = []
    full = [JournalFull("no room"), OSError(28, "no room")]

    def store(new: NewKey) -> None:
        if full:
            raise full.pop(0)
        stored.append(new)

    async with business(account, store) as (regulator, office):
        with pytest.raises(NotSent, match="cannot be stored"):
            await regulator.refresh_api_key()
        assert "do not stop lined" in str(regulator.last_problem)
        with pytest.raises(Denied):
            await regulator.document("0e33")
        assert await regulator.document("0e33") is not None
        assert [new.api_key for new in stored] == [office.key]


@pytest.mark.parametrize(
    ("said", "raised"),
    [
        (answer(401, {}), NotSent),
        (answer(429, {}), NotSent),
        (answer(403, {"code": "201"}), Refused),
        (answer(400, {"code": "602"}), Refused),
        (answer(500, {}), OutcomeUnknown),
        (answer(200, "<html>"), OutcomeUnknown),
        (answer(200, {"id": "x"}), OutcomeUnknown),
        (answer(200, {"apiKey": "new key"}), OutcomeUnknown),
        (answer(200, {"apiKey": "0bb92de8-16b5"}, length=500, Connection="close"), OutcomeUnknown),
    ],
)
async def test_a_refresh_without_a_new_key_says_what_may_have_happened(
    account: MakeAccount, said: bytes, raised: type[Exception]
) -> None:
    stored: list[NewKey] = []
    async with business(account, stored.append) as (regulator, office):
        office.said = said
        with pytest.raises(raised) as caught:
            await regulator.refresh_api_key()
        assert stored == []
        assert "0bb92de8-16b5" not in repr(caught.value) + getattr(caught.value, "evidence", "")
        assert await regulator.document("0e33") is not None  # the old one is still what we have


async def test_a_technical_user_has_no_key_to_refresh(account: MakeAccount) -> None:
    async with technical(account) as (regulator, server, _):
        with pytest.raises(NotSent):
            await regulator.refresh_api_key()
        assert server.seen == []


async def test_without_a_place_to_store_it_no_key_is_refreshed(account: MakeAccount) -> None:
    async with RawServer(KeyOffice()) as server, Regulator(account(server.url)) as regulator:
        with pytest.raises(NotSent, match="nothing was asked"):
            await regulator.refresh_api_key()
        assert server.seen == []


async def test_no_read_waits_for_ever_behind_a_log_in(account: MakeAccount) -> None:
    async with technical(account, _hang, _hang) as (regulator, _, _office):
        async with asyncio.timeout(60):
            with pytest.raises((Denied, Unavailable)):
                await regulator.document("0e33")


# --------------------------------------------------------------------------------------------------------- budget
async def test_every_limited_request_takes_its_turn_and_no_other(account: MakeAccount) -> None:
    """Log-in, submissions, the repeat with a fresh token, searches: as many as the server sees. Documents do not."""
    now = [1000.0]

    async def sleep(seconds: float) -> None:
        now[0] += max(seconds, 1e-6)  # a float of this size does not feel less

    office = Office()
    async with RawServer(office) as server:
        made = account(server.url, login="6e8login23", password=lambda: PASSWORD)
        async with Regulator(made, clock=lambda: now[0], sleep=sleep) as regulator:
            for number in range(4):
                if number == 2:
                    office.token = "somebody else's"
                await regulator.wait_for_permit("utilisation")
                await regulator.submit("utilisation", b"{}", product_group="water")
            await regulator.document("0e33")
            with pytest.raises(Unavailable):
                await regulator.search(type=None, since=datetime.now(UTC), cursor=None)
            bucket = regulator._requester.budget.limited
            taken = (now[0] - 1000.0) * bucket._rate - bucket.state().available
            limited = [seen for seen in server.seen if seen.verb == "POST" or seen.path.endswith("/search")]
            assert len(limited) == 4 + 1 + 2 + 1  # submissions, a repeat, two tokens, a search
            assert taken == pytest.approx(len(limited), abs=0.02)
