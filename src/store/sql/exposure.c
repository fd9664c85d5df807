#include "store/sql/exposure.h"

static const char *const shown[] = {
    /* CUCM's names */
    "processconfig",
    "processnode",
    "callmanagergroup",
    "devicepool",
    "securityprofile",
    "device",
    "numplan",
    "certificate",
    /* the tables behind them */
    "schema_version",
    "revision",
    "node",
    "callmanager_group",
    "group_member",
    "pool",
    "profile",
    "phone",
    "phone_line",
    "phone_speed_dial",
    "phone_contact",
    "observation",
    "held_list",
    "call_live",
    "call_record",
    "line_forward",
    "registration",
    "reset",
    "reset_phone",
    "model_trait",
    "phone_trait",
    "own_certificate",
    "certificate_request",
    "trusted_certificate",
    "published_list",
    "current_list",
    "list_stranger",
    "enrolment",
    "enrolment_wave",
    "enrolment_wave_phone",
    "phone_certificate",
    "crl",
    "service",
    "counter",
    "administrator",
    NULL,
};

static const char *const hidden[] = {
    "administrator_secret",
    "enrolment_secret",
    NULL,
};

static const char *const functions[] = {
    /* of one row */
    "abs",
    "cast",
    "ceil",
    "ceiling",
    "char",
    "coalesce",
    "date",
    "datetime",
    "floor",
    "format",
    "glob",
    "hex",
    "ifnull",
    "iif",
    "instr",
    "julianday",
    "length",
    "like",
    "likelihood",
    "likely",
    "lower",
    "ltrim",
    "max",
    "min",
    "mod",
    "nullif",
    "printf",
    "quote",
    "replace",
    "round",
    "rtrim",
    "sign",
    "strftime",
    "substr",
    "substring",
    "time",
    "total",
    "trim",
    "trunc",
    "typeof",
    "unicode",
    "unixepoch",
    "unlikely",
    "upper",
    /* of the moment: asked with no argument */
    "current_date",
    "current_time",
    "current_timestamp",
    /* of many rows */
    "avg",
    "count",
    "group_concat",
    "string_agg",
    "sum",
    /* of a window */
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
    NULL,
};

static bool among(const char *const *list, const char *word)
{
    for (; *list; list++)
        if (text_equal_nocase(*list, word))
            return true;
    return false;
}

bool exposure_shows(const char *table)
{
    return among(shown, table);
}

bool exposure_hides(const char *table)
{
    return among(hidden, table);
}

bool exposure_calls(const char *function)
{
    return among(functions, function);
}

static const struct store_relation relations[] = {
    {"device", "phones: name, description, model, securityprofile, devicepool, lastseen, ..."},
    {"numplan", "lines of phones: dnorpattern, device, numplanindex, label"},
    {"securityprofile", "security profiles of phones"},
    {"devicepool", "device pools"},
    {"callmanagergroup", "CallManager groups, one row for each member"},
    {"processnode", "the nodes of the cluster"},
    {"processconfig", "parameters: paramname, paramvalue"},
    {"certificate", "own and trusted certificates: unit, subjectname, serialnumber, notafter, ..."},
    {NULL, NULL},
};

const struct store_relation *store_relations(void)
{
    return relations;
}
