"""`make bench`, `wangge bench`, `python -m bench`: fill an installation with N cases, ask it everything, tell what it took.

`--home` keeps the installation: the next run finds it filled. `--with` compares it with earlier runs at other sizes, `--plot` draws the cost
of all of them against N. What is measured, and the figures, stand in docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import home, plot
from bench.measure import Run, compared, machine, now, table

CASES, SECONDS = 20_000, 3.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cases", type=int, default=CASES, help=f"how many cases lie in the database (default {CASES})"
    )
    parser.add_argument(
        "--workload", default="", help="which ones, with commas between (default: all; 'none': only fill)"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=SECONDS,
        help=f"for each kind of call, and for reads as long before they are measured (default {SECONDS:g})",
    )
    parser.add_argument("--home", type=Path, help="keep the installation in this folder, or use the one that is there")
    parser.add_argument("--memory", default="", help="PostgreSQL's own, e.g. 12GB")
    parser.add_argument("--json", type=Path, help="write the run to this file")
    parser.add_argument("--plot", type=Path, help="draw cost against the number of cases into this SVG file")
    parser.add_argument(
        "--with",
        dest="earlier",
        type=Path,
        nargs="*",
        default=[],
        help="JSON files of earlier runs, to be compared with this one",
    )


def run(args: argparse.Namespace) -> int:
    """Do what the arguments say; 0. SystemExit with a sentence for what cannot be done."""
    with TemporaryDirectory(prefix="wangge-bench-") as temporary:
        folder = (args.home or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        home.set_up(folder)
        from bench.workloads import WORKLOADS  # only now: they are of a set-up Django

        asked = [] if args.workload == "none" else args.workload.split(",") if args.workload else list(WORKLOADS)
        if unknown := [name for name in asked if name not in WORKLOADS]:
            raise SystemExit(f"no such workload: {', '.join(unknown)}; there are: {', '.join(WORKLOADS)}")
        done = measure(folder, args.cases, asked, args.seconds, args.memory)
    earlier = [Run.read(path) for path in args.earlier]
    print(f"\n{table(done)}")
    if earlier:
        print(f"\n{compared([done, *earlier])}")
    if args.json:
        done.write(args.json)
    if args.plot:
        plot.draw([done, *earlier], args.plot)
    return 0


def measure(folder: Path, cases: int, asked: list[str], seconds: float, memory: str = "") -> Run:
    """Fill what is empty, and run what was asked."""
    from bench.workloads import WORKLOADS

    done = Run(cases, {}, now())
    with home.serving(folder, cases, seconds=seconds, memory=memory) as (server, filled):
        done.filled = filled and asdict(filled) | {"rate": filled.rate}
        done.machine = machine(server.sql("SHOW server_version")[0]["server_version"])
        for name in asked:
            WORKLOADS[name](server)
        done.measurements = server.measurements
    return done


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments(parser)
    sys.exit(run(parser.parse_args()))
