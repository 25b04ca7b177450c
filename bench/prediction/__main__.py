"""What is answered here against what people would pick instead, on the same sealed rows.

    python -m bench.prediction environments CACHE
    python -m bench.prediction compare CACHE --data ../shared/data --out FOLDER [--seconds 20] [--at 3 10]
                               [--sets pima magic] [--contestants tierwise autogluon] [--free]
    python -m bench.prediction show CACHE --data ../shared/data --out FOLDER [--seconds 20]
    python -m bench.prediction sets

Method. A set is read, checked and divided as a problem file's is. `tierwise solve` gets the problem with a
budget of so many seconds and a target that nothing reaches, so that it answers with the better of its two
tiers; it finds the better one on the sealed rows, as a case does, which flatters it: beside its place
stands that of either tier alone. Others get the open rows, the features of the sealed ones and the same
seconds, in a process of an environment of their own: scikit-learn's logistic and ridge regression, forests
and boosting by default settings (scikit-survival's for times), FLAML, AutoGluon. A set of another source
than a table comes to them as the features that the source makes. Seconds count from the start of a command
to its end, with imports; of ours with reading, verifying and records. All that runs has two processors; who
is still running at 2.5 times the seconds and 10 is stopped. Everybody's predictions are bounded by the
verifier's bounds at 5 %, places are by the estimate, and the standard error of a difference is the
jackknife's over 50 blocks of groups. One split, one seed.

A run that is interrupted goes on where it was; `show` prints what is there.
"""

import argparse
import os
import sys
from pathlib import Path

from bench.machine import machine
from bench.prediction.comparing import Comparison
from bench.prediction.environments import make
from bench.prediction.lines import TAKE_SECONDS, Entered
from bench.prediction.running import on_two_processors
from bench.prediction.sets import BY_NAME, TABLES
from bench.prediction.summary import show

CONTESTANTS = ("tierwise", "linear", "forest", "boosting", "flaml", "autogluon", "autogluon_best")
USUAL = CONTESTANTS[:-1]


def main() -> int:
    """Reads the command line, and does it."""
    given = _parser().parse_args()
    if given.do == "environments":
        make(given.environments)
    elif given.do == "sets":
        for each in TABLES:
            kind = each.instance.get("task", "binary")
            print(f"{each.name:16} {each.rows:6} × {each.columns:4}  {kind:14} {each.metric:12} {each.of}")
    else:
        comparison = Comparison(given.data, given.environments, given.out, given.seconds)
        print(machine(), flush=True)
        if given.do == "compare":
            on_two_processors()
            os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
            comparison.go([BY_NAME[name] for name in given.sets], _entered(given))
        show(comparison, given.seconds, free=given.free)
    return 0


def _entered(given: argparse.Namespace) -> list[Entered]:
    found = []
    for name in given.contestants:
        if name in TAKE_SECONDS:
            found += [Entered(name, seconds) for seconds in (*given.at, given.seconds)]
        else:
            found.append(Entered(name, None))
    if not given.free:
        return found
    return [Entered("tierwise", None), *(each for each in found if each.name != "tierwise")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.prediction",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="do", required=True)
    for name, said in (
        ("environments", "make the environments of the others"),
        ("compare", "run what is left to run, and show it"),
        ("show", "show what was run"),
    ):
        verb = verbs.add_parser(name, help=said)
        verb.add_argument("environments", type=Path, help="a folder outside of the repository")
        if name == "environments":
            continue
        verb.add_argument("--data", type=Path, required=True, help="the folder of public data")
        verb.add_argument("--out", type=Path, required=True, help="lines and predictions")
        verb.add_argument("--seconds", type=float, default=20.0, help="for everybody, on every set")
        verb.add_argument("--free", action="store_true", help="ours without a limit, in its place")
        if name == "compare":
            verb.add_argument("--at", type=float, nargs="+", default=[], help="further seconds")
            verb.add_argument("--sets", nargs="+", choices=list(BY_NAME), default=list(BY_NAME))
            verb.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(USUAL))
    verbs.add_parser("sets", help="list the sets")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted: the same command goes on", file=sys.stderr)
        sys.exit(130)
