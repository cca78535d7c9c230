/* XEP-0106: foreign user names as localparts.  What it does is in model/jid.c, where addresses are
 * typed and shown. */
#include "xmpp/xep/xep.h"

const NjModule nj_xep_0106 = {
    .spec = "XEP-0106",
    .name = N_("JID Escaping"),
    .doap = { "complete" },
    .features = { "jid\\20escaping" },
};
