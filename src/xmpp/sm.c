/* XEP-0198.  Counts are of 32 bits and go round: they are compared by their difference.
 *
 * Two lists in the order of the stream: `unacked` was written, `held` was not yet: its first is a
 * message whose number is being committed. A message of a run that was killed stands in neither:
 * its row in the store has its number. */
#include "xmpp/sm.h"

#include <string.h>

#include "model/client.h"
#include "model/outbox.h"
#include "xmpp/login.h"

/* stanzas without a message among them; who says nothing is asked by the keep-alive */
#define ASK_EVERY 20
#define MAX_ID 4096

typedef struct {
    guint32 number;
    NjXml *stanza;
    gint64 row;
    /* held: goes when this one is committed; 0: with what stands before it */
    guint64 ticket;
} Sent;

struct NjSm {
    NjAccount *account;
    const NjSmHooks *hooks;
    void *owner;
    bool ended;     /* nothing is asked of the store any more */
    bool connected; /* there is a connection, and the session runs on it */
    /* what is said now, by who hears how the rest stands, waits until all of that is settled */
    bool settling;
    bool counting;       /* <enable/> was said */
    bool enabled;        /* and heard */
    bool ours;           /* begun by this run */
    char *id, *jid;      /* to resume; NULL: it can not be */
    guint32 sent, acked; /* of ours: given a number; acknowledged by the server */
    guint32 received;
    /* of them, where there is no session to resume: their content is committed. Its address owns
     * the calls for it */
    guint32 safe;
    guint32 skip;         /* stanzas that will come again, and were dealt with */
    GQueue unacked, held; /* of Sent */
    guint open;           /* messages in unacked */
    guint64 ticket, done; /* commits asked for, and those that came */
    guint64 barrier;      /* before this one nothing is written */
    bool asked;           /* <r/>, or a ping, is under way */
    guint32 asked_at;     /* what was written when it went */
    bool ack_due;         /* the server wants <a/>; it goes when what came is committed */
};

static void on_committed(void *data);
static void on_counted(void *data);

static NjStore *
store_of(const NjSm *sm)
{
    return sm->account->row && !sm->ended ? sm->account->client->store : NULL;
}

static void
free_sent(void *data)
{
    Sent *sent = data;
    nj_xml_free(sent->stanza);
    g_free(sent);
}

NjSm *
nj_sm_new(NjAccount *account, const NjSmHooks *hooks, void *owner)
{
    NjSm *sm = g_new0(NjSm, 1);
    sm->account = account;
    sm->hooks = hooks;
    sm->owner = owner;
    g_queue_init(&sm->unacked);
    g_queue_init(&sm->held);
    return sm;
}

void
nj_sm_end(NjSm *sm)
{
    NjStore *store = store_of(sm);
    sm->connected = false;
    sm->ended = true;
    if (!store)
        return;
    nj_store_forget(store, sm);
    nj_store_forget(store, &sm->safe);
}

void
nj_sm_free(NjSm *sm)
{
    if (!sm)
        return;
    g_queue_clear_full(&sm->unacked, free_sent);
    g_queue_clear_full(&sm->held, free_sent);
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
nj_sm_settling(const NjSm *sm)
{
    return sm->settling;
}

bool
nj_sm_can_resume(const NjSm *sm)
{
    return sm->id != NULL;
}

/* --- out --- */

/* Behind the end of the stream nothing is written: the connection is over, whoever may not have
 * been told yet. */
static bool
put(NjSm *sm, NjXml *xml)
{
    if (!sm->connected) {
        nj_xml_free(xml);
        return false;
    }
    sm->connected = sm->hooks->write(xml, sm->owner);
    return sm->connected;
}

/* The number of the last stanza that was. */
static guint32
written(const NjSm *sm)
{
    const Sent *held = g_queue_peek_head((GQueue *) &sm->held);
    return held ? held->number - 1 : sm->sent;
}

/* Without acknowledgements the answer to a ping says the same: the server reads in order. */
bool
nj_sm_ask(NjSm *sm)
{
    if (!sm->counting)
        return false;

    if (!sm->asked) {
        sm->asked = true;
        sm->asked_at = written(sm);
        if (put(sm, nj_xml_new("r", NJ_NS_SM)))
            sm->hooks->on_asked(sm->owner);
    }

    return true;
}

/* Whoever heard of a message just now may have ended the connection. */
static void
ask(NjSm *sm)
{
    if (!sm->connected || nj_sm_ask(sm) || sm->asked)
        return;

    const Sent *last = g_queue_peek_tail(&sm->unacked);
    if (!last)
        return;

    sm->asked = true;
    sm->asked_at = last->number;
    sm->hooks->ping(sm->owner);
    sm->hooks->on_asked(sm->owner);
}

/* Takes it, if it can be written. */
static bool
write_out(NjSm *sm, Sent *sent)
{
    gint64 row = sent->row;
    if (!put(sm, nj_xml_ref(sent->stanza)))
        return false;

    if (!sm->counting && !row) {
        free_sent(sent);
        return true;
    }

    g_queue_push_tail(&sm->unacked, sent);
    sm->open += row != 0;
    if (row)
        sm->hooks->on_written(row, sm->owner);
    if (sm->open || sm->unacked.length >= ASK_EVERY)
        ask(sm);

    return true;
}

/* What is committed goes, and what has waited behind it. */
static void
release(NjSm *sm)
{
    Sent *sent;
    while (sm->connected && !sm->settling && (sent = g_queue_peek_head(&sm->held))
           && sent->ticket <= sm->done) {
        g_queue_pop_head(&sm->held);
        if (!write_out(sm, sent)) {
            g_queue_push_head(&sm->held, sent);
            return;
        }
    }
}

static void
on_committed(void *data)
{
    NjSm *sm = data;
    sm->done++;
    release(sm);
}

static guint64
ask_for_commit(NjSm *sm)
{
    nj_store_after(store_of(sm), on_committed, sm, sm);
    return ++sm->ticket;
}

bool
nj_sm_send(NjSm *sm, NjXml *stanza, gint64 row)
{
    NjStore *store = store_of(sm);
    Sent *sent = g_new0(Sent, 1);

    sent->number = ++sm->sent;
    sent->stanza = stanza;
    sent->row = row;

    if (row && store) {
        nj_store_set_number(store, row, true, sent->number);
        sent->ticket = ask_for_commit(sm);
    }

    if (!sent->ticket && sm->done < sm->barrier)
        sent->ticket = sm->barrier;
    if (!sent->ticket && !sm->settling && g_queue_is_empty(&sm->held) && write_out(sm, sent))
        return true;

    if (!row && !sm->connected && !sm->id) {
        sm->sent--;
        free_sent(sent);
        return false;
    }

    g_queue_push_tail(&sm->held, sent);
    return true;
}

static guint
forget_row(GQueue *list, gint64 row)
{
    guint count = 0;
    for (GList *item = list->head; item; item = item->next) {
        Sent *sent = item->data;
        count += sent->row == row;
        sent->row = sent->row == row ? 0 : sent->row;
    }
    return count;
}

void
nj_sm_forget_row(NjSm *sm, gint64 row)
{
    sm->open -= forget_row(&sm->unacked, row);
    forget_row(&sm->held, row);
}

/* --- what the server says of ours --- */

static void
acknowledge(NjSm *sm, guint32 upto)
{
    Sent *sent;
    while ((sent = g_queue_peek_head(&sm->unacked)) && (gint32) (sent->number - upto) <= 0) {
        gint64 row = sent->row;
        g_queue_pop_head(&sm->unacked);
        free_sent(sent);
        sm->open -= row != 0;
        if (row)
            sm->hooks->on_acknowledged(row, sm->owner);
    }

    sm->acked = upto;
}

static bool
read_count(const NjXml *element, guint32 *count)
{
    gint64 value;
    if (!nj_xml_int(element, "h", 0, G_MAXUINT32, &value))
        return false;
    *count = (guint32) value;
    return true;
}

/* Not less than before, and not more than was written. */
static bool
is_possible(const NjSm *sm, guint32 count)
{
    return (gint32) (count - sm->acked) >= 0 && (gint32) (written(sm) - count) >= 0;
}

static void
forget_session(NjSm *sm)
{
    NjStore *store = store_of(sm);
    if (store && sm->id)
        nj_store_set_stream(store, sm->account->row, NULL);
    g_clear_pointer(&sm->id, g_free);
    g_clear_pointer(&sm->jid, g_free);
}

static void
break_off(NjSm *sm)
{
    forget_session(sm);
    sm->hooks->on_broken(_("The server acknowledged what was never sent to it, so the connection "
                           "is begun anew; tell its administrator if it happens again."),
                         sm->owner);
}

static void
note_ack(NjSm *sm, const NjXml *element)
{
    guint32 count;
    if (!sm->counting)
        return;

    if (!read_count(element, &count) || !is_possible(sm, count)) {
        break_off(sm);
        return;
    }

    /* A server that takes its time says the same once more: asked again at once, both would say
     * nothing else any more. */
    bool news = count != sm->acked || sm->asked_at != written(sm);
    sm->asked = false;
    acknowledge(sm, count);
    if (sm->open && news)
        ask(sm);
}

void
nj_sm_answered(NjSm *sm)
{
    if (sm->counting || !sm->asked)
        return;
    sm->asked = false;
    acknowledge(sm, sm->asked_at);
    ask(sm);
}

/* --- what we say of theirs --- */

static guint32
counted(const NjSm *sm)
{
    NjStore *store = store_of(sm);
    return !store ? sm->received : sm->id ? nj_store_counted(store, sm->account->row) : sm->safe;
}

static void
say_count(NjSm *sm)
{
    char text[16];
    NjXml *ack = nj_xml_new("a", NJ_NS_SM);
    g_snprintf(text, sizeof text, "%" G_GUINT32_FORMAT, counted(sm));
    nj_xml_set(ack, "h", text);
    put(sm, ack);
}

static void
on_counted(void *data)
{
    NjSm *sm = data;
    if (!sm->ack_due)
        return;
    sm->ack_due = false;
    if (sm->enabled)
        say_count(sm);
}

static void
note_request(NjSm *sm)
{
    NjStore *store = store_of(sm);
    if (!sm->enabled || sm->ack_due)
        return;

    if (!store || counted(sm) == sm->received) {
        say_count(sm);
        return;
    }

    sm->ack_due = true;
    nj_store_after(store, on_counted, sm, sm);
}

bool
nj_sm_skips(const NjSm *sm)
{
    return sm->skip > 0;
}

static void
on_safe(void *data)
{
    NjSm *sm = data;
    sm->safe++;
}

void
nj_sm_received(NjSm *sm)
{
    if (!sm->enabled)
        return;

    if (sm->skip) {
        sm->skip--;
        return;
    }

    sm->received++;
    if (!store_of(sm))
        return;

    if (sm->id)
        nj_store_count(store_of(sm), sm->account->row, sm->received);
    else
        nj_store_after(store_of(sm), on_safe, sm, &sm->safe);
}

/* --- the life of a session --- */

static void
note_enabled(NjSm *sm, const NjXml *element)
{
    const char *id = nj_xml_attr(element, "id"), *resume = nj_xml_attr(element, "resume");
    NjStore *store = store_of(sm);

    if (!sm->counting || sm->enabled)
        return;

    sm->enabled = true;
    sm->received = 0;
    if (!id || !*id || strlen(id) > MAX_ID
        || (g_strcmp0(resume, "true") != 0 && g_strcmp0(resume, "1") != 0))
        return;

    sm->id = g_strdup(id);
    sm->jid = g_strdup(sm->account->jid);
    sm->ours = true;

    if (store) {
        const NjStoredStream stream = { .id = sm->id, .jid = sm->jid };
        nj_store_set_stream(store, sm->account->row, &stream);
    }
}

/* What was said since then is on its way, but nobody counts it. */
static void
note_refused(NjSm *sm)
{
    if (!sm->counting || sm->enabled)
        return;
    sm->counting = sm->asked = false;
    if (sm->open)
        ask(sm);
}

bool
nj_sm_take(NjSm *sm, const NjXml *element)
{
    if (g_strcmp0(nj_xml_ns(element), NJ_NS_SM) != 0)
        return false;

    const char *name = nj_xml_name(element);
    if (g_str_equal(name, "r"))
        note_request(sm);
    else if (g_str_equal(name, "a"))
        note_ack(sm, element);
    else if (g_str_equal(name, "enabled"))
        note_enabled(sm, element);
    else if (g_str_equal(name, "failed"))
        note_refused(sm);

    return true;
}

/* What is held was not written: it stays, in its place, and goes out when the session is
 * resumed. */
void
nj_sm_suspend(NjSm *sm)
{
    sm->connected = sm->asked = sm->ack_due = false;
    sm->skip = 0;
    if (!sm->id)
        nj_sm_give_up(sm);
}

/* A message that waits for its commit was not written, whatever becomes of it. */
static void
drop_held(NjSm *sm)
{
    Sent *sent;
    while ((sent = g_queue_pop_head(&sm->held))) {
        gint64 row = sent->row;
        free_sent(sent);
        if (row)
            sm->hooks->on_unsent(row, sm->owner);
    }
}

/* With a count of the server's the rest is known not to be there. */
static void
settle(NjSm *sm, const guint32 *count)
{
    Sent *sent;
    while ((sent = g_queue_pop_head(&sm->unacked))) {
        gint64 row = sent->row;
        bool there = count && (gint32) (sent->number - *count) <= 0;
        free_sent(sent);
        if (row)
            (there   ? sm->hooks->on_acknowledged
             : count ? sm->hooks->on_unsent
                     : sm->hooks->on_unknown)(row, sm->owner);
    }

    sm->open = 0;
    drop_held(sm);
}

void
nj_sm_give_up(NjSm *sm)
{
    settle(sm, NULL);
    forget_session(sm);
    sm->connected = false;
}

typedef struct {
    gint64 row;
    guint32 number;
} Numbered;

/* The rows of a run that was killed, which have their numbers in the store.  Who hears of one may
 * say something, which is none of them. */
static void
settle_rows(NjSm *sm, const guint32 *count)
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
        bool there = count && (gint32) (numbered->number - *count) <= 0;
        (there   ? sm->hooks->on_acknowledged
         : count ? sm->hooks->on_unsent
                 : sm->hooks->on_unknown)(numbered->row, sm->owner);
    }
}

void
nj_sm_begin(NjSm *sm, const NjXml *features)
{
    sm->settling = true;
    nj_sm_give_up(sm);
    sm->enabled = sm->asked = sm->ack_due = sm->ours = false;
    sm->sent = sm->acked = sm->received = sm->safe = sm->skip = 0;

    /* what still has a number has it in a stream that is no more */
    settle_rows(sm, NULL);
    sm->settling = false;
    sm->connected = true;
    if (store_of(sm))
        nj_store_forget(store_of(sm), &sm->safe);

    sm->counting = features && nj_xml_child(features, "sm", NJ_NS_SM);
    if (!sm->counting)
        return;

    NjXml *enable = nj_xml_new("enable", NJ_NS_SM);
    nj_xml_set(enable, "resume", "true");
    put(sm, enable);
}

/* The stream of the run before, or of an account that was taken away and came back; its stanzas
 * that were no messages are gone. */
static void
find_stored(NjSm *sm)
{
    NjStore *store = store_of(sm);
    NjStoredStream stream;
    if (sm->id || sm->ours || !store || !nj_store_stream(store, sm->account->row, &stream))
        return;
    sm->id = g_strdup(stream.id);
    sm->jid = g_strdup(stream.jid);
    sm->received = stream.received;
    nj_stored_stream_clear(&stream);
}

NjXml *
nj_sm_resume(NjSm *sm, const NjXml *features)
{
    find_stored(sm);
    if (!sm->id || !features || !nj_xml_child(features, "sm", NJ_NS_SM))
        return NULL;

    char text[16];
    NjXml *resume = nj_xml_new("resume", NJ_NS_SM);
    g_snprintf(text, sizeof text, "%" G_GUINT32_FORMAT, counted(sm));
    nj_xml_set(resume, "h", text);
    nj_xml_set(resume, "previd", sm->id);

    /* What came and is not committed yet will come again. */
    sm->skip = sm->received - counted(sm);
    return resume;
}

/* Written once more, in the order and with the numbers they had. */
static void
write_again(NjSm *sm)
{
    for (GList *item = sm->unacked.head; item && sm->connected; item = item->next) {
        const Sent *sent = item->data;
        put(sm, nj_xml_ref(sent->stanza));
    }
    if (sm->unacked.length)
        ask(sm);
    release(sm);
}

bool
nj_sm_resumed(NjSm *sm, const NjXml *answer)
{
    guint32 count;
    sm->connected = sm->counting = sm->enabled = true;
    if (g_strcmp0(nj_xml_attr(answer, "previd"), sm->id) != 0 || !read_count(answer, &count)
        || (sm->ours && !is_possible(sm, count))) {
        break_off(sm);
        return false;
    }

    if (sm->ours) {
        sm->settling = true;
        acknowledge(sm, count);
        sm->settling = false;
        write_again(sm);
        return true;
    }

    sm->ours = true;
    sm->sent = sm->acked = count;
    sm->settling = true;
    settle_rows(sm, &count);
    sm->settling = false;

    /* The store has the numbers they had: a count that goes past them before they are taken back
     * would acknowledge to another run what nobody has. */
    if (store_of(sm))
        sm->barrier = ask_for_commit(sm);
    for (GList *item = sm->held.head; item; item = item->next)
        ((Sent *) item->data)->ticket = sm->barrier;

    release(sm);
    return true;
}

void
nj_sm_not_resumed(NjSm *sm, const NjXml *answer)
{
    guint32 count;
    bool known = read_count(answer, &count) && (!sm->ours || is_possible(sm, count));
    if (sm->ours)
        settle(sm, known ? &count : NULL);
    else
        settle_rows(sm, known ? &count : NULL);
    forget_session(sm);
    sm->skip = 0;
}

void
nj_sm_close(NjSm *sm)
{
    if (sm->connected && sm->enabled)
        say_count(sm);
    sm->enabled = false;
    forget_session(sm);
}

bool
nj_sm_all_acknowledged(const NjSm *sm)
{
    return !sm->held.length && !sm->open && (!sm->counting || sm->acked == sm->sent);
}

bool
nj_sm_all_settled(const NjSm *sm)
{
    return nj_sm_all_acknowledged(sm) && counted(sm) == sm->received;
}

/* --- a disk that fails --- */

/* What does not wait for it moves up: nobody has heard of the numbers yet.  Of what is committed
 * already the file has, and only the connection is missing. */
void
nj_sm_store_trouble(NjSm *sm)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    const Sent *first = g_queue_peek_head(&sm->held);
    guint32 number = first ? first->number : 0;

    for (GList *item = sm->held.head; item;) {
        GList *next = item->next;
        Sent *sent = item->data;
        if (sent->row && sent->ticket > sm->done) {
            g_ptr_array_add(rows, sent);
            g_queue_delete_link(&sm->held, item);
        } else {
            sent->number = number++;
        }
        item = next;
    }

    if (!rows->len)
        return;

    sm->sent = number - 1;
    release(sm);
    for (guint i = 0; i < rows->len; i++) {
        Sent *sent = rows->pdata[i];
        gint64 row = sent->row;
        free_sent(sent);
        sm->hooks->on_unsent(row, sm->owner);
    }
}
