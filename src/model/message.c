/* Messages: creation, reference counting, and the tables of their types and states. */
#include "model/message.h"

typedef struct {
    const char *name;      /* the word of JSON and of a received `type` */
    const char *attribute; /* `type` of the stanzas we send; NULL: none */
} TypeRow;

typedef struct {
    const char *name; /* the word of JSON */
    bool is_open;     /* the message has a row in the outbox */
} StateRow;

static const TypeRow types[NJ_MESSAGE_TYPE_COUNT] = {
    [NJ_MESSAGE_CHAT] = { .name = "chat", .attribute = "chat" },
    [NJ_MESSAGE_NORMAL] = { .name = "normal" },
    [NJ_MESSAGE_HEADLINE] = { .name = "headline", .attribute = "headline" },
    [NJ_MESSAGE_GROUPCHAT] = { .name = "groupchat", .attribute = "groupchat" },
    [NJ_MESSAGE_ERROR] = { .name = "error" },
};

static const StateRow states[NJ_STATE_COUNT] = {
    [NJ_STATE_RECEIVED] = { .name = "received" },
    [NJ_STATE_QUEUED] = { .name = "queued", .is_open = true },
    [NJ_STATE_SENT] = { .name = "sent", .is_open = true },
    [NJ_STATE_FAILED] = { .name = "failed" },
    [NJ_STATE_ACKNOWLEDGED] = { .name = "acknowledged" },
    [NJ_STATE_DELIVERED] = { .name = "delivered" },
    [NJ_STATE_UNSURE] = { .name = "unsure", .is_open = true },
};

NjMessage *
nj_message_new(void)
{
    NjMessage *message = g_new0(NjMessage, 1);
    message->refs = 1;
    return message;
}

NjMessage *
nj_message_ref(NjMessage *message)
{
    g_atomic_int_inc(&message->refs);
    return message;
}

void
nj_message_unref(NjMessage *message)
{
    if (!message || !g_atomic_int_dec_and_test(&message->refs))
        return;

    g_free(message->sender);
    g_free(message->body);
    g_free(message->subject);
    g_free(message->thread);
    g_free(message->wire_id);
    g_free(message->origin_id);
    g_free(message->archive_id);
    g_free(message->archive_by);
    g_free(message->encryption);
    g_free(message->error);
    g_free(message);
}

bool
nj_message_set_state(NjMessage *message, NjMessageState state, const char *error)
{
    if (message->state == state && g_strcmp0(message->error, error) == 0)
        return false;
    char *copy = g_strdup(error);
    g_free(message->error);
    message->error = copy;
    message->state = state;
    return true;
}

const char *
nj_message_state_name(const NjMessage *message)
{
    return states[message->state].name;
}

bool
nj_state_is_open(NjMessageState state)
{
    return states[state].is_open;
}

const char *
nj_message_type_name(const NjMessage *message)
{
    return types[message->type].name;
}

const char *
nj_message_type_attribute(NjMessageType type)
{
    return types[type].attribute;
}

NjMessageType
nj_message_type_parse(const char *attribute)
{
    for (int type = 0; type < NJ_MESSAGE_TYPE_COUNT; type++)
        if (g_strcmp0(types[type].name, attribute) == 0)
            return (NjMessageType) type;
    return NJ_MESSAGE_NORMAL;
}
