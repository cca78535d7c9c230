/* Text logs.  The main thread makes lines, a thread of its own writes them: a disk that hangs holds
 * up nothing but the logs.  What waits is bounded; what does not fit is left out and said.  A
 * directory of ours is 0700, a file 0600; links, and what belongs to others, are refused, for a
 * name in a directory that somebody else can write to could lead anywhere. */
#include "model/textlog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/events.h"
#include "model/jid.h"

#define MAX_BYTES (8 * 1024 * 1024)
#define MAX_LINES 50000
/* of a file's name before it is shortened; 255 are allowed */
#define NAME_BYTES 180
#define PATIENCE_US (G_USEC_PER_SEC / 2)

/* Lines of one file; text NULL: only see whether the directory can be used. */
typedef struct {
    char *dir, *folder, *name;
    char *text;
} Job;

struct NjTextlog {
    gint refs; /* the main thread's and the worker's */
    NjClient *client;
    char *dir;     /* NULL: off */
    GSource *news; /* brings the worker's words to the main thread */

    /* Shared, under the mutex. */
    GMutex mutex;
    GCond work, done;
    GQueue jobs;
    gsize bytes;
    bool closing, finished;
    /* messages that are not in the logs since something was told */
    guint missing;
    bool full; /* told that they cannot keep up */
    /* the path whose failure was told: once, until it can be written */
    char *failed;
    char *sentence; /* to be told; NULL: nothing */
    NjNoticeKind kind;

    GThread *thread; /* from the first time they are on */
};

/* Names and lines. */

/* A slash would lead elsewhere, a dot in front hides or climbs, "%" is our own sign.  What is too
 * long ends in a digest. */
char *
nj_textlog_name(const char *address)
{
    GString *name = g_string_new(NULL);
    for (const char *at = address; *at; at++) {
        if (*at == '/' || *at == '%' || g_ascii_iscntrl(*at) || (*at == '.' && at == address))
            g_string_append_printf(name, "%%%02X", (guchar) *at);
        else
            g_string_append_c(name, *at);
    }

    if (name->len > NAME_BYTES) {
        g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, address, -1);
        gsize end = NAME_BYTES;
        while (((guchar) name->str[end] & 0xC0) == 0x80)
            end--;
        g_string_truncate(name, end);
        g_string_append_printf(name, "~%.16s", digest);
    }

    return g_string_free(name, FALSE);
}

/* What a chat keeps out of the history never comes here: it has no row.  What was encrypted on its
 * way is logged as the history has it; when ciphers come, a chat may say otherwise, and this is
 * where it is asked. */
static bool
may_log(const NjMessageEvent *event)
{
    const NjMessage *message = event->message;
    return message->id > 0 && (message->body || message->subject);
}

static char *
speaker(const NjChat *chat, const NjMessage *message)
{
    const NjAccount *account = chat->account;
    char *nick;

    if (chat->kind == NJ_CHAT_ROOM && message->sender)
        nick = nj_text_line(message->sender, -1, 0);
    else if (!message->out)
        nick = g_strdup(nj_chat_label(chat));
    else if (account->settings->nick)
        nick = g_strdup(account->settings->nick);
    else
        nick = nj_jid_local(account->bare);

    /* "frog> hi" is no word of frog's */
    return nick ? g_strdelimit(nick, "<>", '_') : g_strdup(account->bare);
}

static void
append_text(GString *line, const char *text, gsize indent)
{
    for (;;) {
        const char *end = strchrnul(text, '\n');
        g_string_append_len(line, text, end - text);
        g_string_append_c(line, '\n');
        if (!*end)
            return;
        g_string_append_printf(line, "%*s", (int) indent, "");
        text = end + 1;
    }
}

static char *
format(const NjChat *chat, const NjMessage *message)
{
    g_autofree char *nick = speaker(chat, message);
    const char *body = message->body ? message->body : "";
    char stamp[48] = "";
    time_t seconds = message->time / 1000;
    struct tm local;
    GString *line = g_string_new(NULL);

    if (localtime_r(&seconds, &local))
        strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S%z", &local);
    g_string_append_printf(line, "%s ", stamp);

    gsize indent = line->len;
    if (g_str_has_prefix(body, "/me ")) {
        g_string_append_printf(line, "* %s ", nick);
        body += strlen("/me ");
    } else {
        g_string_append_printf(line, "<%s> ", nick);
    }

    if (message->subject) {
        g_autofree char *subject = nj_text_line(message->subject, -1, 0);
        g_string_append_printf(line, _("Subject: %s"), subject);
        g_string_append(line, *body ? "\n" : "");
        g_string_append_printf(line, "%*s", *body ? (int) indent : 0, "");
    }

    append_text(line, body, indent);
    return g_string_free(line, FALSE);
}

/* The worker. */

static void
free_job(void *data)
{
    Job *job = data;
    g_free(job->dir);
    g_free(job->folder);
    g_free(job->name);
    g_free(job->text);
    g_free(job);
}

static void
release(NjTextlog *log)
{
    if (!g_atomic_int_dec_and_test(&log->refs))
        return;

    g_queue_clear_full(&log->jobs, free_job);
    g_mutex_clear(&log->mutex);
    g_cond_clear(&log->work);
    g_cond_clear(&log->done);
    g_free(log->dir);
    g_free(log->failed);
    g_free(log->sentence);
    g_free(log);
}

/* With the mutex. */
static void
tell(NjTextlog *log, NjNoticeKind kind, char *sentence)
{
    g_free(log->sentence);
    log->sentence = sentence;
    log->kind = kind;
    if (!log->closing)
        g_source_set_ready_time(log->news, 0);
}

static void
tell_recovered(NjTextlog *log)
{
    guint missing = log->missing;
    log->missing = 0;
    log->full = false;
    tell(log, NJ_NOTICE_SUCCESS,
         missing ? g_strdup_printf(
             ngettext("The text logs are written again; %u message is missing there.",
                      "The text logs are written again; %u messages are missing there.", missing),
             missing)
                 : g_strdup(_("The text logs are written again.")));
}

static const char *
reason_of(int why)
{
    switch (why) {
    case ELOOP:
        return _("it is a link");
    case EPERM:
        return _("it belongs to somebody else");
    case EISDIR:
    case ENXIO:
        return _("it is no file");
    default:
        return g_strerror(why);
    }
}

static bool
refuse(GError **error, int why, const char *path)
{
    g_set_error(error, G_FILE_ERROR, (gint) g_file_error_from_errno(why),
                _("The text log %s can not be written: %s. The history has what is missing there; "
                  "/set text-logs names another place."),
                path, reason_of(why));
    return false;
}

/* Ours alone, and what it seems to be. */
static int
open_checked(int folder, const char *name, int flags, mode_t kind)
{
    struct stat about;
    int why,
        fd = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);

    if (fd < 0)
        return -1;
    if (fstat(fd, &about) != 0)
        why = errno;
    else if ((about.st_mode & S_IFMT) != kind)
        why = EISDIR;
    else if (about.st_uid != geteuid())
        why = EPERM;
    else
        return fd;

    close(fd);
    errno = why;
    return -1;
}

static bool
close_to_others(int folder)
{
    struct stat about;
    return fstat(folder, &about) == 0 && (!(about.st_mode & 077) || fchmod(folder, 0700) == 0);
}

/* All of it or nothing: half a line would be taken for what somebody said. */
static bool
write_whole(int fd, const char *text, gsize length)
{
    struct stat about;
    gsize done = 0;

    if (fstat(fd, &about) != 0)
        return false;

    while (done < length) {
        ssize_t put = write(fd, text + done, length - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            break;
        done += (gsize) put;
    }

    if (done == length)
        return true;

    int why = errno;
    if (done && ftruncate(fd, about.st_size) != 0)
        g_info("a text log ends in half a line: %s", g_strerror(errno));
    errno = why;

    return false;
}

static bool
write_job(const Job *job, const char *path, GError **error)
{
    g_autofree char *folder_path = g_build_filename(job->dir, job->folder, NULL);
    if (!nj_files_ensure_dir(job->dir, error)
        || (job->text && !nj_files_ensure_dir(folder_path, error)))
        return false;
    if (!job->text)
        return true;

    int folder = open_checked(AT_FDCWD, folder_path, O_RDONLY | O_DIRECTORY, S_IFDIR);
    int fd = folder < 0 || !close_to_others(folder)
                 ? -1
                 : open_checked(folder, job->name, O_WRONLY | O_APPEND | O_CREAT, S_IFREG);
    bool done = fd >= 0 && write_whole(fd, job->text, strlen(job->text));
    int why = errno;

    if (fd >= 0 && close(fd) != 0 && done) {
        done = false;
        why = errno;
    }

    if (folder >= 0)
        close(folder);
    return done || refuse(error, why, path);
}

static void
settle(NjTextlog *log, const Job *job, const char *path, guint messages, const GError *error)
{
    g_mutex_lock(&log->mutex);
    if (error) {
        log->missing += messages;
        if (!log->failed) {
            log->failed = g_strdup(path);
            tell(log, NJ_NOTICE_ERROR, g_strdup(error->message));
        }
    } else if (log->failed && job->text && g_str_has_prefix(path, log->failed)) {
        g_clear_pointer(&log->failed, g_free);
        tell_recovered(log);
    }

    g_mutex_unlock(&log->mutex);
}

/* Lines of one file that follow each other are one write. */
static void
write_jobs(NjTextlog *log, GQueue *jobs)
{
    Job *job;
    while ((job = g_queue_pop_head(jobs))) {
        g_autofree char *path = job->text ? g_build_filename(job->dir, job->folder, job->name, NULL)
                                          : g_strdup(job->dir);
        g_autoptr(GError) error = NULL;
        GString *text = g_string_new(job->text);
        guint messages = job->text ? 1 : 0;
        for (Job *next; job->text && (next = g_queue_peek_head(jobs)) && next->text
                        && !strcmp(next->name, job->name) && !strcmp(next->folder, job->folder)
                        && !strcmp(next->dir, job->dir);
             messages++) {
            g_string_append(text, next->text);
            free_job(g_queue_pop_head(jobs));
        }
        g_free(job->text);
        job->text = g_string_free(text, !messages);
        write_job(job, path, &error);
        settle(log, job, path, messages, error);
        free_job(job);
    }
}

static void *
work(void *data)
{
    NjTextlog *log = data;
#ifdef __linux__
    (void) !nice(10); /* of this thread; what is typed comes first */
#endif
    g_mutex_lock(&log->mutex);

    for (;;) {
        while (g_queue_is_empty(&log->jobs) && !log->closing)
            g_cond_wait(&log->work, &log->mutex);
        if (g_queue_is_empty(&log->jobs))
            break;
        GQueue jobs = log->jobs;
        g_queue_init(&log->jobs);
        log->bytes = 0;
        g_mutex_unlock(&log->mutex);
        write_jobs(log, &jobs);
        g_mutex_lock(&log->mutex);
        if (log->full && !log->failed && g_queue_is_empty(&log->jobs))
            tell_recovered(log);
    }

    log->finished = true;
    g_cond_signal(&log->done);
    g_mutex_unlock(&log->mutex);
    release(log);

    return NULL;
}

/* The main thread. */

static void
enqueue(NjTextlog *log, char *folder, char *name, char *text)
{
    Job *job = g_new(Job, 1);
    *job = (Job){ g_strdup(log->dir), folder, name, text };

    gsize size = text ? strlen(text) : 0;
    g_mutex_lock(&log->mutex);

    bool fits = log->jobs.length < MAX_LINES && log->bytes + size <= MAX_BYTES;
    if (fits) {
        log->bytes += size;
        g_queue_push_tail(&log->jobs, job);
        g_cond_signal(&log->work);
    } else {
        log->missing++;
        if (!log->full)
            tell(log, NJ_NOTICE_WARNING,
                 g_strdup(_("The disk does not keep up with the text logs; what is missing there "
                            "is in the history.")));
        log->full = true;
        free_job(job);
    }

    g_mutex_unlock(&log->mutex);
}

static void
on_message_added(NjMessageEvent *event, void *owner)
{
    NjTextlog *log = owner;
    if (!log->dir || !may_log(event))
        return;
    g_autofree char *name = nj_textlog_name(event->chat->address);
    enqueue(log, nj_textlog_name(event->chat->account->bare), g_strconcat(name, ".log", NULL),
            format(event->chat, event->message));
}

/* What a stranger wrote comes into the log when it is a conversation. */
static void
on_chat_let_in(NjChat *chat, void *owner)
{
    NjTextlog *log = owner;
    NjStore *store = chat->account->client->store;

    if (!log->dir || !store || !chat->id)
        return;

    g_autoptr(GPtrArray) page =
        nj_store_page_before(store, chat->id, G_MAXINT64, G_MAXINT64, NJ_MAX_REQUEST_MESSAGES);
    for (guint i = 0; i < page->len; i++) {
        NjMessageEvent event = { chat, page->pdata[i] };
        if (!event.message->out
            && nj_is_after(event.message->time, event.message->id, chat->read_time, chat->read_id))
            on_message_added(&event, log);
    }
}

static void
start_worker(NjTextlog *log)
{
    if (log->thread)
        return;
    g_atomic_int_inc(&log->refs);
    log->thread = g_thread_new("text logs", work, log);
}

/* Whether the place can be used is said at once, and not with the first message.  A path that
 * begins nowhere begins at home, from wherever the program was started. */
static void
use_option(NjTextlog *log)
{
    const char *dir = nj_options_text(log->client->options, "text-logs");
    g_free(log->dir);

    g_autofree char *home = nj_files_expand("~");
    log->dir = *dir ? g_canonicalize_filename(dir, home) : NULL;
    g_mutex_lock(&log->mutex);
    g_clear_pointer(&log->failed, g_free);
    log->full = false;
    g_mutex_unlock(&log->mutex);
    if (!log->dir)
        return;

    start_worker(log);
    enqueue(log, NULL, NULL, NULL);
}

static void
on_option_changed(NjOption *option, void *owner)
{
    if (!strcmp(option->name, "text-logs"))
        use_option(owner);
}

static gboolean
on_news(void *data)
{
    NjTextlog *log = data;
    g_mutex_lock(&log->mutex);
    g_autofree char *sentence = g_steal_pointer(&log->sentence);
    NjNoticeKind kind = log->kind;
    g_mutex_unlock(&log->mutex);
    if (sentence)
        nj_client_notice(log->client, NULL, NULL, kind, "%s", sentence);
    return G_SOURCE_CONTINUE;
}

NjTextlog *
nj_textlog_new(NjClient *client)
{
    NjTextlog *log = g_new0(NjTextlog, 1);
    log->refs = 1;
    log->client = client;
    g_mutex_init(&log->mutex);
    g_cond_init(&log->work);
    g_cond_init(&log->done);
    g_queue_init(&log->jobs);
    log->news = nj_clock_signal(G_PRIORITY_DEFAULT, on_news, log);
    nj_on_message_added(client->bus, on_message_added, log);

    nj_on_chat_let_in(client->bus, on_chat_let_in, log);
    nj_on_option_changed(client->bus, on_option_changed, log);
    use_option(log);
    return log;
}

void
nj_textlog_free(NjTextlog *log)
{
    if (!log)
        return;

    gint64 until = g_get_monotonic_time() + PATIENCE_US;
    nj_bus_forget(log->client->bus, log);
    g_mutex_lock(&log->mutex);
    log->closing = true;
    g_cond_signal(&log->work);
    while (log->thread && !log->finished && g_cond_wait_until(&log->done, &log->mutex, until))
        continue;

    bool finished = log->finished;
    g_mutex_unlock(&log->mutex);
    g_source_destroy(log->news);
    g_source_unref(log->news);
    if (log->thread && finished)
        g_thread_join(log->thread);
    else if (log->thread)
        /* it hangs, and lets go of the rest when it does not any more */
        g_thread_unref(log->thread);

    release(log);
}
