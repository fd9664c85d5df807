#include "support.h"

#include "base/text.h"
#include "trust/traits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a small reader of test/vector/models.csv ---- */

enum column {
    MODEL,
    SCCP_TYPE,
    TYPE,
    PRODUCT,
    PROTOCOLS,
    CTL,
    ITL,
    TVS,
    TFTP_ADDRESS,
    SIGNED_CONFIG,
    ENCRYPTION,
    MIC,
    MIC_CA,
    LSC,
    RSA_MAX,
    EC_LSC,
    SHA512,
    TLS_MAX,
    SRTP,
    HTTP,
    HTTPS,
    WEB,
    IMAGE,
    ERASE,
    LSC_UPDATE,
    FACTORY_RESET,
    SOURCES,
    NOTES,
    COLUMNS,
};

static const char *const headings[COLUMNS] = {
    "model",
    "sccp_device_type",
    "cucm_typemodel",
    "cucm_typeproduct",
    "protocols",
    "asks_ctl",
    "asks_itl_sbd",
    "tvs",
    "tftp_addr_must_be_in_ctl",
    "signed_config",
    "encrypted_config",
    "mic",
    "mic_ca",
    "lsc",
    "max_rsa_bits",
    "ec_lsc",
    "sha512_file_sig",
    "highest_tls",
    "srtp_suites",
    "http_6970",
    "https_6971",
    "web_page",
    "image_name",
    "erase_trust_list",
    "lsc_update",
    "factory_reset",
    "sources",
    "notes",
};

enum { ROWS_MAX = 128 };

struct csv {
    char *text;
    char *cells[ROWS_MAX][COLUMNS];
    size_t rows; /* with the heading */
};

/* One cell, unquoted in place; returns where the next begins, or NULL after the last of a row. */
static char *read_cell(char **cell, char *at, bool *last)
{
    bool quoted = *at == '"';
    char *in = at + quoted;
    char *out = *cell = in;
    while (*in && (quoted || (*in != ',' && *in != '\n'))) {
        if (quoted && *in == '"') {
            if (in[1] != '"') {
                quoted = false;
                in++;
                continue;
            }
            in++;
        }
        *out++ = *in++;
    }
    *last = *in != ',';
    char *next = *in ? in + 1 : in;
    *out = '\0';
    return next;
}

static void csv_read(struct csv *csv)
{
    struct bytes file = vector_load("models.csv");
    csv->text = calloc(1, file.size + 1);
    memcpy(csv->text, file.data, file.size);
    vector_free(file);
    csv->rows = 0;
    for (char *at = csv->text; *at; csv->rows++) {
        assert_true(csv->rows < ROWS_MAX);
        bool last = false;
        for (size_t column = 0; column < COLUMNS; column++) {
            assert_false(last);
            at = read_cell(&csv->cells[csv->rows][column], at, &last);
        }
        assert_true(last);
    }
}

/* ---- what a cell says, and what the table says ---- */

static const char *trait_cell(struct trait trait)
{
    switch (trait.value) {
    case TRAIT_YES:
        return trait.inferred ? "yi" : "y";
    case TRAIT_NO:
        return trait.inferred ? "ni" : "n";
    default:
        return "?";
    }
}

static const char *encryption_cell(const struct model *m)
{
    static const char *const plain[] = {"none", "manual-RC4-256", "manual-AES-128", "PKI", "?"};
    static const char *const inferred[] = {"nonei", "manual-RC4-256i", "manual-AES-128i", "PKIi",
                                           "?"};
    return (m->encryption_inferred ? inferred : plain)[m->encryption];
}

static const char *protocols_cell(unsigned protocols)
{
    return protocols == MODEL_SCCP ? "SCCP" : protocols == MODEL_SIP ? "SIP" : "SCCP+SIP";
}

/* A number with its mark, or what stands where there is none. */
static void number_cell(char out[32], unsigned number, bool inferred)
{
    snprintf(out, 32, "%u%s", number, inferred ? "i" : "");
}

static void expect_cell(const struct model *m, const char *heading, const char *cell,
                        const char *table)
{
    if (strcmp(cell, table) != 0)
        fail_msg("%s, %s: the table says '%s', models.csv says '%s'", m->name, heading, table,
                 cell);
}

static void compare_traits(const struct model *m, char *const *cells)
{
    const struct {
        enum column column;
        struct trait trait;
    } traits[] = {
        {CTL, m->ctl},
        {ITL, m->itl},
        {TVS, m->tvs},
        {TFTP_ADDRESS, m->tftp_address},
        {SIGNED_CONFIG, m->signed_config},
        {MIC, m->mic},
        {LSC, m->lsc},
        {EC_LSC, m->ec_lsc},
        {SHA512, m->sha512},
        {HTTP, m->http},
        {HTTPS, m->https},
    };
    for (size_t i = 0; i < sizeof traits / sizeof *traits; i++) {
        /* "-" is "not applicable", which the table says as a plain no. */
        const char *cell = cells[traits[i].column];
        expect_cell(m, headings[traits[i].column], strcmp(cell, "-") == 0 ? "n" : cell,
                    trait_cell(traits[i].trait));
    }
}

static void compare_numbers(const struct model *m, char *const *cells)
{
    char text[32] = "?";
    if (m->type)
        number_cell(text, m->type, m->type_inferred);
    expect_cell(m, headings[TYPE], cells[TYPE], text);
    if (strcmp(cells[SCCP_TYPE], "-") != 0 && !strchr(cells[SCCP_TYPE], ' '))
        expect_cell(m, headings[SCCP_TYPE], cells[SCCP_TYPE], text);
    if (m->rsa_max) {
        number_cell(text, m->rsa_max, m->rsa_max_inferred);
        expect_cell(m, headings[RSA_MAX], cells[RSA_MAX], text);
    } else if (strcmp(cells[RSA_MAX], "?") != 0 && strcmp(cells[RSA_MAX], "-") != 0) {
        fail_msg("%s: models.csv knows the largest key, '%s'", m->name, cells[RSA_MAX]);
    }
    snprintf(text, sizeof text, "%s%s", m->tls_max, m->tls_max_inferred ? "i" : "");
    expect_cell(m, headings[TLS_MAX], cells[TLS_MAX], text);
    /* Only phones that speak SCCP send a RegisterReq. */
    if (!(m->protocols & MODEL_SCCP))
        assert_string_equal(cells[SCCP_TYPE], "-");
}

static void compare_load(const struct model *m, const char *prefix, const char *cell)
{
    if (prefix && !strstr(cell, prefix) && strcmp(cell, "as ATA 186") != 0)
        fail_msg("%s: no load of '%s' begins with '%s'", m->name, cell, prefix);
}

/* Key replays are left out: which digit does what changes with the load, so people get words. */
static size_t before_replay(const char *cell)
{
    const char *replay = strstr(cell, "; key replay");
    return replay ? (size_t)(replay - cell) : strlen(cell);
}

/* Every step of a menu path in the cell stands in our words, in the same order. */
static void compare_menu(const struct model *m, const char *cell, const char *words)
{
    char copy[512];
    assert_true(text_copy(copy, sizeof copy, cell));
    copy[before_replay(copy)] = '\0';
    char *rest = copy;
    for (char *step = strsep(&rest, ">"); step; step = strsep(&rest, ">")) {
        step = text_trim(step);
        char *colon = strstr(step, "CTL: ") ? NULL : strstr(step, ": ");
        if (colon)
            step = colon + 2;
        char *mark = strstr(step, " [i]");
        if (mark)
            *mark = '\0';
        if (text_starts(step, "as 7911"))
            step = strchr(step, '(') + 1;
        char *bracket = strstr(step, " (erases");
        if (bracket)
            *bracket = '\0';
        step[strcspn(step, ")")] = strchr(step, '(') ? step[strcspn(step, ")")] : '\0';
        words = strcasestr(words, step);
        if (!words)
            fail_msg("%s: the step '%s' of '%s' is missing", m->name, step, cell);
        words += strlen(step);
    }
}

static void compare_erase(const struct model *m, const char *cell)
{
    bool nothing = strcmp(cell, "?") == 0 || text_starts(cell, "nothing to erase");
    if (nothing && m->erase_lists)
        fail_msg("%s: models.csv knows no way to erase its lists", m->name);
    if (cell[0] == '?' || nothing)
        return;
    if (!m->erase_lists)
        fail_msg("%s: models.csv knows '%s'", m->name, cell);
    bool replay_only = text_starts(cell, "key replay");
    size_t words = before_replay(cell);
    bool inferred = replay_only || memmem(cell, words, "> confirm [i]", 13) ||
                    (memmem(cell, words, " [i]", 4) && !memmem(cell, words, "[i])", 4));
    if (m->erase_lists_inferred != inferred)
        fail_msg("%s: models.csv says '%s': inferred is wrong", m->name, cell);
    if (strstr(cell, " > ") && !replay_only)
        compare_menu(m, cell, m->erase_lists);
}

static void compare_reset(const struct model *m, const char *cell)
{
    bool known = cell[0] != '?';
    if (known != (m->factory_reset != NULL))
        fail_msg("%s: models.csv says '%s' of the factory reset", m->name, cell);
    if (!known)
        return;
    if (m->factory_reset_inferred != (strstr(cell, " [i]") != NULL))
        fail_msg("%s: models.csv says '%s': inferred is wrong", m->name, cell);
    static const char *const keys[] = {"123456789*0#", "24726", "*7#9#2#0#*", "**2",
                                       "FactoryReset"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (text_starts(cell, "as "))
            break;
        bool loads_before = strstr(cell, "loads before 6.x") && strcmp(keys[i], "**2") == 0;
        if (!loads_before && !strstr(cell, keys[i]) != !strstr(m->factory_reset, keys[i]))
            fail_msg("%s: the keys of '%s' are not those of '%s'", m->name, m->factory_reset, cell);
    }
}

static void test_the_table_says_what_the_model_list_says(void **state)
{
    (void)state;
    struct csv csv;
    csv_read(&csv);
    for (size_t column = 0; column < COLUMNS; column++)
        assert_string_equal(csv.cells[0][column], headings[column]);
    assert_int_equal(csv.rows, 1 + 90);
    const struct model *m = model_table();
    for (size_t row = 1; row < csv.rows; row++, m++) {
        char *const *cells = csv.cells[row];
        assert_non_null(m->name);
        if (!strstr(cells[MODEL], m->name))
            fail_msg("row %zu is '%s', the table has '%s'", row, cells[MODEL], m->name);
        compare_numbers(m, cells);
        compare_traits(m, cells);
        expect_cell(m, headings[PROTOCOLS], cells[PROTOCOLS], protocols_cell(m->protocols));
        expect_cell(m, headings[ENCRYPTION], cells[ENCRYPTION], encryption_cell(m));
        compare_load(m, m->load_sccp, cells[IMAGE]);
        compare_load(m, m->load_sip, cells[IMAGE]);
        compare_erase(m, cells[ERASE]);
        compare_reset(m, cells[FACTORY_RESET]);
    }
    assert_null(m->name);
    free(csv.text);
}

static void test_a_load_is_known_for_each_protocol_that_has_one(void **state)
{
    (void)state;
    for (const struct model *m = model_table(); m->name; m++) {
        if (m->load_sccp && !(m->protocols & MODEL_SCCP))
            fail_msg("%s has an SCCP load and no SCCP", m->name);
        if (m->load_sip && !(m->protocols & MODEL_SIP))
            fail_msg("%s has a SIP load and no SIP", m->name);
    }
    assert_string_equal(model_find("7975")->load_sccp, "SCCP75.");
    assert_string_equal(model_find("7975")->load_sip, "SIP75.");
    assert_null(model_find("CSF")->load_sip);
}

static void test_a_model_is_found_by_every_name_people_use(void **state)
{
    (void)state;
    const struct {
        const char *typed, *name;
    } names[] = {
        {"7975", "7975"},
        {"7975G", "7975"},
        {"Cisco 7975", "7975"},
        {"CP-7975G", "7975"},
        {"cp-7975g=", "7975"},
        {"CISCO CP-8841-K9=", "8841"},
        {"Cisco Unified IP Phone 7965G", "7965"},
        {"7941G-GE", "7941G-GE"},
        {"CP-7941G-GE", "7941G-GE"},
        {"CP-7941G", "7941"},
        {"7925g-ex", "7925G-EX"},
        {"8851-NR", "8851NR"},
        {"cipc", "CIPC"},
        {"Cisco IP Communicator", "CIPC"},
        {"Cisco Unified Client Services Framework", "CSF"},
        {"jabber", "CSF"},
        {"Cisco Dual Mode for Android", "BOT"},
        {"ATA 186", "ATA 186"},
        {"ata-186", "ATA 186"},
        {"dx80", "DX80"},
        {"dx80 on ce", "Webex DX80"},
        {"Cisco TelePresence DX70", "TelePresence DX70"},
        {"9861nr", "9861NR"},
        {"840", "840"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct model *m = model_find(names[i].typed);
        if (!m || strcmp(m->name, names[i].name) != 0)
            fail_msg("'%s' gives %s, not %s", names[i].typed, m ? m->name : "nothing",
                     names[i].name);
    }
    for (const struct model *m = model_table(); m->name; m++)
        assert_ptr_equal(model_find(m->name), m);
}

static void test_a_name_that_is_no_model_is_not_found(void **state)
{
    (void)state;
    char endless[200];
    memset(endless, '7', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    const char *const names[] = {
        "",    "7",    "cisco", "CP-",     "79755", "g",     "G-", "7999",
        "any", "----", "k9",    "unknown", endless, "7975|", "|",  "Jabber desktop|Jabber"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (model_find(names[i]))
            fail_msg("'%s' was taken for a %s", names[i], model_find(names[i])->name);
    assert_null(model_find(NULL));
}

static void test_nothing_that_decides_is_known_of_an_unknown_model(void **state)
{
    (void)state;
    const struct model *m = model_unknown();
    const struct trait traits[] = {m->ctl,           m->itl,  m->tvs,  m->tftp_address,
                                   m->signed_config, m->mic,  m->lsc,  m->ec_lsc,
                                   m->sha512,        m->http, m->https};
    for (size_t i = 0; i < sizeof traits / sizeof *traits; i++)
        assert_string_equal(trait_text(traits[i]), "unknown");
    assert_int_equal(m->encryption, ENCRYPTION_UNKNOWN);
    assert_int_equal(m->rsa_max, 0);
    assert_int_equal(m->protocols, 0);
    assert_int_equal(m->generation, GENERATION_UNKNOWN);
    assert_null(model_find(m->name));
}

static void test_every_model_has_the_generation_its_family_has(void **state)
{
    (void)state;
    const struct {
        enum generation generation;
        const char *names;
    } families[] = {
        {GENERATION_A, "7940 7960"},
        {GENERATION_B, "7906 7911 7931 7941 7941G-GE 7942 7945 7961 7961G-GE 7962 7965 7970 7971 "
                       "7975"},
        {GENERATION_C, "6901 6911 6921 6941 6945 6961"},
        {GENERATION_W, "7921 7925 7925G-EX 7926"},
        {GENERATION_D, "8941 8945 8961 9951 9971"},
        {GENERATION_CLIENT, "CIPC CSF TCT BOT TAB"},
        {GENERATION_OLD, "7902 7905 7910 7912 7920 7935 7936 7937 7985 ATA186 ATA188 3905 3911 "
                         "3951 ATA187 ATA190 ATA191"},
    };
    size_t seen = 0;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        char names[256];
        assert_true(text_copy(names, sizeof names, families[i].names));
        char *rest = names;
        for (char *name = strsep(&rest, " "); name; name = strsep(&rest, " "), seen++)
            assert_int_equal(model_find(name)->generation, families[i].generation);
    }
    for (const struct model *m = model_table(); m->name; m++)
        seen += m->generation == GENERATION_E;
    assert_int_equal(seen, 90);
}

static void test_traits_are_said_in_words(void **state)
{
    (void)state;
    assert_string_equal(trait_text((struct trait){TRAIT_YES, false}), "yes");
    assert_string_equal(trait_text((struct trait){TRAIT_NO, false}), "no");
    assert_string_equal(trait_text((struct trait){TRAIT_YES, true}), "(yes)");
    assert_string_equal(trait_text((struct trait){TRAIT_NO, true}), "(no)");
    assert_true(trait_is((struct trait){TRAIT_YES, true}));
    assert_false(trait_is((struct trait){TRAIT_UNKNOWN, false}));
}

static void assert_trait(const struct model *m, const char *name, const char *value, bool inferred)
{
    char word[TRAIT_WORD];
    bool is_inferred = !inferred;
    assert_string_equal(model_trait_text(word, &is_inferred, m, name), value);
    assert_int_equal(is_inferred, inferred);
}

static void test_what_an_administrator_says_is_not_inferred(void **state)
{
    (void)state;
    struct model m = *model_find("6941");
    assert_trait(&m, "itl", "yes", true);
    assert_int_equal(model_set_trait(&m, "itl", "No", NULL), 0);
    assert_trait(&m, "itl", "no", false);
    assert_trait(&m, "tvs", "yes", true);
    assert_int_equal(model_set_trait(&m, "tvs", "unknown", NULL), 0);
    assert_int_equal(m.tvs.value, TRAIT_UNKNOWN);
    assert_int_equal(model_set_trait(&m, "rsa_max", "4096", NULL), 0);
    assert_int_equal(m.rsa_max, 4096);
    assert_trait(&m, "rsa_max", "4096", false);
    assert_int_equal(model_set_trait(&m, "rsa_max", "unknown", NULL), 0);
    assert_int_equal(m.rsa_max, 0);
    assert_trait(&m, "tls_max", "unknown", false);
    assert_int_equal(model_set_trait(&m, "tls_max", "1.2", NULL), 0);
    assert_string_equal(m.tls_max, "1.2");
    assert_int_equal(model_set_trait(&m, "encryption", "aes", NULL), 0);
    assert_int_equal(m.encryption, ENCRYPTION_MANUAL_AES);
    assert_trait(model_find("6941"), "itl", "yes", true); /* the table stays */
}

static void test_every_trait_has_words_and_takes_its_own_value(void **state)
{
    (void)state;
    for (const struct model *m = model_table(); m->name; m++) {
        for (const char *const *name = trait_names(); *name; name++) {
            char word[TRAIT_WORD];
            bool inferred;
            struct model copy = *m;
            assert_non_null(trait_about(*name));
            model_trait_text(word, &inferred, m, *name);
            assert_int_equal(model_set_trait(&copy, *name, word, NULL), 0);
            assert_trait(&copy, *name, word, false);
        }
    }
}

static void test_a_trait_or_value_nobody_knows_is_refused_with_what_there_is(void **state)
{
    (void)state;
    struct model m = *model_unknown();
    struct why why = (struct why)WHY_NONE;
    assert_int_equal(model_set_trait(&m, "itll", "yes", &why), ERR_USAGE);
    assert_non_null(strstr(why.text, "did you mean itl?"));
    why = (struct why)WHY_NONE;
    assert_int_equal(model_set_trait(&m, "itl", "perhaps", &why), ERR_USAGE);
    assert_non_null(strstr(why.text, "yes, no or unknown"));
    assert_int_equal(model_set_trait(&m, "rsa_max", "100", &why), ERR_USAGE);
    assert_int_equal(model_set_trait(&m, "rsa_max", "many", &why), ERR_USAGE);
    assert_int_equal(model_set_trait(&m, "tls_max", "1.1", &why), ERR_USAGE);
    assert_int_equal(model_set_trait(&m, "encryption", "yes", &why), ERR_USAGE);
    assert_memory_equal(&m, model_unknown(), sizeof m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_says_what_the_model_list_says),
        cmocka_unit_test(test_a_load_is_known_for_each_protocol_that_has_one),
        cmocka_unit_test(test_a_model_is_found_by_every_name_people_use),
        cmocka_unit_test(test_a_name_that_is_no_model_is_not_found),
        cmocka_unit_test(test_nothing_that_decides_is_known_of_an_unknown_model),
        cmocka_unit_test(test_every_model_has_the_generation_its_family_has),
        cmocka_unit_test(test_traits_are_said_in_words),
        cmocka_unit_test(test_what_an_administrator_says_is_not_inferred),
        cmocka_unit_test(test_every_trait_has_words_and_takes_its_own_value),
        cmocka_unit_test(test_a_trait_or_value_nobody_knows_is_refused_with_what_there_is),
    };
    return RUN(tests);
}
