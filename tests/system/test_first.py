"""The first minutes: no configuration, an account added, passwords that go nowhere."""
import os, re, stat, time
from harness import *


def test_without_configuration_there_are_three_sentences(s):
    t = s.terminal(s.home())
    t.sees(r'/account add')
    t.sees(r'/help')
    t.line('/quit')
    assert t.ends() == 0


def test_an_account_is_added_with_a_masked_password(s):
    home = s.home()
    peer = s.peer('frog')
    t = s.terminal(home)
    t.sees('/account add')
    t.line('/account add toad@%s host=127.0.0.1 port=%d ca-file=%s' % (DOMAIN, s.pond.port, s.pond.ca))
    t.sees(r'Password of toad@')
    t.type('pond')
    t.never('pond(?!\.)', 0.5)
    t.type('\r')
    peer.notices('available', 'toad@' + DOMAIN)
    t.sees(r'Keep the password')
    t.type('n')
    rc = home.read_rc()
    assert 'address = toad@' + DOMAIN in rc, rc
    assert stat.S_IMODE(os.stat(home.dir + '/config/natterjack/natterjackrc').st_mode) == 0o600
    t.type('\x1b[A')                     # the line before is the command, never the password
    t.sees('/account add toad')
    t.type('\x03')
    t.line('/quit')
    assert t.ends() == 0
    assert 'password = ' not in home.read_rc()
    assert b'password=pond' not in home.everything() and b'\npond\n' not in home.everything()


def test_a_password_command_may_read_the_terminal(s):
    home = s.home()
    with open(home.dir + '/ask', 'w') as f:
        f.write('#!/bin/sh\nprintf "Card PIN, please: " >/dev/tty\nread pin </dev/tty\n[ "$pin" = 1234 ] && echo pond\n')
    os.chmod(home.dir + '/ask', 0o755)
    home.rc(account(s.pond, password=None, password_command=home.dir + '/ask'))
    t = s.terminal(home)
    t.sees('Card PIN')
    t.type('1234\r')
    t.sees(r'(?i)online|logged in')
    t.line('/quit')
    assert t.ends() == 0


def test_a_wrong_configuration_is_told_with_its_line(s):
    home = s.home('[options]\ntheme = nonsense-of-mine\nno-such-option = 3\n' + account(s.pond) + '[account broken]\nport = 99999\n')
    t = s.terminal(home)
    t.sees('natterjackrc, line 3')
    t.sees(r'(?i)online|logged in')
    t.line('/quit')
    assert t.ends() == 0


def test_a_wrong_password_is_one_attempt_and_one_sentence(s):
    home = s.home(account(s.pond, password='wrong-one'))
    before = s.pond.log().count('uthentication')
    t = s.terminal(home)
    t.sees(r'(?i)password')
    time.sleep(3)
    log = s.pond.log()
    t.line('/quit')
    assert t.ends() == 0
    assert b'wrong-one' not in home.everything()


def test_sigterm_while_nobody_answers_ends_in_two_seconds(s):
    import socket
    l = socket.socket()
    l.bind(('127.0.0.1', 0))
    l.listen(4)
    home = s.home('[account dead]\naddress = toad@%s\npassword = x\nhost = 127.0.0.1\nport = %d\n' % (DOMAIN, l.getsockname()[1]))
    t = s.terminal(home)
    t.sees('dead')
    t.type('still here')
    t.sees('still here')
    begun = now()
    t.process.terminate()
    t.ends(3)
    assert now() - begun < 2 * SLOW
    l.close()


def test_nobody_there_is_a_sentence(s):
    home = s.home('[account nobody]\naddress = toad@%s\npassword = x\nhost = 127.0.0.1\nport = 1\n' % DOMAIN)
    t = s.terminal(home)
    t.sees(r'refuses connections')
    t.line('/quit')
    assert t.ends() == 0


def test_an_unknown_certificate_is_refused_shown_and_trusted_by_command(s):
    home = s.home(account(s.pond, ca_file=None))
    t = s.terminal(home)
    t.sees(r'(?i)certificate')
    t.never(r'(?i)is online', 0.5)
    t.line('/certificate')
    t.sees('SHA-256|sha256')
    t.line('/certificate pin')
    time.sleep(0.5)
    t.line('/connect')
    t.sees(r'(?i)online|logged in')
    assert 'pin = sha256:' in home.read_rc()
    t.line('/quit')
    assert t.ends() == 0
