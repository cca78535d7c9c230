/* The keys of lists, questions and choices: rows with a context, a key and an action.
 *
 * Keys of the context NJ_KEYS_GLOBAL are rows of the topics in cmd/, each with a command line, and
 * can be bound to other command lines (NjKeys). The rows below are fixed. */
#include "ui/keys.h"

#include <string.h>

/* Rows with the same action stand together: /help keys shows them as one entry. */
const NjKeyRow nj_key_rows[] = {
    { "Up", NULL, N_("the row above"), NJ_KEYS_LIST, NJ_KEY_UP },
    { "Ctrl-p", NULL, N_("the row above"), NJ_KEYS_LIST, NJ_KEY_UP },
    { "Down", NULL, N_("the row below"), NJ_KEYS_LIST, NJ_KEY_DOWN },
    { "Ctrl-n", NULL, N_("the row below"), NJ_KEYS_LIST, NJ_KEY_DOWN },
    { "PgUp", NULL, N_("a page up"), NJ_KEYS_LIST, NJ_KEY_PAGE_UP },
    { "PgDn", NULL, N_("a page down"), NJ_KEYS_LIST, NJ_KEY_PAGE_DOWN },
    { "Home", NULL, N_("the first row"), NJ_KEYS_LIST, NJ_KEY_FIRST },
    { "End", NULL, N_("the last row"), NJ_KEYS_LIST, NJ_KEY_LAST },
    { "Enter", NULL, N_("open the selected row"), NJ_KEYS_LIST, NJ_KEY_OPEN },
    { "Ctrl-j", NULL, N_("open the selected row"), NJ_KEYS_LIST, NJ_KEY_OPEN },
    { "Esc", NULL, N_("leave the list"), NJ_KEYS_LIST, NJ_KEY_CANCEL },
    { "Ctrl-g", NULL, N_("leave the list"), NJ_KEYS_LIST, NJ_KEY_CANCEL },
    { "Ctrl-c", NULL, N_("leave the list"), NJ_KEYS_LIST, NJ_KEY_CANCEL },

    { "Esc", NULL, N_("cancel the question"), NJ_KEYS_QUESTION, NJ_KEY_CANCEL },
    { "Ctrl-g", NULL, N_("cancel the question"), NJ_KEYS_QUESTION, NJ_KEY_CANCEL },
    { "Ctrl-c", NULL, N_("cancel the question"), NJ_KEYS_QUESTION, NJ_KEY_CANCEL },

    { "Enter", NULL, N_("accept the answer"), NJ_KEYS_SECRET, NJ_KEY_OPEN },
    { "Ctrl-j", NULL, N_("accept the answer"), NJ_KEYS_SECRET, NJ_KEY_OPEN },
    { "Backspace", NULL, N_("erase the last character"), NJ_KEYS_SECRET, NJ_KEY_ERASE },
    { "Ctrl-h", NULL, N_("erase the last character"), NJ_KEYS_SECRET, NJ_KEY_ERASE },
    { "Ctrl-u", NULL, N_("erase the answer"), NJ_KEYS_SECRET, NJ_KEY_ERASE_ALL },
    { "Ctrl-w", NULL, N_("erase the answer"), NJ_KEYS_SECRET, NJ_KEY_ERASE_ALL },

    { "Esc", NULL, N_("restore the typed word"), NJ_KEYS_CHOICES, NJ_KEY_CANCEL },

    { 0 },
};

/* A key without a row in its context is looked up in the parent. */
static const struct {
    const char *name, *title;
    NjKeyContext parent;
} contexts[] = {
    [NJ_KEYS_GLOBAL] = { "global", N_("Everywhere:"), NJ_KEYS_GLOBAL },
    [NJ_KEYS_LIST] = { "list", N_("In the contact list and in search results:"), NJ_KEYS_GLOBAL },
    [NJ_KEYS_QUESTION] = { "question", N_("In a question:"), NJ_KEYS_GLOBAL },
    [NJ_KEYS_SECRET] = { "secret", N_("In a question for a password:"), NJ_KEYS_QUESTION },
    [NJ_KEYS_CHOICES] = { "choices", N_("While completions are shown:"), NJ_KEYS_GLOBAL },
};

G_STATIC_ASSERT(G_N_ELEMENTS(contexts) == NJ_KEYS_N_CONTEXTS);

const char *
nj_key_context_name(NjKeyContext context)
{
    return contexts[context].name;
}

const char *
nj_key_context_title(NjKeyContext context)
{
    return contexts[context].title;
}

const NjKeyRow *
nj_key_row_at(NjKeyContext context, const char *bytes, gsize length, gsize *used)
{
    char name[NJ_MAX_KEY_NAME];
    *used = nj_key_name_at(bytes, length, name);
    if (*used == 0)
        return NULL;

    for (; context != NJ_KEYS_GLOBAL; context = contexts[context].parent)
        for (const NjKeyRow *row = nj_key_rows; row->key; row++)
            if (row->context == context && strcmp(row->key, name) == 0)
                return row;

    *used = 0;
    return NULL;
}
