"""Several accounts in one program, and several programs with one account."""
import json, os, re, threading, time
from harness import *


def test_failed_account_does_not_delay_others(s):
    frog = s.peer('frog')
    home = s.home(
        account(s.server)
        + account(s.server, 'newt', password='wrong')
        + '[account dead]\naddress = heron@%s\npassword = x\nhost = 127.0.0.1\nport = 1\n' % DOMAIN
    )
    t = s.terminal(home, cols=120)
    t.shows_text('toad: Online as')
    t.shows_text('newt: The password is wrong')
    t.shows_text('dead: .*refuses connections')
    t.line('/msg frog@%s from the one that works' % DOMAIN)
    m = frog.receives('^from the one that works$')
    assert m['from'].bare == 'toad@' + DOMAIN
    t.line('/account list')
    t.shows_text('toad@pond.example/.*newt@pond.example.*heron@pond.example')
    t.line('/newt:msg frog@%s hello' % DOMAIN)
    t.shows(r'\[3:frog')
    t.shows_text('newt… hello.*You are offline. Your message is stored')


def test_same_contact_of_two_accounts_has_two_chats(s):
    toad = s.peer('toad')
    home = s.home(account(s.server, 'frog') + account(s.server, 'newt'))
    t = s.terminal(home)
    t.shows('frog.*● Toad.*newt.*● Toad|newt.*● Toad.*frog.*● Toad')
    toad.send('frog@' + DOMAIN, 'word for frog')
    toad.send('newt@' + DOMAIN, 'word for newt')
    t.shows('2:Toad.*3:Toad|3:Toad.*2:Toad')
    shown = []
    for window in ('2', '3'):
        t.line('/window ' + window)
        t.shows(r'\[%s:.*\n' % window)
        shown.append(t.shows('word for (frog|newt)').group(1))
        t.line('answer of ' + shown[-1])
        m = toad.receives('^answer of %s$' % shown[-1])
        assert m['from'].bare == '%s@%s' % (shown[-1], DOMAIN), m
    assert sorted(shown) == ['frog', 'newt'], shown


def test_account_is_added_changed_and_removed(s):
    home = s.home(account(s.server))
    t = s.terminal(home)
    t.shows_text('Online as toad@')
    t.line(
        '/account add newt@%s name=other host=127.0.0.1 port=%d ca-file=%s'
        % (DOMAIN, s.server.port, s.server.ca)
    )
    t.shows('Password of newt@')
    t.type('pond\r')
    t.shows(r'Keep the password of newt@')
    t.type('y')
    t.shows_text('Saved the password of')
    assert (
        '[account other]\naddress = newt@pond.example' in home.read_rc()
        and home.read_rc().count('password = pond') == 2
    )
    t.line('/account set other resource den')
    t.line('/disconnect other')
    t.shows_text('other: Offline')
    t.line('/connect other')
    t.shows_text('other: Online as newt@pond.example/den')
    t.line('/account set other resource lily')
    t.shows_text('/reconnect other makes one now')
    t.line('/reconnect other')
    t.shows_text('other: Online as newt@pond.example/lily')
    t.line('/account set other port 99999999')
    t.shows_text('65535')
    t.type('\x03')
    # The chat in front belongs to the removed account, so the result must appear elsewhere.
    t.line('/other:msg toad@' + DOMAIN)
    t.shows(r'\[2:')
    t.line('/account remove other')
    t.shows_text('Removed account other')
    assert 'other' not in home.read_rc() and '[account toad]' in home.read_rc()
    t.line('/msg frog@' + DOMAIN)
    t.shows(r'\[2:')


def test_new_password_is_used_by_next_connection(s):
    """The saved password goes before one that was typed earlier in this run, also after a refused
    login."""
    home = s.home(account(s.server, password=None))
    t = s.terminal(home)
    t.shows('Password of')
    t.type('pond\r')
    t.shows_text('Online as toad@')
    for typed, then in (
        ('wrong', 'The password is wrong'),
        ('pond', 'Online as toad@.*Online as toad@'),
        ('wrong', 'wrong.*The password is wrong'),
    ):
        t.line('/account set toad password')
        t.shows('New password of toad@pond.example')
        t.type(typed + '\r')
        t.shows_text('Saved the password of')
        t.line('/reconnect')
        t.shows_text(then)


def test_removed_account_goes_offline_and_keeps_history(s):
    toad = s.peer('toad')
    home = s.home(
        account(s.server, 'frog') + '# of the other one\n' + account(s.server, 'newt', name='other')
    )
    t = s.headless(home)
    t.event(event='connection', account='other', state='online')
    t.send('/other:msg toad@%s before it went' % DOMAIN)
    toad.receives('^before it went$')
    toad.receives_presence('available', 'newt@' + DOMAIN)
    t.send('/account remove other')
    t.event(
        ok=True,
        result={
            'account': 'other',
            'waiting': 0,
            'unsure': 0,
            'text': 'Removed account other; its history stays.',
        },
    )
    toad.receives_presence('unavailable', 'newt@' + DOMAIN)
    assert '# of the other one' in home.read_rc() and 'newt' not in home.read_rc()
    t.event(event='connection', account='other', state='offline')
    t.send(
        '/account add newt@%s name=again password=pond host=127.0.0.1 port=%d ca-file=%s'
        % (DOMAIN, s.server.port, s.server.ca)
    )
    t.event(event='connection', account='again', state='online')
    toad.send('newt@' + DOMAIN, 'welcome back')
    t.event(event='message', account='again', body='welcome back')
    t.process.terminate()
    t.process.wait(5 * SLOW)
    assert [r[0] for r in home.rows('select body from message order by id')] == [
        'before it went',
        'welcome back',
    ]
    assert home.rows('select count(*) from account where address = ?', 'newt@' + DOMAIN) == [(1,)]


def test_renamed_account_keeps_connection_chats_and_history(s):
    frog = s.peer('frog')
    home = s.home('# mine\n' + account(s.server, name='home') + '# below\n')
    t = s.terminal(home)
    t.shows('● Frog')
    logins = s.server.logins('toad')
    t.line('/msg frog@%s said before' % DOMAIN)
    frog.receives('^said before$')
    t.line('/account rename home pond')
    t.shows_text('Renamed account home to pond')
    t.shows('● pond')
    assert (
        re.sub('scram-seen.*\n', '', home.read_rc())
        == '# mine\n' + account(s.server, name='pond') + '# below\n'
    )
    assert os.stat(home.dir + '/config/natterjack/natterjackrc').st_mode & 0o777 == 0o600
    t.line('/pond:msg frog@%s said after' % DOMAIN)
    frog.receives('^said after$')
    t.shows('said before.*said after')
    assert s.server.logins('toad') == logins
    t.line('/home:msg frog@%s nobody' % DOMAIN)
    t.shows_text('There is no account “home”. Accounts: pond')


def test_unsent_messages_of_removed_account_are_sent_when_added_again(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.headless(home, '--no-connect')
    for n in (1, 2):
        t.send('/msg frog@%s late word %d' % (DOMAIN, n))
        t.event(event='message', body='late word %d' % n, state='queued')
    t.send('/account remove toad')
    assert t.event(
        ok=True,
        result=dict(
            account='toad',
            waiting=2,
            unsure=0,
            text='Removed account toad; its history stays.\n2 messages were not sent; they stay '
            'in the history and are sent if you add the account again.',
        ),
    )
    t.send(
        '/account add toad@%s name=back password=pond host=127.0.0.1 port=%d ca-file=%s'
        % (DOMAIN, s.server.port, s.server.ca)
    )
    t.event(event='connection', account='back', state='online')
    frog.receives('^late word 2$')
    assert [m['body'] for m in frog.messages if m['body']] == ['late word 1', 'late word 2']


def test_wait_sent_answers_when_acknowledged(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home)
    t.shows('● Frog')
    status, out, err = ask(home, '/msg frog@%s wait=sent is it there?' % DOMAIN)
    assert status == 0 and json.loads(out)['result']['state'] in ('acknowledged', 'delivered'), (
        status,
        out,
        err,
    )
    frog.receives('^is it there')
    status, out, err = ask(home, '/msg frog@%s is it on its way?' % DOMAIN)
    assert status == 0 and json.loads(out)['result']['state'] == 'queued', (status, out, err)


def test_account_named_twice_is_listed_once(s):
    home = s.home(account(s.server))
    t = s.headless(
        home,
        '--no-connect',
        '-a',
        'toad',
        '-a',
        'toad@' + DOMAIN,
        '-a',
        'Toad@%s/desk' % DOMAIN,
        '-a',
        'newt@' + DOMAIN,
        '-a',
        'newt@%s/desk' % DOMAIN,
    )
    t.send('/account list')
    listed = t.event(ok=True)['result']['accounts']
    assert [(a['name'], a['address']) for a in listed] == [
        ('toad', 'toad@' + DOMAIN),
        ('newt@' + DOMAIN, 'newt@' + DOMAIN),
    ], listed


def test_hanging_or_refused_account_does_not_disturb_others(s):
    """One server sends nothing, one stops in the middle of the login, one refuses the password, and
    one does not listen."""
    frog = s.peer('frog')
    held = threading.Event()

    def mute(wire, number):
        held.wait(60)

    def half(wire, number):
        wire.receives(r'<stream:stream[^>]*>')
        wire.send(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
            "xmlns:stream='http://etherx.jabber.org/streams' id='s' version='1.0'><stream:fea"
        )
        held.wait(60)

    one, two = s.scripted_server(mute), s.scripted_server(half)
    more = one.account(address='heron@' + DOMAIN).replace('toad', 'mute', 1) + two.account(
        address='eft@' + DOMAIN
    ).replace('toad', 'half', 1)
    home = s.home(
        account(s.server)
        + account(s.server, 'newt', name='wrong', password='wrong')
        + more
        + '[account dead]\naddress = grebe@%s\npassword = x\nhost = 127.0.0.1\nport = 1\n'
        'tls = none\n' % DOMAIN
    )
    t = s.headless(home)
    t.event(event='connection', account='toad', state='online')
    why = t.event(event='connection', account='wrong', state='offline')['text']
    t.event(event='connection', account='dead', state='waiting')
    for n in range(20):
        t.send('/toad:msg frog@%s number %d' % (DOMAIN, n))
        frog.receives('^number %d$' % n, wait=2)
    frog.send('toad@' + DOMAIN, 'I hear you')
    t.event(event='message', account='toad', body='I hear you')
    t.send('/account list')
    end = now() + 5 * SLOW
    while not any('accounts' in e.get('result', {}) for e in t.lines):
        assert now() < end
        time.sleep(0.05)
    listed = {
        a['name']: a
        for e in t.lines
        if 'accounts' in e.get('result', {})
        for a in e['result']['accounts']
    }
    assert listed['toad']['state'] == 'online' and 'why' not in listed['toad'], listed
    assert listed['wrong'] == dict(
        name='wrong', address='newt@' + DOMAIN, state='offline', why=why, autoconnect=True
    ), listed
    assert 'password' in why
    assert (
        listed['mute']['state'] == 'connecting' and listed['half']['state'] == 'connecting'
    ), listed
    assert listed['dead']['state'] in ('waiting', 'connecting'), listed
    if listed['dead']['state'] == 'waiting':
        assert 'refuses' in listed['dead']['why'] and listed['dead']['next_try'].startswith(
            '20'
        ), listed
    t.send('/account remove mute')
    t.event(
        result={
            'account': 'mute',
            'waiting': 0,
            'unsure': 0,
            'text': 'Removed account mute; its history stays.',
        },
        wait=4,
    )
    t.send('/toad:msg frog@%s and on it goes' % DOMAIN)
    frog.receives('^and on it goes$')
    held.set()


def test_resource_conflict_does_not_reconnect(s):
    one = s.terminal(s.home(account(s.server, resource='desk')))
    one.shows_text('Online as toad@pond.example/desk')
    before = s.server.logins('toad')
    two = s.terminal(s.home(account(s.server, resource='desk')))
    two.shows_text('Online as toad@')
    one.shows_text('Another client has connected with the same resource')
    time.sleep(2.5)
    assert s.server.logins('toad') == before + 1
    two.shows('● toad')


def test_two_accounts_chat_with_each_other(s):
    """Two programs with accounts toad and newt exchange messages and typing notifications."""
    one = s.terminal(s.home(account(s.server)))
    one.shows_text('Online as toad@')
    two = s.terminal(s.home(account(s.server, 'newt')))
    two.shows_text('Online as newt@')
    one.line('/msg newt@%s from one program' % DOMAIN)
    two.shows(r'2:Toad 1')
    two.type('\x1ba')
    two.shows('from one program')
    two.line('to the other')
    one.shows('to the other')
    two.type('typing now')
    one.shows('is writing')
    two.type('\x03')
    one.gone('is writing')


def test_files_are_private_and_log_has_no_message_text(s):
    frog = s.peer('frog')
    home = s.home('[options]\nlog-level = debug\n' + account(s.server))
    t = s.terminal(home)
    t.shows('● Frog')
    t.line('/msg frog@%s quiet waters' % DOMAIN)
    frog.receives('^quiet waters$')
    frog.send('toad@' + DOMAIN, 'run deep')
    t.shows('run deep')
    t.line('/quit')
    assert t.ends() == 0
    log = home.log()
    assert os.path.exists(home.dir + '/state/natterjack/log')
    assert 'quiet waters' not in log and 'run deep' not in log and 'pond"' not in log, log
    for d, dirs, files in os.walk(home.dir + '/data/natterjack'):
        for f in files:
            assert os.stat(os.path.join(d, f)).st_mode & 0o077 == 0, f
    assert os.stat(home.dir + '/state/natterjack/log').st_mode & 0o077 == 0


def test_draft_survives_restart_and_password_does_not(s):
    home = s.home(account(s.server))
    t = s.terminal(home, '--no-connect')
    t.shows('1:console')
    t.line('/msg frog@' + DOMAIN)
    t.shows(r'\[2:')
    t.type('half a thought')
    t.shows('half a thought')
    time.sleep(1.3)
    t.process.terminate()
    assert t.ends() == 0
    t = s.terminal(home, '--no-connect')
    t.shows('1:console')
    t.line('/msg frog@' + DOMAIN)
    t.shows('› half a thought')
    t.type('\x03')
    t.type('/account add heron@%s password=hidden-one' % DOMAIN)
    t.shows('account add')
    time.sleep(1.3)
    t.type('\r')
    t.gone('hidden-one')
    t.type('\x1b[Athe end')
    t.shows('› the end')
    t.never_shows('hidden-one', 0.3)
    t.process.terminate()
    t.ends()
    assert b'hidden-one' not in home.everything()
