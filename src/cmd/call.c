/* One command that is being run: its arguments, the lines it writes, its end. A call ends exactly
 * once; ending it again or writing a line then has no effect. */
#include "cmd/call.h"

#include "model/events.h"
#include "xmpp/iq.h"
#include "xmpp/connection.h"
#include "xmpp/xep/error.h"

GQuark
nj_cmd_error_quark(void)
{
    return g_quark_from_static_string("nj-cmd-error");
}

int
nj_cmd_code(const char *word)
{
    return (int) g_quark_from_string(word);
}

const char *
nj_cmd_error_code(const GError *error)
{
    if (error->domain == NJ_CMD_ERROR)
        return g_quark_to_string((GQuark) error->code);

    if (error->domain == NJ_XEP_ERROR)
        return error->code == NJ_XEP_ERROR_OFFLINE ? "not-connected" : "refused";
    if (error->domain == NJ_CONNECTION_ERROR)
        return "not-connected";
    if (error->domain != NJ_IQ_ERROR)
        return "failed";

    switch (error->code) {
    case NJ_IQ_ERROR_OFFLINE:
        return "not-connected";
    case NJ_IQ_ERROR_TIMEOUT:
        return "timeout";
    default:
        return "refused";
    }
}

NjCall *
nj_call_new(NjCmd *cmd, NjSource source, NjChat *chat, NjResultFunc done, void *data)
{
    NjCall *call = g_new0(NjCall, 1);
    call->refs = 1;
    call->cmd = cmd;
    call->source = source;
    call->chat = chat;
    call->done = done;
    call->data = data;
    call->result = nj_record_new();
    call->notices = g_string_new(NULL);

    g_hash_table_add(cmd->calls, call);
    return call;
}

NjCall *
nj_call_hold(NjCall *call)
{
    call->refs++;
    return call;
}

void
nj_call_release(NjCall *call)
{
    /* The last reference to an open call is released: without a result its caller would wait. */
    if (call->refs == 1 && call->cmd)
        nj_call_fail(call, "cancelled", _("The command was cancelled."));
    if (--call->refs > 0)
        return;

    nj_args_free(call->args);
    nj_record_free(call->result);
    g_string_free(call->notices, TRUE);
    g_free(call->name);
    g_free(call);
}

bool
nj_call_open(const NjCall *call)
{
    return call->cmd != NULL;
}

void
nj_call_on_end(NjCall *call, void (*func)(NjCall *call, void *data), void *data)
{
    g_return_if_fail(!call->on_end);
    if (call->cmd) {
        call->on_end = func;
        call->end_data = data;
    } else {
        func(call, data);
    }
}

static bool
is_from_script(const NjCall *call)
{
    return call->source == NJ_SOURCE_FIFO || call->source == NJ_SOURCE_STDIN;
}

/* Whether the lines of the call are shown on the screen. Those of -x of this process are. */
static bool
is_shown(const NjCall *call, const NjCmd *cmd)
{
    return cmd->screen && !is_from_script(call);
}

static const char *
source_name(NjSource source)
{
    static const char *const names[] = { "prompt", "key", "fifo", "argument", "stdin" };
    return names[source];
}

/* Shows an error where the command was typed. Unless a person typed it, also emits the error as an
 * event; if no script reads the result (FIFO without @PATH), the console shows the error, too. */
static void
report_error(NjCmd *cmd, NjCall *call, const GError *error)
{
    if (is_shown(call, cmd))
        nj_screen_say(cmd->screen, call->chat, NJ_NOTICE_ERROR, error->message);
    if (call->source == NJ_SOURCE_PROMPT || call->source == NJ_SOURCE_KEY)
        return;

    const char *name = call->name ? call->name : "";
    NjCommandFailure failure = { name, nj_cmd_error_code(error), error->message,
                                 source_name(call->source) };
    nj_emit_command_failed(cmd->client->bus, &failure);
    if (call->source != NJ_SOURCE_FIFO || call->done)
        return;

    if (*name)
        nj_client_notice(cmd->client, NULL, NULL, NJ_NOTICE_ERROR, _("From the FIFO, /%s: %s"),
                         name, error->message);
    else
        nj_client_notice(cmd->client, NULL, NULL, NJ_NOTICE_ERROR, _("From the FIFO: %s"),
                         error->message);
}

void
nj_call_end(NjCall *call, const GError *error)
{
    NjCmd *cmd = call->cmd;
    if (!cmd)
        return;

    nj_call_hold(call);
    call->cmd = NULL;
    g_hash_table_remove(cmd->calls, call);
    if (call->on_end)
        call->on_end(call, call->end_data);
    if (error)
        report_error(cmd, call, error);
    else if (call->notices->len)
        nj_record_set_text(call->result, "text", call->notices->str);

    if (call->done)
        call->done(error, error ? NULL : call->result, call->data);
    nj_call_release(call);
}

NjClient *
nj_call_client(NjCall *call)
{
    return call->cmd ? call->cmd->client : NULL;
}

NjCmd *
nj_call_cmd(NjCall *call)
{
    return call->cmd;
}

NjScreen *
nj_call_screen(NjCall *call)
{
    return call->cmd ? call->cmd->screen : NULL;
}

NjAccount *
nj_call_account(NjCall *call)
{
    return call->account;
}

NjChat *
nj_call_chat(NjCall *call)
{
    return call->chat;
}

NjSource
nj_call_source(NjCall *call)
{
    return call->source;
}

const char *
nj_call_arg(NjCall *call, const char *param)
{
    return nj_args_get(call->args, param);
}

const char *const *
nj_call_args(NjCall *call, const char *param)
{
    return nj_args_list(call->args, param);
}

void
nj_call_notice(NjCall *call, NjNoticeKind kind, const char *format, ...)
{
    if (!call->cmd)
        return;

    va_list args;
    va_start(args, format);

    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (is_shown(call, call->cmd)) {
        nj_screen_say(call->cmd->screen, call->chat, kind, text);
        return;
    }

    if (call->notices->len)
        g_string_append_c(call->notices, '\n');
    g_string_append(call->notices, text);
}

NjRecord *
nj_call_result(NjCall *call)
{
    return call->result;
}

void
nj_call_done(NjCall *call)
{
    nj_call_end(call, NULL);
}

void
nj_call_fail(NjCall *call, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autoptr(GError) error = g_error_new_valist(NJ_CMD_ERROR, nj_cmd_code(code), format, args);
    va_end(args);
    nj_call_end(call, error);
}

void
nj_call_fail_error(NjCall *call, const char *code, const GError *error)
{
    if (error->domain == NJ_CMD_ERROR)
        nj_call_end(call, error);
    else
        nj_call_fail(call, code, "%s", error->message);
}

static void
copy_fields(NjRecord *to, const NjRecord *from)
{
    for (guint i = 0; i < nj_record_length(from); i++) {
        const NjField *field = nj_record_at(from, i);
        switch (field->kind) {
        case NJ_FIELD_TEXT:
            nj_record_set_text(to, field->key, field->text);
            break;
        case NJ_FIELD_INT:
            nj_record_set_int(to, field->key, field->number);
            break;
        case NJ_FIELD_BOOL:
            nj_record_set_bool(to, field->key, field->number != 0);
            break;
        case NJ_FIELD_RECORD: {
            NjRecord *child = nj_record_new();
            copy_fields(child, field->record);
            nj_record_set_record(to, field->key, child);
            break;
        }
        case NJ_FIELD_LIST: {
            GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
            for (guint n = 0; n < field->list->len; n++) {
                NjRecord *child = nj_record_new();
                copy_fields(child, field->list->pdata[n]);
                g_ptr_array_add(list, child);
            }
            nj_record_set_list(to, field->key, list);
            break;
        }
        }
    }
}

void
nj_call_answer(const GError *error, NjRecord *result, void *data)
{
    NjCall *call = data;
    if (error) {
        nj_call_fail(call, nj_cmd_error_code(error), "%s", error->message);
    } else {
        if (result)
            copy_fields(call->result, result);
        nj_call_done(call);
    }

    nj_call_release(call);
}
