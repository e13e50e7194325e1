"""The two programs that run in the background, started and stopped by us and by nobody else.

Each holds a lock on a file of the installation for as long as it lives. So "is it running, and is it ours" is one
question to the kernel, and a stale process id can never make us end somebody else's program.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError
from local.installation import PROJECT, Installation

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 15

# Keys of the cloud's owner. The local cloud is reachable from this machine alone; functions get keys of their roles.
AWS_KEY = "test"
AWS_REGION = "us-east-1"


@dataclass(frozen=True)
class Service:
    """A program in the background."""

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    health_url: str
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log" / f"{self.name}.log"

    @property
    def _lock(self) -> Path:
        return self.folder / f"{self.name}.lock"

    @property
    def _pid(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def is_running(self) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def start(self) -> None:
        """Start it, and return when it answers; a LocalError tells the end of its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as lock, self.log.open("w") as log:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            process = subprocess.Popen(  # noqa: S603 - a command of our own, no shell
                self.command,
                env=dict(self.environment),
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # The child keeps the lock; it is free again when the child is gone.
                pass_fds=(lock.fileno(),),
            )
        self._pid.write_text(str(process.pid))
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if process.poll() is not None:
                raise LocalError(f"{self.title} ended at once:\n{self.log_tail()}", f"its log is {self.log}")
            if time.monotonic() > deadline:
                self.stop()
                raise LocalError(
                    f"{self.title} did not answer within {START_SECONDS_MAX} seconds:\n{self.log_tail()}",
                    f"its log is {self.log}",
                )
            time.sleep(POLL_SECONDS)
        # It outlives this process, which is not to wait for it.
        process.returncode = 0

    def stop(self) -> None:
        """Ask it to end, which lets it save its state; insist when it does not listen."""
        if not self.is_running():
            return
        pid = int(self._pid.read_text())
        for insistence in (signal.SIGTERM, signal.SIGKILL):
            _signal(pid, insistence)
            deadline = time.monotonic() + STOP_SECONDS_MAX
            while time.monotonic() < deadline:
                if not self.is_running():
                    self._pid.unlink(missing_ok=True)
                    return
                time.sleep(POLL_SECONDS)
        raise LocalError(f"{self.title} (process {pid}) does not end", f"end it with `kill -9 {pid}`")

    def log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.health_url, timeout=2) as reply:  # noqa: S310 - loopback, made by us
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def cloud(installation: Installation, port: int) -> Service:
    """MiniStack, which speaks as AWS: roles enforced, this machine only, state kept on disk."""
    temporary = installation.file("tmp")
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(installation.file("cloud")),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(installation.file("cloud", "s3")),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_STRICT": "0",
        "TMPDIR": str(temporary),
    }
    return Service(
        name="cloud",
        title="the local cloud (MiniStack)",
        command=(sys.executable, "-m", "ministack"),
        environment={**aws_environment(port), **settings},
        health_url=f"http://127.0.0.1:{port}/_ministack/health",
        folder=installation.folder,
    )


def erp(installation: Installation, port: int) -> Service:
    """The ERP emulator with its small seed; what happens in it stays in its file."""
    data = installation.file("erp.sqlite")
    return Service(
        name="erp",
        title="the ERP emulator",
        command=(sys.executable, *_emulator("--port", str(port), "--data", str(data), "--seed", "small")),
        environment=environment(),
        health_url=f"http://127.0.0.1:{port}/_emulator/health",
        folder=installation.folder,
    )


def erp_credentials(port: int) -> str:
    """What `python -m erp_emulator --print-credentials` prints, JSON, for the emulator at a port."""
    command = (sys.executable, *_emulator("--port", str(port), "--print-credentials"))
    done = subprocess.run(  # noqa: S603 - a command of our own, no shell
        command, env=environment(), cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LocalError(f"the ERP emulator does not tell its credentials:\n{done.stderr[-2000:]}")
    return done.stdout


def start_cloud(installation: Installation) -> bool:
    """Whether it had to be started."""
    known = installation.file("ports.json").exists()
    if known and cloud(installation, installation.port("cloud")).is_running():
        return False
    # Unpacked functions of a run before: their folders are made anew.
    shutil.rmtree(installation.file("tmp"), ignore_errors=True)
    installation.file("tmp").mkdir(parents=True)
    cloud(installation, installation.choose_port("cloud")).start()
    return True


def start_erp(installation: Installation) -> bool:
    """Whether it had to be started."""
    if erp(installation, 0).is_running():
        return False
    erp(installation, installation.choose_port("erp")).start()
    return True


def stop_all(installation: Installation) -> list[str]:
    """The titles of what was running."""
    stopped = []
    for service in (cloud(installation, 0), erp(installation, 0)):
        if service.is_running():
            service.stop()
            stopped.append(service.title)
    return stopped


def environment() -> dict[str, str]:
    """This process's environment without its AWS settings: no account of the person's is ever touched."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return own | {
        # The project's tools before those of the machine.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "NO_PROXY": "127.0.0.1,localhost",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def aws_environment(port: int) -> dict[str, str]:
    """The environment of a program that speaks to the local cloud as its owner."""
    return environment() | {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": AWS_KEY,
        "AWS_SECRET_ACCESS_KEY": AWS_KEY,
        "AWS_DEFAULT_REGION": AWS_REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _emulator(*arguments: str) -> tuple[str, ...]:
    return ("-m", "erp_emulator", *arguments)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
