/* XEP-0392: the colour of a name, as its angle on the colour wheel. The theme maps the angle to a
 * colour of the terminal. */
#ifndef NJ_BASE_COLOR_H
#define NJ_BASE_COLOR_H

#include "base/base.h"

/* Returns the angle of a name in degrees, from 0 to less than 360 (XEP-0392, 5.1). */
double nj_color_angle(const char *name);

#endif
