"""Scripts: FIFO, -x, headless, --dump."""
import json, os, stat, subprocess, time
from harness import *


def test_headless_tells_what_happens_and_does_what_it_is_told(s):
    frog = s.peer('frog')
    h = s.headless(s.home(account(s.pond)))
    h.event(event='connection', account='toad', state='online')
    h.say('/msg frog@%s from a script' % DOMAIN)
    frog.hears('^from a script$')
    e = h.event(event='message', direction='out', body='from a script')
    assert e['chat'] == 'frog@' + DOMAIN and e['account'] == 'toad' and e['time'].endswith('Z'), e
    frog.say('toad@' + DOMAIN, 'an "answer"\nof two lines')
    e = h.event(event='message', direction='in')
    assert e['body'] == 'an "answer"\nof two lines' and e['encryption'] == 'none' and e['type'] == 'chat', e
    h.event(event='presence')
    h.say('/no-such-command')
    e = h.event(event='command-failed')
    assert 'no-such-command' in e['text'], e
    h.say('only words')
    h.say('/join %s toad' % ROOM)
    h.event(event='room')
    h.process.stdin.close()
    time.sleep(0.5)
    assert h.process.poll() is None, 'the end of stdin ended it'
    h.process.terminate()
    assert h.process.wait(3 * SLOW) == 0


def test_the_fifo_takes_lines_and_answers(s):
    frog = s.peer('frog')
    home = s.home(account(s.pond))
    t = s.terminal(home)
    t.sees(r'(?i)online|logged in')
    assert stat.S_IMODE(os.stat(home.fifo).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(home.fifo)).st_mode) == 0o700
    with open(home.fifo, 'w') as f:
        f.write('/msg frog@%s through the fifo\n' % DOMAIN)
    frog.hears('^through the fifo$')
    mine = home.dir + '/answer'
    os.mkfifo(mine, 0o600)
    fd = os.open(mine, os.O_RDWR | os.O_NONBLOCK)
    with open(home.fifo, 'w') as f:
        f.write('@%s /msg frog@%s and back\n' % (mine, DOMAIN))
    frog.hears('^and back$')
    end = now() + 5 * SLOW
    got = b''
    while b'\n' not in got and now() < end:
        try:
            got += os.read(fd, 65536)
        except BlockingIOError:
            time.sleep(0.05)
    os.close(fd)
    assert json.loads(got)['ok'] is True, got
    # an unfinished line is refused and not joined to the next
    with open(home.fifo, 'w') as f:
        f.write('/msg frog@%s never' % DOMAIN)
    time.sleep(0.3)
    with open(home.fifo, 'w') as f:
        f.write('/msg frog@%s next\n' % DOMAIN)
    frog.hears('^next$')
    assert not [m for m in frog.messages if 'never' in m['body']]
    # it comes back
    os.unlink(home.fifo)
    end = now() + 5 * SLOW
    status = out = err = None
    while now() < end:
        time.sleep(0.2)
        if os.path.exists(home.fifo):
            break
    status, out, err = ask(home, '/msg frog@%s by x' % DOMAIN)
    assert status == 0 and json.loads(out)['ok'] is True, (status, out, err)
    frog.hears('^by x$')
    status, out, err = ask(home, '/no-such')
    assert status == 1, (status, out, err)
    t.line('/quit')
    assert t.ends() == 0


def test_x_without_a_running_instance_runs_when_online(s):
    frog = s.peer('frog')
    home = s.home(account(s.pond))
    r = subprocess.run([PROGRAM, '--headless', '-x', '/msg frog@%s one shot' % DOMAIN, '-x', '/quit'], env=home.env(), stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, timeout=30 * SLOW)
    assert r.returncode == 0, r
    frog.hears('^one shot$')


def test_a_second_program_names_the_first(s):
    home = s.home()
    t = s.terminal(home)
    t.sees('/account add')
    time.sleep(0.5)
    r = subprocess.run([PROGRAM, '--headless', '--no-connect'], env=home.env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20 * SLOW)
    assert r.returncode == 1 and str(t.process.pid) in r.stderr, r


def test_dump_and_version(s):
    home = s.home()
    for what in ('commands', 'options', 'keys', 'theme', 'modules', 'plugins', 'aliases'):
        r = subprocess.run([PROGRAM, '--dump', what], env=home.env(), capture_output=True, text=True, timeout=20 * SLOW)
        assert r.returncode == 0 and r.stdout.strip(), (what, r)
    r = subprocess.run([PROGRAM, '--version'], env=home.env(), capture_output=True, text=True)
    assert r.returncode == 0 and r.stdout.startswith('natterjack ')
    r = subprocess.run([PROGRAM, '--no-such'], env=home.env(), capture_output=True, text=True)
    assert r.returncode == 1 and len(r.stderr.strip().splitlines()) == 1
