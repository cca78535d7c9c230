"""The first minutes: no configuration, an account added, passwords that go nowhere."""
import os, signal, stat, time
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
    t.line(
        '/account add toad@%s host=127.0.0.1 port=%d ca-file=%s'
        % (DOMAIN, s.server.port, s.server.ca)
    )
    t.sees(r'Password of toad@')
    t.type('pond')
    t.never('pond(?!\.)', 0.5)
    t.type('\r')
    peer.notices('available', 'toad@' + DOMAIN)
    t.sees(r'Keep the password')
    t.type('n')
    assert until(lambda: 'address = toad@' + DOMAIN in home.read_rc()), home.read_rc()
    assert stat.S_IMODE(os.stat(home.dir + '/config/natterjack/natterjackrc').st_mode) == 0o600
    t.type('\x1b[A')  # the line before is the command, never the password
    t.sees('/account add toad')
    t.type('\x03')
    t.line('/quit')
    assert t.ends() == 0
    assert 'password = ' not in home.read_rc()
    assert b'password=pond' not in home.everything() and b'\npond\n' not in home.everything()


def test_a_password_command_may_read_the_terminal(s):
    home = s.home()
    with open(home.dir + '/ask', 'w') as f:
        f.write(
            '#!/bin/sh\nprintf "Card PIN, please: " >/dev/tty\nread pin </dev/tty\n'
            '[ "$pin" = 1234 ] && echo pond\n'
        )
    os.chmod(home.dir + '/ask', 0o755)
    home.rc(account(s.server, password=None, password_command=home.dir + '/ask'))
    t = s.terminal(home)
    t.sees('Card PIN')
    t.type('1234\r')
    t.sees(r'(?i)online|logged in')
    t.line('/quit')
    assert t.ends() == 0


def test_a_wrong_configuration_is_told_with_its_line(s):
    home = s.home(
        '[options]\ntheme = nonsense-of-mine\nno-such-option = 3\n'
        + account(s.server)
        + '[account broken]\nport = 99999\n'
    )
    t = s.terminal(home)
    t.sees('natterjackrc, line 3')
    t.sees(r'(?i)online|logged in')
    t.line('/quit')
    assert t.ends() == 0


def test_a_wrong_password_is_one_attempt_and_one_sentence(s):
    home = s.home(account(s.server, password='wrong-one'))
    before = s.server.settled()
    t = s.terminal(home)
    t.says('The password is wrong, or the server does not know this account')
    time.sleep(2)
    assert s.server.connections() == before + 1
    assert (
        t.said().count('The password is wrong, or the server does not') == 1
    )  # the account's own line is cut off before
    t.line('/connect')
    t.sees('Password of toad@')
    t.type('pond\r')
    t.says('Online as toad@')
    t.line('/quit')
    assert t.ends() == 0
    assert b'wrong-one' not in home.everything()


def script(home, text):
    """A password-command."""
    path = home.dir + '/ask'
    with open(path, 'w') as f:
        f.write('#!/bin/sh\n' + text + '\n')
    os.chmod(path, 0o755)
    return path


def test_a_password_command_that_fails_is_a_sentence(s):
    for text, said in (
        ('echo no card is in the reader >&2; exit 3', 'gave no password. no card is in the reader'),
        ('exit 1', 'ended with an error and without a message'),
        ('true', 'wrote nothing'),
    ):
        home = s.home()
        home.rc(account(s.server, password=None, password_command=script(home, text)))
        t = s.terminal(home)
        t.says(said)
        t.type('still here')
        t.sees('still here')


def test_a_slow_password_command_stops_nothing_and_is_given_up(s):
    home = s.home()
    home.rc(
        account(
            s.server,
            password=None,
            password_command=script(home, 'echo $$ >%s/pid\nsleep 60\necho pond' % home.dir),
        )
    )
    t = s.terminal(home)
    assert until(
        lambda: os.path.exists(home.dir + '/pid') and open(home.dir + '/pid').read().endswith('\n')
    )
    pid = int(open(home.dir + '/pid').read())
    t.type('typed meanwhile')
    t.sees('typed meanwhile')
    t.type('\x03')
    t.gone('typed meanwhile')
    t.type('\x03')
    t.says('cancelled')

    def over():
        try:
            return open('/proc/%d/stat' % pid).read().rsplit(')', 1)[1].split()[0] == 'Z'
        except OSError:
            return True

    assert until(over), 'it runs on'
    t.line('/quit')
    assert t.ends() == 0


def test_a_password_command_without_a_terminal(s):
    home = s.home()
    home.rc(
        account(
            s.server,
            password=None,
            password_command=script(
                home, 'read pin </dev/tty && echo pond || { echo no terminal >&2; exit 1; }'
            ),
        )
    )
    h = s.headless(home)
    e = h.event(event='connection', state='offline')
    assert e['text'], e
    home.rc(account(s.server, password=None, password_command=script(home, 'echo pond')))
    h.process.terminate()
    h.process.wait(5 * SLOW)
    h = s.headless(home)
    h.event(event='connection', state='online')


def test_sigterm_while_nobody_answers_ends_in_two_seconds(s):
    import socket

    l = socket.socket()
    l.bind(('127.0.0.1', 0))
    l.listen(4)
    home = s.home(
        '[account dead]\naddress = toad@%s\npassword = x\nhost = 127.0.0.1\nport = %d\n'
        % (DOMAIN, l.getsockname()[1])
    )
    t = s.terminal(home)
    t.sees('dead')
    t.type('still here')
    t.sees('still here')
    begun = now()
    t.process.terminate()
    t.ends(3)
    assert now() - begun < 2 * SLOW
    l.close()


def test_a_key_that_is_bound_is_said(s):
    t = s.terminal(s.home())
    t.sees('/account add')
    t.line('/bind F5 /window console')
    t.says('F5 now runs /window console')
    t.line('/bind F5 free')
    t.says("Unbound F5")


def test_nobody_there_is_a_sentence(s):
    home = s.home(
        '[account nobody]\naddress = toad@%s\npassword = x\nhost = 127.0.0.1\nport = 1\n' % DOMAIN
    )
    t = s.terminal(home)
    t.sees(r'refuses connections')
    t.line('/quit')
    assert t.ends() == 0


def test_an_unknown_certificate_is_refused_shown_and_trusted_by_command(s):
    home = s.home(account(s.server, ca_file=None))
    t = s.terminal(home)
    t.sees(r'(?i)certificate')
    t.never(r'(?i)is online', 0.5)
    t.line('/certificate')
    t.sees('SHA-256|sha256')
    t.line('/certificate pin')
    assert until(lambda: 'pin = sha256:' in home.read_rc())
    t.line('/connect')
    t.says('Online as toad@')
    t.line('/quit')
    assert t.ends() == 0


def test_trusted_once_is_once(s):
    home = s.home(account(s.server, ca_file=None))
    t = s.terminal(home)
    t.says('certificate of pond.example')
    t.line('/certificate trust')
    t.says('Online as toad@')
    t.line('/certificate')
    t.says('for this connection because you trusted it')
    t.line('/disconnect')
    t.says('Offline')
    t.line('/connect')
    t.says('Offline.*certificate of pond.example')
    assert 'pin' not in home.read_rc()


def test_a_password_given_before_the_certificate_was_refused_is_kept(s):
    t = s.terminal(s.home(''))
    t.line('/account add newt@%s host=127.0.0.1 port=%d' % (DOMAIN, s.server.port))
    t.sees('Password of newt@')
    t.type('pond\r')
    t.says('certificate of pond.example')
    t.line('/certificate trust')
    t.sees('Keep the password of newt@')
    t.type('n')
    t.line('/disconnect')
    t.says('Offline')
    h = s.headless(s.home(''))
    h.say('/account add newt@%s host=127.0.0.1 port=%d password=pond' % (DOMAIN, s.server.port))
    h.event(event='connection', account='newt', state='offline')
    h.say('/certificate trust')
    h.event(event='connection', account='newt', state='online')


def test_a_pin_that_is_another_is_refused_before_the_password(s):
    home = s.home(account(s.server, pin='sha256:' + '0' * 64))
    before = s.server.logins('toad')
    t = s.terminal(home)
    t.says('is not the pinned one')
    t.line('/certificate forget')
    t.line('/connect')
    t.says('Online as toad@')
    assert s.server.logins('toad') == before + 1


def test_direct_tls(s):
    home = s.home(account(s.server, port=s.server.direct, tls='direct'))
    t = s.terminal(home)
    t.says('Online as toad@')
    t.line('/certificate')
    t.says('Accepted: signed by an authority trusted')
    wrong = s.terminal(s.home(account(s.server, tls='direct')))
    wrong.says('does not speak TLS at this port')


def test_a_server_without_tls_hears_no_password(s):
    heard = []

    def talk(wire, number):
        wire.header(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
            "</mechanisms>"
        )
        try:
            wire.hears('<auth', wait=1)
            heard.append('auth')
        except AssertionError:
            pass

    server = s.scripted_server(talk)
    t = s.terminal(s.home(server.account(tls='starttls')))
    t.says('offers no encryption')
    server.finished()
    time.sleep(1)
    assert not heard and server.connections == 1, (heard, server.connections)


def test_a_host_that_is_none_is_a_sentence(s):
    t = s.terminal(
        s.home(
            '[account toad]\naddress = toad@%s\npassword = x\nhost = no-such-host.invalid\n'
            % DOMAIN
        )
    )
    t.says('There is no server called|The name server did not answer')


def test_an_address_of_the_command_line(s):
    frog = s.peer('frog')
    home = s.home()
    t = s.terminal(home, '-a', 'not an address')
    t.says('not an address')
    t.line('/quit')
    assert t.ends() == 0
    home.rc(account(s.server) + account(s.server, 'newt'))
    t = s.terminal(home, '-a', 'newt')
    t.says('Online as newt@')
    t.line('/quit')
    assert t.ends() == 0
    t = s.terminal(home, '-a', 'toad@' + DOMAIN)
    t.says('Online as toad@')
    t.never('newt', 0.3)


def test_a_vanished_terminal_ends_it_cleanly(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home)
    t.says('Online as toad@')
    frog.notices('available', 'toad@' + DOMAIN)
    t.process.send_signal(signal.SIGHUP)
    assert t.ends() == 0
    frog.notices('unavailable', 'toad@' + DOMAIN)


def test_what_was_said_survives_a_kill(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home)
    t.sees('● Frog')
    frog.say('toad@' + DOMAIN, 'remember this')
    t.sees('2:Frog 1')
    home.has("select body from message", [('remember this',)])
    t.process.kill()
    t.process.wait()
    t = s.terminal(home, '--no-connect')
    t.sees('1:console')
    t.line('/msg frog@' + DOMAIN)
    t.sees('remember this')
