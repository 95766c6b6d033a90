#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills `trucewatch retention --trim` at random moments and runs it again: what does the ledger say, and what is gone?

After each second run every segment that is gone must have exactly one record in the ledger that was not withdrawn, every record's segment
must be gone, what a hold or the mission header needs must be there, and both checkers must find the ledger good.

  kills.py TRUCEWATCH RUN CONFIG --as-of TIME [--keep-days 30] [--trials 100] [--seed 1]

RUN is a replay that was never trimmed and stays as it is; CONFIG the mission's config (folder or file).
"""
import argparse
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

RECORD = re.compile(r"operation format retention reason (not )?trimmed: log=(\S+) first=(\d+) ")


def segments(run):
    """(log, first record) of every segment that the logs ever had, and of those whose file is there."""
    all_of, there = set(), set()
    for log in ("journal", "ingest"):
        folder = run / "state" / log
        index = sqlite3.connect(folder / "index.sqlite")
        all_of |= {(log, first) for (first,) in index.execute("SELECT DISTINCT segment FROM records")}
        index.close()
        there |= {(log, int(path.name[8:28])) for path in folder.glob("segment-*.log")}
    return all_of, there


def recorded(run):
    checker = pathlib.Path(__file__).parents[2] / "audit" / "trucewatch_audit.py"
    done = subprocess.run([sys.executable, checker, run / "ledger", "--policy", run / "policy.txt"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"the Python checker refuses the ledger: {done.stdout[-300:]}{done.stderr[-300:]}")
    out = {}
    for withdrawn, log, first in RECORD.findall(done.stdout):
        out.setdefault((log, int(first)), []).append(not withdrawn)
    return out


def wait(process, run, before, rng, wall_s):
    """Until a random moment of one run; or until there are records, or a random number of segments is gone."""
    how = rng.randrange(3)
    if how == 0:
        until = time.monotonic() + rng.uniform(0, wall_s)
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.0005)
        return
    checkpoint = (run / "ledger" / "checkpoint").stat().st_ino
    least = len(before) - rng.randrange(1, 60)
    folders = [run / "state" / "journal", run / "state" / "ingest"]
    while process.poll() is None:
        if how == 1 and (run / "ledger" / "checkpoint").stat().st_ino != checkpoint:
            return
        if how == 2 and sum(name.startswith("segment-") for folder in folders for name in os.listdir(folder)) <= least:
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trucewatch")
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("config")
    parser.add_argument("--as-of", required=True)
    parser.add_argument("--keep-days", default="30")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    counts = {"before any record": 0, "records, nothing gone": 0, "some gone": 0, "after the last": 0}
    wall_s = None
    with tempfile.TemporaryDirectory() as folder:
        for trial in range(options.trials + 1):
            run = pathlib.Path(folder) / "run"
            shutil.rmtree(run, ignore_errors=True)
            shutil.copytree(options.run, run)
            before = segments(run)[1]
            command = [options.trucewatch, "retention", str(run), "--config", options.config, "--trim", "--keep-days", options.keep_days,
                       "--as-of", options.as_of]
            began = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if wall_s is None:  # the first one lives, and says how long one takes
                if process.wait() != 0:
                    raise SystemExit("a trim that nobody disturbs fails")
                wall_s = time.monotonic() - began
                expected = segments(run)[1]
                continue
            wait(process, run, before, rng, wall_s)
            process.send_signal(signal.SIGKILL)
            process.wait()
            all_of, there = segments(run)
            said = recorded(run)
            gone = all_of - there
            if gone - set(said):
                raise SystemExit(f"trial {trial}: gone without a record: {sorted(gone - set(said))}")
            state = ("before any record" if not said else "records, nothing gone" if not gone else
                     "some gone" if there != expected else "after the last")
            counts[state] += 1
            again = subprocess.run(command, capture_output=True, text=True)
            if again.returncode != 0:
                raise SystemExit(f"trial {trial}: {again.stderr}")
            all_of, there = segments(run)
            said = recorded(run)
            if there != expected or set(said) != all_of - there or any(words != [True] for words in said.values()):
                raise SystemExit(f"trial {trial}: the second run ends elsewhere than an undisturbed one, or says something twice")
            audit = subprocess.run([options.trucewatch, "audit", run / "ledger", "--policy", run / "policy.txt"], capture_output=True)
            if audit.returncode != 0:
                raise SystemExit(f"trial {trial}: audit refuses the ledger")
    print(f"{options.trials} kills (seed {options.seed}, {len(expected)} segments stay, {len(all_of - expected)} go):",
          ", ".join(f"{count} {state}" for state, count in counts.items()),
          "- gone without a record: 0, said twice: 0, ended elsewhere: 0")


if __name__ == "__main__":
    main()
