"""Secrets: in files of their own, or handed over by systemd; never in the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lined.vocabulary.environment import variable
from lined.vocabulary.errors import Problem, SettingsError

CREDENTIAL = "credential:"
MAX_BYTES = 65_536  # a key or password is far shorter; a wrong path (a journal, a device) is not read to its end


@dataclass(frozen=True)
class Secret:
    """Where a secret stands. The secret itself is read when it is needed and never kept or printed."""

    key: str
    """Path of the setting that names it: `regulator.api_key_file`."""
    name: str
    """As written: a file's path, absolute, or `credential:NAME`."""

    @property
    def is_credential(self) -> bool:
        return self.name.startswith(CREDENTIAL)

    @property
    def path(self) -> Path | None:
        """The file; None for a credential where systemd has handed over none ($CREDENTIALS_DIRECTORY)."""
        if not self.is_credential:
            return Path(self.name)
        directory = variable("CREDENTIALS_DIRECTORY")
        return Path(directory, self.name.removeprefix(CREDENTIAL)) if directory else None

    def read(self) -> str:
        """The secret: one line, without its line end. Raises SettingsError, with the reason, where there is none."""
        path = self.path
        if path is None:
            raise self._problem(
                f"{self.name} is given by systemd, and here it gave none: start lined by its unit with "
                f"LoadCredential={self.name.removeprefix(CREDENTIAL)}:/path/of/the/file, or name a file instead"
            )
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise self._problem(
                f"cannot read {path}: {error.strerror}; put the secret there, readable by the user that runs lined"
            ) from None
        return self._one_line(content, path)

    def _one_line(self, content: bytes, path: Path) -> str:
        if len(content) > MAX_BYTES:
            raise self._problem(f"{path} is larger than {MAX_BYTES} bytes: this is not a secret, name another file")
        try:
            text = content.decode("utf-8").strip("\r\n")
        except UnicodeDecodeError:
            raise self._problem(f"{path} is not text: it has to hold the secret in one line") from None
        if not text.strip():
            raise self._problem(f"{path} is empty: write the secret into it")
        if not text.isprintable():
            raise self._problem(f"{path} holds more than one line of text: it has to hold the secret and nothing else")
        return text

    def _problem(self, message: str) -> SettingsError:
        return SettingsError([Problem(self.key, message)])
