"""The screen: sizes, themes, what does not read it."""
import termios, time
from harness import *


def test_every_size(s):
    frog = s.peer('frog')
    t = s.terminal(s.home(account(s.pond)))
    t.sees(r'(?i)online|logged in')
    t.line('/msg frog@%s hello' % DOMAIN)
    frog.hears('hello')
    for rows, cols in ((1, 1), (2, 5), (5, 20), (10, 40), (50, 200), (3, 300), (24, 80)):
        t.size(rows, cols)
        time.sleep(0.15)
        assert t.process.poll() is None, (rows, cols, t.stderr()[-2000:])
    t.sees('hello')
    t.line('/quit')
    assert t.ends() == 0


def test_every_theme_and_terminal(s):
    for term, more in (('xterm-256color', {}), ('xterm', {}), ('screen', {}), ('linux', {}), ('vt100', {}), ('xterm-256color', {'NO_COLOR': '1'})):
        home = s.home()
        t = s.terminal(home, env=home.env(TERM=term, **more))
        t.sees('/account add')
        for theme in ('reed', 'mono', 'pond'):
            t.line('/set theme ' + theme)
        t.line('/help')
        t.sees('/msg')
        t.line('/quit')
        assert t.ends() == 0, term
        if 'NO_COLOR' in more:
            assert b'\x1b[38;5' not in t.raw


def test_a_terminal_nobody_reads_stops_nothing(s):
    frog = s.peer('frog')
    home = s.home(account(s.pond))
    t = s.terminal(home)
    t.sees(r'(?i)online|logged in')
    t.line('/msg frog@' + DOMAIN)
    time.sleep(0.3)
    t.reads = False
    time.sleep(0.3)
    for i in range(300):
        frog.say('toad@' + DOMAIN, 'line %d %s' % (i, 'x' * 300))
    frog.do(frog.client.plugin['xep_0199'].ping, 'toad@%s' % DOMAIN, None, 10)
    time.sleep(2 * SLOW)
    assert home.rows("select count(*) from message where body like 'line %'") == [(300,)]
    begun = now()
    t.process.terminate()
    t.ends(3)
    assert now() - begun < 2 * SLOW


def test_suspend_and_come_back(s):
    t = s.terminal(s.home(), shell=True)
    t.sees('/account add')
    child = int(open('/proc/%d/task/%d/children' % (t.process.pid, t.process.pid)).read())
    t.type('\x1a')
    end, state = now() + 5, ''
    while state != 'T' and now() < end:
        time.sleep(0.05)
        state = open('/proc/%d/stat' % child).read().rsplit(')', 1)[1].split()[0]
    assert state == 'T', state
    attributes = termios.tcgetattr(t.fd)
    assert attributes[3] & termios.ICANON and attributes[3] & termios.ECHO, 'the terminal is not as it was'
    t.line('')
    t.sees('/account add')
    t.type('back')
    t.sees('back')
    t.type('\x03')
    t.line('/quit')
    assert t.ends() == 0


def test_splits(s):
    t = s.terminal(s.home(account(s.pond)), cols=120, rows=40)
    t.sees(r'(?i)online|logged in')
    t.line('/msg frog@' + DOMAIN)
    t.line('/split beside')
    time.sleep(0.3)
    t.line('/split zoom')
    t.line('/split zoom')
    t.line('/split close')
    t.line('/quit')
    assert t.ends() == 0
