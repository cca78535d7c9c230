/* Runs talks (tests/talks/NAME.talk): conversations on the wire as text, with the real parser,
 * session, model and store. Only the connection is a stub (talk-string.c).
 *
 *   # TEXT                    comment; the first one is the talk's title
 *
 *   Before the login:
 *   @ option NAME VALUE       sets an option
 *   @ roster <item …/>        adds a contact to the roster that the server sends
 *   @ features <ver …/>       adds a stream feature; without an element: removes all
 *   @ server FEATURE…         adds features that the server announces (XEP-0030)
 *   @ ours FEATURE…           the same for our own account
 *   @ invisible               the account is set to offline presence
 *   @ offline                 no login
 *
 *   The connection and the user:
 *   @ online                  connected, with a bound or resumed stream
 *   @ closed                  closed by us
 *   @ over                    the server ended the stream; the connection has not reported it yet
 *   @ lost | conflict | refused   ended with that error: broken, replaced, wrong password
 *   @ asks                    the connection asks for the password
 *   @ answer SECRET           the user enters it
 *   @ judged                  the connection has a certificate that is not trusted
 *   @ trust PIN               the user trusts this certificate once
 *
 *   Time and disk:
 *   @ sleep MS                runs the main loop that long, to see that nothing happens
 *   @ wait                    runs it until a stanza is sent or an event emitted, at most 10 s
 *   @ hold                    nothing is committed from here on
 *   @ commit                  commits all that waits
 *   @ restart                 kills the program and starts it again with what was committed
 *
 *   The conversation:
 *   < STANZA                  received; \xHH is a byte, $name the text that a > line has bound,
 *                             $FEATURES and $VER: see talk-features.c
 *   > STANZA                  sent; compared as a tree, * matches any text, $name binds a text at
 *                             its first use and must be the same at the next
 *   ! EVENT                   emitted on the bus (talk-events.c); * matches any text
 *   ? CALL                    something the user does (talk-calls.c, calls)
 *   ? /COMMAND                a command (talk-commands.c)
 *
 * A line that begins with a space continues the one before it. Every sent stanza must have a line,
 * and every event but those marked loose, which may be left out: so a talk tests that nothing
 * happens by having no line for it. Without "@ offline" the talk begins logged in: the roster and
 * both requests for features have been answered. The clock stands at NOW. */
#include <stdio.h>
#include <stdlib.h>

#include "talk.h"

#define NOW "2026-01-02T03:04:05.678Z"

Talk *running;

void
fail(Talk *talk, const char *format, ...)
{
    va_list args;
    if (talk->failure->len)
        return; /* only the first failure is reported */
    g_string_append_printf(talk->failure, "%s:%d: ", talk->path, talk->line);
    va_start(args, format);
    g_string_append_vprintf(talk->failure, format, args);
    va_end(args);
}

/* Runs the main loop and the writer thread until nothing is left to do. Writes are committed unless
 * the talk holds them. */
void
settle(void)
{
    NjStore *store = running && running->client ? running->client->store : NULL;
    for (int i = 0; i < 3; i++) {
        while (g_main_context_iteration(NULL, FALSE))
            ;
        if (store && !running->holds)
            nj_store_flush(store);
    }
}

/* --- the lines --- */

static void
drop_loose(Talk *talk)
{
    for (GList *item = talk->events.head; item;) {
        GList *next = item->next;
        Event *event = item->data;
        if (event->loose) {
            event_free(event);
            g_queue_delete_link(&talk->events, item);
        }
        item = next;
    }
}

/* Fails if a sent stanza or an event has had no line. */
static void
check_nothing_left(Talk *talk)
{
    drop_loose(talk);
    NjXml *sent = g_queue_peek_head(&talk->sent);
    Event *event = g_queue_peek_head(&talk->events);
    if (sent) {
        g_autofree char *text = nj_xml_print(sent, NULL);
        fail(talk, "sent before this line, but not expected: %s", text);
    } else if (event) {
        fail(talk, "emitted before this line, but not expected: %s", event->text);
    }
}

static void
forget_all(Talk *talk)
{
    g_queue_clear_full(&talk->sent, (GDestroyNotify) nj_xml_free);
    g_queue_clear_full(&talk->events, (GDestroyNotify) event_free);
}

static void
answer_features(Talk *talk, const NjXml *asked, const char *features)
{
    g_autoptr(GString) answer = g_string_new(NULL);
    g_auto(GStrv) words = g_strsplit(features, " ", -1);

    g_string_printf(
        answer,
        "<iq type='result' id='%s' from='%s'><query xmlns='http://jabber.org/protocol/disco#info'>",
        nj_xml_attr(asked, "id"), nj_xml_attr(asked, "to"));
    for (char **word = words; *word; word++)
        if (**word)
            g_string_append_printf(answer, "<feature var='%s'/>", *word);

    g_string_append(answer, "</query></iq>");
    receive(talk, answer->str, answer->len);
}

/* The client sends all its requests and its presence before the first response. */
static void
log_in(Talk *talk)
{
    talk->begun = true;
    if (talk->offline)
        return;

    nj_session_connect(talk->session);
    settle();
    go_online(talk);

    NjXml *first = g_queue_peek_head(&talk->sent);
    if (first && nj_xml_is(first, "enable", "urn:xmpp:sm:3"))
        nj_xml_free(g_queue_pop_head(&talk->sent));

    NjXml *roster = g_queue_pop_head(&talk->sent);
    if (!roster || !nj_xml_is(roster, "iq", NJ_NS_CLIENT)) {
        fail(talk, "the login does not begin with the roster");
    } else {
        g_autofree char *answer = g_strdup_printf(
            "<iq type='result' id='%s'><query xmlns='jabber:iq:roster' ver='v1'>%s</query></iq>",
            nj_xml_attr(roster, "id"), talk->roster->str);
        receive(talk, answer, strlen(answer));
    }

    nj_xml_free(roster);
    for (int i = 0; i < 2; i++) {
        g_autoptr(NjXml) asked = g_queue_pop_head(&talk->sent);
        if (asked && nj_xml_child(asked, "query", "http://jabber.org/protocol/disco#info"))
            answer_features(talk, asked,
                            strchr(nj_xml_attr(asked, "to"), '@') ? talk->ours->str
                                                                  : talk->server->str);
        else
            fail(talk, "the login does not ask for features after the roster");
    }

    forget_all(talk);
}

static char *
expand(Talk *talk, const char *text)
{
    GString *out = g_string_new(NULL);
    while (*text) {
        gsize length = 0;
        if (*text == '$')
            while (g_ascii_isalnum(text[length + 1]))
                length++;
        g_autofree char *name = g_strndup(text + 1, length);
        const char *value = length ? g_hash_table_lookup(talk->names, name) : NULL;
        if (value) {
            g_string_append(out, value);
            text += length + 1;
        } else if (g_str_has_prefix(text, "\\x") && g_ascii_isxdigit(text[2])
                   && g_ascii_isxdigit(text[3])) {
            g_string_append_c(
                out, (char) (g_ascii_xdigit_value(text[2]) * 16 + g_ascii_xdigit_value(text[3])));
            text += 4;
        } else {
            g_string_append_c(out, *text++);
        }
    }

    return g_string_free(out, FALSE);
}

static void
expect_sent(Talk *talk, const char *text)
{
    NjXml *expected = parse(text);
    NjXml *got = g_queue_pop_head(&talk->sent);

    if (!expected) {
        fail(talk, "this is not a stanza");
    } else if (!got) {
        fail(talk, "nothing was sent");
    } else if (!same(talk, expected, got)) {
        g_autofree char *shown = nj_xml_print(got, NULL);
        fail(talk, "sent instead: %s", shown);
    }

    nj_xml_free(expected);
    nj_xml_free(got);
}

static void
expect_event(Talk *talk, const char *expected)
{
    for (;;) {
        Event *event = g_queue_pop_head(&talk->events);
        if (!event) {
            fail(talk, "this event was not emitted");
            return;
        }
        bool good = matches(talk, expected, event->text), loose = event->loose;
        if (!good && !loose)
            fail(talk, "emitted instead: %s", event->text);
        event_free(event);
        if (good || !loose)
            return;
    }
}

static gboolean
wake(void *data)
{
    *(bool *) data = true;
    return G_SOURCE_REMOVE;
}

static void
sleep_for(const char *text)
{
    bool over = false;
    g_timeout_add((guint) atoi(text), wake, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
}

/* Returns when a stanza was sent or an event emitted; the lines that follow name it. */
static void
wait_for_activity(Talk *talk)
{
    bool over = false;
    guint patience = g_timeout_add(10000, wake, &over);

    while (!over && g_queue_is_empty(&talk->sent) && g_queue_is_empty(&talk->events))
        g_main_context_iteration(NULL, TRUE);
    if (over)
        fail(talk, "nothing happened");
    else
        g_source_remove(patience);

    settle();
}

static void
hold(Talk *talk, bool holds)
{
    talk->holds = holds;
    (holds ? nj_store_begin : nj_store_commit)(talk->client->store);
    settle();
}

static void
direct(Talk *talk, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    const char *what = words[0] ? words[0] : "", *first = words[0] && words[1] ? words[1] : "";
    g_autoptr(GError) error = NULL;

    if (g_str_equal(what, "option")) {
        if (!nj_options_override(talk->client->options, first, words[2], &error))
            fail(talk, "%s", error->message);
    } else if (g_str_equal(what, "roster")) {
        g_string_append(talk->roster, line + strlen("roster "));
    } else if (g_str_equal(what, "features") && !*first) {
        nj_xml_free(talk->features);
        talk->features = parse("<stream:features/>");
    } else if (g_str_equal(what, "features")) {
        nj_xml_add(talk->features, parse(line + strlen("features ")));
    } else if (g_str_equal(what, "server") || g_str_equal(what, "ours")) {
        g_string_append_printf(*what == 's' ? talk->server : talk->ours, " %s",
                               line + strlen(what));
    } else if (g_str_equal(what, "invisible")) {
        nj_account_set_presence(talk->account, NJ_SHOW_OFFLINE, NULL, 0);
    } else if (g_str_equal(what, "offline")) {
        talk->offline = true;
    } else if (g_str_equal(what, "online")) {
        go_online(talk);
    } else if (g_str_equal(what, "closed")) {
        end_connection(talk, 0, NULL);
    } else if (g_str_equal(what, "over") && talk->connection) {
        talk->connection->over = true;
    } else if (g_str_equal(what, "lost")) {
        end_connection(talk, NJ_CONNECTION_ERROR_LOST, "The connection was lost.");
    } else if (g_str_equal(what, "conflict")) {
        end_connection(talk, NJ_CONNECTION_ERROR_CONFLICT, "Another client took this place.");
    } else if (g_str_equal(what, "refused")) {
        end_connection(talk, NJ_CONNECTION_ERROR_PASSWORD, "The password is wrong.");
    } else if (g_str_equal(what, "asks") && talk->connection) {
        talk->connection->base.hooks->on_password(&talk->connection->base,
                                                  talk->connection->base.owner);
    } else if (g_str_equal(what, "answer") && talk->password_done) {
        void (*done)(const char *, const char *, void *) = g_steal_pointer(&talk->password_done);
        done(first, NULL, talk->password_data);
    } else if (g_str_equal(what, "trust") && first) {
        nj_session_trust_once(talk->session, first);
    } else if (g_str_equal(what, "judged") && talk->connection) {
        static char *names[] = { NULL };
        static const NjCertificate certificate = { .names = names };
        talk->connection->certificate = &certificate;
    } else if (g_str_equal(what, "sleep")) {
        sleep_for(first);
    } else if (g_str_equal(what, "hold") || g_str_equal(what, "commit")) {
        hold(talk, *what == 'h');
    } else if (g_str_equal(what, "restart")) {
        restart_client(talk);
        forget_all(talk);
    } else if (g_str_equal(what, "wait")) {
        wait_for_activity(talk);
    } else {
        fail(talk, "unknown, or not possible here: %s", line);
    }
}

static void
run_line(Talk *talk, const char *line)
{
    static const char *const before_login[] = { "option", "roster",    "features", "server ",
                                                "ours ",  "invisible", "offline" };
    g_autofree char *derived = expand_features(line);
    const char *text = derived + 1 + (derived[1] == ' ');
    g_autofree char *expanded = expand(talk, text);
    bool prepares = false;

    for (gsize i = 0; *line == '@' && i < G_N_ELEMENTS(before_login); i++)
        prepares |= g_str_has_prefix(text, before_login[i]);
    if (!prepares && !talk->begun)
        log_in(talk);
    if (*line == '<' || *line == '?' || (*line == '@' && talk->begun))
        check_nothing_left(talk);
    if (talk->failure->len)
        return;

    if (*line == '<')
        receive(talk, expanded, strlen(expanded));
    else if (*line == '>')
        expect_sent(talk, text);
    else if (*line == '!')
        expect_event(talk, text);
    else if (*line == '?')
        call(talk, expanded);
    else if (*line == '@')
        direct(talk, expanded);
    else
        fail(talk, "a line begins with one of # @ < > ! ?");

    if (prepares)
        g_queue_clear_full(&talk->events, (GDestroyNotify) event_free);
}

/* --- a talk --- */

static void
run_lines(Talk *talk, char **lines)
{
    for (int i = 0; lines[i] && !talk->failure->len; i++) {
        g_autoptr(GString) line = g_string_new(lines[i]);
        talk->line = i + 1;
        while (*line->str && *line->str != '#' && lines[i + 1] && lines[i + 1][0] == ' ')
            g_string_append_printf(line, " %s", g_strstrip(lines[++i]));
        if (*line->str && *line->str != '#')
            run_line(talk, line->str);
    }

    if (!talk->failure->len)
        check_nothing_left(talk);
}

static bool
run_talk(const char *path)
{
    Talk talk = { .path = path };
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        printf("FAILED %s\n", error->message);
        return false;
    }

    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    running = &talk;
    talk.failure = g_string_new(NULL);
    talk.roster = g_string_new(NULL);
    talk.server = g_string_new(NULL);
    talk.ours = g_string_new(NULL);
    talk.names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    talk.features = parse("<stream:features/>");
    open_client(&talk, NULL);

    run_lines(&talk, lines);
    bool good = !talk.failure->len;
    g_autofree char *name = g_path_get_basename(path);
    printf("%s %s%s%s\n", good ? "ok    " : "FAILED", good ? name : talk.failure->str,
           good && *lines[0] == '#' ? ":" : "", good && *lines[0] == '#' ? lines[0] + 1 : "");
    close_client(&talk);
    nj_xml_free(talk.features);
    forget_all(&talk);
    g_hash_table_unref(talk.names);

    g_string_free(talk.roster, TRUE);
    g_string_free(talk.server, TRUE);
    g_string_free(talk.ours, TRUE);
    g_string_free(talk.failure, TRUE);
    g_free(talk.upon);

    return good;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
all_talks(void)
{
    const char *top = g_getenv("top_srcdir");
    g_autofree char *path = g_build_filename(top ? top : ".", "tests", "talks", NULL);
    GPtrArray *talks = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, ".talk"))
            g_ptr_array_add(talks, g_build_filename(path, name, NULL));
    if (dir)
        g_dir_close(dir);

    g_ptr_array_sort(talks, by_name);
    return talks;
}

int
main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    gint64 now;
    g_autoptr(GPtrArray) talks = argc > 1 ? g_ptr_array_new_with_free_func(g_free) : all_talks();

    for (int i = 1; i < argc; i++)
        g_ptr_array_add(talks, g_strdup(argv[i]));
    if (nj_clock_parse(NOW, &now))
        nj_clock_freeze(now);
    for (guint i = 0; i < talks->len; i++)
        *(run_talk(talks->pdata[i]) ? &passed : &failed) += 1;

    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed ? EXIT_FAILURE : EXIT_SUCCESS;
}
