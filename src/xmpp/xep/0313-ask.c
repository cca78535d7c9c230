/* XEP-0313: asks our account's archive whether the server has received our messages, after a
 * session ended without acknowledging them. The answer "no" sends a message again, so it needs
 * proof: an archive that keeps all our messages to that person (XEP-0441), read from its end to
 * before the message, by the server's clock. Without this proof the answer is "unknown".
 *
 * A session that has asked is closed, and a new one begins. Prosody 0.12 assumes that a session
 * which queries the archive fetches all missed messages from it (mod_smacks and mod_offline with
 * mam_requested); when such a session breaks, it does not resend them. We do not fetch them, so
 * they would be lost. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "model/outbox.h"

#define NS_RSM "http://jabber.org/protocol/rsm"
#define PATIENCE 20            /* seconds for the whole question */
#define MARGIN (5 * 60 * 1000) /* ms: allowed difference of clocks */
#define PAGE "100"
#define PAGES 100
/* ms: messages that are sent again are acknowledged in this session first */
#define RENEWAL 1000

typedef struct {
    char *id;
    char *to;       /* NULL: not in the outbox, so unknown */
    gint64 time_ms; /* by the server's clock once it is known */
    bool keeps;     /* the archive keeps all messages to that address */
} Said;

typedef struct {
    guint refs;
    NjSession *session;
    Said *said;
    guint count;
    GHashTable *missing; /* set of ids that the archive has not shown yet */
    gint64 since_ms;
    gint64 reached_ms; /* everything after this time was read */
    gint64 oldest_ms;  /* the oldest time on this page */
    char *key;         /* of the wait, and the queryid of our requests */
    guint pages;
    bool over; /* done was called, or must not be called */
    bool complete;
    NjArchiveFunc done;
    void *data;
    const void *owner;
} Ask;

typedef struct {
    NjSession *session;
    GPtrArray *asks; /* of Ask: open questions */
    /* set of ids with an unknown answer: not asked again in this run */
    GHashTable *futile;
    bool read; /* the archive was read in this session */
    GSource *renewal;
} Archive;

static Archive *
state_of(NjSession *session)
{
    return nj_session_state(session, &nj_xep_0313);
}

static void *
attach(NjSession *session)
{
    Archive *state = g_new0(Archive, 1);
    state->session = session;
    state->asks = g_ptr_array_new();
    state->futile = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return state;
}

static void
detach(NjSession *session, void *data)
{
    Archive *state = data;
    (void) session;
    nj_clock_cancel(&state->renewal);
    g_ptr_array_unref(state->asks);
    g_hash_table_unref(state->futile);
    g_free(state);
}

/* --- renewing the session --- */

static gboolean
on_renewal(void *data)
{
    Archive *state = data;
    nj_clock_cancel(&state->renewal);
    if (state->read && !state->asks->len && nj_session_online(state->session)) {
        nj_session_disconnect(state->session);
        nj_session_connect(state->session);
    }
    return G_SOURCE_REMOVE;
}

static void
renew(NjSession *session)
{
    Archive *state = state_of(session);
    if (state->read && !state->asks->len && !state->renewal)
        state->renewal = nj_clock_after(RENEWAL, on_renewal, state);
}

static void
offline(NjSession *session)
{
    Archive *state = state_of(session);
    state->read = false;
    nj_clock_cancel(&state->renewal);
}

/* --- a question --- */

static void
ask_unref(void *data)
{
    Ask *ask = data;
    if (--ask->refs > 0)
        return;

    g_hash_table_unref(ask->missing);
    for (guint i = 0; i < ask->count; i++) {
        g_free(ask->said[i].id);
        g_free(ask->said[i].to);
    }

    g_free(ask->said);
    g_free(ask->key);
    g_free(ask);
}

/* The wait has ended, also if it was cancelled. */
static void
ask_over(void *data)
{
    Ask *ask = data;
    ask->over = true;
    g_ptr_array_remove_fast(state_of(ask->session)->asks, ask);
    renew(ask->session);
    ask_unref(ask);
}

static NjArchiveAnswer
answer(const Ask *ask, const Said *said)
{
    if (!g_hash_table_contains(ask->missing, said->id))
        return NJ_ARCHIVE_HAS;
    return said->keeps && (ask->complete || ask->reached_ms <= said->time_ms - MARGIN)
               ? NJ_ARCHIVE_LACKS
               : NJ_ARCHIVE_UNKNOWN;
}

/* The wait ended: reports the answers. If the session has ended, nothing is reported; the caller
 * asks again in the next one. */
static void
tell(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Ask *ask = data;
    g_autofree NjArchiveAnswer *answers = g_new0(NjArchiveAnswer, ask->count + 1);

    (void) stanza;
    ask->over = true;
    if (error && error->code == NJ_IQ_ERROR_OFFLINE)
        return;

    for (guint i = 0; i < ask->count; i++) {
        answers[i] = answer(ask, &ask->said[i]);
        if (ask->pages && answers[i] == NJ_ARCHIVE_UNKNOWN)
            g_hash_table_add(state_of(session)->futile, g_strdup(ask->said[i].id));
    }

    ask->done(session, answers, ask->data);
}

static void
finish(Ask *ask)
{
    if (!ask->over)
        nj_wait_end(ask->session, ask->key, NULL);
}

/* When the session ends, the wait and the open request end in no fixed order. */
static bool
is_over(const Ask *ask, const GError *error)
{
    return ask->over || (error && error->code == NJ_IQ_ERROR_OFFLINE);
}

static void
ask_server(Ask *ask, NjXml *iq, NjIqFunc done)
{
    ask->refs++;
    nj_iq_send_full(ask->session, iq, PATIENCE, done, NULL, ask, ask_unref, ask->owner);
}

/* --- reading --- */

/* Notes an archived message. Only our own ones count: another sender could copy an id of ours. */
static void
note_result(Ask *ask, const NjXml *result)
{
    const NjXml *forwarded = nj_xml_child(result, "forwarded", NJ_NS_FORWARD);
    const NjXml *message = forwarded ? nj_xml_child(forwarded, "message", NJ_NS_CLIENT) : NULL;
    const NjXml *delay = forwarded ? nj_xml_child(forwarded, "delay", NJ_NS_DELAY) : NULL;
    const char *stamp = delay ? nj_xml_attr(delay, "stamp") : NULL,
               *author = message ? nj_xml_attr(message, "from") : NULL;
    gint64 time;

    if (stamp && nj_clock_parse(stamp, &time))
        ask->oldest_ms = MIN(ask->oldest_ms, time);
    if (!author || !nj_account_is_own(nj_session_account(ask->session), author))
        return;

    const NjXml *origin = nj_xml_child(message, "origin-id", NJ_NS_SID);
    const char *ids[] = { origin ? nj_xml_attr(origin, "id") : NULL, nj_xml_attr(message, "id") };
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
        if (ids[i])
            g_hash_table_remove(ask->missing, ids[i]);
}

static bool
on_message(NjSession *session, NjXml *stanza, NjXml *result)
{
    NjAccount *account = nj_session_account(session);
    const GPtrArray *asks = state_of(session)->asks;
    const char *from = nj_xml_attr(stanza, "from"), *query = nj_xml_attr(result, "queryid");

    /* 8.1: "A client MUST verify the source of MAM query results against an open query". */
    if (query && (!from || g_str_equal(from, account->bare)))
        for (guint i = 0; i < asks->len; i++)
            if (g_str_equal(((const Ask *) asks->pdata[i])->key, query))
                note_result(asks->pdata[i], result);

    return true;
}

static void on_page(NjSession *session, const NjXml *stanza, const GError *error, void *data);

static void
add_field(NjXml *form, const char *name, const char *value)
{
    NjXml *field = nj_xml_add_new(form, "field", NJ_NS_DATA);
    nj_xml_set(field, "var", name);
    nj_xml_add_with_text(field, "value", NJ_NS_DATA, value);
}

/* Requests a page, the newest first: the messages in question are seldom old. */
static void
ask_page(Ask *ask, const char *before)
{
    g_autofree char *start = nj_clock_format(MAX(ask->since_ms - MARGIN, 0));
    NjXml *iq = nj_xml_iq("set", NULL, NULL);
    NjXml *query = nj_xml_add_new(iq, "query", NJ_NS_MAM);

    nj_xml_set(query, "queryid", ask->key);
    NjXml *form = nj_xml_add_new(query, "x", NJ_NS_DATA);
    nj_xml_set(form, "type", "submit");
    add_field(form, "FORM_TYPE", NJ_NS_MAM);
    add_field(form, "start", start);

    NjXml *set = nj_xml_add_new(query, "set", NS_RSM);
    nj_xml_add_with_text(set, "max", NS_RSM, PAGE);
    if (before)
        nj_xml_add_with_text(set, "before", NS_RSM, before);
    else
        nj_xml_add_new(set, "before", NS_RSM);

    ask->oldest_ms = G_MAXINT64;
    ask->pages++;
    state_of(ask->session)->read = true;
    ask_server(ask, iq, on_page);
}

static bool
knows_all(const Ask *ask)
{
    for (guint i = 0; i < ask->count; i++)
        if (ask->said[i].keeps && answer(ask, &ask->said[i]) == NJ_ARCHIVE_UNKNOWN)
            return false;
    return true;
}

static void
on_page(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Ask *ask = data;
    const NjXml *fin = error ? NULL : nj_xml_child(stanza, "fin", NJ_NS_MAM);
    const NjXml *set = fin ? nj_xml_child(fin, "set", NS_RSM) : NULL;
    const char *complete = fin ? nj_xml_attr(fin, "complete") : NULL;
    g_autofree char *first = set ? nj_xml_child_text(set, "first", NS_RSM) : NULL;

    (void) session;
    if (is_over(ask, error))
        return;

    if (fin)
        ask->reached_ms = MIN(ask->reached_ms, ask->oldest_ms);
    ask->complete = g_strcmp0(complete, "true") == 0 || g_strcmp0(complete, "1") == 0;
    if (first && *first && ask->pages < PAGES && !knows_all(ask))
        ask_page(ask, first);
    else
        finish(ask);
}

/* --- before reading --- */

/* XEP-0202: times in an archive come from the server's clock. If that clock is behind ours, our
 * times are moved back by the difference. If it is ahead they stay, because it may have been right
 * when the message was sent. */
static void
on_time(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Ask *ask = data;
    const NjXml *time = error ? NULL : nj_xml_child(stanza, "time", NJ_NS_TIME);
    g_autofree char *utc = time ? nj_xml_child_text(time, "utc", NJ_NS_TIME) : NULL;
    gint64 there;

    (void) session;
    if (is_over(ask, error))
        return;

    if (!utc || !nj_clock_parse(utc, &there)) {
        finish(ask);
        return;
    }

    gint64 behind = MIN(there - nj_clock_wall_ms(), 0);
    ask->since_ms += behind;
    for (guint i = 0; i < ask->count; i++)
        ask->said[i].time_ms += behind;

    ask_page(ask, NULL);
}

static bool
lists(const NjXml *list, const char *address)
{
    for (NjXml *item = list ? nj_xml_first(list) : NULL; item; item = nj_xml_next(item)) {
        g_autofree char *text = nj_xml_text(item);
        g_autofree char *domain = nj_jid_domain(address);
        if (text && nj_jid_valid(text)
            && (nj_jid_same_bare(text, address) || g_str_equal(text, domain)))
            return true;
    }
    return false;
}

/* XEP-0441 section 2: the lists "always" and "never" overrule the default. */
static bool
is_kept(NjSession *session, const NjXml *prefs, const char *address)
{
    const char *rule = nj_xml_attr(prefs, "default");
    if (!address || lists(nj_xml_child(prefs, "never", NJ_NS_MAM), address))
        return false;
    if (lists(nj_xml_child(prefs, "always", NJ_NS_MAM), address) || g_strcmp0(rule, "always") == 0)
        return true;
    return g_strcmp0(rule, "roster") == 0
           && nj_roster_find(nj_session_account(session)->roster, address);
}

static void
on_prefs(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Ask *ask = data;
    const NjXml *prefs = error ? NULL : nj_xml_child(stanza, "prefs", NJ_NS_MAM);
    bool any = false;

    if (is_over(ask, error))
        return;

    for (guint i = 0; prefs && i < ask->count; i++) {
        Said *said = &ask->said[i];
        said->keeps = is_kept(session, prefs, said->to)
                      && !g_hash_table_contains(state_of(session)->futile, said->id);
        any |= said->keeps;
    }

    if (!any || !nj_session_server_has(session, NJ_NS_TIME)) {
        finish(ask);
        return;
    }

    NjXml *iq = nj_xml_iq("get", nj_session_domain(session), NULL);
    nj_xml_add_new(iq, "time", NJ_NS_TIME);
    ask_server(ask, iq, on_time);
}

static void
begin(Ask *ask)
{
    if (!nj_session_account_has(ask->session, NJ_NS_MAM)) {
        finish(ask);
        return;
    }
    NjXml *iq = nj_xml_iq("get", NULL, NULL);
    nj_xml_add_new(iq, "prefs", NJ_NS_MAM);
    ask_server(ask, iq, on_prefs);
}

static void
discovered(NjSession *session)
{
    const GPtrArray *asks = state_of(session)->asks;
    g_autoptr(GPtrArray) now = g_ptr_array_new_with_free_func(ask_unref);

    for (guint i = 0; i < asks->len; i++) {
        Ask *ask = asks->pdata[i];
        ask->refs++;
        g_ptr_array_add(now, ask);
    }

    for (guint i = 0; i < now->len; i++)
        if (!((Ask *) now->pdata[i])->over)
            begin(now->pdata[i]);
}

/* Finds recipient and time of the messages in the outbox. Messages to rooms and occupants, and
 * headlines, are left out: archives need not keep them. */
static void
find_rows(Ask *ask)
{
    g_autoptr(GHashTable) rows = g_hash_table_new(g_str_hash, g_str_equal);
    for (GList *item = nj_session_account(ask->session)->outbox->rows.head; item;
         item = item->next) {
        const NjOut *out = item->data;
        if (out->kind == NJ_CHAT_PERSON && out->message->origin_id
            && out->message->type != NJ_MESSAGE_HEADLINE)
            g_hash_table_insert(rows, out->message->origin_id, (void *) out);
    }

    for (guint i = 0; i < ask->count; i++) {
        const NjOut *out = g_hash_table_lookup(rows, ask->said[i].id);
        ask->said[i].to = out ? g_strdup(out->address) : NULL;
        ask->said[i].time_ms = out ? out->message->time : 0;
    }
}

void
nj_archive_ask(NjSession *session, const char *const *ids, gint64 since_ms, NjArchiveFunc done,
               void *data, const void *owner)
{
    Ask *ask = g_new0(Ask, 1);
    *ask = (Ask){ .refs = 1,
                  .session = session,
                  .since_ms = since_ms,
                  .reached_ms = G_MAXINT64,
                  .done = done,
                  .data = data,
                  .owner = owner };
    ask->count = g_strv_length((char **) ids);

    ask->said = g_new0(Said, ask->count + 1);
    ask->missing = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < ask->count; i++) {
        ask->said[i].id = g_strdup(ids[i]);
        g_hash_table_add(ask->missing, ask->said[i].id);
    }

    ask->key = nj_random_id();
    find_rows(ask);
    g_ptr_array_add(state_of(session)->asks, ask);
    nj_wait_begin(session, ask->key, PATIENCE, tell, ask, ask_over, owner);
    if (nj_session_discovered(session))
        begin(ask);
}

bool
nj_archive_asks(NjSession *session)
{
    return state_of(session)->asks->len > 0;
}

const NjModule nj_xep_0313 = {
    .spec = "XEP-0313",
    .name = N_("Message Archive Management"),
    .doap = { "partial", "asks whether the archive has the messages sent when a connection broke" },
    .handlers = { { NJ_KIND_MESSAGE, "result", NJ_NS_MAM, on_message } },
    .attach = attach,
    .detach = detach,
    .offline = offline,
    .resumed = renew,
    .discovered = discovered,
};
