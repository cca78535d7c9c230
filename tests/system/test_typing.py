"""The prompt: completion, history, several lines, vi mode, key bindings and aliases, and what is
saved in the configuration."""
import os, stat, time
from harness import *

RC = '# mine\n[options]\n# not so loud\nbell = none\n'


def online(s, **kw):
    home = s.home(RC + account(s.server))
    t = s.terminal(home, **kw)
    t.shows('contacts +./2')
    return home, t


def test_tab_completes_and_shows_choices(s):
    home, t = online(s)
    t.type('/subj\t')
    t.shows('› /subject')
    t.type('\x03/s\t')
    t.shows('scroll.*set.*split')
    t.type('\t')
    t.shows('› /say')
    t.type('\x1b[Z')
    t.type('\x03/msg FR\t')
    t.shows('› /msg frog@pond.example')
    t.type('\x03/window con\t')
    t.shows('› /window console')
    t.type('\x03/set the\tre\t')
    t.shows('› /set theme reed')
    t.type('\x03/toad:sta\taw\t')
    t.shows('› /toad:status away')
    t.type('\x03nothing here\t')
    t.shows('› nothing here')


def test_tab_completes_nicks_in_room(s):
    newt = s.peer('newt')
    newt.join(nick='Newton')
    home, t = online(s)
    t.line('/join %s toad' % ROOM)
    t.shows(r'\(2\)')
    t.type('new\t')
    t.shows(r'› Newton:')
    t.type('hello\r')
    newt.receives('^Newton: hello$')


def test_prompt_history_is_searched_and_recalled(s):
    home, t = online(s)
    t.line('/msg frog@%s' % DOMAIN)
    t.shows(r'\[2:Frog\]')
    for line in ('/help say', '/names', '/set bell'):
        t.line(line)
    t.type('\x12say')
    t.shows('/help say')
    t.type('\x07\x03')
    t.type('\x1b[A')
    t.shows('› /set bell')
    t.type('\x1b[A\x1b[A')
    t.shows('› /help say')
    t.type('\x1b[B')
    t.shows('› /names')


def test_text_of_several_lines_is_edited_and_sent(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.line('/msg frog@' + DOMAIN)
    t.shows(r'\[2:Frog\]')
    t.type('one\x1b\rtwo\x1b\rthree')
    t.shows('› one\n +two\n +three')
    t.type('\x1b[A\x1b[Afirst ')
    t.type('\r')
    frog.receives('^(one|first one|onefirst )')
    long = 'word ' * 80
    t.type(long + 'end')
    t.shows('word end')
    t.type('\r')
    frog.receives('word end$')


def test_vi_mode_edits_line(s):
    frog = s.peer('frog')
    home = s.home(RC + account(s.server))
    # In vi mode readline leaks the text that is killed twice.
    t = s.terminal(
        home, env=home.env(LSAN_OPTIONS='print_suppressions=0:suppressions=' + TOP + '/tests/leaks')
    )
    t.shows('contacts +./2')
    t.line('/set keys-mode vi')
    t.line('/msg frog@' + DOMAIN)
    t.shows(r'\[2:Frog\]')
    t.type('hello big world')
    t.shows('› hello big world')
    column = t.screen.cursor.x
    t.type('\x1b')  # followed by a key at once it would be Alt; wait until the cursor has moved
    assert until(lambda: t.screen.cursor.x < column)
    t.type('bbdw0ihey, \r')
    frog.receives('^hey, hello world$')
    t.type('a second line\r')
    frog.receives('^a second line$')
    t.line('/set keys-mode emacs')
    t.type('abc\x01x')
    t.shows('xabc')


def test_changed_options_are_saved_and_comments_kept(s):
    home, t = online(s)
    t.line('/set time-format "%H.%M"')
    t.shows_text('time-format = %H.%M')
    t.line('/set roster-width 30')
    t.line('/set roster-width 3000')
    t.shows_text('roster-width|8 to 80|80')
    t.line('/bind F5 /window console')
    t.line('/alias hi /msg $1 Hello, $2!')
    t.line('/set nothing-of-ours 3')
    t.shows_text('There is no option')
    t.line('/quit')
    assert t.ends() == 0
    rc = home.read_rc()
    assert rc.startswith(RC[: RC.index('bell')]) and '[account toad]\naddress' in rc, rc
    for line in (
        'bell = none',
        'time-format = %H.%M',
        'roster-width = 30',
        'F5 = /window console',
        'hi = /msg $1 Hello, $2!',
    ):
        assert '\n' + line + '\n' in rc, (line, rc)
    assert stat.S_IMODE(os.stat(home.dir + '/config/natterjack/natterjackrc').st_mode) == 0o600
    frog = s.peer('frog')
    t = s.terminal(home)
    t.shows('● Frog')
    t.line('/hi frog@%s dear' % DOMAIN)
    frog.receives('^Hello, dear!$')
    t.type('\x1b[15~')
    t.shows(r'\[1:console\]')
    t.line('/bind F5 free')
    t.line('/alias hi free')
    t.line('/hi frog@%s again' % DOMAIN)
    t.shows_text('(?i)no command|unknown|/hi')
    assert '/window console' not in home.read_rc()


def test_linked_configuration_stays_linked(s):
    home = s.home(RC + account(s.server))
    path = home.dir + '/config/natterjack/natterjackrc'
    os.rename(path, home.dir + '/real')
    os.symlink(home.dir + '/real', path)
    t = s.terminal(home, '--no-connect')
    t.shows('1:console')
    t.line('/set roster-width 33')
    t.shows_text('roster-width = 33')
    assert os.path.islink(path) and 'roster-width = 33' in home.read_rc()


def test_documented_keys_work(s):
    home, t = online(s)
    t.line('/msg frog@' + DOMAIN)
    t.shows(r'\[2:Frog\]')
    t.type('\x1b1')
    t.shows(r'\[1:console\]')
    t.type('\x1bn')
    t.shows(r'\[2:Frog\]')
    t.type('\x1bp')
    t.shows(r'\[1:console\]')
    t.type('\x1bz')
    t.shows(r'\[2:Frog\]')
    t.type('\x1b')
    time.sleep(0.3)  # ESC and a key, for terminals that do not send Alt
    t.type('1')
    t.shows(r'\[1:console\]')
    t.type('\x1bOP')
    t.shows('starts with a slash')
    t.type('half a line\x03')
    t.gone('half a line')
    t.type('\x03\x03')
    t.type('\x0c')
    t.shows(r'\[1:console\]')
    assert t.process.poll() is None


def test_command_errors_are_shown_where_typed(s):
    home, t = online(s)
    t.line('/msg frog@' + DOMAIN)
    t.shows(r'\[2:Frog\]')
    t.line('/joyn ' + ROOM)
    t.shows_text('joyn')
    t.type('\x03')
    t.line('/msg not@@an@address hello')
    t.shows_text('(?i)address')
    t.type('\x03')
    t.line('/join')
    t.shows_text('/join ROOM')
    t.type('\x03')
    t.line('/nobody:msg frog@%s hello' % DOMAIN)
    t.shows_text('(?i)no account')
