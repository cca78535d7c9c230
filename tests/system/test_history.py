"""The history: import, search, dates."""
import json, os, signal, sqlite3, subprocess
from datetime import datetime, timedelta
from harness import *

OFFLINE = '[account toad]\naddress = toad@%s\n' % DOMAIN


def logs(home, **files):
    """Writes a directory of mcabber's logs, one file for each contact; returns its path."""
    path = home.dir + '/histo'
    os.makedirs(path, exist_ok=True)
    for name, text in files.items():
        with open('%s/%s@%s' % (path, name, DOMAIN), 'w') as f:
            f.write(text)
    return path


def many(count, tag='line'):
    """Returns a log of mcabber with so many messages, alternately received and sent."""
    start = datetime(2024, 1, 1)
    return ''.join(
        'M%s %s 000 %s %d of many\n'
        % ('RS'[i % 2], (start + timedelta(minutes=i)).strftime('%Y%m%dT%H:%M:%SZ'), tag, i)
        for i in range(count)
    )


def stored(home):
    try:
        return home.rows('SELECT count(*) FROM message')[0][0]
    except sqlite3.OperationalError:  # the program is creating the database
        return 0


def run(home, *lines):
    """Runs these commands in a program without connections; returns their results."""
    args = [PROGRAM, '--headless', '--no-connect']
    for line in lines + ('/quit',):
        args += ['-x', line]
    r = subprocess.run(
        args,
        env=home.env(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60 * SLOW,
    )
    answers = [json.loads(l) for l in r.stdout.splitlines()]
    return [a for a in answers if 'ok' in a][:-1]


def test_mcabber_logs_are_imported_once(s):
    home = s.home(OFFLINE)
    path = logs(
        home,
        frog=many(3000),
        newt='MR 20240301T10:00:00Z 001 two\nlines\nSO 20240301T10:00:01Z 000 \n'
        'MS 20240301T10:00:02Z 000 so it is\n',
    )
    with open(path + '/notes.txt', 'w') as f:
        f.write('Nothing of this is a log.\n')
    (answer,) = run(home, '/history import mcabber ' + path)
    assert (
        answer['ok']
        and answer['result']['messages'] == 3002
        and answer['result']['files'] == 2
        and answer['result']['left_out'] == 1
    ), answer
    # Everything is committed when the command has its result.
    assert home.rows('SELECT count(*) FROM message') == [(3002,)]
    again, found, mine, none, when = run(
        home,
        '/history import mcabber ' + path,
        '/search limit=5000 many',
        '/search chat=newt@%s from=me so' % DOMAIN,
        '/search nothing of this',
        '/search since=2024-01-02 until=2024-01-02 "line 2000"',
    )
    assert again['result']['messages'] == 0 and again['result']['known'] == 3002, again
    hits = found['result']['hits']
    assert (
        len(hits) == 3000
        and hits[0]['body'] == 'line 2999 of many'
        and hits[0]['chat'] == 'frog@' + DOMAIN
    ), hits[:2]
    assert [h['time'] for h in hits] == sorted((h['time'] for h in hits), reverse=True)
    assert [h['body'] for h in mine['result']['hits']] == ['so it is'] and mine['result']['hits'][
        0
    ]['direction'] == 'out', mine
    assert none['result'] == {'hits': [], 'text': 'No message was found.'}, none
    assert [h['body'] for h in when['result']['hits']] == ['line 2000 of many'], when


def test_killed_import_continues(s):
    home = s.home(OFFLINE)
    path = logs(home, frog=many(20000))
    p = subprocess.Popen(
        [PROGRAM, '--headless', '--no-connect', '-x', '/history import mcabber ' + path],
        env=home.env(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert until(lambda: stored(home) > 2000, 20)
    p.send_signal(signal.SIGKILL)
    p.wait()
    answer, found = run(home, '/history import mcabber ' + path, '/search limit=10000 from=me many')
    assert answer['result']['messages'] + answer['result']['known'] == 20000, answer
    assert home.rows('SELECT count(*), count(DISTINCT body) FROM message') == [(20000, 20000)]
    assert len(found['result']['hits']) == 10000


def test_import_of_other_files_is_refused(s):
    home = s.home(OFFLINE)
    os.mkfifo(home.dir + '/pipe')
    with open(home.dir + '/frog@' + DOMAIN, 'wb') as f:
        f.write(
            b'MR 20240101T00:00:00Z 000 \xff\xfe\x00\x1b[31mred\n'
            + b'x' * 3000000
            + b'\nMR 20249901T00:00:00Z 000 never\nMR 20240101T00:00:01Z 999 and\nso on'
        )
    answers = run(
        home,
        '/history import mcabber /dev/zero',
        '/history import mcabber %s/pipe' % home.dir,
        '/history import mcabber %s/no/where' % home.dir,
        '/history import mcabber %s/config' % home.dir,
        '/history import mcabber %s/frog@%s' % (home.dir, DOMAIN),
        '/search so',
    )
    for answer in answers[:4]:
        assert not answer['ok'] and answer['error']['text'].endswith('.'), answer
    assert answers[4]['result']['messages'] == 2 and answers[4]['result']['lines'] == 2, answers[4]
    assert answers[5]['result']['hits'][0]['body'] == 'and\nso on', answers[5]
    assert '\x1b' not in str(home.rows('SELECT body FROM message'))


def test_imported_history_is_searched_and_scrolled(s):
    home = s.home(account(s.server))
    path = logs(home, frog=many(5000))
    t = s.terminal(home, rows=30, cols=100)
    t.shows(r'(?i)online|logged in')
    t.line('/msg frog@' + DOMAIN)
    t.shows('(?i)frog')
    t.line('/history import mcabber ' + path)
    t.shows_text('Imported 5000 messages')
    t.shows('line 4999 of many')  # the open chat shows the imported messages
    t.line('/history 2024-01-02')
    t.shows('line 1440 of many')
    t.line('/history the day the pond froze')
    t.shows_text('is not a date')
    t.line('/search chat=here "line 77"')
    t.shows('line 77 of many')
    t.shows('search')
    t.type('\r')
    t.shows('line 80 of many')  # the hit is shown among the messages around it
    t.shows('line 74 of many')
    t.line('/search since=fish line')
    t.shows_text('is not a date')
    status, out, err = ask(home, '/search limit=3 many')
    assert status == 0 and len(json.loads(out)['result']['hits']) == 3, (status, out, err)
    t.line('/quit')
    assert t.ends() == 0


def test_cancelled_import_is_started_again(s):
    home = s.home(OFFLINE)
    path = logs(home, frog=many(60000))
    t = s.terminal(home, '--no-connect')
    t.line('/history import mcabber ' + path)
    assert until(lambda: stored(home) > 500, 20)
    t.type('\x03')
    t.shows_text('The import was cancelled')
    assert stored(home) < 60000
    t.line('/history cancel')
    t.shows_text('No import or search is running')
    t.line('/history import mcabber ' + path)
    t.shows_text('messages that were imported before', 60)
    assert home.rows('SELECT count(*), count(DISTINCT body) FROM message') == [(60000, 60000)]
    t.line('/quit')
    assert t.ends() == 0


def test_new_messages_are_found_at_once(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    h = s.headless(home)
    h.event(event='connection', state='online')
    for i in range(20):
        frog.send('toad@' + DOMAIN, 'croak number %d' % i)
    h.event(event='message', body='croak number 19')
    h.send('/msg frog@%s what a croaking' % DOMAIN)
    h.event(event='message', direction='out')
    h.send('/search croak')
    until(lambda: any('hits' in e.get('result', {}) for e in h.lines), 10)
    hits = [e['result']['hits'] for e in h.lines if 'hits' in e.get('result', {})][0]
    assert len(hits) == 21 and hits[0]['body'] == 'what a croaking', hits
