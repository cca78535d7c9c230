"""The first start: no configuration, adding an account, passwords, certificates, login errors."""
import os, signal, stat, time
from harness import *


def test_start_without_configuration_explains_first_steps(s):
    t = s.terminal(s.home())
    t.shows(r'/account add')
    t.shows(r'/help')
    t.line('/quit')
    assert t.ends() == 0


def test_account_is_added_with_masked_password(s):
    home = s.home()
    peer = s.peer('frog')
    t = s.terminal(home)
    t.shows('/account add')
    t.line(
        '/account add toad@%s host=127.0.0.1 port=%d ca-file=%s'
        % (DOMAIN, s.server.port, s.server.ca)
    )
    t.shows(r'Password of toad@')
    t.type('pond')
    t.never_shows('pond(?!\.)', 0.5)
    t.type('\r')
    peer.receives_presence('available', 'toad@' + DOMAIN)
    t.shows(r'Keep the password')
    t.type('n')
    assert until(lambda: 'address = toad@' + DOMAIN in home.read_rc()), home.read_rc()
    assert stat.S_IMODE(os.stat(home.dir + '/config/natterjack/natterjackrc').st_mode) == 0o600
    t.type('\x1b[A')  # the prompt history has the command and not the password
    t.shows('/account add toad')
    t.type('\x03')
    t.line('/quit')
    assert t.ends() == 0
    assert 'password = ' not in home.read_rc()
    assert b'password=pond' not in home.everything() and b'\npond\n' not in home.everything()


def test_password_command_may_read_terminal(s):
    home = s.home()
    with open(home.dir + '/ask', 'w') as f:
        f.write(
            '#!/bin/sh\nprintf "Card PIN, please: " >/dev/tty\nread pin </dev/tty\n'
            '[ "$pin" = 1234 ] && echo pond\n'
        )
    os.chmod(home.dir + '/ask', 0o755)
    home.rc(account(s.server, password=None, password_command=home.dir + '/ask'))
    t = s.terminal(home)
    t.shows('Card PIN')
    t.type('1234\r')
    t.shows(r'(?i)online|logged in')
    t.line('/quit')
    assert t.ends() == 0


def test_configuration_error_is_reported_with_its_line(s):
    home = s.home(
        '[options]\ntheme = nonsense-of-mine\nno-such-option = 3\n'
        + account(s.server)
        + '[account broken]\nport = 99999\n'
    )
    t = s.terminal(home)
    t.shows('natterjackrc, line 3')
    t.shows(r'(?i)online|logged in')
    t.line('/quit')
    assert t.ends() == 0


def test_wrong_password_is_tried_and_reported_once(s):
    home = s.home(account(s.server, password='wrong-one'))
    before = s.server.wait_disconnected()
    t = s.terminal(home)
    t.shows_text('The password is wrong, or the server does not know this account')
    time.sleep(2)
    assert s.server.connections() == before + 1
    # The status line shows only the beginning of this sentence.
    assert t.pane_text().count('The password is wrong, or the server does not') == 1
    t.line('/connect')
    t.shows('Password of toad@')
    t.type('pond\r')
    t.shows_text('Online as toad@')
    t.line('/quit')
    assert t.ends() == 0
    assert b'wrong-one' not in home.everything()


def script(home, text):
    """Writes a shell script for password-command; returns its path."""
    path = home.dir + '/ask'
    with open(path, 'w') as f:
        f.write('#!/bin/sh\n' + text + '\n')
    os.chmod(path, 0o755)
    return path


def test_failed_password_command_is_reported(s):
    for text, sentence in (
        ('echo no card is in the reader >&2; exit 3', 'gave no password. no card is in the reader'),
        ('exit 1', 'ended with an error and without a message'),
        ('true', 'wrote nothing'),
    ):
        home = s.home()
        home.rc(account(s.server, password=None, password_command=script(home, text)))
        t = s.terminal(home)
        t.shows_text(sentence)
        t.type('still here')
        t.shows('still here')


def test_slow_password_command_does_not_block_and_is_cancelled(s):
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
    t.shows('typed meanwhile')
    t.type('\x03')
    t.gone('typed meanwhile')
    t.type('\x03')
    t.shows_text('cancelled')

    def over():
        try:
            return open('/proc/%d/stat' % pid).read().rsplit(')', 1)[1].split()[0] == 'Z'
        except OSError:
            return True

    assert until(over), 'the password command still runs'
    t.line('/quit')
    assert t.ends() == 0


def test_password_command_without_terminal_works_headless(s):
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


def test_sigterm_while_server_hangs_ends_in_two_seconds(s):
    import socket

    l = socket.socket()
    l.bind(('127.0.0.1', 0))
    l.listen(4)
    home = s.home(
        '[account dead]\naddress = toad@%s\npassword = x\nhost = 127.0.0.1\nport = %d\n'
        % (DOMAIN, l.getsockname()[1])
    )
    t = s.terminal(home)
    t.shows('dead')
    t.type('still here')
    t.shows('still here')
    begun = now()
    t.process.terminate()
    t.ends(3)
    assert now() - begun < 2 * SLOW
    l.close()


def test_bind_reports_binding(s):
    t = s.terminal(s.home())
    t.shows('/account add')
    t.line('/bind F5 /window console')
    t.shows_text('F5 now runs /window console')
    t.line('/bind F5 free')
    t.shows_text("Unbound F5")


def test_refused_connection_is_reported(s):
    home = s.home(
        '[account nobody]\naddress = toad@%s\npassword = x\nhost = 127.0.0.1\nport = 1\n' % DOMAIN
    )
    t = s.terminal(home)
    t.shows(r'refuses connections')
    t.line('/quit')
    assert t.ends() == 0


def test_unknown_certificate_is_refused_until_pinned(s):
    home = s.home(account(s.server, ca_file=None))
    t = s.terminal(home)
    t.shows(r'(?i)certificate')
    t.never_shows(r'(?i)is online', 0.5)
    t.line('/certificate')
    t.shows('SHA-256|sha256')
    t.line('/certificate pin')
    assert until(lambda: 'pin = sha256:' in home.read_rc())
    t.line('/connect')
    t.shows_text('Online as toad@')
    t.line('/quit')
    assert t.ends() == 0


def test_certificate_trusted_once_is_refused_next_time(s):
    home = s.home(account(s.server, ca_file=None))
    t = s.terminal(home)
    t.shows_text('certificate of pond.example')
    t.line('/certificate trust')
    t.shows_text('Online as toad@')
    t.line('/certificate')
    t.shows_text('for this connection because you trusted it')
    t.line('/disconnect')
    t.shows_text('Offline')
    t.line('/connect')
    t.shows_text('Offline.*certificate of pond.example')
    assert 'pin' not in home.read_rc()


def test_password_is_kept_when_certificate_is_refused(s):
    t = s.terminal(s.home(''))
    t.line('/account add newt@%s host=127.0.0.1 port=%d' % (DOMAIN, s.server.port))
    t.shows('Password of newt@')
    t.type('pond\r')
    t.shows_text('certificate of pond.example')
    t.line('/certificate trust')
    t.shows('Keep the password of newt@')
    t.type('n')
    t.line('/disconnect')
    t.shows_text('Offline')
    h = s.headless(s.home(''))
    h.send('/account add newt@%s host=127.0.0.1 port=%d password=pond' % (DOMAIN, s.server.port))
    h.event(event='connection', account='newt', state='offline')
    h.send('/certificate trust')
    h.event(event='connection', account='newt', state='online')


def test_wrong_pin_is_refused_before_login(s):
    home = s.home(account(s.server, pin='sha256:' + '0' * 64))
    before = s.server.logins('toad')
    t = s.terminal(home)
    t.shows_text('is not the pinned one')
    t.line('/certificate forget')
    t.line('/connect')
    t.shows_text('Online as toad@')
    assert s.server.logins('toad') == before + 1


def test_direct_tls_connects(s):
    home = s.home(account(s.server, port=s.server.direct, tls='direct'))
    t = s.terminal(home)
    t.shows_text('Online as toad@')
    t.line('/certificate')
    t.shows_text('Accepted: signed by a trusted authority')
    wrong = s.terminal(s.home(account(s.server, tls='direct')))
    wrong.shows_text('does not speak TLS at this port')


def test_server_without_tls_gets_no_password(s):
    heard = []

    def talk(wire, number):
        wire.header(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
            "</mechanisms>"
        )
        try:
            wire.receives('<auth', wait=1)
            heard.append('auth')
        except AssertionError:
            pass

    server = s.scripted_server(talk)
    t = s.terminal(s.home(server.account(tls='starttls')))
    t.shows_text('offers no encryption')
    server.finished()
    time.sleep(1)
    assert not heard and server.connections == 1, (heard, server.connections)


def test_unknown_host_name_is_reported(s):
    t = s.terminal(
        s.home(
            '[account toad]\naddress = toad@%s\npassword = x\nhost = no-such-host.invalid\n'
            % DOMAIN
        )
    )
    t.shows_text('There is no server called|The name server did not answer')


def test_address_on_command_line_starts_that_account_only(s):
    frog = s.peer('frog')
    home = s.home()
    t = s.terminal(home, '-a', 'not an address')
    t.shows_text('not an address')
    t.line('/quit')
    assert t.ends() == 0
    home.rc(account(s.server) + account(s.server, 'newt'))
    t = s.terminal(home, '-a', 'newt')
    t.shows_text('Online as newt@')
    t.line('/quit')
    assert t.ends() == 0
    t = s.terminal(home, '-a', 'toad@' + DOMAIN)
    t.shows_text('Online as toad@')
    t.never_shows('newt', 0.3)


def test_sighup_ends_cleanly(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home)
    t.shows_text('Online as toad@')
    frog.receives_presence('available', 'toad@' + DOMAIN)
    t.process.send_signal(signal.SIGHUP)
    assert t.ends() == 0
    frog.receives_presence('unavailable', 'toad@' + DOMAIN)


def test_received_message_survives_kill(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home)
    t.shows('● Frog')
    frog.send('toad@' + DOMAIN, 'remember this')
    t.shows('2:Frog 1')
    home.has("select body from message", [('remember this',)])
    t.process.kill()
    t.process.wait()
    t = s.terminal(home, '--no-connect')
    t.shows('1:console')
    t.line('/msg frog@' + DOMAIN)
    t.shows('remember this')
