/* Fuzzes sanitising and wrapping: the result must be clean, must not change when it was clean
 * before, and must fit the width. */
#include <locale.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready)
        ready = setlocale(LC_ALL, "C.UTF-8") != NULL;

    const char *raw = (const char *) data;
    g_autofree char *line = nj_text_line(raw, (gssize) size, 0);
    g_autofree char *body = nj_text_body(raw, (gssize) size);
    g_assert_true(g_utf8_validate(line, -1, NULL) && g_utf8_validate(body, -1, NULL));
    g_assert_true(strlen(line) <= 1024 && strpbrk(line, "\n\t\033") == NULL);
    g_assert_true(nj_text_is_clean(body, (gssize) strlen(body)));
    if (nj_text_is_clean(raw, (gssize) size))
        g_assert_true(strlen(body) == size && memcmp(body, raw, size) == 0);

    int cells = size > 0 ? data[0] % 40 + 2 : 10;
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
    nj_text_wrap(body, cells / 2, cells, rows);

    for (guint i = 0; i < rows->len; i++) {
        const NjTextRow *row = &g_array_index(rows, NjTextRow, i);
        g_assert_true(row->start + row->length <= strlen(body));
        g_assert_true(row->width == nj_text_width(body + row->start, row->length));
        g_assert_true(row->width <= MAX(cells, 4));
    }

    g_autofree char *cut = nj_text_ellipsize(line, cells);
    g_assert_true(nj_text_width(cut, -1) <= cells);
    return 0;
}
