/* Splitting, checking and preparing addresses. Splitting is frequent, because every stanza has a
 * sender, and compares single bytes: in UTF-8, '/' and '@' are never part of another character. */
#include "model/jid.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <string.h>

#include "model/precis.h"

#define MAX_PART 1023         /* bytes, RFC 7622 */
#define FORBIDDEN "\"&'/:<>@" /* in a localpart, RFC 7622, 3.3.1 */

gsize
nj_jid_bare_length(const char *jid)
{
    return strcspn(jid, "/");
}

/* Returns the start of the domain: behind the first '@' in the first `bare` bytes, which are the
 * bare address. */
static const char *
find_domain(const char *jid, gsize bare)
{
    const char *at = memchr(jid, '@', bare);
    return at ? at + 1 : jid;
}

char *
nj_jid_bare(const char *jid)
{
    return g_strndup(jid, nj_jid_bare_length(jid));
}

char *
nj_jid_domain(const char *jid)
{
    const gsize bare = nj_jid_bare_length(jid);
    const char *domain = find_domain(jid, bare);
    return g_strndup(domain, (gsize) (jid + bare - domain));
}

char *
nj_jid_local(const char *jid)
{
    const char *domain = find_domain(jid, nj_jid_bare_length(jid));
    return domain > jid ? g_strndup(jid, (gsize) (domain - 1 - jid)) : NULL;
}

const char *
nj_jid_resource(const char *jid)
{
    const char *slash = strchr(jid, '/');
    return slash ? slash + 1 : NULL;
}

bool
nj_jid_is_bare(const char *jid)
{
    return !strchr(jid, '/');
}

bool
nj_jid_same_bare(const char *a, const char *b)
{
    const gsize length = nj_jid_bare_length(a);
    return length == nj_jid_bare_length(b) && memcmp(a, b, length) == 0;
}

static bool
has_control(const char *text)
{
    for (const guint8 *c = (const guint8 *) text; *c; c++) {
        const bool is_c0 = *c < 0x20 || *c == 0x7F;
        const bool is_c1 = *c == 0xC2 && c[1] < 0xA0; /* U+0080 to U+009F in UTF-8 */
        if (is_c0 || is_c1)
            return true;
    }
    return false;
}

static bool
is_part_length(gsize length)
{
    return length > 0 && length <= MAX_PART;
}

bool
nj_jid_valid(const char *jid)
{
    if (!jid)
        return false;

    const gsize bare = nj_jid_bare_length(jid);
    const char *domain = find_domain(jid, bare), *resource = nj_jid_resource(jid);
    const gsize local_length = domain > jid ? (gsize) (domain - 1 - jid) : 0;
    const gsize domain_length = (gsize) (jid + bare - domain);
    if (domain > jid && !is_part_length(local_length))
        return false;
    if (!is_part_length(domain_length) || (resource && !is_part_length(strlen(resource))))
        return false;
    if (has_control(jid) || !g_utf8_validate(jid, -1, NULL))
        return false;

    return strcspn(jid, FORBIDDEN " ") >= local_length
           && strcspn(domain, "\"&'<>@/ ") == domain_length;
}

/* Sets an error and returns NULL. */
G_GNUC_PRINTF(2, 3) static char *set_error(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (error)
        *error = g_error_new_valist(g_quark_from_static_string("nj-jid"), 0, format, arguments);
    va_end(arguments);
    return NULL;
}

/* Returns an IP literal in its canonical spelling, without brackets; NULL: it is not one. */
static char *
read_ip_literal(const char *domain)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];
    const gsize length = strlen(domain);

    if (inet_pton(AF_INET, domain, &address) == 1)
        return g_strdup(domain);
    if (length < 4 || length >= INET6_ADDRSTRLEN + 2)
        return NULL;
    if (domain[0] != '[' || domain[length - 1] != ']')
        return NULL;

    g_autofree char *inside = g_strndup(domain + 1, length - 2);
    if (inet_pton(AF_INET6, inside, &address) != 1)
        return NULL;

    return g_strdup(inet_ntop(AF_INET6, &address, text, sizeof text));
}

bool
nj_jid_is_ip(const char *domain)
{
    g_autofree char *ip = read_ip_literal(domain);
    return ip;
}

/* True if all labels consist of letters, digits, '-' and '_' (DNS does not allow '_', but some
 * hosts have it). No label may be empty, and the last must not be a number: that is a mistyped IP
 * address. */
static bool
is_host_name(const char *ascii)
{
    const char *last = strrchr(ascii, '.');
    last = last ? last + 1 : ascii;
    const bool is_number = last[strspn(last, "0123456789")] == '\0';
    const bool has_empty_label = *ascii == '.' || strstr(ascii, "..");
    if (has_empty_label || is_number)
        return false;
    for (const char *c = ascii; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr("-_.", *c))
            return false;
    return true;
}

char *
nj_jid_ascii_domain(const char *domain, GError **error)
{
    char *ip = read_ip_literal(domain);
    if (ip)
        return ip;

    g_autofree char *name = g_strdup(domain);
    const gsize length = strlen(name);

    /* A trailing dot stands for the root and is not part of the name. */
    if (length > 0 && name[length - 1] == '.')
        name[length - 1] = '\0';

    char *from_idn = NULL;
    const int result = idn2_to_ascii_8z(name, &from_idn, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (result != IDN2_OK)
        return set_error(error, _("The domain “%s” cannot be used: %s."), domain,
                         idn2_strerror(result));

    g_autofree char *ascii = g_ascii_strdown(from_idn, -1);
    idn2_free(from_idn);
    if (!is_host_name(ascii))
        return set_error(
            error,
            _("The domain “%s” is neither a host name nor an IP address; write it like "
              "example.org, 192.0.2.1 or [2001:db8::1]."),
            domain);

    return g_steal_pointer(&ascii);
}

static char *
prepare_domain(const char *typed, GError **error)
{
    if (!*typed)
        return set_error(error, _("The address has no domain; write it like toad@example.org."));

    g_autofree char *ascii = nj_jid_ascii_domain(typed, error);
    if (!ascii)
        return NULL;
    if (*typed == '[')
        return g_strdup_printf("[%s]", ascii);

    char *from_idn = NULL;
    const int result = idn2_to_unicode_8z8z(ascii, &from_idn, 0);
    if (result != IDN2_OK)
        return set_error(error, _("The domain “%s” cannot be used: %s."), typed,
                         idn2_strerror(result));

    g_autofree char *unicode = g_strdup(from_idn);
    idn2_free(from_idn);
    if (strlen(unicode) > MAX_PART)
        return set_error(error, _("The domain is longer than 1,023 bytes."));

    return g_steal_pointer(&unicode);
}

static char *
prepare_local(const char *typed, GError **error)
{
    gunichar bad;
    if (!*typed)
        return set_error(
            error, _("There is no name before the “@”; write the address like toad@example.org."));

    g_autofree char *local = nj_precis_username(typed, &bad);
    if (local) {
        const gsize before = strcspn(local, FORBIDDEN);
        bad = (guchar) local[before];
    }

    /* User names of other networks have these characters; XEP-0106 escapes them. */
    if (bad && bad < 0x80 && strchr(FORBIDDEN " ", (int) bad))
        return set_error(
            error, _("The character “%c” is not allowed before the “@”; write \\%02x instead."),
            (int) bad, bad);
    if (!local && bad)
        return set_error(
            error, _("The character U+%04X is not allowed before the “@” of an address."), bad);
    if (!local)
        return set_error(
            error, _("The name before the “@” mixes text written to the right and to the left."));
    if (strlen(local) > MAX_PART)
        return set_error(error, _("The name before the “@” is longer than 1,023 bytes."));

    return g_steal_pointer(&local);
}

static bool
check_text(const char *typed, GError **error)
{
    if (g_utf8_validate(typed, -1, NULL))
        return true;
    set_error(error, _("The address is not valid UTF-8; type it again."));
    return false;
}

char *
nj_jid_prepare_resource(const char *typed, GError **error)
{
    gunichar bad;
    if (!check_text(typed, error))
        return NULL;
    if (!*typed)
        return set_error(error, _("A nickname or resource cannot be empty."));

    g_autofree char *resource = nj_precis_opaque(typed, &bad);
    if (!resource)
        return set_error(error, _("The character U+%04X is not allowed in a nickname or resource."),
                         bad);
    if (*resource == ' ')
        return set_error(error, _("A nickname or resource cannot begin with a space."));
    if (strlen(resource) > MAX_PART)
        return set_error(error, _("A nickname or resource cannot be longer than 1,023 bytes."));

    return g_steal_pointer(&resource);
}

char *
nj_jid_prepare(const char *typed, GError **error)
{
    if (!check_text(typed, error))
        return NULL;

    g_autofree char *typed_domain = nj_jid_domain(typed);
    g_autofree char *typed_local = nj_jid_local(typed);
    const char *typed_resource = nj_jid_resource(typed);
    g_autofree char *domain = prepare_domain(typed_domain, error);
    if (!domain)
        return NULL;

    g_autofree char *local = typed_local ? prepare_local(typed_local, error) : NULL;
    if (typed_local && !local)
        return NULL;

    g_autofree char *resource =
        typed_resource ? nj_jid_prepare_resource(typed_resource, error) : NULL;
    if (typed_resource && !resource)
        return NULL;

    GString *jid = g_string_new(local);
    g_string_append_printf(jid, "%s%s", local ? "@" : "", domain);
    if (resource)
        g_string_append_printf(jid, "/%s", resource);
    return g_string_free(jid, FALSE);
}

/* The characters that XEP-0106 escapes. */
static const char escaped[] = " \"&'/:<>@\\";

/* Returns the character of the escape sequence at text; 0: there is none. The digits must be lower
 * case (XEP-0106). */
static char
read_escape(const char *text)
{
    if (text[0] != '\\' || !text[1] || !text[2])
        return 0;
    if (g_ascii_isupper(text[1]) || g_ascii_isupper(text[2]))
        return 0;
    const int high = g_ascii_xdigit_value(text[1]), low = g_ascii_xdigit_value(text[2]);
    const int c = high * 16 + low;
    if (high < 2 || low < 0 || c >= 0x80)
        return 0;
    return strchr(escaped, c) ? (char) c : 0;
}

/* A backslash is escaped only where it would be read as the start of an escape sequence. */
static bool
must_escape(const char *c)
{
    if (*c == '\\')
        return read_escape(c) != 0;
    return strchr(escaped, *c);
}

char *
nj_jid_escape_local(const char *text)
{
    g_autofree char *bare = g_strstrip(g_strdup(text)); /* \20 is not allowed at an end */
    GString *local = g_string_new(NULL);
    for (const char *c = bare; *c; c++)
        if (must_escape(c))
            g_string_append_printf(local, "\\%02x", *c);
        else
            g_string_append_c(local, *c);
    return g_string_free(local, FALSE);
}

char *
nj_jid_unescape_local(const char *local)
{
    GString *text = g_string_new(NULL);
    for (const char *c = local; *c; c++) {
        const char plain = read_escape(c);
        const bool is_outer_space = plain == ' ' && (c == local || !c[3]); /* not allowed */
        if (plain && !is_outer_space) {
            g_string_append_c(text, plain);
            c += 2;
        } else {
            g_string_append_c(text, *c);
        }
    }

    return g_string_free(text, FALSE);
}
