/* The logs of mcabber: a file for each address; a message is
 *
 *     MR 20240101T00:00:00Z 000 text
 *
 * where M means message, R received or S sent, then the time in UTC, and the number of further
 * lines of the text. Lines that begin with S are about presence and have further lines in the same
 * way; MI is a note. In the log of a room the text begins with "<nick> ", or with "*nick " for an
 * action. */
#include <string.h>

#include "base/clock.h"
#include "model/import.h"

#define MAX_LINE (1024 * 1024) /* bytes of a text; longer ones are cut */
#define HEAD 26                /* "MR 20240101T00:00:00Z 000 " */

typedef struct {
    const NjImportSink *sink;
    GString *line; /* read so far, without its newline */
    GString *text; /* of the current message */
    gint64 time;   /* of the current message */
    bool out;      /* it was sent */
    bool open;     /* there is a current message */
    bool wanted;   /* it is a message, not presence or a note */
    bool begun;    /* a line of the file was understood */
    guint more;    /* number of further lines of the current message */
} Reader;

static void *
begin_reading(const NjImportSink *sink)
{
    Reader *reader = g_new0(Reader, 1);
    reader->sink = sink;
    reader->line = g_string_new(NULL);
    reader->text = g_string_new(NULL);
    return reader;
}

static void
finish_message(Reader *reader)
{
    const NjImportText text = { reader->time, reader->out, reader->text->str, reader->text->len };
    if (reader->open && reader->wanted && text.length)
        reader->sink->take(&text, reader->sink->owner);
    reader->open = false;
    reader->more = 0;
}

/* Reads the head of a message or of a presence; returns false if the line is neither. */
static bool
read_head(Reader *reader, const char *line, gsize length)
{
    static const char form[HEAD + 1] = "?? ddddddddTdd:dd:ddZ ddd ";
    if (length < HEAD - 1)
        return false;

    for (guint i = 0; i < HEAD && i < length; i++)
        if (form[i] == 'd' ? !g_ascii_isdigit(line[i]) : form[i] != '?' && form[i] != line[i])
            return false;
    if (line[0] != 'M' && line[0] != 'S')
        return false;

    char stamp[18];
    memcpy(stamp, line + 3, 17);
    stamp[17] = '\0';
    if (!nj_clock_parse(stamp, &reader->time))
        return false;

    reader->out = line[1] == 'S';
    reader->wanted = line[0] == 'M' && (line[1] == 'R' || line[1] == 'S');
    reader->more = (line[22] - '0') * 100 + (line[23] - '0') * 10 + (line[24] - '0');
    return true;
}

static void
add_text(Reader *reader, const char *text, gsize length)
{
    gsize room = MAX_LINE - reader->text->len;
    if (reader->wanted)
        g_string_append_len(reader->text, text, MIN(length, room));
}

/* Returns false if the first line is not one of a log. */
static bool
take_line(Reader *reader)
{
    const char *line = reader->line->str;
    gsize length = reader->line->len;

    if (length && line[length - 1] == '\r')
        length--;
    if (reader->open && reader->more) {
        add_text(reader, "\n", 1);
        add_text(reader, line, length);
        reader->more--;
    } else {
        finish_message(reader);
        if (read_head(reader, line, length)) {
            reader->open = reader->begun = true;
            g_string_truncate(reader->text, 0);
            add_text(reader, line + MIN(HEAD, length), length - MIN(HEAD, length));
        } else if (length) {
            reader->sink->skip(1, reader->sink->owner);
            if (!reader->begun)
                return false;
        }
    }

    g_string_truncate(reader->line, 0);
    if (reader->open && !reader->more)
        finish_message(reader);
    return true;
}

static bool
may_be_head(const Reader *reader)
{
    const char first = reader->line->str[0];
    return reader->line->len <= HEAD || first == 'M' || first == 'S';
}

static bool
feed_bytes(void *data, const char *bytes, gsize length)
{
    Reader *reader = data;
    for (const char *end = bytes + length; bytes < end;) {
        const char *newline = memchr(bytes, '\n', end - bytes);
        gsize part = (newline ? newline : end) - bytes, room = MAX_LINE + HEAD - reader->line->len;
        g_string_append_len(reader->line, bytes, MIN(part, room));
        bytes += newline ? part + 1 : part;
        /* A long first line with another beginning is not one of a log. */
        if (newline ? !take_line(reader) : !reader->begun && !may_be_head(reader))
            return false;
    }

    return true;
}

static void
end_reading(void *data)
{
    Reader *reader = data;
    if (reader->line->len)
        take_line(reader);
    finish_message(reader);
    g_string_free(reader->line, TRUE);
    g_string_free(reader->text, TRUE);
    g_free(reader);
}

static char *
cut_nick(char **body)
{
    char *text = *body, *end;
    if (text[0] == '<') {
        end = strstr(text, "> ");
    } else if (text[0] == '*') {
        end = strchr(text, ' ');
    } else {
        return NULL;
    }

    if (!end || end == text + 1 || memchr(text, '\n', end - text))
        return NULL;
    char *name = g_strndup(text + 1, end - text - 1);
    *body = text[0] == '<' ? g_strdup(end + 2) : g_strconcat("/me ", end + 1, NULL);
    g_free(text);
    return name;
}

const NjImportFormat nj_import_mcabber = {
    .name = "mcabber",
    .summary = N_("mcabber's directory of logs, one file for each address"),
    .begin = begin_reading,
    .feed = feed_bytes,
    .end = end_reading,
    .nick = cut_nick,
};
