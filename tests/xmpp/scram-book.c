#include "scram-book.h"

#include <string.h>

typedef struct {
    guint8 bytes[64];
    gsize length;
} Digest;

static Digest
sign(GChecksumType type, const void *key, gsize key_length, const void *data, gsize length)
{
    Digest out = { .length = sizeof out.bytes };
    GHmac *hmac = g_hmac_new(type, key, key_length);
    g_hmac_update(hmac, data, (gssize) length);
    g_hmac_get_digest(hmac, out.bytes, &out.length);
    g_hmac_unref(hmac);
    return out;
}

static void
mix(Digest *into, const Digest *with)
{
    for (gsize i = 0; i < into->length; i++)
        into->bytes[i] ^= with->bytes[i];
}

/* Returns the salted password: Hi() of RFC 5802, 2.2. */
static Digest
salted(const ScramServer *server)
{
    gsize length;
    g_autofree guint8 *salt = g_base64_decode(server->salt, &length);

    salt = g_realloc(salt, length + 4);
    memcpy(salt + length, "\0\0\0\1", 4);

    Digest u = sign(server->type, server->password, strlen(server->password), salt, length + 4),
           sum = u;
    for (int i = 1; i < server->rounds; i++) {
        u = sign(server->type, server->password, strlen(server->password), u.bytes, u.length);
        mix(&sum, &u);
    }

    return sum;
}

static const char *
bare(const char *client_first)
{
    return strchr(strchr(client_first, ',') + 1, ',') + 1;
}

char *
scram_server_first(const ScramServer *server, const char *client_first)
{
    return g_strdup_printf("%s-and-ours,s=%s,i=%d", strstr(bare(client_first), "r="), server->salt,
                           server->rounds);
}

char *
scram_server_final(const ScramServer *server, const char *client_first, const char *server_first,
                   const char *client_final, const char *channel)
{
    g_auto(GStrv) fields = g_strsplit(client_final, ",", -1);
    g_autofree char *bound = g_base64_encode((const guint8 *) channel, strlen(channel));

    if (g_strv_length(fields) != 3 || !g_str_has_prefix(fields[0], "c=")
        || !g_str_equal(fields[0] + 2, bound) || !g_str_has_prefix(fields[2], "p="))
        return NULL;

    g_autofree char *all =
        g_strdup_printf("%s,%s,%s,%s", bare(client_first), server_first, fields[0], fields[1]);
    Digest salted_password = salted(server);
    Digest client =
               sign(server->type, salted_password.bytes, salted_password.length, "Client Key", 10),
           stored = { .length = sizeof stored.bytes };
    GChecksum *sum = g_checksum_new(server->type);

    g_checksum_update(sum, client.bytes, (gssize) client.length);
    g_checksum_get_digest(sum, stored.bytes, &stored.length);
    g_checksum_free(sum);

    Digest proof = sign(server->type, stored.bytes, stored.length, all, strlen(all));
    mix(&proof, &client);

    g_autofree char *expected = g_base64_encode(proof.bytes, proof.length);
    if (!g_str_equal(fields[2] + 2, expected))
        return NULL;

    Digest key =
        sign(server->type, salted_password.bytes, salted_password.length, "Server Key", 10);
    Digest signature = sign(server->type, key.bytes, key.length, all, strlen(all));
    g_autofree char *text = g_base64_encode(signature.bytes, signature.length);
    return g_strdup_printf("v=%s", text);
}
