"""Runs the benchmarks and prints one row per figure: `python -m tests.benchmarks [NAME ...]`.

Every module of this folder with a function `run() -> list[dict]` is a benchmark; a row has name, value, hold (what DESIGN asks for)
and ok. Figures are ratios of CPU time over interleaved pairs wherever a peer exists; the load average is printed beside them.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from pathlib import Path


def main(names: list[str]) -> int:
    found = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if not module.name.startswith("_")]
    failed = 0
    for name in [name for name in found if not names or name in names]:
        module = importlib.import_module(f"tests.benchmarks.{name}")
        if not hasattr(module, "run"):
            continue
        print(f"{name} (load {os.getloadavg()[0]:.1f})", flush=True)
        for row in module.run():
            failed += not row.get("ok", True)
            verdict = "ok" if row.get("ok", True) else "MISSED"
            print(f"  {row['name']:<58} {row['value']!s:>12}   hold {row.get('hold', '-')!s:<12} {verdict}", flush=True)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
