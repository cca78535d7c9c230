/* XEP-0334: hints to those who store and forward.  We give them with what is not worth keeping
 * (0085.c); for us none changes anything: what was received is kept. */
#include "xmpp/xep/xep.h"

const NjModule nj_xep_0334 = {
    .spec = "XEP-0334",
    .name = N_("Message Processing Hints"),
    .doap = { "partial" },
    .features = { NJ_NS_HINTS },
};
