/* See liar.h. */
#include <arpa/inet.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "liar.h"

static void
free_guest(Guest *guest)
{
    g_clear_handle_id(&guest->source, g_source_remove);
    SSL_free(guest->ssl);
    SSL_CTX_free(guest->context);
    if (guest->fd >= 0)
        close(guest->fd);
    g_string_free(guest->heard, TRUE);
    g_free(guest->data);
    g_free(guest);
}

static void
secure(Guest *guest)
{
    guest->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(guest->context, guest->liar->identity->certificate);
    SSL_CTX_use_PrivateKey(guest->context, guest->liar->identity->key);
    guest->ssl = SSL_new(guest->context);
    SSL_set_fd(guest->ssl, guest->fd);
    SSL_set_accept_state(guest->ssl);
}

static gboolean
on_guest_speaks(int fd, GIOCondition condition, gpointer data)
{
    (void) condition;
    Guest *guest = data;
    char bytes[4096];
    gssize got =
        guest->ssl ? SSL_read(guest->ssl, bytes, sizeof bytes) : read(fd, bytes, sizeof bytes);
    if (got <= 0 && guest->ssl && SSL_get_error(guest->ssl, (int) got) == SSL_ERROR_WANT_READ)
        return G_SOURCE_CONTINUE;

    if (got <= 0) {
        guest->source = 0;
        return G_SOURCE_REMOVE;
    }

    g_string_append_len(guest->heard, bytes, got);
    const Step *step = &guest->liar->steps[guest->step];
    if (!step->wait || !strstr(guest->heard->str, step->wait))
        return G_SOURCE_CONTINUE;

    guest->step++;
    g_autofree char *said = step->answer              ? step->answer(guest)
                            : strstr(step->say, "%u") ? NULL
                                                      : g_strdup(step->say);
    g_string_truncate(guest->heard, 0);

    if (!said) {
        g_auto(GStrv) parts = g_strsplit(step->say, "%u", 2);
        said = g_strdup_printf("%s%u%s", parts[0], guest->liar->port, parts[1]);
    }

    if (guest->ssl)
        SSL_write(guest->ssl, said, (int) strlen(said));
    else
        (void) !write(fd, said, strlen(said));
    if (step->then == SECURE)
        secure(guest);
    if (step->then != CUT)
        return G_SOURCE_CONTINUE;

    close(guest->fd);
    guest->fd = -1;
    guest->source = 0;
    return G_SOURCE_REMOVE;
}

static gboolean
on_guest_comes(int fd, GIOCondition condition, gpointer data)
{
    (void) condition;
    Liar *liar = data;
    Guest *guest = g_new0(Guest, 1);
    guest->liar = liar;
    guest->fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    guest->heard = g_string_new(NULL);
    guest->source = g_unix_fd_add(guest->fd, G_IO_IN, on_guest_speaks, guest);
    g_ptr_array_add(liar->guests, guest);
    liar->calls++;

    return G_SOURCE_CONTINUE;
}

Liar *
liar_new(const Identity *identity, const Step *steps)
{
    Liar *liar = g_new0(Liar, 1);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;

    liar->identity = identity;
    liar->steps = steps;
    liar->guests = g_ptr_array_new_with_free_func((GDestroyNotify) free_guest);
    liar->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(liar->fd, (struct sockaddr *) &address, length), ==, 0);
    g_assert_cmpint(listen(liar->fd, 5), ==, 0);
    getsockname(liar->fd, (struct sockaddr *) &address, &length);
    liar->port = ntohs(address.sin_port);
    liar->source = g_unix_fd_add(liar->fd, G_IO_IN, on_guest_comes, liar);

    return liar;
}

void
liar_free(Liar *liar)
{
    g_ptr_array_unref(liar->guests);
    g_source_remove(liar->source);
    close(liar->fd);
    g_free(liar);
}
