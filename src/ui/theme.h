/* Roles and what they look like.  Code names a role; a theme file gives it colours for 256 and 16
 * colours and for none. */
#ifndef NJ_UI_THEME_H
#define NJ_UI_THEME_H

#include "base/base.h"

/*  X(enumerator, name in theme files, N_() what it is) */
#define NJ_ROLES(X)                                                  \
    X(TEXT, "text", N_("ordinary text"))                             \
    X(DIM, "dim", N_("what may be overlooked"))                      \
    X(TIME, "time", N_("the time beside a message"))                 \
    X(NICK, "nick", N_("a name that has no colour of its own"))      \
    X(OWN, "own", N_("our own name"))                                \
    X(MENTION, "mention", N_("a line that names us"))                \
    X(ACTION, "action", N_("a /me line"))                            \
    X(MARK, "mark", N_("what became of a message of ours"))          \
    X(DAY, "day", N_("the line between two days"))                   \
    X(UNREAD, "unread", N_("the line above what is new"))            \
    X(NOTICE, "notice", N_("what the program says"))                 \
    X(SUCCESS, "success", N_("something worked"))                    \
    X(WARNING, "warning", N_("something needs a look"))              \
    X(ERROR, "error", N_("something failed"))                        \
    X(FOUND, "found", N_("what a search looked for"))                \
    X(BORDER, "border", N_("lines between panes"))                   \
    X(TITLE, "title", N_("the head of a pane"))                      \
    X(FOCUS, "focus", N_("the head of the pane that has the keys"))  \
    X(STATUS, "status", N_("the status line"))                       \
    X(STATUS_DIM, "status-dim", N_("what rests in the status line")) \
    X(STATUS_HOT, "status-hot", N_("what wants attention"))          \
    X(STATUS_BAD, "status-bad", N_("an account with trouble"))       \
    X(PROMPT, "prompt", N_("the sign before the prompt"))            \
    X(SELECTED, "selected", N_("the chosen row"))                    \
    X(GROUP, "group", N_("a group of the roster"))                   \
    X(ONLINE, "online", N_("a contact who is here"))                 \
    X(AWAY, "away", N_("a contact who is away"))                     \
    X(BUSY, "busy", N_("a contact who is busy"))                     \
    X(OFFLINE, "offline", N_("a contact who is not here"))           \
    X(MODERATOR, "moderator", N_("an occupant who moderates"))       \
    X(ENCRYPTED, "encrypted", N_("a message that was encrypted"))    \
    X(LINK, "link", N_("a link"))

#define NJ_ROLE_NUMBER(id, name, what) NJ_ROLE_##id,
typedef enum { NJ_ROLES(NJ_ROLE_NUMBER) NJ_ROLE_COUNT } NjRole;
#undef NJ_ROLE_NUMBER

#define NJ_ATTR_BOLD 1
#define NJ_ATTR_UNDERLINE 2
#define NJ_ATTR_REVERSE 4
#define NJ_ATTR_ITALIC 8
/* What a cell looks like: colours are -1 (the terminal's own), 0…255, or NJ_RGB. */
#define NJ_ATTR_DIM 16
#define NJ_RGB(r, g, b) (0x1000000 | (r) << 16 | (g) << 8 | (b))
typedef struct {
    int fg, bg;
    guint8 attrs;
} NjStyle;

typedef struct NjTheme NjTheme;

/* name: looked up in dirs (NULL-ended, the user's first) as NAME.theme, then among the shipped
 * ones. colors: 0, 8, 16, 256 or 1<<24. Faults are lines "FILE, line N: …" appended to faults (of
 * char *, may be NULL). */
NjTheme *nj_theme_load(const char *name, const char *const *dirs, int colors, GPtrArray *faults,
                       GError **error);

/* a plain look, nearly without colours */
NjTheme *nj_theme_builtin(int colors);
void nj_theme_free(NjTheme *theme);
NjStyle nj_theme_style(const NjTheme *theme, NjRole role);

/* XEP-0392: nick colours, cached; falls back to attributes in mono */
NjStyle nj_theme_name_style(const NjTheme *theme, const char *name);

/* of dirs and the shipped ones; NULL-ended, sorted; g_strfreev() */
char **nj_theme_names(const char *const *dirs);

#endif
