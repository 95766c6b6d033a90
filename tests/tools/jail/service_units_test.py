#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every unit of configs/services is exposed by at most 1.5 of 10, as `systemd-analyze security` counts it, and says nothing
that systemd does not know. Skipped (exit code 77) where systemd-analyze is missing or cannot read a unit from a file.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
MOST = 1.5
SKIPPED = 77
BARE = "[Service]\nExecStart=/bin/true\n"


def exposure(unit, folder):
    """Figure, and what `verify` has to say; of a template an instance is looked at."""
    path = pathlib.Path(folder) / unit.name.replace("@.", "@mission.")
    # Whether the program is installed is not asked here.
    path.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.M))
    said = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", str(path)], capture_output=True, text=True)
    match = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said.stdout)
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True)
    about = [line for line in verified.stderr.splitlines() if path.name in line]
    return (float(match.group(1)) if match else None), about


def main():
    if shutil.which("systemd-analyze") is None:
        print("skipped: there is no systemd-analyze")
        return SKIPPED
    failures = 0
    with tempfile.TemporaryDirectory(prefix="trucewatch-units-") as folder:
        bare = pathlib.Path(folder) / "bare.service"
        bare.write_text(BARE)
        figure, _ = exposure(bare, folder)
        if figure is None:
            print("skipped: systemd-analyze cannot judge a unit file here")
            return SKIPPED
        # The measure measures: a unit that says nothing is far beyond.
        failures += figure <= 9
        units = sorted((ROOT / "configs/services").glob("*.service"))
        failures += len(units) < 3
        for unit in units:
            figure, problems = exposure(unit, folder)
            good = figure is not None and figure <= MOST and not problems
            failures += not good
            print(f"{'ok' if good else 'FAILED'}: {unit.name}: exposure {figure}, at most {MOST}; {problems}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
