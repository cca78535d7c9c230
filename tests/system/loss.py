"""Runs a conversation during which the connection breaks or the program is killed, and checks that
no message is lost or doubled.

A contact sends numbered lines at 20/s to the open chat while numbered lines are typed at 2/s; at a
random moment one fault happens. A line counts as typed when the chat shows it; a line that was not
shown before a kill is typed again. At the end both sides must have every line once.

test_loss.py has three runs, long_loss.py fifty; the bench uses it with the release build."""
import asyncio, random, re, shutil, tempfile
from harness import *
from proxy import Proxy

FROG = 'frog@' + DOMAIN
ACKNOWLEDGED, DELIVERED = 4, 5


def make_fault(kind, rng, proxy, seconds=None):
    """Returns a fault as (do, seconds, undo, description): undo() is called so many seconds after
    do()."""
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
            'the link is closed, the port is shut for %.1f s' % while_away,
        ),
        'close, expired': (
            both(proxy.refuse, proxy.close_links),
            while_away,
            proxy.admit,
            'the link is closed, the session expires, the port is shut for %.1f s' % while_away,
        ),
        'reset': (proxy.reset, 0, nothing, 'the link is reset'),
        'reset, refuse': (
            both(proxy.refuse, proxy.reset),
            while_away,
            proxy.admit,
            'the link is reset, the port is shut for %.1f s' % while_away,
        ),
        'strand': (proxy.strand, 0, nothing, 'the link is closed at our end only'),
        'silence': (proxy.fall_silent, quiet, proxy.speak, 'silence both ways for %.1f s' % quiet),
        'silence up': (
            lambda: proxy.fall_silent(down=False),
            quiet,
            proxy.speak,
            'bytes to the server are swallowed for %.1f s' % quiet,
        ),
        'silence down': (
            lambda: proxy.fall_silent(up=False),
            quiet,
            proxy.speak,
            'bytes from the server are swallowed for %.1f s' % quiet,
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
            'silence for %.1f s, and the server drops the session' % quiet,
        ),
        'hold': (
            proxy.hold,
            quiet,
            proxy.release,
            'all bytes are held back for %.1f s, then sent' % quiet,
        ),
        'slow, reset': (
            lambda: proxy.slow(0.7),
            quiet,
            both(proxy.reset, lambda: proxy.slow(0)),
            'all bytes are delayed by 0.7 s for %.1f s, then a reset' % quiet,
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
            'the link is closed, and again soon after',
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
    """The contact; it sends receipts."""

    plugins = (*Peer.plugins, 'xep_0184')

    def send_lines(self, to, count, rate):
        """Sends numbered lines at so many a second without waiting; self.done is set after the
        last, self.sent is the number of lines sent."""
        self.done, self.sent = threading.Event(), 0

        async def talk():
            begun = now()
            for number in range(count):
                await asyncio.sleep(max(0, begun + number / rate - now()))
                self.client.send_message(to, '[i%06d] from the contact' % number, mtype='chat')
                self.sent = number + 1
            self.done.set()

        asyncio.run_coroutine_threadsafe(talk(), self.loop)


def numbers(bodies, tag):
    """Returns the numbers of the lines with this tag: i for received ones, o for typed ones."""
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
        # On the disk of the build directory and not in memory, so that syncing takes its time.
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
        """Does the chat show the line? The prompt, in which it is typed, does not count."""
        mark = '[o%06d]' % number
        return any(
            mark in row and '›' not in row.split(mark)[0]
            for row in self.terminal.text().split('\n')
        )

    def is_stored(self, number):
        """Is the typed line in the history?"""
        return bool(
            self.home.rows(
                "select 1 from message where outgoing and body like ?", '[o%06d]%%' % number
            )
        )

    def state(self):
        """Returns the history: ([received bodies], [(body, state) of typed lines])."""
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
        """Kills the program and starts it again with the same home, at once or when the server has
        dropped the session."""
        self.terminal.process.kill()
        self.terminal.process.wait()
        self.note('killed')
        if 'expired' in self.kind:
            time.sleep(4)
        self.start()
        self.terminal.type('\x03')  # the draft may have been stored
        self.open_chat()
        self.note('the chat is open again')
        if self.waiting is not None:  # the line that was typed last, not shown yet
            time.sleep(0.3)
            if self.is_stored(self.waiting):
                self.waiting, self.typed = None, self.typed + 1
            else:
                self.note('line %d is typed again' % self.waiting)
                self.waiting = None

    def talk(self):
        """Both sides send until both have sent everything and the fault is over."""
        span = max(self.count_in / self.rate, self.count_out / self.pace)
        moment = self.rng.uniform(0.1, 0.75) * span
        kills = self.kind.startswith('kill')
        do, seconds, undo, words = (
            (self.kill, 0, lambda: None, 'kill -9')
            if kills
            else make_fault(self.kind, self.rng, self.proxy, self.seconds)
        )
        self.waiting, undone, due = None, None, now()
        end = now() + span + seconds + 120 * max(1, SLOW)
        self.begun = now()
        self.frog.send_lines('toad@' + DOMAIN, self.count_in, self.rate)
        while self.typed < self.count_out or not self.frog.done.is_set() or undone is not True:
            assert now() < end, 'the conversation does not end'
            assert self.terminal.process.poll() is None, (
                'the program has ended: %s' % self.terminal.stderr()[-3000:]
            )
            if undone is None and now() >= self.begun + moment:
                self.note(
                    '%s, after %d lines were received and %d typed'
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
                    # A burst of messages may have scrolled the line out of view at once.
                    if not self.is_stored(self.waiting):
                        self.note('line %d was typed and is not stored' % self.waiting)
                    self.waiting, self.typed = None, self.typed + 1
            time.sleep(0.02)
        self.note('everything is sent')

    def progress(self):
        """Returns the numbers of lines that were received, that the contact has, and that were
        acknowledged or delivered."""
        came, ours = self.state()
        return (
            len(set(came)),
            len(set(self.received())),
            sum(state in (ACKNOWLEDGED, DELIVERED) for _, state in ours),
        )

    def settle(self):
        """Waits until everything has arrived, or nothing changes any more."""
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
        stored = numbers([b for b, _ in ours], 'o')
        f = {
            'in missing': sorted(set(range(self.count_in)) - set(bodies)),
            'in doubled': sorted({b for b in bodies if bodies.count(b) > 1}),
            'in out of order': [b for a, b in zip(bodies, bodies[1:]) if b < a],
            'out missing at the contact': sorted(set(range(self.count_out)) - set(got)),
            'out doubled at the contact': sorted({b for b in got if got.count(b) > 1}),
            'out of order at the contact': [b for a, b in zip(got, got[1:]) if b < a],
            'out missing in the history': sorted(set(range(self.count_out)) - set(stored)),
            'out doubled in the history': sorted({b for b in stored if stored.count(b) > 1}),
            'neither acknowledged nor delivered': [
                (b, s) for b, s in ours if s not in (ACKNOWLEDGED, DELIVERED)
            ],
            'returned as errors': [
                m['id'] for m in list(self.frog.messages) if m['type'] == 'error'
            ],
        }
        if self.home.rows("select 1 from sqlite_master where name = 'outbox'"):
            f['rows left in the outbox'] = self.home.rows('select * from outbox')
        return {what: which for what, which in f.items() if which}

    def run(self):
        """Runs everything; raises AssertionError with the whole report if a check fails."""
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
            time.sleep(2)  # duplicates arrive late
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
        """Copies home and server log of a failed run to the directory LOSS_KEEP, if it is set."""
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
    """Runs one of these kinds of faults, chosen by the seed (default: LOSS_SEED, or random)."""
    seed = (
        seed if seed is not None else int(os.environ.get('LOSS_SEED') or random.randrange(1000000))
    )
    Run(random.Random(seed).choice(kinds), seed, **sizes).run()


def cut_logins(s, cuts, resumes):
    """Breaks logins after given numbers of bytes to or from the server. Each time the program must
    connect again, and its prompt must work.

    cuts: gets {'up': bytes, 'down': bytes} of a whole login; returns a list of (direction, bytes).
    resumes: logins resume a stream; otherwise each one starts a new session."""
    proxy = s.keep(Proxy(s.server.port))
    home = s.home(account(s.server, port=proxy.port))
    t = s.terminal(home)
    t.shows('● toad', 20)

    def command(line):
        with open(home.fifo, 'w') as f:
            f.write(line + '\n')

    def next_link(**cut):
        """Ends the present link, if any, and returns the next one, which is broken as `cut` says.
        /connect skips the pause before the next try."""
        tries, end = proxy.cut_next(**cut), now() + 20 * SLOW
        if proxy.alive():
            if resumes:
                proxy.reset()
            else:
                command('/disconnect')
            proxy.wait(
                lambda: proxy.tries > tries or not proxy.alive(),
                10 * SLOW,
                'the old link is not closed',
            )
        while proxy.tries == tries:
            assert now() < end, 'the program does not connect again:\n' + t.text()
            command('/connect')
            for _ in range(20):
                if proxy.tries == tries:
                    time.sleep(0.01)
        return proxy.last

    def whole_link():
        link = next_link()
        t.shows('● toad', 20)
        return link

    links = []
    for _ in range(4):
        links.append(whole_link())
        time.sleep(0.5 * SLOW)
    # The sizes of logins differ a little, because signatures and resent stanzas do. The shortest is
    # used; a cut near its end may not be reached.
    sizes = {
        'up': min(link.up.passed for link in links[1:]),
        'down': min(link.down.passed for link in links[1:]),
    }
    for number, (way, at) in enumerate(cuts(sizes)):
        link = next_link(**{way: at, 'reset': number % 2 == 1})
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
            'the cut after %d of %d bytes %s was never reached' % (at, sizes[way], way),
        )
        # The account waits for the next try or is connecting again; it never gives up.
        t.shows('waiting|retry', 5, lambda: 'waiting' if proxy.tries > tries else t.text())
        if number % 4 == 0:
            t.type('%d %s' % (at, way))
            t.shows('› *%d %s' % (at, way), 2)
            t.type('\x15')
        # After these cuts there may be a session to resume.
        if resumes or at > sizes[way] / 3 or number % 16 == 0:
            whole_link()
    whole_link()
    t.line('/quit')
    assert t.ends() == 0
