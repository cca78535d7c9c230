/* Messages: made, shared and freed, also by the store's thread. */
#include "model/message.h"

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

const char *
nj_message_state_name(const NjMessage *message)
{
    static const char *const names[] = {
        [NJ_STATE_RECEIVED] = "received",
        [NJ_STATE_QUEUED] = "queued",
        [NJ_STATE_SENT] = "sent",
        [NJ_STATE_FAILED] = "failed",
        [NJ_STATE_ACKNOWLEDGED] = "acknowledged",
        [NJ_STATE_DELIVERED] = "delivered",
        [NJ_STATE_UNSURE] = "unsure",
    };
    return names[message->state];
}

const char *
nj_message_type_name(const NjMessage *message)
{
    static const char *const names[] = {
        [NJ_MESSAGE_CHAT] = "chat",         [NJ_MESSAGE_NORMAL] = "normal",
        [NJ_MESSAGE_HEADLINE] = "headline", [NJ_MESSAGE_GROUPCHAT] = "groupchat",
        [NJ_MESSAGE_ERROR] = "error",
    };
    return names[message->type];
}
