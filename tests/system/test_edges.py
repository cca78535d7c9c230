"""Closed descriptors, calls without an answer, early ends, secrets, and password commands that use
the terminal."""
import json, os, socket, subprocess, termios, time
from harness import *


def test_closed_descriptors_do_not_damage_files(s):
    home = s.home('[options]\nno-such-option = 1\n')
    r = subprocess.run(
        [
            '/bin/sh',
            '-c',
            'exec "$0" --headless --no-connect -x /set -x /quit <&- >&- 2>&-',
            PROGRAM,
        ],
        env=home.env(),
        cwd=home.dir,
        timeout=20 * SLOW,
    )
    assert r.returncode == 0, r
    for d, _, files in os.walk(home.dir + '/data'):
        for f in files:
            assert b'"ok"' not in open(os.path.join(d, f), 'rb').read(), f
    assert home.rows('pragma integrity_check') == [('ok',)]


def test_configuration_errors_are_reported_on_stderr(s):
    home = s.home('[options]\nno-such-option = 1\n')
    r = subprocess.run(
        [PROGRAM, '--headless', '--no-connect', '-a', 'nobody', '-x', '/quit'],
        env=home.env(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20 * SLOW,
    )
    assert r.returncode == 0, r
    assert 'natterjackrc, line 2' in r.stderr and '“nobody”' in r.stderr, r.stderr


def test_unopenable_log_is_reported(s):
    home = s.home()
    os.makedirs(home.dir + '/state/natterjack/log')
    t = s.terminal(home)
    t.shows_text('state/natterjack/log')
    t.line('/quit')
    assert t.ends() == 0


def silent():
    """Returns (listener, port) of a server that accepts connections and sends nothing."""
    listener = socket.create_server(('127.0.0.1', 0))
    return listener, listener.getsockname()[1]


def test_pending_call_is_answered_when_program_ends(s):
    listener, port = silent()
    home = s.home(
        '[account toad]\naddress = toad@%s\npassword = pond\nhost = 127.0.0.1\nport = %d\n'
        'tls = none\n' % (DOMAIN, port)
    )
    t = s.terminal(home, '--no-connect')
    home.wait_for_fifo()
    for end in ('/account remove toad', None):
        p = subprocess.Popen(
            [PROGRAM, '-x', '/connect'],
            env=home.env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        t.shows('connecting')
        if end:
            t.line(end)
        else:
            t.process.terminate()
        begun = now()
        out = p.communicate(timeout=20 * SLOW)[0]
        assert p.returncode == 1 and json.loads(out)['ok'] is False, out
        assert now() - begun < 4 * SLOW
        if end:
            t.line(
                '/account add toad@%s name=toad password=pond host=127.0.0.1 port=%d tls=none'
                % (DOMAIN, port)
            )
            t.shows('connecting')
            t.line('/disconnect')
            t.shows('offline')
    assert t.ends() == 0
    listener.close()


def test_pending_call_fails_when_program_is_killed(s):
    listener, port = silent()
    home = s.home(
        '[account toad]\naddress = toad@%s\npassword = pond\nhost = 127.0.0.1\nport = %d\n'
        'tls = none\n[options]\nfifo = mine\n' % (DOMAIN, port)
    )
    t = s.terminal(home, '--no-connect')
    home.wait_for_fifo(os.path.dirname(home.fifo) + '/mine')
    p = subprocess.Popen(
        [PROGRAM, '-x', '/connect'],
        env=home.env(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    t.shows('connecting')
    t.process.kill()
    assert 'did not answer' in p.communicate(timeout=5 * SLOW)[1] and p.returncode == 1
    listener.close()


def test_draft_survives_sigterm(s):
    home = s.home(account(s.server))
    t = s.terminal(home)
    t.shows('Online')
    t.line('/msg frog@' + DOMAIN)
    t.shows(r'\[2:Frog\].*Frog›')  # the name may arrive after the window has opened
    t.type('half a sentence')
    t.shows('half a sentence')
    t.process.terminate()
    assert t.ends() == 0
    t = s.terminal(home)
    t.shows('Online')
    t.line('/msg frog@' + DOMAIN)
    t.shows('half a sentence')


def test_password_typed_in_command_is_not_kept(s):
    t = s.terminal(s.home(account(s.server)))
    t.shows('Online')
    t.line('/account set toad password hunter2')
    t.shows_text('not be typed visibly')
    t.type('\x1b[A')
    time.sleep(0.3)
    assert 'hunter2' not in t.text(), t.text()
    t.type('/acount add password=hunter3\x03')
    time.sleep(0.2)
    t.type('\x19')
    time.sleep(0.2)
    assert 'hunter3' not in t.text(), t.text()


def test_clear_removes_notices_and_keeps_messages(s):
    frog = s.peer('frog')
    t = s.terminal(s.home(account(s.server)))
    t.shows('Online')
    t.line('/msg frog@%s good morning' % DOMAIN)
    t.shows('good morning')
    t.line('/status')
    t.shows_text('others see it as')
    t.line('/clear')
    t.gone('others see it')
    t.shows('good morning')
    frog.send('toad@' + DOMAIN, 'and you')
    t.shows('good morning.*and you')


ASKS = '''#!/bin/sh
stty -echo </dev/tty
printf 'PIN: ' >/dev/tty
read pin </dev/tty
stty echo </dev/tty
echo "$pin"
'''


def asking(s):
    """Returns a home with two accounts whose password-command asks on the terminal and turns its
    echo off, as pass and getpass(3) do."""
    home = s.home()
    path = home.dir + '/asks'
    with open(path, 'w') as f:
        f.write(ASKS)
    os.chmod(path, 0o700)
    home.rc(
        account(s.server, password=None, password_command=path)
        + account(s.server, 'frog', password=None, password_command=path)
    )
    return home


def test_password_commands_may_set_terminal_mode(s):
    t = s.terminal(asking(s))
    for who in range(2):
        t.shows('(PIN: .*){%d}' % (who + 1), look=lambda: t.raw.decode(errors='replace'))
        t.line('pond')
    t.shows_text('Online as toad@')
    t.shows_text('Online as frog@')
    t.line('/quit')
    assert t.ends() == 0


def test_sigterm_during_password_command_restores_terminal(s):
    t = s.terminal(asking(s))
    t.shows('PIN:')
    assert until(lambda: not termios.tcgetattr(t.fd)[3] & termios.ECHO)
    t.process.terminate()
    assert t.ends() == 0
    assert termios.tcgetattr(t.fd)[3] & termios.ECHO and termios.tcgetattr(t.fd)[3] & termios.ICANON
