"""The command line: `python -m erp_emulator --port 8990`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from erp_emulator.credentials import DEFAULT_ACCOUNT


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="erp_emulator", description="A NetSuite to test against.")
    made.add_argument("--port", type=int, default=8990, help="0 takes a free one")
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--data", type=Path, help="a SQLite file that keeps the state; without it nothing is kept")
    made.add_argument("--seed", default="small", help="small, large, none, or a seed file")
    made.add_argument("--account", default=DEFAULT_ACCOUNT)
    made.add_argument("--tls-certificate", type=Path, help="serve https with this certificate (PEM)")
    made.add_argument("--tls-key", type=Path, help="the certificate's key (PEM)")
    made.add_argument("--print-credentials", action="store_true")
    return made


def main(arguments: list[str] | None = None) -> int:
    made = parser()
    options = made.parse_args(arguments)
    if (options.tls_certificate is None) != (options.tls_key is None):
        made.error("--tls-certificate and --tls-key go together")
    if options.print_credentials:
        from erp_emulator import printing

        sys.stdout.write(json.dumps(printing.credentials(options), indent=2) + "\n")
        return 0
    from erp_emulator import running

    return running.run(options)


if __name__ == "__main__":
    sys.exit(main())
