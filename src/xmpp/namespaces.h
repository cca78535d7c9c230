/* The namespaces that several files use. A namespace that only one file uses is defined in that
 * file. tests/layers.test checks that none is defined twice. */
#ifndef NJ_XMPP_NAMESPACES_H
#define NJ_XMPP_NAMESPACES_H

#define NJ_NS_DATA "jabber:x:data"                           /* XEP-0004 */
#define NJ_NS_DISCO "http://jabber.org/protocol/disco#info"  /* XEP-0030 */
#define NJ_NS_MUC "http://jabber.org/protocol/muc"           /* XEP-0045 */
#define NJ_NS_MUC_USER "http://jabber.org/protocol/muc#user" /* XEP-0045 */
#define NJ_NS_PING "urn:xmpp:ping"                           /* XEP-0199 */
#define NJ_NS_TIME "urn:xmpp:time"                           /* XEP-0202 */
#define NJ_NS_DELAY "urn:xmpp:delay"                         /* XEP-0203 */
#define NJ_NS_FORWARD "urn:xmpp:forward:0"                   /* XEP-0297 */
#define NJ_NS_MAM "urn:xmpp:mam:2"                           /* XEP-0313 */
#define NJ_NS_HINTS "urn:xmpp:hints"                         /* XEP-0334 */
#define NJ_NS_SID "urn:xmpp:sid:0"                           /* XEP-0359 */

#endif
