"""The clone that this package runs from: its lock file, its Pulumi program, its `.fluxa/` folder."""

from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parents[2]
"""`fluxa` is installed in place, so the clone is the folder that holds the package."""

DEFAULT_STATE_DIR = PROJECT_DIR / ".fluxa"
"""Where a platform keeps everything it must remember; nothing outside it outlives a platform."""
