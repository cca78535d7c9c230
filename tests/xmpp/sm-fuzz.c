/* Random test of XEP-0198: the real session, model and store against a server that follows the
 * specification, with connections that break between any two stanzas, delayed and full disks,
 * kills, accounts that are removed and added, and calls from inside event listeners: sending,
 * closing the chat, waking the session. In the end each line that was displayed as stored must have
 * been sent once and in order, and each received line must be stored once and in order.
 *
 * A run is a seed: `sm-fuzz 17` does the same every time and prints every step; `sm-fuzz 1 1000`
 * runs the seeds 1 to 1000. */
#include <stdio.h>
#include <stdlib.h>

#include "talk.h"
#include "xmpp/xep/message.h"

#define STEPS 120
#define RUNS 30
#define FROG "frog@pond.example"

typedef struct {
    guint32 number;
    char *text;
} Sent;

/* The state of the server: one session, which survives its connections. */
typedef struct {
    int serial; /* id of the session */
    bool exists, counting, available;
    bool attached; /* the session runs on the present connection */
    bool calm;     /* acknowledges at once; otherwise at random */
    bool deaf;     /* the connection is broken; the client has not noticed */
    guint32 handled, acked, sent;
    GQueue unacked;       /* of Sent */
    GQueue offline;       /* of char *: offline messages */
    int gone;             /* id of a session that timed out */
    guint32 gone_handled; /* its count, which the server still knows */
} Server;

typedef struct {
    Talk talk;
    Server server;
    GRand *rand;
    int our_lines, frog_lines; /* number of lines sent by us, by the frog */
    GHashTable *shown;         /* our lines that were displayed as stored */
    GArray *received;          /* our lines as the frog received them, in order */
    bool in_listener;          /* in a call from inside a listener */
    /* enabled: the client knows that its session can be resumed; safe: and has stored it, so that
     * it knows it after a kill */
    bool enabled, safe;
    /* a session was lost that could not be resumed: messages may be in the state unsure */
    bool doubt;
} Run;

Talk *running;
static Run *run;
static bool aloud;

void
fail(Talk *talk, const char *format, ...)
{
    va_list args;
    if (talk->failure->len)
        return;
    va_start(args, format);
    g_string_append_vprintf(talk->failure, format, args);
    va_end(args);
}

void
settle(void)
{
    for (int i = 0; i < 2; i++) {
        while (g_main_context_iteration(NULL, FALSE))
            ;
        if (running->client && running->client->store && !running->holds)
            nj_store_flush(running->client->store);
    }
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* With a single seed every step is printed. */
static void G_GNUC_PRINTF(1, 2) trace(const char *format, ...)
{
    va_list args;
    if (!aloud)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static bool
chance(int percent)
{
    return g_rand_int_range(run->rand, 0, 100) < percent;
}

static void
free_sent(void *data)
{
    Sent *sent = data;
    g_free(sent->text);
    g_free(sent);
}

/* --- the server --- */

static bool
is_up(void)
{
    return run->talk.connection && run->talk.connection->online;
}

static void
send_to_client(const char *text)
{
    trace("%s %s", is_up() && !run->server.deaf ? "<" : "lost <", text);
    if (is_up() && !run->server.deaf)
        receive(&run->talk, text, strlen(text));
}

static void
send_stanza(const char *text)
{
    Server *server = &run->server;
    if (server->counting) {
        Sent *sent = g_new0(Sent, 1);
        sent->number = ++server->sent;
        sent->text = g_strdup(text);
        g_queue_push_tail(&server->unacked, sent);
    }

    if (server->attached)
        send_to_client(text);
}

static void
drop_acked(guint32 count)
{
    Server *server = &run->server;
    Sent *sent;
    if (count > server->sent)
        fail(&run->talk, "%u stanzas were acknowledged, and %u sent", count, server->sent);
    while ((sent = g_queue_peek_head(&server->unacked)) && sent->number <= count)
        free_sent(g_queue_pop_head(&server->unacked));
}

/* Unacknowledged messages become offline messages of the next session. */
static void
end_session(void)
{
    Server *server = &run->server;
    Sent *sent;
    GQueue kept = G_QUEUE_INIT;

    while ((sent = g_queue_pop_head(&server->unacked))) {
        if (g_str_has_prefix(sent->text, "<message"))
            g_queue_push_tail(&kept, g_strdup(sent->text));
        free_sent(sent);
    }

    while (!g_queue_is_empty(&kept))
        g_queue_push_head(&server->offline, g_queue_pop_tail(&kept));
    server->exists = server->counting = server->available = false;
}

static void
bring_offline(void)
{
    GQueue now = run->server.offline;
    g_queue_init(&run->server.offline);
    char *text;
    while ((text = g_queue_pop_head(&now))) {
        send_stanza(text);
        g_free(text);
    }
}

static void
tell_toad(void)
{
    Server *server = &run->server;
    g_autofree char *text = g_strdup_printf(
        "<message type='chat' from='" FROG "/x'><body>%d</body></message>", ++run->frog_lines);
    if (server->exists && server->counting && server->available)
        send_stanza(text);
    else
        g_queue_push_tail(&server->offline, g_strdup(text));
}

static void
on_resume(const NjXml *resume)
{
    Server *server = &run->server;
    g_autofree char *id = g_strdup_printf("s%d", server->serial);
    g_autofree char *gone = g_strdup_printf("s%d", server->gone);
    const char *previd = nj_xml_attr(resume, "previd");
    guint32 count = (guint32) strtoul(nj_xml_attr(resume, "h"), NULL, 10);
    g_autofree char *answer = NULL;

    if (server->exists && g_str_equal(previd, id)) {
        drop_acked(count);
        server->attached = true;
        server->acked = server->handled;
        answer = g_strdup_printf("<resumed xmlns='urn:xmpp:sm:3' previd='%s' h='%u'/>", id,
                                 server->handled);
        send_to_client(answer);
        for (GList *item = server->unacked.head; item && is_up(); item = item->next)
            send_to_client(((Sent *) item->data)->text);
        return;
    }

    run->enabled = run->safe = false;
    if (!g_str_equal(previd, gone) || server->exists || server->gone != server->serial) {
        send_to_client("<failed xmlns='urn:xmpp:sm:3'/>");
        run->doubt = true;
        return;
    }

    /* What was safe is in its count. */
    for (GList *item = server->unacked.head; item;) {
        GList *next = item->next;
        Sent *sent = item->data;
        if (sent->number <= count) {
            free_sent(sent);
            g_queue_delete_link(&server->unacked, item);
        }
        item = next;
    }

    end_session();
    answer = g_strdup_printf("<failed xmlns='urn:xmpp:sm:3' h='%u'/>", server->gone_handled);
    send_to_client(answer);
}

static void
on_iq(const NjXml *iq)
{
    NjXml *child = nj_xml_first(iq);
    const char *to = nj_xml_attr(iq, "to");

    if (g_strcmp0(nj_xml_attr(iq, "type"), "result") == 0
        || g_strcmp0(nj_xml_attr(iq, "type"), "error") == 0)
        return;

    bool roster = child && g_strcmp0(nj_xml_ns(child), "jabber:iq:roster") == 0;
    bool disco = child && g_strcmp0(nj_xml_ns(child), "http://jabber.org/protocol/disco#info") == 0;
    g_autofree char *answer =
        g_strdup_printf("<iq type='result' id='%s'%s%s%s>%s</iq>", nj_xml_attr(iq, "id"),
                        to ? " from='" : "", to ? to : "", to ? "'" : "",
                        roster ? "<query xmlns='jabber:iq:roster'><item jid='" FROG
                                 "' subscription='both'/></query>"
                        : disco ? "<query xmlns='http://jabber.org/protocol/disco#info'/>"
                                : "");

    send_stanza(answer);
}

static void
on_message(const NjXml *message)
{
    g_autofree char *body = nj_xml_child_text(message, "body", NJ_NS_CLIENT);
    if (!body)
        return;
    int line = atoi(body),
        last = run->received->len ? g_array_index(run->received, int, run->received->len - 1) : 0;
    if (line <= last)
        fail(&run->talk, "the frog received line %d after line %d", line, last);
    g_array_append_val(run->received, line);
}

static void
on_sm(const NjXml *element)
{
    Server *server = &run->server;
    const char *name = nj_xml_name(element);
    g_autofree char *text = NULL;

    if (g_str_equal(name, "enable")) {
        end_session();
        server->exists = server->counting = server->attached = true;
        server->handled = server->acked = server->sent = 0;
        run->enabled = run->safe = false;
        text = g_strdup_printf("<enabled xmlns='urn:xmpp:sm:3' id='s%d' resume='true'/>",
                               ++server->serial);
        send_to_client(text);
        run->enabled = is_up() && !server->deaf;
        run->safe = run->enabled && !running->holds;
    } else if (g_str_equal(name, "resume")) {
        on_resume(element);
    } else if (g_str_equal(name, "r")) {
        if (server->calm || chance(70))
            server->acked = server->handled;
        text = g_strdup_printf("<a xmlns='urn:xmpp:sm:3' h='%u'/>", server->acked);
        send_to_client(text);
    } else if (g_str_equal(name, "a")) {
        drop_acked((guint32) strtoul(nj_xml_attr(element, "h"), NULL, 10));
    }
}

/* Handles one stanza of the client. Returns false if there is none. */
static bool
serve(void)
{
    Server *server = &run->server;
    g_autoptr(NjXml) said = g_queue_pop_head(&run->talk.sent);

    if (!said)
        return false;

    g_autofree char *text = aloud ? nj_xml_print(said, NULL) : NULL;
    trace("> %s", text);
    if (g_strcmp0(nj_xml_ns(said), "urn:xmpp:sm:3") == 0) {
        on_sm(said);
        return true;
    }

    server->handled++;
    if (nj_xml_is(said, "iq", NJ_NS_CLIENT)) {
        on_iq(said);
    } else if (nj_xml_is(said, "message", NJ_NS_CLIENT)) {
        on_message(said);
    } else if (!nj_xml_attr(said, "to")) {
        server->available = nj_xml_attr(said, "type") == NULL;
        if (server->available)
            bring_offline();
    }

    return true;
}

static void
forget_said(void)
{
    g_queue_clear_full(&run->talk.sent, (GDestroyNotify) nj_xml_free);
}

/* --- failures --- */

static void
on_shown(NjMessageEvent *event, void *owner)
{
    (void) owner;
    if (event->message->out && !running->holds)
        g_hash_table_add(run->shown, GINT_TO_POINTER(atoi(event->message->body)));
}

static void
hold(bool holds)
{
    Talk *talk = &run->talk;
    if (talk->holds == holds)
        return;
    talk->holds = holds;
    trace(holds ? "-- hold" : "-- commit");
    (holds ? nj_store_begin : nj_store_commit)(talk->client->store);
    settle();
    run->safe |= run->enabled && !holds;
}

static void
say(NjChat *chat)
{
    Talk *talk = &run->talk;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf("%d", ++run->our_lines);
    trace("-- type %s", text);
    if (!nj_message_send(chat ? chat : nj_chat_open(talk->account, NJ_CHAT_PERSON, FROG), text,
                         NULL, &error))
        fail(talk, "refused: %s", error->message);
}

static void
type(void)
{
    say(nj_chat_find(run->talk.account, FROG));
    settle();
}

static void
come_back(void)
{
    Talk *talk = &run->talk;
    if (is_up())
        return;

    trace("-- connect");
    run->server.deaf = run->server.attached = false;
    if (!talk->connection)
        nj_session_connect(talk->session);

    go_online(talk);
    settle();
}

/* Some of the stanzas on their way arrive; what the server sends in reply does not. */
static void
break_connection(void)
{
    trace("-- break");
    run->server.deaf = true;
    while (chance(50) && serve())
        ;
    if (is_up())
        end_connection(&run->talk, NJ_CONNECTION_ERROR_LOST, "The connection was lost.");
    forget_said();
    run->doubt |= !run->enabled;
}

static void
time_out(void)
{
    Server *server = &run->server;
    if (is_up() || !server->exists)
        return;

    trace("-- timed out");

    /* else what was read, and is not safe, comes again in another session, where its number says
     * nothing */
    hold(false);
    server->gone = server->serial;
    server->gone_handled = server->handled;
    server->exists = server->counting = server->available = false;
}

/* Calls from inside a listener, as a plugin may make them. */
static void
call_from_listener(NjMessageEvent *event, void *owner)
{
    Talk *talk = &run->talk;
    (void) owner;
    if (run->in_listener || event->chat->account != talk->account || !talk->session || !chance(12))
        return;

    int what = g_rand_int_range(run->rand, 0, 10);
    NjChat *chat = nj_chat_find(talk->account, FROG);
    run->in_listener = true;
    trace("-- call_from_listener %d", what);
    if (what < 5)
        say(chat);
    else if (what >= 8)
        nj_session_wake(talk->session);
    else if (chat)
        nj_chat_close(chat);

    run->in_listener = false;
}

static void
listen_to_messages(void)
{
    NjBus *bus = run->talk.client->bus;
    nj_on_message_added(bus, on_shown, run);
    nj_on_message_added(bus, call_from_listener, run);
    nj_on_message_changed(bus, call_from_listener, run);
}

/* Removes the account without a farewell to the server and adds it again. */
static void
take_and_add(void)
{
    Talk *talk = &run->talk;
    trace("-- remove and add");
    run->doubt |= !run->enabled;
    run->server.deaf = true;
    while (chance(50) && serve())
        ;

    forget_said();
    nj_session_free(g_steal_pointer(&talk->session));
    nj_client_remove_account(talk->client, talk->account);
    while (chance(50) && g_main_context_iteration(NULL, FALSE))
        ;

    add_account(talk);
    run->safe = run->enabled;
    settle();
}

static void
kill_client(void)
{
    Talk *talk = &run->talk;
    trace("-- kill");
    run->doubt |= !run->safe;
    run->server.deaf = true;
    while (chance(50) && serve())
        ;

    forget_said();
    restart_client(talk);
    listen_to_messages();
    settle();
}

/* A full disk, then space again. */
static void
fill_disk(void)
{
    trace("-- disk full");
    nj_session_set_store_failing(run->talk.session, true);
    settle();
    nj_session_set_store_failing(run->talk.session, false);
    settle();
}

static void
leave(void)
{
    Talk *talk = &run->talk;
    if (!is_up())
        return;

    trace("-- leave");
    hold(false);
    nj_session_disconnect(talk->session);

    if (!talk->connection) {
        run->server.deaf = true;
        while (chance(50) && serve())
            ;
        forget_said();
        return;
    }

    while (serve())
        ;
    end_connection(talk, 0, NULL);
    end_session();
    run->enabled = run->safe = false;
}

static void
step(void)
{
    int what = g_rand_int_range(run->rand, 0, 100);
    if (what < 20)
        type();
    else if (what < 35)
        tell_toad();
    else if (what < 75)
        serve();
    else if (what < 82)
        hold(!run->talk.holds);
    else if (what < 88)
        break_connection();
    else if (what < 96)
        come_back();
    else if (what < 97)
        time_out();
    else if (what < 98)
        (chance(50) ? leave : take_and_add)();
    else if (what < 99 && run->talk.holds)
        fill_disk();
    else
        kill_client();

    g_queue_clear_full(&run->talk.events, (GDestroyNotify) event_free);
}

/* --- checks --- */

static void
calm_down(void)
{
    hold(false);
    run->server.calm = true;
    for (int i = 0; i < 3; i++) {
        come_back();
        nj_session_wake(run->talk.session);
        while (serve() || !g_queue_is_empty(&run->talk.sent))
            ;
        settle();
    }
}

static void
check_said(GPtrArray *page)
{
    Talk *talk = &run->talk;
    g_autoptr(GHashTable) heard = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < run->received->len; i++)
        g_hash_table_add(heard, GINT_TO_POINTER(g_array_index(run->received, int, i)));
    for (guint i = 0; i < page->len; i++) {
        const NjMessage *message = page->pdata[i];
        void *line = GINT_TO_POINTER(atoi(message->body));
        if (!message->out)
            continue;
        g_hash_table_remove(run->shown, line);
        bool known = g_hash_table_remove(heard, line);
        if (message->state == NJ_STATE_UNSURE && run->doubt)
            continue;
        if (!known)
            fail(talk, "line %s, which is %s, was never heard", message->body,
                 nj_message_state_name(message));
        else if (message->state != NJ_STATE_ACKNOWLEDGED)
            fail(talk, "line %s was heard and is called %s", message->body,
                 nj_message_state_name(message));
    }

    if (g_hash_table_size(run->shown))
        fail(talk, "%u lines were shown and are not there any more", g_hash_table_size(run->shown));
    if (g_hash_table_size(heard))
        fail(talk, "%u lines were heard that are not there", g_hash_table_size(heard));
}

static void
check_kept(GPtrArray *page)
{
    int last = 0;
    for (guint i = 0; i < page->len; i++) {
        const NjMessage *message = page->pdata[i];
        trace("= %s %s %s", message->out ? "ours" : "frog", message->body,
              nj_message_state_name(message));
        if (message->out)
            continue;
        if (atoi(message->body) != ++last) {
            fail(&run->talk, "the frog's line %d is followed by line %s", last - 1, message->body);
            return;
        }
    }

    if (last != run->frog_lines)
        fail(&run->talk, "the frog has said %d lines, and %d were kept", run->frog_lines, last);
}

static bool
run_seed(guint32 seed)
{
    Run now = { .rand = g_rand_new_with_seed(seed),
                .shown = g_hash_table_new(NULL, NULL),
                .received = g_array_new(FALSE, FALSE, sizeof(int)) };
    Talk *talk = &now.talk;

    run = &now;
    running = talk;
    talk->failure = g_string_new(NULL);
    talk->names = g_hash_table_new(NULL, NULL);
    talk->features = parse("<stream:features><sm xmlns='urn:xmpp:sm:3'/></stream:features>");
    open_client(talk, NULL);
    listen_to_messages();
    come_back();
    for (int i = 0; i < STEPS && !talk->failure->len; i++)
        step();

    calm_down();
    NjChat *chat = nj_chat_open(talk->account, NJ_CHAT_PERSON, FROG);
    g_autoptr(GPtrArray) page =
        nj_store_page_before(talk->client->store, chat->id, G_MAXINT64, G_MAXINT64, 1000);
    check_said(page);
    check_kept(page);

    bool good = !talk->failure->len;
    if (!good)
        printf("FAILED seed %u: %s\n", seed, talk->failure->str);
    close_client(talk);
    settle();
    running = NULL;
    nj_xml_free(talk->features);
    forget_said();
    g_queue_clear_full(&talk->events, (GDestroyNotify) event_free);

    g_queue_clear_full(&now.server.unacked, free_sent);
    g_queue_clear_full(&now.server.offline, g_free);
    g_hash_table_unref(talk->names);
    g_string_free(talk->failure, TRUE);
    g_hash_table_unref(now.shown);
    g_array_unref(now.received);
    g_rand_free(now.rand);

    return good;
}

int
main(int argc, char **argv)
{
    gint64 time;
    guint32 first = argc > 1 ? (guint32) strtoul(argv[1], NULL, 10) : 1,
            last = argc > 2   ? (guint32) strtoul(argv[2], NULL, 10)
                   : argc > 1 ? first
                              : RUNS;
    int failed = 0;

    aloud = argc == 2;
    if (nj_clock_parse("2026-01-02T03:04:05.678Z", &time))
        nj_clock_freeze(time);
    for (guint32 seed = first; seed <= last; seed++)
        failed += !run_seed(seed);

    printf("%d passed, %d failed, 0 skipped\n", (int) (last - first + 1) - failed, failed);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
