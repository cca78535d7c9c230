/* Decodes the bytes of the terminal into keys and runs the command lines of the bound ones.
 *
 * The key sequences are those of ECMA-48 terminals (xterm, VT220, Linux, the common part of rxvt);
 * ui/term.c accepts no other terminals, so one table serves all. With the modifiers of xterm
 * ("1;5") the table covers more keys than terminfo does.
 *
 * ESC is ambiguous: it can be the Esc key, the beginning of a key sequence, or Alt. After 25 ms
 * without another byte it is passed on as Esc. In emacs mode it is also remembered: if the next
 * key, however late, is bound with Alt, that binding runs. The prompt has already got the ESC by
 * then and takes it for Meta; a second ESC is passed to the prompt, which cancels that. */
#include "ui/keys.h"

#include <string.h>

#include "base/text.h"

#define MAX_SEQUENCE 64 /* bytes; a longer key sequence is dropped */

/* Modifiers, with xterm's numbers. */
#define SHIFT 1
#define ALT 2
#define CTRL 4

struct NjKeys {
    GHashTable *lines; /* canonical name -> command line */
    GPtrArray *order;  /* the names in the order of binding, owned by `lines` */
    GString *partial;  /* the beginning of a key sequence */
    bool esc_prefix;   /* see nj_keys_set_esc_prefix() */
    bool after_esc;    /* the last key was a lone Esc: the next may be bound with Alt */
};

/* A key: a name or a character, with modifiers. */
typedef struct {
    const char *name; /* one of `names`; NULL: the key is `character` */
    gunichar character;
    int modifiers;
} Key;

/* Names of keys. parse_name() also accepts the second spelling. */
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

/* The keys of CSI and SS3 sequences, by the final byte. */
static const struct {
    char final;
    const char *name;
    int modifiers;
} by_final[] = {
    { 'A', "Up", 0 },   { 'B', "Down", 0 }, { 'C', "Right", 0 },   { 'D', "Left", 0 },
    { 'H', "Home", 0 }, { 'F', "End", 0 },  { 'P', "F1", 0 },      { 'Q', "F2", 0 },
    { 'R', "F3", 0 },   { 'S', "F4", 0 },   { 'Z', "Tab", SHIFT },
};

/* The keys of CSI sequences that end in "~", by the number before it. */
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

/* --- names --- */

/* Returns the name of the key that sends the same byte as Ctrl with this character; NULL: no key
 * does. */
static const char *
find_control_name(gunichar character)
{
    switch (character) {
    case 'i':
        return "Tab";
    case 'm':
        return "Enter";
    case '[':
        return "Esc";
    default:
        return NULL;
    }
}

/* Makes keys that send the same bytes equal: Ctrl-i becomes Tab, Shift-a becomes A. */
static void
normalise_key(Key *key)
{
    if (!key->name && key->modifiers & CTRL) {
        key->character = g_unichar_tolower(key->character);
        const char *same = find_control_name(key->character);
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

/* Writes the canonical name of the key into the buffer and returns the buffer. */
static const char *
write_name(Key key, char buffer[NJ_MAX_KEY_NAME])
{
    normalise_key(&key);
    char character[8] = "";
    if (!key.name)
        character[g_unichar_to_utf8(key.character, character)] = '\0';
    const char *ctrl = key.modifiers & CTRL ? "Ctrl-" : "";
    const char *alt = key.modifiers & ALT ? "Alt-" : "";
    const char *shift = key.modifiers & SHIFT ? "Shift-" : "";
    const char *name = key.name ? key.name : character;
    g_snprintf(buffer, NJ_MAX_KEY_NAME, "%s%s%s%s", ctrl, alt, shift, name);
    return buffer;
}

/* Reads the name of a key. Returns false if the text is not the name of a key. */
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

/* Whether the key is needed for typing text: a character, Space or Enter, without modifiers. */
static bool
is_text_key(Key key)
{
    if (key.modifiers != 0)
        return false;
    return !key.name || strcmp(key.name, "Space") == 0 || strcmp(key.name, "Enter") == 0;
}

char *
nj_keys_canonical(const char *name, GError **error)
{
    Key key;
    char buffer[NJ_MAX_KEY_NAME];

    if (!parse_name(name, &key)) {
        g_autofree char *shown = nj_text_line(name, -1, 64);
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    _("“%s” is not the name of a key; keys are written like Alt-1, Ctrl-l, F1, "
                      "PgUp, Shift-Tab or Alt-Enter."),
                    shown);
        return NULL;
    }

    normalise_key(&key);
    if (is_text_key(key)) {
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

/* --- decoding --- */

typedef enum {
    READ_PARTIAL, /* the rest has not arrived */
    READ_KEY,
    READ_JUNK, /* a key sequence without a name, or invalid bytes */
} Read;

/* Reads a control byte or a UTF-8 character. */
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

/* Reads ESC [ [ and a letter: F1 … F5 of the Linux console. */
static Read
read_linux_function_key(const char *s, gsize length, gsize *used, Key *key)
{
    static const char *const functions[] = { "F1", "F2", "F3", "F4", "F5" };
    if (length == 3)
        return READ_PARTIAL;

    *used = 4;
    if (s[3] < 'A' || s[3] > 'E')
        return READ_JUNK;
    key->name = functions[s[3] - 'A'];
    return READ_KEY;
}

/* Reads a sequence that begins with ESC [ or ESC O: parameters, intermediate bytes, a final byte
 * (ECMA-48, 5.4). The first parameter is the key, the second one is 1 + the modifiers (xterm). */
static Read
read_sequence(const char *s, gsize length, gsize *used, Key *key)
{
    gsize i = 2;
    if (length >= 3 && s[1] == '[' && s[2] == '[')
        return read_linux_function_key(s, length, used, key);

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
        return READ_JUNK; /* s[i] does not belong to the sequence; the caller reads it again */

    *used = i + 1;
    /* xterm: 1 is Shift, 2 Alt, 4 Ctrl, 8 Meta, which counts as Alt. */
    int modifiers = numbers[1] > 1 ? numbers[1] - 1 : 0;
    key->modifiers |= (modifiers & 7) | (modifiers & 8 ? ALT : 0);

    /* CSI u: the number is a code point. */
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

/* Reads one key and sets *used to its length. `finally`: the wait for the rest is over, so a
 * partial sequence is junk, and an ESC alone is Esc. */
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

    /* If three ESC follow each other, the first is the key Esc. This also bounds the recursion
     * below. */
    if (length > 2 && s[1] == '\033' && s[2] == '\033') {
        key->name = "Esc";
        *used = 1;
        return READ_KEY;
    }

    /* Alt with a key, which may be a sequence. */
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

/* Whether this is F1 … F5 of the Linux console. Such a key is dropped unless it is bound: readline
 * would take the second `[` for the final byte and insert the letter after it. */
static bool
is_linux_function_key(const char *s, gsize length)
{
    return length == 4 && s[2] == '[';
}

/* Returns the character of a keypad key (SS3 sequence of the application mode), 0 if this is
 * another key. */
static char
read_keypad(const char *s, gsize length)
{
    if (length != 3 || s[0] != '\033' || s[1] != 'O')
        return '\0';
    if (s[2] == 'M')
        return '\r';
    return s[2] >= 'j' && s[2] <= 'y' ? "*+,-./0123456789"[s[2] - 'j'] : '\0';
}

static void
pass_bytes(GString *bytes, const NjKeysHooks *hooks, void *owner)
{
    if (bytes->len > 0)
        hooks->on_bytes(bytes->str, bytes->len, owner);
    g_string_truncate(bytes, 0);
}

/* Runs the command line of a key or, after a lone Esc, that of Alt with the key. Returns false if
 * neither is bound. */
static bool
run_binding(NjKeys *keys, Key key, GString *bytes, const NjKeysHooks *hooks, void *owner)
{
    char name[NJ_MAX_KEY_NAME];
    const char *line = g_hash_table_lookup(keys->lines, write_name(key, name));

    if (!line && keys->after_esc) {
        key.modifiers |= ALT;
        line = g_hash_table_lookup(keys->lines, write_name(key, name));
        if (line)
            g_string_append_c(bytes, '\033'); /* cancels the Meta of the prompt */
    }

    keys->after_esc = false;
    if (!line)
        return false;

    pass_bytes(bytes, hooks, owner);
    g_autofree char *copy = g_strdup(line); /* the command may change this binding */
    hooks->on_line(copy, owner);
    return true;
}

/* Splits keys->partial into bound keys and other bytes, and calls the hooks. Puts the beginning of
 * a key back unless `finally`. */
static void
split_input(NjKeys *keys, bool finally, const NjKeysHooks *hooks, void *owner)
{
    g_autoptr(GString) input = g_string_new_len(keys->partial->str, (gssize) keys->partial->len);
    g_autoptr(GString) bytes = g_string_new(NULL);

    g_string_truncate(keys->partial, 0);
    for (gsize i = 0; i < input->len;) {
        const char *s = input->str + i;
        gsize left = input->len - i, used = 0;
        bool text = (guchar) *s >= 0x20 && *s != 0x7f;
        if (text && !keys->after_esc) {
            g_string_append_c(bytes, *s); /* characters without modifiers are never bound */
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
        if (read == READ_KEY && run_binding(keys, key, bytes, hooks, owner))
            continue;
        bool is_lone_esc = finally && used == 1 && *s == '\033';
        keys->after_esc = keys->esc_prefix && is_lone_esc;
        char pad = read_keypad(s, used);
        if (pad != '\0')
            g_string_append_c(bytes, pad);
        else if (*s != '\033' || (read == READ_KEY && !is_linux_function_key(s, used)))
            g_string_append_len(bytes, s, (gssize) used);
    }

    pass_bytes(bytes, hooks, owner);
}

void
nj_keys_feed(NjKeys *keys, const char *bytes, gsize length, const NjKeysHooks *hooks, void *owner)
{
    g_string_append_len(keys->partial, bytes, (gssize) length);
    split_input(keys, false, hooks, owner);
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
        split_input(keys, true, hooks, owner);
}
