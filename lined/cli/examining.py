"""The examinations of `lined doctor`: each looks at one thing, within a bound, and says what it found."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from lined.cli.daemon import address_of, ask
from lined.cli.finding import Finding
from lined.cli.scanners import scanners
from lined.config import Config, load
from lined.devices.urls import ListenUrl, SerialUrl, TcpUrl, parse_url
from lined.journal.care import backup
from lined.vocabulary.errors import LinedError, SettingsError

CONNECT_S: Final = 5.0
PROGRAM_S: Final = 10.0
SYNCS: Final = 60
SYNC_BYTES: Final = 16_384  # what the commit of a read writes, about
GOOD_SYNC_MS, SLOW_SYNC_MS = 10.0, 50.0
BACKUP_H: Final = 26.0  # one a day, and some patience
FAR: Final = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "davfs"}
"""File systems behind a network: a sync there is a promise of somebody else's."""
IN_THE_WAY: Final = {
    "ModemManager": "sudo systemctl disable --now ModemManager",
    "brltty": "sudo systemctl disable --now brltty",
}
"""Programs that take serial readers for modems and braille displays; what ends them."""


def everything(path: Path) -> Iterator[Finding]:
    """All there is to look at, as it is found. Never raises: what fails is a finding."""
    try:
        config = load(path, secrets=False)
    except SettingsError as error:
        for problem in error.problems:
            yield Finding("bad", "configuration", f"{problem.path}: {problem.message}", f"Put it right in {path}.")
        return
    yield from _guarded("configuration", lambda: _configuration(path, config))
    document: dict[str, Any] | None = None
    with contextlib.suppress(LinedError):
        document = ask(config, "/status")
    for what, look in (
        ("service", lambda: _service(config, document)),
        ("disk", lambda: _disk(config)),
        ("clock", lambda: _clock(document)),
        ("devices", lambda: _devices(config, document)),
        ("devices", lambda: scanners(config) if document is not None else iter(())),
        ("serial ports", lambda: _serial_ports(config)),
        ("broker", lambda: _broker(config, document)),
        ("regulator", lambda: _regulator(config, document)),
        ("backup", lambda: _backup(config)),
    ):
        yield from _guarded(what, look)


def _guarded(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except (LinedError, OSError, ValueError, subprocess.SubprocessError) as error:
        yield Finding("note", what, f"could not be looked at: {error}")


# ── what lined itself has ───────────────────────────────────────────────────────────────────────────────────────────


def _configuration(path: Path, config: Config) -> Iterator[Finding]:
    try:
        load(path)
    except SettingsError as error:
        for problem in error.problems:
            yield Finding(
                "warning", "secrets", f"{problem.path}: {problem.message}", "Run this as the user of the service."
            )
    for warning in config.warnings:
        yield Finding("warning", "configuration", f"{warning.path}: {warning.message}", f"Look at {path}.")
    yield Finding("ok", "configuration", f"{path} is right")


def _service(config: Config, document: dict[str, Any] | None) -> Iterator[Finding]:
    to = address_of(config)
    if document is None:
        if not _refused(to.host, to.port or 1):
            yield Finding(
                "bad",
                "service",
                f"something else answers at {to}, or lined hangs there",
                "See what holds the port: sudo ss -ltnp. Give status.listen another one, or restart the service.",
            )
            return
        yield Finding(
            "warning",
            "service",
            "lined does not run here",
            f"sudo systemctl start lined@{config.line.id}, or lined run.",
        )
        return
    yield Finding("ok" if document["state"] == "running" else "warning", "service", f"runs: {document['state']}")
    for problem in document["problems"]:
        yield Finding(
            "warning", f"alarm {problem['kind']}", f"{problem['where']}: {problem['text']}", "The page says what to do."
        )


def _disk(config: Config) -> Iterator[Finding]:
    folder = config.journal.path.resolve().parent
    if not folder.is_dir():
        yield Finding("warning", "disk", f"{folder} is not there yet", "Make it, owned by the user of the service.")
        return
    kind = _file_system(folder)
    if kind in FAR:
        yield Finding(
            "bad", "disk", f"the journal lies on {kind}, behind a network", "Put it on a disk of this computer."
        )
    free, floor = shutil.disk_usage(folder).free, config.journal.floor_bytes
    says = f"{free / 1e9:.1f} GB free; intake stops below {floor / 1e9:.1f}"
    if free < 2 * floor:
        yield Finding(
            "bad" if free < floor else "warning", "disk", says, "Free space: old backups, other programs' files."
        )
    else:
        yield Finding("ok", "disk", says)
    yield _syncs(folder)


def _syncs(folder: Path) -> Finding:
    """How long the disk takes to keep what an accept waits for."""
    path = folder / f".lined-doctor-{os.getpid()}"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except PermissionError:
        return Finding("note", "disk", f"{folder} is another user's: its syncs were not measured", "Run as that user.")
    try:
        waits = []
        for _ in range(SYNCS):
            began = time.perf_counter()
            os.pwrite(descriptor, b"\0" * SYNC_BYTES, 0)
            os.fdatasync(descriptor)
            waits.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    slow = sorted(waits)[int(SYNCS * 0.95)]
    says = f"a sync takes {sorted(waits)[SYNCS // 2]:.1f} ms, one in twenty {slow:.1f}: each accept waits for one"
    if slow > SLOW_SYNC_MS:
        return Finding("bad", "disk", says, "Too slow for a line: an SSD, and nothing else that writes much.")
    if slow > GOOD_SYNC_MS:
        return Finding("warning", "disk", says, "A faster disk, or less that writes to this one.")
    if slow < 0.02:
        return Finding("warning", "disk", says, "Faster than any disk: is it one that only says it has synced?")
    return Finding("ok", "disk", says)


def _file_system(folder: Path) -> str:
    """The kind of the file system, of the mount that is nearest above."""
    best, kind = "", "?"
    for line in Path("/proc/mounts").read_text("utf-8", "replace").splitlines():
        _, mount, found, *_ = line.split(" ")
        inside = mount == "/" or str(folder) == mount or str(folder).startswith(f"{mount}/")
        if inside and len(mount) >= len(best):
            best, kind = mount, found
    return kind


def _backup(config: Config) -> Iterator[Finding]:
    journal = config.journal.path.resolve()
    folder = config.journal.backup_folder or journal.parent
    found = backup.newest(journal, folder)
    do = "lined backup makes one now."
    if found is None:
        yield Finding("warning", "backup", f"there is none in {folder}", do)
        return
    hours = (time.time() * 1000 - backup.moment_of(found)) / 3_600_000
    says = f"the newest is {hours:.1f} hours old: {found}"
    yield Finding("warning", "backup", says, do) if hours > BACKUP_H else Finding("ok", "backup", says)
    if folder.stat().st_dev == journal.parent.stat().st_dev:
        yield Finding("note", "backup", "it lies on the journal's own disk", "Give journal.backup_folder another one.")


# ── what is around it ───────────────────────────────────────────────────────────────────────────────────────────────


def _clock(document: dict[str, Any] | None) -> Iterator[Finding]:
    skew = document["regulator"]["clock_skew_s"] if document is not None else None
    if skew is not None:
        do = "" if abs(skew) < 60 else "Set the clock right: sudo timedatectl set-ntp true."
        yield Finding(
            "bad" if abs(skew) > 300 else "warning" if do else "ok",
            "clock",
            f"{skew:+.1f} s against the regulator's",
            do,
        )
    answer = _told("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    if answer == "yes":
        yield Finding("ok", "clock", "is kept by a time server")
    elif answer == "no":
        yield Finding(
            "warning",
            "clock",
            "is kept by no time server",
            "sudo timedatectl set-ntp true, and see that it reaches one.",
        )
    else:
        yield Finding("note", "clock", "whether a time server keeps it is not known here")


def _devices(config: Config, document: dict[str, Any] | None) -> Iterator[Finding]:
    seen = {one["id"]: one for one in document["devices"]} if document is not None else {}
    for device in config.devices:
        about = seen.get(device.id)
        if about is None:
            yield _reachable(device.id, device.url)
        elif not about["connected"]:
            yield Finding(
                "bad", device.id, f"is not connected: {about['problem'] or device.url}", _what_to_check(device.url)
            )
        elif about["silent"]:
            yield Finding("bad", device.id, "is connected, and nothing comes from it", "Switch it off and on again.")
        else:
            yield Finding("ok", device.id, f"is connected; last read {about['last_read_at'] or 'never'}")


def _reachable(name: str, url: str) -> Finding:
    """A device that no daemon speaks to: whether one could."""
    match parse_url(url):
        case TcpUrl() as tcp:
            wrong = _refused(tcp.host, tcp.port)
            return (
                Finding("bad", name, f"{url}: {wrong}", _what_to_check(url))
                if wrong
                else Finding("ok", name, f"{url} takes connections")
            )
        case SerialUrl() as port:
            if not Path(port.path).exists():
                return Finding("bad", name, f"{port.path} is not there", _what_to_check(url))
            if not os.access(port.path, os.R_OK | os.W_OK):
                return Finding("bad", name, f"{port.path} cannot be opened", "Add the user to the group dialout.")
            return Finding("ok", name, f"{port.path} is there")
        case ListenUrl():
            return Finding("note", name, "connects by itself, once lined runs")


def _what_to_check(url: str) -> str:
    if url.startswith("serial"):
        return "Check its cable; ls /dev/serial/by-id shows what is there. Its udev line: lined drivers NAME."
    return "Check its power, cable, address and port; that no other program has taken its only connection."


def _serial_ports(config: Config) -> Iterator[Finding]:
    if not any(device.url.startswith("serial") for device in config.devices):
        return
    for program, do in IN_THE_WAY.items():
        if _told("systemctl", "is-active", program) == "active":
            yield Finding("warning", "serial ports", f"{program} runs and may take readers for its own", do)


def _broker(config: Config, document: dict[str, Any] | None) -> Iterator[Finding]:
    if config.mqtt is None:
        return
    if document is not None:
        if document["mqtt"]["connected"]:
            yield Finding("ok", "broker", f"{config.mqtt.url} is connected")
        else:
            yield Finding(
                "bad", "broker", f"{config.mqtt.url} is not connected", "Is it running, are name and password right?"
            )
        return
    url = urlsplit(config.mqtt.url)
    wrong = _refused(url.hostname or "", url.port or (8883 if url.scheme == "mqtts" else 1883))
    yield (
        Finding("bad", "broker", f"{config.mqtt.url}: {wrong}", "Is it running?")
        if wrong
        else Finding("ok", "broker", f"{config.mqtt.url} takes connections")
    )


def _regulator(config: Config, document: dict[str, Any] | None) -> Iterator[Finding]:
    url = urlsplit(config.regulator.url)
    if document is not None and not document["regulator"]["reachable"]:
        why = document["regulator"]["problem"] or "it has not answered yet"
        yield Finding(
            "warning",
            "regulator",
            f"{config.regulator.url}: {why}",
            "Production goes on, reports wait. Check the internet.",
        )
        return
    if document is not None:
        until = document["regulator"]["credential_expires_at"]
        yield Finding("ok", "regulator", f"answers; credentials until {until or 'it says'}")
        return
    wrong = _refused(url.hostname or "", url.port or (443 if url.scheme == "https" else 80))
    if wrong:
        yield Finding(
            "warning", "regulator", f"{config.regulator.url}: {wrong}", "Check the internet, the proxy, the firewall."
        )
    else:
        yield Finding("ok", "regulator", f"{config.regulator.url} takes connections")


def _refused(host: str, port: int) -> str:
    """Why no connection can be made; empty where it can."""
    try:
        with socket.create_connection((host, port), CONNECT_S):
            return ""
    except OSError as error:
        return str(error.strerror or error)


def _told(*words: str) -> str:
    """What a program of the system prints; empty where it is not there or does not answer."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=PROGRAM_S, check=False)  # noqa: S603 - no shell
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
