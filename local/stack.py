"""Builds and deploys `template.yaml` on the local cloud with the real SAM, and says what came of it."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local.errors import LocalError
from local.installation import PROJECT, Installation, read_json, write_json
from local.services import AWS_KEY, AWS_REGION, aws_environment

# What a deployment is made of, relative to the project.
SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers")
SOURCE_SUFFIXES_LEFT_OUT = (".pyc",)
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
PYTHON_NEWEST = 14
ERROR_LINES = 25
CLIENT = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=5, read_timeout=60)


@dataclass(frozen=True)
class Stack:
    """The deployed stack: its outputs, and clients that speak to it as the cloud's owner."""

    installation: Installation

    @cached_property
    def session(self) -> boto3.Session:
        return boto3.Session(aws_access_key_id=AWS_KEY, aws_secret_access_key=AWS_KEY, region_name=AWS_REGION)

    def client(self, service: str) -> Any:
        # The service is chosen at run time, and with it the type of the client.
        client: Any = self.session.client
        return client(service, endpoint_url=self.installation.cloud_url, config=CLIENT)

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The outputs of the template, such as `ApiUrl`, `InboxBucket`, `TableName`."""
        stacks = self.client("cloudformation").describe_stacks(StackName=self.installation.stack_name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}

    @property
    def erp_url(self) -> str:
        return self.installation.erp_url

    @cached_property
    def functions(self) -> dict[str, str]:
        """The functions' names by the logical id without its end, such as `CaptureInvoice`."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            resource["LogicalResourceId"].removesuffix("Function"): resource["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.installation.stack_name)
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::Lambda::Function"
        }


@dataclass(frozen=True)
class Target:
    """What the functions run on: this machine, since the local cloud runs them itself."""

    runtime: str
    architecture: str


def target() -> Target:
    """This machine's Python and processor in Lambda's words."""
    minor = sys.version_info.minor
    if minor > PYTHON_NEWEST:
        raise LocalError(
            f"Python 3.{minor} is newer than the newest that Lambda offers (3.{PYTHON_NEWEST})",
            f"install Python 3.11 to 3.{PYTHON_NEWEST}, then run `make PYTHON=python3.{PYTHON_NEWEST} setup`",
        )
    architecture = ARCHITECTURES.get(platform.machine().lower())
    if architecture is None:
        raise LocalError(f"processor {platform.machine()} is none that Lambda knows", "use an x86_64 or arm64 machine")
    return Target(f"python3.{minor}", architecture)


def parameters(installation: Installation, erp_account: str) -> dict[str, str]:
    machine = target()
    return {
        "Stage": "local",
        "LambdaRuntime": machine.runtime,
        "Architecture": machine.architecture,
        "Company": installation.company,
        "ErpAccount": erp_account,
        "ErpBaseUrl": installation.erp_url,
        "LocalAddress": installation.cloud_url,
        # Functions are run by this very Python, which has what recognises text.
        "TextRecognition": "local",
    }


def is_deployed(installation: Installation, fingerprint: str) -> bool:
    """Whether what is deployed was made of the sources and parameters of this fingerprint."""
    if read_json(installation.file("deployed.json")).get("fingerprint") != fingerprint:
        return False
    cloudformation = Stack(installation).client("cloudformation")
    try:
        [stack] = cloudformation.describe_stacks(StackName=installation.stack_name)["Stacks"]
    except cloudformation.exceptions.ClientError:
        return False
    return str(stack["StackStatus"]) in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def build(installation: Installation, values: dict[str, str], tell: Callable[[str], None]) -> None:
    """`sam build`: what did not change since the last time is taken from the cache."""
    machine = target()
    # SAM's cache knows the sources, and neither the target nor how they are built.
    cache = (
        installation.cache / f"{machine.runtime}-{machine.architecture}-{_digest_of(_build_files()).hexdigest()[:12]}"
    )
    _sam(
        installation,
        "build",
        ["--build-dir", str(installation.file("build")), "--cache-dir", str(cache), *_overrides(values)],
        tell,
    )


def deploy(installation: Installation, values: dict[str, str], fingerprint: str, tell: Callable[[str], None]) -> None:
    """`sam deploy`, then note what was deployed: the fingerprint taken before the build."""
    _sam(
        installation,
        "deploy",
        [
            *("--template-file", str(installation.file("build", "template.yaml"))),
            *("--stack-name", installation.stack_name),
            *_overrides(values),
        ],
        tell,
    )
    write_json(installation.file("deployed.json"), {"fingerprint": fingerprint})


def fingerprint_of(values: dict[str, str]) -> str:
    """A fingerprint of all sources and these parameters."""
    found = _digest_of(_source_files())
    found.update(json.dumps(values, sort_keys=True).encode())
    return found.hexdigest()


def _digest_of(files: list[Path]) -> hashlib._Hash:
    found = hashlib.sha256()
    for path in files:
        found.update(f"\0{path.relative_to(PROJECT)}\0".encode())
        found.update(path.read_bytes())
    return found


def _build_files() -> list[Path]:
    """What says how functions and layers are built."""
    return [
        PROJECT / "functions" / "Makefile",
        *sorted((PROJECT / "layers").rglob("Makefile")),
        PROJECT / "layers/target.mk",
    ]


def _source_files() -> list[Path]:
    tops = (PROJECT / name for name in SOURCES)
    files = (path for top in tops for path in (top.rglob("*") if top.is_dir() else [top]))
    return sorted(path for path in files if path.is_file() and path.suffix not in SOURCE_SUFFIXES_LEFT_OUT)


def _overrides(values: dict[str, str]) -> list[str]:
    return ["--parameter-overrides", " ".join(f"{name}={value}" for name, value in values.items())]


def _sam(installation: Installation, verb: str, arguments: list[str], tell: Callable[[str], None]) -> None:
    """Run SAM; its output goes to a log, its last line to `tell`; a failure shows the end of it."""
    log = installation.file("log", f"sam-{verb}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    machine = target()
    settings = {
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.3",
        "LAMBDA_RUNTIME": machine.runtime,
        "LAMBDA_ARCHITECTURE": machine.architecture,
        # The wheels are those of this machine's system, which need not be Linux.
        "LAMBDA_INTERPRETER": sys.executable,
    }
    sam = Path(sys.executable).parent / "sam"
    command = [str(sam), verb, "--config-file", str(PROJECT / "samconfig.toml"), "--config-env", "local", *arguments]
    with (
        log.open("w") as file,
        subprocess.Popen(  # noqa: S603 - a command of our own, no shell
            command,
            env=aws_environment(installation.port("cloud")) | settings,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            file.write(line)
            if line.strip():
                tell(line.strip())
    if process.returncode:
        tail = "\n".join(log.read_text().splitlines()[-ERROR_LINES:])
        raise LocalError(f"sam {verb} failed:\n{tail}", f"the whole of it is in {log}")
