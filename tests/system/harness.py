"""The harness of the system tests: a real Prosody, the built program on a pseudo-terminal, and
slixmpp clients as contacts.

A test is a function test_SITUATION_RESULT(s) in a file test_*.py; s is a Scratch. It asserts what a
user can see. Everything a test makes is kept in its Scratch and ends with the test; processes are
ended by their PID.

Functions that wait take their limit in seconds (`wait`) and multiply it by SLOW."""
import asyncio, fcntl, json, logging, os, pty, re, select, shutil, signal, socket, struct
import subprocess, sys, tempfile, termios, threading, time

import pyte

TOP = os.environ.get('top_srcdir') or os.path.abspath(
    os.path.join(os.path.dirname(__file__), '..', '..')
)
BUILD = os.environ.get('top_builddir') or os.getcwd()
PROGRAM = os.environ.get('NATTERJACK') or os.path.join(BUILD, 'natterjack')
SERVER_KIND = os.environ.get('TEST_SERVER_KIND', 'prosody')  # or ejabberd
DOMAIN, ROOM = 'pond.example', 'pond@rooms.pond.example'
SLOW = float(os.environ.get('TEST_SLOW', '1'))  # factor of every wait; for sanitizers, valgrind
HIBERNATION = 1  # seconds for which the shared server keeps a broken stream (XEP-0198)
now = time.monotonic


class Skip(Exception):
    """Raised by a test that cannot run here; the text says what is missing."""


def memory():
    """Returns the parent of scratch directories: /dev/shm if it has room, else None (the default of
    tempfile). On a disk that other programs keep busy for seconds, the program could not write
    everything in the two seconds it has to end. TMPDIR overrides this."""
    place = '/dev/shm'
    try:
        space = os.statvfs(place)
    except OSError:
        return None
    fits = (
        os.access(place, os.W_OK | os.X_OK)
        and space.f_bavail * space.f_frsize > 200 << 20
        and not space.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    )
    return place if fits and 'TMPDIR' not in os.environ else None


def until(condition, wait=10):
    """Calls condition() until it is true or the time is over; returns its last result."""
    end = now() + wait * SLOW
    while True:
        over = now() > end
        result = condition()
        if result or over:
            return result
        time.sleep(0.02)


class Server:
    """A private server, run by tests/server/server: Prosody, or the one in TEST_SERVER_KIND."""

    def __init__(self, where, config='', port=None, **knobs):
        """where: its directory. config: further lines of Prosody's configuration. knobs: name=value
        for each TEST_SERVER_NAME of tests/server/server."""
        self.dir, self.kind, self.domain = (
            where,
            knobs.get('kind', SERVER_KIND),
            knobs.get('domain', DOMAIN),
        )
        os.makedirs(where, exist_ok=True)
        env = dict(
            os.environ,
            **{'TEST_SERVER_' + name.upper(): str(value) for name, value in knobs.items()}
        )
        if config:
            if self.kind != 'prosody':
                raise Skip('needs Prosody: it sets its configuration')
            with open(where + '/extra.lua', 'w') as f:
                f.write(config)
            env['TEST_SERVER_CONFIG'] = where + '/extra.lua'
        if port:
            env['TEST_SERVER_PORT'] = str(port)
        self.env = env
        self.start()

    def start(self):
        if os.path.exists(self.dir + '/ready'):
            os.unlink(self.dir + '/ready')
        self.process = subprocess.Popen(
            [TOP + '/tests/server/server', self.dir], stdin=subprocess.PIPE, env=self.env
        )
        end = now() + 20 * SLOW
        while not os.path.exists(self.dir + '/ready'):
            if self.process.poll() is not None:
                if self.process.returncode == 77:
                    raise Skip('%s is not installed' % self.kind)
                raise RuntimeError('%s did not start: %s' % (self.kind, self.log()[-2000:]))
            if now() > end:
                raise RuntimeError('%s is not ready' % self.kind)
            time.sleep(0.05)
        words = dict(w.split('=') for w in open(self.dir + '/ready').read().split())
        self.port, self.direct = int(words['port']), int(words['direct'])
        self.env['TEST_SERVER_PORT'] = str(self.port)  # a restart uses the same port

    def log(self):
        if self.kind == 'ejabberd':
            time.sleep(2.5)  # ejabberd writes its log with a delay
        try:
            return open('%s/%s.log' % (self.dir, self.kind), errors='replace').read()
        except OSError:
            return ''

    def wait_disconnected(self):
        """Waits until all clients of earlier tests have disconnected (Prosody). Returns the number
        of connections until now."""
        if SERVER_KIND == 'prosody':
            until(lambda: self.log().count('Client disconnected') == self.connections())
        return self.connections()

    def connections(self):
        """Returns the number of connections of clients until now."""
        return self.log().count(
            {'prosody': 'Client connected', 'ejabberd': ' Accepted connection '}[self.kind]
        )

    def logins(self, who):
        """Returns how often the account `who` (a user name) has logged in."""
        return len(
            re.findall(
                {
                    'prosody': r'Authenticated as %s@',
                    'ejabberd': r'Accepted c2s \S+ authentication for %s@',
                }[self.kind]
                % who,
                self.log(),
            )
        )

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10 * SLOW)

    ca = property(lambda self: self.dir + '/ca.pem')


class Home:
    """A home directory for one natterjack: configuration, data, state."""

    def __init__(self, rc=None, where=None):
        self.dir = tempfile.mkdtemp(prefix='nj-', dir=where or memory())
        os.makedirs(self.dir + '/config/natterjack')
        os.symlink(
            TOP + '/themes', self.dir + '/config/natterjack/themes'
        )  # the program is not installed
        if rc is not None:
            self.rc(rc)

    def rc(self, text):
        """Writes the configuration."""
        path = self.dir + '/config/natterjack/natterjackrc'
        with open(path, 'w') as f:
            f.write(text)
        os.chmod(path, 0o600)

    def read_rc(self):
        with open(self.dir + '/config/natterjack/natterjackrc') as f:
            return f.read()

    def env(self, **more):
        """Returns the environment of a program with this home."""
        e = {
            'HOME': self.dir,
            'PATH': os.environ['PATH'],
            'LANG': 'C.UTF-8',
            'TZ': 'UTC',
            'TERM': 'xterm-256color',
            'SHELL': '/bin/sh',
            'XDG_CONFIG_HOME': self.dir + '/config',
            'XDG_DATA_HOME': self.dir + '/data',
            'XDG_STATE_HOME': self.dir + '/state',
        }
        for k in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'LD_PRELOAD'):
            if k in os.environ:
                e[k] = os.environ[k]
        e['ASAN_OPTIONS'] = 'exitcode=99:detect_leaks=1:' + e.get('ASAN_OPTIONS', '')
        e.update(more)
        return e

    @property
    def fifo(self):
        return self.dir + '/state/natterjack/run/fifo'

    @property
    def database(self):
        return self.dir + '/data/natterjack/history.db'

    def rows(self, sql, *args):
        """Returns the rows of a query in the history."""
        import sqlite3

        c = sqlite3.connect('file:%s?mode=ro' % self.database, uri=True)
        try:
            return c.execute(sql, args).fetchall()
        finally:
            c.close()

    def has(self, sql, rows, wait=10):
        """Waits until the query returns these rows; a message may be shown before it is written."""
        import sqlite3

        def ask():
            try:
                return self.rows(sql)
            except sqlite3.OperationalError as e:  # the program is creating the database
                return e

        until(lambda: ask() == rows, wait)
        found = ask()
        assert found == rows, '%s returns %r, not %r' % (sql, found, rows)

    def resumable(self):
        """Does the store have a stream that was not closed? The server keeps such a stream for a
        while and sends it the messages for the account."""
        import sqlite3

        try:
            return self.rows('select count(*) from stream') != [(0,)]
        except sqlite3.OperationalError:
            return False

    def wait_for_fifo(self, fifo=None):
        """Waits until the program reads its FIFO."""

        def opens():
            try:
                os.close(os.open(fifo or self.fifo, os.O_WRONLY | os.O_NONBLOCK))
                return True
            except OSError:
                return False

        assert until(opens), 'the program does not read the FIFO'

    def log(self):
        try:
            return open(self.dir + '/state/natterjack/log', errors='replace').read()
        except OSError:
            return ''

    def everything(self):
        """Returns all bytes of the home's files except the configuration; they must not contain a
        secret."""
        o = b''
        for d, _, files in os.walk(self.dir):
            for f in files:
                p = os.path.join(d, f)
                if os.path.isfile(p) and not p.endswith('natterjackrc'):
                    o += open(p, 'rb').read()
        return o

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def account(server, who='toad', name=None, **more):
    """Returns an account for the configuration. more: further settings (ca_file for ca-file); None
    leaves one out."""
    keys = dict(
        address='%s@%s' % (who, server.domain), password='pond', host='127.0.0.1', port=server.port
    )
    keys['ca-file'] = server.ca
    keys.update({k.replace('_', '-'): v for k, v in more.items()})
    return '[account %s]\n' % (name or who) + ''.join(
        '%s = %s\n' % kv for kv in keys.items() if kv[1] is not None
    )


def end_program(process):
    """Sends SIGTERM, and SIGKILL if the process does not end within five seconds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5 * SLOW)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def check_end(process, report):
    """Fails for a report of a sanitizer, a leak or a crash, in every test.

    report: what the program wrote to stderr."""
    assert (
        'Sanitizer' not in report and 'runtime error' not in report and 'CRITICAL' not in report
    ), report[-6000:]
    assert process.returncode in (0, 1, -signal.SIGKILL), 'the program ended with %s: %s' % (
        process.returncode,
        report[-3000:],
    )


class Terminal:
    """natterjack on a pseudo-terminal; pyte interprets its output."""

    program, user = PROGRAM, None  # user: a uid, for programs that refuse to run as root

    def __init__(self, home, *args, rows=24, cols=80, reads=True, env=None, shell=False):
        self.home, self.rows, self.cols = home, rows, cols
        self.screen = pyte.Screen(cols, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b''
        self.reads = reads
        self.lock = threading.Lock()
        self.errors = tempfile.TemporaryFile()
        master, slave = pty.openpty()
        self.fd = master
        self.size(rows, cols)

        def prepare():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            # A test that runs in the background or under nohup inherits these signals ignored.
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)

        # With shell: a job of a shell, which continues it when a line is typed after Ctrl-z. A
        # process without a parent in its session cannot be stopped.
        command = (
            ['/bin/sh', '-mc', '"$0" "$@"; read line; fg', self.program, *args]
            if shell
            else [self.program, *args]
        )
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=self.errors,
            env=env or home.env(),
            preexec_fn=prepare,
            cwd=home.dir,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
        )
        os.close(slave)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            if not self.reads:
                time.sleep(0.05)
                continue
            try:
                if not select.select([self.fd], [], [], 0.2)[0]:
                    continue
                b = os.read(self.fd, 65536)
            except (OSError, ValueError):
                return
            if not b:
                return
            with self.lock:
                self.raw += b
                # Remove private sequences, which pyte would print.
                self.stream.feed(
                    re.sub(rb'\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)', b'', b)
                )

    def size(self, rows, cols):
        with self.lock:  # pyte must not get output for the new size while it has the old one
            self.screen.resize(rows, cols)
            fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, cols, 0, 0))

    def type(self, text):
        """Writes keys to the terminal."""
        os.write(self.fd, text.encode() if isinstance(text, str) else text)

    def line(self, text):
        """Types a line and Enter."""
        self.type(text + '\r')

    def paste(self, text):
        """Pastes a text (bracketed paste)."""
        self.type('\x1b[200~' + text + '\x1b[201~')

    def text(self):
        """Returns the rows of the screen, joined by newlines."""
        with self.lock:
            return '\n'.join(l.rstrip() for l in self.screen.display)

    def shows(self, pattern, wait=10, look=None):
        """Waits until the screen shows the pattern (a regular expression) and returns the match.

        look: returns the text to search instead of text()."""
        end, r, look = now() + wait * SLOW, re.compile(pattern, re.S), look or self.text
        while True:
            over = now() > end or self.process.poll() is not None
            if over:
                time.sleep(0.2)
            m = r.search(look())
            if m:
                return m
            if over:
                raise AssertionError(
                    'the screen never showed %r (exit %s) %s'
                    % (pattern, self.process.poll(), self.stderr()[-3000:])
                )
            time.sleep(0.02)

    def pane_text(self):
        """Returns the text between the borders of the pane as one line."""
        return ' '.join(
            parts[len(parts) > 1].strip()
            for parts in (line.split('│') for line in self.text().split('\n'))
        )

    def shows_text(self, pattern, wait=10):
        """As shows(), for text that may be wrapped: it searches pane_text()."""
        return self.shows(pattern, wait, self.pane_text)

    def gone(self, pattern, wait=10):
        """Waits until the screen no longer shows the pattern."""
        end = now() + wait * SLOW
        while re.search(pattern, self.text(), re.S):
            assert now() < end, 'the screen still shows %r' % pattern
            time.sleep(0.02)

    def never_shows(self, pattern, wait=1):
        """Fails if the screen shows the pattern within `wait` seconds (not multiplied by SLOW)."""
        end = now() + wait
        while now() < end:
            assert not re.search(pattern, self.text(), re.S), 'the screen shows %r' % pattern
            time.sleep(0.05)

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors='replace')

    def ends(self, wait=5):
        """Waits until the program ends; returns its exit status."""
        try:
            return self.process.wait(wait * SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError('the program does not end:\n' + self.text())

    def wrote(self, test):
        """Waits until test(raw) is true; raw are all bytes that were written to the terminal."""
        assert until(lambda: test(self.raw)), self.raw[-300:]

    def report(self):
        """Returns what is printed when a test fails."""
        return 'exit %s %s\nthe screen:\n%s' % (
            self.process.poll(),
            self.stderr()[-3000:],
            '\n'.join(l for l in self.text().split('\n') if l),
        )

    def close(self):
        end_program(self.process)
        os.close(self.fd)
        check_end(self.process, self.stderr())


class Headless:
    """natterjack --headless: events as JSON lines on stdout, commands on stdin."""

    def __init__(self, home, *args):
        self.home = home
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAM, '--headless', *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=home.env(),
            bufsize=1,
            cwd=home.dir,
        )
        self.lines, self.cv = [], threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for l in self.process.stdout:
            with self.cv:
                self.lines.append(json.loads(l))
                self.cv.notify_all()

    def send(self, line):
        """Writes a command to stdin."""
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()

    def event(self, wait=10, since=0, **match):
        """Waits for an event with these fields and returns it. since: index in self.lines at which
        the search starts."""
        end = now() + wait * SLOW
        with self.cv:
            while True:
                for e in self.lines[since:]:
                    if all(e.get(k) == v for k, v in match.items()):
                        return e
                left = end - now()
                if left <= 0:
                    raise AssertionError(
                        'no event %r among:\n%s\n%s'
                        % (
                            match,
                            '\n'.join(map(json.dumps, self.lines[since:])),
                            self.stderr()[-3000:],
                        )
                    )
                self.cv.wait(left)

    stderr = Terminal.stderr

    def report(self):
        return 'exit %s %s\nlast events:\n' % (
            self.process.poll(),
            self.stderr()[-3000:],
        ) + '\n'.join(map(json.dumps, self.lines[-20:]))

    def close(self):
        end_program(self.process)
        check_end(self.process, self.stderr())


class Peer:
    """A slixmpp client with an event loop in its own thread."""

    plugins = ('xep_0030', 'xep_0045', 'xep_0199', 'xep_0092', 'xep_0115')

    def __init__(self, server, who='frog', resource='peer'):
        try:
            import slixmpp
        except ImportError:
            raise Skip('slixmpp is not installed')
        import ssl

        self.who, self.messages, self.presences, self.cv = who, [], [], threading.Condition()
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()

        logging.getLogger('slixmpp').setLevel(logging.CRITICAL)

        def run():
            asyncio.set_event_loop(self.loop)
            c = self.client = slixmpp.ClientXMPP(
                '%s@%s/%s' % (who, server.domain, resource), 'pond'
            )
            for plugin in self.plugins:
                c.register_plugin(plugin)
            c.auto_authorize = None
            c.ca_certs = server.ca
            c.add_event_handler('session_start', self._online)
            for event in ('message', 'groupchat_subject'):
                c.add_event_handler(event, self._message)
            from slixmpp.xmlstream.handler import Callback
            from slixmpp.xmlstream.matcher import MatchXPath

            c.register_handler(
                Callback('all presence', MatchXPath('{jabber:client}presence'), self._presence)
            )
            c.connect(('127.0.0.1', server.port))
            self.loop.run_forever()
            left = asyncio.all_tasks(self.loop)
            for task in left:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self.loop.close()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        if not self.ready.wait(15 * SLOW):
            raise RuntimeError('the peer could not log in')

    async def _online(self, _):
        self.client.send_presence()
        await self.client.get_roster()
        self.ready.set()

    def _message(self, m):
        with self.cv:
            self.messages.append(m)
            self.cv.notify_all()

    def _presence(self, p):
        with self.cv:
            self.presences.append(p)
            self.cv.notify_all()

    def do(self, func, *args, **kw):
        """Calls func in the client's thread and returns its result; awaits a coroutine."""

        async def call():
            r = func(*args, **kw)
            return await r if asyncio.iscoroutine(r) or isinstance(r, asyncio.Future) else r

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(15 * SLOW)

    def send(self, to, body, mtype='chat'):
        """Sends a message."""
        self.do(self.client.send_message, to, body, mtype=mtype)

    def raw(self, xml):
        """Sends any XML."""
        self.do(self.client.send_raw, xml)

    def join(self, room=ROOM, nick=None):
        self.do(self.client.plugin['xep_0045'].join_muc, room, nick or self.who)

    def receives(self, pattern, wait=10, since=0):
        """Waits for a message whose body matches, and returns it. since: index in self.messages at
        which the search starts."""
        return self._wait(
            self.messages,
            lambda m: re.search(pattern, m['body'] or '', re.S),
            wait,
            since,
            'message %r' % pattern,
        )

    def configure(self, room, **values):
        """Configures a room that this client owns. Fields that the server does not offer are
        ignored."""

        async def set_up():
            muc = self.client.plugin['xep_0045']
            form = await muc.get_room_config(room)
            form['type'] = 'submit'
            fields = form.get_fields()
            for name in values.keys() & fields.keys():
                fields[name]['value'] = values[name]
            await muc.set_room_config(room, form)

        self.do(set_up)

    def affiliate(self, room, affiliation, who):
        """Sets the affiliation of an address in a room."""
        self.do(self.client.plugin['xep_0045'].set_affiliation, room, affiliation, jid=who)

    def receives_presence(self, kind, who, wait=10, nick=None):
        """Waits for a presence of type `kind` from the bare address `who`, and from the occupant
        `nick` if one is given; returns it."""
        return self._wait(
            self.presences,
            lambda p: p['type'] == kind
            and p['from'].bare == who
            and (nick is None or p['from'].resource == nick),
            wait,
            0,
            'presence %s of %s' % (kind, who),
        )

    def _wait(self, items, matches, wait, since, what):
        end = now() + wait * SLOW
        with self.cv:
            while True:
                for x in items[since:]:
                    if matches(x):
                        return x
                left = end - now()
                if left <= 0:
                    raise AssertionError(
                        '%s got no %s, only %s' % (self.who, what, [str(i) for i in items[-5:]])
                    )
                self.cv.wait(left)

    def close(self):
        def end():
            self.client.abort()
            self.loop.call_later(0.1, self.loop.stop)

        self.loop.call_soon_threadsafe(end)
        self.thread.join(5)


class Wire:
    """The server's end of a connection of a ScriptedServer."""

    def __init__(self, sock):
        self.sock, self.got = sock, b''  # got: received bytes that no receives() has matched

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def receives(self, pattern, wait=10):
        """Waits until the received bytes match the pattern and returns the match. Everything up to
        its end is dropped."""
        r, end = re.compile(pattern.encode(), re.S), now() + wait * SLOW
        while True:
            m = r.search(self.got)
            if m:
                self.got = self.got[m.end() :]
                return m
            self.sock.settimeout(max(0.01, end - now()))
            try:
                b = self.sock.recv(65536)
            except OSError:
                b = b''
            if not b:
                raise AssertionError(
                    'the server never received %r, only %r' % (pattern, self.got[-2000:])
                )
            self.got += b

    def header(self, features=''):
        """Receives a stream header; answers with one and with stream features."""
        self.receives(r'<stream:stream[^>]*>')
        self.send(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
            "xmlns:stream='http://etherx.jabber.org/streams' id='s1' from='%s' "
            "version='1.0'><stream:features>%s</stream:features>" % (DOMAIN, features)
        )

    def login(self):
        """Logs the client in: PLAIN, resource, a roster with frog, first presence."""
        self.header(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
            "</mechanisms>"
        )
        self.receives('</auth>')
        self.send("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        self.header("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")
        self.send(
            "<iq type='result' id='%s'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            "<jid>toad@%s/desk</jid></bind></iq>"
            % (self.receives_request('urn:ietf:params:xml:ns:xmpp-bind'), DOMAIN)
        )
        self.send(
            "<iq type='result' id='%s'><query xmlns='jabber:iq:roster'>"
            "<item jid='frog@%s' name='Frog' subscription='both'/></query></iq>"
            % (self.receives_request('jabber:iq:roster'), DOMAIN)
        )
        self.receives('<presence')

    def receives_request(self, ns):
        """Waits for a request with a child of namespace `ns`; returns its id."""
        return (
            self.receives(
                r"""<iq [^>]*?id=['"]([^'"]+)['"][^>]*>\s*<\w+ [^>]*?xmlns=['"]""" + re.escape(ns)
            )
            .group(1)
            .decode()
        )

    def answers_ping(self):
        """Sends a ping and waits for the response: the client has read everything before it."""
        self.send("<iq type='get' id='alive' from='%s'><ping xmlns='urn:xmpp:ping'/></iq>" % DOMAIN)
        self.receives(r"""<iq [^>]*id=['"]alive['"]""")

    def receives_stream_error(self, condition):
        """Waits until the client has ended the stream with this error condition."""
        self.receives('<stream:error[^>]*>.*<' + condition)
        self.receives('</stream:stream>')


class ScriptedServer:
    """A server without TLS that sends what a real one does not. talk(wire, number) runs in a thread
    for each connection; number counts connections from 0."""

    def __init__(self, talk):
        self.talk, self.connections, self.trouble, self.done = talk, 0, None, threading.Event()
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            threading.Thread(target=self._talk, args=(sock, number), daemon=True).start()

    def _talk(self, sock, number):
        try:
            self.talk(Wire(sock), number)
        except Exception as e:
            self.trouble = self.trouble or e
        self.done.set()
        time.sleep(0.05)
        sock.close()

    def account(self, **more):
        keys = dict(
            address='toad@' + DOMAIN, password='pond', host='127.0.0.1', port=self.port, tls='none'
        )
        keys.update(more)
        return '[account toad]\n' + ''.join('%s = %s\n' % kv for kv in keys.items())

    def finished(self, wait=10):
        """Waits until a talk has returned; raises its exception."""
        if not self.done.wait(wait * SLOW):
            raise AssertionError('the talk of the server has not ended')
        self.done.clear()
        if self.trouble:
            raise self.trouble

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Strangers:
    """close() removes toad and heron from each other's roster."""

    def __init__(self, server):
        self.server = server

    def close(self):
        for who, other in (('toad', 'heron'), ('heron', 'toad')):
            peer = Peer(self.server, who)
            other = '%s@%s' % (other, DOMAIN)
            if other in peer.client.client_roster.keys():
                peer.do(peer.client.update_roster, other, subscription='remove')
            peer.close()


class Scratch:
    """Owns everything a test makes; end() closes it in reverse order, also when the test fails."""

    def __init__(self, server):
        self.server, self.things = server, []

    def keep(self, thing):
        self.things.append(thing)
        return thing

    def home(self, rc=None):
        h = Home(rc)
        self.things.append(h)
        return h

    def terminal(self, home, *args, **kw):
        return self.keep(Terminal(home, *args, **kw))

    def headless(self, home, *args):
        return self.keep(Headless(home, *args))

    def scripted_server(self, talk):
        return self.keep(ScriptedServer(talk))

    def stranger(self):
        """Returns a client of heron, who is not in toad's roster."""
        self.keep(Strangers(self.server))
        return self.peer('heron')

    def peer(self, who='frog', **kw):
        return self.keep(Peer(self.server, who, **kw))

    def report(self):
        return '\n'.join(thing.report() for thing in self.things if hasattr(thing, 'report'))

    def end(self):
        trouble, kept = None, False
        for thing in reversed(self.things):
            try:
                kept |= isinstance(thing, Home) and thing.resumable()
                (
                    thing.remove
                    if isinstance(thing, Home)
                    else thing.stop
                    if isinstance(thing, Server)
                    else thing.close
                )()
            except Exception as e:
                trouble = trouble or e
        if kept:
            time.sleep(HIBERNATION + 0.5)  # the server must drop the stream before the next test
        if trouble:
            raise trouble


def ask(home, *commands):
    """Runs natterjack -x COMMAND…; returns (exit status, stdout, stderr)."""
    args = [w for c in commands for w in ('-x', c)]
    r = subprocess.run(
        [PROGRAM, *args],
        env=home.env(),
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        cwd=home.dir,
    )
    return r.returncode, r.stdout, r.stderr
