/* See scram-server.h; RFC 5802 and RFC 9266. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "scram-server.h"

enum { ROUNDS = 4096, SIZE = 32 };

/* Returns the decoded base64 text of an element: from its first '>' to the next '<'. */
static char *
payload(const char *element, const char *name)
{
    const char *start = strstr(element, name);
    start = start ? strchr(start, '>') : NULL;
    const char *end = start ? strchr(start, '<') : NULL;
    g_assert_nonnull(end);
    g_autofree char *base64 = g_strndup(start + 1, end - start - 1);
    gsize length;
    g_autofree guchar *bytes = g_base64_decode(base64, &length);
    return g_strndup((char *) bytes, length);
}

static char *
element(const char *name, const char *text)
{
    g_autofree char *base64 = g_base64_encode((const guchar *) text, strlen(text));
    return g_strdup_printf("<%s xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</%s>", name, base64,
                           name);
}

char *
scram_challenge(Peer *peer)
{
    g_autofree char *first = payload(peer->received->str, "<auth");
    if (!strstr(peer->received->str, "SCRAM-SHA-256-PLUS")
        || !g_str_has_prefix(first, "p=tls-exporter,,n=toad,r="))
        return g_strdup(
            "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-mechanism/></failure>");

    const char *bare = first + strlen("p=tls-exporter,,");
    g_autofree char *challenge =
        g_strdup_printf("%sserver,s=c2FsdHNhbHQ=,i=%d", strstr(bare, "r="), ROUNDS);

    /* the start of the AuthMessage (RFC 5802, 3) */
    peer->data = g_strdup_printf("%s,%s,", bare, challenge);
    return element("challenge", challenge);
}

static void
sign(const guchar *key, const char *text, guchar *out)
{
    HMAC(EVP_sha256(), key, SIZE, (const guchar *) text, strlen(text), out, NULL);
}

static char *
expected_binding(Peer *peer)
{
    guchar value[16 + SIZE] = "p=tls-exporter,,";
    SSL_export_keying_material(peer->ssl, value + 16, SIZE, "EXPORTER-Channel-Binding", 24,
                               (const guchar *) "", 0, 1);
    return g_base64_encode(value, sizeof value);
}

char *
scram_success(Peer *peer)
{
    g_autofree char *last = payload(peer->received->str, "<response"),
                    *binding = expected_binding(peer);
    g_autofree char *wanted = g_strdup_printf("c=%s,r=", binding);
    const char *proof_text = strstr(last, ",p=");

    g_assert_nonnull(proof_text);
    g_autofree char *without = g_strndup(last, proof_text - last),
                    *both = g_strconcat(peer->data, without, NULL);

    guchar salted[SIZE], client_key[SIZE], stored[SIZE], signature[SIZE], server_key[SIZE],
        verifier[SIZE];
    PKCS5_PBKDF2_HMAC("secret", 6, (const guchar *) "saltsalt", 8, ROUNDS, EVP_sha256(), SIZE,
                      salted);
    sign(salted, "Client Key", client_key);
    EVP_Digest(client_key, SIZE, stored, NULL, EVP_sha256(), NULL);
    sign(stored, both, signature);
    for (int i = 0; i < SIZE; i++)
        signature[i] ^= client_key[i];

    g_autofree char *proof = g_base64_encode(signature, SIZE);
    if (!g_str_has_prefix(last, wanted) || !g_str_equal(proof, proof_text + 3))
        return g_strdup(
            "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");

    sign(salted, "Server Key", server_key);
    sign(server_key, both, verifier);

    g_autofree char *base64 = g_base64_encode(verifier, SIZE),
                    *text = g_strconcat("v=", base64, NULL);
    return element("success", text);
}

char *
scram_lie(Peer *peer)
{
    (void) peer;
    return element("success", "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
}
