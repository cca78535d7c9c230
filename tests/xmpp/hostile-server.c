/* See hostile-server.h. */
#include <arpa/inet.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hostile-server.h"

static void
free_peer(Peer *peer)
{
    g_clear_handle_id(&peer->source, g_source_remove);
    SSL_free(peer->ssl);
    SSL_CTX_free(peer->context);
    if (peer->fd >= 0)
        close(peer->fd);
    g_string_free(peer->received, TRUE);
    g_free(peer->data);
    g_free(peer);
}

static void
start_tls(Peer *peer)
{
    peer->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(peer->context, peer->server->identity->certificate);
    SSL_CTX_use_PrivateKey(peer->context, peer->server->identity->key);
    peer->ssl = SSL_new(peer->context);
    SSL_set_fd(peer->ssl, peer->fd);
    SSL_set_accept_state(peer->ssl);
}

/* A copy of text with the server's port in place of "%u". */
static char *
with_port(Peer *peer, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "%u", 2);
    if (!parts[0] || !parts[1])
        return g_strdup(text);

    return g_strdup_printf("%s%u%s", parts[0], peer->server->port, parts[1]);
}

static gboolean
on_peer_bytes(int fd, GIOCondition condition, gpointer data)
{
    (void) condition;
    Peer *peer = data;
    char bytes[4096];
    gssize got =
        peer->ssl ? SSL_read(peer->ssl, bytes, sizeof bytes) : read(fd, bytes, sizeof bytes);
    if (got <= 0 && peer->ssl && SSL_get_error(peer->ssl, (int) got) == SSL_ERROR_WANT_READ)
        return G_SOURCE_CONTINUE;

    if (got <= 0) {
        peer->source = 0;
        return G_SOURCE_REMOVE;
    }

    g_string_append_len(peer->received, bytes, got);
    const Step *step = &peer->server->steps[peer->step];
    if (!step->expect || !strstr(peer->received->str, step->expect))
        return G_SOURCE_CONTINUE;

    peer->step++;
    g_autofree char *text = step->answer ? step->answer(peer) : with_port(peer, step->send);
    g_string_truncate(peer->received, 0);

    if (peer->ssl)
        SSL_write(peer->ssl, text, (int) strlen(text));
    else
        (void) !write(fd, text, strlen(text));
    if (step->then == SECURE)
        start_tls(peer);
    if (step->then != CUT)
        return G_SOURCE_CONTINUE;

    close(peer->fd);
    peer->fd = -1;
    peer->source = 0;
    return G_SOURCE_REMOVE;
}

static gboolean
on_connect(int fd, GIOCondition condition, gpointer data)
{
    (void) condition;
    HostileServer *server = data;
    Peer *peer = g_new0(Peer, 1);
    peer->server = server;
    peer->fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    peer->received = g_string_new(NULL);
    peer->source = g_unix_fd_add(peer->fd, G_IO_IN, on_peer_bytes, peer);
    g_ptr_array_add(server->peers, peer);
    server->connections++;

    return G_SOURCE_CONTINUE;
}

HostileServer *
hostile_server_new(const Identity *identity, const Step *steps)
{
    HostileServer *server = g_new0(HostileServer, 1);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;

    server->identity = identity;
    server->steps = steps;
    server->peers = g_ptr_array_new_with_free_func((GDestroyNotify) free_peer);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(server->fd, (struct sockaddr *) &address, length), ==, 0);
    g_assert_cmpint(listen(server->fd, 5), ==, 0);
    getsockname(server->fd, (struct sockaddr *) &address, &length);
    server->port = ntohs(address.sin_port);
    server->source = g_unix_fd_add(server->fd, G_IO_IN, on_connect, server);

    return server;
}

void
hostile_server_free(HostileServer *server)
{
    g_ptr_array_unref(server->peers);
    g_source_remove(server->source);
    close(server->fd);
    g_free(server);
}
