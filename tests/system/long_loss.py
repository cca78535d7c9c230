"""Fifty runs of loss.py, and logins that are cut at every byte. For make check-long.

LOSS_SEED: number of the first run; default: random. LOSS_RUNS: number of runs; if it is set, no
logins are cut."""
import os, random
from loss import KINDS, cut_logins, one_run

FIRST = int(os.environ.get('LOSS_SEED') or random.randrange(1000000))
RUNS = int(os.environ.get('LOSS_RUNS') or 0)
PARTS = 4


def run(kind, seed):
    return lambda s: one_run((kind,), seed)


for _number in range(RUNS or 50):
    _kind = (
        ('kill', 'kill', 'kill, expired')[_number // 3 % 3]
        if _number % 3 == 2
        else KINDS[(_number - _number // 3) % len(KINDS)]
    )
    globals()['test_run_%d:_%s' % (FIRST + _number, _kind)] = run(_kind, FIRST + _number)


def cuts(part, resumes):
    return lambda s: cut_logins(
        s,
        lambda sizes: [
            (way, at) for way, size in sizes.items() for at in range(1 + part, size, PARTS)
        ],
        resumes,
    )


for _part in range(0 if RUNS else PARTS):
    globals()['test_every_byte_of_a_login,_part_%d' % (_part + 1)] = cuts(_part, False)
    globals()['test_every_byte_of_a_resume,_part_%d' % (_part + 1)] = cuts(_part, True)
