/*
 * sccp_words: the numbers of SCCP and what they mean (docs/protocols/sccp.md, "Words").
 */
#ifndef WIRE_SCCP_WORDS_H
#define WIRE_SCCP_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages. Some have a second number in newer versions, with the same meaning in another layout:
 * these are one here, under the older number; sccp.h says when which is written. */
enum sccp_id {
    /* from the phone */
    SCCP_KEEP_ALIVE = 0x0000,
    SCCP_REGISTER_REQ = 0x0001,
    SCCP_IP_PORT = 0x0002,
    SCCP_KEYPAD_BUTTON = 0x0003,
    SCCP_ENBLOC_CALL = 0x0004, /* a whole number at once */
    SCCP_STIMULUS = 0x0005,    /* a button beside the screen */
    SCCP_OFF_HOOK = 0x0006,
    SCCP_ON_HOOK = 0x0007,
    SCCP_HOOK_FLASH = 0x0008,
    SCCP_FORWARD_STAT_REQ = 0x0009,
    SCCP_SPEED_DIAL_STAT_REQ = 0x000A,
    SCCP_LINE_STAT_REQ = 0x000B,
    SCCP_CONFIG_STAT_REQ = 0x000C,
    SCCP_TIME_DATE_REQ = 0x000D,
    SCCP_BUTTON_TEMPLATE_REQ = 0x000E,
    SCCP_VERSION_REQ = 0x000F,
    SCCP_CAPABILITIES_RES = 0x0010,
    SCCP_SERVER_REQ = 0x0012,
    SCCP_ALARM = 0x0020,
    SCCP_MULTICAST_MEDIA_RECEPTION_ACK = 0x0021,
    SCCP_OPEN_RECEIVE_CHANNEL_ACK = 0x0022,
    SCCP_CONNECTION_STATISTICS_RES = 0x0023,
    SCCP_SOFT_KEY_SET_REQ = 0x0025,
    SCCP_SOFT_KEY_EVENT = 0x0026,
    SCCP_UNREGISTER = 0x0027,
    SCCP_SOFT_KEY_TEMPLATE_REQ = 0x0028,
    SCCP_REGISTER_TOKEN_REQ = 0x0029,
    SCCP_MEDIA_TRANSMISSION_FAILURE = 0x002A,
    SCCP_HEADSET_STATUS = 0x002B,
    SCCP_REGISTER_AVAILABLE_LINES = 0x002D,
    SCCP_DEVICE_TO_USER_DATA = 0x002E,
    SCCP_DEVICE_TO_USER_DATA_RESPONSE = 0x002F,
    SCCP_UPDATE_CAPABILITIES = 0x0030,
    SCCP_OPEN_MULTIMEDIA_RECEIVE_CHANNEL_ACK = 0x0031,
    SCCP_SERVICE_URL_STAT_REQ = 0x0033,
    SCCP_FEATURE_STAT_REQ = 0x0034,
    SCCP_DEVICE_TO_USER_DATA_V1 = 0x0041,
    SCCP_DEVICE_TO_USER_DATA_RESPONSE_V1 = 0x0042,
    SCCP_UPDATE_CAPABILITIES_V2 = 0x0043,
    SCCP_UPDATE_CAPABILITIES_V3 = 0x0044,
    SCCP_PORT_RESPONSE = 0x0045,
    SCCP_SUBSCRIPTION_STAT_REQ = 0x0048,
    SCCP_ACCESSORY_STATUS = 0x0049,
    SCCP_MEDIA_PATH_CAPABILITY = 0x004A,
    SCCP_START_MEDIA_TRANSMISSION_ACK = 0x0154,
    SCCP_START_MULTIMEDIA_TRANSMISSION_ACK = 0x0155,
    SCCP_LOCATION_INFO = 0x0157,
    SCCP_EXTENSION_DEVICE_CAPS = 0x0159,
    SCCP_XML_ALARM = 0x015A,
    SCCP_SPCP_TOKEN_REQ = 0x8000, /* tokens of phones for small businesses */

    /* from the server */
    SCCP_REGISTER_ACK = 0x0081,
    SCCP_START_TONE = 0x0082,
    SCCP_STOP_TONE = 0x0083,
    SCCP_SET_RINGER = 0x0085,
    SCCP_SET_LAMP = 0x0086,
    SCCP_SET_SPEAKER_MODE = 0x0088,
    SCCP_SET_MICRO_MODE = 0x0089,
    SCCP_START_MEDIA_TRANSMISSION = 0x008A,
    SCCP_STOP_MEDIA_TRANSMISSION = 0x008B,
    SCCP_CALL_INFO = 0x008F, /* and 0x014A */
    SCCP_FORWARD_STAT = 0x0090,
    SCCP_SPEED_DIAL_STAT = 0x0091, /* and 0x0149 */
    SCCP_LINE_STAT = 0x0092,       /* and 0x0147 */
    SCCP_CONFIG_STAT = 0x0093,
    SCCP_TIME_DATE = 0x0094,
    SCCP_BUTTON_TEMPLATE = 0x0097,
    SCCP_VERSION = 0x0098,
    SCCP_DISPLAY_TEXT = 0x0099,
    SCCP_CLEAR_DISPLAY = 0x009A,
    SCCP_CAPABILITIES_REQ = 0x009B,
    SCCP_REGISTER_REJECT = 0x009D,
    SCCP_SERVER = 0x009E,
    SCCP_RESET = 0x009F,
    SCCP_KEEP_ALIVE_ACK = 0x0100,
    SCCP_OPEN_RECEIVE_CHANNEL = 0x0105,
    SCCP_CLOSE_RECEIVE_CHANNEL = 0x0106,
    SCCP_CONNECTION_STATISTICS_REQ = 0x0107,
    SCCP_SOFT_KEY_TEMPLATE = 0x0108,
    SCCP_SOFT_KEY_SET = 0x0109,
    SCCP_SELECT_SOFT_KEYS = 0x0110,
    SCCP_CALL_STATE = 0x0111,
    SCCP_DISPLAY_PROMPT = 0x0112, /* and 0x0145 */
    SCCP_CLEAR_PROMPT = 0x0113,
    SCCP_DISPLAY_NOTIFY = 0x0114, /* and 0x0143 */
    SCCP_CLEAR_NOTIFY = 0x0115,
    SCCP_ACTIVATE_CALL_PLANE = 0x0116,
    SCCP_DEACTIVATE_CALL_PLANE = 0x0117,
    SCCP_UNREGISTER_ACK = 0x0118,
    SCCP_BACK_SPACE = 0x0119,
    SCCP_REGISTER_TOKEN_ACK = 0x011A,
    SCCP_REGISTER_TOKEN_REJECT = 0x011B,
    SCCP_START_MEDIA_FAILURE_DETECTION = 0x011C,
    SCCP_DIALED_NUMBER = 0x011D,
    SCCP_USER_TO_DEVICE_DATA = 0x011E,
    SCCP_FEATURE_STAT = 0x011F,            /* and 0x0146 */
    SCCP_DISPLAY_PRIORITY_NOTIFY = 0x0120, /* and 0x0144 */
    SCCP_CLEAR_PRIORITY_NOTIFY = 0x0121,
    SCCP_SERVICE_URL_STAT = 0x012F, /* and 0x0148 */
    SCCP_USER_TO_DEVICE_DATA_V1 = 0x013F,
    SCCP_SUBSCRIPTION_STAT = 0x0152,
    SCCP_CALL_HISTORY_INFO = 0x0156,
    SCCP_SPCP_TOKEN_ACK = 0x8100,
    SCCP_SPCP_TOKEN_REJECT = 0x8101,
};

/* "RegisterReq", "OpenReceiveChannel", ...; "unknown message" for other numbers. Never NULL. */
const char *sccp_name(uint32_t id);
/* Is it the phone that says this? False for what a server says, and for unknown numbers. */
bool sccp_from_phone(uint32_t id);

/* ---- versions ---- */

#define SCCP_VERSION_MIN 3
#define SCCP_VERSION_MAX 22
/* What both speak: the lower of the two. A phone that named none (0) speaks 3. */
unsigned sccp_version_agreed(unsigned phone, unsigned server);
/* The bytes of features a server sends beside the version. */
void sccp_server_features(uint8_t out[3], unsigned version);

/* ---- buttons, lamps, soft keys ---- */

/* Kinds of buttons; a Stimulus and SetLamp name buttons by the same numbers. */
enum sccp_button {
    SCCP_BUTTON_UNUSED = 0,
    SCCP_BUTTON_REDIAL = 1,
    SCCP_BUTTON_SPEED_DIAL = 2,
    SCCP_BUTTON_HOLD = 3,
    SCCP_BUTTON_TRANSFER = 4,
    SCCP_BUTTON_FORWARD_ALL = 5,
    SCCP_BUTTON_FORWARD_BUSY = 6,
    SCCP_BUTTON_FORWARD_NO_ANSWER = 7,
    SCCP_BUTTON_DISPLAY = 8,
    SCCP_BUTTON_LINE = 9,
    SCCP_BUTTON_VOICE_MAIL = 0x0F,
    SCCP_BUTTON_FEATURE = 0x13,
    SCCP_BUTTON_SERVICE_URL = 0x14,
    SCCP_BUTTON_BLF_SPEED_DIAL = 0x15,
    SCCP_BUTTON_UNDEFINED = 0xFF,
};

enum sccp_lamp {
    SCCP_LAMP_OFF = 1,
    SCCP_LAMP_ON = 2,
    SCCP_LAMP_WINK = 3, /* on hold */
    SCCP_LAMP_FLASH = 4,
    SCCP_LAMP_BLINK = 5, /* ringing */
};

/* What a soft key says when it is pressed. The phone sends the number the template gave it; up to
 * PickUp of groups everybody uses these. A label of a phone's own dictionary is the byte 0x80 and
 * the number of the key. */
enum sccp_key {
    SCCP_KEY_REDIAL = 1,
    SCCP_KEY_NEW_CALL = 2,
    SCCP_KEY_HOLD = 3,
    SCCP_KEY_TRANSFER = 4,
    SCCP_KEY_FORWARD_ALL = 5,
    SCCP_KEY_FORWARD_BUSY = 6,
    SCCP_KEY_FORWARD_NO_ANSWER = 7,
    SCCP_KEY_BACK_SPACE = 8,
    SCCP_KEY_END_CALL = 9,
    SCCP_KEY_RESUME = 10,
    SCCP_KEY_ANSWER = 11,
    SCCP_KEY_INFO = 12,
    SCCP_KEY_CONFERENCE = 13,
    SCCP_KEY_PARK = 14,
    SCCP_KEY_JOIN = 15,
    SCCP_KEY_MEET_ME = 16,
    SCCP_KEY_PICK_UP = 17,
    SCCP_KEY_GROUP_PICK_UP = 18,
};

/* Which of its sets of soft keys a phone shows. */
enum sccp_key_set {
    SCCP_KEYS_ON_HOOK = 0,
    SCCP_KEYS_CONNECTED = 1,
    SCCP_KEYS_ON_HOLD = 2,
    SCCP_KEYS_RING_IN = 3,
    SCCP_KEYS_OFF_HOOK = 4,
    SCCP_KEYS_TRANSFER = 5, /* connected, with a transfer begun */
    SCCP_KEYS_DIGITS = 6,   /* after the first digit */
    SCCP_KEYS_CONFERENCE = 7,
    SCCP_KEYS_RING_OUT = 8,
    SCCP_KEYS_OFF_HOOK_FEATURE = 9,
    SCCP_KEYS_IN_USE_HINT = 10,
    SCCP_KEYS_STEALABLE = 11,
};
#define SCCP_KEYS_ALL UINT32_C(0xFFFFFFFF) /* the mask: every key of the set may be pressed */

/* A text that begins with this byte is of the phone's own dictionary; the next byte says which. */
#define SCCP_DICTIONARY 0x80
enum sccp_phrase {
    SCCP_PHRASE_CURRENT_OPTIONS = 0x13, /* "Your current options" */
    SCCP_PHRASE_FROM = 0x17,            /* "From", text may follow */
    SCCP_PHRASE_CONNECTED = 0x18,
    SCCP_PHRASE_ENTER_NUMBER = 0x20,
};
/* Keys of KeypadButton besides the digits 0 to 9. */
enum sccp_keypad { SCCP_KEYPAD_STAR = 14, SCCP_KEYPAD_POUND = 15, SCCP_KEYPAD_PLUS = 16 };

/* ---- calls ---- */

enum sccp_call_state {
    SCCP_STATE_OFF_HOOK = 1,
    SCCP_STATE_ON_HOOK = 2,
    SCCP_STATE_RING_OUT = 3,
    SCCP_STATE_RING_IN = 4,
    SCCP_STATE_CONNECTED = 5,
    SCCP_STATE_BUSY = 6,
    SCCP_STATE_CONGESTION = 7,
    SCCP_STATE_HOLD = 8,
    SCCP_STATE_CALL_WAITING = 9,
    SCCP_STATE_TRANSFER = 10,
    SCCP_STATE_PARK = 11,
    SCCP_STATE_PROCEED = 12,
    SCCP_STATE_REMOTE_MULTILINE = 13,
    SCCP_STATE_INVALID_NUMBER = 14,
};
#define SCCP_PRECEDENCE_ROUTINE 4

enum sccp_call_type { SCCP_CALL_INBOUND = 1, SCCP_CALL_OUTBOUND = 2, SCCP_CALL_FORWARD = 3 };

/* CallInfo's callSecurityStatus: what the phone shows. */
enum sccp_security {
    SCCP_SECURITY_UNKNOWN = 0,           /* nothing; sent while it rings */
    SCCP_SECURITY_NOT_AUTHENTICATED = 1, /* nothing */
    SCCP_SECURITY_AUTHENTICATED = 2,     /* the shield */
    SCCP_SECURITY_ENCRYPTED = 3,         /* the lock */
};

/* DTMF is among them: 1 to 9 as such, 0x0A for 0, 0x0E star, 0x0F pound. */
enum sccp_tone {
    SCCP_TONE_SILENCE = 0x00,
    SCCP_TONE_DIAL = 0x21,
    SCCP_TONE_OUTSIDE_DIAL = 0x22,
    SCCP_TONE_BUSY = 0x23,
    SCCP_TONE_ALERTING = 0x24, /* ring-back */
    SCCP_TONE_REORDER = 0x25,
    SCCP_TONE_NO_SUCH_NUMBER = 0x2B,
    SCCP_TONE_CALL_WAITING = 0x2D,
    SCCP_TONE_CONFIRMATION = 0x2E,
    SCCP_TONE_ZIP_ZIP = 0x31,
    SCCP_TONE_ZIP = 0x32,
    SCCP_TONE_BEEP_BONK = 0x33,
    SCCP_TONE_HOLD = 0x35,
    SCCP_TONE_SECURE = 0x39,     /* "this call is secure" */
    SCCP_TONE_NOT_SECURE = 0x49, /* "this call is not" */
    SCCP_TONE_NONE = 0x7F,
};

enum sccp_ring {
    SCCP_RING_OFF = 1,
    SCCP_RING_INSIDE = 2,
    SCCP_RING_OUTSIDE = 3,
    SCCP_RING_FEATURE = 4,
    SCCP_RING_FLASH = 5, /* silent */
    SCCP_RING_URGENT = 6,
};
enum sccp_ring_duration { SCCP_RING_NORMAL = 1, SCCP_RING_SINGLE = 2 };

enum sccp_switch { SCCP_ON = 1, SCCP_OFF = 2 }; /* speaker, microphone, headset */

enum sccp_disposition {
    SCCP_CALL_IGNORED = 0,
    SCCP_CALL_PLACED = 1,
    SCCP_CALL_RECEIVED = 2,
    SCCP_CALL_MISSED = 3,
};

/* ---- registration ---- */

enum sccp_reset_type { SCCP_RESET_DEVICE = 1, SCCP_RESET_RESTART = 2, SCCP_RESET_APPLY = 3 };
enum sccp_unregister_status {
    SCCP_UNREGISTER_OK = 0,
    SCCP_UNREGISTER_ERROR = 1,
    SCCP_UNREGISTER_IN_CALL = 2,
};
enum sccp_severity {
    SCCP_SEVERITY_CRITICAL = 0,
    SCCP_SEVERITY_WARNING = 1,
    SCCP_SEVERITY_INFORMATIONAL = 2,
    SCCP_SEVERITY_UNKNOWN = 4,
    SCCP_SEVERITY_MAJOR = 7,
    SCCP_SEVERITY_MINOR = 8,
    SCCP_SEVERITY_MARGINAL = 10,
    SCCP_SEVERITY_TRACE = 20,
};
/* The number in an alarm's "Last=...": why the phone's last session ended. */
enum sccp_last {
    SCCP_LAST_TCP_TIMEOUT = 10,
    SCCP_LAST_TCP_RESET = 13,
    SCCP_LAST_TCP_CLOSED = 15,
    SCCP_LAST_KEEP_ALIVE_TIMEOUT = 17,
    SCCP_LAST_FAILBACK = 18,
    SCCP_LAST_RESET = 22,
    SCCP_LAST_RESTART = 23,
    SCCP_LAST_REGISTER_REJECT = 24,
    SCCP_LAST_INITIALIZED = 25,
};

/* ---- media ---- */

enum sccp_codec {
    SCCP_G711_ALAW = 2,
    SCCP_G711_ALAW_56K = 3,
    SCCP_G711_ULAW = 4,
    SCCP_G711_ULAW_56K = 5,
    SCCP_G722_64K = 6,
    SCCP_G722_56K = 7,
    SCCP_G722_48K = 8,
    SCCP_G723 = 9,
    SCCP_G728 = 10,
    SCCP_G729 = 11,
    SCCP_G729A = 12,
    SCCP_G729B = 15,
    SCCP_G729AB = 16,
    SCCP_WIDEBAND_256K = 25,
    SCCP_G722_1_32K = 40,
    SCCP_G722_1_24K = 41,
    SCCP_ILBC = 86,
    SCCP_ISAC = 89,
    SCCP_OPUS = 90,
    SCCP_RFC2833 = 257,
};
/* "G.711 mu-law", ...; "codec N" is the caller's to say when this is NULL. */
const char *sccp_codec_name(uint32_t codec);

enum sccp_media_status {
    SCCP_MEDIA_OK = 0,
    SCCP_MEDIA_ERROR = 1,
    SCCP_MEDIA_NO_CHANNELS = 2,
    SCCP_MEDIA_TOO_COMPLEX = 3,
    SCCP_MEDIA_INVALID_PARTY = 4,
    SCCP_MEDIA_INVALID_CALL = 5,
    SCCP_MEDIA_INVALID_CODEC = 6,
    SCCP_MEDIA_INVALID_PACKET_SIZE = 7,
    SCCP_MEDIA_NO_SOCKETS = 8,
    SCCP_MEDIA_CODEC_FAILED = 9,
    SCCP_MEDIA_INVALID_PAYLOAD = 10,
    SCCP_MEDIA_NO_SUCH_ADDRESS = 11,
    SCCP_MEDIA_ON_HOOK = 255,
};
/* For people: "out of channels", ...; never NULL. */
const char *sccp_media_status_text(uint32_t status);

#define SCCP_DSCP_VOICE                                                      \
    0xB8 /* StartMediaTransmission's precedence: EF, as a byte of the header \
          */
enum sccp_echo { SCCP_ECHO_OFF = 0, SCCP_ECHO_ON = 1 };
enum sccp_port_handling { SCCP_PORT_CLOSE = 0, SCCP_PORT_KEEP = 1 };
enum sccp_statistics_mode { SCCP_STATISTICS_CLEAR = 0, SCCP_STATISTICS_KEEP = 1 };

enum sccp_address_type {
    SCCP_IPV4 = 0,
    SCCP_IPV6 = 1,
    SCCP_IPV4_AND_IPV6 = 2,
    SCCP_ADDRESS_INVALID = 3,
};

/* SRTP. Phones of SCCP know the first one only. */
enum sccp_srtp {
    SCCP_SRTP_NONE = 0,
    SCCP_SRTP_AES_128_SHA1_32 = 1,
    SCCP_SRTP_AES_128_SHA1_80 = 2,
    SCCP_SRTP_F8_128_SHA1_32 = 3,
    SCCP_SRTP_F8_128_SHA1_80 = 4,
    SCCP_SRTP_AEAD_AES_128_GCM = 5,
    SCCP_SRTP_AEAD_AES_256_GCM = 6,
};

#endif
