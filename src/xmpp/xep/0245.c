/* XEP-0245: a body that begins with "/me " is an action. The panes display it as one (ui/); it is
 * sent and received as an ordinary body. */
#include "xmpp/xep/xep.h"

const NjModule nj_xep_0245 = {
    .spec = "XEP-0245",
    .name = N_("The /me Command"),
    .doap = { "complete" },
};
