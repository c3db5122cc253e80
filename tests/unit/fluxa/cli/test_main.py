from importlib import metadata

import pytest

from fluxa.cli import run


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]):
    assert 0 == run(["--version"])
    assert f"fluxa {metadata.version('fluxa')}\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "taught"), [((), "fluxa dev"), (("dev", "-h"), "fluxa dev --json > platform.json")]
)
def test_help_teaches_by_example(arguments: tuple[str, ...], taught: str, capsys: pytest.CaptureFixture[str]):
    run(arguments)

    captured = capsys.readouterr()
    assert taught in captured.out + captured.err


@pytest.mark.parametrize("arguments", [("dev", "--jason"), ("devv",), ("dev", "--set")])
def test_a_mistyped_command_line_leaves_with_two(arguments: tuple[str, ...]):
    assert 2 == run(arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--set", "network.mode"), "fluxa: --set takes KEY=VALUE, such as network.mode=public, not 'network.mode'.\n"),
        (
            ("--state-dir", "/dev/null/state"),
            (
                "fluxa: Cannot write in /dev/null/state (Not a directory): make it writable, or name another one with "
                "--state-dir.\n"
            ),
        ),
    ],
)
def test_what_the_operator_can_put_right_is_one_sentence(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
):
    assert 1 == run(["dev", *arguments])
    assert ("", sentence) == capsys.readouterr()
