/* support: what unit tests share. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

/* A file of test/vector, read whole; fails the test when it is not there. The caller frees `data`.
 */
struct bytes vector_load(const char *name);
void vector_free(struct bytes vector);
/* The path of a file of test/vector, in a static buffer. */
const char *vector_path(const char *name);

/* A fresh directory under the build's temporary space; removed by temporary_remove(). */
void temporary_make(char path[1024]);
void temporary_remove(const char *path);

/* Is this the long run (./dev test --long)? */
bool test_is_long(void);

#define assert_bytes_equal(a, b)                            \
    do {                                                    \
        struct bytes a_ = (a), b_ = (b);                    \
        assert_int_equal(a_.size, b_.size);                 \
        if (a_.size)                                        \
            assert_memory_equal(a_.data, b_.data, a_.size); \
    } while (0)

#define assert_bytes_text(a, text) assert_bytes_equal(a, bytes_of_string(text))

/* Runs the tests as TAP, named as sentences. */
#define RUN(tests) cmocka_run_group_tests_name(#tests, tests, NULL, NULL)

#endif
