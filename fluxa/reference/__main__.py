"""`python -m fluxa.reference`: write every generated page, in the project's folder."""

from pathlib import Path

from fluxa.reference import PAGES

if __name__ == "__main__":
    for name, page in PAGES.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(), encoding="utf-8")
