"""Run notebooks in kernels that have pandas, matplotlib and the checked tables already.

Starting a kernel and importing the libraries costs more than a chapter's own work. The standard library's fork server
imports them once (`tools.warm`), and each kernel is forked from it. Where there is no fork (Windows), notebooks run in
plain kernels: slower, with the same results.
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import nbclient
import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_client.connect import write_connection_file
from jupyter_client.manager import AsyncKernelManager
from sqlalchemy.exc import DBAPIError

from tools import forked
from tools.pages import BuildError
from tools.paths import BOOK, ROOT

CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()


class ChapterError(BuildError):
    """A cell failed; the message names the chapter, the cell and the error."""


def start_fork_server() -> None:
    """Start the process that imports the libraries and checks the data, and return at once."""
    if CAN_FORK:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(BOOK), os.environ.get("PYTHONPATH", "")])
        forking = multiprocessing.get_context("forkserver")
        forking.set_forkserver_preload(["tools.warm"])
        multiprocessing.forkserver.ensure_running()


def stop_fork_server() -> None:
    """End the process that the kernels came from, whose memory the report can use."""
    if CAN_FORK:
        multiprocessing.forkserver._forkserver._stop()


def let_fork_server_go() -> None:
    """In a copy of the build's process: close what would keep the fork server alive."""
    if CAN_FORK and (held := multiprocessing.forkserver._forkserver._forkserver_alive_fd) is not None:
        os.close(held)


def data_fault() -> tuple[str | None, int]:
    """Return the sentence about the first fault in the data, or None, and the number of tables checked."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("forkserver" if CAN_FORK else "spawn")
    process = context.Process(target=forked.send_report, args=(sender,))
    process.start()
    sender.close()
    try:
        answer = receiver.recv()
    except EOFError:
        answer = ("The data could not be checked: see the error above.", 0)
    process.join()
    return answer


class ForkedKernelManager(AsyncKernelManager):
    """Starts kernels as forks of the warm process."""

    process = None

    async def _async_start_kernel(self, **options) -> None:
        self.folder = tempfile.TemporaryDirectory()
        # Sockets in the file system: no port is opened, and no network is needed.
        place = os.path.join(self.folder.name, "kernel")
        self.connection_file, _ = write_connection_file(f"{place}.json", transport="ipc", ip=place)
        self.load_connection_file(self.connection_file)
        forking = multiprocessing.get_context("forkserver")
        arguments = (self.connection_file, options.get("cwd") or os.getcwd())
        self.process = forking.Process(target=forked.run_kernel, args=arguments, daemon=True)
        self.process.start()

    async def _async_is_alive(self) -> bool:
        return self.process.is_alive()

    async def _async_shutdown_kernel(self, *args, **options) -> None:
        self.stop()

    def stop(self) -> None:
        """End the kernel, if it started; nothing else does, since the client did not make this manager."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.folder.cleanup()

    async def _async_interrupt_kernel(self) -> None:
        """Nothing to interrupt: a kernel that is no longer wanted is shut down."""

    start_kernel = _async_start_kernel
    is_alive = _async_is_alive
    shutdown_kernel = _async_shutdown_kernel
    interrupt_kernel = _async_interrupt_kernel

    @property
    def has_kernel(self) -> bool:
        """Whether the kernel was started."""
        return self.process is not None

    def cleanup_resources(self, restart: bool = False) -> None:
        """Nothing is left behind."""


def run(notebook: nbformat.NotebookNode, name: str) -> float:
    """Execute a notebook in place; return the seconds it took. Raises ChapterError when a cell fails."""
    started = time.monotonic()
    options = {"timeout": 300, "record_timing": False, "resources": {"metadata": {"path": str(BOOK)}}}
    manager = ForkedKernelManager() if CAN_FORK else None
    client = nbclient.NotebookClient(notebook, km=manager, **options)
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        count = 1 + sum(cell.get("execution_count") is not None for cell in notebook.cells if cell.cell_type == "code")
        failed = [cell.execution_count for cell in notebook.cells
                  if any(output.output_type == "error" for output in cell.get("outputs", []))]  # fmt: skip
        place = failed[0] if failed else count
        raise ChapterError(f"{name}, cell {place}: {error.ename}: {error.evalue}") from None
    finally:
        if manager:
            manager.stop()
    return time.monotonic() - started


@contextmanager
def usable_cache() -> Iterator[None]:
    """Turn what the database of the cache says into a sentence. Raises BuildError."""
    try:
        yield
    except DBAPIError as error:
        raise BuildError(f"The cache of executed notebooks cannot be written: {error.orig}.") from error


class Run:
    """The chapters of a build, executed in the background where the cache does not have them yet.

    Results go into the cache as they come, so that pages can be read while later chapters run. `waiting` holds those that
    `start` will run.
    """

    def __init__(self, chapters: list[Path], cache_path: Path, say: Callable[[str], None]) -> None:
        from myst_nb.core.read import myst_nb_reader_plugin

        self.cache, self.say, self.lock, self.done = get_cache(cache_path), say, Lock(), 0
        # A kernel waits for messages half of its time: one more than there are cores keeps these busy
        self.pool = ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 1)
        self.waiting: dict[Path, nbformat.NotebookNode] = {}
        self.results: dict[str, Future] = {}
        for chapter in sorted(chapters):  # as Sphinx reads them
            notebook = myst_nb_reader_plugin(str(chapter))
            try:
                with usable_cache():
                    self.cache.match_cache_notebook(notebook)
            except KeyError:
                self.waiting[chapter] = notebook

    def start(self) -> None:
        """Begin to run the chapters."""
        self.results = {
            chapter.stem: self.pool.submit(self.execute, chapter, notebook) for chapter, notebook in self.waiting.items()
        }

    def execute(self, chapter: Path, notebook: nbformat.NotebookNode) -> None:
        """Execute a notebook and file it in the cache. Raises ChapterError when a cell fails."""
        seconds = run(notebook, chapter.relative_to(ROOT).as_posix())
        bundle = CacheBundleIn(notebook, str(chapter), data={"execution_seconds": seconds})
        with self.lock, usable_cache():
            self.cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            self.done += 1
            self.say(f"  {self.done} of {len(self.waiting)}  {chapter.stem} ({seconds:.1f} s)")

    def wait(self, page: str) -> None:
        """Wait until a page's notebook is in the cache. Raises ChapterError when a cell failed."""
        if result := self.results.get(Path(page).name):
            result.result()

    def stop(self) -> None:
        """Start no more chapters, and wait for those that run."""
        self.pool.shutdown(cancel_futures=True)

    def finish(self) -> None:
        """Wait for all chapters that were not stopped. Raises the ChapterError of the first that failed."""
        for result in self.results.values():
            if not result.cancelled():
                result.result()
