/* Requests and their answers.  All requests of a session share one timer, armed for the earliest
 * deadline and gone when nothing is waited for, so that an idle client does not wake up. */
#include "xmpp/iq.h"

#include "base/clock.h"
#include "base/random.h"
#include "model/jid.h"
#include "xmpp/session.h"

#define DEADLINE 60 /* seconds */
/* seconds without a connection, then no answer is waited for: a server has forgotten the session,
 * too */
#define MAX_GONE 600
#define NS_BLOCKED "urn:xmpp:blocking:errors"

typedef struct {
    NjIqs *iqs;
    char *key;  /* the id of the stanza, or what a wait is called */
    char *to;   /* who may answer; NULL: our server for our account */
    bool wait;  /* no answer on the wire ends it */
    guint idle; /* there was no connection: the end comes from an idle */
    gint64 deadline_us;
    NjIqFunc done;
    NjIqItemFunc on_item;
    void *data;
    GDestroyNotify free_data;
    const void *owner;
} Request;

struct NjIqs {
    NjSession *session;
    GHashTable *requests; /* key -> Request */
    guint timer;
    gint64 timer_us;
    /* since then there is no connection, and that time does not count; 0: there is */
    gint64 gone_us;
    guint patience; /* source */
};

G_DEFINE_QUARK(nj - iq - error - quark, nj_iq_error)

static void arm(NjIqs *iqs);

static void
request_free(Request *request)
{
    if (request->idle)
        g_source_remove(request->idle);
    if (request->free_data)
        request->free_data(request->data);
    g_free(request->key);
    g_free(request->to);
    g_free(request);
}

NjIqs *
nj_iqs_new(NjSession *session)
{
    NjIqs *iqs = g_new0(NjIqs, 1);
    iqs->session = session;
    iqs->requests =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) request_free);
    return iqs;
}

void
nj_iqs_free(NjIqs *iqs)
{
    if (!iqs)
        return;
    nj_iqs_drop(iqs);
    g_hash_table_unref(iqs->requests);
    g_free(iqs);
}

void
nj_iqs_drop(NjIqs *iqs)
{
    g_hash_table_remove_all(iqs->requests);
    g_clear_handle_id(&iqs->patience, g_source_remove);
    arm(iqs);
}

/* Out of the table first: done may ask again, or cancel. */
static void
end(Request *request, const NjXml *stanza, const GError *error)
{
    NjIqs *iqs = request->iqs;
    g_hash_table_steal(iqs->requests, request->key);
    arm(iqs);
    if (request->done)
        request->done(iqs->session, stanza, error, request->data);
    request_free(request);
}

static void
end_with(Request *request, NjIqError code, const char *sentence)
{
    g_autoptr(GError) error = g_error_new_literal(NJ_IQ_ERROR, code, sentence);
    end(request, NULL, error);
}

static gboolean
on_deadline(void *data)
{
    NjIqs *iqs = data;
    iqs->timer = 0;

    gint64 now = nj_clock_us();
    g_autoptr(GPtrArray) late = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    Request *request;
    g_hash_table_iter_init(&iter, iqs->requests);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &request))
        if (request->deadline_us <= now)
            g_ptr_array_add(late, g_strdup(request->key));
    for (guint i = 0; i < late->len; i++)
        if ((request = g_hash_table_lookup(iqs->requests, late->pdata[i])))
            end_with(request, NJ_IQ_ERROR_TIMEOUT, _("No answer came in time. Try again later."));

    arm(iqs);
    return G_SOURCE_REMOVE;
}

static void
arm(NjIqs *iqs)
{
    gint64 first = G_MAXINT64;
    GHashTableIter iter;
    Request *request;

    g_hash_table_iter_init(&iter, iqs->requests);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &request))
        first = MIN(first, request->deadline_us);
    if (iqs->timer && iqs->timer_us <= first && first != G_MAXINT64 && !iqs->gone_us)
        return;

    if (iqs->timer)
        g_source_remove(iqs->timer);
    iqs->timer = 0;
    if (first == G_MAXINT64 || iqs->gone_us)
        return;

    iqs->timer_us = first;
    iqs->timer =
        g_timeout_add((guint) (MAX(first - nj_clock_us(), 0) / 1000 + 1), on_deadline, iqs);
}

static gboolean
on_no_link(void *data)
{
    Request *request = data;
    request->idle = 0;
    end_with(request, NJ_IQ_ERROR_OFFLINE, _("This account is not connected. Use /connect first."));
    return G_SOURCE_REMOVE;
}

/* Takes key. */
static Request *
add(NjSession *session, char *key, guint seconds, NjIqFunc done, void *data,
    GDestroyNotify free_data, const void *owner)
{
    NjIqs *iqs = nj_session_iqs(session);
    Request *request = g_new0(Request, 1);

    *request = (Request){
        .iqs = iqs,
        .key = key,
        .done = done,
        .data = data,
        .free_data = free_data,
        .owner = owner,
        .deadline_us = nj_clock_us() + (gint64) (seconds ? seconds : DEADLINE) * G_USEC_PER_SEC,
    };

    g_hash_table_insert(iqs->requests, request->key, request);
    arm(iqs);
    return request;
}

void
nj_iq_send_full(NjSession *session, NjXml *iq, guint seconds, NjIqFunc done, NjIqItemFunc on_item,
                void *data, GDestroyNotify free_data, const void *owner)
{
    Request *request = add(session, nj_random_id(), seconds, done, data, free_data, owner);
    request->on_item = on_item;
    request->to = g_strdup(nj_xml_attr(iq, "to"));
    nj_xml_set(iq, "id", request->key);
    if (!nj_session_send(session, iq))
        request->idle = g_idle_add(on_no_link, request);
}

void
nj_iq_send(NjSession *session, NjXml *iq, guint seconds, NjIqFunc done, NjIqItemFunc on_item,
           void *data, const void *owner)
{
    nj_iq_send_full(session, iq, seconds, done, on_item, data, NULL, owner);
}

void
nj_iq_cancel(NjSession *session, const void *owner)
{
    NjIqs *iqs = nj_session_iqs(session);
    GHashTableIter iter;
    Request *request;
    g_hash_table_iter_init(&iter, iqs->requests);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &request))
        if (request->owner == owner)
            g_hash_table_iter_remove(&iter);
    arm(iqs);
}

void
nj_wait_begin(NjSession *session, const char *key, guint seconds, NjIqFunc done, void *data,
              GDestroyNotify free_data, const void *owner)
{
    Request *old = g_hash_table_lookup(nj_session_iqs(session)->requests, key);
    if (old)
        end_with(old, NJ_IQ_ERROR_BAD,
                 _("The same was asked for again, so this request was given up."));
    Request *request = add(session, g_strdup(key), seconds, done, data, free_data, owner);
    request->wait = true;
}

void
nj_wait_end(NjSession *session, const char *key, const GError *error)
{
    Request *request = g_hash_table_lookup(nj_session_iqs(session)->requests, key);
    if (request && request->wait)
        end(request, NULL, error);
}

void
nj_iqs_offline(NjIqs *iqs)
{
    g_clear_handle_id(&iqs->patience, g_source_remove);
    for (;;) {
        GHashTableIter iter;
        Request *request = NULL;
        g_hash_table_iter_init(&iter, iqs->requests);
        while (g_hash_table_iter_next(&iter, NULL, (void **) &request) && request->idle)
            request = NULL;
        if (!request || request->idle)
            return;
        end_with(request, NJ_IQ_ERROR_OFFLINE,
                 _("The connection was lost before an answer came. Try again when it is back."));
    }
}

static gboolean
on_long_gone(void *data)
{
    NjIqs *iqs = data;
    iqs->patience = 0;
    nj_iqs_offline(iqs);
    return G_SOURCE_REMOVE;
}

void
nj_iqs_suspend(NjIqs *iqs)
{
    iqs->gone_us = nj_clock_us();
    g_clear_handle_id(&iqs->patience, g_source_remove);
    iqs->patience = g_timeout_add_seconds(MAX_GONE, on_long_gone, iqs);
    arm(iqs);
}

void
nj_iqs_resume(NjIqs *iqs)
{
    gint64 gone = iqs->gone_us ? nj_clock_us() - iqs->gone_us : 0;
    GHashTableIter iter;
    Request *request;

    g_hash_table_iter_init(&iter, iqs->requests);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &request))
        request->deadline_us += gone;
    iqs->gone_us = 0;
    g_clear_handle_id(&iqs->patience, g_source_remove);
    arm(iqs);
}

/* RFC 6120, 8.1.2.1: what we asked our own account or server for may come without a sender;
 * anything else comes from whom we asked, exactly. */
static Request *
find(NjIqs *iqs, const NjXml *stanza)
{
    const char *id = nj_xml_attr(stanza, "id");
    const char *from = nj_xml_attr(stanza, "from");
    Request *request = id ? g_hash_table_lookup(iqs->requests, id) : NULL;

    if (!request || request->wait || request->idle)
        return NULL;

    NjAccount *account = nj_session_account(iqs->session);
    bool fits;
    if (!request->to)
        fits = !from || nj_account_is_own(account, from)
               || g_str_equal(from, nj_session_domain(iqs->session));
    else if (!from)
        fits = nj_account_is_own(account, request->to)
               || g_str_equal(request->to, nj_session_domain(iqs->session));
    else
        fits = g_str_equal(from, request->to);

    return fits ? request : NULL;
}

char *
nj_iq_error_text(const NjXml *stanza, const char *sentence)
{
    g_autofree char *words = NULL;
    const char *condition = nj_xml_error(stanza, &words);
    const NjXml *error = nj_xml_child(stanza, "error", NJ_NS_CLIENT);

    /* XEP-0191, 3.3: our own server's, whose words would say it again. */
    if (!sentence && error && nj_xml_child(error, "blocked", NS_BLOCKED))
        return g_strdup(_("You have blocked this address. Use /unblock to talk to it again."));

    if (!sentence)
        sentence = nj_xml_error_sentence(condition);
    if (!words || !*words)
        return g_strdup(sentence);

    return g_strdup_printf(_("%s The answer says: “%s”"), sentence, words);
}

void
nj_iqs_answer(NjIqs *iqs, const NjXml *stanza)
{
    Request *request = find(iqs, stanza);
    if (!request) {
        g_debug("dropped an answer that nobody waits for");
        return;
    }

    if (g_str_equal(nj_xml_attr(stanza, "type"), "result")) {
        end(request, stanza, NULL);
        return;
    }

    g_autofree char *sentence = nj_iq_error_text(stanza, NULL);
    g_autoptr(GError) error = g_error_new_literal(NJ_IQ_ERROR, NJ_IQ_ERROR_ANSWER, sentence);
    end(request, stanza, error);
}

bool
nj_iqs_wants_items(NjIqs *iqs, const NjXml *head)
{
    if (!nj_xml_is(head, "iq", NJ_NS_CLIENT) || g_strcmp0(nj_xml_attr(head, "type"), "result") != 0)
        return false;
    Request *request = find(iqs, head);
    return request && request->on_item;
}

void
nj_iqs_item(NjIqs *iqs, const NjXml *head, const NjXml *item)
{
    Request *request = find(iqs, head);
    if (request && request->on_item)
        request->on_item(iqs->session, item, request->data);
}
