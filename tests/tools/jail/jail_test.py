#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a worker does while it reads hostile files, as strace sees it.

Files that try something (hostile_files.py) are given to `trucewatch detect` and `trucewatch replay` under strace. Of every
process that has shut itself in, and of all that it starts, the log must show
* no file opened outside the folders it was left (PROJ's tables), none made, changed or removed;
* no socket, connection, program, thread or signal to others;
* its end: by itself, or killed.
And of the whole run: nobody knocked at the port that the files name, nobody opened the file or the sidecars that they
name; each hostile file is refused in one line; what is sound beside them is looked at as if they were not there.

Skipped (exit code 77) where strace is missing or may not trace.
"""
import json
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hostile_files  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
BLOBS = str(ROOT / "tests/detect/appearance/data/blobs_v5.txtpb")
SKIPPED = 77
OPENS = {"open", "openat", "openat2", "creat"}
CHANGES = {"unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "link", "linkat", "symlink",
           "symlinkat", "truncate", "ftruncate", "chmod", "fchmod", "fchmodat", "chown", "fchown", "mknod", "mknodat", "utimensat",
           "mount", "umount2", "chroot", "pivot_root"}
FORBIDDEN = {"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "execve", "execveat", "fork", "vfork",
             "clone3", "kill", "tkill", "ptrace", "process_vm_readv", "process_vm_writev", "setuid", "setgid", "unshare", "setns",
             "io_uring_setup", "bpf", "memfd_create", "keyctl", "add_key", "request_key"}
WATCHED = sorted(OPENS | CHANGES | FORBIDDEN | {"clone", "prctl", "seccomp", "tgkill", "setrlimit", "prlimit64"})
CALL = re.compile(r"^(\w+)\((.*)$")
END = re.compile(r"^\+\+\+ (exited with \d+|killed by \w+)")

failures = []


def check(holds, sentence):
    if not holds:
        failures.append(sentence)
        print("FAILED: " + sentence, flush=True)


class Trace:
    """The logs of one run, one a process."""

    def __init__(self, prefix):
        self.calls = {}
        for path in pathlib.Path(prefix).parent.glob(pathlib.Path(prefix).name + ".*"):
            self.calls[int(path.suffix[1:])] = path.read_text(errors="replace").splitlines()

    def children(self, pid, start=0):
        for line in self.calls.get(pid, [])[start:]:
            match = re.match(r"^(?:clone|fork|vfork|clone3)\(.*\) = (\d+)$", line)
            if match:
                yield int(match.group(1))

    def confined(self):
        """Process -> lines after it was shut in. A worker is what was started as such; its children are from their start."""
        found = {}
        for pid, lines in self.calls.items():
            if not any(line.startswith("execve(") and '"worker"' in line and line.endswith(" = 0") for line in lines):
                continue
            for at, line in enumerate(lines):
                if "SECCOMP_MODE_FILTER" in line and line.endswith(" = 0"):
                    found[pid] = lines[at + 1:]
                    for child in self.children(pid, at + 1):
                        found[child] = self.calls.get(child, [])
                    break
        return found

    def opened(self):
        """Every name that any process opened."""
        for lines in self.calls.values():
            for line in lines:
                match = CALL.match(line)
                if match and match.group(1) in OPENS and re.search(r" = \d+$", line):
                    yield re.search(r'"((?:[^"\\]|\\.)*)"', line).group(1)


def is_left_to_it(name):
    return name.startswith("/usr/") and "/proj" in name


def check_jail(trace, what):
    confined = trace.confined()
    jobs = 0
    attempts = 0
    kills = {}
    for pid, lines in confined.items():
        ended = ""
        for line in lines:
            end = END.match(line)
            if end:
                ended = end.group(1)
                continue
            match = CALL.match(line)
            if not match:
                continue
            name, rest = match.groups()
            worked = re.search(r" = \d+(?: |$)", line) is not None
            # A call that the filter kills for is the last line, without a result.
            if name in FORBIDDEN:
                check(False, f"{what}: process {pid} called {line}")
            elif name == "clone":
                check("CLONE_THREAD" not in rest, f"{what}: process {pid} began a thread: {line}")
            elif name in CHANGES:
                check(not worked, f"{what}: process {pid} changed a file: {line}")
            elif name in OPENS:
                attempts += 1
                path = re.search(r'"((?:[^"\\]|\\.)*)"', line)
                check(not worked or (path and is_left_to_it(path.group(1))), f"{what}: process {pid} opened {line}")
        check(ended, f"{what}: process {pid} did not end")
        jobs += 1
        kills[ended] = kills.get(ended, 0) + 1
    check(jobs >= 2, f"{what}: strace saw no worker and no job")
    print(f"{what}: {jobs} confined processes, {attempts} opens tried; ends: {kills}", flush=True)
    return kills


class Mission:
    """A folder with the hostile files, a secret that they name and a port that they name."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = pathlib.Path(folder)
        self.secret = self.folder / "secret"
        self.secret.write_text("S" * 4096)
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(8)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.runs = 0

    def traced(self, *arguments):
        """Exit code, standard output, standard error, trace."""
        self.runs += 1
        logs = self.folder / f"strace{self.runs}"
        logs.mkdir()
        command = ["strace", "-ff", "--seccomp-bpf", "-q", "-s", "300", "-e", "trace=" + ",".join(WATCHED),
                   "-o", str(logs / "log"), self.program, *map(str, arguments)]
        started = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=500)
        print(f"{' '.join(map(str, arguments[:2]))} ...: exit code {done.returncode}, {time.monotonic() - started:.1f} s", flush=True)
        return done.returncode, done.stdout, done.stderr, Trace(logs / "log")

    def check_outside(self, trace, what, alone=()):
        """Nobody opened what only the files name, and nobody called."""
        beside = {str(self.secret), *map(str, alone)}
        for name in trace.opened():
            check(name not in beside, f"{what}: {name} was opened")
        try:
            self.listener.accept()
            check(False, f"{what}: somebody called at the port")
        except BlockingIOError:
            pass


def lines_of(output, folder):
    """File's name -> its lines, of detect --json."""
    found = {}
    for line in output.splitlines():
        said = json.loads(line)
        found.setdefault(pathlib.Path(said["file"]).name, []).append(said)
    return found


def check_refusals(what, refused, output, errors, limits=()):
    for name in refused:
        told = [line for line in output.splitlines() if f"/{name}\"" in line and '"error":' in line]
        told += [line for line in errors.splitlines() if f"/{name}: " in line]
        # A transport stream is told of piece by piece; then that nothing was left.
        check(len(told) == 1 or (name == "sync.ts" and len(told) == 2), f"{what}: {name} is refused in {len(told)} lines: {told}")
    for name, words in limits:
        told = [line for line in (output + errors).splitlines() if f"/{name}" in line]
        check(any(words in line for line in told), f"{what}: {name} does not say '{words}': {told}")


def try_pictures(mission):
    folder = mission.folder / "pictures"
    folder.mkdir()
    refused, may = hostile_files.write_pictures(folder, bytes(mission.secret))
    code, out, err, trace = mission.traced("detect", "--json", "--quiet", "--threads", 2, "--limit-cpu", 2, "--limit-memory", 300,
                                           "--model", BLOBS, folder)
    check(code == 3, f"pictures: exit code {code}")
    check_jail(trace, "pictures")
    mission.check_outside(trace, "pictures")
    check_refusals("pictures", refused, out, err, [("processor.png", "used more than 2 s of processor time")])
    lines = lines_of(out, folder)
    check(set(lines) == refused | may, f"pictures: lines about {sorted(lines)}")
    check(len(lines["good.png"][0]["detections"]) == 1, f"pictures: the good one: {lines['good.png']}")


def try_scenes(mission):
    folder = mission.folder / "scenes"
    folder.mkdir()
    refused, may = hostile_files.write_scenes(folder, bytes(mission.secret), mission.port)
    sidecars = [folder / name for name in ("good.tif.aux.xml", "good.tfw", "good.ovr")]
    code, out, err, trace = mission.traced("detect", "--json", "--quiet", "--limit-cpu", 20, "--limit-memory", 1024, folder)
    check(code == 3, f"scenes: exit code {code}")
    check_jail(trace, "scenes")
    mission.check_outside(trace, "scenes", sidecars)
    check_refusals("scenes", refused, out, err)
    good = lines_of(out, folder).get("good.tif", [{}])[0]
    check(good.get("resolution_m") and abs(good["resolution_m"] - 0.5) < 0.01, f"scenes: the good one: {good}")
    check(len(good.get("detections", [])) == 1, f"scenes: the good one: {good}")
    del may


def try_videos(mission):
    folder = mission.folder / "videos"
    folder.mkdir()
    clip = mission.folder / "clip"
    subprocess.run([mission.program, "render", str(ROOT / "configs/scenes/desert.txtpb"), "--seconds", "3", "--quiet",
                    "--out", str(clip)], check=True, capture_output=True)
    refused, _ = hostile_files.write_videos(folder, bytes(mission.secret), mission.port, clip / "clip.ts")
    code, out, err, trace = mission.traced("detect", "--json", "--quiet", "--limit-cpu", 20, "--limit-memory", 1024, folder)
    check(code == 3, f"videos: exit code {code}")
    check_jail(trace, "videos")
    mission.check_outside(trace, "videos")
    check_refusals("videos", refused, out, err)
    lines = lines_of(out, folder)
    frames = [line["frame"] for line in lines.get("good.ts", [])]
    check(len(frames) >= 20 and frames == list(range(len(frames))), f"videos: the good one has frames {frames}")
    return folder


def try_names(mission):
    """What GDAL and FFmpeg would take for an address."""
    names = [f"/vsicurl/http://127.0.0.1:{mission.port}/x.tif", f"http://127.0.0.1:{mission.port}/x.ts",
             f"tcp://127.0.0.1:{mission.port}", "concat:a.ts|b.ts", "/vsizip/x.zip/x.tif"]
    code, out, err, trace = mission.traced("detect", "--json", "--quiet", *names)
    check(code == 3 and out == "", f"names: exit code {code}, {out}")
    for name in names:
        check(sum(name in line for line in err.splitlines()) == 1, f"names: {name} is not refused: {err}")
    mission.check_outside(trace, "names")


def try_mission(mission, videos):
    """The pipeline's own workers, on a recording of which much is damaged."""
    out = mission.folder / "replayed"
    code, _, err, trace = mission.traced("replay", videos / "mutated0.ts", "--out", out)
    check(code == 0, f"replay: exit code {code}: {err}")
    check_jail(trace, "replay")
    mission.check_outside(trace, "replay")


def main():
    program = sys.argv[1]
    if shutil.which("strace") is None:
        print("skipped: strace is not installed (apt-get install strace)")
        return SKIPPED
    probe = subprocess.run(["strace", "-ff", "--seccomp-bpf", "-q", "-o", "/dev/null", "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        print("skipped: strace may not trace here: " + probe.stderr.strip())
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="trucewatch-jail-") as folder:
        mission = Mission(program, folder)
        try_pictures(mission)
        try_scenes(mission)
        videos = try_videos(mission)
        try_names(mission)
        try_mission(mission, videos)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{used.ru_utime + used.ru_stime:.1f} s of processor time; {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
