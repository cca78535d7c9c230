/* model/options: reading any natterjackrc, its faults as sentences with a line, and changes that
 * rewrite one value only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "model/options.h"

static NjOptions *
load_length(const char *text, gsize length)
{
    NjOptions *options = nj_options_new(NULL);
    nj_options_set_memory(options, text, length);
    assert_true(nj_options_load(options, NULL));
    return options;
}

static NjOptions *
load(const char *text)
{
    return load_length(text, strlen(text));
}

static const NjFault *
fault(const NjOptions *options, guint index)
{
    const GPtrArray *faults = nj_options_faults(options);
    assert_true(index < faults->len);
    return faults->pdata[index];
}

/* Expects exactly these faults: pairs of a line and a part of the sentence; -1 ends the list. */
static void
expect_faults(const NjOptions *options, ...)
{
    va_list expected;
    va_start(expected, options);

    guint count = 0;
    for (int line = va_arg(expected, int); line >= 0; line = va_arg(expected, int), count++) {
        const char *word = va_arg(expected, const char *);
        const NjFault *got = fault(options, count);
        if (got->line != line || !strstr(got->text, word))
            fail_msg("expected line %d and “%s”, got: %s", line, word, got->text);
    }

    va_end(expected);
    assert_int_equal(nj_options_faults(options)->len, count);
}

static const NjAccountSettings *
account(const NjOptions *options, guint index)
{
    assert_true(index < nj_options_accounts(options)->len);
    return nj_options_accounts(options)->pdata[index];
}

static void
expect_text(const NjOptions *options, const char *text)
{
    assert_string_equal(nj_options_memory(options)->str, text);
}

/* Each row accepts its default value, and no name is used twice. */
static void
test_rows_accept_their_default_values(void **state)
{
    (void) state;
    NjOptions *options = nj_options_new(NULL);
    guint rows = 0;
    for (const NjOption *row = nj_options_core; row->name; row++, rows++) {
        assert_true(nj_options_override(options, row->name, row->default_value, NULL));
        assert_true(row->summary && *row->summary);
    }

    assert_int_equal(nj_table_length(nj_options_table(options)), rows);
    nj_options_free(options);
}

/* The example in the manual. */
static void
test_example_of_the_manual(void **state)
{
    (void) state;
    NjOptions *options = load("# comments stand on their own line; a value is taken whole\n"
                              "[account home]\n"
                              "address = Toad@Example.org\n"
                              "password-command = pass show xmpp/home # not a comment\n"
                              "host = 127.0.0.1\n"
                              "port = 5222\n"
                              "tls = direct\n"
                              "ca-file = /etc/ssl/my-ca.pem\n"
                              "resource = desk\n"
                              "autoconnect = false\n"
                              "[account work]\n"
                              "address = frog@example.net/lily\n"
                              "[options]\n"
                              "theme = reed\n"
                              "ping-interval = 30\n"
                              "clock = yes\n");

    expect_faults(options, -1);
    assert_int_equal(nj_options_accounts(options)->len, 2);

    const NjAccountSettings *home = account(options, 0), *work = account(options, 1);
    assert_string_equal(home->name, "home");
    assert_string_equal(home->address, "toad@example.org");
    assert_string_equal(home->password_command, "pass show xmpp/home # not a comment");
    assert_null(home->password);
    assert_string_equal(home->host, "127.0.0.1");
    assert_int_equal(home->port, 5222);
    assert_int_equal(home->tls, NJ_TLS_DIRECT);
    assert_string_equal(home->ca_file, "/etc/ssl/my-ca.pem");

    assert_string_equal(home->resource, "desk");
    assert_false(home->autoconnect);
    assert_string_equal(work->address, "frog@example.net");
    assert_string_equal(work->resource, "lily");
    assert_int_equal(work->tls, NJ_TLS_STARTTLS);
    assert_true(work->autoconnect);
    assert_string_equal(nj_options_text(options, "theme"), "reed");
    assert_int_equal(nj_options_int(options, "ping-interval"), 30);
    assert_int_equal(nj_options_int(options, "ping-timeout"), 20);

    assert_true(nj_options_bool(options, "clock"));
    assert_string_equal(nj_options_text(options, "clock"), "true");

    NjAccountSettings *copy = nj_account_settings_copy(home);
    nj_options_free(options);
    assert_string_equal(copy->password_command, "pass show xmpp/home # not a comment");
    nj_account_settings_free(copy);
}

static void
test_faults_name_line_and_reason(void **state)
{
    (void) state;
    NjOptions *options = load("theme = reed\n" /* 1 */
                              "[options]\n"
                              "no pair\n"
                              "= nothing\n"
                              "ping-interval = soon\n"
                              "ping-timeout = 0\n"
                              "bell = sometimes\n"
                              "title = maybe\n"
                              "no-such = 1\n"
                              "roster-width = 30\n" /* 10 */
                              "roster-width = 40\n"
                              "[broken\n"
                              "theme = reed\n"
                              "[]\n"
                              "[pond]\n"
                              "frogs = 3\n"
                              "[account a b]\n"
                              "address = toad@example.org\n"
                              "[account none]\n"
                              "port = 0\n" /* 20 */
                              "[account bad]\n"
                              "address = toad@@example.org\n"
                              "[account domain]\n"
                              "address = example.org\n"
                              "[account good]\n"
                              "address = toad@example.org\n"
                              "colour = green\n"
                              "tls = ssl\n"
                              "password =\n");

    expect_faults(options, 1, "[options]", 3, "theme = pond", 4, "theme = pond", 5, "0 to 86400", 6,
                  "1 to 3600", 7, "none, mentions, chats, all", 8, "true or false", 9, "no-such",
                  11, "twice", 12, "]", 14, "name", 15, "[pond]", 17, "one word", 19, "no address",
                  20, "1 to 65535", 22, "“@example.org”", 24, "before its", 27, "colour", 28,
                  "starttls, direct, none", -1);
    for (guint i = 0; i < nj_options_faults(options)->len; i++)
        assert_true(g_str_has_suffix(fault(options, i)->text, "."));

    assert_int_equal(nj_options_int(options, "roster-width"), 40);
    assert_int_equal(nj_options_int(options, "ping-interval"), 60);
    assert_string_equal(nj_options_text(options, "theme"), "pond");
    assert_int_equal(nj_options_accounts(options)->len, 1);
    assert_string_equal(account(options, 0)->name, "good");
    assert_null(account(options, 0)->password);
    nj_options_free(options);
}

static void
test_hostile_files_are_read(void **state)
{
    (void) state;
    static const char nulls[] = "[options]\ntheme = re\0ed\nbell = all\n";
    NjOptions *options = load_length(nulls, sizeof nulls - 1);
    expect_faults(options, 2, "UTF-8", -1);
    assert_string_equal(nj_options_text(options, "bell"), "all");
    nj_options_free(options);

    /* and no newline at the end */
    options = load("[options]\ntheme = \xFF\xFE\nbell = all");
    expect_faults(options, 2, "UTF-8", -1);
    assert_string_equal(nj_options_text(options, "bell"), "all");
    nj_options_free(options);

    options = load("\xEF\xBB\xBF[options]\r\ntheme = reed\r\n\r\n");
    expect_faults(options, -1);
    assert_string_equal(nj_options_text(options, "theme"), "reed");
    assert_true(nj_options_set(options, "bell", "all", NULL));
    expect_text(options, "\xEF\xBB\xBF[options]\r\ntheme = reed\r\nbell = all\r\n\r\n");
    nj_options_free(options);

    g_autoptr(GString) large = g_string_new("[options]\ntheme = ");
    for (int i = 0; i < 1024 * 1024; i++)
        g_string_append_c(large, 'x');
    g_string_append(large, "\nbell = all\n");
    options = load(large->str);
    expect_faults(options, 2, "64 KiB", -1);
    assert_string_equal(nj_options_text(options, "bell"), "all");
    nj_options_free(options);

    g_autofree char *noise = g_malloc(1024 * 1024);
    nj_random_bytes(noise, 1024 * 1024);
    options = load_length(noise, 1024 * 1024);
    assert_true(nj_options_faults(options)->len <= 100);
    nj_options_free(options);

    /* Many keys and sections need linear time. */
    g_string_truncate(large, 0);
    for (int i = 0; i < 50000; i++)
        g_string_append_printf(large, "[account %d]\n[keys]\nx%d = y\n", i, i);

    options = load(large->str);
    assert_true(nj_options_faults(options)->len > 0);
    nj_options_free(options);
}

static void
test_change_keeps_all_other_bytes(void **state)
{
    (void) state;
    static const char text[] = "# mine\n"
                               "[options]\n"
                               "  theme=pond   \n"
                               "\n"
                               "# about rooms\n"
                               "unknown = kept\n"
                               "bell =\n"
                               "broken line\n"
                               "[account home]\n"
                               "address = toad@example.org\n"
                               "# end";

    NjOptions *options = load(text);
    assert_true(nj_options_set(options, "theme", "reed", NULL));
    expect_text(
        options,
        "# mine\n[options]\n  theme=reed   \n\n# about rooms\nunknown = kept\nbell =\nbroken line\n"
        "[account home]\naddress = toad@example.org\n# end");
    assert_string_equal(nj_options_text(options, "theme"), "reed");
    assert_true(nj_options_set(options, "theme", "pond", NULL));
    expect_text(options, text);

    assert_true(nj_options_set(options, "bell", "none", NULL));
    assert_true(nj_options_set(options, "clock", "on", NULL));
    expect_text(options, "# mine\n[options]\n  theme=pond   \n\n# about rooms\nunknown = "
                         "kept\nbell = none\nclock = on\nbroken line\n"
                         "[account home]\naddress = toad@example.org\n# end");
    assert_true(nj_options_set(options, "clock", NULL, NULL));
    assert_true(nj_options_set(options, "bell", NULL, NULL));
    assert_string_equal(nj_options_text(options, "bell"), "mentions");
    expect_text(options,
                "# mine\n[options]\n  theme=pond   \n\n# about rooms\nunknown = kept\nbroken line\n"
                "[account home]\naddress = toad@example.org\n# end");

    assert_true(nj_options_set_pair(options, "aliases", "j", "/join", NULL));
    assert_true(
        g_str_has_suffix(nj_options_memory(options)->str, "\n# end\n\n[aliases]\nj = /join\n"));
    nj_options_free(options);
}

/* Of a key that is set twice the later line is used and changed; both are removed. */
static void
test_change_of_a_repeated_key(void **state)
{
    (void) state;
    NjOptions *options = load("[options]\ntheme = a\ntheme = b\n[keys]\n[options]\ntheme = c\n");
    assert_string_equal(nj_options_text(options, "theme"), "c");
    assert_true(nj_options_set(options, "theme", "d", NULL));
    expect_text(options, "[options]\ntheme = a\ntheme = b\n[keys]\n[options]\ntheme = d\n");
    assert_true(nj_options_set(options, "theme", NULL, NULL));
    expect_text(options, "[options]\n[keys]\n[options]\n");
    nj_options_free(options);
}

static void
test_bad_values_are_refused(void **state)
{
    static const char *const pairs[][2] = {
        { "theme", "a\nb" },       { "theme", " a" },
        { "theme", "a " },         { "theme", "\xFF" },
        { "bell", "loud" },        { "title", "" },
        { "roster-width", "7" },   { "roster-width", "81" },
        { "roster-width", "1e1" }, { "roster-width", "99999999999999999999" },
        { "no-such", "1" },
    };
    (void) state;

    NjOptions *options = load("[options]\n");
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autoptr(GError) error = NULL;
        assert_false(nj_options_set(options, pairs[i][0], pairs[i][1], &error));
        assert_true(g_str_has_suffix(error->message, "."));
    }

    static const char *const unsayable[][2] = { { "", "x" },    { "#a", "x" },   { "[a", "x" },
                                                { "a=b", "x" }, { "a\nb", "x" }, { "a", "x\ny" } };
    for (gsize i = 0; i < G_N_ELEMENTS(unsayable); i++)
        assert_false(
            nj_options_set_pair(options, "aliases", unsayable[i][0], unsayable[i][1], NULL));

    assert_false(nj_options_set_pair(options, "a]\n[b", "x", "y", NULL));
    expect_text(options, "[options]\n");
    nj_options_free(options);
}

static void
test_override_is_not_saved(void **state)
{
    (void) state;
    NjOptions *options = load("[options]\ntheme = reed\n");
    assert_true(nj_options_override(options, "theme", "mono", NULL));
    assert_false(nj_options_override(options, "bell", "loud", NULL));
    assert_string_equal(nj_options_text(options, "theme"), "mono");
    expect_text(options, "[options]\ntheme = reed\n");
    assert_true(nj_options_load(options, NULL));
    assert_string_equal(nj_options_text(options, "theme"), "mono");
    assert_true(nj_options_set(options, "theme", "pond", NULL));

    assert_true(nj_options_load(options, NULL));
    assert_string_equal(nj_options_text(options, "theme"), "pond");
    nj_options_free(options);
}

static void
test_account_keys_are_saved(void **state)
{
    (void) state;
    g_autoptr(GError) error = NULL;
    NjOptions *options = load("# first\n");
    assert_false(nj_options_account_set(options, "home", "address", "toad@@x", &error));
    assert_non_null(error);
    g_clear_error(&error);
    assert_false(nj_options_account_set(options, "ho me", "address", "toad@example.org", NULL));
    assert_false(nj_options_account_set(options, "home", "colour", "green", NULL));
    assert_false(nj_options_account_set(options, "home", "colour", NULL, NULL));

    expect_text(options, "# first\n");

    assert_true(nj_options_account_set(options, "home", "address", "toad@example.org", NULL));
    assert_true(nj_options_account_set(options, "home", "port", "5223", NULL));
    assert_true(nj_options_account_set(options, "work", "address", "frog@example.net", NULL));
    assert_true(nj_options_account_set(options, "home", "tls", "direct", NULL));
    expect_text(options,
                "# first\n\n[account home]\naddress = toad@example.org\nport = 5223\ntls = direct\n"
                "\n[account work]\naddress = frog@example.net\n");
    assert_int_equal(nj_options_accounts(options)->len, 2);
    assert_int_equal(account(options, 0)->port, 5223);

    assert_int_equal(account(options, 0)->tls, NJ_TLS_DIRECT);
    assert_true(nj_options_account_set(options, "home", "port", NULL, NULL));
    assert_int_equal(account(options, 0)->port, 0);

    /* Two accounts must not have the same address. */
    assert_false(
        nj_options_account_set(options, "second", "address", "Toad@Example.org/desk", &error));
    assert_non_null(strstr(error->message, "home"));
    assert_false(nj_options_account_set(options, "work", "address", "toad@example.org", NULL));
    assert_true(nj_options_account_set(options, "home", "address", "toad@example.org", NULL));
    assert_null(nj_options_account(options, "second"));
    assert_int_equal(nj_options_accounts(options)->len, 2);

    assert_true(nj_options_account_remove(options, "home", NULL));
    assert_false(nj_options_account_remove(options, "home", NULL));
    expect_text(options, "# first\n\n\n[account work]\naddress = frog@example.net\n");
    assert_int_equal(nj_options_accounts(options)->len, 1);
    assert_string_equal(account(options, 0)->name, "work");
    nj_options_free(options);
}

/* Renaming changes only the name of the section. */
static void
test_renamed_account_keeps_its_lines(void **state)
{
    (void) state;
    static const char *const bad[] = { "", "a b", "a:b", "a@b", "a]", "work", "home" };
    NjOptions *options = load("# mine\n[ account  home ] \r\n# its comment\naddress = "
                              "toad@example.org\n\n[account work]\naddress = frog@example.net\n"
                              "[options]\n[account home]\nport = 5223");
    expect_faults(options, -1);

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        assert_false(nj_options_account_rename(options, "home", bad[i], &error));
        assert_non_null(error);
    }

    assert_false(nj_options_account_rename(options, "den", "pond", NULL));
    assert_true(nj_options_account_rename(options, "home", "pond", NULL));
    expect_text(options, "# mine\n[ account pond ] \r\n# its comment\naddress = "
                         "toad@example.org\n\n[account work]\naddress = frog@example.net\n"
                         "[options]\n[account pond]\nport = 5223");
    assert_null(nj_options_account(options, "home"));

    const NjAccountSettings *pond = nj_options_account(options, "pond");
    assert_ptr_equal(pond, account(options, 0));
    assert_string_equal(pond->address, "toad@example.org");
    assert_int_equal(pond->port, 5223);
    assert_true(nj_options_account_set(options, "pond", "port", NULL, NULL));
    assert_true(nj_options_load(options, NULL));
    assert_string_equal(account(options, 0)->name, "pond");
    assert_int_equal(account(options, 0)->port, 0);
    nj_options_free(options);
}

/* Of two sections with one address the first is used; the other is a fault. */
static void
test_second_account_of_an_address_is_ignored(void **state)
{
    (void) state;
    NjOptions *options = load("[account home]\naddress = toad@example.org\n[account work]\nport = "
                              "5222\naddress = TOAD@example.org/work\n");
    expect_faults(options, 5, "home", -1);
    assert_int_equal(nj_options_accounts(options)->len, 1);
    assert_string_equal(account(options, 0)->name, "home");
    nj_options_free(options);
}

static void
collect(const char *key, const char *value, void *owner)
{
    g_string_append_printf(owner, "<%s|%s>", key, value);
}

/* The sign “=” may be a key. */
static void
test_pairs_of_keys_and_aliases(void **state)
{
    (void) state;
    NjOptions *options = load("[keys]\nAlt-x = /msg a=b\n= = /quit\nAlt-= = /window = "
                              "x\nF2=/help\n[aliases]\nj = /join\n");
    g_autoptr(GString) seen = g_string_new(NULL);
    expect_faults(options, -1);
    nj_options_pairs(options, "keys", collect, seen);
    assert_string_equal(seen->str, "<Alt-x|/msg a=b><=|/quit><Alt-=|/window = x><F2|/help>");
    assert_true(nj_options_set_pair(options, "keys", "Alt-=", "/x", NULL));
    assert_true(nj_options_set_pair(options, "keys", "F3", "/y", NULL));

    assert_true(nj_options_set_pair(options, "keys", "=", NULL, NULL));
    g_string_truncate(seen, 0);
    nj_options_pairs(options, "keys", collect, seen);
    nj_options_pairs(options, "nothing", collect, seen);
    assert_string_equal(seen->str, "<Alt-x|/msg a=b><Alt-=|/x><F2|/help><F3|/y>");
    expect_text(options,
                "[keys]\nAlt-x = /msg a=b\nAlt-= = /x\nF2=/help\nF3 = /y\n[aliases]\nj = /join\n");
    nj_options_free(options);
}

/* A plugin may add its rows before or after the file is read; then their lines are not faults. */
static void
test_rows_of_plugins_are_added(void **state)
{
    static const NjOption rows[] = {
        { .name = "otr-policy",
          .kind = NJ_OPTION_CHOICE,
          .default_value = "offered",
          .choices = { "off", "offered" },
          .summary = "x" },
        { .name = NULL },
    };
    (void) state;

    NjOptions *options = load("[options]\notr-policy = off\n");
    expect_faults(options, 2, "otr-policy", -1);
    nj_options_add_rows(options, rows);
    expect_faults(options, -1);
    assert_string_equal(nj_options_text(options, "otr-policy"), "off");
    nj_options_free(options);
}

/* On disk: a new file has mode 0600, an old one keeps its mode; links are followed, and changes
 * made by others meanwhile are kept. */
static void
test_file_keeps_mode_links_and_edits(void **state)
{
    (void) state;
    struct stat info;
    g_autofree char *home = g_dir_make_tmp("natterjack-XXXXXX", NULL);
    g_autofree char *folder = g_build_filename(home, "config", NULL);
    g_autofree char *path = g_build_filename(folder, "natterjackrc", NULL);
    g_autofree char *real = g_build_filename(home, "real", NULL);
    g_autofree char *text = NULL;

    NjOptions *options = nj_options_new(path);
    assert_true(nj_options_load(options, NULL)); /* a missing file is not an error */
    assert_int_equal(nj_options_faults(options)->len, 0);
    assert_true(nj_options_set(options, "theme", "reed", NULL));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);

    /* The user edits the file meanwhile. */
    assert_true(g_file_set_contents(
        real, "[account home]\naddress = toad@example.org\npassword = secret\n", -1, NULL));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("../real", path), 0);
    assert_int_equal(chmod(real, 0640), 0);
    assert_true(nj_options_set(options, "bell", "all", NULL));
    assert_int_equal(lstat(path, &info), 0);
    assert_true(S_ISLNK(info.st_mode));

    assert_int_equal(stat(real, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_true(g_file_get_contents(real, &text, NULL, NULL));
    assert_string_equal(
        text,
        "[account home]\naddress = toad@example.org\npassword = secret\n\n[options]\nbell = all\n");

    assert_true(nj_options_load(options, NULL));
    expect_faults(options, 0, "chmod 600", -1);
    assert_string_equal(account(options, 0)->password, "secret");
    assert_string_equal(nj_options_text(options, "theme"), "pond");

    /* Before a password is saved, the mode becomes 0600. */
    assert_true(nj_options_account_set(options, "home", "password", "new", NULL));
    assert_int_equal(stat(real, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);

    /* A file that cannot be read is not replaced. */
    g_autoptr(GError) error = NULL;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(g_mkdir(path, 0700), 0);
    assert_false(nj_options_load(options, &error));
    assert_non_null(strstr(error->message, path));
    assert_false(nj_options_set(options, "bell", "none", NULL));
    assert_string_equal(nj_options_text(options, "bell"), "all");

    nj_options_free(options);
    rmdir(path);
    unlink(real);
    rmdir(folder);
    rmdir(home);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_accept_their_default_values),
        cmocka_unit_test(test_example_of_the_manual),
        cmocka_unit_test(test_faults_name_line_and_reason),
        cmocka_unit_test(test_hostile_files_are_read),
        cmocka_unit_test(test_change_keeps_all_other_bytes),
        cmocka_unit_test(test_change_of_a_repeated_key),
        cmocka_unit_test(test_bad_values_are_refused),
        cmocka_unit_test(test_override_is_not_saved),
        cmocka_unit_test(test_account_keys_are_saved),
        cmocka_unit_test(test_renamed_account_keeps_its_lines),
        cmocka_unit_test(test_second_account_of_an_address_is_ignored),
        cmocka_unit_test(test_pairs_of_keys_and_aliases),
        cmocka_unit_test(test_rows_of_plugins_are_added),
        cmocka_unit_test(test_file_keeps_mode_links_and_edits),
    };
    return cmocka_run_group_tests_name("model/options", tests, NULL, NULL);
}
