/*
 * replay: gives kept inputs to a fuzzer, without libFuzzer. Each argument is a file, or a directory
 * whose files are taken one after the other; prints TAP. A fuzzer that finds something ends the
 * program: the name of the input stands above.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX = 4 * 1024 * 1024 };

/* Copied to the byte, so that a sanitizer sees one step too far. */
static void feed(const char *path)
{
    static uint8_t room[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        printf("Bail out! %s: %s\n", path, strerror(errno));
        exit(1);
    }
    size_t size = fread(room, 1, sizeof room, file);
    fclose(file);
    uint8_t *data = malloc(size ? size : 1);
    if (!data)
        abort();
    memcpy(data, room, size);
    fprintf(stderr, "# %s\n", path);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static unsigned feed_directory(const char *path)
{
    struct dirent **entries = NULL;
    unsigned fed = 0;
    int count = scandir(path, &entries, is_input, alphasort);
    for (int i = 0; i < count; i++) {
        char name[4096];
        struct stat st;
        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (stat(name, &st) == 0 && S_ISREG(st.st_mode)) {
            feed(name);
            fed++;
        }
        free(entries[i]);
    }
    free(entries);
    return fed;
}

int main(int argc, char **argv)
{
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        struct stat st;
        unsigned fed = 1;
        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
            fed = feed_directory(argv[i]);
        else
            feed(argv[i]);
        const char *shown = strstr(argv[i], "test/");
        printf("%s %d - %u inputs of %s do no harm\n", fed ? "ok" : "not ok", i, fed,
               shown ? shown : argv[i]);
    }
    return 0;
}
