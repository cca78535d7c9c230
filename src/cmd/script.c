/* Events as records for scripts, and headless mode. Scripts depend on the names of events and
 * fields and on the words in them: new ones may be added, but none renamed. */
#include "cmd/script.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/json.h"
#include "cmd/feed.h"
#include "model/events.h"

struct NjScript {
    NjClient *client;
    NjScriptFunc func;
    void *owner;
};

/* Returns a record with the fields "event" and, unless account is NULL, "account". */
static NjRecord *
new_event(const char *event, const NjAccount *account)
{
    NjRecord *record = nj_record_new();
    nj_record_set_text(record, "event", event);
    if (account)
        nj_record_set_text(record, "account", account->settings->name);
    return record;
}

/* Passes the record to the script and frees it. */
static void
pass_event(NjScript *script, NjRecord *record)
{
    script->func(record, script->owner);
    nj_record_free(record);
}

/* The full address that a message came from (in a room, sender is a nick); the caller frees it. */
static char *
sender_address(const NjChat *chat, const NjMessage *message)
{
    if (!message->sender)
        return g_strdup(chat->address);
    if (chat->kind == NJ_CHAT_ROOM)
        return g_strdup_printf("%s/%s", chat->address, message->sender);
    return g_strdup(message->sender);
}

static void
on_message_added(NjMessageEvent *event, void *owner)
{
    const NjMessage *message = event->message;
    NjRecord *record = new_event("message", event->chat->account);
    g_autofree char *from = sender_address(event->chat, message);
    g_autofree char *time = nj_clock_format(message->time);

    nj_record_set_text(record, "chat", event->chat->address);
    nj_record_set_text(record, "from", from);
    nj_record_set_text(record, "id", message->origin_id ? message->origin_id : message->wire_id);
    nj_record_set_text(record, "stanza_id", message->archive_id);
    nj_record_set_text(record, "time", time);
    nj_record_set_text(record, "type", nj_message_type_name(message));
    nj_record_set_text(record, "direction", message->out ? "out" : "in");
    nj_record_set_text(record, "subject", message->subject);
    nj_record_set_text(record, "thread", message->thread);

    nj_record_set_text(record, "body", message->body);
    nj_record_set_text(record, "encryption", message->encryption ? message->encryption : "none");
    nj_record_set_text(record, "state", nj_message_state_name(message));
    nj_record_set_text(record, "error", message->error);
    if (message->delayed)
        nj_record_set_bool(record, "delayed", true);

    pass_event(owner, record);
}

static void
on_contact_changed(NjContactEvent *event, void *owner)
{
    NjShow show = nj_contact_show(event->contact);
    if (show == event->before)
        return; /* only the roster item, or a resource that does not decide the show */

    NjRecord *record = new_event("presence", event->contact->account);
    nj_record_set_text(record, "from", event->contact->address);
    nj_record_set_text(record, "name", event->contact->name);
    nj_record_set_text(record, "show", nj_show_name(show));
    nj_record_set_text(record, "status", nj_contact_status(event->contact));
    pass_event(owner, record);
}

/* Returns an event of a room; what: the field that says what has changed. */
static NjRecord *
new_room_event(const NjRoom *room, const char *what)
{
    NjRecord *record = new_event("room", room->chat->account);
    nj_record_set_text(record, "chat", room->chat->address);
    nj_record_set_text(record, "what", what);
    return record;
}

static void
on_room_changed(NjRoom *room, void *owner)
{
    static const char *const states[] = { "out", "joining", "in" };
    NjRecord *record = new_room_event(room, "room");
    nj_record_set_text(record, "state", states[room->state]);
    nj_record_set_text(record, "nick", room->nick);
    nj_record_set_text(record, "subject", room->subject);
    nj_record_set_text(record, "text", room->why);
    pass_event(owner, record);
}

static void
on_occupant_changed(NjOccupantEvent *event, void *owner)
{
    const char *what = event->old_nick ? "renamed" : "changed";
    if (event->joined)
        what = "joined";

    NjRecord *record = new_room_event(event->room, what);
    nj_record_set_text(record, "nick", event->occupant->shown);
    nj_record_set_text(record, "old_nick", event->old_nick);
    nj_record_set_text(record, "address", event->occupant->address);
    nj_record_set_text(record, "show", nj_show_name(event->occupant->show));
    nj_record_set_text(record, "status", event->occupant->status);
    pass_event(owner, record);
}

static void
on_occupant_removed(NjOccupantEvent *event, void *owner)
{
    NjRecord *record = new_room_event(event->room, "left");
    nj_record_set_text(record, "nick", event->occupant->shown);
    pass_event(owner, record);
}

static void
on_account_changed(NjAccount *account, void *owner)
{
    NjRecord *record = new_event("connection", account);
    nj_record_set_text(record, "state", nj_account_state_name(account->state));
    nj_record_set_text(record, "address", account->jid ? account->jid : account->bare);
    nj_record_set_text(record, "text", account->why);
    pass_event(owner, record);
}

static void
on_alert(NjAlert *alert, void *owner)
{
    NjRecord *record = new_event("attention", alert->chat->account);
    nj_record_set_text(record, "chat", alert->chat->address);
    nj_record_set_text(record, "text", alert->what);
    pass_event(owner, record);
}

static void
on_command_failed(NjCommandFailure *failure, void *owner)
{
    NjRecord *record = new_event("command-failed", NULL);
    nj_record_set_text(record, "command", failure->command);
    nj_record_set_text(record, "source", failure->source);
    nj_record_set_text(record, "code", failure->code);
    nj_record_set_text(record, "text", failure->text);
    pass_event(owner, record);
}

NjScript *
nj_script_new(NjClient *client, NjScriptFunc func, void *owner)
{
    NjScript *script = g_new(NjScript, 1);
    *script = (NjScript){ client, func, owner };
    nj_on_message_added(client->bus, on_message_added, script);
    nj_on_contact_changed(client->bus, on_contact_changed, script);
    nj_on_room_changed(client->bus, on_room_changed, script);
    nj_on_occupant_changed(client->bus, on_occupant_changed, script);
    nj_on_occupant_removed(client->bus, on_occupant_removed, script);
    nj_on_account_changed(client->bus, on_account_changed, script);
    nj_on_alert(client->bus, on_alert, script);

    nj_on_command_failed(client->bus, on_command_failed, script);
    return script;
}

void
nj_script_free(NjScript *script)
{
    if (!script)
        return;
    nj_bus_forget(script->client->bus, script);
    g_free(script);
}

/* --- headless --- */

#define MAX_QUEUED (4 * 1024 * 1024)                  /* bytes that wait for a slow reader */
#define LAST_WRITE_US (300 * G_TIME_SPAN_MILLISECOND) /* for the rest of the queue at the end */

struct NjHeadless {
    NjCmd *cmd;
    NjScript *script;
    NjFeed *feed;
    int out; /* -1: the reader has gone */
    GByteArray *queue;
    gsize written; /* bytes at the start of queue that are written */
    guint source;
    guint dropped; /* lines dropped since queue became full; 0 while lines are queued */
};

/* Closes the output: its reader has gone, or the program ends. Commands are still read. */
static void
close_output(NjHeadless *headless)
{
    if (headless->out >= 0)
        close(headless->out);
    headless->out = -1;
    headless->written = 0;
    g_byte_array_set_size(headless->queue, 0);
}

/* Appends a line to the queue and takes ownership of json. */
static void
queue_line(NjHeadless *headless, char *json)
{
    g_byte_array_append(headless->queue, (const guint8 *) json, strlen(json));
    g_byte_array_append(headless->queue, (const guint8 *) "\n", 1);
    g_free(json);
}

/* Writes as much of the queue as the reader takes now, and reports dropped lines once the queue is
 * empty. Returns true if bytes are left. */
static bool
write_queue(NjHeadless *headless)
{
    while (headless->written < headless->queue->len) {
        ssize_t count = write(headless->out, headless->queue->data + headless->written,
                              headless->queue->len - headless->written);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN) {
            if (headless->written > headless->queue->len / 2) {
                g_byte_array_remove_range(headless->queue, 0, headless->written);
                headless->written = 0;
            }
            return true;
        }
        if (count < 0) {
            close_output(headless);
            return false;
        }
        headless->written += count;
    }

    headless->written = 0;
    g_byte_array_set_size(headless->queue, 0);
    if (headless->dropped) {
        NjRecord *record = new_event("events-dropped", NULL);
        nj_record_set_int(record, "count", headless->dropped);
        headless->dropped = 0;
        queue_line(headless, nj_json_write(record));
        nj_record_free(record);
        return write_queue(headless);
    }

    return false;
}

static gboolean
on_writable(gint fd, GIOCondition condition, void *data)
{
    (void) fd;
    (void) condition;
    NjHeadless *headless = data;
    if (write_queue(headless))
        return G_SOURCE_CONTINUE;
    headless->source = 0;
    return G_SOURCE_REMOVE;
}

/* Writes or queues a line and takes ownership of json. When more than MAX_QUEUED bytes wait, lines
 * are dropped until the queue is empty. */
static void
print_json(NjHeadless *headless, char *json)
{
    if (headless->out < 0) {
        g_free(json);
        return;
    }

    if (headless->dropped || headless->queue->len - headless->written > MAX_QUEUED) {
        headless->dropped++;
        g_free(json);
        return;
    }

    queue_line(headless, json);
    if (!headless->source && write_queue(headless))
        headless->source = g_unix_fd_add(headless->out, G_IO_OUT | G_IO_ERR, on_writable, headless);
}

static void
on_event(NjRecord *event, void *owner)
{
    print_json(owner, nj_json_write(event));
}

void
nj_headless_answer(NjHeadless *headless, const GError *error, const NjRecord *result)
{
    print_json(headless, nj_json_answer(error, result));
}

/* Writes a result that has fields. A failure is not written here: it is a command-failed event. */
static void
on_result(const GError *error, NjRecord *result, void *data)
{
    if (!error && nj_record_length(result) > 0)
        nj_headless_answer(data, NULL, result);
}

static void
on_line(const char *line, void *owner)
{
    NjHeadless *headless = owner;
    nj_cmd_run(headless->cmd, line, NJ_SOURCE_STDIN, NULL, on_result, headless);
}

static void
on_refused(const char *sentence, void *owner)
{
    NjHeadless *headless = owner;
    NjCommandFailure failure = { "", "refused", sentence, "stdin" };
    nj_emit_command_failed(nj_cmd_client(headless->cmd)->bus, &failure);
}

static void
on_end(void *owner)
{
    NjHeadless *headless = owner;
    g_clear_pointer(&headless->feed, nj_feed_free); /* end of input does not end the program */
}

/* Opens standard output again: O_NONBLOCK belongs to the open file description, and other processes
 * may share the original one. A regular file is only duplicated: it never blocks, and its file
 * offset is shared with other writers. */
static int
open_output(int fd)
{
    struct stat about;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode))
        return fcntl(fd, F_DUPFD_CLOEXEC, 3);

    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    int own = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (own >= 0)
        return own;

    /* A socket cannot be opened again. */
    own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own >= 0)
        g_unix_set_fd_nonblocking(own, TRUE, NULL);

    return own;
}

NjHeadless *
nj_headless_new(NjCmd *cmd)
{
    return nj_headless_new_on(cmd, STDIN_FILENO, STDOUT_FILENO);
}

NjHeadless *
nj_headless_new_on(NjCmd *cmd, int in, int out)
{
    static const NjFeedHooks hooks = {
        .on_line = on_line,
        .on_refused = on_refused,
        .on_end = on_end,
    };
    NjHeadless *headless = g_new0(NjHeadless, 1);
    headless->cmd = cmd;
    headless->out = open_output(out);
    headless->queue = g_byte_array_new();
    headless->script = nj_script_new(nj_cmd_client(cmd), on_event, headless);
    headless->feed = nj_feed_new(in, &hooks, headless);
    return headless;
}

/* Writes the rest of the queue. A reader that takes nothing delays the end of the program by at
 * most LAST_WRITE_US. */
static void
write_rest(NjHeadless *headless)
{
    gint64 deadline = g_get_monotonic_time() + LAST_WRITE_US;
    while (headless->out >= 0 && write_queue(headless)) {
        gint64 now = g_get_monotonic_time();
        if (now >= deadline)
            break;
        struct pollfd out = { headless->out, POLLOUT, 0 };
        poll(&out, 1, (int) ((deadline - now) / 1000) + 1);
    }
}

void
nj_headless_free(NjHeadless *headless)
{
    if (!headless)
        return;

    nj_cmd_forget(headless->cmd, headless);
    nj_feed_free(headless->feed);
    nj_script_free(headless->script);
    if (headless->source)
        g_source_remove(headless->source);

    write_rest(headless);
    close_output(headless);
    g_byte_array_unref(headless->queue);
    g_free(headless);
}
