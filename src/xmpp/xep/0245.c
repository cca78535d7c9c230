/* XEP-0245: a body that begins with "/me " is an action. The panes display it so; nothing else is
 * on the wire. */
#include "xmpp/xep/xep.h"

const NjModule nj_xep_0245 = {
    .spec = "XEP-0245",
    .name = N_("The /me Command"),
    .doap = { "complete" },
};
