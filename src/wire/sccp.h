/*
 * sccp: the messages of SCCP ("Skinny"), phone and server (docs/protocols/sccp.md).
 *
 * A frame is: length (4 bytes; counts what follows the next word), header version (4), message id
 * (4), payload. Integers are little-endian; addresses are bytes in network order. The layout of a
 * payload depends on the version that phone and server agreed on (3 to 22), never on the header's.
 *
 * Reading is tolerant and writing exact. Firmware of twenty years sends shorter and longer payloads
 * than the layout: what is not there is 0 or "", what is beyond is skipped. Counts inside a payload
 * are cut to what came. The only payload of a known message that is refused is one that announces
 * keys and does not hold them. Writing gives the layout of the version, padded with zeros to a
 * multiple of four bytes.
 */
#ifndef WIRE_SCCP_H
#define WIRE_SCCP_H

#include "base/bytes.h"
#include "wire/sccp_words.h"

#define SCCP_HEADER_SIZE 12
#define SCCP_LENGTH_MIN  4 /* of the header's length: the id alone */
#define SCCP_LENGTH_MAX                                                      \
    8192 /* ample: XML for a phone's screen is the largest, with 2,400 bytes \
          */
#define SCCP_FRAME_MAX   (SCCP_LENGTH_MAX + 8)
#define SCCP_PAYLOAD_MAX (SCCP_LENGTH_MAX - 4)

/* How many of each a message has room for. */
#define SCCP_CAPABILITIES      18
#define SCCP_BUTTONS           42
#define SCCP_SOFT_KEYS         32
#define SCCP_SOFT_KEY_SETS     16
#define SCCP_SOFT_KEYS_PER_SET 16
#define SCCP_SERVERS           5

/* Texts are C strings here, so each has one byte more than its field on the wire. What a peer left
 * in a field behind the NUL is kept, so that a frame that was read can be written again byte for
 * byte; after sccp_message_init() nothing is there. A text that is too long for its field is cut
 * when written, never in the middle of a character, and has its NUL. */
#define SCCP_NAME_TEXT   121 /* names of parties and lines: 40 characters of three bytes, NUL */
#define SCCP_NUMBER_TEXT 26  /* directory numbers: 24 digits, NUL */
#define SCCP_PROMPT_TEXT 98  /* prompts and notices: 96 bytes, NUL; 31 up to version 7 */

/* IPv4 has the first four bytes. Up to version 16 the wire has those four only. */
struct sccp_address {
    uint32_t type; /* enum sccp_address_type */
    uint8_t bytes[16];
};

/* Master key and salt of one direction. All zero in a call that is not encrypted. A secret: wipe
 * the message it is in (sccp_message_wipe), and write it to a buffer that is wiped. */
struct sccp_keys {
    uint32_t algorithm; /* enum sccp_srtp */
    uint16_t key_size;  /* valid bytes of `key`, 16 */
    uint16_t salt_size; /* of `salt`, 14; the rest is zero */
    uint8_t key[16];
    uint8_t salt[16];
    uint32_t mki_present;     /* 0 */
    uint32_t derivation_rate; /* 0: derived once */
};

struct sccp_register_req {
    char device[16 + 1]; /* "SEP0011215A1AE3" */
    uint32_t user, instance;
    uint8_t address[4];
    uint32_t device_type; /* trust/model has them */
    uint32_t max_streams;
    uint32_t active_streams; /* not 0: it registers again in the middle of a call */
    uint8_t version;         /* the highest it speaks; 0: it did not say */
    uint8_t features[3];
    uint32_t max_conferences, active_conferences;
    char mac[12 + 1]; /* hex digits */
    uint32_t address_scope, max_lines;
    uint8_t address6[16];
    uint32_t address6_scope;
    char load[32 + 1]; /* firmware */
    char config_stamp[48 + 1];
};
struct sccp_register_ack {
    uint32_t keep_alive;         /* s */
    char date_format[8 + 1];     /* "D/M/Y", "M-D-Y"; "M/D/YA" with a clock of 12 hours */
    uint32_t keep_alive_standby; /* s, while this server is the phone's standby */
    uint8_t version;             /* agreed */
    uint8_t features[3];
};
struct sccp_register_reject {
    char text[32 + 1]; /* shown on the phone */
};
struct sccp_alarm {
    uint32_t severity; /* enum sccp_severity */
    char text[80 + 1]; /* "Name=SEP... Load=... Last=..." */
    uint32_t parameter1, parameter2;
};
struct sccp_ip_port {
    uint32_t port;
};
struct sccp_unregister {
    uint32_t reason; /* 0 unknown, 1 power is saved */
};
struct sccp_unregister_ack {
    uint32_t status; /* enum sccp_unregister_status */
};
struct sccp_token_req {
    char device[16 + 1];
    uint32_t user, instance;
    uint8_t address[4];
    uint32_t device_type;
    uint8_t address6[16];
    uint32_t flags;       /* meaning unknown */
    uint32_t max_streams; /* of SPCPRegisterTokenReq, which has no IPv6 address */
};
struct sccp_token_ack {
    uint32_t features; /* of SPCPRegisterTokenAck */
};
struct sccp_token_reject {
    uint32_t wait; /* s until it may ask again */
};
struct sccp_reset {
    uint32_t type; /* enum sccp_reset_type */
};
struct sccp_version {
    char load[16 + 1]; /* firmware it should have */
};
struct sccp_server {
    struct sccp_server_slot {
        char name[48 + 1];
        uint32_t port;
        struct sccp_address address;
    } servers[SCCP_SERVERS]; /* in the order the phone shall try them; the rest empty */
};
struct sccp_config_stat {
    char device[16 + 1];
    uint32_t user, instance;
    char user_name[40 + 1];
    char server_name[40 + 1];
    uint32_t lines, speed_dials;
};
struct sccp_available_lines {
    uint32_t lines;
};
struct sccp_capabilities {
    uint32_t count; /* after reading: never more than came */
    struct sccp_capability {
        uint32_t codec;      /* enum sccp_codec */
        uint32_t max_frames; /* of a packet; most phones mean milliseconds */
        uint8_t parameters[8];
    } codecs[SCCP_CAPABILITIES];
};

struct sccp_button_template {
    uint32_t offset, count, total;
    struct sccp_button_slot {
        uint8_t instance; /* line 1, line 2, speed dial 1, ... */
        uint8_t type;     /* enum sccp_button; unused ones are instance 0, SCCP_BUTTON_UNDEFINED */
    } buttons[SCCP_BUTTONS];
};
struct sccp_soft_key_template {
    uint32_t offset, count, total;
    struct sccp_soft_key {
        char label[16 + 1];
        uint32_t event; /* enum sccp_key */
    } keys[SCCP_SOFT_KEYS];
};
struct sccp_soft_key_sets {
    uint32_t offset, count, total;
    struct sccp_soft_key_set {
        uint8_t key[SCCP_SOFT_KEYS_PER_SET];   /* place in the template from 1; 0: none */
        uint16_t info[SCCP_SOFT_KEYS_PER_SET]; /* 300 + number of the label */
    } sets[SCCP_SOFT_KEY_SETS];                /* by enum sccp_key_set */
};
struct sccp_select_soft_keys {
    uint32_t line, call;
    uint32_t set;  /* enum sccp_key_set */
    uint32_t mask; /* bit i: key i of the set may be pressed */
};

struct sccp_index {
    uint32_t index;        /* of a line, speed dial, feature, service: from 1 */
    uint32_t capabilities; /* of FeatureStatReq */
};
struct sccp_line_stat {
    uint32_t line;
    char number[SCCP_NUMBER_TEXT];
    char name[SCCP_NAME_TEXT];  /* full name */
    char label[SCCP_NAME_TEXT]; /* beside the button */
    uint32_t options; /* bits: 0 dialled, 1 redirected dialled, 2 calling number, 3 calling name */
};
struct sccp_forward_stat {
    uint32_t active; /* is any? */
    uint32_t line;
    struct sccp_forward {
        uint32_t active;
        char number[SCCP_NUMBER_TEXT];
    } all, busy, no_answer;
};
struct sccp_speed_dial_stat {
    uint32_t index;
    char number[SCCP_NUMBER_TEXT];
    char name[SCCP_NAME_TEXT];
};
struct sccp_feature_stat {
    uint32_t index;
    uint32_t type; /* enum sccp_button */
    char label[SCCP_NAME_TEXT];
    uint32_t status;
};
struct sccp_service_url {
    uint32_t index;
    char url[256 + 1];
    char name[SCCP_NAME_TEXT];
};
struct sccp_time_date {
    uint32_t year, month, weekday;                   /* 1 to 12; 0 is Sunday */
    uint32_t day, hour, minute, second, millisecond; /* local time */
    uint32_t unix_time;
};
struct sccp_subscription_req {
    uint32_t transaction, feature, timer;
    char subscription[64 + 1];
};
struct sccp_subscription {
    uint32_t transaction, feature, timer, cause;
};

struct sccp_keypad_button {
    uint32_t button; /* 0 to 9, enum sccp_keypad */
    uint32_t line, call;
};
struct sccp_enbloc_call {
    char number[SCCP_NUMBER_TEXT];
    uint32_t line; /* 0: it did not say (always so before version 17) */
};
struct sccp_stimulus {
    uint32_t stimulus; /* enum sccp_button */
    uint32_t instance;
    uint32_t call, status;
};
/* OffHook, OnHook, HookFlash: 0 and 0 when the phone does not say. Before version 15 `line` of
 * OnHook is the index of a button. */
struct sccp_hook {
    uint32_t line, call;
};
struct sccp_soft_key_event {
    uint32_t event; /* enum sccp_key, or what the template says */
    uint32_t line, call;
};
struct sccp_switched {
    uint32_t mode; /* enum sccp_switch */
};

struct sccp_start_tone {
    uint32_t tone;      /* enum sccp_tone */
    uint32_t direction; /* 0 to the user, 1 to the network, 2 both */
    uint32_t line, call;
};
struct sccp_stop_tone {
    uint32_t line, call;
    uint32_t tone; /* from version 11 */
};
struct sccp_set_ringer {
    uint32_t mode;     /* enum sccp_ring */
    uint32_t duration; /* enum sccp_ring_duration */
    uint32_t line, call;
};
struct sccp_set_lamp {
    uint32_t button; /* enum sccp_button */
    uint32_t instance;
    uint32_t mode; /* enum sccp_lamp */
};
struct sccp_call_state_message {
    uint32_t state; /* enum sccp_call_state */
    uint32_t line, call;
    uint32_t privacy;            /* 0 none, 1 limited, 2 full */
    uint32_t precedence, domain; /* SCCP_PRECEDENCE_ROUTINE */
};
/* Of a line or call: ClearPromptStatus, BackSpaceRes, ActivateCallPlane (line only). */
struct sccp_place {
    uint32_t line, call;
};
struct sccp_display_prompt {
    uint32_t timeout; /* s; 0: it stays */
    char text[SCCP_PROMPT_TEXT];
    uint32_t line, call;
};
/* DisplayNotify (without a priority), DisplayPriNotify, ClearPriNotify (without a text). */
struct sccp_display_notify {
    uint32_t timeout; /* s */
    uint32_t priority;
    char text[SCCP_PROMPT_TEXT];
};
struct sccp_display_text {
    char text[32 + 1];
};
struct sccp_dialed_number {
    char number[SCCP_NUMBER_TEXT];
    uint32_t line, call;
};
struct sccp_call_history {
    uint32_t disposition; /* enum sccp_disposition */
    uint32_t line, call;
};
struct sccp_party {
    char name[SCCP_NAME_TEXT];
    char number[SCCP_NUMBER_TEXT];
    char mailbox[SCCP_NUMBER_TEXT]; /* voice mail */
};
struct sccp_call_info {
    struct sccp_party calling, called, original_called, last_redirecting;
    uint32_t line, call;
    uint32_t type;                         /* enum sccp_call_type */
    uint32_t original_reason, last_reason; /* of redirecting */
    uint32_t instance;                     /* of the call on its line, from 1 */
    uint32_t security;                     /* enum sccp_security */
    uint32_t restriction; /* bits: name and number are not shown; of calling 0 and 1, called 2, 3 */
    char alternate_calling[SCCP_NUMBER_TEXT]; /* from version 16 */
    char hunt_pilot_number[SCCP_NUMBER_TEXT]; /* from version 19 */
    char hunt_pilot_name[SCCP_NAME_TEXT];
};

struct sccp_open_receive_channel {
    uint32_t conference, party; /* chosen by the server, echoed by the phone; as `call` */
    uint32_t packet_ms;
    uint32_t codec;
    uint32_t echo_cancellation; /* enum sccp_echo */
    uint32_t codec_parameters;  /* bit rate of G.723 (1: 5.3k, 2: 6.3k); bytes of others */
    uint32_t call;
    struct sccp_keys keys; /* for what the phone will receive */
    uint32_t stream, associated_stream;
    uint32_t dtmf_payload; /* of RFC 2833: 101, or 0 for none */
    uint32_t dtmf_type;
    uint32_t mixing_mode, direction; /* from version 11 */
    struct sccp_address source;      /* from version 11 */
    uint32_t source_port;
    uint32_t requested_address_type; /* from version 17: enum sccp_address_type */
    uint32_t audio_level_adjustment; /* from version 22 */
    uint8_t latent_capabilities[36];
};
struct sccp_start_media_transmission {
    uint32_t conference, party;
    struct sccp_address remote;
    uint32_t remote_port;
    uint32_t packet_ms;
    uint32_t codec;
    uint32_t precedence; /* SCCP_DSCP_VOICE */
    uint32_t silence_suppression;
    uint16_t max_frames; /* of a packet */
    uint32_t codec_parameters;
    uint32_t call;
    struct sccp_keys keys; /* for what the phone will send */
    uint32_t stream, associated_stream;
    uint32_t dtmf_payload, dtmf_type;
    uint32_t mixing_mode, direction;
    uint8_t latent_capabilities[36]; /* from version 22 */
};
/* CloseReceiveChannel and StopMediaTransmission. */
struct sccp_end_media {
    uint32_t conference, party, call;
    uint32_t port_handling; /* enum sccp_port_handling */
};
/* OpenReceiveChannelAck (no conference), StartMediaTransmissionAck, MediaTransmissionFailure (no
 * status). */
struct sccp_media_ack {
    uint32_t conference, party, call;
    struct sccp_address address; /* where the phone receives, or sends from */
    uint32_t port;
    uint32_t status; /* enum sccp_media_status */
};
struct sccp_media_failure_detection {
    uint32_t conference, party;
    uint32_t packet_ms, codec, echo_cancellation, codec_parameters, call;
};
struct sccp_connection_statistics_req {
    char number[SCCP_NUMBER_TEXT];
    uint32_t call;
    uint32_t mode; /* enum sccp_statistics_mode */
};
struct sccp_connection_statistics {
    char number[28 + 1];
    uint32_t call, mode;
    uint32_t packets_sent, octets_sent, packets_received, octets_received, packets_lost;
    uint32_t jitter, latency; /* ms */
    struct bytes quality;     /* text: "MLQK=4.5000;...", in the frame; may be empty */
};

/* Data of applications: XML of services. The first four and `data` are in every one of the six
 * messages, the rest in those of V1. */
struct sccp_user_data {
    uint32_t application, line, call, transaction;
    uint32_t sequence, display_priority, conference, instance, routing;
    struct bytes data; /* in the frame */
};

/* A message, read or to be written. Owns nothing: after reading, views lie in the frame. */
struct sccp_message {
    uint32_t id; /* enum sccp_id: says which of the union counts */
    /* Bytes that were missing at the end of the payload that was read, and are left out again when
     * it is written. 0 for the whole layout. */
    uint16_t cut;
    union {
        struct sccp_register_req register_req;
        struct sccp_register_ack register_ack;
        struct sccp_register_reject register_reject;
        struct sccp_alarm alarm;
        struct sccp_ip_port ip_port;
        struct sccp_unregister unregister;
        struct sccp_unregister_ack unregister_ack;
        struct sccp_token_req token_req;
        struct sccp_token_ack token_ack;
        struct sccp_token_reject token_reject;
        struct sccp_reset reset;
        struct sccp_version version;
        struct sccp_server server;
        struct sccp_config_stat config_stat;
        struct sccp_available_lines available_lines;
        struct sccp_capabilities capabilities;
        struct sccp_button_template button_template;
        struct sccp_soft_key_template soft_key_template;
        struct sccp_soft_key_sets soft_key_sets;
        struct sccp_select_soft_keys select_soft_keys;
        struct sccp_index request; /* LineStatReq, ForwardStatReq, SpeedDialStatReq, ... */
        struct sccp_line_stat line_stat;
        struct sccp_forward_stat forward_stat;
        struct sccp_speed_dial_stat speed_dial_stat;
        struct sccp_feature_stat feature_stat;
        struct sccp_service_url service_url;
        struct sccp_time_date time_date;
        struct sccp_subscription_req subscription_req;
        struct sccp_subscription subscription;
        struct sccp_keypad_button keypad_button;
        struct sccp_enbloc_call enbloc_call;
        struct sccp_stimulus stimulus;
        struct sccp_hook hook;
        struct sccp_soft_key_event soft_key_event;
        struct sccp_switched switched; /* HeadsetStatus, SetSpeakerMode, SetMicroMode */
        struct sccp_start_tone start_tone;
        struct sccp_stop_tone stop_tone;
        struct sccp_set_ringer set_ringer;
        struct sccp_set_lamp set_lamp;
        struct sccp_call_state_message call_state;
        struct sccp_place place;
        struct sccp_display_prompt display_prompt;
        struct sccp_display_notify display_notify;
        struct sccp_display_text display_text;
        struct sccp_dialed_number dialed_number;
        struct sccp_call_history call_history;
        struct sccp_call_info call_info;
        struct sccp_open_receive_channel open_receive_channel;
        struct sccp_start_media_transmission start_media_transmission;
        struct sccp_end_media end_media;
        struct sccp_media_ack media_ack;
        struct sccp_media_failure_detection media_failure_detection;
        struct sccp_connection_statistics_req connection_statistics_req;
        struct sccp_connection_statistics connection_statistics;
        struct sccp_user_data user_data;
    };
};

/* All zero, but for the id. */
void sccp_message_init(struct sccp_message *message, enum sccp_id id);
/* For messages that held keys. */
void sccp_message_wipe(struct sccp_message *message);

/* Is the first frame of `so_far` there? 0 with *size its bytes, header included, or 0 when more
 * must come. ERR_LIMIT when the header announces less or more than a message may have: after that
 * the stream has no more frames. */
int sccp_frame(size_t *size, struct bytes so_far, struct why *why) CHECKED;
/* The id of a frame of at least SCCP_HEADER_SIZE bytes; of fewer, an id that nobody knows. */
uint32_t sccp_frame_id(struct bytes frame);

/* Reads one whole frame in the layouts of `version`, 0 when none is agreed on. After an error
 * *out is all zero. ERR_UNSUPPORTED: a number nobody knows - skip it and count it. ERR_TRUNCATED,
 * ERR_FORMAT: keys that are announced and not there. */
int sccp_read(struct sccp_message *out, unsigned version, struct bytes frame,
              struct why *why) CHECKED;

/* Appends the frame. The header's version is the agreed one from 10 on, and 0 in messages that are
 * older than any agreement. ERR_UNSUPPORTED: not a message of this version. ERR_LIMIT: it does not
 * fit into a frame or into `out`, which then has a part of it and its error set. */
int sccp_write(struct buffer *out, unsigned version, const struct sccp_message *message,
               struct why *why) CHECKED;

/* May SRTP begin with these keys? 0 for the algorithm of SCCP phones with 16 bytes of key and 14 of
 * salt; ERR_UNSUPPORTED for another algorithm, ERR_FORMAT for other lengths, an MKI or a key
 * derivation rate. Without keys (SCCP_SRTP_NONE): ERR_NOT_FOUND. */
int sccp_keys_check(const struct sccp_keys *keys, struct why *why) CHECKED;

#endif
