"""The choices of a reader's application, and a value for each: a situation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import le
from typing import TYPE_CHECKING, Annotated, Any

from interlock.model import listing

if TYPE_CHECKING:  # `schema` adds these names for pydantic, which a question does not need
    from pydantic import AfterValidator, Field

    from interlock.matrix import values


@dataclass(frozen=True, kw_only=True)
class ChoiceValue:
    """One value of a choice: its meaning, and the settings that a probe gets for it."""

    title: values.Words
    """Its effect, as a clause after "where": ``ddtrace's profiler runs``."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[values.VariableName, values.VariableText | None] = field(
        default_factory=dict
    )

    @property
    def sets_something(self) -> bool:
        return bool(self.settings or self.environment)


@dataclass(frozen=True, kw_only=True)
class AppChoice:
    """A choice of an application that decides whether it hangs."""

    name: values.KeyOfMapping
    title: values.Words
    levels: Annotated[Mapping[values.ValueName, ChoiceValue], Field(alias="values")]
    """By value, from less to more switched on."""
    default: values.Word
    find_out: Annotated[values.Folded, AfterValidator(values.not_blank)]
    """How readers find out what they have: the variable, the argument, the setting."""
    description: values.Folded = ""
    instead: values.Folded = ""
    """What helps if more is switched on, for hangs that only show in rates."""

    @property
    def most(self) -> str:
        """The value with the most switched on."""
        return [*self.levels][-1]

    @property
    def is_the_probes(self) -> bool:
        """Whether only a probe can choose it: no value sets anything."""
        return not any(value.sets_something for value in self.levels.values())

    def level(self, value: str) -> int:
        """The position of a value, 0 for the least. Raises ``ValueError`` if unknown."""
        return [*self.levels].index(value)


@dataclass(frozen=True, kw_only=True)
class Application:
    """A kind of application that only some probes test.

    It comes from a choice that only a probe can make (``AppChoice.is_the_probes``).
    """

    name: str
    """The name of the choice."""
    title: str
    """What it does, after "where": ``the process forks once it is started``."""
    description: str = ""
    instead: str = ""
    """What helps there, in one sentence. Rates show a rare hang, a cell does not."""

    @property
    def instead_plain(self) -> str:
        """The same without backticks, for places that would show them."""
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
        """The situation of ``chosen``, with defaults for all other choices."""
        full = {name: chosen.get(name, choice.default) for name, choice in choices.items()}
        return cls(
            chosen=tuple(full.items()),
            levels=tuple(choices[name].level(value) for name, value in full.items()),
        )

    def __le__(self, other: Situation) -> bool:
        """Whether the other has all switched on that this one has. A partial order."""
        return all(map(le, self.levels, other.levels))

    def __getitem__(self, choice: str) -> str:
        return dict(self.chosen)[choice]


DEFAULTS = "with the default settings"


def in_words(situation: Situation, choices: Mapping[str, AppChoice]) -> str:
    """All non-default values: ``where warnings become events and the process forks``."""
    titles = [
        choice.levels[situation[name]].title
        for name, choice in choices.items()
        if situation[name] != choice.default
    ]
    return f"where {listing(titles)}" if titles else DEFAULTS
