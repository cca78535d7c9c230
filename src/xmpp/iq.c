/* Requests and their responses. All requests of a session share one timer, which is set for the
 * earliest deadline. There is no timer without a request, so that an idle client does not wake
 * up. */
#include "xmpp/iq.h"

#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "model/jid.h"
#include "xmpp/session.h"

#define DEFAULT_SECONDS 60
/* how long requests stay without a connection; a server usually forgets the session in that time */
#define MAX_OFFLINE_MS (600 * 1000)
#define NS_BLOCKED "urn:xmpp:blocking:errors"

typedef struct {
    NjIqs *iqs;
    char *key;             /* the id of the stanza, or the key of a wait */
    char *to;              /* the address that must respond; NULL: our server for our account */
    bool is_wait;          /* begun by nj_wait_begin() */
    guint not_sent_source; /* will report that there was no session; 0: the request was sent */
    gint64 deadline_us;
    NjIqFunc func;
    NjIqItemFunc on_item;
    void *data;
    GDestroyNotify free_data;
    const void *owner;
} Request;

struct NjIqs {
    NjSession *session;
    GHashTable *requests; /* key -> Request */
    GSource *timer;       /* fires at the earliest deadline, or before it */
    gint64 timer_us;      /* monotonic: when timer fires */
    /* monotonic: when the connection was lost; deadlines stand still since then. 0: it was not. */
    gint64 offline_since_us;
    GSource *offline_timer; /* ends all requests after MAX_OFFLINE_MS without a connection */
};

GQuark
nj_iq_error_quark(void)
{
    return g_quark_from_static_string("nj-iq-error");
}

static void set_timer(NjIqs *iqs);

static void
free_request(Request *request)
{
    if (request->not_sent_source)
        g_source_remove(request->not_sent_source);
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
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) free_request);
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
    nj_clock_cancel(&iqs->offline_timer);
    set_timer(iqs);
}

/* Removes request, calls its function and frees it. It is removed first, because the function may
 * send another request or cancel some. */
static void
end_request(Request *request, const NjXml *stanza, const GError *error)
{
    NjIqs *iqs = request->iqs;
    g_hash_table_steal(iqs->requests, request->key);
    set_timer(iqs);
    if (request->func)
        request->func(iqs->session, stanza, error, request->data);
    free_request(request);
}

static void
fail_request(Request *request, NjIqError code, const char *sentence)
{
    g_autoptr(GError) error = g_error_new_literal(NJ_IQ_ERROR, code, sentence);
    end_request(request, NULL, error);
}

static gboolean
on_deadline(void *data)
{
    NjIqs *iqs = data;
    nj_clock_cancel(&iqs->timer);

    gint64 now = nj_clock_us();
    g_autoptr(GPtrArray) late = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    Request *request;
    g_hash_table_iter_init(&iter, iqs->requests);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &request))
        if (request->deadline_us <= now)
            g_ptr_array_add(late, g_strdup(request->key));

    /* The function of one request may end others: each one is looked up again. */
    for (guint i = 0; i < late->len; i++)
        if ((request = g_hash_table_lookup(iqs->requests, late->pdata[i])))
            fail_request(request, NJ_IQ_ERROR_TIMEOUT,
                         _("No response came in time. Try again later."));

    set_timer(iqs);
    return G_SOURCE_REMOVE;
}

/* Sets the timer for the earliest deadline, or cancels it if no deadline runs. A timer that fires
 * earlier stays, so that most responses do not set it anew; on_deadline() sets the next one. */
static void
set_timer(NjIqs *iqs)
{
    gint64 first = G_MAXINT64;
    GHashTableIter iter;
    Request *request;

    g_hash_table_iter_init(&iter, iqs->requests);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &request))
        first = MIN(first, request->deadline_us);
    bool is_needed = first != G_MAXINT64 && !iqs->offline_since_us;
    bool is_early_enough = iqs->timer && iqs->timer_us <= first;
    if (is_needed && is_early_enough)
        return;

    nj_clock_cancel(&iqs->timer);
    if (!is_needed)
        return;

    iqs->timer_us = first;
    iqs->timer =
        nj_clock_after((guint) (MAX(first - nj_clock_us(), 0) / 1000 + 1), on_deadline, iqs);
}

static gboolean
on_not_sent(void *data)
{
    Request *request = data;
    request->not_sent_source = 0;
    fail_request(request, NJ_IQ_ERROR_OFFLINE,
                 _("This account is not connected. Use /connect first."));
    return G_SOURCE_REMOVE;
}

/* Adds a request or a wait to the table and returns it. Takes key. */
static Request *
add_request(NjSession *session, char *key, guint seconds, NjIqFunc func, void *data,
            GDestroyNotify free_data, const void *owner)
{
    NjIqs *iqs = nj_session_iqs(session);
    Request *request = g_new0(Request, 1);

    *request = (Request){
        .iqs = iqs,
        .key = key,
        .func = func,
        .data = data,
        .free_data = free_data,
        .owner = owner,
        .deadline_us =
            nj_clock_us() + (gint64) (seconds ? seconds : DEFAULT_SECONDS) * G_USEC_PER_SEC,
    };

    g_hash_table_insert(iqs->requests, request->key, request);
    set_timer(iqs);
    return request;
}

void
nj_iq_send_full(NjSession *session, NjXml *iq, guint seconds, NjIqFunc func, NjIqItemFunc on_item,
                void *data, GDestroyNotify free_data, const void *owner)
{
    Request *request = add_request(session, nj_random_id(), seconds, func, data, free_data, owner);
    request->on_item = on_item;
    request->to = g_strdup(nj_xml_attr(iq, "to"));
    nj_xml_set(iq, "id", request->key);
    if (!nj_session_send(session, iq))
        request->not_sent_source = g_idle_add(on_not_sent, request);
}

void
nj_iq_send(NjSession *session, NjXml *iq, guint seconds, NjIqFunc func, NjIqItemFunc on_item,
           void *data, const void *owner)
{
    nj_iq_send_full(session, iq, seconds, func, on_item, data, NULL, owner);
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
    set_timer(iqs);
}

void
nj_wait_begin(NjSession *session, const char *key, guint seconds, NjIqFunc func, void *data,
              GDestroyNotify free_data, const void *owner)
{
    Request *old = g_hash_table_lookup(nj_session_iqs(session)->requests, key);
    if (old)
        fail_request(old, NJ_IQ_ERROR_REPLACED,
                     _("The same was requested again, so this request was cancelled."));
    Request *request = add_request(session, g_strdup(key), seconds, func, data, free_data, owner);
    request->is_wait = true;
}

void
nj_wait_end(NjSession *session, const char *key, const GError *error)
{
    Request *request = g_hash_table_lookup(nj_session_iqs(session)->requests, key);
    if (request && request->is_wait)
        end_request(request, NULL, error);
}

/* Returns any request that was sent, or wait; NULL: none is left. */
static Request *
find_sent(NjIqs *iqs)
{
    GHashTableIter iter;
    Request *request;
    g_hash_table_iter_init(&iter, iqs->requests);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &request))
        if (!request->not_sent_source)
            return request;
    return NULL;
}

/* The function of a request may change the table, so each search begins anew. Requests that were
 * not sent are left to on_not_sent(). */
void
nj_iqs_fail_all(NjIqs *iqs)
{
    Request *request;
    nj_clock_cancel(&iqs->offline_timer);
    while ((request = find_sent(iqs)))
        fail_request(request, NJ_IQ_ERROR_OFFLINE,
                     _("The connection was lost before a response came. Try again when it is "
                       "back."));
}

static gboolean
on_offline_too_long(void *data)
{
    NjIqs *iqs = data;
    nj_iqs_fail_all(iqs);
    return G_SOURCE_REMOVE;
}

void
nj_iqs_suspend(NjIqs *iqs)
{
    iqs->offline_since_us = nj_clock_us();
    nj_clock_cancel(&iqs->offline_timer);
    iqs->offline_timer = nj_clock_after(MAX_OFFLINE_MS, on_offline_too_long, iqs);
    set_timer(iqs);
}

void
nj_iqs_resume(NjIqs *iqs)
{
    gint64 offline = iqs->offline_since_us ? nj_clock_us() - iqs->offline_since_us : 0;
    GHashTableIter iter;
    Request *request;

    g_hash_table_iter_init(&iter, iqs->requests);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &request))
        request->deadline_us += offline;
    iqs->offline_since_us = 0;
    nj_clock_cancel(&iqs->offline_timer);
    set_timer(iqs);
}

static bool
is_own_or_server(const NjIqs *iqs, const char *address)
{
    return nj_account_is_own(nj_session_account(iqs->session), address)
           || strcmp(address, nj_session_domain(iqs->session)) == 0;
}

/* Returns true when a response with this "from" may answer a request to the address to; both may be
 * NULL. A response must come from the address that was asked. Our server may leave out "from" in a
 * response for itself or for our account (RFC 6120, 8.1.2.1). */
static bool
is_expected_sender(const NjIqs *iqs, const char *to, const char *from)
{
    if (!to)
        return !from || is_own_or_server(iqs, from);
    if (!from)
        return is_own_or_server(iqs, to);
    return strcmp(from, to) == 0;
}

/* Returns the request that stanza answers, or NULL. */
static Request *
find_request(NjIqs *iqs, const NjXml *stanza)
{
    const char *id = nj_xml_attr(stanza, "id");
    Request *request = id ? g_hash_table_lookup(iqs->requests, id) : NULL;
    if (!request || request->is_wait || request->not_sent_source)
        return NULL;

    const char *from = nj_xml_attr(stanza, "from");
    return is_expected_sender(iqs, request->to, from) ? request : NULL;
}

char *
nj_iq_error_text(const NjXml *stanza, const char *sentence)
{
    g_autofree char *text = NULL;
    const char *condition = nj_xml_error(stanza, &text);
    const NjXml *error = nj_xml_child(stanza, "error", NJ_NS_CLIENT);

    /* Our server refused to send to an address that we block (XEP-0191, 3.3). The stanza's own text
     * would only repeat this sentence. */
    if (!sentence && error && nj_xml_child(error, "blocked", NS_BLOCKED))
        return g_strdup(_("You have blocked this address. Use /unblock to write to it again."));

    if (!sentence)
        sentence = nj_xml_error_sentence(condition);
    if (!text || !*text)
        return g_strdup(sentence);

    return g_strdup_printf(_("%s The reason given: “%s”"), sentence, text);
}

void
nj_iqs_handle_response(NjIqs *iqs, const NjXml *stanza)
{
    Request *request = find_request(iqs, stanza);
    if (!request) {
        g_debug("dropped a response without a request");
        return;
    }

    if (strcmp(nj_xml_attr(stanza, "type"), "result") == 0) {
        end_request(request, stanza, NULL);
        return;
    }

    g_autofree char *sentence = nj_iq_error_text(stanza, NULL);
    g_autoptr(GError) error = g_error_new_literal(NJ_IQ_ERROR, NJ_IQ_ERROR_ANSWER, sentence);
    end_request(request, stanza, error);
}

bool
nj_iqs_wants_items(NjIqs *iqs, const NjXml *head)
{
    if (!nj_xml_is(head, "iq", NJ_NS_CLIENT) || g_strcmp0(nj_xml_attr(head, "type"), "result") != 0)
        return false;
    Request *request = find_request(iqs, head);
    return request && request->on_item;
}

void
nj_iqs_handle_item(NjIqs *iqs, const NjXml *head, const NjXml *item)
{
    Request *request = find_request(iqs, head);
    if (request && request->on_item)
        request->on_item(iqs->session, item, request->data);
}
