/* XEP-0392, 5.1: every client computes the same angle for a name. */
#include "base/color.h"

double
nj_color_angle(const char *name)
{
    g_autoptr(GChecksum) sha1 = g_checksum_new(G_CHECKSUM_SHA1);
    guint8 digest[20];
    gsize length = sizeof digest;
    g_checksum_update(sha1, (const guchar *) name, -1);
    g_checksum_get_digest(sha1, digest, &length);
    return (digest[0] + digest[1] * 256) / 65536.0 * 360.0;
}
