/* mu-law and WAV files. */
#include "support.h"

#include "phone/g711.h"
#include "phone/sound.h"
#include "phone/wav.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What CPython's audioop, and with it the table of ITU-T G.711, says the codes are worth. */
static const int16_t worth[256] = {
    -32124, -31100, -30076, -29052, -28028, -27004, -25980, -24956, -23932, -22908, -21884, -20860,
    -19836, -18812, -17788, -16764, -15996, -15484, -14972, -14460, -13948, -13436, -12924, -12412,
    -11900, -11388, -10876, -10364, -9852,  -9340,  -8828,  -8316,  -7932,  -7676,  -7420,  -7164,
    -6908,  -6652,  -6396,  -6140,  -5884,  -5628,  -5372,  -5116,  -4860,  -4604,  -4348,  -4092,
    -3900,  -3772,  -3644,  -3516,  -3388,  -3260,  -3132,  -3004,  -2876,  -2748,  -2620,  -2492,
    -2364,  -2236,  -2108,  -1980,  -1884,  -1820,  -1756,  -1692,  -1628,  -1564,  -1500,  -1436,
    -1372,  -1308,  -1244,  -1180,  -1116,  -1052,  -988,   -924,   -876,   -844,   -812,   -780,
    -748,   -716,   -684,   -652,   -620,   -588,   -556,   -524,   -492,   -460,   -428,   -396,
    -372,   -356,   -340,   -324,   -308,   -292,   -276,   -260,   -244,   -228,   -212,   -196,
    -180,   -164,   -148,   -132,   -120,   -112,   -104,   -96,    -88,    -80,    -72,    -64,
    -56,    -48,    -40,    -32,    -24,    -16,    -8,     0,      32124,  31100,  30076,  29052,
    28028,  27004,  25980,  24956,  23932,  22908,  21884,  20860,  19836,  18812,  17788,  16764,
    15996,  15484,  14972,  14460,  13948,  13436,  12924,  12412,  11900,  11388,  10876,  10364,
    9852,   9340,   8828,   8316,   7932,   7676,   7420,   7164,   6908,   6652,   6396,   6140,
    5884,   5628,   5372,   5116,   4860,   4604,   4348,   4092,   3900,   3772,   3644,   3516,
    3388,   3260,   3132,   3004,   2876,   2748,   2620,   2492,   2364,   2236,   2108,   1980,
    1884,   1820,   1756,   1692,   1628,   1564,   1500,   1436,   1372,   1308,   1244,   1180,
    1116,   1052,   988,    924,    876,    844,    812,    780,    748,    716,    684,    652,
    620,    588,    556,    524,    492,    460,    428,    396,    372,    356,    340,    324,
    308,    292,    276,    260,    244,    228,    212,    196,    180,    164,    148,    132,
    120,    112,    104,    96,     88,     80,     72,     64,     56,     48,     40,     32,
    24,     16,     8,      0,
};

static void test_every_code_is_worth_what_the_table_says(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++)
        assert_int_equal(g711_decode((uint8_t)code), worth[code]);
}

/* The decision values of G.711, Table 2a, by the widths of their intervals: of the 14-bit numbers
 * below 8159 the first interval has one, the next 15 have two each, and so on. */
static const struct {
    unsigned count, width;
} intervals[] = {{1, 1},   {15, 2},  {16, 4},   {16, 8},  {16, 16},
                 {16, 32}, {16, 64}, {16, 128}, {16, 256}};

static unsigned interval_of(unsigned magnitude)
{
    unsigned number = 0;
    unsigned from = 0;
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++)
        for (unsigned k = 0; k < intervals[i].count; k++, number++) {
            from += intervals[i].width;
            if (magnitude < from)
                return number;
        }
    return number - 1; /* louder than the loudest */
}

static void test_every_sample_gets_the_code_of_its_interval(void **state)
{
    (void)state;
    for (int sample = 0; sample < 32768; sample++) {
        unsigned interval = interval_of((unsigned)sample / 4);
        assert_int_equal(g711_encode((int16_t)sample), 0xFF - interval);
        assert_int_equal(g711_encode((int16_t)~sample), 0x7F - interval);
    }
}

static void test_a_code_stays_what_it_is_when_it_is_coded_again(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++)
        if (code != G711_SILENCE) /* the other zero */
            assert_int_equal(g711_encode(worth[code]), code);
    assert_int_equal(g711_encode(0), 0xFF);
    assert_int_equal(g711_decode(G711_SILENCE), 0);
}

/* ---- files ---- */

static void test_what_is_written_as_a_file_is_read_again(void **state)
{
    struct buffer file;
    struct buffer samples;
    uint8_t ulaw[256];
    (void)state;
    for (unsigned i = 0; i < 256; i++)
        ulaw[i] = (uint8_t)(i == G711_SILENCE ? 0xFF : i);
    buffer_init(&file, WAV_MAX);
    buffer_init(&samples, WAV_MAX);
    wav_write(&file, bytes_of(ulaw, sizeof ulaw));
    assert_int_equal(file.size, 44 + 512);
    assert_int_equal(wav_read(&samples, buffer_bytes(&file), NULL), 0);
    assert_bytes_equal(buffer_bytes(&samples), bytes_of(ulaw, sizeof ulaw));
    buffer_fini(&file);
    buffer_fini(&samples);
}

/* The header of RFC 2361 and Microsoft's description: "fmt " with 18 bytes, a "fact" of odd size,
 * and mu-law data. */
static const uint8_t other_writer[] =
    "RIFF\x45\0\0\0WAVE"
    "fmt \x12\0\0\0\x07\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0\0\0"
    "fact\x03\0\0\0abc\0"
    "data\x04\0\0\0\x01\x02\x03\x04";

static void test_files_of_other_writers_are_read(void **state)
{
    static const uint8_t expected[] = {1, 2, 3, 4};
    struct buffer samples;
    (void)state;
    buffer_init(&samples, 100);
    assert_int_equal(wav_read(&samples, bytes_of(other_writer, sizeof other_writer - 1), NULL), 0);
    assert_bytes_equal(buffer_bytes(&samples), bytes_of(expected, 4));
    buffer_fini(&samples);
}

static void test_a_file_cut_anywhere_is_refused_or_gives_what_is_there(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof other_writer - 1; size++) {
        struct buffer samples;
        struct why why = WHY_NONE;
        uint8_t *cut = malloc(size ? size : 1); /* so that reading past it is seen */
        memcpy(cut, other_writer, size);
        buffer_init(&samples, 100);
        int result = wav_read(&samples, bytes_of(cut, size), &why);
        if (result == 0)
            assert_true(samples.size <= 4 && size >= sizeof other_writer - 1 - 4);
        else
            assert_true(result == ERR_FORMAT || result == ERR_UNSUPPORTED);
        buffer_fini(&samples);
        free(cut);
    }
}

static void test_a_file_in_stereo_is_refused_and_the_refusal_says_what_helps(void **state)
{
    uint8_t stereo[sizeof other_writer];
    struct buffer samples;
    struct why why = WHY_NONE;
    (void)state;
    memcpy(stereo, other_writer, sizeof stereo);
    stereo[22] = 2;
    buffer_init(&samples, 100);
    assert_int_equal(wav_read(&samples, bytes_of(stereo, sizeof stereo - 1), &why),
                     ERR_UNSUPPORTED);
    assert_non_null(strstr(why.text, "2 channels"));
    assert_non_null(strstr(why.text, "sox"));
    buffer_fini(&samples);
}

/* ---- sounds ---- */

static void test_the_tone_is_known_from_silence_and_from_another_tone(void **state)
{
    struct sound *tone = NULL;
    struct sound *silence = NULL;
    uint8_t ulaw[8000];
    (void)state;
    assert_int_equal(sound_open(&tone, "tone", NULL), 0);
    assert_int_equal(sound_open(&silence, "silence", NULL), 0);
    sound_next(tone, ulaw, 3333); /* in pieces of any size */
    sound_next(tone, ulaw + 3333, sizeof ulaw - 3333);
    assert_true(sound_tone_share(bytes_of(ulaw, sizeof ulaw), SOUND_TONE) > 990);
    assert_true(sound_tone_share(bytes_of(ulaw, sizeof ulaw), 600) < 20);
    sound_free(tone);
    assert_int_equal(sound_open(&tone, "tone:600", NULL), 0);
    sound_next(tone, ulaw, sizeof ulaw);
    assert_true(sound_tone_share(bytes_of(ulaw, sizeof ulaw), 600) > 990);
    sound_next(silence, ulaw, sizeof ulaw);
    for (size_t i = 0; i < sizeof ulaw; i++)
        assert_int_equal(ulaw[i], 0x7F);
    assert_int_equal(sound_tone_share(bytes_of(ulaw, sizeof ulaw), SOUND_TONE), 0);
    sound_free(tone);
    sound_free(silence);
}

static void test_a_tone_that_the_coding_cannot_carry_is_refused(void **state)
{
    static const char *const wrong[] = {"tone:", "tone:0", "tone:4000", "tone:-1", "tone:440 "};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct sound *sound = NULL;
        struct why why = WHY_NONE;
        assert_int_equal(sound_open(&sound, wrong[i], &why), ERR_USAGE);
        assert_non_null(strstr(why.text, "hertz from 1 to 3999"));
    }
}

static void test_a_file_is_played_once_and_then_there_is_silence(void **state)
{
    char directory[1024];
    char path[1100];
    struct recording *recording = NULL;
    struct sound *sound = NULL;
    uint8_t ulaw[5];
    static const uint8_t expected[] = {1, 2, 3, 0x7F, 0x7F};
    (void)state;
    temporary_make(directory);
    snprintf(path, sizeof path, "%s/short.wav", directory);
    assert_int_equal(recording_new(&recording), 0);
    recording_add(recording, bytes_of(expected, 3));
    assert_int_equal(recording_save(recording, path, NULL), 0);
    recording_free(recording);
    assert_int_equal(sound_open(&sound, path, NULL), 0);
    sound_next(sound, ulaw, sizeof ulaw);
    assert_memory_equal(ulaw, expected, sizeof ulaw);
    sound_free(sound);
    temporary_remove(directory);
}

static void test_what_is_no_sound_is_refused_by_name(void **state)
{
    struct sound *sound = NULL;
    struct why why = WHY_NONE;
    (void)state;
    assert_int_not_equal(sound_open(&sound, "/nowhere/voice.wav", &why), 0);
    assert_non_null(strstr(why.text, "/nowhere/voice.wav"));
    why.text[0] = '\0';
    assert_int_equal(sound_open(&sound, vector_path("CTLFile.tlv"), &why), ERR_FORMAT);
    assert_non_null(strstr(why.text, "no WAVE file"));
}

static void test_a_recording_ends_when_it_is_full(void **state)
{
    struct recording *recording = NULL;
    static const uint8_t sample[] = {5, 6, 7};
    (void)state;
    assert_int_equal(recording_new(&recording), 0);
    recording_skip(recording, (size_t)RECORDING_SECONDS * G711_RATE - 2);
    recording_add(recording, bytes_of(sample, 3));
    recording_skip(recording, 10);
    struct bytes all = recording_samples(recording);
    assert_int_equal(all.size, (size_t)RECORDING_SECONDS * G711_RATE);
    assert_int_equal(all.data[all.size - 1], 6);
    recording_free(recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_is_worth_what_the_table_says),
        cmocka_unit_test(test_every_sample_gets_the_code_of_its_interval),
        cmocka_unit_test(test_a_code_stays_what_it_is_when_it_is_coded_again),
        cmocka_unit_test(test_what_is_written_as_a_file_is_read_again),
        cmocka_unit_test(test_files_of_other_writers_are_read),
        cmocka_unit_test(test_a_file_cut_anywhere_is_refused_or_gives_what_is_there),
        cmocka_unit_test(test_a_file_in_stereo_is_refused_and_the_refusal_says_what_helps),
        cmocka_unit_test(test_the_tone_is_known_from_silence_and_from_another_tone),
        cmocka_unit_test(test_a_tone_that_the_coding_cannot_carry_is_refused),
        cmocka_unit_test(test_a_file_is_played_once_and_then_there_is_silence),
        cmocka_unit_test(test_what_is_no_sound_is_refused_by_name),
        cmocka_unit_test(test_a_recording_ends_when_it_is_full),
    };
    return RUN(tests);
}
