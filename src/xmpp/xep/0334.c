/* XEP-0334: hints whether a message should be stored. We send "no-store" with chat states (0085.c).
 * Hints in received messages are ignored: the message is stored. */
#include "xmpp/xep/xep.h"

const NjModule nj_xep_0334 = {
    .spec = "XEP-0334",
    .name = N_("Message Processing Hints"),
    .doap = { "partial" },
    .features = { NJ_NS_HINTS },
};
