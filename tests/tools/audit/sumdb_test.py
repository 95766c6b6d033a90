#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Go's own checker of transparency logs (golang.org/x/mod/sumdb, Debian's golang-golang-x-mod-dev) accepts a ledger of our
writer, and refuses changed ones. usage: sumdb_test.py TW_AUDIT_PEER GO_CACHE. Exit code 77, skipped, where there is no Go."""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
GOPATH = pathlib.Path("/usr/share/gocode")  # where Debian puts Go's libraries
ENTRIES, SIZES = 300, (100, 256, 290)


def main():
    peer, cache = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    if shutil.which("go") is None or not (GOPATH / "src/golang.org/x/mod/sumdb").is_dir():
        print("needs the Debian packages golang-go and golang-golang-x-mod-dev")
        sys.exit(1 if os.environ.get("CI") == "true" else 77)
    cache.mkdir(parents=True, exist_ok=True)
    program = cache / "sumdb"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOCACHE": str(cache), "CGO_ENABLED": "0"}
    subprocess.run(["go", "build", "-o", program, HERE / "sumdb/main.go"], env=environment, check=True)
    with tempfile.TemporaryDirectory(prefix="trucewatch-test-") as name:
        folder = pathlib.Path(name)
        subprocess.run([peer, "write", folder, str(ENTRIES)] + [str(size) for size in SIZES], check=True)
        vkey = (folder / "policy.txt").read_text().split()[1]

        def check():
            older = [folder / f"checkpoint.{size}" for size in SIZES]
            done = subprocess.run([program, vkey, folder / "ledger", *older], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout + done.stderr

        code, said = check()
        assert (code, said) == (0, "exercise.trucewatch.example/test: 300 entries, consistent with 3 older checkpoints\n"), said
        source = random.Random(1)
        for path in ("checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"):
            file = folder / "ledger" / path
            data = file.read_bytes()
            for _ in range(2):
                changed = bytearray(data)
                # A checkpoint's last base64 digit holds bits that Go does not look at; ours does.
                at = source.randrange(len(data) - (4 if path == "checkpoint" else 0))
                changed[at] ^= 1 << source.randrange(8)
                file.write_bytes(changed)
                code, said = check()
                assert code == 4, f"{path} byte {at}: {said}"
            file.unlink()
            code, said = check()
            assert code == 4, f"{path} missing: {said}"
            file.write_bytes(data)
        (folder / "checkpoint.100").write_bytes((folder / "checkpoint.100").read_bytes().replace(b"100", b"101", 1))
        assert check()[0] == 4
        # A second history under the same key: both checkpoints are well signed, and one is not in the other.
        fork = folder / "fork"
        fork.mkdir()
        subprocess.run([peer, "fork", fork, "100"], check=True)
        shutil.copy(fork / "checkpoint.100", folder / "checkpoint.100")
        code, said = check()
        assert code == 4 and said.startswith("from size 100: "), said


if __name__ == "__main__":
    main()
