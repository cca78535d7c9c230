/* Themes: the style of each role. The code that draws names a role; a theme file gives the role a
 * look for 256 colours, for 16 colours and for terminals without colours. */
#ifndef NJ_UI_THEME_H
#define NJ_UI_THEME_H

#include "base/base.h"

/* The roles: X(enumerator, name in theme files, N_() description for --dump). */
#define NJ_ROLES(X)                                                                 \
    X(TEXT, "text", N_("ordinary text"))                                            \
    X(DIM, "dim", N_("less important text"))                                        \
    X(TIME, "time", N_("the time beside a message"))                                \
    X(NICK, "nick", N_("a name without a colour of its own"))                       \
    X(OWN, "own", N_("your own name"))                                              \
    X(MENTION, "mention", N_("a message that mentions you"))                        \
    X(ACTION, "action", N_("a /me message"))                                        \
    X(MARK, "mark", N_("the state of a message you sent"))                          \
    X(DAY, "day", N_("the line between two days"))                                  \
    X(UNREAD, "unread", N_("the line above unread messages"))                       \
    X(NOTICE, "notice", N_("a notice of the program"))                              \
    X(SUCCESS, "success", N_("a notice of success"))                                \
    X(WARNING, "warning", N_("a warning"))                                          \
    X(ERROR, "error", N_("an error"))                                               \
    X(FOUND, "found", N_("the words that a search found"))                          \
    X(BORDER, "border", N_("lines between panes"))                                  \
    X(TITLE, "title", N_("the title of a pane"))                                    \
    X(FOCUS, "focus", N_("the title of the focused pane"))                          \
    X(STATUS, "status", N_("the status line"))                                      \
    X(STATUS_DIM, "status-dim", N_("less important parts of the status line"))      \
    X(STATUS_HOT, "status-hot", N_("parts of the status line that need attention")) \
    X(STATUS_BAD, "status-bad", N_("an account with an error, in the status line")) \
    X(PROMPT, "prompt", N_("the sign before the prompt"))                           \
    X(SELECTED, "selected", N_("the selected row"))                                 \
    X(GROUP, "group", N_("a group in the contact list"))                            \
    X(ONLINE, "online", N_("a contact who is online"))                              \
    X(AWAY, "away", N_("a contact who is away"))                                    \
    X(BUSY, "busy", N_("a contact who is busy"))                                    \
    X(OFFLINE, "offline", N_("a contact who is offline"))                           \
    X(MODERATOR, "moderator", N_("a moderator of a room"))                          \
    X(ENCRYPTED, "encrypted", N_("an encrypted message"))                           \
    X(LINK, "link", N_("a link"))

#define NJ_ROLE_NUMBER(id, name, what) NJ_ROLE_##id,
typedef enum { NJ_ROLES(NJ_ROLE_NUMBER) NJ_ROLE_COUNT } NjRole;
#undef NJ_ROLE_NUMBER

#define NJ_ATTR_BOLD 1
#define NJ_ATTR_UNDERLINE 2
#define NJ_ATTR_REVERSE 4
#define NJ_ATTR_ITALIC 8
#define NJ_ATTR_DIM 16
#define NJ_RGB(r, g, b) (0x1000000 | (r) << 16 | (g) << 8 | (b))

typedef struct {
    int fg, bg;   /* -1 (the default of the terminal), 0 … 255 or NJ_RGB() */
    guint8 attrs; /* NJ_ATTR_… */
} NjStyle;

typedef struct NjTheme NjTheme;

/* Loads a theme for a terminal with this number of colours (0, 8, 16, 256 or 1 << 24). NAME.theme
 * is looked up in dirs (ends in NULL; the user's comes first), then among the shipped themes. For
 * each faulty line "FILE, line N: …" is appended to faults (char *, may be NULL). Fails when there
 * is no such theme or its file cannot be read. */
NjTheme *nj_theme_load(const char *name, const char *const *dirs, int colors, GPtrArray *faults,
                       GError **error);

/* Returns a plain theme, almost without colours, that needs no file. Does not fail. */
NjTheme *nj_theme_builtin(int colors);
void nj_theme_free(NjTheme *theme);
NjStyle nj_theme_style(const NjTheme *theme, NjRole role);

/* Returns the style of a nick or address, with a colour derived from it (XEP-0392), or that of the
 * role NICK if the theme or the terminal has no colours for names. */
NjStyle nj_theme_name_style(const NjTheme *theme, const char *name);

/* Returns the names of the themes in dirs and of the shipped ones, sorted. Free them with
 * g_strfreev(). */
char **nj_theme_names(const char *const *dirs);

#endif
