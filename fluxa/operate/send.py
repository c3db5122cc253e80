"""A file of events to the API: read as a stream, sent several batches at a time, acknowledged in the file's order."""

import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fluxa.errors import OperatorError
from fluxa.operate import progress_file
from fluxa.operate.api import Api
from fluxa.operate.batches import batches
from fluxa.operate.lines import read_lines
from fluxa.operate.listed_file import ListedFile
from fluxa.operate.posting import Posted, Poster
from fluxa.operate.progress_file import Progress, resume_path
from fluxa.operate.rejected_file import document_of, rejected_path

CONCURRENCY_DEFAULT = 4
"""Requests at a time: 2,000 events under way, a fraction of what a small stack takes in a second."""

_BATCHES_AHEAD = 2
"""For each request under way: one slow batch must not make the others wait, nor fill the memory."""

Report = Callable[[Progress], None]
"""Called with every step that was acknowledged."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Sends files."""

    api: Api
    stack: str
    """The identity of the stack behind the API."""
    concurrency: int = CONCURRENCY_DEFAULT
    compress: bool = False

    def send_file(self, path: Path, report: Report, *, restart: bool = False) -> Progress:
        """Send a file, from where an earlier run was stopped.

        Raises:
            OperatorError: It cannot be read, or not be sent to its end; what was acknowledged is kept.
        """
        kept = resume_path(path)
        with _opened(path) as file:
            progress = None if restart else progress_file.load(kept)
            if progress is None:
                progress = Progress.begin(file, stack=self.stack)
            else:
                progress.check(file, path, stack=self.stack)
            file.seek(progress.offset)
            rejected = ListedFile(rejected_path(path), size=progress.rejected_bytes)

            def keep(step: Progress) -> None:
                progress_file.save(step, kept)
                report(step)

            report(progress)
            progress = self._send(file, progress, rejected, keep, seed=progress.fingerprint)
        kept.unlink(missing_ok=True)
        return progress

    def send_stream(self, stream: BinaryIO, rejected: Path, report: Report) -> Progress:
        """Send what a pipe brings. It cannot be resumed: nobody could tell whether it brings the same again.

        Raises:
            OperatorError: It could not be sent to its end.
        """
        progress = Progress(stack=self.stack, fingerprint="", fingerprint_bytes=0)
        report(progress)
        return self._send(stream, progress, ListedFile(rejected), report, seed=uuid.uuid4().hex)

    def _send(self, file: BinaryIO, progress: Progress, rejected: ListedFile, keep: Report, *, seed: str) -> Progress:
        lines = read_lines(file, seed=seed, offset=progress.offset, number=progress.line)
        post = Poster(api=self.api, compress=self.compress).post
        under_way: deque[Future[Posted]] = deque()
        # Not `with`: leaving it would wait for whatever still tries.
        workers = ThreadPoolExecutor(max_workers=self.concurrency, thread_name_prefix="send")
        try:
            for batch in batches(lines):
                if len(under_way) == self.concurrency * _BATCHES_AHEAD:
                    progress = _acknowledge(under_way.popleft().result(), progress, rejected, keep)
                under_way.append(workers.submit(post, batch))
            while under_way:
                progress = _acknowledge(under_way.popleft().result(), progress, rejected, keep)
        finally:
            self.api.stop()
            workers.shutdown(wait=False, cancel_futures=True)
        return progress


def _acknowledge(posted: Posted, progress: Progress, rejected: ListedFile, keep: Report) -> Progress:
    rejected.append(map(document_of, posted.rejections))
    step = progress.advance(
        offset=posted.batch.last.end,
        line=posted.batch.last.number,
        accepted=posted.accepted,
        rejected=len(posted.rejections),
        rejected_bytes=rejected.size,
    )
    keep(step)
    return step


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}.") from None
    with file:
        if not file.seekable():
            raise OperatorError(f"{path} is not a file that can be read again: send it as `fluxa send - < {path}`.")
        yield file
