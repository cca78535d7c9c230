/* A stream of bytes, cut into keys.
 *
 * Sequences are those of ECMA-48 terminals (xterm, VT220, Linux, rxvt's common part): ui/term.c
 * accepts no others, so one table serves all, and with the modifiers of xterm ("1;5") it knows more
 * than terminfo does.
 *
 * ESC alone is the hard one.  It may be the Esc key, the beginning of a sequence, or Alt.  After 25
 * ms it is passed on; with the keys of emacs it is remembered too, and a bound key that follows,
 * however late, counts as Alt with that key.  The prompt has taken the first ESC by then: a second
 * one takes it back. */
#include "ui/keys.h"

#include <string.h>

#include "base/text.h"

#define MAX_SEQUENCE 64

#define SHIFT 1
#define ALT 2
#define CTRL 4

struct NjKeys {
    GHashTable *lines; /* canonical name -> line */
    GPtrArray *order;  /* of names, owned by lines */
    GString *partial;
    bool esc_prefix;
    bool after_esc;
};

/* A key: a name or a character, with its modifiers. */
typedef struct {
    const char *name; /* NULL: a character */
    gunichar character;
    int modifiers;
} Key;

/* Names as they are shown, and others that are understood. */
static const struct {
    const char *name, *also;
} names[] = {
    { "Up", NULL },        { "Down", NULL },    { "Left", NULL },     { "Right", NULL },
    { "Home", NULL },      { "End", NULL },     { "PgUp", "PageUp" }, { "PgDn", "PageDown" },
    { "Insert", "Ins" },   { "Delete", "Del" }, { "Tab", NULL },      { "Enter", "Return" },
    { "Backspace", "BS" }, { "Space", NULL },   { "Esc", "Escape" },  { "F1", NULL },
    { "F2", NULL },        { "F3", NULL },      { "F4", NULL },       { "F5", NULL },
    { "F6", NULL },        { "F7", NULL },      { "F8", NULL },       { "F9", NULL },
    { "F10", NULL },       { "F11", NULL },     { "F12", NULL },      { "F13", NULL },
    { "F14", NULL },       { "F15", NULL },     { "F16", NULL },      { "F17", NULL },
    { "F18", NULL },       { "F19", NULL },     { "F20", NULL },
};

static const struct {
    const char *text;
    int modifier;
} modifier_names[] = {
    { "Ctrl-", CTRL }, { "Alt-", ALT }, { "Shift-", SHIFT }, { "Control-", CTRL }, { "Meta-", ALT },
    { "C-", CTRL },    { "M-", ALT },   { "S-", SHIFT },     { "^", CTRL },
};

/* CSI and SS3 by their last byte … */
static const struct {
    char final;
    const char *name;
    int modifiers;
} by_final[] = {
    { 'A', "Up", 0 },   { 'B', "Down", 0 }, { 'C', "Right", 0 },   { 'D', "Left", 0 },
    { 'H', "Home", 0 }, { 'F', "End", 0 },  { 'P', "F1", 0 },      { 'Q', "F2", 0 },
    { 'R', "F3", 0 },   { 'S', "F4", 0 },   { 'Z', "Tab", SHIFT },
};

/* … and CSI by the number before "~". */
static const struct {
    int number;
    const char *name;
} by_number[] = {
    { 1, "Home" }, { 2, "Insert" }, { 3, "Delete" }, { 4, "End" },  { 5, "PgUp" }, { 6, "PgDn" },
    { 7, "Home" }, { 8, "End" },    { 11, "F1" },    { 12, "F2" },  { 13, "F3" },  { 14, "F4" },
    { 15, "F5" },  { 17, "F6" },    { 18, "F7" },    { 19, "F8" },  { 20, "F9" },  { 21, "F10" },
    { 23, "F11" }, { 24, "F12" },   { 25, "F13" },   { 26, "F14" }, { 28, "F15" }, { 29, "F16" },
    { 31, "F17" }, { 32, "F18" },   { 33, "F19" },   { 34, "F20" },
};

NjKeys *
nj_keys_new(void)
{
    NjKeys *keys = g_new0(NjKeys, 1);
    keys->lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    keys->order = g_ptr_array_new();
    keys->partial = g_string_new(NULL);
    keys->esc_prefix = true;
    return keys;
}

void
nj_keys_free(NjKeys *keys)
{
    if (!keys)
        return;
    g_ptr_array_unref(keys->order);
    g_hash_table_unref(keys->lines);
    g_string_free(keys->partial, TRUE);
    g_free(keys);
}

void
nj_keys_set_esc_prefix(NjKeys *keys, bool prefix)
{
    keys->esc_prefix = prefix;
    keys->after_esc = false;
}

/* --- Names. */

/* One key has one name: Ctrl-i is what Tab sends, Shift-a is A. */
static void
normalise(Key *key)
{
    if (!key->name && key->modifiers & CTRL) {
        key->character = g_unichar_tolower(key->character);
        const char *same = key->character == 'i'   ? "Tab"
                           : key->character == 'm' ? "Enter"
                           : key->character == '[' ? "Esc"
                                                   : NULL;
        if (same) {
            key->name = same;
            key->modifiers &= ~CTRL;
        } else if (key->character == '@') {
            key->character = ' ';
        }
    } else if (!key->name && key->modifiers & SHIFT) {
        key->character = g_unichar_toupper(key->character);
        key->modifiers &= ~SHIFT;
    }

    if (!key->name && key->character == ' ')
        key->name = "Space";
}

/* Into a buffer that every name fits. */
static const char *
write_name(Key key, char buffer[NJ_MAX_KEY_NAME])
{
    normalise(&key);
    char character[8] = "";
    if (!key.name)
        character[g_unichar_to_utf8(key.character, character)] = '\0';
    g_snprintf(buffer, NJ_MAX_KEY_NAME, "%s%s%s%s", key.modifiers & CTRL ? "Ctrl-" : "",
               key.modifiers & ALT ? "Alt-" : "", key.modifiers & SHIFT ? "Shift-" : "",
               key.name ? key.name : character);
    return buffer;
}

static bool
parse_name(const char *text, Key *key)
{
    *key = (Key){ 0 };
    for (guint i = 0; i < G_N_ELEMENTS(modifier_names);) {
        gsize length = strlen(modifier_names[i].text);
        if (g_ascii_strncasecmp(text, modifier_names[i].text, length) == 0
            && text[length] != '\0') {
            key->modifiers |= modifier_names[i].modifier;
            text += length;
            i = 0;
        } else {
            i++;
        }
    }

    for (guint i = 0; i < G_N_ELEMENTS(names) && !key->name; i++)
        if (g_ascii_strcasecmp(text, names[i].name) == 0
            || (names[i].also && g_ascii_strcasecmp(text, names[i].also) == 0))
            key->name = names[i].name;
    if (key->name)
        return true;

    key->character = g_utf8_get_char_validated(text, -1);
    return key->character < 0x110000 && g_unichar_isprint(key->character)
           && *g_utf8_next_char(text) == '\0';
}

char *
nj_keys_canonical(const char *name, GError **error)
{
    Key key;
    char buffer[NJ_MAX_KEY_NAME];

    if (!parse_name(name, &key)) {
        g_autofree char *shown = nj_text_line(name, -1, 64);
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    _("“%s” is no key; keys are written like Alt-1, Ctrl-l, F1, PgUp, Shift-Tab or "
                      "Alt-Enter."),
                    shown);
        return NULL;
    }

    normalise(&key);
    bool text = key.modifiers == 0
                && (!key.name || strcmp(key.name, "Space") == 0 || strcmp(key.name, "Enter") == 0);
    if (text) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    _("“%s” is needed for typing and cannot be bound; add Alt- or Ctrl-."),
                    write_name(key, buffer));
        return NULL;
    }

    return g_strdup(write_name(key, buffer));
}

bool
nj_keys_bind(NjKeys *keys, const char *name, const char *line, GError **error)
{
    g_autofree char *canonical = nj_keys_canonical(name, error);
    if (!canonical)
        return false;

    gpointer old;
    bool known = g_hash_table_lookup_extended(keys->lines, canonical, &old, NULL);
    if (!line && known)
        g_ptr_array_remove(keys->order, old);

    if (!line) {
        g_hash_table_remove(keys->lines, canonical);
        return true;
    }

    if (!known)
        g_ptr_array_add(keys->order, canonical);
    g_hash_table_insert(keys->lines, g_steal_pointer(&canonical), g_strdup(line));
    return true;
}

const char *
nj_keys_line(const NjKeys *keys, const char *name)
{
    g_autofree char *canonical = nj_keys_canonical(name, NULL);
    return canonical ? g_hash_table_lookup(keys->lines, canonical) : NULL;
}

void
nj_keys_each(const NjKeys *keys, void (*func)(const char *name, const char *line, void *owner),
             void *owner)
{
    for (guint i = 0; i < keys->order->len; i++) {
        const char *name = g_ptr_array_index(keys->order, i);
        func(name, g_hash_table_lookup(keys->lines, name), owner);
    }
}

/* --- Bytes. */

typedef enum {
    READ_PARTIAL,
    READ_KEY,
    READ_JUNK, /* a complete sequence that no key has */
} Read;

static Read
read_character(const char *s, gsize length, gsize *used, Key *key)
{
    guchar c = (guchar) *s;
    *used = 1;
    if (c == '\t')
        key->name = "Tab";
    else if (c == '\r')
        key->name = "Enter";
    else if (c == 0x7f)
        key->name = "Backspace";
    else if (c == 0x1b)
        key->name = "Esc";
    else if (c < 0x20) {
        key->character = c == 0 ? ' ' : g_ascii_tolower((char) (c + 0x40));
        key->modifiers |= CTRL;
    } else {
        key->character = g_utf8_get_char_validated(s, (gssize) length);
        if (key->character == (gunichar) -2)
            return READ_PARTIAL;
        if (key->character == (gunichar) -1)
            return READ_JUNK;
        *used = (gsize) g_unichar_to_utf8(key->character, NULL);
    }

    return READ_KEY;
}

/* Behind ESC [ or ESC O: parameters, intermediates, one last byte. */
static Read
read_sequence(const char *s, gsize length, gsize *used, Key *key)
{
    gsize i = 2;
    if (length > 3 && s[1] == '[' && s[2] == '[') { /* the Linux console's F1 … F5 */
        *used = 4;
        static const char *const functions[] = { "F1", "F2", "F3", "F4", "F5" };
        if (s[3] < 'A' || s[3] > 'E')
            return READ_JUNK;
        key->name = functions[s[3] - 'A'];
        return READ_KEY;
    }

    if (length == 3 && s[1] == '[' && s[2] == '[')
        return READ_PARTIAL;

    int numbers[3] = { 0, 0, 0 };
    int count = 0;
    for (; i < length && s[i] >= 0x20 && s[i] < 0x40; i++) {
        if (s[i] == ';')
            count++;
        else if (g_ascii_isdigit(s[i]) && count < 3 && numbers[count] < 1000000)
            numbers[count] = numbers[count] * 10 + s[i] - '0';
    }

    *used = i;
    if (i == length)
        return length < MAX_SEQUENCE ? READ_PARTIAL : READ_JUNK;
    if ((guchar) s[i] < 0x40 || (guchar) s[i] > 0x7e)
        return READ_JUNK; /* broken off: what stands here is read anew */

    *used = i + 1;
    int modifiers = numbers[1] > 1 ? numbers[1] - 1 : 0;
    key->modifiers |= (modifiers & 7) | (modifiers & 8 ? ALT : 0);

    if (s[i] == 'u' && numbers[0] > 0) {
        char text[8];
        int bytes = numbers[0] < 0x110000 ? g_unichar_to_utf8((gunichar) numbers[0], text) : 0;
        gsize ignored;
        return bytes > 0 ? read_character(text, (gsize) bytes, &ignored, key) : READ_JUNK;
    }

    for (guint n = 0; s[i] == '~' && n < G_N_ELEMENTS(by_number); n++)
        if (by_number[n].number == numbers[0])
            key->name = by_number[n].name;
    for (guint n = 0; n < G_N_ELEMENTS(by_final); n++)
        if (by_final[n].final == s[i]) {
            key->name = by_final[n].name;
            key->modifiers |= by_final[n].modifiers;
        }

    return key->name ? READ_KEY : READ_JUNK;
}

/* Reads one key; finally: nothing more comes. */
static Read
read_key(const char *s, gsize length, bool finally, gsize *used, Key *key)
{
    *key = (Key){ 0 };
    if (*s != '\033')
        return read_character(s, length, used, key);

    *used = length;
    if (length == 1) {
        key->name = "Esc";
        return finally ? READ_KEY : READ_PARTIAL;
    }

    if (s[1] == '[' || s[1] == 'O') {
        if (length == 2 && finally) {
            key->character = (gunichar) s[1];
            key->modifiers = ALT;
            return READ_KEY;
        }
        Read read = length == 2 ? READ_PARTIAL : read_sequence(s, length, used, key);
        return read == READ_PARTIAL && finally ? READ_JUNK : read;
    }

    /* More than one before a sequence: nobody's Alt, and no reason to go as deep as there are
     * bytes. */
    if (length > 2 && s[1] == '\033' && s[2] == '\033') {
        key->name = "Esc";
        *used = 1;
        return READ_KEY;
    }

    /* Alt, and a key that may be a sequence itself. */
    Read read = s[1] == '\033' ? read_key(s + 1, length - 1, finally, used, key)
                               : read_character(s + 1, length - 1, used, key);
    if (read == READ_PARTIAL && finally)
        read = READ_JUNK;

    key->modifiers |= ALT;
    *used += 1;
    return read;
}

gsize
nj_key_name_at(const char *bytes, gsize length, char name[NJ_MAX_KEY_NAME])
{
    gsize used = 0;
    Key key;
    if (length == 0 || read_key(bytes, length, true, &used, &key) != READ_KEY)
        return 0;
    if (*bytes == '\033' && used == 1 && length > 1)
        return 0;

    write_name(key, name);
    return used;
}

/* The keypad in application mode says what is written on it. */
static char
keypad(const char *s, gsize length)
{
    if (length != 3 || s[0] != '\033' || s[1] != 'O')
        return '\0';
    if (s[2] == 'M')
        return '\r';
    return s[2] >= 'j' && s[2] <= 'y' ? "*+,-./0123456789"[s[2] - 'j'] : '\0';
}

static void
pass(GString *bytes, const NjKeysHooks *hooks, void *owner)
{
    if (bytes->len > 0)
        hooks->on_bytes(bytes->str, bytes->len, owner);
    g_string_truncate(bytes, 0);
}

/* One key was read: true if it was bound, and done. */
static bool
run(NjKeys *keys, Key key, GString *bytes, const NjKeysHooks *hooks, void *owner)
{
    char name[NJ_MAX_KEY_NAME];
    const char *line = g_hash_table_lookup(keys->lines, write_name(key, name));

    if (!line && keys->after_esc) {
        key.modifiers |= ALT;
        line = g_hash_table_lookup(keys->lines, write_name(key, name));
        if (line)
            g_string_append_c(bytes, '\033');
    }

    keys->after_esc = false;
    if (!line)
        return false;

    pass(bytes, hooks, owner);
    g_autofree char *copy = g_strdup(line); /* the line may be bound anew by what it says */
    hooks->on_line(copy, owner);
    return true;
}

static void
cut(NjKeys *keys, bool finally, const NjKeysHooks *hooks, void *owner)
{
    g_autoptr(GString) input = g_string_new_len(keys->partial->str, (gssize) keys->partial->len);
    g_autoptr(GString) bytes = g_string_new(NULL);

    g_string_truncate(keys->partial, 0);
    for (gsize i = 0; i < input->len;) {
        const char *s = input->str + i;
        gsize left = input->len - i, used = 0;
        bool text = (guchar) *s >= 0x20 && *s != 0x7f;
        if (text && !keys->after_esc) {
            g_string_append_c(bytes, *s); /* never bound */
            i++;
            continue;
        }
        Key key;
        Read read = read_key(s, left, finally, &used, &key);
        if (read == READ_PARTIAL && !finally && !text) {
            g_string_append_len(keys->partial, s, (gssize) left);
            break;
        }
        used = MAX(used, 1);
        i += used;
        if (read == READ_KEY && run(keys, key, bytes, hooks, owner))
            continue;
        keys->after_esc = keys->esc_prefix && finally && used == 1 && *s == '\033';
        char pad = keypad(s, used);
        if (pad != '\0')
            g_string_append_c(bytes, pad);
        else if (*s != '\033' || (read == READ_KEY && !(used == 4 && s[2] == '[')))
            g_string_append_len(bytes, s, (gssize) used);
    }

    pass(bytes, hooks, owner);
}

void
nj_keys_feed(NjKeys *keys, const char *bytes, gsize length, const NjKeysHooks *hooks, void *owner)
{
    g_string_append_len(keys->partial, bytes, (gssize) length);
    cut(keys, false, hooks, owner);
}

bool
nj_keys_partial(const NjKeys *keys)
{
    return keys->partial->len > 0;
}

void
nj_keys_settle(NjKeys *keys, const NjKeysHooks *hooks, void *owner)
{
    if (keys->partial->len > 0)
        cut(keys, true, hooks, owner);
}
