/* XEP-0392: the colour of a name.  Here is its angle on the colour wheel; which cell of the palette
 * that means is for the theme to say. */
#ifndef NJ_BASE_COLOR_H
#define NJ_BASE_COLOR_H

#include "base/base.h"

/* XEP-0392 5.1: 0 … 360 */
double nj_color_angle(const char *name);

#endif
