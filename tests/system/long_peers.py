"""Chats and a room with profanity, mcabber and poezio, each on its own pseudo-terminal. For
make check-long."""
import os, re, shutil, subprocess, time
from harness import *

NOBODY = 65534


class Client(Terminal):
    """Another client, logged in as `who`. Subclasses have its name, arguments, files (of its home)
    and the pattern that its screen shows when it is ready."""

    def __init__(self, s, who):
        self.program = shutil.which(self.name)
        if not self.program:
            raise Skip('%s is not installed' % self.name)
        home = s.keep(Home())
        shutil.copy(s.server.ca, home.dir + '/ca.pem')
        words = {
            'who': who,
            'jid': '%s@%s' % (who, DOMAIN),
            'port': s.server.port,
            'home': home.dir,
            'rooms': 'rooms.' + DOMAIN,
        }
        for path, text in self.files.items():
            path = os.path.join(home.dir, path)
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as f:
                f.write(text % words)
        if os.getuid() == 0:  # poezio refuses to run as root
            self.user = NOBODY
            for d, dirs, names in os.walk(home.dir):
                for path in [d] + [os.path.join(d, n) for n in names]:
                    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        super().__init__(home, *[a % words for a in self.arguments], rows=30, cols=110)
        s.keep(self)
        self.shows(self.ready, 20)

    def type(self, text):
        for c in text:  # some clients take several characters at once for a paste
            super().type(c)
            time.sleep(0.005)

    def line(self, text):
        self.type(text)
        time.sleep(0.1 * SLOW)  # or Enter would be part of the paste
        self.type('\r')

    def acts(self, text):
        self.line('/me ' + text)

    def whispers(self, nick, text):
        """Sends a private message to an occupant of the room in front."""
        self.line('/msg %s %s' % (nick, text))

    def renames(self, nick):
        self.line('/nick ' + nick)

    def report(self):
        return '%s:\n%s' % (self.name, self.text())

    def close(self):
        if (
            self.process.poll() is None
        ):  # the server keeps a session that was not closed in its rooms
            self.line('/quit')
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        end_program(self.process)
        os.close(self.fd)


class Profanity(Client):
    name, arguments, ready = 'profanity', ['-a', '%(jid)s'], 'logged in successfully'
    typing = r'typing\.\.\.'
    files = {
        'config/profanity/profrc': '[ui]\nsplash=false\n[notifications]\nmessage=off\nroom=off\n'
        'typing=false\n[chatstates]\nenabled=true\nouttype=true\n',
        'data/profanity/accounts': '[%(jid)s]\nenabled=true\njid=%(jid)s\nserver=127.0.0.1\n'
        'port=%(port)s\nresource=profanity\npassword=pond\n'
        'presence.last=online\npresence.login=online\nmuc.service=%(rooms)s\nmuc.nick=%(who)s\n'
        'tls.policy=trust\nauth.policy=default\n',
    }

    def opens(self, address):
        self.line('/msg ' + address)

    def joins(self, room, nick):
        self.line('/join %s nick %s' % (room, nick))

    lines = None  # it cannot send a text of two lines


class Mcabber(Client):
    name, arguments, ready = (
        'mcabber',
        ['-f', '%(home)s/.mcabber/mcabberrc'],
        'Your status has been set',
    )
    typing = r'\[C\]'
    files = {
        '.mcabber/mcabberrc': 'set jid = %(jid)s\nset password = pond\nset server = 127.0.0.1\n'
        'set port = %(port)s\nset resource = mcabber\nset tls = 1\n'
        'set ssl_ca = %(home)s/ca.pem\nset nickname = %(who)s\nset escdelay = 50\n',
    }

    def opens(self, address):
        self.line('/roster search ' + address)
        self.line('')

    def joins(self, room, nick):
        self.line('/room join %s %s' % (room, nick))
        self.shows(re.escape(room.split('@')[0]))
        self.opens(room)

    def acts(self, text):
        self.line('/say /me ' + text)

    def whispers(self, nick, text):
        self.line('/room privmsg %s %s' % (nick, text))

    def renames(self, nick):
        self.line('/room nick ' + nick)

    def lines(self, *texts):
        for text in ('/msay begin', *texts, '/msay send'):
            self.line(text)


class Poezio(Client):
    name, arguments, ready = (
        'poezio',
        ['-f', '%(home)s/config/poezio/poezio.cfg'],
        'Authentication success',
    )
    typing = r'\] composing'
    files = {
        'config/poezio/poezio.cfg': '[Poezio]\njid = %(jid)s/poezio\npassword = pond\n'
        'custom_host = 127.0.0.1\ncustom_port = %(port)s\n'
        'ca_cert_path = %(home)s/ca.pem\ndefault_nick = %(who)s\nmam_sync = false\n',
    }

    def opens(self, address):
        self.does('/message ' + address, address)

    def joins(self, room, nick):
        self.does('/join %s/%s' % (room, nick), room)

    def does(self, command, address):
        """Runs a command until the tab of the address is open; poezio drops keys that are typed
        while it opens a tab."""
        end = now() + 10 * SLOW
        while '[%s]' % address not in self.text() and now() < end:
            self.line(command)
            time.sleep(1)

    def whispers(self, nick, text):
        self.line('/query %s %s' % (nick, text))

    def lines(self, *texts):
        self.line('\n'.join(texts))


def online(s):
    t = s.terminal(s.home(account(s.server)), rows=40, cols=120)
    t.shows_text('Online as')
    return t


def one_to_one(s, kind):
    t = online(s)
    c = kind(s, 'frog')
    t.shows('● Frog')
    t.line('/msg frog@%s hello, %s 🐸' % (DOMAIN, c.name))
    c.opens('toad@' + DOMAIN)
    c.shows('hello, %s 🐸' % c.name)
    c.line('and to you: 漢字 🦆 ščř')
    t.shows('Frog +and to you: 漢字 🦆 ščř')
    # /me in both directions.
    c.acts('looks up')
    t.shows(r'\* +Frog looks up')
    t.line('/me nods')
    c.shows(r'(?i)\* ?toad\S* nods')
    # Typing notifications in both directions.
    t.type('typ')
    c.shows(c.typing)
    t.type('\x03')
    c.type('some words')
    t.shows('Frog +is writing')
    c.line(' at last')
    t.shows('some words at last')
    t.gone('is writing')
    # several lines
    t.paste('uno\ndue')
    t.type('\r')
    c.shows('uno *\n[^\n]*due')
    if c.lines:
        c.lines('eins', 'zwei')
        t.shows('Frog +eins *\n[^\n]* zwei')
    assert t.text().count('some words at last') == 1
    # what they tell each other of themselves
    t.line('/info frog@' + DOMAIN)
    t.shows_text('(?i)name: ' + c.name)
    t.shows_text('features: .*urn:xmpp:ping')
    t.line('/ping frog@%s/%s' % (DOMAIN, t.shows(r'(?i)address: frog@\S+?/(\S+)').group(1)))
    t.shows_text('answered in')
    t.line('/status away gone swimming')
    c.shows(r'(?i)away|gone swimming|\[a\]')
    t.line('/quit')
    assert t.ends() == 0


def test_chat_with_profanity(s):
    one_to_one(s, Profanity)


def test_chat_with_mcabber(s):
    one_to_one(s, Mcabber)


def test_chat_with_poezio(s):
    one_to_one(s, Poezio)


def test_room_with_all_clients(s):
    room, t, others = 'menagerie@rooms.' + DOMAIN, online(s), []
    t.line('/join %s toad' % room)
    t.shows_text(r'menagerie.* \(1\)')
    for kind, who in ((Profanity, 'frog'), (Mcabber, 'newt'), (Poezio, 'heron')):
        try:
            c = kind(s, who)
        except Skip:
            continue
        c.joins(room, who)
        others.append((c, who))
        t.shows_text(r'menagerie.* \(%d\)' % (1 + len(others)))
    if not others:
        raise Skip('no other client is installed')
    t.line('good evening, all 🐸')
    for c, who in others:
        c.shows('good evening, all 🐸')
        c.line('I am %s 🦆' % c.name)
        for other in (t, *(o for o, _ in others)):
            other.shows('I am %s 🦆' % c.name)
        c.acts('waves with %s' % c.name)
        t.shows(r'\* +%s waves with %s' % (who, c.name))
        if c.lines:
            c.lines('a line', 'of ' + c.name)
            t.shows(r'%s +a line[^\n]*\n[^\n]* of %s' % (who, c.name))
    t.line('/me bows')
    for c, who in others:
        c.shows(r'\* ?toad bows')
    t.paste('tick\ntock')
    t.type('\r')
    for c, who in others:
        c.shows(r'tick[^\n]*\n[^\n]*tock')
    t.line('/subject The weather, again')
    for c, who in others:
        c.shows('The weather, again')
    # A private message. Not from poezio 0.14: it sends it with the room's address as sender, and
    # ejabberd ends its stream.
    c, who = others[0]
    c.whispers('toad', 'only for toad')
    t.shows('3:%s 1' % who)
    t.line('/window 3')
    t.shows('only for toad')
    t.line('only for ' + who)
    c.shows('only for ' + who)
    c.joins(room, who)  # show the room again
    # A mention while another window is in front, and a new nick.
    t.line('/window console')
    c, who = others[-1]
    c.line('toad: where are you?')
    t.shows(r'menagerie\S* 1')
    t.type('\x1ba')
    t.shows('where are you')
    c.renames('Bigbird')
    t.shows('Bigbird')
    # The others leave.
    for c, who in others:
        c.close()
        s.things.remove(c)
    t.shows_text(r'menagerie.* \(1\)', 20)
    t.line('/quit')
    assert t.ends() == 0
