/* XEP-0106: localparts with escaped characters. model/jid.c escapes typed addresses and unescapes
 * displayed ones. This row only announces the feature. */
#include "xmpp/xep/xep.h"

const NjModule nj_xep_0106 = {
    .spec = "XEP-0106",
    .name = N_("JID Escaping"),
    .doap = { "complete" },
    .features = { "jid\\20escaping" },
};
