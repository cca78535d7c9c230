"""Scripts: FIFO, -x, headless, --dump."""
import json, os, stat, subprocess, tempfile, time
from harness import *


def test_headless_emits_events_and_runs_commands(s):
    frog = s.peer('frog')
    h = s.headless(s.home(account(s.server)))
    h.event(event='connection', account='toad', state='online')
    h.send('/msg frog@%s from a script' % DOMAIN)
    frog.receives('^from a script$')
    e = h.event(event='message', direction='out', body='from a script')
    assert e['chat'] == 'frog@' + DOMAIN and e['account'] == 'toad' and e['time'].endswith('Z'), e
    frog.send('toad@' + DOMAIN, 'an "answer"\nof two lines')
    e = h.event(event='message', direction='in')
    assert (
        e['body'] == 'an "answer"\nof two lines'
        and e['encryption'] == 'none'
        and e['type'] == 'chat'
    ), e
    h.event(event='presence')
    h.send('/no-such-command')
    e = h.event(event='command-failed')
    assert 'no-such-command' in e['text'], e
    h.send('only words')
    h.send('/join %s toad' % ROOM)
    h.event(event='room')
    h.process.stdin.close()
    time.sleep(0.5)
    assert h.process.poll() is None, 'the end of stdin ended the program'
    h.process.terminate()
    assert h.process.wait(3 * SLOW) == 0


def test_fifo_runs_lines_and_answers(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home)
    t.shows_text('Online as toad@')
    assert stat.S_IMODE(os.stat(home.fifo).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(home.fifo)).st_mode) == 0o700
    with open(home.fifo, 'w') as f:
        f.write('/msg frog@%s through the fifo\n' % DOMAIN)
    frog.receives('^through the fifo$')
    mine = home.dir + '/answer'
    os.mkfifo(mine, 0o600)
    fd = os.open(mine, os.O_RDWR | os.O_NONBLOCK)
    with open(home.fifo, 'w') as f:
        f.write('@%s /msg frog@%s and back\n' % (mine, DOMAIN))
    frog.receives('^and back$')
    end = now() + 5 * SLOW
    got = b''
    while b'\n' not in got and now() < end:
        try:
            got += os.read(fd, 65536)
        except BlockingIOError:
            time.sleep(0.05)
    os.close(fd)
    assert json.loads(got)['ok'] is True, got
    # An unfinished line is refused and not joined to the next one.
    with open(home.fifo, 'w') as f:
        f.write('/msg frog@%s never' % DOMAIN)
    t.line('/window console')
    t.shows_text('A line without a newline was refused')
    with open(home.fifo, 'w') as f:
        f.write('/msg frog@%s next\n' % DOMAIN)
    frog.receives('^next$')
    assert not [m for m in frog.messages if 'never' in m['body']]
    # The program creates the FIFO again.
    os.unlink(home.fifo)
    home.wait_for_fifo()
    status, out, err = ask(home, '/msg frog@%s by x' % DOMAIN)
    assert status == 0 and json.loads(out)['ok'] is True, (status, out, err)
    frog.receives('^by x$')
    status, out, err = ask(home, '/no-such')
    assert status == 1, (status, out, err)
    t.line('/quit')
    assert t.ends() == 0


def test_x_without_running_instance_runs_when_online(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    r = subprocess.run(
        [PROGRAM, '--headless', '-x', '/msg frog@%s one shot' % DOMAIN, '-x', '/quit'],
        env=home.env(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30 * SLOW,
    )
    assert r.returncode == 0, r
    frog.receives('^one shot$')


def test_second_program_reports_pid_of_first(s):
    home = s.home()
    t = s.terminal(home)
    t.shows('/account add')
    home.wait_for_fifo()
    r = subprocess.run(
        [PROGRAM, '--headless', '--no-connect'],
        env=home.env(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20 * SLOW,
    )
    assert r.returncode == 1 and str(t.process.pid) in r.stderr, r


def test_dump_and_version_are_printed(s):
    home = s.home()
    for what in ('commands', 'options', 'keys', 'theme', 'modules', 'plugins', 'aliases'):
        r = subprocess.run(
            [PROGRAM, '--dump', what],
            env=home.env(),
            capture_output=True,
            text=True,
            timeout=20 * SLOW,
        )
        assert r.returncode == 0 and r.stdout.strip(), (what, r)
    r = subprocess.run([PROGRAM, '--version'], env=home.env(), capture_output=True, text=True)
    assert r.returncode == 0 and r.stdout.startswith('natterjack ')
    r = subprocess.run([PROGRAM, '--no-such'], env=home.env(), capture_output=True, text=True)
    assert r.returncode == 1 and len(r.stderr.strip().splitlines()) == 1


def test_x_with_no_connect_runs_at_once(s):
    home = s.home(account(s.server))

    def run(*commands):
        return subprocess.run(
            [PROGRAM, '--headless', '--no-connect', *[w for c in commands for w in ('-x', c)]],
            env=home.env(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30 * SLOW,
        )

    r = run('/set roster-width 31', '/quit')
    assert r.returncode == 0 and 'roster-width = 31' in home.read_rc(), r
    r = run('/msg frog@%s hello' % DOMAIN, '/quit')
    assert r.returncode == 0 and '"queued"' in r.stdout, r
    r = run('/roster add frog@%s' % DOMAIN, '/quit')
    assert r.returncode == 1 and '/connect' in r.stdout, r
    r = run('/account list', '/no-such-command', '/quit')
    assert r.returncode == 1, r
    lines = [json.loads(l) for l in r.stdout.splitlines()]
    assert [
        l
        for l in lines
        if l.get('ok') and l['result'].get('accounts', [{}])[0].get('address') == 'toad@' + DOMAIN
    ], lines
    assert 'pond.example/ca.pem' not in r.stdout and '"pond"' not in r.stdout, r.stdout


def test_x_with_screen_runs_when_online(s):
    frog = s.peer('frog')
    t = s.terminal(s.home(account(s.server)), '-x', '/msg frog@%s good morning' % DOMAIN)
    frog.receives('^good morning$')
    t.shows('good morning')


def test_too_long_fifo_line_is_refused_whole(s):
    home = s.home(account(s.server))
    h = s.headless(home)
    h.event(event='connection', state='online')
    with open(home.fifo, 'wb') as f:
        f.write(b'/say ' + b'x' * 70000 + b'\n/roster toggle\n')
    e = h.event(event='command-failed', source='fifo', code='refused')
    assert '64 KiB' in e['text'], e
    # The line after it is run.
    h.event(event='command-failed', source='fifo', code='no-screen')
    with open(home.fifo, 'wb') as f:
        f.write(b'/say \xff\xfe\nno command\n')
    assert (
        'UTF-8'
        in h.event(
            event='command-failed', source='fifo', text='A line that is not UTF-8 text was refused.'
        )['text']
    )
    status, out, err = ask(home, '/say ' + 'x' * 70000)
    assert status == 1 and '64 KiB' in err, (status, out[-200:], err)


def test_fifo_lines_of_many_writers_do_not_mix(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    h = s.headless(home)
    h.event(event='connection', state='online')
    writers = [
        subprocess.Popen(
            [
                '/bin/sh',
                '-c',
                'for i in 1 2 3 4 5 6 7 8 9 10; do echo "/msg frog@%s writer %d line $i" >"$0"; '
                'done' % (DOMAIN, w),
                home.fifo,
            ]
        )
        for w in range(6)
    ]
    for w in writers:
        assert w.wait(20 * SLOW) == 0
    until(lambda: len(frog.messages) >= 60)
    got = sorted(m['body'] for m in frog.messages)
    assert got == sorted('writer %d line %d' % (w, i) for w in range(6) for i in range(1, 11)), got


def test_fifo_that_is_link_or_file_is_refused(s):
    home = s.home(account(s.server))
    os.makedirs(os.path.dirname(home.fifo), 0o700)
    os.mkfifo(home.dir + '/elsewhere', 0o600)
    os.symlink(home.dir + '/elsewhere', home.fifo)
    t = s.terminal(home)
    t.shows_text('is a symbolic link and is not followed')
    t.shows_text('Online as toad@')
    status, out, err = ask(home, '/set')
    assert status == 1 and 'link' in err, (status, out, err)
    t.line('/quit')
    assert t.ends() == 0
    assert os.path.islink(home.fifo)
    os.unlink(home.fifo)
    with open(home.fifo, 'w') as f:
        f.write('a plain file')
    t = s.terminal(home)
    t.shows_text('is not a FIFO')
    t.line('/quit')
    assert t.ends() == 0
    assert open(home.fifo).read() == 'a plain file'


def test_slow_reader_of_events_does_not_block(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    errors = tempfile.TemporaryFile()
    p = subprocess.Popen(
        [PROGRAM, '--headless'],
        env=home.env(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
    )
    try:
        end = now() + 10 * SLOW
        got = b''
        while b'"online"' not in got and now() < end:
            got += os.read(p.stdout.fileno(), 65536)
        for i in range(100):  # 6 MB: more than the pipe and the queue hold
            frog.send('toad@' + DOMAIN, 'line %d %s' % (i, 'x' * 60000))
        home.has("select count(*) from message where body like 'line %'", [(100,)], 30)
        p.stdin.write(b'/msg frog@%s I am well\n' % DOMAIN.encode())
        p.stdin.flush()
        frog.receives('^I am well$')
        os.set_blocking(p.stdout.fileno(), False)
        got, end = b'', now() + 10 * SLOW
        while not (b'"events-dropped"' in got and got.endswith(b'\n')) and now() < end:
            try:
                got += os.read(p.stdout.fileno(), 1 << 20)
            except BlockingIOError:
                time.sleep(0.02)
        assert b'"events-dropped"' in got, len(got)
        for l in got.splitlines():
            json.loads(l)
        begun = now()
        p.terminate()
        assert p.wait(5 * SLOW) == 0 and now() - begun < 2 * SLOW
    finally:
        end_program(p)
        errors.seek(0)
        check_end(p, errors.read().decode())


def test_presence_and_room_events_are_emitted(s):
    home = s.home(account(s.server))
    h = s.headless(home)
    h.event(event='connection', state='online')
    frog = s.peer('frog')
    h.event(event='presence', show='online', **{'from': 'frog@' + DOMAIN})
    frog.raw("<presence><show>away</show><status>at lunch</status></presence>")
    e = h.event(event='presence', show='away')
    assert e['status'] == 'at lunch' and e['name'] == 'Frog', e
    frog.join()
    h.send('/join %s toad' % ROOM)
    h.event(event='room', what='room', state='in', nick='toad')
    h.event(event='room', what='joined', nick='frog')
    frog.send(ROOM, 'hello all', 'groupchat')
    e = h.event(event='message', body='hello all')
    assert e['from'] == ROOM + '/frog' and e['chat'] == ROOM and e['type'] == 'groupchat', e
    frog.raw("<presence type='unavailable' to='%s/frog'/>" % ROOM)
    h.event(event='room', what='left', nick='frog')
    h.send('/disconnect')
    h.event(event='connection', state='offline')


def test_fifo_left_by_killed_program_does_not_block_start(s):
    home = s.home(account(s.server))
    h = s.headless(home)
    h.event(event='connection', state='online')
    h.process.kill()
    h.process.wait()
    assert os.path.exists(home.fifo)
    r = subprocess.run(
        [PROGRAM, '--headless', '--no-connect', '-x', '/set roster-width 44', '-x', '/quit'],
        env=home.env(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20 * SLOW,
    )
    assert r.returncode == 0 and 'roster-width = 44' in home.read_rc(), r


def test_other_data_directory_runs_second_program(s):
    home = s.home()
    t = s.terminal(home)
    t.shows('/account add')
    p = subprocess.Popen(
        [PROGRAM, '--headless', '--no-connect', '--data', home.dir + '/other'],
        env=home.env(XDG_STATE_HOME=home.dir + '/state2'),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    p.stdin.write('/quit\n')
    p.stdin.flush()
    assert p.wait(10 * SLOW) == 0
    assert os.path.exists(home.dir + '/other/history.db') or os.path.exists(
        home.dir + '/other/natterjack/history.db'
    )


def test_aliases_of_other_clients_work(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home)
    t.shows('● Frog')
    t.line('/query frog@%s as in irssi' % DOMAIN)
    frog.receives('^as in irssi$')
    t.line('/j %s toad' % ROOM)
    t.shows(r'\[3:pond\]')
    t.shows(r'\(1\)')
    t.line('/topic As in WeeChat')
    t.shows('As in WeeChat')
    t.line('/part')
    t.gone('3:pond')
    t.line('/away back soon')
    frog._wait(
        frog.presences,
        lambda p: p['type'] == 'away' and p['status'] == 'back soon',
        10,
        0,
        'away presence',
    )
    t.line('/wc')
    t.gone('2:Frog')
