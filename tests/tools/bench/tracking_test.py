#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/bench/tracking from end to end on two small scenarios: usage: tracking_test.py TRUCEWATCH."""
import pathlib
import random
import re
import subprocess
import sys
import tempfile

BENCH = pathlib.Path(__file__).resolve().parents[3] / "tools/bench/tracking"


def write_scenario(folder, name, seed, latest):
    """One vehicle driving east at 10 m/s; a camera that looks each second, sigma 5 m; looks up to `latest` seconds late."""
    source = random.Random(seed)
    stem = f"{folder}/{name}_seed{seed}"
    delay = random.Random(seed + 100)
    with open(stem + "_truth.csv", "w") as truth, open(stem + "_scans.csv", "w") as scans, \
            open(stem + "_meas.csv", "w") as meas:
        truth.write("time,truth_id,x,y,vx,vy,group_id,kind\n")
        scans.write("scan_id,receive_time,measure_time,sensor_id,sensor_type,sensor_x,sensor_y,fov_xmin,fov_xmax,"
                    "fov_ymin,fov_ymax,prob_detect,mean_false,mdv\n")
        meas.write("scan_id,range,azimuth,range_rate,x,y,var_range,var_azimuth,var_range_rate,cov_xx,cov_xy,cov_yy\n")
        for t in range(61):
            truth.write(f"{t},0,{10 * t - 300},0,10,0,-1,vehicle\n")
            scans.write(f"{t},{t + delay.uniform(0, latest)},{t},drone1,eo,0,0,-500,500,-500,500,0.9,0.5,0\n")
            meas.write(f"{t},,,,{10 * t - 300 + source.gauss(0, 5)},{source.gauss(0, 5)},,,,25,0,25\n")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for seed in (1, 2):
            write_scenario(folder, "S2", seed, 0)
            write_scenario(folder, "S3", seed, 0)
            write_scenario(folder, "S4", seed, 8)
        calibration = pathlib.Path(folder, "calibrate.py")
        calibration.write_text("print('0.200')\n")
        done = subprocess.run([BENCH, folder, "--trucewatch", sys.argv[1], "--calibrate", calibration],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "S4 is S2 byte for byte on 2 of 2 seeds (1, 2)" in done.stdout, done.stdout
        # The peer is twice as fast here as where it was measured.
        assert re.search(r"S3 live: \d+ reports a CPU second, \d+ times Stone Soup GNN's 1190 on this machine", done.stdout), \
            done.stdout
        table = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
        rows = {cells[1]: cells for cells in table if cells[0] == "S2"}
        live, settled = rows["live"], rows["settled 30 s"]
        assert live[2] == settled[2] == "2", done.stdout
        gospa = [float(re.match(r"[\d.]+", cells[3])[0]) for cells in (live, settled)]
        assert gospa[1] < gospa[0], done.stdout
        assert float(re.match(r"[\d.]+", settled[4])[0]) > 0.95, done.stdout  # IDF1
        # Another picture of S4 is told, and fails the run.
        meas = pathlib.Path(folder, "S4_seed2_meas.csv")
        meas.write_text(meas.read_text().replace(",25,0,25", ",26,0,25", 1))
        differs = subprocess.run([BENCH, folder, "--trucewatch", sys.argv[1], "--names", "S2", "S4"], capture_output=True,
                                 text=True, check=False)
        assert differs.returncode == 1 and "on 1 of 2 seeds" in differs.stdout, differs.stdout
        wrong = subprocess.run([BENCH, folder, "--names", "X"], capture_output=True, text=True, check=False)
        assert wrong.returncode != 0 and "no scenario" in wrong.stderr, wrong.stderr


if __name__ == "__main__":
    main()
