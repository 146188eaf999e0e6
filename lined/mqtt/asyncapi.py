"""The AsyncAPI 3 document of the MQTT interface, made from the shapes the bridge works with.

    python -m lined.mqtt.asyncapi > lined/mqtt/asyncapi.json

A test compares the file with what this makes; others check every message on the wire against the same shapes.
"""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple

from pydantic import BaseModel

from lined.commands.registry import registry
from lined.commands.registry.command import Source
from lined.mqtt import messages

INTERFACE = "1.0.0"  # of the topics and messages, not of the program
BINDING = "0.2.0"  # of AsyncAPI's own description of MQTT

ABOUT = """\
One production line at an MQTT broker. Everything is JSON in UTF-8, but `availability`, which is a word.
Times are RFC 3339 in UTC. There is no session at the broker: a command that is given while the line is away is lost.
The last parts of the addresses, as far as the name of a command, can be renamed: `topics` of the table `[mqtt]`.
Whoever acts on a verdict compares `at` with the clock: a broker that stood still may pass on a late one."""


class Published(NamedTuple):
    """A topic the line publishes on."""

    summary: str
    message: type[BaseModel]
    qos: int
    retain: bool
    content: str = "application/json"


PUBLISHED = {
    "availability": Published("`online`, or by last will `offline`.", messages.Availability, 1, True, "text/plain"),
    "permit": Published(
        "Whether items may come, on change and each second; old after 3 s without a new `n`.", messages.Permit, 1, True
    ),
    "status": Published("The `/status` document, on change, at most once a second.", messages.Status, 1, True),
    "verdict": Published(
        "One for each read, in the order of `seq`, at most 1 s after it was made. A gap in `seq`: not said.",
        messages.Verdict,
        0,
        False,
    ),
    "report": Published("Each change of a report.", messages.Report, 1, False),
    "package": Published("Each closed package.", messages.Package, 1, False),
    "alarm": Published("Each change of an alarm.", messages.Alarm, 1, False),
}


def document() -> dict[str, Any]:
    """The AsyncAPI document, ready for JSON."""
    commands = registry.from_source(Source.MQTT)
    schemas: dict[str, Any] = {}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "lined over MQTT", "version": INTERFACE, "description": ABOUT},
        "defaultContentType": "application/json",
        "servers": {
            "plain": {"host": "localhost:1883", "protocol": "mqtt", "protocolVersion": "5"},
            "tls": {"host": "broker.plant.example:8883", "protocol": "mqtts", "protocolVersion": "5"},
        },
        "channels": {
            **{name: _channel(name, name) for name in PUBLISHED},
            **{f"command-{name}": _channel(f"command/{name}", f"command-{name}") for name in commands},
            **{f"reply-{name}": _channel(f"reply/{name}", "reply") for name in commands},
        },
        "operations": {
            **{f"tell-{name}": _send(name, published) for name, published in PUBLISHED.items()},
            **{f"hear-{name}": _receive(name, one.summary) for name, one in commands.items()},
        },
        "components": {
            "messages": {
                **{
                    name: _message(name, one.summary, messages.schema_of(one.message, schemas), one.content)
                    for name, one in PUBLISHED.items()
                },
                **{
                    f"command-{name}": _message(name, one.summary, messages.body_schema(one, schemas))
                    for name, one in commands.items()
                },
                "reply": _message(
                    "reply",
                    "The answer to a command; `error` as in HTTP's answers.",
                    messages.schema_of(messages.Reply, schemas),
                ),
            },
            "schemas": schemas,
        },
    }


def _channel(topic: str, message: str) -> dict[str, Any]:
    return {
        "address": f"{{root}}/{{line}}/{topic}",
        "parameters": {
            "root": {"description": "`root` of the table `[mqtt]`.", "default": "lined"},
            "line": {"description": "`id` of the table `[line]`."},
        },
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
    }


def _send(name: str, published: Published) -> dict[str, Any]:
    return {
        "action": "send",
        "summary": published.summary,
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
        "bindings": {"mqtt": {"qos": published.qos, "retain": published.retain, "bindingVersion": BINDING}},
    }


def _receive(name: str, summary: str) -> dict[str, Any]:
    channel = f"#/channels/command-{name}"
    return {
        "action": "receive",
        "summary": summary,
        "description": "Not retained. The same `id` again within 7 days is answered again, not done again. An MQTT 5 "
        "response topic is answered on instead of `reply/…`, with the correlation data.",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/command-{name}"}],
        "bindings": {"mqtt": {"qos": 1, "retain": False, "bindingVersion": BINDING}},
        "reply": {
            "channel": {"$ref": f"#/channels/reply-{name}"},
            "messages": [{"$ref": f"#/channels/reply-{name}/messages/reply"}],
        },
    }


def _message(name: str, summary: str, shape: messages.Schema, content: str = "application/json") -> dict[str, Any]:
    return {"name": name, "summary": summary, "contentType": content, "payload": shape}


def text() -> str:
    """The document as the file holds it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
