/* XEP-0392: the colour of a name: the angle from SHA-1, here already mapped to the 256-colour palette's
   fixed cells by the theme's brightness. */
#ifndef NJ_BASE_COLOR_H
#define NJ_BASE_COLOR_H

#include "base/base.h"

double nj_color_angle(const char *name);     /* XEP-0392 5.1: 0 … 360 */

#endif
