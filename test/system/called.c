/* called DATABASE NODE: calls as the callmanager role writes them - one of each kind that goes on,
 * and some that are over. Their times do not change, so what is shown of them does not either. */
#include "store/calls.h"

#include <stdio.h>

#define START 1700000000 /* when the calls of this test began */

static const struct store_call calls[] = {
    {.reference = 1,
     .dialled = "1002",
     .party = {{"1001", "SEP001122330001", CALL_ENCRYPTED},
               {"1002", "SEP001122330002", CALL_ENCRYPTED}},
     .began = START,
     .answered = START + 5,
     .security = CALL_ENCRYPTED,
     .suite = CALL_SUITE_AES_CM_128_HMAC_SHA1_32,
     .progress = CALL_PROGRESS_TALKING},
    {.reference = 2,
     .dialled = "1003",
     .party = {{"1004", "SEP001122330004", CALL_AUTHENTICATED}, {"1003", "", 0}},
     .began = START + 10,
     .progress = CALL_PROGRESS_RINGING},
    {.reference = 3,
     .dialled = "1002",
     .party = {{"1001", "SEP001122330001", CALL_ENCRYPTED},
               {"1002", "SEP001122330002", CALL_AUTHENTICATED}},
     .began = START + 20,
     .answered = START + 25,
     .ended = START + 3690,
     .talked_ms = 3665400,
     .security = CALL_AUTHENTICATED,
     .cause = CALL_CAUSE_HUNG_UP,
     .ended_by = CALL_CALLEE},
    {.reference = 4,
     .dialled = "7",
     .party = {{"1004", "SEP001122330004", CALL_NOT_SECURE}, {"7", "", 0}},
     .began = START + 30,
     .ended = START + 31,
     .cause = CALL_CAUSE_UNKNOWN_NUMBER},
};

int main(int argc, char **argv)
{
    struct store *store = NULL;
    struct why why = WHY_NONE;
    struct store_node node;
    if (argc != 3)
        return 2;
    int result = store_open(&store, argv[1], STORE_OBSERVE, &why);
    if (result == 0)
        result = store_node_get(store, argv[2], &node);
    if (result == 0)
        result = store_calls_write(store, node.id, calls, sizeof calls / sizeof *calls, 100, &why);
    if (result)
        fprintf(stderr, "called: %s\n", why_text(&why, result));
    store_close(store);
    return result ? 1 : 0;
}
