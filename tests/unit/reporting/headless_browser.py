"""A headless browser spoken to over a pipe, to see what a page does when it is opened."""

import base64
import json
import os
import shutil
import signal
import time
from contextlib import suppress
from fcntl import F_DUPFD_CLOEXEC, fcntl
from select import select

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
PATIENCE = 60  # seconds for one answer; a busy machine may need several to start the browser


def _pipe():
    """Return the ends of a pipe, numbered out of the way of 3 and 4."""
    ends = os.pipe()
    high = tuple(fcntl(end, F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high


def find_chromium():
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """Chromium with the DevTools protocol on file descriptors 3 (to it) and 4 (from it)."""

    def __init__(self, executable, profile):
        to_browser, self._write = _pipe()
        self._read, from_browser = _pipe()
        command = [executable, *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
        self._pid = os.posix_spawn(
            executable,
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, to_browser, 3),
                (os.POSIX_SPAWN_DUP2, from_browser, 4),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
        )
        os.close(to_browser)
        os.close(from_browser)
        self._buffer, self._events, self._count, self._session = b"", [], 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """Send a command and return its answer; events that come in between are kept."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._events.append(answer)

    def open(self, path, *, width, height=900):
        """Open a file and return what it complained of, and what it asked for beyond itself."""
        self._events.clear()
        mobile = width < 600
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        url = path.resolve().as_uri()
        if failure := self.call("Page.navigate", url=url).get("errorText"):
            raise RuntimeError(f"{url} doesn't open: {failure}")
        while not any(event.get("method") == "Page.loadEventFired" for event in self._events):
            self._events.append(self._receive())
        self.evaluate("new Promise(done => setTimeout(done, 200))")  # late requests and messages
        return [text for event in self._events if (text := _complaint(event, url))]

    def evaluate(self, expression):
        return self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)[
            "result"
        ].get("value")

    def screenshot(self, path, *, full=False):
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=full)
        path.write_bytes(base64.b64decode(picture["data"]))

    def close(self):
        self._session = None
        with suppress(OSError, EOFError, RuntimeError, TimeoutError):
            self.call("Browser.close")
        os.close(self._write)
        os.close(self._read)
        deadline = time.monotonic() + 10
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(0.05)

    def _receive(self):
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            if not select([self._read], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError("The browser doesn't answer.")
            chunk = os.read(self._read, 1 << 16)
            if not chunk:
                raise EOFError("The browser is gone.")
            self._buffer += chunk
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)


def _complaint(event, page):
    """Return what is wrong, in words, when the event is an error, a warning or a request for something else."""
    method, params = event.get("method"), event.get("params", {})
    if method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
        return f"console {params['type']}: {[argument.get('value') for argument in params['args']]}"
    if method == "Runtime.exceptionThrown":
        return f"exception: {params['exceptionDetails'].get('text')}"
    if method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
        return f"log {params['entry']['level']}: {params['entry']['text']}"
    if method == "Network.requestWillBeSent":
        url = params["request"]["url"]
        if url != page and not url.startswith(("data:", "about:")):
            return f"request: {url}"
    return None
