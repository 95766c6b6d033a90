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


def write_scenario(folder, seed):
    """One vehicle driving east at 10 m/s; a camera that looks each second, sigma 5 m."""
    source = random.Random(seed)
    stem = f"{folder}/E1_seed{seed}"
    with open(stem + "_truth.csv", "w") as truth, open(stem + "_scans.csv", "w") as scans, \
            open(stem + "_meas.csv", "w") as meas:
        truth.write("time,truth_id,x,y,vx,vy,group_id,kind\n")
        scans.write("scan_id,receive_time,measure_time,sensor_id,sensor_type,sensor_x,sensor_y,fov_xmin,fov_xmax,"
                    "fov_ymin,fov_ymax,prob_detect,mean_false,mdv\n")
        meas.write("scan_id,range,azimuth,range_rate,x,y,var_range,var_azimuth,var_range_rate,cov_xx,cov_xy,cov_yy\n")
        for t in range(61):
            truth.write(f"{t},0,{10 * t - 300},0,10,0,-1,vehicle\n")
            scans.write(f"{t},{t},{t},drone1,eo,0,0,-500,500,-500,500,0.9,0.5,0\n")
            meas.write(f"{t},,,,{10 * t - 300 + source.gauss(0, 5)},{source.gauss(0, 5)},,,,25,0,25\n")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for seed in (1, 2):
            write_scenario(folder, seed)
        done = subprocess.run([BENCH, folder, "--trucewatch", sys.argv[1]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        table = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
        rows = {cells[1]: cells for cells in table}
        live, settled = rows["live"], rows["settled 30 s"]
        assert live[2] == settled[2] == "2", done.stdout
        gospa = [float(re.match(r"[\d.]+", cells[3])[0]) for cells in (live, settled)]
        assert gospa[1] < gospa[0], done.stdout
        assert float(re.match(r"[\d.]+", settled[4])[0]) > 0.95, done.stdout  # IDF1
        wrong = subprocess.run([BENCH, folder, "--names", "X"], capture_output=True, text=True, check=False)
        assert wrong.returncode != 0 and "no scenario" in wrong.stderr, wrong.stderr


if __name__ == "__main__":
    main()
