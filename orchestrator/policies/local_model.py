"""Models that run in this process: each loaded once, at first use, and writing one reply at a time."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import perf_counter
from typing import Final

from orchestrator.policies.generation import Generation, Writer
from orchestrator.policies.loaded_model import load
from orchestrator.policies.model_folder import ModelFolder, model_folder

CLOSING_S: Final = 10.0
"""How long closing waits for a model that is being loaded, which cannot be broken off."""

_Job = tuple["Future[None]", Generation]


class LocalModel:
    """One model and its thread. The thread begins with the first reply and ends when the model is closed."""

    def __init__(self, folder: ModelFolder, loading: Callable[[ModelFolder], Writer] = load) -> None:
        self.folder = folder
        self.in_flight = 0
        """Replies being written or waiting."""
        self._loading = loading
        self._loaded: Writer | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._now: Generation | None = None

    async def write(self, generation: Generation) -> None:
        """Have the reply written; raises LocalModelFailed or CannotAfford. Cancelling ends it within one token."""
        if self._thread is None:
            # A daemon: where the process must end while a model is being loaded, it does not wait for that.
            self._thread = threading.Thread(target=self._work, name=f"model {self.folder.name}", daemon=True)
            self._thread.start()
        job: Future[None] = Future()
        self._jobs.put((job, generation))
        self.in_flight += 1
        try:
            await asyncio.wrap_future(job)
        except asyncio.CancelledError:
            generation.halt()
            raise
        finally:
            self.in_flight -= 1

    async def aclose(self) -> None:
        """End the reply that is being written and the thread."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if (now := self._now) is not None:
            now.halt()
        self._jobs.put(None)
        await asyncio.to_thread(thread.join, CLOSING_S)

    def _work(self) -> None:
        while (next_one := self._jobs.get()) is not None:
            job, generation = next_one
            if not job.set_running_or_notify_cancel():
                continue
            self._now = generation
            try:
                self._write(generation)
            except BaseException as error:  # noqa: BLE001 - it is raised where the reply is awaited
                job.set_exception(error)
            else:
                job.set_result(None)
            finally:
                self._now = None
            # Neither a reply nor its error lives on here while the thread waits for the next.
            del job, generation, next_one

    def _write(self, generation: Generation) -> None:
        if self._loaded is None:
            self._loaded = self._loading(self.folder)
        generation.begun = perf_counter()
        self._loaded.write(generation)


class LocalModels:
    """The models of this process, by folder. Whoever made this closes it."""

    def __init__(self) -> None:
        self._models: dict[ModelFolder, LocalModel] = {}

    def of(self, path: str) -> LocalModel:
        """The model in this folder, the same one each time; raises UnusableModel."""
        folder = model_folder(path)
        if folder not in self._models:
            self._models[folder] = LocalModel(folder)
        return self._models[folder]

    async def aclose(self) -> None:
        """Close every model."""
        for model in self._models.values():
            await model.aclose()
