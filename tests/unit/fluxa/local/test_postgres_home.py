import errno
from pathlib import Path

import pytest

from fluxa.local import postgres_home
from fluxa.local.postgres_home import Home


def a_shelter(tmp_path: Path, *, owner: Path | None = None) -> tuple[Path, Path]:
    """Return a data folder and the shelter its record points to."""
    data_dir, shelter = tmp_path / "postgres", tmp_path / "shelter"
    shelter.mkdir()
    (tmp_path / "postgres.shelter").write_text(f"{shelter}\n{owner or data_dir}\n", encoding="utf-8")
    return data_dir, shelter


def test_sheltered_data_comes_home_and_nothing_is_left(tmp_path: Path):
    data_dir, shelter = a_shelter(tmp_path)
    (shelter / "data").mkdir()
    (shelter / "data" / "PG_VERSION").write_text("18")
    (shelter / "embedded_postgres").mkdir()

    postgres_home.leave(data_dir)

    assert ["postgres"] == [path.name for path in tmp_path.iterdir()]
    assert "18" == (data_dir / "PG_VERSION").read_text()


def test_leaving_without_a_shelter_does_nothing(tmp_path: Path):
    (tmp_path / "postgres").mkdir()

    postgres_home.leave(tmp_path / "postgres")

    assert ["postgres"] == [path.name for path in tmp_path.iterdir()]


def test_a_copied_clone_does_not_use_the_shelter_of_the_original(tmp_path: Path):
    data_dir, shelter = a_shelter(tmp_path, owner=Path("/elsewhere/postgres"))

    assert data_dir == postgres_home.current_data_dir(data_dir)
    postgres_home.leave(data_dir)
    assert shelter.exists()


def test_a_shelter_that_the_system_has_cleaned_away_is_forgotten(tmp_path: Path):
    data_dir, shelter = a_shelter(tmp_path)
    shelter.rmdir()

    assert data_dir == postgres_home.current_data_dir(data_dir)


def test_a_move_between_file_systems_leaves_one_whole_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "base").mkdir(parents=True)
    (source / "base" / "1").write_text("row")
    rename = Path.rename

    def refuse_across(self: Path, to: Path) -> Path:
        if self == source and to == target:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse_across)
    postgres_home.move(source, target)

    assert ["target"] == [path.name for path in tmp_path.iterdir()]
    assert "row" == (target / "base" / "1").read_text()


def test_the_password_file_is_private_and_gone_afterwards(tmp_path: Path):
    home = Home(installation=tmp_path, data_dir=tmp_path / "postgres", account=None)

    with postgres_home.password_file(home, "s3cret") as path:
        assert "s3cret" == path.read_text()
        assert 0o600 == path.stat().st_mode & 0o777

    assert [] == list(tmp_path.iterdir())
