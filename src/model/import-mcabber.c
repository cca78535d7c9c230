/* The logs of mcabber: a file for each address; a message is
 *
 *     MR 20240101T00:00:00Z 000 text
 *
 * where M means a message, R that it was received (S: sent), followed by the time in UTC and the
 * number of lines that continue the text below. An entry whose first letter is S is about presence,
 * and one that begins with MI is a note; both have the same form and are skipped. In the log of a
 * room the text begins with "<nick> ", or with "*nick " for an action. */
#include <string.h>

#include "base/clock.h"
#include "model/import.h"

#define MAX_LINE (1024 * 1024) /* bytes of a text; longer ones are cut */
#define HEAD 26                /* length of "MR 20240101T00:00:00Z 000 " */

typedef struct {
    const NjImportSink *sink;
    GString *line; /* current line as far as it was read, without its newline */
    GString *text; /* of the current entry */
    gint64 time;   /* of the current entry */
    bool out;      /* the current entry was sent */
    bool open;     /* there is a current entry */
    bool wanted;   /* the current entry is a message, not presence or a note */
    bool begun;    /* an entry was found in the file */
    guint more;    /* number of lines of the current entry that follow */
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

/* Ends the current entry; passes it on if it is a message. */
static void
finish_entry(Reader *reader)
{
    const NjImportText text = { reader->time, reader->out, reader->text->str, reader->text->len };
    if (reader->open && reader->wanted && text.length)
        reader->sink->take(&text, reader->sink->owner);
    reader->open = false;
    reader->more = 0;
}

/* True if c is allowed where the form of a head has `form`: "d" is a digit, "?" any character. */
static bool
matches_form(char form, char c)
{
    if (form == 'd')
        return g_ascii_isdigit(c);
    return form == '?' || form == c;
}

/* Reads the head of an entry; returns false if the line has none. If there is no text, the last
 * space may be missing. */
static bool
read_head(Reader *reader, const char *line, gsize length)
{
    static const char form[HEAD + 1] = "?? ddddddddTdd:dd:ddZ ddd ";
    if (length < HEAD - 1)
        return false;

    for (guint i = 0; i < HEAD && i < length; i++)
        if (!matches_form(form[i], line[i]))
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

/* Processes a complete line; returns false if it shows that the file is not a log: it has text and
 * stands before the first entry. */
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
        finish_entry(reader);
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
        finish_entry(reader);
    return true;
}

/* False if the incomplete line is longer than a head and begins otherwise. */
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
        if (newline && !take_line(reader))
            return false;
        /* A binary file may have no newline: do not wait for the end of its first line. */
        if (!newline && !reader->begun && !may_be_head(reader))
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
    finish_entry(reader);
    g_string_free(reader->line, TRUE);
    g_string_free(reader->text, TRUE);
    g_free(reader);
}

static char *
cut_nick(char **body)
{
    char *text = *body, *end;
    if (text[0] == '<')
        end = strstr(text, "> ");
    else if (text[0] == '*')
        end = strchr(text, ' ');
    else
        return NULL;

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
