/* See prosody.h. */
#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prosody.h"

static int
loopback(guint16 *port, int (*use)(int fd, const struct sockaddr *address, socklen_t length))
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(*port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = use(fd, (struct sockaddr *) &address, length);

    getsockname(fd, (struct sockaddr *) &address, &length);
    if (!*port)
        *port = ntohs(address.sin_port);
    close(fd);

    return result;
}

static guint16
free_port(void)
{
    guint16 port = 0;
    g_assert_cmpint(loopback(&port, bind), ==, 0);
    return port;
}

static void
write_file(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
in_child(gpointer data)
{
    (void) data;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* ends when the test crashes */
}

Prosody *
prosody_start(const char *dir)
{
    g_autofree char *program = g_find_program_in_path("prosody");
    if (!program)
        return NULL;

    Prosody *prosody = g_new0(Prosody, 1);
    prosody->dir = g_strdup(dir);
    prosody->port = free_port();
    prosody->direct_port = free_port();

    static const char account[] = "return { [\"password\"] = \"secret\"; };\n";
    g_autofree char *accounts = g_build_filename(dir, "data", "pond%2eexample", "accounts", NULL);
    g_assert_cmpint(g_mkdir_with_parents(accounts, 0700), ==, 0);
    write_file(accounts, "toad.dat", account);
    write_file(accounts, "frog.dat", account);

    g_autofree char *config =
        g_strdup_printf("run_as_root = true\npidfile = \"%s/prosody.pid\"\ndata_path = "
                        "\"%s/data\"\nlog = { debug = \"%s/prosody.log\" }\n"
                        "modules_enabled = { \"disco\", \"roster\", \"saslauth\", \"tls\", "
                        "\"ping\" }\nmodules_disabled = { \"s2s\" }\n"
                        "interfaces = { \"127.0.0.1\" }\nc2s_ports = { %u }\nc2s_direct_tls_ports "
                        "= { %u }\nhttp_ports = {}\nhttps_ports = {}\n"
                        "c2s_require_encryption = true\nauthentication = "
                        "\"internal_plain\"\nstorage = \"internal\"\n"
                        "ssl = { key = \"%s/server.key\"; certificate = \"%s/server.pem\" "
                        "}\nVirtualHost \"pond.example\"\n",
                        dir, dir, dir, prosody->port, prosody->direct_port, dir, dir);

    write_file(dir, "prosody.cfg.lua", config);
    g_autofree char *path = g_build_filename(dir, "prosody.cfg.lua", NULL);

    char *argv[] = { program, "-F", "--config", path, NULL };
    g_assert_true(g_spawn_async("/", argv, NULL,
                                G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL
                                    | G_SPAWN_STDERR_TO_DEV_NULL,
                                in_child, NULL, &prosody->pid, NULL));

    for (int i = 0; i < 300; i++) {
        if (!loopback(&prosody->port, connect) && !loopback(&prosody->direct_port, connect))
            return prosody;
        g_usleep(50000);
    }

    g_error("Prosody did not start within 15 seconds, see %s/prosody.log", dir);
}

void
prosody_remove(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        prosody_remove(inner);
    }

    if (dir)
        g_dir_close(dir);
    g_remove(path);
}

void
prosody_stop(Prosody *prosody)
{
    kill(prosody->pid, SIGTERM);
    for (int i = 0; i < 100 && waitpid(prosody->pid, NULL, WNOHANG) == 0; i++) {
        if (i == 60)
            kill(prosody->pid, SIGKILL);
        g_usleep(50000);
    }

    prosody_remove(prosody->dir);
    g_free(prosody->dir);
    g_free(prosody);
}

int
prosody_logged(const Prosody *prosody, const char *text)
{
    g_autofree char *path = g_build_filename(prosody->dir, "prosody.log", NULL), *log = NULL;
    int count = 0;
    g_assert_true(g_file_get_contents(path, &log, NULL, NULL));
    for (const char *at = log; (at = strstr(at, text)); at += strlen(text))
        count++;
    return count;
}
