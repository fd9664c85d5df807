/* What stands on the screen. */
#include "phone/handset_parts.h"

/* The phrases that every phone has in its dictionary, by number. */
static const char *const phrases[] = {
    [1] = "Redial",
    [2] = "NewCall",
    [3] = "Hold",
    [4] = "Transfer",
    [5] = "CFwdAll",
    [6] = "CFwdBusy",
    [7] = "CFwdNoAnswer",
    [8] = "<<",
    [9] = "EndCall",
    [10] = "Resume",
    [11] = "Answer",
    [12] = "Info",
    [13] = "Confrn",
    [14] = "Park",
    [15] = "Join",
    [16] = "MeetMe",
    [17] = "PickUp",
    [18] = "GPickUp",
    [19] = "Your current options",
    [20] = "Off Hook",
    [21] = "On Hook",
    [22] = "Ring out",
    [23] = "From ",
    [24] = "Connected",
    [25] = "Busy",
    [26] = "Line In Use",
    [27] = "Call Waiting",
    [28] = "Call Transfer",
    [29] = "Call Park",
    [30] = "Call Proceed",
    [31] = "In Use Remote",
    [32] = "Enter number",
};

char *handset_phrases(char *out, size_t size, const char *text)
{
    size_t used = 0;
    out[0] = '\0';
    while (*text && used + 1 < size) {
        uint8_t number = (uint8_t)text[0] == SCCP_DICTIONARY ? (uint8_t)text[1] : 0;
        bool known = number && number < sizeof phrases / sizeof *phrases && phrases[number];
        if (known)
            text_copy(out + used, size - used, phrases[number]);
        else if (number)
            text_format(out + used, size - used, "[phrase %u]", number);
        else
            text_copy_bytes(out + used, size - used, bytes_of(text, 1));
        text += number ? 2 : 1;
        while (out[used])
            used++;
    }
    return out;
}

const char *handset_state_text(uint32_t state)
{
    static const char *const words[] = {
        [SCCP_STATE_OFF_HOOK] = "off hook",
        [SCCP_STATE_ON_HOOK] = "over",
        [SCCP_STATE_RING_OUT] = "ring out",
        [SCCP_STATE_RING_IN] = "ringing",
        [SCCP_STATE_CONNECTED] = "connected",
        [SCCP_STATE_BUSY] = "busy",
        [SCCP_STATE_CONGESTION] = "congestion",
        [SCCP_STATE_HOLD] = "on hold",
        [SCCP_STATE_CALL_WAITING] = "call waiting",
        [SCCP_STATE_TRANSFER] = "transfer",
        [SCCP_STATE_PARK] = "parked",
        [SCCP_STATE_PROCEED] = "proceed",
        [SCCP_STATE_REMOTE_MULTILINE] = "in use remote",
        [SCCP_STATE_INVALID_NUMBER] = "unknown number",
    };
    const char *word = state < sizeof words / sizeof *words ? words[state] : NULL;
    return word ? word : "in a state nobody knows";
}

const char *handset_icon_text(uint32_t security)
{
    return security == SCCP_SECURITY_ENCRYPTED       ? "lock"
           : security == SCCP_SECURITY_AUTHENTICATED ? "shield"
                                                     : "none";
}
