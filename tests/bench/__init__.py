"""Benchmarks: ours beside what one can install and beside the least that the work can take, in the same run.

`make bench` runs them all but those that need the deployed stack, prints a table and writes `build/bench.json`.
Each side works in a process of its own that is started and warmed up before anything is measured, so that sides can
alternate run by run: whatever else the machine does meanwhile falls on all of them alike.
"""
