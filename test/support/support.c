#include "support.h"

#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *vector_path(const char *name)
{
    static char path[FILE_PATH];
    snprintf(path, sizeof path, "%s/%s", TEST_VECTORS, name);
    return path;
}

struct bytes vector_load(const char *name)
{
    struct buffer b;
    struct why why = WHY_NONE;
    buffer_init(&b, 16 * 1024 * 1024);
    int result = file_read(&b, vector_path(name), &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    /* An exact copy on the heap: ASan sees the first byte behind it. */
    uint8_t *exact = malloc(b.size ? b.size : 1);
    assert_non_null(exact);
    if (b.size)
        memcpy(exact, b.data, b.size);
    struct bytes out = bytes_of(exact, b.size);
    buffer_fini(&b);
    return out;
}

void vector_free(struct bytes vector)
{
    free((void *)(uintptr_t)vector.data);
}

void temporary_make(char path[1024])
{
    const char *root = getenv("TMPDIR");
    snprintf(path, 1024, "%s/trustline-test-XXXXXX", root ? root : "/tmp");
    assert_non_null(mkdtemp(path));
}

void temporary_remove(const char *path)
{
    assert_int_equal(file_remove_tree(path), 0);
}

bool test_is_long(void)
{
    const char *value = getenv("TRUSTLINE_TEST_LONG");
    return value && strcmp(value, "1") == 0;
}
