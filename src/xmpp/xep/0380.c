/* XEP-0380: a message that we cannot decrypt is shown as one line that names its cipher. The
 * fallback body is not shown: it is not what the sender wrote, and it is not authenticated. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "base/text.h"

/* How ciphers are recognised. The name in this table overrules the name in the stanza. */
#define NS "urn:xmpp:eme:0"
static const struct {
    const char *ns, *name;
    const char *element; /* NULL: it has no element */
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
        if (strcmp(ciphers[i].ns, ns) == 0)
            return g_strdup(ciphers[i].name);
    if (!name || !*name)
        name = ns ? ns : "";

    g_autofree char *line = nj_text_line(name, -1, 64);
    return *line ? g_steal_pointer(&line) : g_strdup(_("a cipher that it does not name"));
}

/* OMEMO without a payload only exchanges keys: it is not a message. */
static bool
is_written(const NjXml *element)
{
    return strcmp(nj_xml_name(element), "encrypted") != 0
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
        return true; /* a plugin has decrypted it */

    in->message->encryption = find_cipher(in);
    if (!in->message->encryption)
        return true;

    g_free(in->message->body);
    in->message->body = g_strdup_printf(
        _("This message is encrypted with %s, which this version cannot decrypt yet."),
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
