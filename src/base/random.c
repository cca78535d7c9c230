/* Random numbers from the kernel. */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

void
nj_random_bytes(void *out, gsize length)
{
    guint8 *at = out;
    while (length > 0) {
        ssize_t got = getrandom(at, length, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            g_error("getrandom failed: %s", g_strerror(errno));
        at += got;
        length -= (gsize) got;
    }
}

guint32
nj_random_below(guint32 limit)
{
    g_return_val_if_fail(limit > 0, 0);
    /* Without the lowest (2^32 mod limit) numbers, a multiple of limit numbers is left, and each
     * remainder is equally frequent. */
    const guint32 uneven = -limit % limit;
    guint32 number;
    do
        nj_random_bytes(&number, sizeof number);
    while (number < uneven);
    return number % limit;
}

char *
nj_random_id(void)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    enum { LENGTH = 22 }; /* of 6 bits each */
    guint8 bytes[LENGTH];
    char *id = g_malloc(LENGTH + 1);
    nj_random_bytes(bytes, sizeof bytes);
    for (int i = 0; i < LENGTH; i++)
        id[i] = letters[bytes[i] & 63];

    id[LENGTH] = '\0';
    return id;
}
