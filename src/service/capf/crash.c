#include "service/capf/crash.h"

#ifdef TRUSTLINE_TEST_HOOKS

#include "base/file.h"
#include "base/text.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const char *crash_file(void)
{
    return getenv("TRUSTLINE_CAPF_CRASH");
}

void crash_begin(struct crash *crash)
{
    struct buffer file;
    int64_t at = 0;
    buffer_init(&file, 16);
    *crash = (struct crash){.at = 0};
    if (crash_file() && file_read(&file, crash_file(), NULL) == 0 &&
        text_number(buffer_string(&file), 1, 1000, &at) == 0)
        crash->at = (unsigned)at;
    buffer_fini(&file);
}

void crash_moment(struct crash *crash)
{
    if (crash->at == 0 || ++crash->moment != crash->at)
        return;
    unlink(crash_file());
    raise(SIGKILL);
}

#endif
