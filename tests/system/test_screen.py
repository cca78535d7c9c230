"""The screen: sizes, themes, panes, suspend, an unread terminal."""
import re, termios, time
from harness import *


def test_every_terminal_size_works(s):
    frog = s.peer('frog')
    t = s.terminal(s.home(account(s.server)))
    t.shows(r'(?i)online|logged in')
    t.line('/msg frog@%s hello' % DOMAIN)
    frog.receives('hello')
    for rows, cols in ((1, 1), (2, 5), (5, 20), (10, 40), (50, 200), (3, 300), (24, 80)):
        t.size(rows, cols)
        time.sleep(0.15)
        assert t.process.poll() is None, (rows, cols, t.stderr()[-2000:])
    t.shows('hello')
    t.line('/quit')
    assert t.ends() == 0


def test_every_theme_and_terminal_type_works(s):
    for term, more in (
        ('xterm-256color', {}),
        ('xterm', {}),
        ('screen', {}),
        ('linux', {}),
        ('vt100', {}),
        ('xterm-256color', {'NO_COLOR': '1'}),
    ):
        home = s.home()
        t = s.terminal(home, env=home.env(TERM=term, **more))
        t.shows('/account add')
        for theme in ('reed', 'mono', 'pond'):
            t.line('/set theme ' + theme)
        t.line('/help')
        t.shows('/msg')
        t.line('/quit')
        assert t.ends() == 0, term
        if 'NO_COLOR' in more:
            assert b'\x1b[38;5' not in t.raw


def test_unread_terminal_does_not_block(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home)
    # The full address: the server may still keep a suspended session of an earlier test.
    toad = t.shows_text(r'Online as (toad@%s/\S+)\.' % re.escape(DOMAIN)).group(1)
    t.line('/msg frog@' + DOMAIN)
    t.shows(r'\[2:')
    t.reads = False
    time.sleep(0.3)
    for i in range(300):
        frog.send('toad@' + DOMAIN, 'line %d %s' % (i, 'x' * 300))
    frog.do(frog.client.plugin['xep_0199'].ping, toad, None, 10 * SLOW)
    home.has("select count(*) from message where body like 'line %'", [(300,)])
    begun = now()
    t.process.terminate()
    t.ends(3)
    assert now() - begun < 2 * SLOW


def test_suspend_and_resume_restores_terminal(s):
    t = s.terminal(s.home(), shell=True)
    t.shows('/account add')
    child = int(open('/proc/%d/task/%d/children' % (t.process.pid, t.process.pid)).read())
    t.type('\x1a')
    assert until(lambda: open('/proc/%d/stat' % child).read().rsplit(')', 1)[1].split()[0] == 'T')
    attributes = termios.tcgetattr(t.fd)
    assert (
        attributes[3] & termios.ICANON and attributes[3] & termios.ECHO
    ), 'the terminal modes were not restored'
    with t.lock:
        t.screen.reset()
    t.line('')
    # Until the program has the terminal again, the kernel echoes keys and Ctrl-c ends it.
    assert until(lambda: not termios.tcgetattr(t.fd)[3] & (termios.ICANON | termios.ECHO))
    t.shows('/account add')
    t.type('back')
    t.shows('› back')
    t.type('\x03')
    t.gone('› back')
    t.line('/quit')
    assert t.ends() == 0


def test_split_commands_work(s):
    t = s.terminal(s.home(account(s.server)), cols=120, rows=40)
    t.shows(r'(?i)online|logged in')
    t.line('/msg frog@' + DOMAIN)
    t.line('/split beside')
    time.sleep(0.3)
    t.line('/split zoom')
    t.line('/split zoom')
    t.line('/split close')
    t.line('/quit')
    assert t.ends() == 0


def test_two_panes_show_two_chats(s):
    frog, newt = s.peer('frog'), s.peer('newt')
    t = s.terminal(s.home(account(s.server)), cols=120, rows=30)
    t.shows('● Frog.*● Newt')
    t.line('/msg frog@' + DOMAIN)
    t.shows(r'\[2:Frog')
    t.line('/msg newt@' + DOMAIN)
    t.shows(r'\[3:Newt')
    t.line('/split beside Frog')
    frog.send('toad@' + DOMAIN, 'from the left')
    newt.send('toad@' + DOMAIN, 'from the right')
    t.shows('from the left')
    t.shows('from the right')
    t.type('\x1bo')
    t.line('first')
    t.type('\x1bo')
    t.line('second')
    assert until(lambda: frog.messages and newt.messages)
    assert {frog.messages[0]['body'], newt.messages[0]['body']} == {'first', 'second'}
    t.line('/split zoom')
    t.gone('from the (left.*from the right|right.*from the left)')
    t.line('/split zoom')
    t.shows('from the (left.*from the right|right.*from the left)')
    t.line('/split below console')
    t.shows('Online as')
    for _ in range(3):
        t.line('/split grow')
    for rows, cols in ((8, 30), (30, 120)):
        t.size(rows, cols)
        time.sleep(0.2)
    t.shows('Online as')
    t.line('/quit')
    assert t.ends() == 0


def test_wide_and_combining_characters_keep_columns(s):
    frog = s.peer('frog')
    t = s.terminal(s.home(account(s.server)))
    t.shows('● Frog')
    t.line('/msg frog@' + DOMAIN)
    t.shows(r'\[2:Frog')
    for text in (
        '漢字' * 60,
        '👩‍👩‍👧‍👦 family',
        'e' + '\u0301' * 50 + ' zalgo',
        '\u202eover\u202d',
        '\ufeff\u200b\u2060nothing',
        'tab\there',
        'שלום עולם',
        '🇩🇪🇫🇷',
        'x' * 3000,
    ):
        frog.send('toad@' + DOMAIN, text)
    frog.send('toad@' + DOMAIN, 'the end')
    t.shows('the end')
    t.shows('family|zalgo|x{40}')
    t.type('漢字 é 👍')
    t.type('\x7f\x7f')
    t.shows('› 漢字 é')
    t.type('\x01a')
    t.shows('› a')
    for cols in (20, 37, 80):
        t.size(24, cols)
        time.sleep(0.15)
    t.shows('the end')
    # Wide characters do not move the border.
    for line in t.text().split('\n')[:20]:
        assert '│' not in line or line.index('│') <= 24, line


def test_title_shows_unread_count(s):
    frog = s.peer('frog')
    t = s.terminal(s.home(account(s.server)))
    t.shows('● Frog')
    frog.send('toad@' + DOMAIN, 'psst')
    t.shows('2:Frog 1')
    t.wrote(lambda raw: b'1' in (re.findall(rb'\x1b\][02];([^\x07\x1b]*)', raw) or [b''])[-1])
    t.line('/set title false')
    t.line('/quit')
    assert t.ends() == 0


def test_quit_restores_terminal_modes(s):
    t = s.terminal(s.home())
    t.shows('/account add')
    t.line('/quit')
    assert t.ends() == 0
    for on, off in ((b'\x1b[?1049h', b'\x1b[?1049l'), (b'\x1b[?2004h', b'\x1b[?2004l')):
        t.wrote(lambda raw: on in raw and raw.rfind(off) > raw.rfind(on))
    t.wrote(
        lambda raw: raw.rfind(b'\x1b[?25l')
        < max(raw.rfind(b'\x1b[?25h'), raw.rfind(b'\x1b[?12;25h'))
    )


def test_crash_restores_terminal(s):
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    t = s.terminal(s.home())
    t.shows('/account add')
    assert not termios.tcgetattr(t.fd)[3] & termios.ECHO
    t.process.send_signal(signal.SIGQUIT)
    assert t.ends() == -signal.SIGQUIT
    t.process.returncode = 0  # the test has asked for this end
    t.wrote(lambda raw: b'\x1b[?1049l' in raw[-200:])
    assert termios.tcgetattr(t.fd)[3] & termios.ECHO and termios.tcgetattr(t.fd)[3] & termios.ICANON
