"""Commands that install packages: pip, uv, Poetry, PDM, Pipenv and conda."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from interlock.check.formats.conda_spec import read_spec
from interlock.check.formats.poetry_versions import alternatives
from interlock.check.formats.reading import Place, Reading
from interlock.check.formats.requirements import read_line
from interlock.check.formats.shell import Command, Variables, Word, commands

MOST_OPTIONS = 20
"""How many words a tool may have before the word that says what it does."""

_TALK = ("echo", "printf", "grep", "cat", "sed", "awk", "which")
"""They only speak of what stands behind them."""

_WITH_VALUE = re.compile(
    r"-[ifptPCncwo]|--(?:output|output-file|format|wheel-dir|dest|index-url|extra-index-url"
    r"|default-index|index|find-links|target|python"
    r"|prefix|root|platform|python-version|implementation|abi|progress-bar|timeout|retries"
    r"|cache-dir|no-binary|only-binary|trusted-host|proxy|cert|client-cert|log|src"
    r"|config-settings|upgrade-package|reinstall-package|refresh-package|resolution|prerelease"
    r"|exclude-newer|link-mode|keyring-provider|extra|package|directory|project|name|channel"
    r"|report|source|exists-action|tag|branch|rev|script|bounds|install-option|global-option"
    r"|group|only|with|without|jobs|build-constraints?|overrides?)"
)
"""The options that take the next word."""
_FILES = ("-r", "--requirement", "--requirements", "-c", "--constraint", "--constraints", "--file")
_LOCKS = {"uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock"}
_CONDAS = ("conda", "mamba", "micromamba")
_VERBS = {
    "pip": ("install", "wheel", "download"),
    "uv": ("add", "sync", "export", "run"),
    "poetry": ("add", "install", "sync", "export"),
    "pdm": ("add", "install", "sync", "export"),
    "pipenv": ("install", "sync", "requirements"),
    **dict.fromkeys(_CONDAS, ("install", "create")),
}
_GROUP = ("--group", "-G", "--optional")
_DEV = ("--dev", "-D", "-d")


@dataclass(kw_only=True)
class Install:
    """What one command installs."""

    wanted: list[Word] = field(default_factory=list)
    files: list[Word] = field(default_factory=list)
    group: str = ""
    tool: str


def read_script(reading: Reading, text: str, line: int, variables: Variables) -> None:
    """Read all commands of a script that install something."""
    for command in commands(text, line, variables):
        read_command(reading, command)


def read_command(reading: Reading, command: Command) -> None:
    """Read a command if it installs something. Others are passed over."""
    texts = command.texts
    if not texts or _program(texts[0]) in _TALK:
        _read_talk(reading, command)
        return
    for index in range(len(texts) - 2):
        is_shell = _program(texts[index]) in ("sh", "bash", "ash", "dash", "zsh", "su")
        if is_shell and re.fullmatch(r"-\w*c", texts[index + 1]):
            read_script(reading, texts[index + 2], command.words[index + 2].line, {})
            return
    for index in range(len(texts)):
        started = _started(texts[index : index + MOST_OPTIONS])
        if started:
            tool, length = started
            words = command.words[index + length :]
            if tool == "uv" and texts[index + length - 1] == "run":
                words = _with(words)
            found = _install(tool, words)
            _read_install(reading, found, command.words[index:])
            if "xargs" in texts[:index]:
                reading.other_file(" ".join(texts), command.words[0].line)
            return


def _with(words: list[Word]) -> list[Word]:
    """What ``uv run --with`` installs beside the project."""
    wanted = []
    for word, after in zip(words, [*words[1:], Word("", 0)], strict=True):
        option, equals, value = word.text.partition("=")
        if option == "--with":
            asked = value if equals else after.text
            wanted += [replace(word, text=one) for one in re.split(r",(?=[A-Za-z])", asked)]
    return wanted


def _read_talk(reading: Reading, command: Command) -> None:
    """Read what ``echo`` adds to a requirement file, and tell of a ``sed``."""
    if not command.words:
        return
    program, words = _program(command.words[0].text), command.words[1:]
    if program in ("echo", "printf") and any(one.endswith(".txt") for one in command.targets):
        for word in words:
            for text in re.split(r"\\n|\n", word.text):
                if reading.named_in(text):
                    read_line(reading, text.strip(), Place(line=word.line, is_direct=True))
    elif program == "sed" and any(word.text.startswith("-i") for word in words):
        text = " ".join(command.texts)
        for package in reading.named_in(re.sub(r"[^\w.-]", " ", text)):
            why = "it changes a file in a way that is not known here; write the change out"
            reading.unsure(text, words[0].line, why, package=package)


def _program(text: str) -> str:
    return re.sub(r"\d+(?:\.\d+)?$", "", text.rpartition("/")[2])


def _started(texts: list[str]) -> tuple[str, int] | None:
    """The tool and the number of words of a command that installs. None for any other."""
    tool = _program(texts[0])
    if tool == "python" and texts[1:2] == ["-m"] and texts[2:]:
        inner = _started(texts[2:])
        return (inner[0], inner[1] + 2) if inner else None
    if tool == "pip-sync":
        return tool, 1
    if tool not in _VERBS:
        return None
    verbs = [index for index, one in enumerate(texts) if index and not one.startswith("-")][:2]
    said = [texts[index] for index in verbs]
    if tool == "uv" and said in (["pip", "install"], ["pip", "sync"]):
        return ("pip" if said[1] == "install" else "pip-sync"), verbs[1] + 1
    if tool in _CONDAS and said in (["env", "create"], ["env", "update"]):
        return "conda-env", verbs[1] + 1
    return (tool, verbs[0] + 1) if said and said[0] in _VERBS[tool] else None


def _install(tool: str, words: list[Word]) -> Install:
    found = Install(tool=tool)
    waiting = ""  # the option that takes the next word
    for word in words:
        text = word.text
        option, equals, value = text.partition("=")
        if waiting:
            _take(found, waiting, word)
            waiting = ""
        elif not text.startswith("-"):
            found.wanted.append(word)
        elif equals:
            _take(found, option, replace(word, text=value))
        elif re.fullmatch(r"-\w+G", text):
            waiting = "-G"
        elif re.match(r"-[rc]\S", text) and tool in ("pip", "pip-sync", "uv"):
            found.files.append(replace(word, text=text[2:]))
        elif text in (*_FILES, *_GROUP, "-e", "--editable") or _WITH_VALUE.fullmatch(text):
            waiting = text
        elif text in _DEV and tool in ("uv", "poetry", "pdm", "pipenv"):
            found.group = "dev"
    return found


def _take(found: Install, option: str, word: Word) -> None:
    """Note the value of an option."""
    is_conda = found.tool in _CONDAS
    is_file = option in _FILES and not (option == "-c" and is_conda)
    if option == "--group" and found.tool == "pip":
        found.files.append(replace(word, text="pyproject.toml"))
    elif is_file or (option == "-f" and found.tool == "conda-env"):
        found.files.append(word)
    elif option in ("-e", "--editable"):
        found.wanted.append(word)
    elif option in _GROUP and found.tool in ("uv", "poetry", "pdm"):
        found.group = word.text


def _read_install(reading: Reading, found: Install, words: list[Word]) -> None:
    for word in found.files:
        reading.other_file(word.text, word.line)
    if found.tool == "pip-sync":
        for word in found.wanted:
            reading.other_file(word.text, word.line)
    elif found.tool in _LOCKS and not found.wanted:
        said = " ".join(word.text for word in words[:2])
        why = f"`{said}` installs what it locks; give it as another argument"
        reading.unsure(_LOCKS[found.tool], words[0].line, why, elsewhere=True)
    else:
        for word in found.wanted:
            _read_word(reading, found, word)


def _read_word(reading: Reading, found: Install, word: Word) -> None:
    place = Place(line=word.line, group=found.group, is_direct=True)
    if word.turned:
        why = f"the shell takes {word.turned[0]} for a redirection; put the requirement in quotes"
        for package in reading.named_in(word.text):
            text = f"{word.text}{word.turned}"
            reading.unsure(text, word.line, why, package=package)
    _READERS.get(found.tool, read_line)(reading, word.text, place)


def _read_poetry(reading: Reading, text: str, place: Place) -> None:
    """Read ``name@^2.0``, which Poetry takes beside what pip takes."""
    name, at, version = text.partition("@")
    if not at or "//" in text or " " in text:
        read_line(reading, text, place)
        return
    try:
        ranges = alternatives("*" if version == "latest" else version)
    except ValueError:
        ranges = []
    if len(ranges) == 1:
        reading.asked(name.partition("[")[0], ranges[0], place)
    else:
        reading.requirement(text, place)


_READERS: dict[str, Callable[[Reading, str, Place], None]] = {
    "poetry": _read_poetry,
    **dict.fromkeys(_CONDAS, read_spec),
}
