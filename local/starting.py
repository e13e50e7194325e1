"""From nothing to a deployed stack with people who can sign in; what is there already is kept."""

from __future__ import annotations

import json
import shutil

from local import company, people, services, stack
from local.erp import Erp
from local.installation import PROJECT, Installation
from local.progress import console, stage
from local.stack import Stack


def up(installation: Installation) -> Stack:
    """Bring an installation up. A second time costs little: only what changed is built and deployed."""
    with installation.at_work():
        with stage("local cloud"):
            services.start_cloud(installation)
        with stage("ERP emulator"):
            services.start_erp(installation)
            credentials = services.erp_credentials(installation.port("erp"))
        values = stack.parameters(installation, json.loads(credentials)["account"])
        fingerprint = stack.fingerprint_of(values)
        if stack.is_deployed(installation, fingerprint):
            console.print("[green]✓[/green] stack is up to date")
        else:
            with stage("build functions and layers") as tell:
                stack.build(installation, values, tell)
            with stage("deploy template.yaml") as tell:
                stack.deploy(installation, values, fingerprint, tell)
        deployed = Stack(installation)
        with stage("company and people"):
            company.put_credentials(deployed, credentials)
            company.register(deployed, Erp(deployed.erp_url, credentials))
            people.create_people(deployed)
    return deployed


def clean(installation: Installation) -> None:
    """Stop everything and remove what was kept and built."""
    with installation.at_work():
        services.stop_all(installation)
    shutil.rmtree(installation.folder, ignore_errors=True)
    for built in ("build", ".aws-sam"):
        shutil.rmtree(PROJECT / built, ignore_errors=True)
