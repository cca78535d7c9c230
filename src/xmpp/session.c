/* One account on the wire.  The session outlives its links: each try is a new NjLink, freed inside the hook that tells of its end.
   The keep-alive is one timer that is armed again only when it fires: bytes that arrive move nothing,
   they are looked at when it does. */
#include "xmpp/session.h"

#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "model/client.h"
#include "model/events.h"
#include "model/jid.h"
#include "model/room.h"
#include "model/store.h"

#define BACK_OFF_FIRST 1000         /* ms */
#define BACK_OFF_LAST  (300 * 1000)
#define STABLE_US      (60 * G_USEC_PER_SEC)      /* a link that lived this long starts the back-off anew */

/* A password that somebody is being asked for; it may be answered after the session is gone. */
typedef struct {
    NjSession *session;
} Question;

struct NjSession {
    NjAccount *account;
    const NjTable *modules;
    NjLinkMaker maker;
    NjPipeline *pipeline;
    NjIqs *iqs;
    GHashTable *states;         /* NjModule -> what its attach returned */
    NjLink *link;
    bool online;
    bool ended;                 /* freed when the loop turns */
    bool paused;
    bool wanted;                /* stay connected: come back after a loss */
    char *domain;
    char *trust_once;
    bool trust_lent;            /* to the link, which has not judged a certificate yet */
    NjCertificate *certificate;
    char *password;             /* as a person gave it, for this run */
    char *refused;              /* the one the server did not take: not tried again unasked */
    char *tried;                /* the one this link was given */
    Question *question;
    bool link_asks;
    guint tries;
    guint retry;                /* source */
    gint64 online_us;
    guint keep_alive;           /* source */
    gint64 ping_us;             /* sent at, 0: no answer is waited for */
};

static const NjLinkHooks link_hooks;

static void arm_keep_alive(NjSession *session, gint64 delay_us);

static void
wipe(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    g_clear_pointer(secret, g_free);
}

static void
stop(guint *source)
{
    if (*source)
        g_source_remove(*source);
    *source = 0;
}

static gint64
option_us(NjSession *session, const char *name)
{
    return nj_options_int(nj_session_client(session)->options, name) * G_USEC_PER_SEC;
}

/* --- life --- */

NjSession *
nj_session_new(NjAccount *account, const NjTable *modules, NjLinkMaker maker)
{
    NjSession *session = g_new0(NjSession, 1);
    session->account = account;
    session->modules = modules;
    session->maker = maker;
    session->domain = nj_jid_domain(account->bare);
    session->pipeline = nj_pipeline_new(modules);
    session->iqs = nj_iqs_new(session);
    session->states = g_hash_table_new(NULL, NULL);
    account->session = session;
    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        if (module->attach)
            g_hash_table_insert(session->states, (void *) module, module->attach(session));
    }
    return session;
}

static void
free_link(NjSession *session)
{
    NjLink *link = g_steal_pointer(&session->link);
    if (link)
        link->class->free(link);
}

static gboolean
destroy(void *data)
{
    NjSession *session = data;
    nj_iqs_free(session->iqs);
    for (guint i = nj_table_length(session->modules); i-- > 0;) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->detach)
            module->detach(session, g_hash_table_lookup(session->states, module));
    }
    g_hash_table_unref(session->states);
    nj_pipeline_free(session->pipeline);
    nj_certificate_free(session->certificate);
    g_free(session->trust_once);
    g_free(session->domain);
    g_free(session);
    return G_SOURCE_REMOVE;
}

/* A command may end it from inside an answer or an event, with half of this folder on the stack: it is silent from
   now on, and its memory stays until the loop turns. */
void
nj_session_free(NjSession *session)
{
    if (!session)
        return;
    session->ended = true;
    session->online = session->wanted = false;
    session->account->session = NULL;
    stop(&session->retry);
    stop(&session->keep_alive);
    free_link(session);
    nj_iqs_offline(session->iqs);               /* whoever waits is told; what they ask for now is dropped */
    nj_iqs_drop(session->iqs);
    if (session->question)
        session->question->session = NULL;
    wipe(&session->password);
    wipe(&session->refused);
    wipe(&session->tried);
    g_idle_add(destroy, session);
}

NjSession *
nj_session_of(const NjAccount *account)
{
    return account->session;
}

NjAccount *
nj_session_account(const NjSession *session)
{
    return session->account;
}

NjClient *
nj_session_client(const NjSession *session)
{
    return session->account->client;
}

void *
nj_session_state(const NjSession *session, const NjModule *module)
{
    return g_hash_table_lookup(session->states, module);
}

const NjTable *
nj_session_modules(const NjSession *session)
{
    return session->modules;
}

NjIqs *
nj_session_iqs(const NjSession *session)
{
    return session->iqs;
}

NjPipeline *
nj_session_pipeline(const NjSession *session)
{
    return session->pipeline;
}

const char *
nj_session_domain(const NjSession *session)
{
    return session->domain;
}

const NjXml *
nj_session_features(const NjSession *session)
{
    return session->online ? session->link->class->features(session->link) : NULL;
}

/* What is sent behind the end of the stream reaches nobody. */
bool
nj_session_online(const NjSession *session)
{
    return session->online && session->account->state != NJ_ACCOUNT_CLOSING;
}

bool
nj_session_send(NjSession *session, NjXml *stanza)
{
    if (!nj_session_online(session)) {
        nj_xml_free(stanza);
        return false;
    }
    return session->link->class->send(session->link, stanza);
}

NjPeer
nj_session_peer(const NjSession *session, const char *from)
{
    NjAccount *account = session->account;
    if (!from || nj_account_is_own(account, from))
        return NJ_PEER_OWN;
    if (g_str_equal(from, session->domain))
        return NJ_PEER_SERVER;
    const NjContact *contact = nj_roster_find(account->roster, from);
    if (contact && account->show != NJ_SHOW_OFFLINE &&
        (contact->subscription == NJ_SUB_FROM || contact->subscription == NJ_SUB_BOTH))
        return NJ_PEER_CONTACT;
    g_autofree char *bare = nj_jid_bare(from);
    const NjChat *chat = nj_chat_find(account, bare);
    if (chat && chat->kind == NJ_CHAT_ROOM && chat->room->state == NJ_ROOM_IN)
        return NJ_PEER_OCCUPANT;
    return NJ_PEER_STRANGER;
}

/* --- certificates and passwords --- */

static void
keep_certificate(NjSession *session)
{
    const NjCertificate *certificate = session->link ? session->link->class->certificate(session->link) : NULL;
    if (!certificate)
        return;
    if (session->trust_lent)                    /* a link that came to nothing before has not used it up */
        g_clear_pointer(&session->trust_once, g_free);
    session->trust_lent = false;
    nj_certificate_free(session->certificate);
    session->certificate = nj_certificate_copy(certificate);
}

const NjCertificate *
nj_session_certificate(const NjSession *session)
{
    return session->certificate;
}

void
nj_session_trust_once(NjSession *session, const char *pin)
{
    g_free(session->trust_once);
    session->trust_once = g_strdup(pin);
    session->trust_lent = false;
}

static void
give_password(NjSession *session, const char *password)
{
    session->link_asks = false;
    wipe(&session->tried);
    session->tried = g_strdup(password);
    session->link->class->password(session->link, password);
}

static void
on_answer(const char *password, const char *why, void *data)
{
    Question *question = data;
    NjSession *session = question->session;
    g_free(question);
    if (!session)
        return;
    session->question = NULL;
    if (password) {
        wipe(&session->password);
        session->password = g_strdup(password);
        wipe(&session->refused);
    } else if (why) {
        nj_client_notice(nj_session_client(session), session->account, NULL, NJ_NOTICE_ERROR, "%s", why);
    }
    if (session->link && session->link_asks)
        give_password(session, password);
}

static void
on_password(NjLink *link, void *owner)
{
    NjSession *session = owner;
    const NjHooks *hooks = &nj_session_client(session)->hooks;
    const char *settled = session->password ? session->password : session->account->settings->password;
    (void) link;
    if (settled && g_strcmp0(settled, session->refused) != 0) {
        give_password(session, settled);
        return;
    }
    session->link_asks = true;
    if (session->question)
        return;                                 /* the question still stands: its answer is for this link */
    if (!hooks->ask_password) {
        give_password(session, NULL);
        return;
    }
    session->question = g_new0(Question, 1);
    session->question->session = session;
    hooks->ask_password(session->account, on_answer, session->question, hooks->owner);
}

/* An account of the command line stands in no file, and is not written to one. */
static bool
is_configured(NjSession *session)
{
    const GPtrArray *accounts = nj_options_accounts(nj_session_client(session)->options);
    for (guint i = 0; i < accounts->len; i++)
        if (g_str_equal(((const NjAccountSettings *) accounts->pdata[i])->name, session->account->settings->name))
            return true;
    return false;
}

/* What was seen once must not be lost: whoever takes SCRAM out of the offer later does not get the password in plain. */
static void
remember_scram(NjSession *session)
{
    NjAccountSettings *settings = session->account->settings;
    int rank = session->link->class->scram_rank(session->link);
    if (rank <= settings->scram_seen)
        return;
    settings->scram_seen = rank;
    if (!is_configured(session))
        return;
    char text[16];
    g_autoptr(GError) error = NULL;
    g_snprintf(text, sizeof text, "%d", rank);
    if (!nj_options_account_set(nj_session_client(session)->options, settings->name, "scram-seen", text, &error))
        g_warning("the login mechanism could not be remembered: %s", error->message);
}

/* --- the link's ups and downs --- */

static void
open_link(NjSession *session)
{
    NjAccount *account = session->account;
    stop(&session->retry);
    session->link = session->maker(account->settings, account->bare, session->trust_once, &link_hooks, session);
    session->trust_lent = true;
    nj_account_set_state(account, NJ_ACCOUNT_CONNECTING, NULL);
    if (session->link)
        session->link->class->open(session->link);
}

void
nj_session_connect(NjSession *session)
{
    session->wanted = true;
    if (session->link)
        return;
    session->tries = 0;
    open_link(session);
}

static gboolean
on_retry(void *data)
{
    NjSession *session = data;
    session->retry = 0;
    open_link(session);
    return G_SOURCE_REMOVE;
}

/* 1 s, doubled up to 5 minutes; up to half of it is left to chance, so that a server that comes back is not met by everybody at once. */
static void
wait_and_retry(NjSession *session, const char *why)
{
    guint delay = MIN(BACK_OFF_FIRST << MIN(session->tries, 16), BACK_OFF_LAST);
    session->tries++;
    delay = delay / 2 + nj_random_below(delay / 2 + 1);
    session->account->retry_us = nj_clock_us() + (gint64) delay * 1000;
    session->retry = g_timeout_add(delay, on_retry, session);
    nj_account_set_state(session->account, NJ_ACCOUNT_WAITING, why);
}

static void
go_online(NjSession *session)
{
    NjAccount *account = session->account;
    session->online = true;
    session->paused = false;
    session->online_us = nj_clock_us();
    session->ping_us = 0;
    nj_account_set_jid(account, session->link->class->jid(session->link));
    g_free(session->domain);
    session->domain = nj_jid_domain(account->bare);
    wipe(&session->tried);
    wipe(&session->refused);
    remember_scram(session);
    /* The wire before the news: the first presence waits for nobody who listens. */
    for (guint i = 0; i < nj_table_length(session->modules); i++) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->online)
            module->online(session);
    }
    if (!nj_session_online(session))
        return;                                 /* somebody who heard of it ended it */
    arm_keep_alive(session, option_us(session, "ping-interval"));
    nj_account_set_state(account, NJ_ACCOUNT_ONLINE, NULL);
}

static void
go_offline(NjSession *session)
{
    if (!session->online)
        return;
    session->online = false;
    if (nj_clock_us() - session->online_us >= STABLE_US)
        session->tries = 0;
    stop(&session->keep_alive);
    nj_iqs_offline(session->iqs);
    for (guint i = nj_table_length(session->modules); i-- > 0;) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->offline)
            module->offline(session);
    }
    if (!session->ended)
        nj_roster_offline(session->account->roster);
}

static void
end_link(NjSession *session, const GError *reason)
{
    g_autoptr(GError) why = reason ? g_error_copy(reason) : NULL;       /* the link's, which goes */
    keep_certificate(session);
    free_link(session);
    session->link_asks = false;
    go_offline(session);
    if (why && why->code == NJ_LINK_ERROR_PASSWORD && session->tried) {
        wipe(&session->refused);
        session->refused = g_steal_pointer(&session->tried);
        wipe(&session->password);
    }
    wipe(&session->tried);
    if (session->link || session->ended)
        return;                                 /* somebody who heard of it connects again already, or took the account away */
    if (why && session->wanted && nj_link_error_retry(why->code)) {
        wait_and_retry(session, why->message);
        return;
    }
    if (!why && session->wanted) {
        open_link(session);                     /* wanted again while it was closing */
        return;
    }
    session->wanted = false;
    nj_account_set_state(session->account, NJ_ACCOUNT_OFFLINE, why ? why->message : NULL);
}

static void
on_state(NjLink *link, NjLinkState state, const GError *why, void *owner)
{
    NjSession *session = owner;
    if (link != session->link)
        return;
    if (state == NJ_LINK_AUTHENTICATING)
        keep_certificate(session);
    else if (state == NJ_LINK_ONLINE)
        go_online(session);
    else if (state == NJ_LINK_CLOSED)
        end_link(session, why);
}

void
nj_session_disconnect(NjSession *session)
{
    session->wanted = false;
    stop(&session->retry);
    if (!session->link) {
        if (session->account->state != NJ_ACCOUNT_OFFLINE)
            nj_account_set_state(session->account, NJ_ACCOUNT_OFFLINE, NULL);
        return;
    }
    if (session->account->state == NJ_ACCOUNT_CLOSING)
        return;
    if (session->online)
        nj_session_send(session, nj_xml_presence("unavailable", NULL));
    nj_account_set_state(session->account, NJ_ACCOUNT_CLOSING, NULL);
    if (session->link)                          /* else somebody who heard of it ended it */
        session->link->class->close(session->link);
}

/* --- keep-alive --- */

static void
on_pong(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    (void) data;
    if (!stanza && error)
        return;                                 /* the keep-alive sees for itself whether anything came */
    session->ping_us = 0;
    arm_keep_alive(session, option_us(session, "ping-interval"));
}

static gboolean
on_keep_alive(void *data)
{
    NjSession *session = data;
    gint64 now = nj_clock_us(), last = session->link->class->last_byte_us(session->link);
    gint64 interval = option_us(session, "ping-interval"), timeout = option_us(session, "ping-timeout");
    session->keep_alive = 0;
    if (session->paused || now - last < interval - G_USEC_PER_SEC / 2) {       /* what we do not read says nothing */
        session->ping_us = 0;
        arm_keep_alive(session, session->paused ? interval : MAX(interval - (now - last), G_USEC_PER_SEC / 2));
        return G_SOURCE_REMOVE;
    }
    if (session->ping_us && last < session->ping_us) {
        g_autoptr(GError) why = g_error_new_literal(NJ_LINK_ERROR, NJ_LINK_ERROR_LOST, _("The server stopped answering; the connection is taken for lost."));
        end_link(session, why);
        return G_SOURCE_REMOVE;
    }
    session->ping_us = now;
    arm_keep_alive(session, timeout);
    NjXml *ping = nj_xml_iq("get", session->domain, NULL);
    nj_xml_add_new(ping, "ping", "urn:xmpp:ping");
    /* Later than our own deadline, which it must not beat: any byte is life, also one that is no pong. */
    nj_iq_send(session, ping, (guint) (timeout / G_USEC_PER_SEC) + 5, on_pong, NULL, NULL, session);
    return G_SOURCE_REMOVE;
}

/* An interval of 0 means: no pings.  Long ones fall on whole seconds, where GLib lets the accounts share a wake-up. */
static void
arm_keep_alive(NjSession *session, gint64 delay_us)
{
    stop(&session->keep_alive);
    if (option_us(session, "ping-interval") <= 0)
        return;
    if (delay_us >= 10 * G_USEC_PER_SEC)
        session->keep_alive = g_timeout_add_seconds((guint) (delay_us / G_USEC_PER_SEC), on_keep_alive, session);
    else
        session->keep_alive = g_timeout_add((guint) (MAX(delay_us, 0) / 1000 + 1), on_keep_alive, session);
}

/* --- back-pressure --- */

static void
mind_the_store(NjSession *session)
{
    NjStore *store = nj_session_client(session)->store;
    if (!session->paused && session->online && store && nj_store_full(store)) {
        session->paused = true;
        session->link->class->pause(session->link, true);
    }
}

void
nj_session_resume_reading(NjSession *session)
{
    if (!session->paused)
        return;
    session->paused = false;
    if (session->link)
        session->link->class->pause(session->link, false);
}

/* --- stanzas --- */

static void
answer_error(NjSession *session, const NjXml *iq, const char *kind, const char *condition)
{
    nj_session_send(session, nj_xml_error_reply(iq, kind, condition));
}

static void
receive_request(NjSession *session, NjXml *iq, const char *from, NjStanzaKind kind)
{
    NjXml *child = nj_xml_first(iq);
    if (nj_session_peer(session, from) == NJ_PEER_STRANGER)
        answer_error(session, iq, "cancel", "service-unavailable");
    else if (!child || nj_xml_next(child))
        answer_error(session, iq, "modify", "bad-request");
    else if (!nj_pipeline_handle(session->pipeline, session, kind, iq))
        answer_error(session, iq, "cancel",
                     nj_pipeline_knows(session->pipeline, kind, child) ? "feature-not-implemented" : "service-unavailable");
}

static void
receive_iq(NjSession *session, NjXml *iq, const char *from)
{
    const char *type = nj_xml_attr(iq, "type");
    if (!nj_xml_attr(iq, "id"))                 /* no answer to it could be valid (RFC 6120, 8.1.3) */
        g_debug("dropped an iq without an id");
    else if (g_strcmp0(type, "result") == 0 || g_strcmp0(type, "error") == 0)
        nj_iqs_answer(session->iqs, iq);
    else if (g_strcmp0(type, "get") == 0)
        receive_request(session, iq, from, NJ_KIND_IQ_GET);
    else if (g_strcmp0(type, "set") == 0)
        receive_request(session, iq, from, NJ_KIND_IQ_SET);
    else if (nj_session_peer(session, from) != NJ_PEER_STRANGER)
        answer_error(session, iq, "modify", "bad-request");
}

static void
on_stanza(NjLink *link, NjXml *stanza, void *owner)
{
    NjSession *session = owner;
    NjAccount *account = session->account;
    const char *from = nj_xml_attr(stanza, "from"), *to = nj_xml_attr(stanza, "to");
    if (link != session->link || !session->online)
        return;
    if (from && !nj_jid_valid(from)) {
        g_debug("dropped a stanza whose sender is no address");
        return;
    }
    if (to && !nj_account_is_own(account, to)) {
        g_debug("dropped a stanza that is not for us");
        return;
    }
    if (nj_xml_is(stanza, "message", NJ_NS_CLIENT)) {
        nj_pipeline_receive(session->pipeline, session, stanza, from ? from : account->bare);
        mind_the_store(session);
    } else if (nj_xml_is(stanza, "presence", NJ_NS_CLIENT)) {
        nj_pipeline_handle(session->pipeline, session, NJ_KIND_PRESENCE, stanza);
    } else if (nj_xml_is(stanza, "iq", NJ_NS_CLIENT)) {
        receive_iq(session, stanza, from);
    } else {
        g_debug("dropped an element that is no stanza");
    }
}

static bool
wants_items(NjLink *link, const NjXml *head, const NjXml *list, void *owner)
{
    NjSession *session = owner;
    (void) list;
    return link == session->link && session->online && nj_iqs_wants_items(session->iqs, head);
}

static void
on_item(NjLink *link, const NjXml *head, NjXml *item, void *owner)
{
    NjSession *session = owner;
    if (link == session->link && session->online)
        nj_iqs_item(session->iqs, head, item);
}

static bool
prepare(NjLink *link, NjXml *stanza, gint64 until_us, void *owner)
{
    NjSession *session = owner;
    (void) link;
    return !nj_xml_is(stanza, "message", NJ_NS_CLIENT) || nj_pipeline_prepare(session->pipeline, stanza, until_us);
}

static const NjLinkHooks link_hooks = { on_state, on_stanza, on_password, wants_items, on_item, prepare };
