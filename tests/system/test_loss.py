"""Three runs of loss.py, one for each family of faults, and logins that are cut at some of their
bytes. long_loss.py has more of both."""
import random
from harness import *
from loss import ACKNOWLEDGED, cut_logins, one_run
from proxy import Proxy

FROG = 'frog@' + DOMAIN


def test_broken_connection_loses_nothing(s):
    one_run(
        (
            'close',
            'close, refuse',
            'close, expired',
            'reset',
            'reset, refuse',
            'cut up',
            'cut down',
            'close twice',
        )
    )


def test_silent_connection_loses_nothing(s):
    one_run(('silence', 'silence up', 'silence down', 'silence, strand'))


def test_kill_loses_nothing(s):
    one_run(('kill', 'kill, expired'))


def some(sizes):
    """Chooses a random byte in each sixteenth of a login, in both directions; see cut_logins()."""
    return [
        (way, random.randrange(i * size // 16, (i + 1) * size // 16))
        for way, size in sizes.items()
        for i in range(16)
    ]


def test_login_cut_at_any_byte_is_repeated(s):
    cut_logins(s, some, resumes=False)


def test_resumption_cut_at_any_byte_is_repeated(s):
    cut_logins(s, some, resumes=True)


def test_messages_queued_offline_are_sent_once_in_order(s):
    server = s.keep(Server(s.home().dir + '/server'))
    frog = s.peer('frog')
    frog.close()
    s.things.remove(frog)
    home = s.home(account(server))
    t = s.terminal(home)
    t.shows('● toad')
    t.line('/msg ' + FROG)
    t.line('said before')
    t.shows(
        'said before',
        look=lambda: str(home.rows('select body from message where state = ?', ACKNOWLEDGED)),
    )
    server.stop()
    t.shows('waiting|retry')
    lines = ['typed %d while it was away' % i for i in range(5)]
    for line in lines:
        t.line(line)
        t.shows('toad. +' + line)
    server.start()
    t.line('/connect')
    t.shows('● toad', 20)
    frog = s.keep(Peer(server, 'frog'))
    frog.receives('typed 4')
    time.sleep(1)
    assert [m['body'] for m in frog.messages if 'typed' in m['body']] == lines
