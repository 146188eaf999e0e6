"""The installed program tells people of its alarms: in their language, once (after a restart too), without secrets."""

from __future__ import annotations

from pathlib import Path

from tests.harness.daemon import Line
from tests.integration.notify.inbox import TOKEN, Inbox, until

LEADER = """
[[notify]]
id = "shift-leader"
url_file = "address"
language = "ru"
kinds = ["device", "notify"]
"""
ENGINEER = """
[[notify]]
id = "engineer"
url_file = "other-address"
min_severity = "warning"
kinds = ["device", "notify"]
"""


class NotifyingLine(Line):
    """A line whose one device is not there."""

    def __init__(self, folder: Path, first: Inbox, second: Inbox) -> None:
        super().__init__(folder, ["raw:tcp://127.0.0.1:1"])
        self._first, self._second = first, second

    def configure(self) -> None:
        super().configure()
        (self.folder / "address").write_text(self._first.url)
        (self.folder / "other-address").write_text(self._second.url)
        self.add(LEADER)

    def add(self, text: str) -> None:
        with (self.folder / "lined.toml").open("a") as file:
            file.write(text)

    async def remembers(self, messages: int) -> None:
        """Until the program has on disk that it has sent so many: killed before, it would send one again."""

        async def logged() -> bool:
            return (self.folder / "lined.log").read_text().count("alarm_sent") == messages

        await until(logged, f"{messages} messages were not remembered")

    async def wrong(self) -> dict[str, str]:
        return {one["kind"]: one["text"] for one in (await self.status())["problems"]}


async def test_alarms_reach_people_once_and_an_outage_of_theirs_shows_elsewhere(tmp_path: Path) -> None:
    async with Inbox() as leader, Inbox() as engineer, NotifyingLine(tmp_path, leader, engineer) as line:
        await leader.until(lambda: len(leader.messages) == 1)
        message = leader.messages[0]
        assert message["title"] == "line-1: ТРЕВОГА: Устройство не подключено"
        assert "cam-1" in message["message"] and "127.0.0.1:1" in message["message"]

        await line.remembers(1)
        await line.kill()
        line.add(ENGINEER)
        await line.start()
        await engineer.until(lambda: len(engineer.messages) == 1)  # it stands, and this address did not know
        assert "ALARM" in engineer.messages[0]["title"]
        await line.remembers(2)

        (tmp_path / "address").write_text(f"nosuch://{TOKEN}/")
        await line.kill()
        await line.start()

        async def is_wrong() -> bool:
            return "notify" in await line.wrong()

        await until(is_wrong, "nobody says that alarms cannot be sent")
        await engineer.until(lambda: len(engineer.messages) == 2)  # what is wrong with one address goes to the other
        assert "shift-leader" in engineer.messages[1]["message"]
        assert await line.terminate() == 0
        assert leader.attempts == 1  # the second life knew that the first had told it
        said = (tmp_path / "lined.log").read_text() + str(engineer.messages)
        assert TOKEN not in said
