"""The README's recipes, run as they stand: whole programs that read `credentials.json`."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "erp_emulator" / "README.md"
RECIPES = re.search(r"### Recipes\n(.*?)\n### ", README.read_text(), re.S)
BLOCKS = re.findall(r"```(python|js)\n(.*?)```", RECIPES[1] if RECIPES else "", re.S)
SECONDS_MAX = 120


def name_of(block):
    language, text = block
    found = re.findall(r'(?:^from|^import|require\()\s*"?([\w@/.-]+)', text, re.M)
    return f"{language} {found[-1]}"


def run(command, folder, **environment):
    ended = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_there_are_recipes_for_python_and_node():
    assert len(BLOCKS) >= 8
    assert {language for language, _ in BLOCKS} == {"python", "js"}


@pytest.mark.parametrize("text", [pytest.param(b[1], id=name_of(b)) for b in BLOCKS if b[0] == "python"])
def test_a_recipe_in_python_runs(emulator, tmp_path, text):
    (tmp_path / "credentials.json").write_text(json.dumps(emulator.credentials))
    (tmp_path / "recipe.py").write_text(text)

    assert run([sys.executable, "recipe.py"], tmp_path).strip()


@pytest.mark.parametrize("text", [pytest.param(b[1], id=name_of(b)) for b in BLOCKS if b[0] == "js"])
def test_a_recipe_in_node_runs(emulator, modules, tmp_path, text):
    node, folder = modules
    (tmp_path / "credentials.json").write_text(json.dumps(emulator.credentials))
    (tmp_path / "recipe.js").write_text(text)

    assert run([node, "recipe.js"], tmp_path, NODE_PATH=str(folder)).strip()


# https of its own.


@pytest.fixture
def certificate(tmp_path):
    """(certificate, key) made by the README's own command."""
    command = re.search(r"(openssl req .*?)\necho", README.read_text(), re.S)
    assert command is not None
    subprocess.run(["sh", "-c", command[1]], cwd=tmp_path, check=True, capture_output=True, timeout=SECONDS_MAX)
    return tmp_path / "certificate.pem", tmp_path / "key.pem"


def test_it_serves_https_under_netsuites_own_names(certificate):
    chain, key = certificate
    command = [sys.executable, "-m", "erp_emulator", "--port", "0", "--seed", "none"]
    with subprocess.Popen(
        [*command, "--tls-certificate", chain, "--tls-key", key], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline().strip().removeprefix("https://127.0.0.1:"))
            name = "tstdrv1234567.suitetalk.api.netsuite.com"
            context = ssl.create_default_context(cafile=str(chain))
            with (
                context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname=name) as stream,
                stream.makefile("rb") as answer,
            ):
                stream.sendall(f"GET /services/rest/record/v1/vendor HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
                assert answer.readline().startswith(b"HTTP/1.1 401")
        finally:
            server.terminate()


@pytest.mark.parametrize(
    "given", [["--tls-certificate", "x.pem"], ["--tls-certificate", "x.pem", "--tls-key", "y.pem"]]
)
def test_a_certificate_that_cannot_be_used_is_said_in_one_line(given, tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "erp_emulator", *given], capture_output=True, text=True, check=False, timeout=30
    )

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
