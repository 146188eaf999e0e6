"""Roles of people, from the one who may least, and the ways in which a command comes in."""

from __future__ import annotations

from lined.vocabulary.word import N_, Word


class PersonRole(Word):
    """What somebody may do. Each may what those before it may."""

    VIEWER = "viewer", N_("looks on")
    OPERATOR = "operator", N_("operator of the line")
    MASTER = "master", N_("master of the shift")
    ENGINEER = "engineer", N_("engineer")

    def may(self, least: PersonRole) -> bool:
        """Whether this role may what `least` may."""
        order = list(PersonRole)
        return order.index(self) >= order.index(least)


class Way(Word):
    """How a command came in."""

    PERSON = "person", N_("signed in")
    TOKEN = "token", N_("a program, or the shell")
    BROKER = "mqtt", N_("by MQTT")
