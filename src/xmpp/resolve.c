/* Runs the C library's look-ups on threads. GLib's resolver does the same, but needs libgio and six
 * libraries that libgio needs: a millisecond at each start and more than a megabyte of memory. */
#include "xmpp/resolve.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_ANSWER (64 * 1024) /* bytes of the longest DNS message */
#define HEADER 12              /* bytes of its header */
#define RECORD 10              /* bytes between a record's name and its data */
#define SRV 6                  /* bytes of SRV data before the host's name */

typedef struct {
    char *name;
    bool services;
    NjAnswerFunc func;
    void *data;
    NjAnswer answer;
} Query;

bool
nj_inet_parse(const char *text, NjInet *inet)
{
    static const int families[] = { AF_INET, AF_INET6 };
    *inet = (NjInet){ 0 };
    for (guint i = 0; i < G_N_ELEMENTS(families); i++)
        if (inet_pton(families[i], text, inet->bytes) == 1) {
            inet->family = families[i];
            return true;
        }
    return false;
}

bool
nj_inet_is_loopback(const NjInet *inet)
{
    struct in6_addr six;
    if (inet->family == AF_INET)
        return inet->bytes[0] == 127;
    memcpy(&six, inet->bytes, sizeof six);
    return IN6_IS_ADDR_LOOPBACK(&six);
}

static void
free_service(void *data)
{
    NjService *service = data;
    g_free(service->host);
    g_free(service);
}

void
nj_answer_init(NjAnswer *answer)
{
    answer->result = NJ_RESOLVE_NO_ANSWER;
    answer->addresses = g_array_new(FALSE, FALSE, sizeof(NjInet));
    answer->services = g_ptr_array_new_with_free_func(free_service);
}

void
nj_answer_clear(NjAnswer *answer)
{
    g_array_unref(answer->addresses);
    g_ptr_array_unref(answer->services);
}

void
nj_answer_add_service(NjAnswer *answer, guint priority, guint weight, guint port, const char *host)
{
    NjService *service = g_new(NjService, 1);
    *service = (NjService){ (guint16) priority, (guint16) weight, (guint16) port, g_strdup(host) };
    g_ptr_array_add(answer->services, service);
}

static NjResolveResult
read_error(int number)
{
    switch (number) {
    case 0:
        return NJ_RESOLVE_FOUND;
    case EAI_NONAME:
    case EAI_FAIL:
#ifdef EAI_NODATA
    case EAI_NODATA:
#endif
        return NJ_RESOLVE_NO_SUCH_NAME;
    default:
        return NJ_RESOLVE_NO_ANSWER;
    }
}

static void
look_up_addresses(const char *name, NjAnswer *answer)
{
    const struct addrinfo hints = { .ai_flags = AI_ADDRCONFIG,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_protocol = IPPROTO_TCP };
    struct addrinfo *found = NULL;

    answer->result = read_error(getaddrinfo(name, NULL, &hints, &found));
    for (const struct addrinfo *one = found; one; one = one->ai_next) {
        NjInet inet = { .family = one->ai_family };
        if (one->ai_family == AF_INET)
            memcpy(inet.bytes,
                   &((const struct sockaddr_in *) (const void *) one->ai_addr)->sin_addr, 4);
        else if (one->ai_family == AF_INET6)
            memcpy(inet.bytes,
                   &((const struct sockaddr_in6 *) (const void *) one->ai_addr)->sin6_addr, 16);
        else
            continue;
        g_array_append_val(answer->addresses, inet);
    }

    if (found)
        freeaddrinfo(found);
}

static guint
read_16_bits(const guint8 *bytes)
{
    return (guint) bytes[0] << 8 | bytes[1];
}

void
nj_answer_read(NjAnswer *answer, const guint8 *bytes, gsize length)
{
    const guint8 *end = bytes + length, *at = bytes + HEADER;
    if (length < HEADER)
        return;

    for (guint left = read_16_bits(bytes + 4); left > 0; left--) {
        int name = dn_skipname(at, end);
        if (name < 0 || end - at < name + 4)
            return;
        at += name + 4;
    }

    for (guint left = read_16_bits(bytes + 6); left > 0; left--) {
        char host[NS_MAXDNAME];
        int name = dn_skipname(at, end);
        if (name < 0 || end - at < name + RECORD)
            return;
        at += name + RECORD;
        guint type = read_16_bits(at - RECORD), size = read_16_bits(at - 2);
        if (end - at < (gssize) size)
            return;
        if (type == ns_t_srv && size > SRV
            && dn_expand(bytes, end, at + SRV, host, sizeof host) >= 0)
            nj_answer_add_service(answer, read_16_bits(at), read_16_bits(at + 2),
                                  read_16_bits(at + 4), host);
        at += size;
    }
}

static void
look_up_services(const char *name, NjAnswer *answer)
{
    struct __res_state state = { 0 };
    if (res_ninit(&state) != 0)
        return;

    g_autofree guint8 *bytes = g_malloc(MAX_ANSWER);
    int length = res_nquery(&state, name, ns_c_in, ns_t_srv, bytes, MAX_ANSWER);
    if (length < 0 && (state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA))
        answer->result = NJ_RESOLVE_NO_SUCH_NAME;

    res_nclose(&state);
    if (length < 0)
        return;

    answer->result = NJ_RESOLVE_FOUND;
    nj_answer_read(answer, bytes, (gsize) MIN(length, MAX_ANSWER));
}

static gboolean
deliver_answer(void *data)
{
    Query *query = data;
    query->func(&query->answer, query->data);
    nj_answer_clear(&query->answer);
    g_free(query->name);
    g_free(query);
    return G_SOURCE_REMOVE;
}

static void *
run_query(void *data)
{
    Query *query = data;
    if (query->services)
        look_up_services(query->name, &query->answer);
    else
        look_up_addresses(query->name, &query->answer);
    g_idle_add_full(G_PRIORITY_DEFAULT, deliver_answer, query, NULL);
    return NULL;
}

void
nj_resolve(const char *name, bool services, NjAnswerFunc func, void *data)
{
    Query *query = g_new0(Query, 1);
    query->name = g_strdup(name);
    query->services = services;
    query->func = func;
    query->data = data;
    nj_answer_init(&query->answer);

    /* Without a thread the answer stays NJ_RESOLVE_NO_ANSWER. */
    GThread *thread = g_thread_try_new("resolver", run_query, query, NULL);
    if (thread)
        g_thread_unref(thread);
    else
        g_idle_add_full(G_PRIORITY_DEFAULT, deliver_answer, query, NULL);
}
