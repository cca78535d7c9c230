/* XEP-0380: a message we can not read says so in one line.  The words that came with it for such a
 * case are not shown: they are not what was written, and may come from anybody. */
#include "xmpp/xep/xep.h"

#include "base/text.h"

/* What a cipher looks like on the wire; its name here counts more than the one a stanza brings. */
#define NS "urn:xmpp:eme:0"
static const struct {
    const char *ns, *name;
    const char *element; /* NULL: none of its own */
} ciphers[] = {
    { "urn:xmpp:omemo:2", "OMEMO", "encrypted" },
    { "eu.siacs.conversations.axolotl", "OMEMO", "encrypted" },
    { "urn:xmpp:openpgp:0", "OpenPGP", "openpgp" },
    { "jabber:x:encrypted", "OpenPGP", "x" },
    { "urn:xmpp:otr:0", "OTR", NULL },
};

static char *
name_of(const NjXml *hint)
{
    const char *ns = nj_xml_attr(hint, "namespace"), *name = nj_xml_attr(hint, "name");
    for (gsize i = 0; ns && i < G_N_ELEMENTS(ciphers); i++)
        if (g_str_equal(ciphers[i].ns, ns))
            return g_strdup(ciphers[i].name);
    g_autofree char *line = nj_text_line(name && *name ? name : ns ? ns : "", -1, 64);
    return *line ? g_steal_pointer(&line) : g_strdup(_("a cipher that it does not name"));
}

/* Without a payload OMEMO only moves keys: nobody wrote anything. */
static bool
is_written(const NjXml *element)
{
    return !g_str_equal(nj_xml_name(element), "encrypted")
           || nj_xml_child(element, "payload", nj_xml_ns(element));
}

static char *
find_cipher(const NjIncoming *in)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ciphers); i++) {
        const NjXml *element =
            ciphers[i].element ? nj_xml_child(in->stanza, ciphers[i].element, ciphers[i].ns) : NULL;
        if (element)
            return is_written(element) ? g_strdup(ciphers[i].name) : NULL;
    }

    const NjXml *hint = nj_xml_child(in->stanza, "encryption", NS);
    if (hint)
        return name_of(hint);

    return in->message->body && g_str_has_prefix(in->message->body, "?OTR") ? g_strdup("OTR")
                                                                            : NULL;
}

static bool
explain(NjSession *session, NjIncoming *in)
{
    (void) session;
    if (in->message->encryption)
        return true; /* somebody before us could read it */

    in->message->encryption = find_cipher(in);
    if (!in->message->encryption)
        return true;

    g_free(in->message->body);
    in->message->body = g_strdup_printf(
        _("This message is encrypted with %s, which this version can not read yet."),
        in->message->encryption);

    return true;
}

const NjModule nj_xep_0380 = {
    .spec = "XEP-0380",
    .name = N_("Explicit Message Encryption"),
    .doap = { "partial", "names the cipher of messages that cannot be decrypted" },
    .features = { NS },
    .receive = { NJ_STAGE_DECRYPT, explain },
};
