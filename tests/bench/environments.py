"""The two Python environments: the project's own, and the peers', which never get in its way."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.errors import BenchError

ROOT = Path(__file__).resolve().parents[2]
OUR_PACKAGE = ROOT / "layers" / "counterfoil"
LOCK = ROOT / "requirements" / "peers.txt"
PEERS_FOLDER = ROOT / "build" / "peers"
INSTALL_SECONDS_MAX = 900
ERROR_LINES = 5
# What a measured process inherits; nothing of the machine's settings reaches it.
INHERITED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True)
class Environment:
    """An interpreter, and the folders of this project that it sees before its own packages."""

    python: Path
    paths: tuple[Path, ...]

    def variables(self) -> dict[str, str]:
        """The environment variables of a process in it: no AWS account, no network by accident, stable hashes."""
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return kept | {
            "PYTHONPATH": os.pathsep.join(str(path) for path in self.paths),
            "PYTHONHASHSEED": "0",
            "PYTHONUTF8": "1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "POWERTOOLS_TRACE_DISABLED": "true",
            "POWERTOOLS_METRICS_NAMESPACE": "Counterfoil",
            "POWERTOOLS_SERVICE_NAME": "bench",
        }


# This checkout before whatever an installed copy of the package points to.
OURS = Environment(Path(sys.executable), (OUR_PACKAGE, ROOT))
# Of ours they see how each of them is asked (counterfoil.beside), and nothing else can be imported there.
PEERS = Environment(PEERS_FOLDER / ".venv" / "bin" / "python", (OUR_PACKAGE, ROOT))


def install_peers() -> None:
    """Make the peers' environment of `requirements/peers.txt`, unless it is there and made of the same.

    BenchError when it cannot be made, which without network on a machine that never had it is so.
    """
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    made_of = PEERS_FOLDER / "made_of"
    if PEERS.python.exists() and made_of.exists() and made_of.read_text() == wanted:
        return
    PEERS_FOLDER.mkdir(parents=True, exist_ok=True)
    uv = str(Path(sys.executable).parent / "uv")
    commands = (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(PEERS_FOLDER / ".venv")],
        [uv, "pip", "sync", "--quiet", "--python", str(PEERS.python), "--require-hashes", str(LOCK)],
    )
    for command in commands:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX)
        if ended.returncode:
            raise BenchError(f"the peers cannot be installed: {' | '.join(ended.stderr.splitlines()[-ERROR_LINES:])}")
    made_of.write_text(wanted)


def main() -> None:
    """`make peers`: the environment for `make bench` and `counterfoil accuracy --beside`."""
    try:
        install_peers()
    except BenchError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
