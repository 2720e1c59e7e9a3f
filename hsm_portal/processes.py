"""Child processes that never outlive their parent, however it ends.

Each child leads its own session, so that Ctrl-C in a terminal reaches only the parent, and has a guard: a shell that waits
on a pipe held by the parent. When the parent is gone, even by SIGKILL, the pipe ends and the guard stops the child.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_GUARD_SCRIPT = """
read -r word
[ "$word" = done ] && exit 0
pid=$1 stop=$2; shift 2
kill -s "$stop" "$pid" 2>/dev/null
tries=0
while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -s KILL -- "-$pid" 2>/dev/null
[ "$#" -gt 0 ] && rm -rf -- "$@"
exit 0
"""


@dataclass(frozen=True, slots=True)
class RunAs:
    """The account a child runs as; only root can choose one."""

    user: int
    group: int


@dataclass(slots=True)
class Child:
    """A running child process. Made by `spawn`; ended by `stop` or `kill`."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals
    remove_after: tuple[Path, ...]
    _guard: subprocess.Popen[bytes]

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None while the child runs."""
        return self.process.poll()

    def request_stop(self) -> None:
        """Ask the child to end, without waiting."""
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def stop(self, *, grace_seconds: float = 15.0) -> None:
        """Ask the child to end and wait; after the grace its whole process group is killed."""
        self.request_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace_seconds)
        self.kill()

    def kill(self) -> None:
        """End the child's process group at once, and remove what was to be removed after it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for path in self.remove_after:
            shutil.rmtree(path, ignore_errors=True)
        self._dismiss_guard()

    def log_tail(self, *, lines: int = 15) -> str:
        """The last lines of the child's log, for an error message."""
        if not self.log.is_file():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _dismiss_guard(self) -> None:
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._guard.communicate(b"done\n")


def spawn(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    run_as: RunAs | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    stdin: bytes = b"",
    remove_after: Sequence[Path] = (),
) -> Child:
    """Start `command` in its own session, its output appended to `log`, under a guard.

    `environment` None inherits the parent's. `stdin` is all that the child can read. `remove_after` names folders that are
    removed when the child has ended, by whoever ends it.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - the commands are the portal's own
            list(command),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=directory,
            start_new_session=True,
            user=run_as.user if run_as else None,
            group=run_as.group if run_as else None,
            extra_groups=[] if run_as else None,
        )
    guard = subprocess.Popen(  # noqa: S603
        ["/bin/sh", "-c", _GUARD_SCRIPT, "guard", str(process.pid), stop_signal.name.removeprefix("SIG")]
        + [str(path) for path in remove_after],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(stdin)
            process.stdin.close()
    return Child(name, process, log, stop_signal, tuple(remove_after), guard)


def command_of(pid: int) -> str:
    """The command line of any process, or an empty text when there is none."""
    if platform.system() == "Linux":
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603


def children_of(pid: int) -> list[int]:
    """The processes that any process has started and not yet buried, whatever session they lead."""
    if platform.system() == "Linux":
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                # The name, in brackets, may hold anything; state and parent follow it.
                facts = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                if int(facts[1]) == pid:
                    found.append(int(process.name))
        return found
    listed = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(child) for child, parent in pairs if int(parent) == pid]


def end_stray(pid: int, *, stop_signal: signal.Signals, grace_seconds: float) -> None:
    """Stop a process that is not our child: ask, wait for the grace, then SIGKILL. The caller knows that it is the right one."""
    command = command_of(pid)
    for number, seconds in ((stop_signal, grace_seconds), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if command_of(pid) != command:
                return
            time.sleep(0.05)
