#include "store/sql/schema.h"

/*
 * The schema of this program; docs/schema.md explains it to people. Steps that were released never
 * change: a new table or column is a new step, entered in exposure.c as well.
 */

static const char first[] =
    "CREATE TABLE revision (area {number} PRIMARY KEY, number {number} NOT NULL) {strict};"
    "INSERT INTO revision (area, number) VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0);"

    "CREATE TABLE processconfig (paramname TEXT PRIMARY KEY, paramvalue TEXT NOT NULL) {strict};"

    "CREATE TABLE node (id {id}, name TEXT NOT NULL UNIQUE, address TEXT NOT NULL,"
    " port_offset {number} NOT NULL, publisher {number} NOT NULL) {strict};"
    "CREATE UNIQUE INDEX node_one_publisher ON node (publisher) WHERE publisher = 1;"

    "CREATE TABLE callmanager_group (id {id}, name TEXT NOT NULL UNIQUE) {strict};"
    "CREATE TABLE group_member ("
    " group_id {number} NOT NULL REFERENCES callmanager_group (id) ON DELETE CASCADE,"
    " position {number} NOT NULL, node {number} NOT NULL REFERENCES node (id),"
    " PRIMARY KEY (group_id, position), UNIQUE (group_id, node)) {strict};"

    "CREATE TABLE pool (id {id}, name TEXT NOT NULL UNIQUE,"
    " group_id {number} NOT NULL REFERENCES callmanager_group (id),"
    " date_template TEXT NOT NULL, time_zone TEXT NOT NULL, olson_zone TEXT NOT NULL,"
    " user_locale TEXT NOT NULL, network_locale TEXT NOT NULL, ntp TEXT NOT NULL) {strict};"

    "CREATE TABLE profile (id {id}, name TEXT NOT NULL UNIQUE, model TEXT NOT NULL,"
    " protocol {number} NOT NULL CHECK (protocol BETWEEN 0 AND 1),"
    " mode {number} NOT NULL CHECK (mode BETWEEN 1 AND 3), tftp_encrypted {number} NOT NULL,"
    " capf_auth {number} NOT NULL CHECK (capf_auth BETWEEN 1 AND 4),"
    " key_size {number} NOT NULL, curve {number} NOT NULL, built_in {number} NOT NULL) {strict};"

    "CREATE TABLE phone (id {id}, name TEXT NOT NULL UNIQUE, model TEXT NOT NULL,"
    " profile {number} NOT NULL REFERENCES profile (id),"
    " pool {number} NOT NULL REFERENCES pool (id),"
    " description TEXT NOT NULL, load TEXT NOT NULL, version_stamp TEXT NOT NULL) {strict};"
    "CREATE INDEX phone_by_profile ON phone (profile);"
    "CREATE INDEX phone_by_pool ON phone (pool);"
    "CREATE TABLE phone_line (phone {number} NOT NULL REFERENCES phone (id) ON DELETE CASCADE,"
    " position {number} NOT NULL, number TEXT NOT NULL, label TEXT NOT NULL,"
    " PRIMARY KEY (phone, position)) {keyed};"

    /* Apart from the phone, since it changes with every file that is served. */
    "CREATE TABLE phone_contact ("
    " phone {number} PRIMARY KEY REFERENCES phone (id) ON DELETE CASCADE,"
    " seen {number} NOT NULL, address TEXT NOT NULL, observations {number} NOT NULL) {strict};"
    "CREATE INDEX phone_by_address ON phone_contact (address, seen);"
    /* A ring for each phone: slot is sequence modulo its length. */
    "CREATE TABLE observation (phone {number} NOT NULL REFERENCES phone (id) ON DELETE CASCADE,"
    " slot {number} NOT NULL, sequence {number} NOT NULL, inferred {number} NOT NULL,"
    " address TEXT NOT NULL, time {number} NOT NULL, kind {number} NOT NULL,"
    " transport {number} NOT NULL, file TEXT NOT NULL, hash TEXT NOT NULL,"
    " size {number} NOT NULL, complete {number} NOT NULL, PRIMARY KEY (phone, slot)) {keyed};"
    /* The hash may be of a list that lies in tftpboot/ and was never published. */
    "CREATE TABLE held_list (phone {number} NOT NULL REFERENCES phone (id) ON DELETE CASCADE,"
    " hash TEXT NOT NULL, kind {number} NOT NULL, sequence {number} NOT NULL,"
    " first_served {number} NOT NULL, last_served {number} NOT NULL,"
    " confirmed {number} NOT NULL, inferred {number} NOT NULL, PRIMARY KEY (phone, hash)) {keyed};"

    "CREATE TABLE own_certificate (id {id}, node {number} NOT NULL REFERENCES node (id),"
    " name TEXT NOT NULL, serial TEXT NOT NULL, state {number} NOT NULL,"
    " source {number} NOT NULL, created {number} NOT NULL, subject TEXT NOT NULL,"
    " issuer TEXT NOT NULL, not_after TEXT NOT NULL, der {bytes} NOT NULL,"
    " chain {bytes} NOT NULL, UNIQUE (node, name, serial)) {strict};"
    "CREATE UNIQUE INDEX own_certificate_one_active ON own_certificate (node, name)"
    " WHERE state = 0;"
    "CREATE TABLE certificate_request (node {number} NOT NULL REFERENCES node (id),"
    " name TEXT NOT NULL, key TEXT NOT NULL, created {number} NOT NULL, pem {bytes} NOT NULL,"
    " PRIMARY KEY (node, name)) {strict};"
    "CREATE TABLE trusted_certificate (id {id}, purpose TEXT NOT NULL, file TEXT NOT NULL,"
    " serial TEXT NOT NULL, created {number} NOT NULL, subject TEXT NOT NULL,"
    " issuer TEXT NOT NULL, not_after TEXT NOT NULL, sha256 TEXT NOT NULL, der {bytes} NOT NULL,"
    " UNIQUE (purpose, file), UNIQUE (purpose, sha256)) {strict};"

    "CREATE TABLE published_list (hash TEXT PRIMARY KEY, kind {number} NOT NULL,"
    " published {number} NOT NULL, body {bytes} NOT NULL) {strict};"
    "CREATE TABLE current_list (kind {number} PRIMARY KEY,"
    " hash TEXT NOT NULL REFERENCES published_list (hash)) {strict};"
    "CREATE TABLE list_stranger (hash TEXT PRIMARY KEY REFERENCES published_list (hash),"
    " served {number} NOT NULL) {strict};"

    "CREATE TABLE service (node {number} NOT NULL REFERENCES node (id), name TEXT NOT NULL,"
    " activated {number} NOT NULL, wanted {number} NOT NULL,"
    " restarts_wanted {number} NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,"
    " since {number} NOT NULL, pid {number} NOT NULL, PRIMARY KEY (node, name)) {strict};"
    "CREATE TABLE counter (node {number} NOT NULL REFERENCES node (id), name TEXT NOT NULL,"
    " value {number} NOT NULL, PRIMARY KEY (node, name)) {strict};"

    "CREATE TABLE administrator (name TEXT PRIMARY KEY) {strict};"
    /* What is secret has tables of its own: see exposure.h. */
    "CREATE TABLE administrator_secret ("
    " name TEXT PRIMARY KEY REFERENCES administrator (name) ON DELETE CASCADE,"
    " hash TEXT NOT NULL) {strict}";

/* Enrolment: what phones are to do at CAPF, and the certificates they have. */
static const char second[] =
    "INSERT INTO revision (area, number) VALUES (6, 0), (7, 0), (8, 0);"

    "CREATE TABLE enrolment_wave (id {id}, created {number} NOT NULL, size {number} NOT NULL,"
    " filter TEXT NOT NULL, operation {number} NOT NULL, authentication {number} NOT NULL,"
    " key_order {number} NOT NULL, rsa_bits {number} NOT NULL, curve {number} NOT NULL,"
    " complete_by {number} NOT NULL, released {number} NOT NULL) {strict};"
    "CREATE TABLE enrolment_wave_phone ("
    " wave {number} NOT NULL REFERENCES enrolment_wave (id) ON DELETE CASCADE,"
    " position {number} NOT NULL,"
    " phone {number} NOT NULL REFERENCES phone (id) ON DELETE CASCADE,"
    " number {number} NOT NULL, state {number} NOT NULL CHECK (state BETWEEN 0 AND 4),"
    " PRIMARY KEY (wave, position), UNIQUE (wave, phone)) {keyed};"
    "CREATE INDEX enrolment_wave_by_state ON enrolment_wave_phone (wave, state, position);"
    "CREATE INDEX enrolment_wave_by_phone ON enrolment_wave_phone (phone);"

    "CREATE TABLE enrolment (phone {number} PRIMARY KEY REFERENCES phone (id) ON DELETE CASCADE,"
    " number {number} NOT NULL DEFAULT 0,"
    " operation {number} NOT NULL DEFAULT 0 CHECK (operation BETWEEN 0 AND 3),"
    " authentication {number} NOT NULL DEFAULT 0 CHECK (authentication BETWEEN 0 AND 4),"
    " key_order {number} NOT NULL DEFAULT 0 CHECK (key_order BETWEEN 0 AND 3),"
    " rsa_bits {number} NOT NULL DEFAULT 0, curve {number} NOT NULL DEFAULT 0,"
    " complete_by {number} NOT NULL DEFAULT 0,"
    " status_operation {number} NOT NULL DEFAULT 0, result {number} NOT NULL DEFAULT 0,"
    " cause {number} NOT NULL DEFAULT 0, attempts {number} NOT NULL DEFAULT 0,"
    " wrong {number} NOT NULL DEFAULT 0, locked_until {number} NOT NULL DEFAULT 0,"
    " one_time {number} NOT NULL DEFAULT 0, sends_sudi {number} NOT NULL DEFAULT 0,"
    " changed {number} NOT NULL DEFAULT 0,"
    " wave {number} REFERENCES enrolment_wave (id) ON DELETE SET NULL) {strict};"
    "CREATE INDEX enrolment_by_end ON enrolment (complete_by)"
    " WHERE operation > 0 AND complete_by > 0;"
    "CREATE TABLE enrolment_secret ("
    " phone {number} PRIMARY KEY REFERENCES phone (id) ON DELETE CASCADE,"
    " mac {bytes} NOT NULL) {strict};"

    /* The phone may go before its certificate: then that keeps the name alone. */
    "CREATE TABLE phone_certificate (id {id},"
    " phone {number} REFERENCES phone (id) ON DELETE SET NULL, device TEXT NOT NULL,"
    " kind {number} NOT NULL CHECK (kind BETWEEN 1 AND 2),"
    " state {number} NOT NULL CHECK (state BETWEEN 0 AND 4), serial TEXT NOT NULL,"
    " subject TEXT NOT NULL, issuer TEXT NOT NULL, not_before {number} NOT NULL,"
    " not_after {number} NOT NULL, sha256 TEXT NOT NULL UNIQUE, md5 TEXT NOT NULL,"
    " key_sha256 TEXT NOT NULL, key_kind {number} NOT NULL, key_bits {number} NOT NULL,"
    " created {number} NOT NULL, confirmed {number} NOT NULL, revoked {number} NOT NULL,"
    " reason {number} NOT NULL, revocation {number} NOT NULL, der {bytes} NOT NULL) {strict};"
    "CREATE UNIQUE INDEX phone_certificate_one_active ON phone_certificate (phone, kind)"
    " WHERE state = 1;"
    "CREATE UNIQUE INDEX phone_certificate_one_pending ON phone_certificate (phone)"
    " WHERE state = 0;"
    "CREATE INDEX phone_certificate_by_phone ON phone_certificate (phone);"
    "CREATE INDEX phone_certificate_by_serial ON phone_certificate (serial);"
    "CREATE INDEX phone_certificate_by_key ON phone_certificate (key_sha256);"
    "CREATE INDEX phone_certificate_revoked ON phone_certificate (revocation) WHERE state = 3;"

    "CREATE TABLE crl (issuer TEXT PRIMARY KEY, issuer_serial TEXT NOT NULL,"
    " number {number} NOT NULL, this_update {number} NOT NULL, next_update {number} NOT NULL,"
    " through {number} NOT NULL, der {bytes} NOT NULL) {strict}";

/* What phones can do where the table of models is wrong, and what became of the lists they were
 * served. */
static const char third[] =
    "CREATE TABLE model_trait (model TEXT NOT NULL, trait TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (model, trait)) {keyed};"
    "CREATE TABLE phone_trait (phone {number} NOT NULL REFERENCES phone (id) ON DELETE CASCADE,"
    " trait TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (phone, trait)) {keyed};"
    "ALTER TABLE held_list ADD COLUMN complete {number} NOT NULL DEFAULT 1;"
    "ALTER TABLE held_list ADD COLUMN refused {number} NOT NULL DEFAULT 0";

/* Calls: those that go on, as the services see them; those that are over; forwards of numbers. */
#define CALL_COLUMNS                                                                    \
    " dialled TEXT NOT NULL, caller TEXT NOT NULL, caller_device TEXT NOT NULL,"        \
    " caller_security {number} NOT NULL, callee TEXT NOT NULL,"                         \
    " callee_device TEXT NOT NULL, callee_security {number} NOT NULL,"                  \
    " began {number} NOT NULL, answered {number} NOT NULL, security {number} NOT NULL," \
    " suite {number} NOT NULL,"
static const char fourth[] =
    "INSERT INTO revision (area, number) VALUES (9, 0);"
    "CREATE TABLE call_live (node {number} NOT NULL REFERENCES node (id),"
    " reference {number} NOT NULL," CALL_COLUMNS
    " progress {number} NOT NULL, PRIMARY KEY (node, reference)) {keyed};"
    /* The node by its name, which stays when the node goes. */
    "CREATE TABLE call_record (id {id}, node TEXT NOT NULL," CALL_COLUMNS
    " ended {number} NOT NULL, talked_ms {number} NOT NULL, cause {number} NOT NULL,"
    " ended_by {number} NOT NULL) {strict};"
    "CREATE TABLE line_forward (number TEXT NOT NULL,"
    " kind {number} NOT NULL CHECK (kind BETWEEN 0 AND 2), target TEXT NOT NULL,"
    " PRIMARY KEY (number, kind)) {keyed}";

/* Who is registered where, and who is told to restart. */
static const char fifth[] =
    "INSERT INTO revision (area, number) VALUES (10, 0);"
    "CREATE TABLE registration ("
    " phone {number} PRIMARY KEY REFERENCES phone (id) ON DELETE CASCADE,"
    " node {number} NOT NULL REFERENCES node (id), address TEXT NOT NULL,"
    " mode {number} NOT NULL CHECK (mode BETWEEN 1 AND 3), tls TEXT NOT NULL,"
    " cipher TEXT NOT NULL, certificate TEXT NOT NULL, not_after {number} NOT NULL,"
    " version {number} NOT NULL, load TEXT NOT NULL, since {number} NOT NULL) {strict};"
    "CREATE INDEX registration_by_node ON registration (node);"
    "CREATE TABLE reset (id {id}, created {number} NOT NULL,"
    " kind {number} NOT NULL CHECK (kind BETWEEN 1 AND 3), size {number} NOT NULL,"
    " filter TEXT NOT NULL, released {number} NOT NULL) {strict};"
    "CREATE TABLE reset_phone ("
    " reset {number} NOT NULL REFERENCES reset (id) ON DELETE CASCADE,"
    " position {number} NOT NULL,"
    " phone {number} NOT NULL REFERENCES phone (id) ON DELETE CASCADE,"
    " number {number} NOT NULL, state {number} NOT NULL CHECK (state BETWEEN 0 AND 6),"
    " released {number} NOT NULL, told {number} NOT NULL,"
    " PRIMARY KEY (reset, position), UNIQUE (reset, phone)) {keyed};"
    "CREATE INDEX reset_phone_by_phone ON reset_phone (phone);"
    "CREATE INDEX reset_phone_open ON reset_phone (state) WHERE state BETWEEN 1 AND 2";

static const char sixth[] =
    "CREATE TABLE phone_speed_dial ("
    " phone {number} NOT NULL REFERENCES phone (id) ON DELETE CASCADE,"
    " position {number} NOT NULL, number TEXT NOT NULL, label TEXT NOT NULL,"
    " PRIMARY KEY (phone, position)) {keyed}";

/* What phones prove is looked for among all they do: by time, and seldom. */
static const char seventh[] =
    "CREATE INDEX observation_proof ON observation (time) WHERE kind >= 6";

/* 0 in rows that were there before: not known. */
static const char eighth[] =
    "ALTER TABLE held_list ADD COLUMN first_sequence {number} NOT NULL DEFAULT 0";

static const char *const steps[] = {first, second, third, fourth, fifth, sixth, seventh, eighth};

/* What administrators know from CUCM: its names for tables and columns where it has them, booleans
 * as t and f, and beside each foreign key the name it stands for. */
#define YES_NO(column, name) "CASE " column " WHEN 0 THEN 'f' ELSE 't' END AS " name

static const struct schema_view views[] = {
    {"processnode",
     "SELECT id AS pkid, id AS nodeid, name, address, port_offset AS portoffset, " YES_NO(
         "publisher", "publisher") " FROM node"},
    {"callmanagergroup",
     "SELECT g.id AS pkid, g.name AS name, m.position AS priority, n.name AS processnode,"
     " n.id AS fkprocessnode FROM callmanager_group g"
     " LEFT JOIN group_member m ON m.group_id = g.id LEFT JOIN node n ON n.id = m.node"},
    {"devicepool",
     "SELECT p.id AS pkid, p.name AS name, g.name AS callmanagergroup,"
     " g.id AS fkcallmanagergroup, p.date_template AS datetemplate, p.time_zone AS timezone,"
     " p.olson_zone AS olsontimezone, p.user_locale AS userlocale,"
     " p.network_locale AS networklocale, p.ntp AS ntp"
     " FROM pool p JOIN callmanager_group g ON g.id = p.group_id"},
    {"securityprofile",
     "SELECT id AS pkid, name, model, CASE protocol WHEN 0 THEN 'SCCP' ELSE 'SIP' END"
     " AS deviceprotocol, mode AS devicesecuritymode, " YES_NO(
         "tftp_encrypted", "tftpencrypted") ", capf_auth AS capfauthmode,"
                                            " key_size AS keysize, curve, " YES_NO(
                                                "built_in", "builtin") " FROM profile"},
    {"device",
     "SELECT d.id AS pkid, d.name AS name, d.description AS description, d.model AS model,"
     " s.deviceprotocol AS deviceprotocol, s.devicesecuritymode AS devicesecuritymode,"
     " s.name AS securityprofile, s.pkid AS fksecurityprofile, p.name AS devicepool,"
     " p.id AS fkdevicepool, d.load AS specialloadinformation,"
     " d.version_stamp AS versionstamp, c.seen AS lastseen, c.address AS lastaddress"
     " FROM phone d JOIN securityprofile s ON s.pkid = d.profile JOIN pool p ON p.id = d.pool"
     " LEFT JOIN phone_contact c ON c.phone = d.id"},
    {"numplan", "SELECT l.number AS dnorpattern, d.name AS device, d.id AS fkdevice,"
                " l.position AS numplanindex, l.label AS label"
                " FROM phone_line l JOIN phone d ON d.id = l.phone"},
    {"certificate",
     "SELECT c.name AS name, n.name AS servername, c.subject AS subjectname,"
     " c.issuer AS issuername, c.serial AS serialnumber, c.not_after AS notafter,"
     " CASE c.state WHEN 0 THEN 'active' ELSE 'retired' END AS state,"
     " CASE c.source WHEN 0 THEN 'self-signed' ELSE 'imported' END AS source, c.name AS unit,"
     " c.created AS created FROM own_certificate c JOIN node n ON n.id = c.node"
     " UNION ALL SELECT file, '', subject, issuer, serial, not_after, 'trusted', 'imported',"
     " purpose, created FROM trusted_certificate"},
    {NULL, NULL},
};

const struct schema schema_current = {
    .steps = steps,
    .count = sizeof steps / sizeof *steps,
    .views = views,
};
