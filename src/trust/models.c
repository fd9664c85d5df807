/*
 * The 90 models (docs/protocols/models.md, "The table"). A family is a macro that holds what its
 * members share, so that the differences stand out; trait words are those of the page: a trailing I
 * is "inferred".
 */
#include "trust/model.h"

#include "wire/cnf.h"

_Static_assert(MODEL_SCCP == CNF_SCCP && MODEL_SIP == CNF_SIP, "the linter reads these bits");

/* clang-format off */
#define YES   {TRAIT_YES, false}
#define YES_I {TRAIT_YES, true}
#define NO    {TRAIT_NO, false}
#define NO_I  {TRAIT_NO, true}
#define ASK   {TRAIT_UNKNOWN, false} /* no source says, and nothing can be inferred */
/* clang-format on */
#define BOTH        (MODEL_SCCP | MODEL_SIP)
#define TLS(max)    .tls_max = max
#define TLS_I(max)  .tls_max = max, .tls_max_inferred = true
#define RSA(bits)   .rsa_max = bits
#define RSA_I(bits) .rsa_max = bits, .rsa_max_inferred = true

/* ---- how a person gets at the trust lists ---- */

#define ERASE(words)   .erase_lists = words
#define ERASE_I(words) .erase_lists = words, .erase_lists_inferred = true
#define RESET(words)   .factory_reset = words
#define RESET_I(words) .factory_reset = words, .factory_reset_inferred = true

#define MENU_7940 "Settings > Security Configuration > CTL File, **# to unlock, Erase"
#define MENU_79_BUTTON                                                                      \
    "Settings > Security Configuration > Trust List > ITL File (or CTL File), **# unlock, " \
    "(more), Erase"
#define MENU_79_APPLICATIONS                                                                \
    "Applications > Settings > Security Configuration > Trust List > ITL/CTL File, **# to " \
    "unlock, Erase"
#define MENU_69              "press Settings, 4, 5, 2, then the fourth and the second soft key"
#define MENU_SECURITY(first) first " > Admin settings > Reset settings > Security settings, confirm"
#define MENU_99              "Applications > Administrator Settings > Reset Settings > Security Settings"
#define MENU_PHONEOS \
    "unlock the TFTP server setting, enter the server and save: the phone then deletes its lists"
#define COMMAND_CE "xCommand Security Certificates CUCM CTL Delete"

#define KEYS_79 \
    "hold # while it powers on until the line buttons flash, release, then press 123456789*0#"
#define KEYS_7911 \
    "hold # while it powers on until the handset lamp flashes red, then press 123456789*0#"
#define KEYS_7940                                                                        \
    "hold # while it powers on until it says 'Reset key sequence detected', then press " \
    "123456789*0# and, asked to keep the network configuration, 2"
#define KEYS_7970                                                                                \
    "hold # while it powers on (from its power brick) until the lamps turn amber in turn, then " \
    "press 123456789*0#"
#define KEYS_78                                                                            \
    "power off for 5 s, hold # while plugging in, and when the Mute light goes off press " \
    "123456789*0#"
#define KEYS_88                                                                                  \
    "power off for 5 s, hold # while plugging in until Headset and Speaker alone are lit, then " \
    "press 123456789*0#"
#define KEYS_8821 \
    "power off, hold #, then Power/End until the LED is amber, then press 123456789*0#"
#define KEYS_WIRELESS "Settings (toolbox) > Phone Settings, **2, Yes"
#define KEYS_6901     "off hook press *, # and 0 together, PIN 24726 #, then option 0"
#define KEYS_89       "hold # while it powers on, and when the lamps flash press 123456789*0#"

/* ---- families ---- */

/* No trust lists, no certificates: what a server does to its lists never reaches these. */
#define BEFORE_SECURITY                                                                   \
    .generation = GENERATION_OLD, .ctl = NO_I, .tftp_address = NO, .signed_config = NO_I, \
    .mic = NO_I, .lsc = NO_I, .ec_lsc = NO, .sha512 = NO_I, TLS_I("none"), .http = NO_I,  \
    .https = NO_I
#define PLAIN_FILES .encryption = ENCRYPTION_NONE, .encryption_inferred = true
#define TYPED_RC4   .encryption = ENCRYPTION_MANUAL_RC4, .encryption_inferred = true
#define NOT_SBD     .itl = NO, .tvs = NO
#define NOT_SBD_I   .itl = NO_I, .tvs = NO_I
#define SBD         .itl = YES, .tvs = YES
#define SBD_I       .itl = YES_I, .tvs = YES_I

/* CTL only, no MIC, and the TFTP server's address must be in the CTL. */
#define OLD_7940                                                                                   \
    .protocols = BOTH, .generation = GENERATION_A, .ctl = YES, NOT_SBD, .tftp_address = YES,       \
    .signed_config = YES, .encryption = ENCRYPTION_MANUAL_AES, .mic = NO, .lsc = YES, RSA_I(2048), \
    .ec_lsc = NO_I, .sha512 = NO_I, TLS_I("1.0"), .http = NO_I, .https = NO_I,                     \
    .load_sccp = "P003", .load_sip = "P0S3", ERASE_I(MENU_7940), RESET(KEYS_7940)

#define WITH_LISTS                                                                      \
    .ctl = YES, .tftp_address = NO, .signed_config = YES, .encryption = ENCRYPTION_PKI, \
    .mic = YES, .lsc = YES

/* 79x1, 79x2, 79x5, 7970, 7971, 7975 */
#define JAVA_79                                                                           \
    .protocols = BOTH, .generation = GENERATION_B, WITH_LISTS, RSA(2048), .ec_lsc = NO_I, \
    .sha512 = NO_I, TLS("1.0"), .http = YES, .https = NO_I
#define LOAD_79(number) .load_sccp = "SCCP" number ".", .load_sip = "SIP" number "."

#define WIRELESS_79                                                                             \
    .protocols = MODEL_SCCP, .generation = GENERATION_W, WITH_LISTS, RSA(2048), .ec_lsc = NO_I, \
    .sha512 = NO_I, TLS("1.0"), .http = ASK, .https = NO_I, RESET(KEYS_WIRELESS)

#define DESK_69                                                                                    \
    .protocols = BOTH, .generation = GENERATION_C, WITH_LISTS, SBD_I, RSA_I(2048), .ec_lsc = NO_I, \
    .sha512 = NO_I, TLS("?"), .http = ASK, .https = NO_I, ERASE_I(MENU_69)

/* No display and no ITL: a CTL is the only list they know. */
#define BLIND_69                                                                               \
    .protocols = BOTH, .generation = GENERATION_C, .ctl = YES, NOT_SBD, .tftp_address = ASK,   \
    .signed_config = YES, .encryption = ENCRYPTION_PKI, .mic = YES_I, .lsc = YES, RSA_I(2048), \
    .ec_lsc = NO_I, .sha512 = NO_I, TLS("?"), .http = ASK, .https = NO_I, RESET(KEYS_6901),    \
    ERASE_I("by telephone menu (IVR option 0): " KEYS_6901)

#define VIDEO_89                                                                              \
    .generation = GENERATION_D, WITH_LISTS, SBD, RSA_I(2048), .ec_lsc = NO_I, .sha512 = NO_I, \
    TLS("?"), .https = NO_I, RESET_I(KEYS_89)
#define DESK_99 .protocols = MODEL_SIP, VIDEO_89, .http = YES, ERASE(MENU_99)
#define DESK_894                                                               \
    .protocols = BOTH, VIDEO_89, .load_sccp = "SCCP894", .load_sip = "SIP894", \
    ERASE("Administrator Settings > Reset Settings > Security")

/* 78xx and 88xx */
#define MODERN                                                                                    \
    .protocols = MODEL_SIP, .generation = GENERATION_E, WITH_LISTS, RSA_I(4096), .sha512 = YES_I, \
    TLS("1.2"), .http = YES
#define DESK_88 MODERN, SBD, .ec_lsc = YES_I, .https = YES
#define WIRELESS_88                                                                          \
    MODERN, SBD_I,                                                                           \
        .ec_lsc = ASK, .https = ASK, .load_sip = "sip8821.",                                 \
        ERASE("Settings app > Admin settings > Reset settings > Security settings > Reset"), \
        RESET(KEYS_8821)
#define VARIANT_88                                                                                 \
    .protocols = MODEL_SIP, .generation = GENERATION_E, .ctl = YES_I, SBD_I, .tftp_address = NO_I, \
    .signed_config = YES_I, .encryption = ENCRYPTION_PKI, .encryption_inferred = true,             \
    .mic = YES_I, .lsc = YES_I, RSA_I(4096), .ec_lsc = YES_I, .sha512 = YES_I, TLS_I("1.2"),       \
    .http = YES_I, .https = YES_I, .load_sip = "sip88xx.", ERASE_I(MENU_SECURITY("Applications")), \
    RESET_I(KEYS_88)
#define MENU_KEYS_78 .load_sip = "sip78xx.", ERASE_I(MENU_SECURITY("Applications")), RESET(KEYS_78)
#define MENU_KEYS_88 ERASE(MENU_SECURITY("Applications")), RESET(KEYS_88)
#define MENU_ROOM    ERASE_I(MENU_SECURITY("Settings"))

#define PHONEOS                                                                                 \
    .protocols = MODEL_SIP, .generation = GENERATION_E, .ctl = YES, .itl = YES, .tvs = YES_I,   \
    .tftp_address = NO, .signed_config = YES_I, .encryption = ENCRYPTION_UNKNOWN, .mic = YES_I, \
    .lsc = YES_I, .ec_lsc = YES_I, .sha512 = YES_I, TLS_I("1.2"), .http = YES_I, .https = YES,  \
    .load_sip = "PHONEOS.", ERASE(MENU_PHONEOS)

#define DX_ANDROID                                                                        \
    .protocols = MODEL_SIP, .generation = GENERATION_E, .ctl = YES_I, SBD_I,              \
    .signed_config = YES_I, .encryption = ENCRYPTION_UNKNOWN, .mic = YES_I, .lsc = YES_I, \
    .sha512 = ASK, TLS("?"), .http = YES_I, .https = ASK
#define DX_CE                                                                                \
    .protocols = MODEL_SIP, .generation = GENERATION_E, .ctl = YES, .itl = ASK, .tvs = NO_I, \
    .tftp_address = NO, .signed_config = ASK, .encryption = ENCRYPTION_UNKNOWN, .mic = ASK,  \
    .lsc = YES, .ec_lsc = ASK, .sha512 = ASK, TLS("1.2"), .http = YES_I, .https = ASK,       \
    ERASE(COMMAND_CE), RESET_I("xCommand SystemUnit FactoryReset Confirm: Yes")

#define JABBER                                                                                   \
    .protocols = MODEL_SIP, .generation = GENERATION_CLIENT, .ctl = YES, NOT_SBD,                \
    .tftp_address = ASK, .signed_config = YES_I, .encryption = ENCRYPTION_PKI,                   \
    .encryption_inferred = true, .mic = NO, .lsc = YES, .ec_lsc = NO, .sha512 = ASK, TLS("1.2"), \
    .http = YES_I, .https = ASK, ERASE_I("reset the client profile"), RESET_I("reset the client")

/* Device types are known, security support is not. */
#define UNREAD(generation_letter)                                                                  \
    .generation = generation_letter, .ctl = ASK, .itl = ASK, .tvs = ASK, .tftp_address = ASK,      \
    .signed_config = ASK, .encryption = ENCRYPTION_UNKNOWN, .mic = ASK, .lsc = ASK, .ec_lsc = ASK, \
    .sha512 = ASK, TLS("?"), .http = ASK, .https = ASK

static const struct model models[] = {
    {"7902", .type = 30008, .protocols = MODEL_SCCP, BEFORE_SECURITY, NOT_SBD_I, PLAIN_FILES,
     .load_sccp = "CP7902"},
    {"7905", .type = 20000, .protocols = BOTH, BEFORE_SECURITY, NOT_SBD, TYPED_RC4,
     .load_sccp = "CP7905", .load_sip = "CP7905"},
    {"7906", .type = 369, JAVA_79, SBD, LOAD_79("11"), ERASE(MENU_79_APPLICATIONS), RESET(KEYS_79)},
    {"7910", .type = 6, .protocols = MODEL_SCCP, BEFORE_SECURITY, NOT_SBD_I, PLAIN_FILES,
     .load_sccp = "P004"},
    {"7911", .type = 307, JAVA_79, SBD, LOAD_79("11"), ERASE(MENU_79_APPLICATIONS),
     RESET(KEYS_7911)},
    {"7912", .type = 30007, .protocols = BOTH, BEFORE_SECURITY, NOT_SBD, TYPED_RC4,
     .load_sccp = "CP7912", .load_sip = "CP7912"},
    {"7920", .type = 30002, .protocols = MODEL_SCCP, BEFORE_SECURITY, NOT_SBD, PLAIN_FILES,
     .load_sccp = "cmterm_7920", RESET("Menu, *, #, #, Send opens Lock Password, then *7#9#2#0#*")},
    {"7921", .type = 365, WIRELESS_79, .itl = YES, .tvs = YES_I, .load_sccp = "CP7921G-"},
    {"7925", .type = 484, WIRELESS_79, .itl = YES, .tvs = YES_I, .load_sccp = "CP7925G-"},
    {"7925G-EX", .type = 484, .type_inferred = true, WIRELESS_79, SBD_I, .load_sccp = "CP7925G-"},
    {"7926", .type = 577, WIRELESS_79, SBD_I, .load_sccp = "CP7926G-"},
    {"7931", .type = 348, JAVA_79, SBD, LOAD_79("31"), ERASE_I(MENU_79_APPLICATIONS),
     RESET(KEYS_79)},
    {"7935", .type = 9, .protocols = MODEL_SCCP, BEFORE_SECURITY, NOT_SBD_I, PLAIN_FILES,
     .load_sccp = "P005"},
    {"7936", .type = 30019, .protocols = MODEL_SCCP, BEFORE_SECURITY, NOT_SBD, PLAIN_FILES,
     .load_sccp = "cmterm_7936"},
    {"7937", .type = 431, .protocols = MODEL_SCCP, .generation = GENERATION_OLD, .ctl = YES_I,
     .itl = YES, .tvs = YES_I, .tftp_address = NO_I, .signed_config = YES_I, PLAIN_FILES,
     .mic = ASK, .lsc = ASK, .ec_lsc = NO_I, .sha512 = NO_I, TLS_I("1.0"), .http = ASK,
     .https = NO_I, .load_sccp = "apps37sccp",
     ERASE_I("press Applications, 4, 4, 4, then the third soft key")},
    {"7940", .type = 8, OLD_7940},
    {"7941", .type = 115, JAVA_79, SBD, LOAD_79("41"), ERASE(MENU_79_BUTTON), RESET(KEYS_79)},
    {"7941G-GE", .type = 309, JAVA_79, SBD_I, LOAD_79("41"), ERASE(MENU_79_BUTTON), RESET(KEYS_79)},
    {"7942", .type = 434, JAVA_79, SBD, LOAD_79("42"), ERASE(MENU_79_BUTTON), RESET(KEYS_79)},
    {"7945", .type = 435, JAVA_79, SBD, LOAD_79("45"), ERASE(MENU_79_BUTTON), RESET(KEYS_79)},
    {"7960", .type = 7, OLD_7940},
    {"7961", .type = 30018, JAVA_79, SBD, LOAD_79("41"), ERASE(MENU_79_BUTTON), RESET(KEYS_79)},
    {"7961G-GE", .type = 308, JAVA_79, SBD_I, LOAD_79("41"), ERASE(MENU_79_BUTTON), RESET(KEYS_79)},
    {"7962", .type = 404, JAVA_79, SBD, LOAD_79("42"), ERASE(MENU_79_BUTTON), RESET(KEYS_79)},
    {"7965", .type = 436, JAVA_79, SBD, LOAD_79("45"), ERASE(MENU_79_BUTTON), RESET(KEYS_79)},
    {"7970", .type = 30006, JAVA_79, SBD, LOAD_79("70"), ERASE(MENU_79_BUTTON), RESET(KEYS_7970)},
    {"7971", .type = 119, JAVA_79, SBD, LOAD_79("70"), ERASE(MENU_79_BUTTON), RESET(KEYS_79)},
    {"7975", .type = 437, JAVA_79, SBD, LOAD_79("75"), ERASE(MENU_79_BUTTON), RESET(KEYS_79)},
    {"7985", .type = 302, .protocols = MODEL_SCCP, .generation = GENERATION_OLD, .ctl = ASK,
     NOT_SBD, .tftp_address = ASK, .signed_config = ASK, PLAIN_FILES, .mic = ASK, .lsc = ASK,
     .ec_lsc = NO_I, .sha512 = NO_I, TLS("?"), .http = ASK, .https = NO_I,
     .load_sccp = "cmterm_7985"},

    {"6901", .type = 547, BLIND_69, .load_sccp = "SCCP6901.", .load_sip = "SIP6901"},
    {"6911", .type = 548, BLIND_69, .load_sccp = "SCCP6911.", .load_sip = "SIP6911"},
    {"6921", .type = 495, DESK_69, .load_sccp = "SCCP69xx.", .load_sip = "SIP69xx."},
    {"6941", .type = 496, DESK_69, .load_sccp = "SCCP69xx.", .load_sip = "SIP69xx."},
    {"6945", .type = 564, DESK_69, .load_sccp = "SCCP6945.", .load_sip = "SIP6945"},
    {"6961", .type = 497, DESK_69, .load_sccp = "SCCP69xx.", .load_sip = "SIP69xx."},

    {"3905", .type = 592, .protocols = MODEL_SIP, UNREAD(GENERATION_OLD), .load_sip = "CP3905."},
    {"3911", .type = 446, .protocols = MODEL_SIP, UNREAD(GENERATION_OLD), .load_sip = "SIP3951."},
    {"3951", .type = 412, .protocols = MODEL_SIP, UNREAD(GENERATION_OLD), .load_sip = "SIP3951."},

    {"7811", .type = 36213, DESK_88, MENU_KEYS_78},
    {"7821", .type = 621, DESK_88, MENU_KEYS_78},
    {"7841", .type = 622, DESK_88, MENU_KEYS_78},
    {"7861", .type = 623, DESK_88, MENU_KEYS_78},
    {"7832", .type = 36247, DESK_88, .load_sip = "sip7832.", MENU_ROOM},
    {"8811", .type = 36217, DESK_88, .load_sip = "sip88xx.", MENU_KEYS_88},
    {"8811NS", .type = 36339, VARIANT_88},
    {"8821", .type = 36216, WIRELESS_88},
    {"8821-EX", .type = 36216, .type_inferred = true, WIRELESS_88},
    {"8831", .type = 659, .protocols = MODEL_SIP, .generation = GENERATION_E, WITH_LISTS, SBD,
     RSA_I(2048), .ec_lsc = NO_I, .sha512 = ASK, TLS("?"), .http = YES_I, .https = NO_I,
     .load_sip = "sip8831.", ERASE_I("Apps > Admin Settings > Reset Settings > Security")},
    {"8832", .type = 36258, DESK_88, .load_sip = "sip8832.", MENU_ROOM},
    {"8832NR", .type = 36260, DESK_88, .load_sip = "sip8832.", MENU_ROOM},
    {"8841", .type = 683, DESK_88, .load_sip = "sip88xx.", MENU_KEYS_88},
    {"8841NS", .type = 36340, VARIANT_88},
    {"8845", .type = 36224, DESK_88, .load_sip = "sip8845_65.", MENU_KEYS_88},
    {"8851", .type = 684, DESK_88, .load_sip = "sip88xx.", MENU_KEYS_88},
    {"8851NR", .type = 36232, DESK_88, .load_sip = "sip88xx.", MENU_KEYS_88},
    {"8851NS", .type = 36338, VARIANT_88},
    {"8861", .type = 685, DESK_88, .load_sip = "sip88xx.", MENU_KEYS_88},
    {"8865", .type = 36225, DESK_88, .load_sip = "sip8845_65.", MENU_KEYS_88},
    {"8865NR", .type = 36248, DESK_88, .load_sip = "sip8845_65.", MENU_KEYS_88},
    {"8875", .type = 36336, PHONEOS},
    {"8875NR", .type = 36337, PHONEOS},
    {"8941", .type = 586, DESK_894, .http = YES_I},
    {"8945", .type = 585, DESK_894, .http = YES},
    {"8961", .type = 540, DESK_99, .load_sip = "sip8961."},
    {"9951", .type = 537, DESK_99, .load_sip = "sip9951."},
    {"9971", .type = 493, DESK_99, .load_sip = "sip9971."},

    {"CIPC", "IP Communicator", .type = 30016, .protocols = BOTH, .generation = GENERATION_CLIENT,
     .ctl = YES, NOT_SBD_I, .tftp_address = ASK, .signed_config = ASK,
     .encryption = ENCRYPTION_UNKNOWN, .mic = NO, .lsc = YES, .ec_lsc = NO_I, .sha512 = NO_I,
     TLS("1.0"), .http = YES, .https = NO_I,
     ERASE("Settings > 5 > 4 (Security) > 1, **# to unlock, Erase"), RESET_I("reinstall")},
    {"CSF", "Jabber desktop|Jabber|Client Services Framework", .type = 503, JABBER},
    {"TCT", "Jabber iPhone|Dual Mode for iPhone", .type = 562, JABBER},
    {"BOT", "Jabber Android|Dual Mode for Android", .type = 575, JABBER},
    {"TAB", "Jabber tablet|Jabber for Tablet", .type = 652, JABBER},

    {"ATA 186", .type = 12, .protocols = BOTH, BEFORE_SECURITY, NOT_SBD_I, PLAIN_FILES,
     .load_sccp = "ATA03", .load_sip = "ATA03"},
    {"ATA 188", .type = 12, .type_inferred = true, .protocols = BOTH, BEFORE_SECURITY, NOT_SBD_I,
     PLAIN_FILES, .load_sccp = "ATA03", .load_sip = "ATA03"},
    {"ATA 187", .type = 550, .protocols = MODEL_SIP, UNREAD(GENERATION_OLD), .load_sip = "ATA187."},
    {"ATA 190", .type = 681, .protocols = MODEL_SIP, UNREAD(GENERATION_OLD)},
    {"ATA 191", .type = 36262, .protocols = MODEL_SIP, UNREAD(GENERATION_OLD)},

    {"DX650", .type = 647, DX_ANDROID, .tftp_address = NO, .ec_lsc = NO_I, .load_sip = "sipdx650."},
    {"DX70", .type = 36043, DX_ANDROID, .tftp_address = NO_I, .ec_lsc = ASK, .load_sip = "sipdx"},
    {"DX80", .type = 36042, DX_ANDROID, .tftp_address = NO, .ec_lsc = ASK, .load_sip = "sipdx"},
    {"TelePresence DX70", "DX70 on CE|DX70 CE", .type = 36241, DX_CE},
    {"Webex DX80", "DX80 on CE|DX80 CE|TelePresence DX80", .type = 36239, DX_CE},

    {"9811", PHONEOS},
    {"9841", PHONEOS},
    {"9851", PHONEOS},
    {"9861", PHONEOS},
    {"9861NR", PHONEOS},
    {"9871", PHONEOS},
    {"9871NR", PHONEOS},

    {"840", .type = 36320, .protocols = MODEL_SIP, UNREAD(GENERATION_E)},
    {"860", .type = 36319, .protocols = MODEL_SIP, UNREAD(GENERATION_E)},
    {NULL},
};

const struct model *model_table(void)
{
    return models;
}

const struct model *model_unknown(void)
{
    static const struct model unknown = {"unknown", UNREAD(GENERATION_UNKNOWN)};
    return &unknown;
}
