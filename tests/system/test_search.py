"""Search: the list of hits, the way to a hit and back, and paging from there."""
import re, time
from harness import *

TIME = r'\d{4}-\d\d-\d\d \d\d:\d\d'


def filled(s, count=300):
    """Starts the program and sends it `count` messages of frog, each 50th with "needle". The
    console is in front. Returns (frog, home, terminal)."""
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home)
    # The full address: messages to the bare one may reach a suspended session of an earlier test.
    toad = t.shows_text(r'Online as (toad@\S+/\S+)\.').group(1)
    for i in range(1, count + 1):
        frog.send(toad, 'needle <%d>' % i if i % 50 == 0 else 'straw <%d> 蛙🐸 עברית' % i)
    # The server may also deliver a message here that a session of an earlier test left behind.
    home.has(
        "select count(distinct body) from message where body glob '* <[0-9]*>*'",
        [(count,)],
    )
    return frog, home, t


def test_search_jumps_to_hit_and_back(s):
    frog, home, t = filled(s)
    t.line('/search needl')
    t.shows('search: needl .*1/6\n.*%s  Frog.*\n.*  needle <300>' % TIME)
    t.type('\x1b[B')
    t.shows('2/6')
    t.type('\x1b[B')
    t.shows('3/6')
    t.type('\r')
    t.shows(r'▼ more.*straw <199> 蛙🐸 .*needle <200>.*straw <201>')
    assert '<300>' not in t.text()
    # New messages do not move the view.
    before = chat_rows(t)
    frog.send('toad@' + DOMAIN, 'something new')
    t.shows('▼ 1 new')
    assert chat_rows(t) == before
    # Alt-s and Alt-z return to the same hit in the list, and Alt-z to the chat again.
    t.type('\x1bs')
    t.shows('search: needl .*3/6')
    t.type('\x1b[A')
    t.shows('2/6')
    t.type('\r')
    t.shows('needle <250>')
    t.type('\x1bz')
    t.shows('search: needl .*2/6')
    t.type('\x1bz')
    t.shows('▼ 1 new.*needle <250>')
    # To the end and the beginning of the chat.
    t.type('\x1b[1;3F')
    t.shows('something new')
    t.gone('▼')
    t.type('\x1b[1;3H')
    t.shows('No older messages are stored.*straw <1>')
    t.line('/quit')
    assert t.ends() == 0


def test_paging_from_hit_shows_each_message_once(s):
    """From a hit up to the first message and down to the last, every message appears, in order."""
    frog, home, t = filled(s, 400)
    t.line('/search <200>')
    t.shows('1/1')
    t.type('\r')
    t.shows('needle <200>.*straw <201>')
    seen = set(numbers(t))
    for key, end in (('\x1b[5~', 1), ('\x1b[6~', 400)):
        for page in range(60):
            rows = numbers(t)
            assert rows == list(range(rows[0], rows[0] + len(rows))), rows
            seen.update(rows)
            if end in rows:
                break
            t.type(key)
            t.shows('.', look=lambda: '.' if numbers(t) != rows else '')
    assert seen == set(range(1, 401)), sorted(set(range(1, 401)) - seen)
    t.line('/quit')
    assert t.ends() == 0


def chat_rows(t):
    """Returns the rows of the chat."""
    return [row.split('│')[-1] for row in t.text().split('\n')[1:-2]]


def numbers(t):
    """Returns the numbers of the messages that are shown."""
    return [int(n) for n in re.findall(r'<(\d+)>', t.text())]


def test_hit_in_closed_chat_opens_it(s):
    frog, home, t = filled(s)
    t.line('/msg frog@' + DOMAIN)
    t.shows('<300>')
    t.line('/close')
    t.gone('<300>')
    t.line('/search needle')
    t.shows('1/6')
    t.type('\x1b[F')
    t.shows('6/6')
    t.type('\r')
    t.shows('▼ more.*needle <50>')
    t.line('/quit')
    assert t.ends() == 0


def test_search_without_hits_and_esc_return_to_chat(s):
    frog, home, t = filled(s, 20)
    t.line('/msg frog@' + DOMAIN)
    t.shows('<20>')
    t.line('/search absent')
    t.shows('Nothing was found')
    t.type('\x1b')
    t.shows(r'\[\d:Frog')
    t.shows('<20>')
    # The next search uses the same window, which also shows the results of commands typed in it.
    t.line('/search straw')
    t.shows('1/20')
    t.line('/nonsense')
    t.shows_text('nonsense.*/help')
    t.shows('1/20')
    t.type('\x1b[B')
    t.gone('nonsense')
    t.line('/close')
    t.shows(r'\[\d:Frog')
    t.line('/window search')
    t.shows_text('There are no search results yet')
    t.line('/quit')
    assert t.ends() == 0


def test_search_list_works_at_every_size(s):
    frog, home, t = filled(s, 100)
    t.line('/search straw')
    t.shows('1/98')
    for rows, cols in ((1, 1), (2, 5), (5, 20), (12, 40), (50, 200), (3, 300), (24, 80)):
        t.size(rows, cols)
        time.sleep(0.15)
        assert t.process.poll() is None, (rows, cols, t.stderr()[-2000:])
    t.shows('1/98')
    for theme in ('mono', 'reed', 'pond'):
        t.line('/set theme ' + theme)
    t.type('\x1b[B')
    t.shows('2/98')
    t.line('/quit')
    assert t.ends() == 0
