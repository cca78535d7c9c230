/* Passes stanzas to the functions of the module rows, and makes messages from stanzas. Within a
 * stage the order is that of the table (nj_modules_sort()). */
#include "xmpp/pipeline.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "xmpp/namespaces.h"
#include "xmpp/session.h"

#define MAX_ID 1023 /* bytes of an id or a thread; a longer one is ignored */

/* Finds the handlers of a stanza; see NjHandler. */
typedef struct {
    NjStanzaKind kind;
    const char *name, *ns; /* of a child; NULL: every stanza of the kind */
} Key;

/* The handlers with one key. */
typedef struct {
    Key key;
    GPtrArray *handlers; /* of const NjHandler, which belong to the rows */
} Slot;

struct NjPipeline {
    GHashTable *slots;                   /* Key -> Slot */
    GPtrArray *in[NJ_STAGE_DELIVER + 1]; /* of const NjModule, for each NjInStage */
    GPtrArray *out[NJ_OUT_SEND + 1];

    /* The message whose body nj_pipeline_prepare() sanitises in steps. */
    NjXml *prepared;            /* its stanza; NULL: none */
    const NjXml *prepared_body; /* its <body/>, or that of the message that it forwards */
    const NjXml *last_node;     /* the text node of the body that was sanitised last */
    NjTextBody *sanitised;      /* the result so far */
};

static guint
hash_key(const void *data)
{
    const Key *key = data;
    guint hash = key->kind;
    if (key->name)
        hash = hash * 31 + g_str_hash(key->name);
    if (key->ns)
        hash = hash * 31 + g_str_hash(key->ns);
    return hash;
}

static gboolean
equal_keys(const void *a, const void *b)
{
    const Key *x = a, *y = b;
    return x->kind == y->kind && g_strcmp0(x->name, y->name) == 0 && g_strcmp0(x->ns, y->ns) == 0;
}

static void
free_slot(Slot *slot)
{
    g_ptr_array_unref(slot->handlers);
    g_free(slot);
}

static void
add_handler(NjPipeline *pipeline, const NjHandler *handler)
{
    Key key = { handler->kind, handler->name, handler->ns };
    Slot *slot = g_hash_table_lookup(pipeline->slots, &key);

    if (!slot) {
        slot = g_new0(Slot, 1);
        slot->key = key;
        slot->handlers = g_ptr_array_new();
        g_hash_table_insert(pipeline->slots, &slot->key, slot);
    }

    g_ptr_array_add(slot->handlers, (void *) handler);
}

NjPipeline *
nj_pipeline_new(const NjTable *modules)
{
    NjPipeline *pipeline = g_new0(NjPipeline, 1);
    pipeline->slots = g_hash_table_new_full(hash_key, equal_keys, NULL, (GDestroyNotify) free_slot);
    for (guint i = 0; i < G_N_ELEMENTS(pipeline->in); i++)
        pipeline->in[i] = g_ptr_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(pipeline->out); i++)
        pipeline->out[i] = g_ptr_array_new();

    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        for (guint j = 0; j < G_N_ELEMENTS(module->handlers) && module->handlers[j].func; j++)
            add_handler(pipeline, &module->handlers[j]);
        if (module->receive.func)
            g_ptr_array_add(pipeline->in[module->receive.stage], (void *) module);
        if (module->send.func)
            g_ptr_array_add(pipeline->out[module->send.stage], (void *) module);
    }

    return pipeline;
}

static void
forget_prepared(NjPipeline *pipeline)
{
    if (pipeline->sanitised)
        g_free(nj_text_body_end(pipeline->sanitised));
    pipeline->sanitised = NULL;
    g_clear_pointer(&pipeline->prepared, nj_xml_free);
    pipeline->prepared_body = pipeline->last_node = NULL;
}

void
nj_pipeline_free(NjPipeline *pipeline)
{
    if (!pipeline)
        return;

    forget_prepared(pipeline);
    g_hash_table_unref(pipeline->slots);
    for (guint i = 0; i < G_N_ELEMENTS(pipeline->in); i++)
        g_ptr_array_unref(pipeline->in[i]);
    for (guint i = 0; i < G_N_ELEMENTS(pipeline->out); i++)
        g_ptr_array_unref(pipeline->out[i]);

    g_free(pipeline);
}

/* Returns the handlers for this child, or if child is NULL those for every stanza of the kind.
 * Returns NULL when there are none. */
static const Slot *
find_slot(const NjPipeline *pipeline, NjStanzaKind kind, const NjXml *child)
{
    Key key = { kind, NULL, NULL };
    if (child) {
        key.name = nj_xml_name(child);
        key.ns = nj_xml_ns(child);
    }
    return g_hash_table_lookup(pipeline->slots, &key);
}

/* Returns true when a handler took the stanza. slot may be NULL. */
static bool
call_handlers(const Slot *slot, NjSession *session, NjXml *stanza, NjXml *child)
{
    for (guint i = 0; slot && i < slot->handlers->len; i++) {
        const NjHandler *handler = slot->handlers->pdata[i];
        if (handler->func(session, stanza, child))
            return true;
    }
    return false;
}

bool
nj_pipeline_handle(NjPipeline *pipeline, NjSession *session, NjStanzaKind kind, NjXml *stanza)
{
    if (call_handlers(find_slot(pipeline, kind, NULL), session, stanza, NULL))
        return true;
    for (NjXml *child = nj_xml_first(stanza); child; child = nj_xml_next(child))
        if (call_handlers(find_slot(pipeline, kind, child), session, stanza, child))
            return true;
    return false;
}

bool
nj_pipeline_knows(const NjPipeline *pipeline, NjStanzaKind kind, const NjXml *child)
{
    return find_slot(pipeline, kind, child);
}

/* Returns the <body/> of the message, or of the one that its first child forwards (XEP-0297), or
 * NULL. */
static const NjXml *
find_body(const NjXml *stanza)
{
    const NjXml *first = nj_xml_first(stanza);
    const NjXml *forwarded = first ? nj_xml_child(first, "forwarded", NJ_NS_FORWARD) : NULL;
    const NjXml *inner = forwarded ? nj_xml_child(forwarded, "message", NJ_NS_CLIENT) : NULL;
    return nj_xml_child(inner ? inner : stanza, "body", NJ_NS_CLIENT);
}

/* A body of one text node is left to nj_pipeline_receive(): it is short, because the parser splits
 * a long text into several nodes. */
bool
nj_pipeline_prepare(NjPipeline *pipeline, NjXml *stanza, gint64 until_us)
{
    const char *text;
    if (stanza != pipeline->prepared) {
        forget_prepared(pipeline);
        const NjXml *body = find_body(stanza);
        const NjXml *first = body ? nj_xml_text_node(body, NULL, &text) : NULL;
        if (!first || !nj_xml_text_node(body, first, &text))
            return true;
        pipeline->prepared = nj_xml_ref(stanza);
        pipeline->prepared_body = body;
        pipeline->sanitised = nj_text_body_new();
    }

    const NjXml *node;
    while ((node = nj_xml_text_node(pipeline->prepared_body, pipeline->last_node, &text))) {
        nj_text_body_add(pipeline->sanitised, text, strlen(text));
        pipeline->last_node = node;
        if (until_us && nj_clock_us() >= until_us)
            return false;
    }

    return true;
}

/* Returns the sanitised body, or NULL; the caller owns it. */
static char *
read_body(NjPipeline *pipeline, const NjXml *stanza)
{
    const NjXml *body = nj_xml_child(stanza, "body", NJ_NS_CLIENT);
    if (body && body == pipeline->prepared_body) {
        char *text = nj_text_body_end(g_steal_pointer(&pipeline->sanitised));
        forget_prepared(pipeline);
        return text;
    }

    char *raw = body ? nj_xml_text(body) : NULL;
    if (!raw || nj_text_is_clean(raw, strlen(raw)))
        return raw;

    char *clean = nj_text_body(raw, -1);
    g_free(raw);
    return clean;
}

/* Sets message->subject. An empty subject is ignored, except in a room, where it removes the
 * subject (XEP-0045, 8.1). */
static void
read_subject(const NjXml *stanza, NjMessage *message)
{
    const NjXml *child = nj_xml_child(stanza, "subject", NJ_NS_CLIENT);
    g_autofree char *raw = child ? nj_xml_text(child) : NULL;
    g_autofree char *line = nj_text_line(raw ? raw : "", -1, 0);
    if (*line || (child && message->type == NJ_MESSAGE_GROUPCHAT))
        message->subject = g_steal_pointer(&line);
}

static NjMessage *
read_message(NjPipeline *pipeline, const NjXml *stanza, const char *from)
{
    NjMessage *message = nj_message_new();
    message->type = nj_message_type_parse(nj_xml_attr(stanza, "type"));
    nj_message_set_state(message, NJ_STATE_RECEIVED, NULL);
    message->time = nj_clock_wall_ms();
    message->sender = g_strdup(from);
    message->body = read_body(pipeline, stanza);
    read_subject(stanza, message);

    g_autofree char *thread = nj_xml_child_text(stanza, "thread", NJ_NS_CLIENT);
    if (thread && strlen(thread) <= MAX_ID)
        message->thread = g_steal_pointer(&thread);

    const char *id = nj_xml_attr(stanza, "id");
    if (id && strlen(id) <= MAX_ID)
        message->wire_id = g_strdup(id);
    return message;
}

/* Returns false when a module has dropped or delivered the message. */
static bool
run_stage(NjPipeline *pipeline, NjSession *session, NjInStage stage, NjIncoming *in)
{
    for (guint i = 0; i < pipeline->in[stage]->len; i++) {
        const NjModule *module = pipeline->in[stage]->pdata[i];
        if (!module->receive.func(session, in))
            return false;
    }
    return true;
}

void
nj_pipeline_receive(NjPipeline *pipeline, NjSession *session, NjXml *stanza, const char *from)
{
    if (nj_pipeline_handle(pipeline, session, NJ_KIND_MESSAGE, stanza))
        return;

    NjIncoming in = { .stanza = nj_xml_ref(stanza), .from = from };
    if (run_stage(pipeline, session, NJ_STAGE_UNWRAP, &in)) {
        in.message = read_message(pipeline, in.stanza, in.from);
        if (run_stage(pipeline, session, NJ_STAGE_DECRYPT, &in)
            && run_stage(pipeline, session, NJ_STAGE_ANNOTATE, &in))
            run_stage(pipeline, session, NJ_STAGE_DELIVER, &in);
    }

    nj_message_unref(in.message);
    nj_xml_free(in.stanza);
    nj_xml_free(in.wrapper);
    forget_prepared(pipeline);
}

bool
nj_pipeline_send(NjPipeline *pipeline, NjSession *session, NjOutgoing *out)
{
    for (guint stage = NJ_OUT_ANNOTATE; stage <= NJ_OUT_SEND; stage++)
        for (guint i = 0; i < pipeline->out[stage]->len; i++) {
            const NjModule *module = pipeline->out[stage]->pdata[i];
            if (!module->send.func(session, out))
                return false;
        }
    return nj_session_send_message(session, g_steal_pointer(&out->stanza), out->message->id);
}
