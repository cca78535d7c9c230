/* XEP-0334: hints for servers that store messages. We send them with chat states (0085.c); received
 * hints are ignored, and the message is stored. */
#include "xmpp/xep/xep.h"

const NjModule nj_xep_0334 = {
    .spec = "XEP-0334",
    .name = N_("Message Processing Hints"),
    .doap = { "partial" },
    .features = { NJ_NS_HINTS },
};
