# SPDX-License-Identifier: Apache-2.0
"""Finds an interpreter that has the packages a test of tools/train needs, or skips the test with a sentence."""
import importlib
import os
import pathlib
import sys

DEBIAN_PYTHON = "/usr/bin/python3"
ROOT = pathlib.Path(__file__).resolve().parents[3]


def need(*names):
    missing = []
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(name)
    if missing and os.path.realpath(sys.executable) != os.path.realpath(DEBIAN_PYTHON) and os.path.exists(DEBIAN_PYTHON):
        sys.stdout.flush()
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON] + sys.argv)
    if missing:
        print(f"skipped: Python without {', '.join(missing)} (Debian: python3-numpy python3-opencv python3-torch python3-onnx python3-sklearn)")
        sys.exit(77)
    sys.path.insert(0, str(ROOT / "tools" / "train"))
