"""The system on one machine: the AWS emulator, the ERP emulator, and the stack of `template.yaml` deployed on them.

`python -m local up|down|clean|status|people|demo` (the Makefile's targets) start here. Everything that runs or is kept
lies in one folder (`.local`), so several checkouts on a machine do not meet, and removing the folder removes all.
"""
