"""Compiling ahead: without bytecode in the zip, Lambda compiles every module at every cold start, doubling it.

`unchecked-hash` files (PEP 552) hold no time stamp, and are never compared with their source: there is nothing to
compare in a read-only `/var/task`.
The name inside each file is the one it will have there, so that neither the build's folder nor its date matters.
"""

import hashlib
import itertools
import json
import os
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from components.bundling.errors import BundleError
from components.bundling.interpreter import Interpreter
from components.bundling.schemas import SCHEMAS_FOLDER
from components.bundling.sources import HANDLERS_PACKAGE

_LAMBDA_ROOT = "/var/task"
_OURS = tuple(f"{_LAMBDA_ROOT}/{folder}/" for folder in ("functions", HANDLERS_PACKAGE, SCHEMAS_FOLDER))

# Runs under the target interpreter, which may have nothing installed: standard library only.
_COMPILER = """
import json, os, py_compile, sys
level, work = json.load(sys.stdin)
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
for source, name, target in work:
    part = f"{target}.{os.getpid()}"
    try:
        py_compile.compile(source, part, name, doraise=True, optimize=level, invalidation_mode=unchecked)
    except py_compile.PyCompileError as error:
        print(json.dumps([name, str(error.exc_value)]))
    else:
        os.replace(part, target)
"""


@dataclass(frozen=True, kw_only=True)
class Compiler:
    """Compiles for one interpreter, and remembers."""

    interpreter: Interpreter
    cache_dir: Path
    """Holds bytecode under the hash of what it is made from, so that it is never stale."""

    def compile(self, sources: Mapping[str, Path], *, docstrings: bool = True) -> dict[str, Path]:
        """Return the source's path in the bundle → bytecode file.

        Args:
            sources: Path in the bundle → source file. One of another package that does not compile is left out.
            docstrings: Whether they stay; without them asserts go too, as with Python's own -OO.

        Raises:
            BundleError: One of our own files, or of the user's handlers and upcasters, does not compile.
        """
        level = 0 if docstrings else 2
        jobs = [self._job(path, source, level) for path, source in sources.items()]
        missing = [job for job in jobs if not job.target.exists()]
        if missing:
            self.cache_dir.mkdir(parents=True, exist_ok=True)
            self._compile(missing, level)
        return {job.path: job.target for job in jobs if job.target.exists()}

    def cached_path(self, path: str) -> str:
        """Return where Python looks for the bytecode of a source that lies beside it."""
        source = PurePosixPath(path)
        return str(source.parent / "__pycache__" / f"{source.stem}.{self.interpreter.cache_tag}.pyc")

    def _job(self, path: str, source: Path, level: int) -> "_Job":
        key = hashlib.sha256(f"{_COMPILER}\n{self.interpreter.version}\n{level}\n{path}\n".encode())
        key.update(source.read_bytes())
        return _Job(path=path, source=source, target=self.cache_dir / f"{key.hexdigest()}.pyc")

    def _compile(self, jobs: "list[_Job]", level: int) -> None:
        """Share the work among this machine's processors."""
        workers = min(os.cpu_count() or 1, len(jobs))
        with ThreadPoolExecutor(workers) as pool:
            shares = [jobs[start::workers] for start in range(workers)]
            refused = itertools.chain.from_iterable(pool.map(lambda share: self._compile_share(share, level), shares))
        for name, reason in refused:
            # Packages carry the odd file for another Python, and never import it; ours are all meant to run.
            if name.startswith(_OURS):
                raise BundleError(f"{name.removeprefix(_LAMBDA_ROOT)[1:]} does not compile: {reason}")

    def _compile_share(self, jobs: "list[_Job]", level: int) -> list[tuple[str, str]]:
        executable = self.interpreter.executable
        done = subprocess.run(
            (executable, "-I", "-S", "-W", "ignore", "-c", _COMPILER),
            input=json.dumps([level, [(str(job.source), job.name, str(job.target)) for job in jobs]]),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BundleError(f"{executable} could not compile the bundle: {done.stderr.strip()}")
        return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


@dataclass(frozen=True, kw_only=True)
class _Job:
    path: str
    """In the bundle."""
    source: Path
    target: Path

    @property
    def name(self) -> str:
        return f"{_LAMBDA_ROOT}/{self.path}"
