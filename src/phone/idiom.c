#include "phone/idiom.h"

#include "base/text.h"

/* What was seen of a phone is in its row; what was not is that of its nearest relative. Full size
 * with the stamp of its configuration is 172. */
/* clang-format off */
#define STREAMS .streams = 5
#define FEATURES_79 .features = {0x00, 0x72, 0x85}, STREAMS
#define OF_2005 .version = 11, .features = {0x00, 0x60, 0x85}, STREAMS, .register_size = 68, .numbers_alarms = true
#define OF_JAVA .version = 22, FEATURES_79, .register_size = 124, .enbloc = true, .acks_sending = true, \
    .numbers_alarms = true
#define OF_69   .version = 15, .features = {0x20, 0x70, 0x85}, STREAMS, .register_size = 68, .numbers_alarms = true
#define OF_7912 .version = 7, .features = {0x00, 0x00, 0x81}, .register_size = 52, .lines = 1, \
    .one_by_one = true, .terse = true

/* The first row that fits counts; of each generation the last one has no model. */
static const struct idiom table[] = {
    {"7936", GENERATION_OLD, .register_size = 44, .lines = 1, .one_by_one = true},
    {"7937", GENERATION_OLD, OF_2005, .lines = 1},
    {"7920", GENERATION_OLD, OF_2005, .lines = 6},
    {"", GENERATION_OLD, OF_7912},
    {"7940", GENERATION_A, OF_2005, .lines = 2},
    {"", GENERATION_A, OF_2005, .lines = 6},
    {"7906", GENERATION_B, OF_JAVA, .lines = 1},
    {"7911", GENERATION_B, OF_JAVA, .lines = 1},
    {"7931", GENERATION_B, OF_JAVA, .lines = 24},
    {"794", GENERATION_B, OF_JAVA, .lines = 2},
    {"796", GENERATION_B, OF_JAVA, .lines = 6},
    {"", GENERATION_B, OF_JAVA, .lines = 8},
    {"6901", GENERATION_C, .version = 20, FEATURES_79, .register_size = 124, .lines = 1,
     .acks_sending = true, .numbers_alarms = true},
    {"6911", GENERATION_C, .version = 20, FEATURES_79, .register_size = 124, .lines = 1,
     .acks_sending = true, .numbers_alarms = true},
    {"6921", GENERATION_C, OF_69, .lines = 2},
    {"6961", GENERATION_C, OF_69, .lines = 12},
    {"", GENERATION_C, OF_69, .lines = 4},
    {"", GENERATION_W, .version = 17, FEATURES_79, .register_size = 124, .lines = 6,
     .enbloc = true, .acks_sending = true, .numbers_alarms = true},
    {"", GENERATION_D, OF_JAVA, .lines = 4, .tells_lists = true},
    {"", GENERATION_CLIENT, .version = 20, FEATURES_79, .register_size = 124, .lines = 8,
     .enbloc = true, .acks_sending = true, .numbers_alarms = true},
    {"", GENERATION_E, .version = 22, FEATURES_79, .register_size = 172, .lines = 5,
     .enbloc = true, .acks_sending = true, .numbers_alarms = true, .tells_lists = true},
    {"", GENERATION_UNKNOWN, OF_JAVA, .lines = 2},
};
/* clang-format on */

const struct idiom *idiom_of(const struct model *model)
{
    const size_t last = sizeof table / sizeof *table - 1;
    size_t i = 0;
    while (i < last &&
           (table[i].generation != model->generation || !text_starts(model->name, table[i].model)))
        i++;
    return &table[i];
}
