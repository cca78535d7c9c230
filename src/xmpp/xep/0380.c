/* XEP-0380: the body of a message that we cannot decrypt is replaced by a sentence that names its
 * cipher. The fallback body is not shown: the sender did not write it, and it is not
 * authenticated. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "base/text.h"

#define NS "urn:xmpp:eme:0"

/* The known ciphers. A name in this table has precedence over the name in the stanza. */
static const struct {
    const char *ns, *name;
    const char *element; /* of encrypted messages; NULL: there is none */
} ciphers[] = {
    { "urn:xmpp:omemo:2", "OMEMO", "encrypted" },
    { "eu.siacs.conversations.axolotl", "OMEMO", "encrypted" },
    { "urn:xmpp:openpgp:0", "OpenPGP", "openpgp" },
    { "jabber:x:encrypted", "OpenPGP", "x" },
    { "urn:xmpp:otr:0", "OTR", NULL },
};

/* Returns the name of the cipher in an <encryption/> element; the caller frees it. */
static char *
read_cipher_name(const NjXml *hint)
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

/* Does the element contain a text? OMEMO without a payload only exchanges keys. */
static bool
has_text(const NjXml *element)
{
    return strcmp(nj_xml_name(element), "encrypted") != 0
           || nj_xml_child(element, "payload", nj_xml_ns(element));
}

/* Returns the name of the cipher, which the caller frees; NULL: there is no encrypted text. */
static char *
find_cipher(const NjIncoming *in)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ciphers); i++) {
        const NjXml *element =
            ciphers[i].element ? nj_xml_child(in->stanza, ciphers[i].element, ciphers[i].ns) : NULL;
        if (element)
            return has_text(element) ? g_strdup(ciphers[i].name) : NULL;
    }

    const NjXml *hint = nj_xml_child(in->stanza, "encryption", NS);
    if (hint)
        return read_cipher_name(hint);

    bool is_otr = in->message->body && g_str_has_prefix(in->message->body, "?OTR");
    return is_otr ? g_strdup("OTR") : NULL;
}

static bool
explain_encryption(NjSession *session, NjIncoming *in)
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
    .receive = { NJ_STAGE_DECRYPT, explain_encryption },
};
