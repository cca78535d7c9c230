/* Restores the terminal in the handler of a fatal signal. The state is process-wide, as the
 * terminal is. The handler allocates nothing and calls only functions that are async-signal-safe
 * (write, tcsetattr, raise). The signal then has its default effect. */
#include "ui/rescue.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT };

static struct {
    volatile sig_atomic_t armed;
    int fd;
    struct termios before;
    char leave[256];
    gsize length;
    bool installed;
} rescue;

static void
on_fatal(int number)
{
    if (rescue.armed) {
        rescue.armed = 0;
        if (write(rescue.fd, rescue.leave, rescue.length) < 0) {
            /* The error cannot be reported here. */
        }
        tcsetattr(rescue.fd, TCSANOW, &rescue.before);
    }

    /* SA_RESETHAND has restored the default handler, which runs when this one returns. */
    raise(number);
}

static void
install_handlers(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(fatal); i++) {
        struct sigaction now, ours = { .sa_handler = on_fatal, .sa_flags = (int) SA_RESETHAND };
        sigemptyset(&ours.sa_mask);
        if (sigaction(fatal[i], NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO)
            && now.sa_handler == SIG_DFL)
            sigaction(fatal[i], &ours, NULL);
    }
    rescue.installed = true;
}

void
nj_rescue_arm(int fd, const struct termios *before, const char *leave)
{
    rescue.armed = 0;
    rescue.fd = fd;
    rescue.before = *before;
    rescue.length = MIN(strlen(leave), sizeof rescue.leave);
    memcpy(rescue.leave, leave, rescue.length);
    if (!rescue.installed)
        install_handlers();
    rescue.armed = 1;
}

void
nj_rescue_disarm(void)
{
    rescue.armed = 0;
}
