/* $FEATURES and $VER of a talk: our identity and features, and their hash (XEP-0115), derived from
 * the module rows and the default values of options. Features can be taken away and added:
 * $FEATURES-urn:xmpp:time+jabber:iq:last. */
#include "talk.h"
#include "xmpp/xep/0115.h"

#define NS_INFO "http://jabber.org/protocol/disco#info"

static bool
is_on_as_shipped(const char *option)
{
    const NjOption *row =
        option ? nj_table_find(nj_options_table(running->client->options), option) : NULL;
    return !row || g_strcmp0(row->default_value, "true") == 0;
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Returns the features of all rows as a set of owned strings. */
static GHashTable *
collect_features(void)
{
    GHashTable *features = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < nj_table_length(nj_modules()); i++) {
        const NjModule *module = nj_table_at(nj_modules(), i);
        if (!is_on_as_shipped(module->option))
            continue;
        for (gsize j = 0; j < G_N_ELEMENTS(module->features) && module->features[j]; j++)
            g_hash_table_add(features, g_strdup(module->features[j]));
        for (gsize j = 0; j < G_N_ELEMENTS(module->events) && module->events[j].node; j++)
            g_hash_table_add(features, g_strconcat(module->events[j].node, "+notify", NULL));
    }
    return features;
}

/* Reads "-feature" and "+feature" after the variable; returns the end of what it has read. */
static const char *
apply_changes(GHashTable *features, const char *at)
{
    while (*at == '-' || *at == '+') {
        gsize length = strcspn(at + 1, "-+ '\"<>");
        char *feature = g_strndup(at + 1, length);
        if (*at == '+') {
            g_hash_table_add(features, feature);
        } else {
            g_hash_table_remove(features, feature);
            g_free(feature);
        }
        at += length + 1;
    }
    return at;
}

static char *
print_features(GHashTable *features, bool hash)
{
    GString *text = g_string_new("<identity category='client' type='console' name='Natterjack'/>");
    guint count;
    g_autofree const char **list = (const char **) g_hash_table_get_keys_as_array(features, &count);

    qsort(list, count, sizeof *list, compare);
    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, "<feature var='%s'/>", list[i]);
    if (!hash)
        return g_string_free(text, FALSE);

    g_autofree char *xml = g_strdup_printf("<query xmlns='" NS_INFO "'>%s</query>", text->str);
    g_autoptr(NjXml) query = parse(xml);
    g_string_free(text, TRUE);
    return nj_caps_hash(query);
}

char *
expand_features(const char *text)
{
    static const char *const names[] = { "$FEATURES", "$VER" };
    GString *out = g_string_new(NULL);

    while (*text) {
        gsize i = 0;
        while (i < G_N_ELEMENTS(names) && !g_str_has_prefix(text, names[i]))
            i++;
        if (i == G_N_ELEMENTS(names)) {
            g_string_append_c(out, *text++);
            continue;
        }

        g_autoptr(GHashTable) features = collect_features();
        text = apply_changes(features, text + strlen(names[i]));
        g_autofree char *value = print_features(features, i == 1);
        g_string_append(out, value);
    }

    return g_string_free(out, FALSE);
}
