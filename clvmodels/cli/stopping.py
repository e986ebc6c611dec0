"""A command that is told to stop ends within a second, and says so."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from clvmodels import interruption

_GRACE = 0.3  # seconds to come to an end by the usual way: then folders are removed and the process ends
_SIGNALS = [found for name in ("SIGINT", "SIGTERM", "SIGHUP") if (found := getattr(signal, name, None)) is not None]


class Stop:
    """Whether a command was told to stop, and by which signal."""

    def __init__(self) -> None:
        self.status = 0
        self.over = threading.Event()

    def sentence(self) -> str:
        """Return what is said at the end."""
        if interruption.STATE.written:
            return "stopped after all files were written."
        return interruption.STATE.told or "stopped; nothing was written."

    def on_signal(self, number: int, _: FrameType | None) -> None:
        """Let the main thread stop where it is."""
        if not self.status:
            self.status = 128 + number
            interruption.STATE.stopping = True
            _hush()
            raise KeyboardInterrupt

    def watch(self, signals: socket.socket, taken: Collection[int]) -> None:
        """Wait for a signal in a thread of its own, because the main one may be inside an engine."""
        with signals:
            while (told := signals.recv(1)) and told[0] not in taken:
                pass
        if not told:
            return
        interruption.INTERRUPTS.run()
        if self.over.wait(_GRACE):
            return
        interruption.CLEANUPS.run()
        with suppress(OSError, ValueError):
            os.write(2, f"\nclv: {self.sentence()}\n".encode())
        _end_children()
        os._exit(self.status or 128 + told[0])


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Answer signals until the end; where another thread than the main one runs a command, they aren't ours."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    # Who ignores a signal (nohup, a job in the background) goes on ignoring it.
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    taken = [n for n, old in handlers.items() if old in (signal.SIG_DFL, signal.default_int_handler)]
    threading.Thread(target=stop.watch, args=(ours, taken), daemon=True, name="clv-stopping").start()
    before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    hooks = sys.unraisablehook, threading.excepthook
    try:
        for number in taken:
            signal.signal(number, stop.on_signal)
        yield stop
    finally:
        if stop.status:
            _leave(stop)
        stop.over.set()
        for number in taken:
            signal.signal(number, handlers[number])
        signal.set_wakeup_fd(before)
        theirs.close()
        sys.unraisablehook, threading.excepthook = hooks


def _hush() -> None:
    """Keep what libraries complain of, when they are stopped in the middle, from the screen."""

    def nothing(_: Any) -> None:
        return

    sys.unraisablehook = threading.excepthook = nothing


def _leave(stop: Stop) -> None:
    """End the process now: its threads may be in the middle of a long computation, and nobody waits for it."""
    interruption.CLEANUPS.run()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    _end_children()
    os._exit(stop.status)


def _end_children() -> None:
    loaded = sys.modules.get("multiprocessing")
    if loaded is not None:
        for child in loaded.active_children():
            child.terminate()
