"""What a reader's application chooses, and a value for each of these choices: a situation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from interlock.matrix import values
from interlock.model import listing


@dataclass(frozen=True, kw_only=True)
class ChoiceValue:
    """One value of a choice: what it means, and what a probe is told to have it."""

    title: values.Words
    """What is so with it, as a clause behind "where": ``ddtrace's profiler runs``."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[values.VariableName, values.VariableText | None] = field(
        default_factory=dict
    )

    @property
    def sets_something(self) -> bool:
        return bool(self.settings or self.environment)


@dataclass(frozen=True, kw_only=True)
class AppChoice:
    """Something that an application chooses, and that decides whether it hangs."""

    name: values.KeyOfMapping
    title: values.Words
    levels: Annotated[Mapping[values.ValueName, ChoiceValue], Field(alias="values")]
    """By value, from less to more switched on."""
    default: values.Word
    find_out: Annotated[values.Folded, AfterValidator(values.not_blank)]
    """How a reader finds out what he has: the variable, the argument, the setting."""
    description: values.Folded = ""
    instead: values.Folded = ""
    """What helps where more is switched on, in a sentence: for hangs that are told by rates."""

    @property
    def most(self) -> str:
        """The value with the most switched on."""
        return [*self.levels][-1]

    @property
    def is_the_probes(self) -> bool:
        """Whether only a probe can make it so: no value sets anything."""
        return not any(value.sets_something for value in self.levels.values())

    def level(self, value: str) -> int:
        """0 for the value with the least switched on; ``ValueError`` for one that is not there."""
        return [*self.levels].index(value)


@dataclass(frozen=True, kw_only=True)
class Application:
    """A kind of application that some probes are about, and no other application is.

    It is what a choice becomes that only a probe can make: ``AppChoice.is_the_probes``.
    """

    name: str
    """Of the choice."""
    title: str
    """What it does, after "where": ``the process forks once it is started``."""
    description: str = ""
    instead: str = ""
    """What helps there, in a sentence: a hang that is rare is told by its rates, not by a cell."""

    @property
    def instead_plain(self) -> str:
        """The same without the marks of code, for where they would be shown."""
        return self.instead.replace("`", "")


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A value for every choice: what an application does, as far as it matters here."""

    chosen: tuple[tuple[str, str], ...]
    """Choice and value, in the order of ``matrix.yaml``."""
    levels: tuple[int, ...] = field(compare=False)
    """How much of each is switched on."""

    @classmethod
    def of(cls, choices: Mapping[str, AppChoice], chosen: Mapping[str, str]) -> Situation:
        """Choices that ``chosen`` leaves out have their default."""
        full = {name: chosen.get(name, choice.default) for name, choice in choices.items()}
        return cls(
            chosen=tuple(full.items()),
            levels=tuple(choices[name].level(value) for name, value in full.items()),
        )

    def __le__(self, other: Situation) -> bool:
        """Whether the other has everything switched on that this one has. A partial order."""
        pairs = zip(self.levels, other.levels, strict=True)
        return all(here <= there for here, there in pairs)

    def __getitem__(self, choice: str) -> str:
        return dict(self.chosen)[choice]


DEFAULTS = "with the default settings"


def in_words(situation: Situation, choices: Mapping[str, AppChoice]) -> str:
    """``where warnings become events and the process forks``: all that is no default."""
    titles = [
        choice.levels[situation[name]].title
        for name, choice in choices.items()
        if situation[name] != choice.default
    ]
    return f"where {listing(titles)}" if titles else DEFAULTS
