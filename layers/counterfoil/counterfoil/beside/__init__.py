"""Other readers, measured beside ours on the same files: how each is asked, and its answer in the words of our records.

Each works in a process of its own (`worker`), the peers in an environment of their own (`make peers`). What runs there
imports nothing of this project outside this folder, so that neither gets in the other's way.
"""
