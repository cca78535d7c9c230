"""Nothing lost, nothing twice: one run of the loop that breaks a link, or kills the program, while
people talk.

The other side says numbered lines at 20/s into the open chat while numbered lines are typed at 2/s;
at a random moment one thing goes wrong. A line counts as typed once the chat shows it: one that a
kill swallowed before is typed again. At the end both sides have everything, once.

test_loss.py has three runs, long_loss.py fifty, and the bench runs it with the release build."""
import asyncio, random, re, shutil, tempfile
from harness import *
from proxy import Proxy

FROG = 'frog@' + DOMAIN
ACKNOWLEDGED, DELIVERED = 4, 5


def breaks(kind, rng, proxy, seconds=None):
    """What is done at the moment, and how long after it is undone: (do, seconds, undo, words)."""
    nothing = lambda: None
    while_away = seconds or (rng.uniform(5, 9) if 'expired' in kind else rng.uniform(2, 8))
    quiet = seconds or rng.uniform(5, 14)
    count = rng.randint(1, 3000)

    def both(*jobs):
        return lambda: [job() for job in jobs]

    return {
        'close': (proxy.close_links, 0, nothing, 'the link is closed'),
        'close, refuse': (
            both(proxy.refuse, proxy.close_links),
            while_away,
            proxy.admit,
            'the link is closed, nobody listens for %.1f s' % while_away,
        ),
        'close, expired': (
            both(proxy.refuse, proxy.close_links),
            while_away,
            proxy.admit,
            'the link is closed, and the server forgets us for %.1f s' % while_away,
        ),
        'reset': (proxy.reset, 0, nothing, 'the link is reset'),
        'reset, refuse': (
            both(proxy.refuse, proxy.reset),
            while_away,
            proxy.admit,
            'the link is reset, nobody listens for %.1f s' % while_away,
        ),
        'strand': (proxy.strand, 0, nothing, 'the link is closed, the server never learns it'),
        'silence': (proxy.fall_silent, quiet, proxy.speak, 'silence both ways for %.1f s' % quiet),
        'silence up': (
            lambda: proxy.fall_silent(down=False),
            quiet,
            proxy.speak,
            'what goes to the server is swallowed, for %.1f s' % quiet,
        ),
        'silence down': (
            lambda: proxy.fall_silent(up=False),
            quiet,
            proxy.speak,
            'what comes from the server is swallowed, for %.1f s' % quiet,
        ),
        'silence, strand': (
            proxy.fall_silent,
            quiet,
            both(proxy.strand, proxy.speak),
            'silence both ways for %.1f s, then our end is closed' % quiet,
        ),
        'silence, expired': (
            both(proxy.fall_silent, proxy.drop_server),
            quiet,
            proxy.speak,
            'silence, which the server notices and forgets us, for %.1f s' % quiet,
        ),
        'hold': (
            proxy.hold,
            quiet,
            proxy.release,
            'nothing comes through for %.1f s, then all of it' % quiet,
        ),
        'slow, reset': (
            lambda: proxy.slow(0.7),
            quiet,
            both(proxy.reset, lambda: proxy.slow(0)),
            'all takes 0.7 s longer for %.1f s, then a reset' % quiet,
        ),
        'cut up': (
            lambda: proxy.cut_here(up=count),
            0,
            nothing,
            'the link breaks %d bytes later, to the server' % count,
        ),
        'cut down': (
            lambda: proxy.cut_here(down=count),
            0,
            nothing,
            'the link breaks %d bytes later, from the server' % count,
        ),
        'close twice': (
            proxy.close_links,
            0.05 + rng.random(),
            proxy.close_links,
            'the link is closed, and again when it is just back',
        ),
    }[kind]


KINDS = (
    'close',
    'close, refuse',
    'close, expired',
    'reset',
    'reset, refuse',
    'strand',
    'silence',
    'silence up',
    'silence down',
    'silence, strand',
    'silence, expired',
    'hold',
    'slow, reset',
    'cut up',
    'cut down',
    'close twice',
)


class Talker(Peer):
    """The other side, which answers receipts."""

    plugins = (*Peer.plugins, 'xep_0184')

    def send_lines(self, to, count, rate):
        """Says its numbered lines; .done is set after the last."""
        self.done, self.sent = threading.Event(), 0

        async def talk():
            begun = now()
            for number in range(count):
                await asyncio.sleep(max(0, begun + number / rate - now()))
                self.client.send_message(
                    to, '[i%06d] said by the other side' % number, mtype='chat'
                )
                self.sent = number + 1
            self.done.set()

        asyncio.run_coroutine_threadsafe(talk(), self.loop)


def numbers(bodies, tag):
    return [
        int(m.group(1)) for m in (re.match(r'\[%s(\d{6})\]' % tag, b or '') for b in bodies) if m
    ]


class Run:
    def __init__(
        self, kind, seed, incoming=400, typed=40, rate=20, pace=2, seconds=None, server=None
    ):
        self.kind, self.seed, self.count_in, self.count_out, self.rate, self.pace = (
            kind,
            seed,
            incoming,
            typed,
            rate,
            pace,
        )
        self.seconds, self.bodies, self.got = seconds, [], []
        self.rng = random.Random('%s %s' % (kind, seed))
        self.where = tempfile.mkdtemp(prefix='nj-loss-')
        self.things = []
        self.server = self.keep(
            server
            or Server(
                self.where + '/server', hibernation=2 if 'expired' in kind else 120, log='debug'
            )
        )
        self.proxy = self.keep(Proxy(self.server.port))
        # On the disk of the build: what syncing costs belongs to it.
        self.home = Home(
            '[options]\nlog-level = debug\n'
            + account(self.server, port=self.proxy.port, resource='desk'),
            where=BUILD,
        )
        self.words, self.typed, self.terminal = [], 0, None

    def keep(self, thing):
        self.things.append(thing)
        return thing

    def note(self, words):
        self.words.append('%7.2f %s' % (now() - self.begun, words))

    def start(self):
        self.terminal = self.keep(Terminal(self.home, rows=50, cols=90))
        self.terminal.shows('›', 20)

    def open_chat(self):
        self.terminal.line('/msg ' + FROG)
        self.terminal.shows(r'(Frog|%s)›' % FROG, 20)

    def is_shown(self, number):
        """Does the chat show the line?  The prompt, where it is typed, does not count."""
        mark = '[o%06d]' % number
        return any(
            mark in row and '›' not in row.split(mark)[0]
            for row in self.terminal.text().split('\n')
        )

    def is_stored(self, number):
        return bool(
            self.home.rows(
                "select 1 from message where outgoing and body like ?", '[o%06d]%%' % number
            )
        )

    def state(self):
        """(bodies that came, [(body, state)] of ours)"""
        try:
            came = [
                r[0]
                for r in self.home.rows(
                    "select body from message where not outgoing and body like '[i%' order by "
                    "time, id"
                )
            ]
            ours = self.home.rows(
                "select body, state from message where outgoing and body like '[o%' order by id"
            )
        except Exception:  # there is no database yet
            return [], []
        return came, ours

    def received(self):
        return numbers([m['body'] for m in list(self.frog.messages) if m['type'] != 'error'], 'o')

    def kill(self):
        """kill -9, and the same home again, at once or when the server has forgotten us."""
        self.terminal.process.kill()
        self.terminal.process.wait()
        self.note('killed')
        if 'expired' in self.kind:
            time.sleep(4)
        self.start()
        self.terminal.type('\x03')  # a line that was begun may have been kept
        self.open_chat()
        self.note('the chat is open again')
        if self.waiting is not None:  # the line that was being typed
            time.sleep(0.3)
            if self.is_stored(self.waiting):
                self.waiting, self.typed = None, self.typed + 1
            else:
                self.note('line %d is typed again' % self.waiting)
                self.waiting = None

    def talk(self):
        """Both talk until both have said everything and the fault is over."""
        span = max(self.count_in / self.rate, self.count_out / self.pace)
        moment = self.rng.uniform(0.1, 0.75) * span
        kills = self.kind.startswith('kill')
        do, seconds, undo, words = (
            (self.kill, 0, lambda: None, 'kill -9')
            if kills
            else breaks(self.kind, self.rng, self.proxy, self.seconds)
        )
        self.waiting, undone, due = None, None, now()
        end = now() + span + seconds + 120 * max(1, SLOW)
        self.begun = now()
        self.frog.send_lines('toad@' + DOMAIN, self.count_in, self.rate)
        while self.typed < self.count_out or not self.frog.done.is_set() or undone is not True:
            assert now() < end, 'the talk does not come to its end'
            assert self.terminal.process.poll() is None, (
                'the program has ended: %s' % self.terminal.stderr()[-3000:]
            )
            if undone is None and now() >= self.begun + moment:
                self.note(
                    '%s, after %d lines came and %d were typed'
                    % (words, self.frog.sent, self.typed)
                )
                do()
                undone = now() + seconds
            elif undone not in (None, True) and now() >= undone:
                undo()
                undone = True
                self.note('over')
            if self.waiting is None and self.typed < self.count_out and now() >= due:
                self.waiting, since = self.typed, now()
                due = max(due + 1 / self.pace, now())
                self.terminal.line('[o%06d] typed by hand' % self.waiting)
            if self.waiting is not None:
                if self.is_shown(self.waiting):
                    self.waiting, self.typed = None, self.typed + 1
                elif now() > since + 5 * SLOW:
                    # In a burst it may have been pushed out at once; the chat has it then, further
                    # up.
                    if not self.is_stored(self.waiting):
                        self.note('line %d was typed and is nowhere' % self.waiting)
                    self.waiting, self.typed = None, self.typed + 1
            time.sleep(0.02)
        self.note('everything is said')

    def progress(self):
        """(lines that came, lines the other side has, lines of ours that are across)"""
        came, ours = self.state()
        return (
            len(set(came)),
            len(set(self.received())),
            sum(state in (ACKNOWLEDGED, DELIVERED) for _, state in ours),
        )

    def settle(self):
        """Waits until all is across, or nothing moves any more."""
        last, since = None, now()
        while self.terminal.process.poll() is None and now() < since + 40 + 10 * SLOW:
            if last != self.progress():
                last, since = self.progress(), now()
            if last == (self.count_in, self.count_out, self.count_out):
                self.note('settled')
                return
            time.sleep(0.2)
        self.note('never settled')

    def judge(self):
        came, ours = self.state()
        got, bodies = self.got, self.bodies = self.received(), numbers(came, 'i')
        told = numbers([b for b, _ in ours], 'o')
        f = {
            'in missing': sorted(set(range(self.count_in)) - set(bodies)),
            'in doubled': sorted({b for b in bodies if bodies.count(b) > 1}),
            'in out of order': [b for a, b in zip(bodies, bodies[1:]) if b < a],
            'out missing at the other side': sorted(set(range(self.count_out)) - set(got)),
            'out doubled at the other side': sorted({b for b in got if got.count(b) > 1}),
            'out of order at the other side': [b for a, b in zip(got, got[1:]) if b < a],
            'out missing in the history': sorted(set(range(self.count_out)) - set(told)),
            'out doubled in the history': sorted({b for b in told if told.count(b) > 1}),
            'neither acknowledged nor delivered': [
                (b, s) for b, s in ours if s not in (ACKNOWLEDGED, DELIVERED)
            ],
            'bounced': [m['id'] for m in list(self.frog.messages) if m['type'] == 'error'],
        }
        if self.home.rows("select 1 from sqlite_master where name = 'outbox'"):
            f['rows left in the outbox'] = self.home.rows('select * from outbox')
        return {what: which for what, which in f.items() if which}

    def run(self):
        """Raises AssertionError with everything there is to know."""
        self.begun = now()
        faults, trouble = {}, None
        try:
            self.frog = self.keep(Talker(self.server, 'frog'))
            self.start()
            self.terminal.shows('● toad', 20)
            self.frog.receives_presence('available', 'toad@' + DOMAIN)
            self.open_chat()
            self.talk()
            self.settle()
            time.sleep(2)  # what is doubled comes late
            faults = self.judge()
            self.terminal.line('/quit')
            assert self.terminal.ends() == 0
        except Exception as e:
            trouble = e
        try:
            if trouble or faults:
                raise AssertionError(
                    '%s\n%s'
                    % (
                        self.report(faults, trouble),
                        '\n'.join(self.terminal.text().split('\n')[-12:])
                        if trouble and self.terminal
                        else '',
                    )
                ) from trouble
        finally:
            for thing in reversed(self.things):
                thing.stop() if isinstance(thing, Server) else thing.close()
            if trouble or faults:
                self.save()
            self.home.remove()
            shutil.rmtree(self.where, ignore_errors=True)

    def report(self, faults, trouble=None):
        lines = ['LOSS_SEED=%s: %s' % (self.seed, self.kind), *self.words]
        lines += [
            '%s (%d): %s' % (what, len(which), str(which)[:600]) for what, which in faults.items()
        ]
        return '\n'.join(lines + [str(trouble)] * bool(trouble))

    def save(self):
        """For whoever looks for the cause: LOSS_KEEP is a folder for the homes and the servers'
        logs of runs that failed."""
        keep = os.environ.get('LOSS_KEEP')
        if keep:
            to = '%s/%s-%s' % (keep, re.sub(r'\W+', '-', self.kind), self.seed)
            shutil.rmtree(to, ignore_errors=True)
            shutil.copytree(
                self.home.dir, to + '/home', symlinks=True, ignore=shutil.ignore_patterns('run')
            )
            shutil.copytree(self.where, to + '/server', ignore=shutil.ignore_patterns('data'))
            with open(to + '/words', 'w') as f:
                f.write('\n'.join(self.words))


def one_run(kinds, seed=None, **sizes):
    """One of these kinds, as the seed wants it."""
    seed = (
        seed if seed is not None else int(os.environ.get('LOSS_SEED') or random.randrange(1000000))
    )
    Run(random.Random(seed).choice(kinds), seed, **sizes).run()


def cut_logins(s, cuts, resumes):
    """Breaks a login after so many bytes to or from the server, for many numbers: the program comes
    back each time, and its prompt answers.

    resumes: there is a stream to be resumed; otherwise each login is a new one."""
    proxy = s.keep(Proxy(s.server.port))
    home = s.home(account(s.server, port=proxy.port))
    t = s.terminal(home)
    t.shows('● toad', 20)

    def command(line):
        with open(home.fifo, 'w') as f:
            f.write(line + '\n')

    def comes(**cut):
        """Leaves the link that there is, if any; the next one, which comes at once: the pauses
        between tries are not what is tested."""
        tries, end = proxy.cut_next(**cut), now() + 20 * SLOW
        if proxy.alive():
            if resumes:
                proxy.reset()
            else:
                command('/disconnect')
            proxy.wait(
                lambda: proxy.tries > tries or not proxy.alive(),
                10 * SLOW,
                'the old link is not given up',
            )
        while proxy.tries == tries:
            assert now() < end, 'it does not come back:\n' + t.text()
            command('/connect')
            for _ in range(20):
                if proxy.tries == tries:
                    time.sleep(0.01)
        return proxy.last

    def whole():
        link = comes()
        t.shows('● toad', 20)
        return link

    links = []
    for _ in range(4):
        links.append(whole())
        time.sleep(0.5 * SLOW)
    # No two are of quite the same size, as signatures and what is said again vary: the shortest
    # counts, and the last bytes of some do not exist.
    sizes = {
        'up': min(link.up.passed for link in links[1:]),
        'down': min(link.down.passed for link in links[1:]),
    }
    for number, (way, at) in enumerate(cuts(sizes)):
        link = comes(**{way: at, 'reset': number % 2 == 1})
        tries = proxy.tries
        end = now() + SLOW
        while at > sizes[way] * 0.8 and not link.over and now() < end:
            time.sleep(0.01)
        if at > sizes[way] * 0.8 and not link.over:
            t.shows('● toad')
            continue
        proxy.wait(
            lambda: link.over or t.process.poll() is not None,
            10 * SLOW,
            'cut after %d of %d bytes %s: it was never reached' % (at, sizes[way], way),
        )
        # it waits to come back, or is already there again: it never gives up
        t.shows('waiting|retry', 5, lambda: 'waiting' if proxy.tries > tries else t.text())
        if number % 4 == 0:
            t.type('%d %s' % (at, way))
            t.shows('› *%d %s' % (at, way), 2)
            t.type('\x15')
        if (
            resumes or at > sizes[way] / 3 or number % 16 == 0
        ):  # what was bound before the cut can be resumed
            whole()
    whole()
    t.line('/quit')
    assert t.ends() == 0
