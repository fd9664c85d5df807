/* Parameters, nodes, groups, pools and profiles. */
#include "backend.h"

/* ---- parameters ---- */

static void test_a_parameter_keeps_its_last_value(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    char value[PARAMETER_VALUE];
    assert_done(store_parameter_set(store, "ClusterSecurityMode", "0", &why));
    assert_done(store_parameter_set(store, "ClusterSecurityMode", "1", &why));
    assert_int_equal(store_parameter_get(store, "ClusterSecurityMode", value), 0);
    assert_string_equal(value, "1");
    assert_done(store_parameter_set(store, "ClusterSecurityMode", "", &why));
    assert_int_equal(store_parameter_get(store, "ClusterSecurityMode", value), 0);
    assert_string_equal(value, "");
}

static void test_a_default_does_not_replace_a_value(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    char value[PARAMETER_VALUE];
    assert_int_equal(store_parameter_default(store, "a", "first"), 0);
    assert_int_equal(store_parameter_default(store, "a", "second"), 0);
    assert_int_equal(store_parameter_get(store, "a", value), 0);
    assert_string_equal(value, "first");
    assert_done(store_parameter_set(store, "b", "mine", &why));
    assert_int_equal(store_parameter_default(store, "b", "default"), 0);
    assert_int_equal(store_parameter_get(store, "b", value), 0);
    assert_string_equal(value, "mine");
}

static void test_an_unknown_parameter_is_not_found(void **state)
{
    (void)state;
    char value[PARAMETER_VALUE] = "unchanged";
    assert_int_equal(store_parameter_get(store, "nothing", value), ERR_NOT_FOUND);
    assert_string_equal(value, "unchanged");
}

static void test_parameters_too_long_or_not_utf8_are_refused(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    char text[PARAMETER_VALUE + 1];
    memset(text, 'x', sizeof text - 1);
    text[PARAMETER_VALUE] = '\0';
    assert_refused(store_parameter_set(store, "a", text, &why), ERR_LIMIT, "512 bytes; 511");
    assert_refused(store_parameter_set(store, text, "1", &why), ERR_LIMIT, "name of the parameter");
    assert_refused(store_parameter_set(store, "", "1", &why), ERR_USAGE, "empty");
    assert_refused(store_parameter_set(store, "a", "M\xfcnchen", &why), ERR_FORMAT,
                   "M\\xfcnchen\" is not UTF-8");
    text[PARAMETER_VALUE - 1] = '\0';
    char value[PARAMETER_VALUE];
    assert_done(store_parameter_set(store, "a", text, &why));
    assert_int_equal(store_parameter_get(store, "a", value), 0);
    assert_string_equal(value, text);
    assert_int_equal(store_parameter_default(store, "", "1"), ERR_USAGE);
    assert_non_null(strstr(store_words(store, ERR_USAGE), "empty"));
}

static int append_parameter(void *context, const char *name, const char *value)
{
    buffer_format(context, "%s=%s ", name, value);
    return 0;
}

static int stop_at_once(void *context, const char *name, const char *value)
{
    (void)name;
    (void)value;
    ++*(int *)context;
    return ERR_NOT_FOUND;
}

static void test_parameters_are_listed_by_name_and_a_walk_ends_with_its_callback(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b;
    buffer_init(&b, 1000);
    assert_done(store_parameter_set(store, "b", "2", &why));
    assert_done(store_parameter_set(store, "a", "1", &why));
    assert_int_equal(store_parameters(store, append_parameter, &b), 0);
    assert_string_equal(buffer_string(&b), "a=1 b=2 ");
    int calls = 0;
    assert_int_equal(store_parameters(store, stop_at_once, &calls), ERR_NOT_FOUND);
    assert_int_equal(calls, 1);
    buffer_fini(&b);
}

/* ---- nodes ---- */

static int append_node(void *context, const struct store_node *node)
{
    buffer_format(context, "%s/%s/%u/%d ", node->name, node->address, node->port_offset,
                  node->publisher);
    return 0;
}

static void test_nodes_come_with_the_publisher_first(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b;
    buffer_init(&b, 1000);
    const struct store_node publisher = {
        .name = "pub", .address = "2001:db8::1", .port_offset = 10000, .publisher = true};
    const struct store_node subscriber = {.name = "sub", .address = "192.0.2.2"};
    assert_done(store_node_add(store, &publisher, &why));
    assert_done(store_node_add(store, &subscriber, &why));
    assert_int_equal(store_nodes(store, append_node, &b), 0);
    assert_string_equal(buffer_string(&b), "pub/2001:db8::1/10000/1 sub/192.0.2.2/0/0 ");
    buffer_fini(&b);
}

static void test_a_second_node_of_a_name_or_second_publisher_is_refused(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    fill_store();
    const struct store_node same = {.name = "pub", .address = "192.0.2.9"};
    const struct store_node rival = {.name = "rival", .address = "192.0.2.9", .publisher = true};
    const struct store_node nowhere = {.name = "nowhere"};
    assert_refused(store_node_add(store, &same, &why), ERR_DUPLICATE, "a node pub already");
    assert_refused(store_node_add(store, &rival, &why), ERR_DUPLICATE, "pub is the publisher");
    assert_refused(store_node_add(store, &nowhere, &why), ERR_USAGE,
                   "address of the node is empty");
    struct store_node found;
    assert_int_equal(store_node_get(store, "rival", &found), ERR_NOT_FOUND);
}

static void test_a_node_is_updated_by_its_id(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    fill_store();
    struct store_node node;
    assert_int_equal(store_node_get(store, "pub", &node), 0);
    text_copy(node.name, sizeof node.name, "renamed");
    text_copy(node.address, sizeof node.address, "192.0.2.77");
    assert_done(store_node_update(store, &node, &why));
    struct store_node found;
    assert_int_equal(store_node_get(store, "pub", &found), ERR_NOT_FOUND);
    assert_int_equal(store_node_get(store, "renamed", &found), 0);
    assert_int_equal(found.id, node.id);
    assert_string_equal(found.address, "192.0.2.77");
    assert_true(found.publisher);
    const struct store_node other = {.name = "other", .address = "192.0.2.3"};
    assert_done(store_node_add(store, &other, &why));
    text_copy(node.name, sizeof node.name, "other");
    assert_refused(store_node_update(store, &node, &why), ERR_DUPLICATE, "another node other");
    node.id = 4711;
    node.publisher = false;
    text_copy(node.name, sizeof node.name, "ghost");
    assert_refused(store_node_update(store, &node, &why), ERR_NOT_FOUND, "4711");
}

/* ---- groups ---- */

static struct store_group group_of(const char *name, const char *a, const char *b, const char *c)
{
    const char *const members[] = {a, b, c};
    struct store_group group = {.count = 0};
    text_copy(group.name, sizeof group.name, name);
    for (size_t i = 0; i < GROUP_MEMBERS_MAX && members[i]; i++, group.count++)
        text_copy(group.members[i].name, NODE_NAME, members[i]);
    return group;
}

static void test_a_group_keeps_the_order_of_its_nodes(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    fill_store();
    const struct store_node two = {.name = "two", .address = "192.0.2.2", .port_offset = 5};
    const struct store_node three = {.name = "three", .address = "192.0.2.3"};
    assert_done(store_node_add(store, &two, &why));
    assert_done(store_node_add(store, &three, &why));
    struct store_group group = group_of("G", "three", "pub", "two");
    struct store_group found;
    assert_done(store_group_put(store, &group, &why));
    assert_int_equal(store_group_get(store, "G", &found), 0);
    assert_int_equal(found.count, 3);
    assert_string_equal(found.members[0].name, "three");
    assert_string_equal(found.members[1].name, "pub");
    assert_true(found.members[1].publisher);
    assert_string_equal(found.members[2].address, "192.0.2.2");
    assert_int_equal(found.members[2].port_offset, 5);
    group = group_of("G", "two", NULL, NULL);
    assert_done(store_group_put(store, &group, &why));
    assert_int_equal(store_group_get(store, "G", &found), 0);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.members[0].name, "two");
    group = group_of("empty", NULL, NULL, NULL);
    assert_done(store_group_put(store, &group, &why));
    assert_int_equal(store_group_get(store, "empty", &found), 0);
    assert_int_equal(found.count, 0);
}

static void test_a_group_with_a_wrong_node_stays_as_it_was(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    fill_store();
    struct store_group found;
    struct store_group wrong = group_of("Default", "pub", "ghost", NULL);
    assert_refused(store_group_put(store, &wrong, &why), ERR_NOT_FOUND, "\"ghost\"");
    wrong = group_of("Default", "pub", "pub", NULL);
    assert_refused(store_group_put(store, &wrong, &why), ERR_DUPLICATE, "pub is named twice");
    wrong.count = GROUP_MEMBERS_MAX + 1;
    assert_refused(store_group_put(store, &wrong, &why), ERR_LIMIT, "at most 3");
    assert_int_equal(store_group_get(store, "Default", &found), 0);
    assert_int_equal(found.count, 1);
    assert_int_equal(store_group_get(store, "none", &found), ERR_NOT_FOUND);
    /* Not even its name stays of a new one. */
    wrong = group_of("new", "ghost", NULL, NULL);
    assert_refused(store_group_put(store, &wrong, &why), ERR_NOT_FOUND, "ghost");
    assert_int_equal(store_group_get(store, "new", &found), ERR_NOT_FOUND);
}

/* ---- pools ---- */

static int append_pool(void *context, const struct store_pool *pool)
{
    buffer_format(context, "%s/%s ", pool->name, pool->group);
    return 0;
}

static void test_a_pool_is_added_and_replaced(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    fill_store();
    struct store_pool pool = {.name = "Vienna",
                              .group = "Default",
                              .date_template = "D.M.Y",
                              .time_zone = "W. Europe Standard/Daylight Time",
                              .olson_zone = "Europe/Vienna",
                              .user_locale = "German_Austria",
                              .network_locale = "Austria",
                              .ntp = "192.0.2.123"};
    struct store_pool found;
    struct buffer b;
    buffer_init(&b, 1000);
    assert_done(store_pool_put(store, &pool, &why));
    assert_int_equal(store_pool_get(store, "Vienna", &found), 0);
    assert_memory_equal(&found, &pool, sizeof pool);
    text_copy(pool.ntp, sizeof pool.ntp, "");
    assert_done(store_pool_put(store, &pool, &why));
    assert_int_equal(store_pool_get(store, "Vienna", &found), 0);
    assert_string_equal(found.ntp, "");
    assert_int_equal(store_pools(store, append_pool, &b), 0);
    assert_string_equal(buffer_string(&b), "Default/Default Vienna/Default ");
    buffer_fini(&b);
}

static void test_a_pool_needs_its_group(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_pool pool = {.name = "Vienna", .group = "none"};
    struct store_pool found;
    assert_refused(store_pool_put(store, &pool, &why), ERR_NOT_FOUND, "group \"none\"");
    assert_int_equal(store_pool_get(store, "Vienna", &found), ERR_NOT_FOUND);
    pool.name[0] = '\0';
    assert_refused(store_pool_put(store, &pool, &why), ERR_USAGE, "empty");
}

/* ---- profiles ---- */

static int append_profile(void *context, const struct store_profile *profile)
{
    buffer_format(context, "%s ", profile->name);
    return 0;
}

static void test_a_profile_is_read_as_it_was_added(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b;
    struct store_profile found;
    const struct store_profile profile = {.name = "Cisco 7975 - Secure",
                                          .model = "7975",
                                          .protocol = PROTOCOL_SIP,
                                          .mode = MODE_ENCRYPTED,
                                          .tftp_encrypted = true,
                                          .capf_auth = CAPF_AUTH_LSC,
                                          .curve = 384};
    fill_store();
    assert_done(store_profile_add(store, &profile, &why));
    assert_int_equal(store_profile_get(store, profile.name, &found), 0);
    assert_string_equal(found.model, "7975");
    assert_int_equal(found.protocol, PROTOCOL_SIP);
    assert_int_equal(found.mode, MODE_ENCRYPTED);
    assert_true(found.tftp_encrypted);
    assert_int_equal(found.capf_auth, CAPF_AUTH_LSC);
    assert_int_equal(found.key_size, 0);
    assert_int_equal(found.curve, 384);
    assert_false(found.built_in);
    buffer_init(&b, 1000);
    assert_int_equal(store_profiles(store, append_profile, &b), 0);
    assert_string_equal(buffer_string(&b), "Cisco 7975 - Secure Default ");
    buffer_fini(&b);
}

static void test_a_profile_in_use_or_built_in_is_not_deleted(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    fill_store();
    struct store_profile built_in = {
        .name = "B", .model = "any", .mode = 1, .capf_auth = 1, .built_in = true};
    assert_done(store_profile_add(store, &built_in, &why));
    assert_refused(store_profile_delete(store, "B", &why), ERR_POLICY, "built in");
    assert_refused(store_profile_delete(store, "Default", &why), ERR_POLICY,
                   "in use by 1 phone (" PHONE ")");
    assert_done(store_device_delete(store, PHONE, &why));
    assert_done(store_profile_delete(store, "Default", &why));
    assert_refused(store_profile_delete(store, "Default", &why), ERR_NOT_FOUND, "\"Default\"");
}

static void test_wrong_profiles_are_refused(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    fill_store();
    struct store_profile profile = {.name = "Default", .model = "any", .mode = 1, .capf_auth = 1};
    struct store_profile found;
    assert_refused(store_profile_add(store, &profile, &why), ERR_DUPLICATE, "\"Default\" already");
    text_copy(profile.name, sizeof profile.name, "new");
    profile.mode = (enum device_mode)4;
    assert_refused(store_profile_add(store, &profile, &why), ERR_USAGE, "outside what is allowed");
    profile.mode = MODE_ENCRYPTED;
    profile.model[0] = '\0';
    assert_refused(store_profile_add(store, &profile, &why), ERR_USAGE, "model of the profile");
    assert_int_equal(store_profile_get(store, "new", &found), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_STORE(test_a_parameter_keeps_its_last_value),
        IN_STORE(test_a_default_does_not_replace_a_value),
        IN_STORE(test_an_unknown_parameter_is_not_found),
        IN_STORE(test_parameters_too_long_or_not_utf8_are_refused),
        IN_STORE(test_parameters_are_listed_by_name_and_a_walk_ends_with_its_callback),
        IN_STORE(test_nodes_come_with_the_publisher_first),
        IN_STORE(test_a_second_node_of_a_name_or_second_publisher_is_refused),
        IN_STORE(test_a_node_is_updated_by_its_id),
        IN_STORE(test_a_group_keeps_the_order_of_its_nodes),
        IN_STORE(test_a_group_with_a_wrong_node_stays_as_it_was),
        IN_STORE(test_a_pool_is_added_and_replaced),
        IN_STORE(test_a_pool_needs_its_group),
        IN_STORE(test_a_profile_is_read_as_it_was_added),
        IN_STORE(test_a_profile_in_use_or_built_in_is_not_deleted),
        IN_STORE(test_wrong_profiles_are_refused),
    };
    return RUN(tests);
}
