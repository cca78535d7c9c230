/* Stream management (XEP-0198). Sequence numbers and counts have 32 bits and wrap around, so they
 * are compared by their signed difference.
 *
 * Our stanzas: nj_sm_send() gives each stanza the next sequence number, and writes it at once if it
 * need not wait. The stanza is then in one of two queues, which are in the order of the numbers:
 *
 * `unwritten`: not written to the connection yet. A message waits here until the store has
 * committed its sequence number; the stanzas behind it wait with it. Stanzas also wait here while
 * the connection is broken and the session can be resumed, and while nj_sm_on_resumed() reports the
 * states of earlier messages (`settling`). For stanzas that a hook sends during
 * nj_sm_begin_session() see nj_sm_is_settling().
 *
 * `unacked`: written, but not acknowledged by the server. After resumption the stanzas that the
 * server still lacks are written again, with the same numbers.
 *
 * A server without XEP-0198 does not count. Then only messages go through `unacked`, and the
 * response to a ping acknowledges them (request_ack_or_ping()).
 *
 * A message that an earlier run of the program sent is in neither queue. Its row in the outbox has
 * its sequence number (NjOut.number), which is why that number is committed before the message is
 * written: a new run resumes the session, compares the number with the server's count, and so knows
 * whether the server has the message.
 *
 * When a session ends, each of its messages is settled, so that none is lost or sent twice without
 * notice. A written message is acknowledged or unsent if the server reports its count at the end
 * (<failed/> with "h"), else unsure. An unwritten message is unsent. Of an earlier run only the
 * numbers are known, not which messages were written: without a count all of them are unsure.
 *
 * The server's stanzas: `received` counts the stanzas that were processed or dropped. <a/> reports
 * only the count that is committed, because the server forgets a stanza when it is acknowledged.
 * After resumption the server sends again all stanzas behind our last committed count; the ones
 * that this run has processed before are skipped. */
#include "xmpp/sm.h"

#include <string.h>

#include "model/client.h"
#include "model/outbox.h"
#include "xmpp/login.h"

/* While a message is unacknowledged, an acknowledgement is requested at once. For other stanzas it
 * is requested when so many are unacknowledged; for fewer, by the keep-alive (session-alive.c).
 * After resumption it is requested for any unacknowledged stanza, and session.c requests it when
 * the session is to be closed. */
#define MAX_UNREQUESTED 20
#define MAX_SESSION_ID 4096 /* bytes */

typedef struct {
    guint32 number; /* sequence number */
    NjXml *xml;
    gint64 row; /* id of the message in the outbox; 0: not a message, or forgotten */
    /* The commit that must be done before the stanza is written (see commits_done): of a message
     * the one of its number, or resume_commit, which is later, if it was sent during
     * adopt_session(); of another stanza resume_commit if that is not done yet. 0: none; also for a
     * message without a store. */
    guint64 commit;
} Stanza;

struct NjSm {
    NjAccount *account;
    const NjSmHooks *hooks;
    void *owner;
    bool stopped;   /* nj_sm_stop() was called: the store must not be used any more */
    bool connected; /* the session has a connection whose stream is open */
    bool settling;  /* see nj_sm_is_settling() */

    /* <enable/> was sent and not refused, or the session was resumed: the server counts */
    bool enable_sent;
    /* <enabled/> was received, or the session was resumed: received stanzas are counted */
    bool enabled;

    char *id, *jid; /* of the session that can be resumed: its id and full address; else NULL */
    /* This NjSm began the session that can be resumed, or has resumed it, so its stanzas are in the
     * queues. False: it was loaded from the store, and the only trace of its stanzas are the
     * numbers in outbox rows; or no session has begun that can be resumed. It stays true after
     * forget_session(), until the next session begins. */
    bool is_from_this_run;

    guint32 last_number;  /* the sequence number given last */
    guint32 acknowledged; /* the highest sequence number that the server has acknowledged */
    guint32 received;     /* stanzas of the server that were processed or dropped */
    /* How many of these are committed, in a session that cannot be resumed; for one that can, the
     * store has this count (see committed_count()). The owner of the store calls of
     * on_content_committed() is the address of this field, not sm: a new session cancels these
     * calls, but not those of request_commit(). */
    guint32 received_committed;
    guint32 to_skip; /* stanzas that the server is sending again although they were processed */

    GQueue unwritten, unacked; /* of Stanza */
    guint unacked_messages;    /* how many of unacked are messages */

    /* request_commit() numbers the commits that it requests from 1. Commit N is done when
     * commits_done is N or more, because commits finish in the order of their requests. */
    guint64 commits_requested, commits_done;
    guint64 resume_commit; /* no stanza is written before this commit; see adopt_session() */

    bool ack_requested; /* an <r/>, or a ping instead of it, has no answer yet */
    /* The sequence number written last before that request: a pong acknowledges up to it, and an
     * <a/> without progress is recognised by it (handle_ack()). */
    guint32 ack_requested_after;
    bool ack_pending; /* an <a/> waits for the commit of the received stanzas */
};

/* Returns the store, or NULL when the account's history is not open or nj_sm_stop() was called. */
static NjStore *
get_store(const NjSm *sm)
{
    return sm->account->row && !sm->stopped ? sm->account->client->store : NULL;
}

static void
free_stanza(void *data)
{
    Stanza *stanza = data;
    nj_xml_free(stanza->xml);
    g_free(stanza);
}

NjSm *
nj_sm_new(NjAccount *account, const NjSmHooks *hooks, void *owner)
{
    NjSm *sm = g_new0(NjSm, 1);
    sm->account = account;
    sm->hooks = hooks;
    sm->owner = owner;
    g_queue_init(&sm->unacked);
    g_queue_init(&sm->unwritten);
    return sm;
}

void
nj_sm_stop(NjSm *sm)
{
    NjStore *store = get_store(sm);
    sm->connected = false;
    sm->stopped = true;
    if (!store)
        return;
    nj_store_cancel_calls(store, sm);
    nj_store_cancel_calls(store, &sm->received_committed);
}

void
nj_sm_free(NjSm *sm)
{
    if (!sm)
        return;
    g_queue_clear_full(&sm->unacked, free_stanza);
    g_queue_clear_full(&sm->unwritten, free_stanza);
    g_free(sm->id);
    g_free(sm->jid);
    g_free(sm);
}

const char *
nj_sm_jid(const NjSm *sm)
{
    return sm->jid;
}

bool
nj_sm_is_settling(const NjSm *sm)
{
    return sm->settling;
}

bool
nj_sm_can_resume(const NjSm *sm)
{
    return sm->id;
}

/* --- sending --- */

/* Writes xml to the connection and takes it. Returns false when the stream is over; the connection
 * may report that to the session only later. */
static bool
write_element(NjSm *sm, NjXml *xml)
{
    if (!sm->connected) {
        nj_xml_free(xml);
        return false;
    }
    sm->connected = sm->hooks->write(xml, sm->owner);
    return sm->connected;
}

/* Returns the sequence number of the stanza that was written last, the one before that of the first
 * unwritten stanza. */
static guint32
last_written_number(const NjSm *sm)
{
    const Stanza *unwritten = g_queue_peek_head((GQueue *) &sm->unwritten);
    return unwritten ? unwritten->number - 1 : sm->last_number;
}

bool
nj_sm_request_ack(NjSm *sm)
{
    if (!sm->enable_sent)
        return false;

    if (!sm->ack_requested) {
        sm->ack_requested = true;
        sm->ack_requested_after = last_written_number(sm);
        if (write_element(sm, nj_xml_new("r", NJ_NS_SM)))
            sm->hooks->on_answer_expected(sm->owner);
    }

    return true;
}

/* Requests an acknowledgement with <r/>, or with a ping if the server does not count: the server
 * reads in order, so its response to a ping acknowledges all stanzas before the ping. Does nothing
 * without a connection: the hook that was called before may have ended it. */
static void
request_ack_or_ping(NjSm *sm)
{
    if (!sm->connected || nj_sm_request_ack(sm) || sm->ack_requested)
        return;

    const Stanza *last = g_queue_peek_tail(&sm->unacked);
    if (!last)
        return;

    sm->ack_requested = true;
    sm->ack_requested_after = last->number;
    sm->hooks->send_ping(sm->owner);
    sm->hooks->on_answer_expected(sm->owner);
}

/* Writes stanza, which is in no queue, and appends it to `unacked`. If the server does not count, a
 * stanza that is not a message is freed instead. Returns false when the stream is over; the caller
 * keeps stanza then. */
static bool
write_stanza(NjSm *sm, Stanza *stanza)
{
    gint64 row = stanza->row;
    if (!write_element(sm, nj_xml_ref(stanza->xml)))
        return false;

    if (!sm->enable_sent && !row) {
        free_stanza(stanza);
        return true;
    }

    g_queue_push_tail(&sm->unacked, stanza);
    sm->unacked_messages += row != 0;
    if (row)
        sm->hooks->on_written(row, sm->owner);
    if (sm->unacked_messages || sm->unacked.length >= MAX_UNREQUESTED)
        request_ack_or_ping(sm);

    return true;
}

/* Returns the first unwritten stanza if it may be written now, else NULL. */
static Stanza *
peek_writable(NjSm *sm)
{
    Stanza *first = g_queue_peek_head(&sm->unwritten);
    if (!first || !sm->connected || sm->settling)
        return NULL;
    return first->commit <= sm->commits_done ? first : NULL;
}

/* Writes the unwritten stanzas up to the first one that waits for a commit. */
static void
write_committed(NjSm *sm)
{
    Stanza *stanza;
    while ((stanza = peek_writable(sm))) {
        g_queue_pop_head(&sm->unwritten);
        if (!write_stanza(sm, stanza)) {
            g_queue_push_head(&sm->unwritten, stanza);
            return;
        }
    }
}

static void
on_committed(void *data)
{
    NjSm *sm = data;
    sm->commits_done++;
    write_committed(sm);
}

/* Makes the store call on_committed() when all changes made so far are committed. Returns the
 * number of this commit, for Stanza.commit. */
static guint64
request_commit(NjSm *sm)
{
    nj_store_call_when_committed(get_store(sm), on_committed, sm, sm);
    return ++sm->commits_requested;
}

bool
nj_sm_send(NjSm *sm, NjXml *xml, gint64 row)
{
    NjStore *store = get_store(sm);
    Stanza *stanza = g_new0(Stanza, 1);

    stanza->number = ++sm->last_number;
    stanza->xml = xml;
    stanza->row = row;

    if (row && store) {
        nj_store_set_stanza_number(store, row, true, stanza->number);
        stanza->commit = request_commit(sm);
    } else if (sm->commits_done < sm->resume_commit) {
        stanza->commit = sm->resume_commit;
    }

    bool waits = stanza->commit || sm->settling || !g_queue_is_empty(&sm->unwritten);
    if (!waits && write_stanza(sm, stanza))
        return true;

    bool has_session = sm->connected || sm->id;
    if (!row && !has_session) {
        sm->last_number--;
        free_stanza(stanza);
        return false;
    }

    g_queue_push_tail(&sm->unwritten, stanza);
    return true;
}

/* Sets Stanza.row to 0 in the stanzas of this message. Returns their number. */
static guint
clear_row(GQueue *stanzas, gint64 row)
{
    guint count = 0;
    for (GList *item = stanzas->head; item; item = item->next) {
        Stanza *stanza = item->data;
        if (stanza->row != row)
            continue;
        stanza->row = 0;
        count++;
    }
    return count;
}

void
nj_sm_forget_row(NjSm *sm, gint64 row)
{
    sm->unacked_messages -= clear_row(&sm->unacked, row);
    clear_row(&sm->unwritten, row);
}

/* --- acknowledgements of the server --- */

/* Returns true when the server's count includes the stanza with this sequence number. */
static bool
is_covered(guint32 number, guint32 count)
{
    return (gint32) (number - count) <= 0;
}

/* Removes the stanzas that count includes from `unacked`, and reports their messages. */
static void
acknowledge_up_to(NjSm *sm, guint32 count)
{
    Stanza *stanza;
    while ((stanza = g_queue_peek_head(&sm->unacked)) && is_covered(stanza->number, count)) {
        gint64 row = stanza->row;
        g_queue_pop_head(&sm->unacked);
        free_stanza(stanza);
        sm->unacked_messages -= row != 0;
        if (row)
            sm->hooks->on_acknowledged(row, sm->owner);
    }

    sm->acknowledged = count;
}

/* Reads the attribute "h". Returns false when it is missing or not a number of 32 bits. */
static bool
read_count(const NjXml *element, guint32 *count)
{
    gint64 value;
    if (!nj_xml_int(element, "h", 0, G_MAXUINT32, &value))
        return false;
    *count = (guint32) value;
    return true;
}

/* Returns false when count is less than what the server has acknowledged before, or more than was
 * written. Call it only for a session of this run: of an earlier run it is not known how many
 * stanzas were written. */
static bool
is_possible_count(const NjSm *sm, guint32 count)
{
    gint32 newly_acknowledged = (gint32) (count - sm->acknowledged);
    gint32 still_unacknowledged = (gint32) (last_written_number(sm) - count);
    return newly_acknowledged >= 0 && still_unacknowledged >= 0;
}

/* Forgets the id of the session, also in the store: it is not resumed. The queues stay. */
static void
forget_session(NjSm *sm)
{
    NjStore *store = get_store(sm);
    if (store && sm->id)
        nj_store_set_stream(store, sm->account->row, NULL);
    g_clear_pointer(&sm->id, g_free);
    g_clear_pointer(&sm->jid, g_free);
}

/* Ends the session because the server sent a missing, unreadable or impossible count, or resumed
 * another session: it is unknown which stanzas it has. The written messages become unsure. Those in
 * the queue do so at once, because on_protocol_error ends the connection and so calls
 * nj_sm_suspend(); those of an earlier run when the next session begins. */
static void
abandon_session(NjSm *sm)
{
    forget_session(sm);
    sm->hooks->on_protocol_error(
        _("The server sent an impossible acknowledgement, so Natterjack connects again; tell the "
          "server's administrator if this happens again."),
        sm->owner);
}

static void
handle_ack(NjSm *sm, const NjXml *element)
{
    guint32 count;
    if (!sm->enable_sent)
        return;

    if (!read_count(element, &count) || !is_possible_count(sm, count)) {
        abandon_session(sm);
        return;
    }

    /* A slow server may repeat its last count. If no stanza was written after the request either,
     * an immediate new request would make both sides exchange <r/> and <a/> without a pause. The
     * keep-alive requests again later. */
    bool is_progress =
        count != sm->acknowledged || sm->ack_requested_after != last_written_number(sm);
    sm->ack_requested = false;
    acknowledge_up_to(sm, count);
    if (sm->unacked_messages && is_progress)
        request_ack_or_ping(sm);
}

void
nj_sm_on_pong(NjSm *sm)
{
    if (sm->enable_sent || !sm->ack_requested)
        return;
    sm->ack_requested = false;
    acknowledge_up_to(sm, sm->ack_requested_after);
    request_ack_or_ping(sm);
}

/* --- acknowledgements to the server --- */

/* Returns how many of the server's stanzas may be acknowledged: those whose content is committed.
 * Without a store no content is kept, so `received` may be acknowledged at once. */
static guint32
committed_count(const NjSm *sm)
{
    NjStore *store = get_store(sm);
    if (!store)
        return sm->received;
    return sm->id ? nj_store_committed_count(store, sm->account->row) : sm->received_committed;
}

static void
set_h(NjXml *element, guint32 count)
{
    char text[16];
    g_snprintf(text, sizeof text, "%" G_GUINT32_FORMAT, count);
    nj_xml_set(element, "h", text);
}

static void
send_ack(NjSm *sm)
{
    NjXml *ack = nj_xml_new("a", NJ_NS_SM);
    set_h(ack, committed_count(sm));
    write_element(sm, ack);
}

static void
on_received_committed(void *data)
{
    NjSm *sm = data;
    if (!sm->ack_pending)
        return;
    sm->ack_pending = false;
    if (sm->enabled)
        send_ack(sm);
}

/* Answers <r/> with <a/> when all stanzas before it are committed. A request that arrives until
 * then gets no <a/> of its own; the count may lack the stanzas between the two requests. */
static void
handle_ack_request(NjSm *sm)
{
    NjStore *store = get_store(sm);
    if (!sm->enabled || sm->ack_pending)
        return;

    if (!store || committed_count(sm) == sm->received) {
        send_ack(sm);
        return;
    }

    sm->ack_pending = true;
    nj_store_call_when_committed(store, on_received_committed, sm, sm);
}

bool
nj_sm_is_skipping(const NjSm *sm)
{
    return sm->to_skip > 0;
}

static void
on_content_committed(void *data)
{
    NjSm *sm = data;
    sm->received_committed++;
}

void
nj_sm_count_received(NjSm *sm)
{
    if (!sm->enabled)
        return;

    if (sm->to_skip) {
        sm->to_skip--;
        return;
    }

    sm->received++;
    if (!get_store(sm))
        return;

    if (sm->id)
        nj_store_set_received_count(get_store(sm), sm->account->row, sm->received);
    else
        nj_store_call_when_committed(get_store(sm), on_content_committed, sm,
                                     &sm->received_committed);
}

/* --- <enabled/> and <failed/> --- */

static bool
is_true(const char *value)
{
    return g_strcmp0(value, "true") == 0 || g_strcmp0(value, "1") == 0;
}

static bool
is_session_id(const char *id)
{
    return id && *id && strlen(id) <= MAX_SESSION_ID;
}

static void
handle_enabled(NjSm *sm, const NjXml *element)
{
    const char *id = nj_xml_attr(element, "id");
    NjStore *store = get_store(sm);

    if (!sm->enable_sent || sm->enabled)
        return;

    sm->enabled = true;
    sm->received = 0;
    if (!is_session_id(id) || !is_true(nj_xml_attr(element, "resume")))
        return;

    sm->id = g_strdup(id);
    sm->jid = g_strdup(sm->account->jid);
    sm->is_from_this_run = true;

    if (store) {
        const NjStoredStream stream = { .id = sm->id, .jid = sm->jid };
        nj_store_set_stream(store, sm->account->row, &stream);
    }
}

/* Handles <failed/> as the answer to <enable/>: the server has not counted the stanzas that were
 * written since <enable/>, so pings must acknowledge the messages among them. Other stanzas stay in
 * `unacked` until a pong. */
static void
handle_enable_failed(NjSm *sm)
{
    if (!sm->enable_sent || sm->enabled)
        return;
    sm->enable_sent = sm->ack_requested = false;
    if (sm->unacked_messages)
        request_ack_or_ping(sm);
}

bool
nj_sm_handle(NjSm *sm, const NjXml *element)
{
    if (g_strcmp0(nj_xml_ns(element), NJ_NS_SM) != 0)
        return false;

    const char *name = nj_xml_name(element);
    if (strcmp(name, "r") == 0)
        handle_ack_request(sm);
    else if (strcmp(name, "a") == 0)
        handle_ack(sm, element);
    else if (strcmp(name, "enabled") == 0)
        handle_enabled(sm, element);
    else if (strcmp(name, "failed") == 0)
        handle_enable_failed(sm);

    return true;
}

/* --- settling the messages of a session that cannot be continued --- */

/* Reports the state of a message with this sequence number. count is the one that the server
 * reported in <resumed/> or <failed/>, or NULL if it reported none. */
static void
settle_message(NjSm *sm, gint64 row, guint32 number, const guint32 *count)
{
    if (!count)
        sm->hooks->on_unsure(row, sm->owner);
    else if (is_covered(number, *count))
        sm->hooks->on_acknowledged(row, sm->owner);
    else
        sm->hooks->on_unsent(row, sm->owner);
}

/* Empties the queues and settles their messages. count may be NULL. */
static void
settle_queues(NjSm *sm, const guint32 *count)
{
    Stanza *stanza;
    while ((stanza = g_queue_pop_head(&sm->unacked))) {
        gint64 row = stanza->row;
        guint32 number = stanza->number;
        free_stanza(stanza);
        if (row)
            settle_message(sm, row, number, count);
    }

    sm->unacked_messages = 0;
    while ((stanza = g_queue_pop_head(&sm->unwritten))) {
        gint64 row = stanza->row;
        free_stanza(stanza);
        if (row)
            sm->hooks->on_unsent(row, sm->owner);
    }
}

typedef struct {
    gint64 row;
    guint32 number;
} Numbered;

/* Settles the messages of an earlier run, by the numbers in their outbox rows; count may be NULL.
 * The rows are copied first: a hook may send a message, whose new row belongs to this run. */
static void
settle_stored_rows(NjSm *sm, const guint32 *count)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Numbered));
    for (GList *item = sm->account->outbox->rows.head; item; item = item->next) {
        const NjOut *out = item->data;
        Numbered numbered = { out->message->id, out->number };
        if (out->numbered)
            g_array_append_val(rows, numbered);
    }

    for (guint i = 0; i < rows->len; i++) {
        const Numbered *numbered = &g_array_index(rows, Numbered, i);
        settle_message(sm, numbered->row, numbered->number, count);
    }
}

/* Ends a session that cannot be resumed and whose last count the server did not report. */
static void
give_up_session(NjSm *sm)
{
    settle_queues(sm, NULL);
    forget_session(sm);
    sm->connected = false;
}

void
nj_sm_suspend(NjSm *sm)
{
    sm->connected = sm->ack_requested = sm->ack_pending = false;
    sm->to_skip = 0;
    if (!sm->id)
        give_up_session(sm);
}

void
nj_sm_begin_session(NjSm *sm, const NjXml *features)
{
    sm->settling = true;
    give_up_session(sm);
    sm->enabled = sm->ack_requested = sm->ack_pending = sm->is_from_this_run = false;
    sm->last_number = sm->acknowledged = 0;
    sm->received = sm->received_committed = sm->to_skip = 0;

    /* A row that still has a number got it in the session of an earlier run, which has ended. */
    settle_stored_rows(sm, NULL);
    sm->settling = false;
    sm->connected = true;
    if (get_store(sm))
        nj_store_cancel_calls(get_store(sm), &sm->received_committed);

    sm->enable_sent = features && nj_xml_child(features, "sm", NJ_NS_SM);
    if (!sm->enable_sent)
        return;

    NjXml *enable = nj_xml_new("enable", NJ_NS_SM);
    nj_xml_set(enable, "resume", "true");
    write_element(sm, enable);
}

/* --- resumption --- */

/* Loads the session that the store has for the account, if this NjSm has none yet: the session of
 * an earlier run, or of this run when the account was removed and added again. Its stanzas that are
 * not messages are lost. */
static void
load_stored_session(NjSm *sm)
{
    NjStore *store = get_store(sm);
    NjStoredStream stream;
    if (sm->id || sm->is_from_this_run)
        return;
    if (!store || !nj_store_find_stream(store, sm->account->row, &stream))
        return;

    sm->id = g_strdup(stream.id);
    sm->jid = g_strdup(stream.jid);
    sm->received = stream.received;
    nj_stored_stream_clear(&stream);
}

NjXml *
nj_sm_build_resume(NjSm *sm, const NjXml *features)
{
    load_stored_session(sm);
    if (!sm->id || !features || !nj_xml_child(features, "sm", NJ_NS_SM))
        return NULL;

    guint32 committed = committed_count(sm);
    NjXml *resume = nj_xml_new("resume", NJ_NS_SM);
    set_h(resume, committed);
    nj_xml_set(resume, "previd", sm->id);

    /* The server sends all stanzas behind this count again. This run has already processed those
     * that are received but not committed. */
    sm->to_skip = sm->received - committed;
    return resume;
}

/* Writes the unacknowledged stanzas again, in their order and with their numbers, and requests an
 * acknowledgement for them; then writes the unwritten ones. */
static void
resend_unacked(NjSm *sm)
{
    for (GList *item = sm->unacked.head; item && sm->connected; item = item->next) {
        const Stanza *stanza = item->data;
        write_element(sm, nj_xml_ref(stanza->xml));
    }
    if (sm->unacked.length)
        request_ack_or_ping(sm);
    write_committed(sm);
}

/* Continues the session of an earlier run, after the server has resumed it; count is the server's.
 * Messages that the server does not have are reported as unsent, and on_unsent removes their
 * numbers from the store. `unwritten` has only the stanzas that hooks sent meanwhile: before, an
 * NjSm with a session of an earlier run gets no stanzas (nj_session_is_established()). Their
 * numbers begin at count + 1, so they are given a second time. Therefore no stanza is written
 * before that removal is committed: if the program were killed in between, the next run would find
 * the old numbers, and the server's count of the new stanzas would acknowledge messages that the
 * server does not have. */
static void
adopt_session(NjSm *sm, guint32 count)
{
    sm->is_from_this_run = true;
    sm->last_number = sm->acknowledged = count;
    sm->settling = true;
    settle_stored_rows(sm, &count);
    sm->settling = false;

    if (get_store(sm))
        sm->resume_commit = request_commit(sm);
    for (GList *item = sm->unwritten.head; item; item = item->next)
        ((Stanza *) item->data)->commit = sm->resume_commit;

    write_committed(sm);
}

bool
nj_sm_on_resumed(NjSm *sm, const NjXml *resumed)
{
    guint32 count;
    sm->connected = sm->enable_sent = sm->enabled = true;

    bool is_valid =
        g_strcmp0(nj_xml_attr(resumed, "previd"), sm->id) == 0 && read_count(resumed, &count);
    if (!is_valid || (sm->is_from_this_run && !is_possible_count(sm, count))) {
        abandon_session(sm);
        return false;
    }

    if (!sm->is_from_this_run) {
        adopt_session(sm, count);
        return true;
    }

    sm->settling = true;
    acknowledge_up_to(sm, count);
    sm->settling = false;
    resend_unacked(sm);
    return true;
}

void
nj_sm_on_resume_failed(NjSm *sm, const NjXml *failed)
{
    guint32 count;
    bool is_known =
        read_count(failed, &count) && (!sm->is_from_this_run || is_possible_count(sm, count));
    if (sm->is_from_this_run)
        settle_queues(sm, is_known ? &count : NULL);
    else
        settle_stored_rows(sm, is_known ? &count : NULL);
    forget_session(sm);
    sm->to_skip = 0;
}

/* --- closing the session --- */

void
nj_sm_close_session(NjSm *sm)
{
    if (sm->connected && sm->enabled)
        send_ack(sm);
    sm->enabled = false;
    forget_session(sm);
}

bool
nj_sm_all_acknowledged(const NjSm *sm)
{
    if (sm->unwritten.length || sm->unacked_messages)
        return false;
    return !sm->enable_sent || sm->acknowledged == sm->last_number;
}

bool
nj_sm_all_settled(const NjSm *sm)
{
    return nj_sm_all_acknowledged(sm) && committed_count(sm) == sm->received;
}

/* --- a store that cannot commit --- */

/* Commits finish in the order of their requests, so messages whose number is committed stand before
 * all others in the queue and keep their numbers. The stanzas behind the removed messages are
 * renumbered without gaps, because the server counts what arrives; it has not seen their old
 * numbers. */
void
nj_sm_on_store_failure(NjSm *sm)
{
    g_autoptr(GPtrArray) unsent = g_ptr_array_new();
    const Stanza *first = g_queue_peek_head(&sm->unwritten);
    guint32 number = first ? first->number : 0;

    for (GList *item = sm->unwritten.head; item;) {
        GList *next = item->next;
        Stanza *stanza = item->data;
        if (stanza->row && stanza->commit > sm->commits_done) {
            g_ptr_array_add(unsent, stanza);
            g_queue_delete_link(&sm->unwritten, item);
        } else {
            stanza->number = number++;
        }
        item = next;
    }

    if (!unsent->len)
        return;

    sm->last_number = number - 1;
    write_committed(sm);
    for (guint i = 0; i < unsent->len; i++) {
        Stanza *stanza = unsent->pdata[i];
        gint64 row = stanza->row;
        free_stanza(stanza);
        sm->hooks->on_unsent(row, sm->owner);
    }
}
