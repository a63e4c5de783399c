"""The written references are what the definitions say, and every command explains itself."""

import pytest

from payaid.settings import Settings, declared
from payaidctl import cli, reference
from payaidctl.environment import raw


def test_reference_files_are_what_the_definitions_say() -> None:
    assert reference.differing() == [], "run `python -m payaidctl.reference`"


def test_the_example_names_every_setting_and_its_defaults_are_valid() -> None:
    lines = (reference.ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = {line.lstrip("#").split("=")[0] for line in lines if "=" in line and not line.startswith("# ")}
    assert named == set(declared())
    given = {"DATABASE_URL": "postgresql://u@h/d", "JWT_SECRET": "Zq3vN8xK2mPw7RtY5uHs9LdFgJc4BaXe6TnVkQyW"}
    defaults = dict(line.lstrip("#").split("=", 1) for line in lines if "=" in line and not line.startswith("# "))
    assert Settings.read({**defaults, **given}) == Settings.read(given)


def test_the_example_can_be_read_back(tmp_path: object) -> None:
    assert set(raw.read(reference.ROOT / ".env.example")) == {"DATABASE_URL", "JWT_SECRET"}


@pytest.mark.parametrize("name", cli.names())
def test_every_command_has_a_line_a_text_and_examples(name: str) -> None:
    assert len(cli.summary(name)) > 20
    for words, command in reference.leaves(name, cli.load(name)):
        assert command.help, words
        assert f"payaidctl {words.split()[0]}" in command.help, f"{words} shows no example"
