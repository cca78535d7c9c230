"""The metrics of tests/bench/bench for connections that break. B is the module of bench. A link is
a connection through the proxy of tests/system/proxy.py."""
import os, random, sys, time
import lib
from lib import HERE, PORT, now

sys.path.append(os.path.join(HERE, '..', 'system'))


def reconnect(B):
    """The time until the account is online again after the server has closed the connection, and
    listens again at once or 5 s later."""
    from proxy import Proxy

    at_once, later = [], []
    for shut, got in ((0, at_once), (5, later)):
        for _ in range(B.A.n):
            proxy = Proxy(PORT)
            s = B.Session(rc=B.account(port=proxy.port), roster=60, sm=True)
            try:
                s.ready()
                m = s.f.mark()
                if shut:
                    proxy.refuse()
                t = now()
                proxy.close_links()
                if shut:
                    time.sleep(shut)
                    t = now()
                    proxy.admit()
                got.append(s.f.wait('login', 60, m)['t'] - t)
            finally:
                s.end()
                proxy.close()
    B.show(
        'online again after the server closed the link: worst of %d' % B.A.n, max(at_once), 's', 1
    )
    B.show('the same, and the port was shut for 5 s: worst of %d' % B.A.n, max(later), 's', 1)


def loss(B):
    """400 lines are received at 20/s while 40 are typed at 2/s, and the connection to a real
    Prosody breaks or falls silent; see tests/system/loss.py."""
    os.environ.update(
        top_builddir=lib.WORK,
        NATTERJACK=B.PROGRAM,
        top_srcdir=os.path.abspath(os.path.join(HERE, '..', '..')),
    )
    from loss import Run

    for kind, seconds, what in (
        ('close, refuse', 5, 'link closed, port shut for 5 s'),
        ('silence, strand', 10, 'link silent for 10 s'),
    ):
        run = Run(kind, random.randrange(1000000), seconds=seconds)
        try:
            run.run()
        except AssertionError as e:
            print(e)
        came, arrived = run.bodies, run.got
        B.show('%s: lines that came, of 400' % what, len(set(came)), '', 400, False)
        B.show('%s: typed lines that arrived, of 40' % what, len(set(arrived)), '', 40, False)
        B.show(
            '%s: doubled, both ways' % what,
            len(came) - len(set(came)) + len(arrived) - len(set(arrived)),
            '',
            0,
        )


def week(B, links=int(os.environ.get('BENCH_LINKS', '2000')), each=100):
    """200,000 messages over 2,000 connections. Half of them end while messages are on their way;
    one in twenty cannot be resumed."""
    s = B.Session(roster=60, sm=True)
    fifo = s.home.dir + '/.local/state/natterjack/run/fifo'
    rnd, mem = random.Random(198), []
    try:
        s.ready()
        s.ch.line('/msg ' + B.C(3))
        for link in range(1, links + 1):
            m, label, fresh = s.f.mark(), 'w%d' % link, False
            s.f.cmd(cmd='flood', n=each, contacts=50, tag='w%d-' % link, label=label)
            if rnd.random() < 0.5:
                time.sleep(rnd.random() * 0.01)
            else:
                s.f.wait('pong', 60, m, label=label)
                if rnd.random() < 0.1:
                    s.f.cmd(cmd='ask')
                    s.f.wait('acked', 20, m, left=0)
                    s.f.cmd(cmd='forget')
                    fresh = True
            s.f.cmd(cmd='close')
            s.f.wait('aborted', 20, m)
            while True:  # /connect, because the pauses between automatic tries grow
                with open(fifo, 'w') as f:
                    f.write('/connect\n')
                if s.f.first(0.05, m, lambda e: e['ev'] == 'login'):
                    break
            s.f.wait('pong', 60, m, label='login' if fresh else label)
            if link in (links // 10, links):
                time.sleep(2)
                mem.append(s.ch.mem()['Uss'] / 1024)
        rows = [
            r[0]
            for r in s.home.rows(
                "select substr(body, 1, instr(body, ']')) from message where body like '[w%'"
            )
        ]
        B.show(
            'a week: %d messages over %d links: stored' % (links * each, links),
            len(set(rows)),
            '',
            links * each,
            False,
        )
        B.show('  doubled', len(rows) - len(set(rows)), '', 0)
        B.show(
            '  private memory %.2f MB after a tenth: growth since' % mem[0],
            mem[1] - mem[0],
            'MB',
            1,
        )
    finally:
        s.end()


METRICS = {'reconnect': reconnect, 'loss': loss, 'week': week}
