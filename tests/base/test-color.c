/* base/color: the test vectors of XEP-0392. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/color.h"

static void
test_angles_are_those_of_xep_0392(void **state)
{
    static const struct {
        const char *name;
        double angle;
    } vectors[] = {
        { "Romeo", 327.255249 },      { "juliet@capulet.lit", 209.410400 },
        { "\U0001F63A", 331.199341 }, { "council", 359.994507 },
        { "Board", 171.430664 },
    };
    (void) state;

    for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++)
        if (fabs(nj_color_angle(vectors[i].name) - vectors[i].angle) > 0.000001)
            fail_msg("%s has the angle %f", vectors[i].name, nj_color_angle(vectors[i].name));
    assert_true(nj_color_angle("") >= 0 && nj_color_angle("") < 360);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_angles_are_those_of_xep_0392),
    };
    return cmocka_run_group_tests_name("base/color", tests, NULL, NULL);
}
