/* XEP-0313: asks our account's archive whether it has messages that we sent in a session which
 * ended before they were acknowledged. A message that the archive lacks may be sent again, so LACKS
 * needs proof: the archive keeps all our messages to that person (XEP-0441), and it was read from
 * its newest message back to a time before we sent the message, by the server's clock. Without this
 * proof the answer is UNKNOWN.
 *
 * A session that has read the archive is ended afterwards, and a new one is started ("renewal").
 * Prosody 0.12 assumes that a session which queries the archive fetches all missed messages from it
 * (mam_requested in mod_smacks and mod_offline). If such a session breaks, Prosody does not resend
 * its unacknowledged messages to us. We do not fetch them, so they would be lost. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "model/outbox.h"

#define NS_RSM "http://jabber.org/protocol/rsm"
#define DEADLINE 20 /* seconds, for a question and for each of its requests */
#define CLOCK_TOLERANCE_MS (5 * 60 * 1000) /* difference of the two clocks */
#define PAGE_SIZE "100"                    /* messages */
#define MAX_PAGES 100
/* from the last answer to the renewal, so that messages which are sent again can be acknowledged */
#define RENEWAL_MS 1000

/* A message in question. */
typedef struct {
    char *id;       /* its origin-id */
    char *to;       /* the recipient; NULL: not known, so the answer cannot be LACKS */
    gint64 time_ms; /* when it was sent: by our clock, after on_time() by the server's */
    bool keeps;     /* the archive keeps all our messages to the recipient */
} Sent;

/* One call of nj_archive_ask(). It is a wait (xmpp/iq.h), during which one request after another is
 * sent: the archive's preferences, the server's time, then pages of the archive. */
typedef struct {
    guint refs; /* of the wait and of each open request */
    NjSession *session;
    Sent *sent; /* count of them */
    guint count;
    GHashTable *missing; /* set of ids that were not found in the archive so far */
    gint64 since_ms;     /* no message in question is older; same clock as time_ms */
    gint64 reached_ms;   /* the archive was read from its end back to this time */
    gint64 oldest_ms;    /* the oldest time on the current page */
    char *key;           /* the key of the wait, and the queryid of the requests */
    guint pages;         /* how many were requested */
    bool over;           /* done was called, or must not be called any more */
    bool complete;       /* the archive was read back to since_ms less the tolerance */
    NjArchiveFunc done;
    void *data;
    const void *owner;
} Question;

typedef struct {
    NjSession *session;
    GPtrArray *questions; /* of Question: the open ones */
    GHashTable *futile;   /* set of ids that were UNKNOWN: not looked for again in this run */
    bool read;            /* the archive was read in this session */
    GSource *renewal;     /* timer of the renewal */
} Archive;

static Archive *
state_of(NjSession *session)
{
    return nj_session_state(session, &nj_xep_0313);
}

static void *
attach_archive(NjSession *session)
{
    Archive *state = g_new0(Archive, 1);
    state->session = session;
    state->questions = g_ptr_array_new();
    state->futile = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return state;
}

static void
detach_archive(NjSession *session, void *data)
{
    Archive *state = data;
    (void) session;
    nj_clock_cancel(&state->renewal);
    g_ptr_array_unref(state->questions);
    g_hash_table_unref(state->futile);
    g_free(state);
}

/* --- renewing the session --- */

static gboolean
on_renewal(void *data)
{
    Archive *state = data;
    nj_clock_cancel(&state->renewal);
    if (state->read && !state->questions->len && nj_session_online(state->session)) {
        nj_session_disconnect(state->session);
        nj_session_connect(state->session);
    }
    return G_SOURCE_REMOVE;
}

/* Starts the timer if the archive was read and no question is open. */
static void
schedule_renewal(NjSession *session)
{
    Archive *state = state_of(session);
    if (state->read && !state->questions->len && !state->renewal)
        state->renewal = nj_clock_after(RENEWAL_MS, on_renewal, state);
}

static void
stop_archive(NjSession *session)
{
    Archive *state = state_of(session);
    state->read = false;
    nj_clock_cancel(&state->renewal);
}

/* --- a question --- */

static void
question_unref(void *data)
{
    Question *question = data;
    if (--question->refs > 0)
        return;

    g_hash_table_unref(question->missing);
    for (guint i = 0; i < question->count; i++) {
        g_free(question->sent[i].id);
        g_free(question->sent[i].to);
    }

    g_free(question->sent);
    g_free(question->key);
    g_free(question);
}

/* The wait has ended or was cancelled. */
static void
on_wait_over(void *data)
{
    Question *question = data;
    question->over = true;
    g_ptr_array_remove_fast(state_of(question->session)->questions, question);
    schedule_renewal(question->session);
    question_unref(question);
}

static NjArchiveAnswer
answer_for(const Question *question, const Sent *sent)
{
    if (!g_hash_table_contains(question->missing, sent->id))
        return NJ_ARCHIVE_HAS;

    bool was_passed =
        question->complete || question->reached_ms <= sent->time_ms - CLOCK_TOLERANCE_MS;
    return sent->keeps && was_passed ? NJ_ARCHIVE_LACKS : NJ_ARCHIVE_UNKNOWN;
}

/* The wait has ended: calls done with the answers. If the session has ended it is not called,
 * because the caller asks again in the next session. */
static void
report_answers(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Question *question = data;
    g_autofree NjArchiveAnswer *answers = g_new0(NjArchiveAnswer, question->count + 1);

    (void) stanza;
    question->over = true;
    if (error && error->code == NJ_IQ_ERROR_OFFLINE)
        return;

    for (guint i = 0; i < question->count; i++) {
        answers[i] = answer_for(question, &question->sent[i]);
        if (question->pages && answers[i] == NJ_ARCHIVE_UNKNOWN)
            g_hash_table_add(state_of(session)->futile, g_strdup(question->sent[i].id));
    }

    question->done(session, answers, question->data);
}

static void
end_question(Question *question)
{
    if (!question->over)
        nj_wait_end(question->session, question->key, NULL);
}

/* Must the response to a request be ignored? When the session ends, the wait and the open request
 * end in no fixed order, so question->over may not be set yet. */
static bool
is_over(const Question *question, const GError *error)
{
    return question->over || (error && error->code == NJ_IQ_ERROR_OFFLINE);
}

static void
ask_server(Question *question, NjXml *iq, NjIqFunc done)
{
    question->refs++;
    nj_iq_send_full(question->session, iq, DEADLINE, done, NULL, question, question_unref,
                    question->owner);
}

/* --- reading --- */

/* Removes the id of an archived message from question->missing, if we are its sender: another
 * sender could copy an id of ours. */
static void
note_result(Question *question, const NjXml *result)
{
    const NjXml *forwarded = nj_xml_child(result, "forwarded", NJ_NS_FORWARD);
    const NjXml *message = forwarded ? nj_xml_child(forwarded, "message", NJ_NS_CLIENT) : NULL;
    const NjXml *delay = forwarded ? nj_xml_child(forwarded, "delay", NJ_NS_DELAY) : NULL;
    const char *stamp = delay ? nj_xml_attr(delay, "stamp") : NULL;
    const char *author = message ? nj_xml_attr(message, "from") : NULL;
    gint64 time;

    if (stamp && nj_clock_parse(stamp, &time))
        question->oldest_ms = MIN(question->oldest_ms, time);
    if (!author || !nj_account_is_own(nj_session_account(question->session), author))
        return;

    const NjXml *origin = nj_xml_child(message, "origin-id", NJ_NS_SID);
    const char *ids[] = { origin ? nj_xml_attr(origin, "id") : NULL, nj_xml_attr(message, "id") };
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
        if (ids[i])
            g_hash_table_remove(question->missing, ids[i]);
}

static bool
on_message(NjSession *session, NjXml *stanza, NjXml *result)
{
    NjAccount *account = nj_session_account(session);
    const GPtrArray *questions = state_of(session)->questions;
    const char *from = nj_xml_attr(stanza, "from"), *query = nj_xml_attr(result, "queryid");

    /* 8.1: "A client MUST verify the source of MAM query results against an open query". */
    if (query && (!from || strcmp(from, account->bare) == 0))
        for (guint i = 0; i < questions->len; i++)
            if (strcmp(((const Question *) questions->pdata[i])->key, query) == 0)
                note_result(questions->pdata[i], result);

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

/* Requests a page: the one before the archive id `before`, or the newest one if it is NULL. Reading
 * starts at the newest page because the messages in question are seldom old. */
static void
ask_page(Question *question, const char *before)
{
    g_autofree char *start = nj_clock_format(MAX(question->since_ms - CLOCK_TOLERANCE_MS, 0));
    NjXml *iq = nj_xml_iq("set", NULL, NULL);
    NjXml *query = nj_xml_add_new(iq, "query", NJ_NS_MAM);

    nj_xml_set(query, "queryid", question->key);
    NjXml *form = nj_xml_add_new(query, "x", NJ_NS_DATA);
    nj_xml_set(form, "type", "submit");
    add_field(form, "FORM_TYPE", NJ_NS_MAM);
    add_field(form, "start", start);

    NjXml *set = nj_xml_add_new(query, "set", NS_RSM);
    nj_xml_add_with_text(set, "max", NS_RSM, PAGE_SIZE);
    if (before)
        nj_xml_add_with_text(set, "before", NS_RSM, before);
    else
        nj_xml_add_new(set, "before", NS_RSM);

    question->oldest_ms = G_MAXINT64;
    question->pages++;
    state_of(question->session)->read = true;
    ask_server(question, iq, on_page);
}

/* Returns true if reading further pages could not change any answer. */
static bool
knows_all(const Question *question)
{
    for (guint i = 0; i < question->count; i++)
        if (question->sent[i].keeps
            && answer_for(question, &question->sent[i]) == NJ_ARCHIVE_UNKNOWN)
            return false;
    return true;
}

static void
on_page(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Question *question = data;
    const NjXml *fin = error ? NULL : nj_xml_child(stanza, "fin", NJ_NS_MAM);
    const NjXml *set = fin ? nj_xml_child(fin, "set", NS_RSM) : NULL;
    const char *complete = fin ? nj_xml_attr(fin, "complete") : NULL;
    g_autofree char *first = set ? nj_xml_child_text(set, "first", NS_RSM) : NULL;

    (void) session;
    if (is_over(question, error))
        return;

    if (fin)
        question->reached_ms = MIN(question->reached_ms, question->oldest_ms);
    question->complete = g_strcmp0(complete, "true") == 0 || g_strcmp0(complete, "1") == 0;
    bool has_more = first && *first;
    bool must_read = has_more && question->pages < MAX_PAGES && !knows_all(question);
    if (must_read)
        ask_page(question, first);
    else
        end_question(question);
}

/* --- before reading --- */

/* XEP-0202: times in an archive come from the server's clock. If that clock is behind ours, the
 * times of the messages in question are moved back by the difference. If it is ahead they are not
 * moved, because our clock may have been ahead, too, when a message was sent. */
static void
on_time(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Question *question = data;
    const NjXml *time = error ? NULL : nj_xml_child(stanza, "time", NJ_NS_TIME);
    g_autofree char *utc = time ? nj_xml_child_text(time, "utc", NJ_NS_TIME) : NULL;
    gint64 there;

    (void) session;
    if (is_over(question, error))
        return;

    if (!utc || !nj_clock_parse(utc, &there)) {
        end_question(question);
        return;
    }

    gint64 behind = MIN(there - nj_clock_wall_ms(), 0);
    question->since_ms += behind;
    for (guint i = 0; i < question->count; i++)
        question->sent[i].time_ms += behind;

    ask_page(question, NULL);
}

/* Is the address or its domain in this list of preferences? list may be NULL. */
static bool
list_contains(const NjXml *list, const char *address)
{
    for (NjXml *item = list ? nj_xml_first(list) : NULL; item; item = nj_xml_next(item)) {
        g_autofree char *text = nj_xml_text(item);
        g_autofree char *domain = nj_jid_domain(address);
        if (!text || !nj_jid_valid(text))
            continue;
        if (nj_jid_same_bare(text, address) || strcmp(text, domain) == 0)
            return true;
    }
    return false;
}

/* Does the archive keep all messages to this address? XEP-0441 section 2: the lists "always" and
 * "never" overrule the default. */
static bool
is_kept(NjSession *session, const NjXml *prefs, const char *address)
{
    const char *rule = nj_xml_attr(prefs, "default");
    if (!address || list_contains(nj_xml_child(prefs, "never", NJ_NS_MAM), address))
        return false;
    if (list_contains(nj_xml_child(prefs, "always", NJ_NS_MAM), address)
        || g_strcmp0(rule, "always") == 0)
        return true;
    return g_strcmp0(rule, "roster") == 0
           && nj_roster_find(nj_session_account(session)->roster, address);
}

static void
on_prefs(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Question *question = data;
    const NjXml *prefs = error ? NULL : nj_xml_child(stanza, "prefs", NJ_NS_MAM);
    bool is_any_kept = false;

    if (is_over(question, error))
        return;

    for (guint i = 0; prefs && i < question->count; i++) {
        Sent *sent = &question->sent[i];
        sent->keeps = is_kept(session, prefs, sent->to)
                      && !g_hash_table_contains(state_of(session)->futile, sent->id);
        is_any_kept |= sent->keeps;
    }

    if (!is_any_kept || !nj_session_server_has(session, NJ_NS_TIME)) {
        end_question(question);
        return;
    }

    NjXml *iq = nj_xml_iq("get", nj_session_domain(session), NULL);
    nj_xml_add_new(iq, "time", NJ_NS_TIME);
    ask_server(question, iq, on_time);
}

static void
begin_question(Question *question)
{
    if (!nj_session_account_has(question->session, NJ_NS_MAM)) {
        end_question(question);
        return;
    }
    NjXml *iq = nj_xml_iq("get", NULL, NULL);
    nj_xml_add_new(iq, "prefs", NJ_NS_MAM);
    ask_server(question, iq, on_prefs);
}

/* Our server and account have announced their features: the open questions can begin. */
static void
begin_questions(NjSession *session)
{
    const GPtrArray *questions = state_of(session)->questions;
    /* a copy, because a question that ends at once leaves the list */
    g_autoptr(GPtrArray) copy = g_ptr_array_new_with_free_func(question_unref);

    for (guint i = 0; i < questions->len; i++) {
        Question *question = questions->pdata[i];
        question->refs++;
        g_ptr_array_add(copy, question);
    }

    for (guint i = 0; i < copy->len; i++)
        if (!((Question *) copy->pdata[i])->over)
            begin_question(copy->pdata[i]);
}

/* Sets recipient and time from the outbox. Messages to rooms and occupants, and headlines, get no
 * recipient, because an archive need not keep them. */
static void
find_recipients(Question *question)
{
    g_autoptr(GHashTable) rows = g_hash_table_new(g_str_hash, g_str_equal);
    for (GList *item = nj_session_account(question->session)->outbox->rows.head; item;
         item = item->next) {
        const NjOut *out = item->data;
        if (out->kind == NJ_CHAT_PERSON && out->message->origin_id
            && out->message->type != NJ_MESSAGE_HEADLINE)
            g_hash_table_insert(rows, out->message->origin_id, (void *) out);
    }

    for (guint i = 0; i < question->count; i++) {
        const NjOut *out = g_hash_table_lookup(rows, question->sent[i].id);
        question->sent[i].to = out ? g_strdup(out->address) : NULL;
        question->sent[i].time_ms = out ? out->message->time : 0;
    }
}

void
nj_archive_ask(NjSession *session, const char *const *ids, gint64 since_ms, NjArchiveFunc done,
               void *data, const void *owner)
{
    Question *question = g_new0(Question, 1);
    *question = (Question){ .refs = 1,
                            .session = session,
                            .since_ms = since_ms,
                            .reached_ms = G_MAXINT64,
                            .done = done,
                            .data = data,
                            .owner = owner };
    question->count = g_strv_length((char **) ids);

    question->sent = g_new0(Sent, question->count + 1);
    question->missing = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < question->count; i++) {
        question->sent[i].id = g_strdup(ids[i]);
        g_hash_table_add(question->missing, question->sent[i].id);
    }

    question->key = nj_random_id();
    find_recipients(question);
    g_ptr_array_add(state_of(session)->questions, question);
    nj_wait_begin(session, question->key, DEADLINE, report_answers, question, on_wait_over, owner);
    if (nj_session_discovered(session))
        begin_question(question);
}

bool
nj_archive_asks(NjSession *session)
{
    return state_of(session)->questions->len > 0;
}

const NjModule nj_xep_0313 = {
    .spec = "XEP-0313",
    .name = N_("Message Archive Management"),
    .doap = { "partial", "asks whether the archive has the messages sent when a connection broke" },
    .handlers = { { NJ_KIND_MESSAGE, "result", NJ_NS_MAM, on_message } },
    .attach = attach_archive,
    .detach = detach_archive,
    .offline = stop_archive,
    .resumed = schedule_renewal,
    .discovered = begin_questions,
};
