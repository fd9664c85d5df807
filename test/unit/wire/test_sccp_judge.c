/* tshark's dissector, an outside judge of what we write: every message in every version, as if it
 * had been captured on port 2000. */
#include "support.h"

#include "base/file.h"
#include "base/text.h"
#include "wire/sccp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the capture: raw IPv4 packets with TCP in them ---- */

enum { LINKTYPE_RAW = 101, STREAMS = SCCP_VERSION_MAX + 1 };

struct capture {
    FILE *file;
    uint32_t sequence[STREAMS][2]; /* by version and direction */
    unsigned frames;
};

static void open_capture(struct capture *c, const char *path)
{
    const uint32_t head[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65536, LINKTYPE_RAW};
    memset(c, 0, sizeof *c);
    c->file = fopen(path, "we");
    assert_non_null(c->file);
    assert_int_equal(fwrite(head, sizeof head, 1, c->file), 1);
}

/* Each version has a connection of its own: the phone's port is 50000 + version. */
static void add_frame(struct capture *c, unsigned version, bool from_phone, struct bytes frame)
{
    struct buffer p;
    uint16_t phone = (uint16_t)(50000 + version);
    uint32_t *sequence = c->sequence[version];
    uint32_t total = (uint32_t)(40 + frame.size);
    buffer_init(&p, 40 + SCCP_FRAME_MAX);
    buffer_u16be(&p, 0x4500);
    buffer_u16be(&p, (uint16_t)total);
    buffer_u32be(&p, 0);
    buffer_u32be(&p, 0x40060000); /* TCP; no checksum, which nobody looks at */
    buffer_u32be(&p, from_phone ? 0x0a000002 : 0x0a000001);
    buffer_u32be(&p, from_phone ? 0x0a000001 : 0x0a000002);
    buffer_u16be(&p, from_phone ? phone : 2000);
    buffer_u16be(&p, from_phone ? 2000 : phone);
    buffer_u32be(&p, 1 + sequence[from_phone]);
    buffer_u32be(&p, 1 + sequence[!from_phone]);
    buffer_u32be(&p, 0x5018ffff); /* five words, PSH and ACK */
    buffer_u32be(&p, 0);
    buffer_append(&p, frame);
    assert_int_equal(p.size, total);
    const uint32_t record[] = {1, c->frames++, total, total};
    assert_int_equal(fwrite(record, sizeof record, 1, c->file), 1);
    assert_int_equal(fwrite(p.data, p.size, 1, c->file), 1);
    sequence[from_phone] += (uint32_t)frame.size;
    buffer_fini(&p);
}

/* ---- the messages ---- */

/* Every number of it 1, texts of one letter; the ones with more to them have it. */
static void fill(struct sccp_message *m, enum sccp_id id)
{
    sccp_message_init(m, id);
    for (size_t i = offsetof(struct sccp_message, register_req); i < sizeof *m; i += 4)
        ((uint8_t *)m)[i] = 1;
    static const struct sccp_keys keys = {SCCP_SRTP_AES_128_SHA1_32, 16, 14, "0123456789abcdef",
                                          "ABCDEFGHIJKLMN",          0,  0};
    switch ((uint32_t)id) {
    case SCCP_REGISTER_REQ:
        m->register_req = (struct sccp_register_req){.device = "SEP001122334455",
                                                     .device_type = 437,
                                                     .version = 22,
                                                     .features = {0, 0x72, 0x85},
                                                     .mac = "001122334455",
                                                     .load = "SCCP45.9-4-2SR3-1S"};
        break;
    case SCCP_CAPABILITIES_RES:
        m->capabilities = (struct sccp_capabilities){
            .count = 2, .codecs = {{SCCP_G711_ULAW, 60, {0}}, {SCCP_G711_ALAW, 60, {0}}}};
        break;
    case SCCP_LINE_STAT:
        m->line_stat = (struct sccp_line_stat){1, "4711", "Anna", "desk", 15};
        break;
    case SCCP_DISPLAY_PROMPT:
        m->display_prompt = (struct sccp_display_prompt){0, "Connected", 1, 77};
        break;
    case SCCP_CALL_INFO:
        m->call_info = (struct sccp_call_info){.calling = {"Anna", "4711", ""},
                                               .called = {"Bert", "4712", ""},
                                               .line = 1,
                                               .call = 77,
                                               .type = SCCP_CALL_OUTBOUND,
                                               .instance = 1,
                                               .security = SCCP_SECURITY_ENCRYPTED};
        break;
    case SCCP_DIALED_NUMBER:
        m->dialed_number = (struct sccp_dialed_number){"4712", 1, 77};
        break;
    case SCCP_OPEN_RECEIVE_CHANNEL:
        m->open_receive_channel = (struct sccp_open_receive_channel){.conference = 5,
                                                                     .party = 6,
                                                                     .packet_ms = 20,
                                                                     .codec = SCCP_G711_ULAW,
                                                                     .call = 77,
                                                                     .keys = keys,
                                                                     .dtmf_payload = 101};
        break;
    case SCCP_START_MEDIA_TRANSMISSION:
        m->start_media_transmission =
            (struct sccp_start_media_transmission){.conference = 5,
                                                   .party = 6,
                                                   .remote = {SCCP_IPV4, {192, 0, 2, 77}},
                                                   .remote_port = 16384,
                                                   .packet_ms = 20,
                                                   .codec = SCCP_G711_ULAW,
                                                   .precedence = SCCP_DSCP_VOICE,
                                                   .call = 77,
                                                   .keys = keys,
                                                   .dtmf_payload = 101};
        break;
    case SCCP_OPEN_RECEIVE_CHANNEL_ACK:
    case SCCP_START_MEDIA_TRANSMISSION_ACK:
        m->media_ack = (struct sccp_media_ack){5, 6, 77, {SCCP_IPV4, {192, 0, 2, 77}}, 16384, 0};
        break;
    case SCCP_CONNECTION_STATISTICS_RES:
        m->connection_statistics =
            (struct sccp_connection_statistics){.number = "4711",
                                                .call = 77,
                                                .packets_sent = 250,
                                                .quality = bytes_of_string("MLQK=4")};
        break;
    case SCCP_DEVICE_TO_USER_DATA:
    case SCCP_DEVICE_TO_USER_DATA_RESPONSE:
    case SCCP_DEVICE_TO_USER_DATA_V1:
    case SCCP_DEVICE_TO_USER_DATA_RESPONSE_V1:
    case SCCP_USER_TO_DEVICE_DATA:
    case SCCP_USER_TO_DEVICE_DATA_V1:
        m->user_data = (struct sccp_user_data){1, 1, 1, 1, 1, 1, 1, 1, 1, bytes_of_string("<x/>")};
        break;
    default:
        break;
    }
}

/* Messages we only read and whose payload we do not know: there is nothing to judge. */
static bool is_nameless(uint32_t id)
{
    static const uint32_t names[] = {
        SCCP_UPDATE_CAPABILITIES,
        SCCP_UPDATE_CAPABILITIES_V2,
        SCCP_UPDATE_CAPABILITIES_V3,
        SCCP_ACCESSORY_STATUS,
        SCCP_MEDIA_PATH_CAPABILITY,
        SCCP_LOCATION_INFO,
        SCCP_EXTENSION_DEVICE_CAPS,
        SCCP_XML_ALARM,
        SCCP_PORT_RESPONSE,
        SCCP_MULTICAST_MEDIA_RECEPTION_ACK,
        SCCP_OPEN_MULTIMEDIA_RECEIVE_CHANNEL_ACK,
        SCCP_START_MULTIMEDIA_TRANSMISSION_ACK,
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] == id)
            return true;
    return false;
}

/* ---- what the judge says ---- */

static char path[1100];
static uint32_t sent[SCCP_VERSION_MAX + 1][160];
static size_t sent_count[SCCP_VERSION_MAX + 1];

static void add_all(struct capture *c, unsigned version)
{
    for (uint32_t id = 0; id <= SCCP_SPCP_TOKEN_REJECT; id == 0x160 ? id = 0x8000 : id++) {
        struct buffer frame;
        struct sccp_message m;
        fill(&m, id);
        buffer_init(&frame, SCCP_FRAME_MAX);
        if (!is_nameless(id) && sccp_write(&frame, version, &m, NULL) == 0) {
            add_frame(c, version, sccp_from_phone(id), buffer_bytes(&frame));
            sent[version][sent_count[version]++] = sccp_frame_id(buffer_bytes(&frame));
        }
        buffer_fini(&frame);
    }
}

static bool have_tshark(void)
{
    return access("/usr/bin/tshark", X_OK) == 0 || access("/usr/local/bin/tshark", X_OK) == 0;
}

static FILE *ask(const char *filter, const char *fields)
{
    char command[2000];
    snprintf(command, sizeof command,
             "tshark -r '%s' -Y '%s' -T fields -E separator=' ' -E occurrence=a -e tcp.port "
             "-e skinny.messageId %s 2>/dev/null",
             path, filter, fields);
    FILE *answer = popen(command, "r");
    assert_non_null(answer);
    return answer;
}

/* One line of the answer: the version (by the phone's port), the number of the message, the rest.
 */
static bool next_line(FILE *answer, unsigned *version, uint32_t *id, char rest[400])
{
    char line[500];
    unsigned ports[2];
    rest[0] = '\0';
    if (!fgets(line, sizeof line, answer))
        return false;
    if (sscanf(line, "%u,%u %u %399[^\n]", &ports[0], &ports[1], id, rest) < 3)
        fail_msg("tshark: %s", line);
    *version = (ports[0] == 2000 ? ports[1] : ports[0]) - 50000;
    return true;
}

static int make_capture(void **state)
{
    static char directory[1024];
    struct capture c;
    *state = directory;
    temporary_make(directory);
    assert_int_equal(file_path(path, directory, "sccp.pcap"), 0);
    open_capture(&c, path);
    for (unsigned version = SCCP_VERSION_MIN; version <= SCCP_VERSION_MAX; version++)
        add_all(&c, version);
    return fclose(c.file);
}

static int remove_capture(void **state)
{
    temporary_remove(*state);
    return 0;
}

/* Of headers it knows; 12 to 14 are not among them. */
static bool is_judged(unsigned version)
{
    return version < 12 || version > 14;
}

static void test_tshark_names_every_message_as_we_do(void **state)
{
    (void)state;
    if (!have_tshark())
        skip();
    size_t seen[SCCP_VERSION_MAX + 1] = {0};
    FILE *answer = ask("skinny", "");
    unsigned version;
    uint32_t id;
    char rest[400];
    while (next_line(answer, &version, &id, rest)) {
        assert_in_range(version, SCCP_VERSION_MIN, SCCP_VERSION_MAX);
        if (is_judged(version))
            assert_int_equal(id, sent[version][seen[version]++]);
    }
    pclose(answer);
    for (version = SCCP_VERSION_MIN; version <= SCCP_VERSION_MAX; version++)
        if (is_judged(version)) {
            assert_true(sent_count[version] > 80);
            assert_int_equal(seen[version], sent_count[version]);
        }
}

/* Where it and we read our sources differently (docs/protocols/sccp.md, "Where the dissector
 * disagrees"). */
static bool is_known_fault(unsigned version, uint32_t id)
{
    static const struct {
        uint32_t id;
        unsigned from, until;
    } faults[] = {
        {SCCP_OPEN_RECEIVE_CHANNEL, 16, 16},      /* the requested address type before 17 */
        {SCCP_ENBLOC_CALL, 18, 18},               /* numbers of 25 bytes before 19 */
        {SCCP_FORWARD_STAT, 18, 18},              /* the same */
        {SCCP_DIALED_NUMBER, 18, 18},             /* the same */
        {SCCP_CONNECTION_STATISTICS_REQ, 18, 18}, /* the same */
        {SCCP_CONNECTION_STATISTICS_RES, 18, 21}, /* the layout of 22 before it */
        {SCCP_START_MEDIA_TRANSMISSION, 21, 21},  /* latent capabilities before 22 */
        {0x014A, 17, 18},                         /* CallInfo: strings of hunt pilots before 19 */
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (id == faults[i].id && version >= faults[i].from && version <= faults[i].until)
            return true;
    return false;
}

static void test_tshark_finds_nothing_malformed_but_where_it_is_known_to_err(void **state)
{
    (void)state;
    if (!have_tshark())
        skip();
    FILE *answer = ask("_ws.malformed", "");
    unsigned version;
    uint32_t id;
    char rest[400];
    while (next_line(answer, &version, &id, rest))
        if (!is_known_fault(version, id))
            fail_msg("malformed: %s in version %u", sccp_name(id), version);
    pclose(answer);
}

static void test_tshark_finds_keys_call_and_address_where_we_put_them(void **state)
{
    (void)state;
    if (!have_tshark())
        skip();
    FILE *answer = ask("skinny.messageId == 0x105 || skinny.messageId == 0x8a",
                       "-e skinny.algorithmID -e skinny.keylen -e skinny.saltlen "
                       "-e skinny.callReference -e skinny.RFC2833PayloadType -e skinny.key "
                       "-e skinny.salt -e skinny.remotePortNumber -e skinny.remoteIpAddr.ipv4");
    unsigned version, seen = 0;
    uint32_t id;
    char rest[400];
    while (next_line(answer, &version, &id, rest)) {
        char want[400];
        snprintf(want, sizeof want,
                 "0x00000001 16 14 77 101 48,49,50,51,52,53,54,55,56,57,97,98,99,100,101,102 "
                 "65,66,67,68,69,70,71,72,73,74,75,76,77,78 %s",
                 id == SCCP_START_MEDIA_TRANSMISSION ? "16384 192.0.2.77" : "");
        if (is_judged(version) && !is_known_fault(version, id))
            assert_true(text_starts(rest, want));
        seen += is_judged(version);
    }
    pclose(answer);
    assert_int_equal(seen, 2 * 17);
}

static void test_tshark_reads_the_security_of_a_call_and_its_parties(void **state)
{
    (void)state;
    if (!have_tshark())
        skip();
    FILE *answer =
        ask("skinny.messageId == 0x8f || skinny.messageId == 0x14a",
            "-e skinny.callSecurityStatus -e skinny.callReference -e skinny.callingPartyName "
            "-e skinny.callingParty -e skinny.calledParty");
    unsigned version, seen = 0;
    uint32_t id;
    char rest[400];
    while (next_line(answer, &version, &id, rest)) {
        assert_int_equal(id == SCCP_CALL_INFO, version < 8);
        if (!is_judged(version))
            continue;
        assert_true(text_starts(rest, "0x00000003 77 "));
        /* it looks for thirteen strings in every version; up to 15 there are twelve */
        if (version < 8 || version >= 16)
            assert_string_equal(rest, "0x00000003 77 Anna 4711 4712");
        seen++;
    }
    pclose(answer);
    assert_int_equal(seen, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tshark_names_every_message_as_we_do),
        cmocka_unit_test(test_tshark_finds_nothing_malformed_but_where_it_is_known_to_err),
        cmocka_unit_test(test_tshark_finds_keys_call_and_address_where_we_put_them),
        cmocka_unit_test(test_tshark_reads_the_security_of_a_call_and_its_parties),
    };
    return cmocka_run_group_tests_name("tests", tests, make_capture, remove_capture);
}
