/* Helpers for the files in xmpp/xep (xep.h): commands that wait for an iq, errors of accounts that
 * are offline, and sanitised fields of records. */
#include "xmpp/xep/xep.h"

#include "base/text.h"

typedef struct {
    NjDone done; /* NULL: the result is ignored */
    void *data;
    NjAskFill fill;
    void *fill_data;
    GDestroyNotify free_fill;
} Ask;

static void
ask_free(void *data)
{
    Ask *ask = data;
    if (ask->free_fill)
        ask->free_fill(ask->fill_data);
    g_free(ask);
}

static void
on_answer(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Ask *ask = data;
    (void) session;
    if (!ask->done)
        return;

    if (error) {
        ask->done(error, NULL, ask->data);
        return;
    }

    g_autoptr(NjRecord) record = nj_record_new();
    if (ask->fill)
        ask->fill(record, stanza, ask->fill_data);
    ask->done(NULL, record, ask->data);
}

void
nj_ask_fill(NjSession *session, NjXml *iq, NjAskFill fill, void *fill_data,
            GDestroyNotify free_fill, NjDone done, void *data)
{
    Ask *ask = g_new0(Ask, 1);
    *ask = (Ask){ done, data, fill, fill_data, free_fill };
    nj_iq_send_full(session, iq, 0, on_answer, NULL, ask, ask_free, data);
}

void
nj_ask(NjSession *session, NjXml *iq, NjDone done, void *data)
{
    nj_ask_fill(session, iq, NULL, NULL, NULL, done, data);
}

GQuark
nj_xep_error_quark(void)
{
    return g_quark_from_static_string("nj-xep-error");
}

static void
set_not_connected(const NjAccount *account, GError **error)
{
    if (account->state == NJ_ACCOUNT_WAITING)
        g_set_error(
            error, NJ_XEP_ERROR, NJ_XEP_ERROR_OFFLINE,
            _("%s has no connection now. It reconnects by itself, or at once with /connect."),
            account->bare);
    else
        g_set_error(error, NJ_XEP_ERROR, NJ_XEP_ERROR_OFFLINE,
                    _("%s is not connected. Use /connect first."), account->bare);
}

NjSession *
nj_xep_online(const NjAccount *account, GError **error)
{
    NjSession *session = nj_session_of(account);
    if (session && nj_session_online(session))
        return session;
    set_not_connected(account, error);
    return NULL;
}

bool
nj_xep_send(NjSession *session, NjXml *stanza, GError **error)
{
    if (nj_session_send(session, stanza))
        return true;
    set_not_connected(nj_session_account(session), error);
    return false;
}

void
nj_xep_set_line(NjRecord *record, const char *key, const char *text)
{
    g_autofree char *line = text ? nj_text_line(text, -1, 0) : NULL;
    if (line && *line)
        nj_record_set_text(record, key, line);
}

void
nj_xep_set_child(NjRecord *record, const char *key, const NjXml *parent, const char *name,
                 const char *ns)
{
    g_autofree char *text = nj_xml_child_text(parent, name, ns);
    nj_xep_set_line(record, key, text);
}
