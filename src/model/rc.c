/* Parsing and editing natterjackrc. Both use the same walk over the lines, so an edit changes
 * exactly the lines that were read. The user writes the file, too: an edit changes only the bytes
 * of one value, and keeps a BOM, CRLF and a missing last newline. */
#include "model/rc.h"

#include <string.h>

#define MAX_LINE 65536

/* BLANK: also a comment. HEAD: "[section]". BROKEN: cannot be read. */
typedef enum { BLANK, HEAD, PAIR, BROKEN } LineKind;

typedef struct {
    const char *at;
    gsize length;
} Slice;

typedef struct {
    const char *end;          /* of the text */
    const char *start, *next; /* the current line with its newline, and the next line */
    int number;
    LineKind kind;
    Slice key, value;  /* PAIR; HEAD: key is the text between the brackets */
    const char *fault; /* BROKEN: a sentence, N_() */
    char *section;     /* name of the section of this line; NULL: none, or its head is broken */
    bool head_broken;  /* the last head was broken: pairs below it are ignored without a fault */
} Walk;

static bool
is_space(char c)
{
    return c && strchr(" \t\r\f\v", c);
}

static Slice
trim_slice(const char *from, const char *to)
{
    while (from < to && is_space(*from))
        from++;
    while (to > from && is_space(to[-1]))
        to--;
    return (Slice){ from, (gsize) (to - from) };
}

/* Returns the name with each run of spaces replaced by one: "account   home" becomes "account
 * home". inside: without spaces at its ends. */
static char *
make_section_name(Slice inside)
{
    GString *name = g_string_new(NULL);
    for (gsize i = 0; i < inside.length; i++)
        if (!is_space(inside.at[i]))
            g_string_append_c(name, inside.at[i]);
        else if (!is_space(inside.at[i - 1]))
            g_string_append_c(name, ' ');
    return g_string_free(name, FALSE);
}

/* Returns the "=" between key and value; NULL: there is none. In [keys] a key may be "=" or end in
 * "-=", such as "Alt-=": then it is the next "=". */
static const char *
find_equals_sign(Slice line, const char *section)
{
    const char *sign = memchr(line.at, '=', line.length);
    if (!sign || g_strcmp0(section, "keys") != 0)
        return sign;
    if (sign > line.at && sign[-1] != '-')
        return sign;
    const char *after = sign + 1;
    return memchr(after, '=', line.length - (gsize) (after - line.at));
}

static void
mark_broken(Walk *walk, const char *fault)
{
    walk->kind = BROKEN;
    walk->fault = fault;
}

static void
read_head(Walk *walk, Slice line)
{
    g_clear_pointer(&walk->section, g_free);
    walk->head_broken = true;
    if (line.at[line.length - 1] != ']') {
        mark_broken(
            walk,
            N_("A section begins with a line like [options]; this line has no “]” at its end."));
        return;
    }

    walk->key = trim_slice(line.at + 1, line.at + line.length - 1);
    if (walk->key.length == 0) {
        mark_broken(walk, N_("A section must have a name, like [options]."));
        return;
    }

    walk->kind = HEAD;
    walk->head_broken = false;
    walk->section = make_section_name(walk->key);
}

static void
read_line(Walk *walk, const char *from, const char *to)
{
    const Slice line = trim_slice(from, to);
    if (line.length == 0 || *line.at == '#') {
        walk->kind = BLANK;
        return;
    }

    if (line.length > MAX_LINE) {
        mark_broken(walk, N_("The line is longer than 64 KiB and is ignored."));
        return;
    }

    if (!g_utf8_validate_len(line.at, line.length, NULL)) {
        mark_broken(walk, N_("The line is not valid UTF-8 and is ignored."));
        return;
    }

    if (*line.at == '[') {
        read_head(walk, line);
        return;
    }

    const char *sign = find_equals_sign(line, walk->section);
    const char *end = line.at + line.length;
    if (!sign || sign == line.at) {
        mark_broken(walk,
                    N_("A line must be a pair like theme = pond, a section like [options], or a "
                       "comment that begins with “#”."));
        return;
    }

    walk->kind = PAIR;
    walk->key = trim_slice(line.at, sign);
    walk->value = trim_slice(sign + 1, end);
    if (!walk->section && !walk->head_broken)
        mark_broken(
            walk, N_("This line is before the first section; put a line like [options] above it."));
}

static void
begin_walk(Walk *walk, const char *text, gsize length)
{
    *walk = (Walk){ .end = text + length, .start = text, .next = text };
}

/* Reads the next line; at the end it frees walk->section and returns false. A caller that stops
 * earlier must free walk->section. */
static bool
next_line(Walk *walk)
{
    if (walk->next == walk->end) {
        g_clear_pointer(&walk->section, g_free);
        return false;
    }

    walk->start = walk->next;
    walk->number++;

    const char *newline = memchr(walk->start, '\n', (gsize) (walk->end - walk->start));
    walk->next = newline ? newline + 1 : walk->end;

    const char *from = walk->start, *to = newline ? newline : walk->end;
    if (walk->number == 1 && to - from >= 3 && memcmp(from, "\xEF\xBB\xBF", 3) == 0)
        from += 3;
    read_line(walk, from, to);

    return true;
}

/* --- pairs in memory --- */

static void
free_pair(gpointer data)
{
    NjRcPair *pair = data;
    g_free(pair->key);
    g_free(pair->value);
    g_free(pair);
}

static void
free_section(gpointer data)
{
    NjRcSection *section = data;
    g_hash_table_unref(section->by_key);
    g_ptr_array_unref(section->pairs);
    g_free(section->name);
    g_free(section);
}

NjRc *
nj_rc_new(void)
{
    NjRc *rc = g_new(NjRc, 1);
    rc->sections = g_ptr_array_new_with_free_func(free_section);
    rc->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    return rc;
}

void
nj_rc_free(NjRc *rc)
{
    if (!rc)
        return;
    g_hash_table_unref(rc->by_name);
    g_ptr_array_unref(rc->sections);
    g_free(rc);
}

NjRcSection *
nj_rc_section(const NjRc *rc, const char *name)
{
    return g_hash_table_lookup(rc->by_name, name);
}

/* Finds a section, or appends it with that line. */
static NjRcSection *
ensure_section(NjRc *rc, const char *name, int line)
{
    NjRcSection *section = nj_rc_section(rc, name);
    if (section)
        return section;

    section = g_new(NjRcSection, 1);
    section->name = g_strdup(name);
    section->line = line;
    section->pairs = g_ptr_array_new_with_free_func(free_pair);
    section->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    g_ptr_array_add(rc->sections, section);
    g_hash_table_insert(rc->by_name, section->name, section);

    return section;
}

const char *
nj_rc_value(const NjRcSection *section, const char *key)
{
    const NjRcPair *pair = section ? g_hash_table_lookup(section->by_key, key) : NULL;
    return pair ? pair->value : NULL;
}

/* Sets a value and its line; returns true if the section had the key already. */
static bool
put_pair(NjRcSection *section, const char *key, const char *value, int line)
{
    NjRcPair *pair = g_hash_table_lookup(section->by_key, key);
    const bool existed = pair;

    if (!pair) {
        pair = g_new0(NjRcPair, 1);
        pair->key = g_strdup(key);
        g_ptr_array_add(section->pairs, pair);
        g_hash_table_insert(section->by_key, pair->key, pair);
    }

    g_free(pair->value);
    pair->value = g_strdup(value);
    pair->line = line;
    return existed;
}

void
nj_rc_put(NjRc *rc, const char *section, const char *key, const char *value)
{
    if (value) {
        g_autofree char *copy = g_strdup(value); /* value may be the old one */
        put_pair(ensure_section(rc, section, 0), key, copy, 0);
        return;
    }

    NjRcSection *found = nj_rc_section(rc, section);
    NjRcPair *pair = found ? g_hash_table_lookup(found->by_key, key) : NULL;
    if (!pair)
        return;

    g_hash_table_remove(found->by_key, key);
    g_ptr_array_remove(found->pairs, pair);
}

void
nj_rc_drop(NjRc *rc, const char *section)
{
    NjRcSection *found = nj_rc_section(rc, section);
    if (!found)
        return;
    g_hash_table_remove(rc->by_name, section);
    g_ptr_array_remove(rc->sections, found);
}

void
nj_rc_rename(NjRc *rc, const char *section, const char *name)
{
    NjRcSection *found = nj_rc_section(rc, section);
    g_return_if_fail(found && !nj_rc_section(rc, name));
    g_hash_table_remove(rc->by_name, section);
    g_free(found->name);
    found->name = g_strdup(name);
    g_hash_table_insert(rc->by_name, found->name, found);
}

NjRc *
nj_rc_parse(const char *text, gsize length, NjRcFault on_fault, void *owner)
{
    NjRc *rc = nj_rc_new();
    Walk walk;

    begin_walk(&walk, text, length);
    while (next_line(&walk)) {
        if (walk.kind == BROKEN)
            on_fault(walk.number, _(walk.fault), owner);
        if (walk.kind == HEAD)
            ensure_section(rc, walk.section, walk.number);
        if (walk.kind != PAIR || !walk.section)
            continue;
        g_autofree char *key = g_strndup(walk.key.at, walk.key.length);
        g_autofree char *value = g_strndup(walk.value.at, walk.value.length);
        if (put_pair(ensure_section(rc, walk.section, walk.number), key, value, walk.number)) {
            g_autofree char *sentence = g_strdup_printf(
                _("“%s” is set twice in [%s]; the later line is used."), key, walk.section);
            on_fault(walk.number, sentence, owner);
        }
    }

    return rc;
}

/* --- editing --- */

static bool
is_key(const Walk *walk, const char *section, const char *key)
{
    if (walk->kind != PAIR || g_strcmp0(walk->section, section) != 0)
        return false;
    return walk->key.length == strlen(key) && memcmp(walk->key.at, key, walk->key.length) == 0;
}

bool
nj_rc_can_write(const char *section, const char *key, const char *value)
{
    g_autofree char *text = g_strdup_printf("[%s]\n%s = %s\n", section, key, value);
    for (const char *c = value; *c; c++)
        if (g_ascii_iscntrl(*c))
            return false;

    Walk walk;
    begin_walk(&walk, text, strlen(text));

    const bool head = next_line(&walk) && walk.kind == HEAD && strcmp(walk.section, section) == 0;
    const bool pair =
        next_line(&walk) && is_key(&walk, section, key) && walk.value.length == strlen(value);
    const bool only = !next_line(&walk);
    g_free(walk.section);

    return head && pair && only;
}

/* Returns the newline that ends the first line: CR LF or LF. */
static const char *
find_newline(const char *text, gsize length)
{
    const char *newline = memchr(text, '\n', length);
    return newline && newline > text && newline[-1] == '\r' ? "\r\n" : "\n";
}

/* Removes all lines of the key, so that no earlier line takes effect again. */
static GString *
remove_key(const char *text, gsize length, const char *section, const char *key)
{
    GString *edited = g_string_new(NULL);
    Walk walk;
    begin_walk(&walk, text, length);
    while (next_line(&walk))
        if (!is_key(&walk, section, key))
            g_string_append_len(edited, walk.start, walk.next - walk.start);
    return edited;
}

GString *
nj_rc_edit(const char *text, gsize length, const char *section, const char *key, const char *value)
{
    if (!value)
        return remove_key(text, length, section, key);

    /* If the section has the key, its last line is edited. Otherwise a new line is inserted below
     * the last pair of the section. */
    const char *place = NULL;
    Slice old = { NULL, 0 };
    Walk walk;
    begin_walk(&walk, text, length);

    while (next_line(&walk)) {
        if (is_key(&walk, section, key))
            old = walk.value;
        if ((walk.kind == PAIR || walk.kind == HEAD) && g_strcmp0(walk.section, section) == 0)
            place = walk.next;
    }

    const char *newline = find_newline(text, length), *end = text + length;
    GString *edited = g_string_new(NULL);
    if (old.at) {
        g_string_append_len(edited, text, old.at - text);
        if (old.at[-1] == '=' && old.length == 0 && *value)
            g_string_append_c(edited, ' ');
        g_string_append(edited, value);
        g_string_append_len(edited, old.at + old.length, end - old.at - (gssize) old.length);
        return edited;
    }

    const bool new_section = !place;
    if (new_section)
        place = end;
    g_string_append_len(edited, text, place - text);
    if (place > text && place[-1] != '\n')
        g_string_append(edited, newline);
    if (new_section)
        g_string_append_printf(edited, "%s[%s]%s", edited->len > 0 ? newline : "", section,
                               newline);

    g_string_append_printf(edited, "%s = %s%s", key, value, newline);
    g_string_append_len(edited, place, end - place);
    return edited;
}

/* Removes the lines from each head of that name to the last pair below it. Comments behind the last
 * pair stay, because they may belong to the next section. */
GString *
nj_rc_edit_drop(const char *text, gsize length, const char *section)
{
    GString *edited = g_string_new(NULL);
    gsize kept = 0; /* length of `edited` before the head that was found last */
    Walk walk;

    begin_walk(&walk, text, length);
    while (next_line(&walk)) {
        const bool inside = g_strcmp0(walk.section, section) == 0;
        if (inside && walk.kind == HEAD)
            kept = edited->len;
        if (inside && (walk.kind == HEAD || walk.kind == PAIR))
            g_string_truncate(edited, kept);
        else
            g_string_append_len(edited, walk.start, walk.next - walk.start);
    }

    return edited;
}

/* Replaces the text between the brackets of each head of that name. */
GString *
nj_rc_edit_rename(const char *text, gsize length, const char *section, const char *name)
{
    GString *edited = g_string_new(NULL);
    Walk walk;

    begin_walk(&walk, text, length);
    while (next_line(&walk)) {
        const char *from = walk.start;
        if (walk.kind == HEAD && strcmp(walk.section, section) == 0) {
            g_string_append_len(edited, from, walk.key.at - from);
            g_string_append(edited, name);
            from = walk.key.at + walk.key.length;
        }
        g_string_append_len(edited, from, walk.next - from);
    }

    return edited;
}
