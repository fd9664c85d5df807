/* sccp_station: layouts of registration, and of what a phone shows and is. */
#include "wire/sccp_layout.h"

/* ---- registration ---- */

static const struct sccp_field register_req[] = {
    {TEXT(register_req.device, 16)},        {U32(register_req.user)},
    {U32(register_req.instance)},           {BYTES(register_req.address, 4)},
    {U32(register_req.device_type)},        {U32(register_req.max_streams)},
    {U32(register_req.active_streams)},     {U8(register_req.version)},
    {BYTES(register_req.features, 3)},      {U32(register_req.max_conferences)},
    {U32(register_req.active_conferences)}, {CHARACTERS(register_req.mac, 12)},
    {U32(register_req.address_scope)},      {U32(register_req.max_lines)},
    {BYTES(register_req.address6, 16)},     {U32(register_req.address6_scope)},
    {TEXT(register_req.load, 32)},          {TEXT(register_req.config_stamp, 48)},
};

static const struct sccp_field register_ack[] = {
    {U32(register_ack.keep_alive)},         {TEXT(register_ack.date_format, 8)},
    {U32(register_ack.keep_alive_standby)}, {U8(register_ack.version)},
    {BYTES(register_ack.features, 3)},
};

static const struct sccp_field register_reject[] = {{TEXT(register_reject.text, 32)}};

static const struct sccp_field alarm[] = {
    {U32(alarm.severity)},
    {TEXT(alarm.text, 80)},
    {U32(alarm.parameter1)},
    {U32(alarm.parameter2)},
};

static const struct sccp_field ip_port[] = {{U32(ip_port.port)}};
static const struct sccp_field unregister[] = {{U32(unregister.reason)}};
static const struct sccp_field unregister_ack[] = {{U32(unregister_ack.status)}};

static const struct sccp_field token_req[] = {
    {TEXT(token_req.device, 16)},  {U32(token_req.user)},        {U32(token_req.instance)},
    {BYTES(token_req.address, 4)}, {U32(token_req.device_type)}, {BYTES(token_req.address6, 16)},
    {U32(token_req.flags)},
};
static const struct sccp_field spcp_token_req[] = {
    {TEXT(token_req.device, 16)},  {U32(token_req.user)},        {U32(token_req.instance)},
    {BYTES(token_req.address, 4)}, {U32(token_req.device_type)}, {U32(token_req.max_streams)},
};
static const struct sccp_field spcp_token_ack[] = {{U32(token_ack.features)}};
static const struct sccp_field token_reject[] = {{U32(token_reject.wait)}};

static const struct sccp_field reset[] = {{U32(reset.type)}};
static const struct sccp_field version[] = {{TEXT(version.load, 16)}};

static const struct sccp_field server_name[] = {{SLOT_TEXT(struct sccp_server_slot, name, 48)}};
static const struct sccp_field server_port[] = {{SLOT_U32(struct sccp_server_slot, port)}};
static const struct sccp_field server_ipv4[] = {
    {.type = FIELD_IPV4, .at = offsetof(struct sccp_server_slot, address)}};
static const struct sccp_field server_address[] = {
    {.type = FIELD_ADDRESS, .at = offsetof(struct sccp_server_slot, address)}};
static const struct sccp_field server[] = {
    {GROUP(server.servers, SCCP_SERVERS, server_name)},
    {GROUP(server.servers, SCCP_SERVERS, server_port)},
    {GROUP(server.servers, SCCP_SERVERS, server_ipv4), UNTIL(16)},
    {GROUP(server.servers, SCCP_SERVERS, server_address), SINCE(17)},
};

static const struct sccp_field config_stat[] = {
    {TEXT(config_stat.device, 16)},      {U32(config_stat.user)},
    {U32(config_stat.instance)},         {TEXT(config_stat.user_name, 40)},
    {TEXT(config_stat.server_name, 40)}, {U32(config_stat.lines)},
    {U32(config_stat.speed_dials)},
};

static const struct sccp_field available_lines[] = {{U32(available_lines.lines)}};

static const struct sccp_field capability[] = {
    {SLOT_U32(struct sccp_capability, codec)},
    {SLOT_U32(struct sccp_capability, max_frames)},
    {SLOT_BYTES(struct sccp_capability, parameters, 8)},
};
static const struct sccp_field capabilities[] = {
    {COUNT(capabilities.count)},
    {GROUP(capabilities.codecs, SCCP_CAPABILITIES, capability)},
};

/* ---- buttons, soft keys ---- */

static const struct sccp_field button[] = {
    {SLOT_U8(struct sccp_button_slot, instance)},
    {SLOT_U8(struct sccp_button_slot, type)},
};
static const struct sccp_field button_template[] = {
    {U32(button_template.offset)},
    {COUNT(button_template.count)},
    {U32(button_template.total)},
    {GROUP(button_template.buttons, SCCP_BUTTONS, button)},
};

static const struct sccp_field soft_key[] = {
    {SLOT_TEXT(struct sccp_soft_key, label, 16)},
    {SLOT_U32(struct sccp_soft_key, event)},
};
static const struct sccp_field soft_key_template[] = {
    {U32(soft_key_template.offset)},
    {COUNT(soft_key_template.count)},
    {U32(soft_key_template.total)},
    {GROUP(soft_key_template.keys, SCCP_SOFT_KEYS, soft_key)},
};

static const struct sccp_field info[] = {{.type = FIELD_U16}};
static const struct sccp_field soft_key_set[] = {
    {SLOT_BYTES(struct sccp_soft_key_set, key, SCCP_SOFT_KEYS_PER_SET)},
    {SLOT_GROUP(struct sccp_soft_key_set, info, SCCP_SOFT_KEYS_PER_SET, info)},
};
static const struct sccp_field soft_key_sets[] = {
    {U32(soft_key_sets.offset)},
    {COUNT(soft_key_sets.count)},
    {U32(soft_key_sets.total)},
    {GROUP(soft_key_sets.sets, SCCP_SOFT_KEY_SETS, soft_key_set)},
};

static const struct sccp_field select_soft_keys[] = {
    {U32(select_soft_keys.line)},
    {U32(select_soft_keys.call)},
    {U32(select_soft_keys.set)},
    {U32(select_soft_keys.mask)},
};

/* ---- lines and other buttons ---- */

static const struct sccp_field request[] = {{U32(request.index)}};
static const struct sccp_field feature_request[] = {
    {U32(request.index)},
    {U32(request.capabilities)},
};

static const struct sccp_field line_stat[] = {
    {U32(line_stat.line)},       {TEXT(line_stat.number, 24)}, {TEXT(line_stat.name, 40)},
    {TEXT(line_stat.label, 40)}, {U32(line_stat.options)},
};
static const struct sccp_field line_stat_v2[] = {
    {U32(line_stat.line)},    {U32(line_stat.options)},  {STRING(line_stat.number)},
    {STRING(line_stat.name)}, {STRING(line_stat.label)},
};

#define FORWARD(which)                                                                  \
    {U32(forward_stat.which.active)}, {TEXT(forward_stat.which.number, 24), UNTIL(18)}, \
    {                                                                                   \
        TEXT(forward_stat.which.number, 25), SINCE(19)                                  \
    }
static const struct sccp_field forward_stat[] = {
    {U32(forward_stat.active)}, {U32(forward_stat.line)}, FORWARD(all), FORWARD(busy),
    FORWARD(no_answer),
};

static const struct sccp_field speed_dial_stat[] = {
    {U32(speed_dial_stat.index)},
    {TEXT(speed_dial_stat.number, 24)},
    {TEXT(speed_dial_stat.name, 40)},
};
static const struct sccp_field speed_dial_stat_v2[] = {
    {U32(speed_dial_stat.index)},
    {STRING(speed_dial_stat.number)},
    {STRING(speed_dial_stat.name)},
};

static const struct sccp_field feature_stat[] = {
    {U32(feature_stat.index)},
    {U32(feature_stat.type)},
    {TEXT(feature_stat.label, 40)},
    {U32(feature_stat.status)},
};
static const struct sccp_field feature_stat_v2[] = {
    {U32(feature_stat.index)},
    {U32(feature_stat.type)},
    {U32(feature_stat.status)},
    {STRING(feature_stat.label)},
};

static const struct sccp_field service_url[] = {
    {U32(service_url.index)},
    {TEXT(service_url.url, 256)},
    {TEXT(service_url.name, 40)},
};
static const struct sccp_field service_url_v2[] = {
    {U32(service_url.index)},
    {STRING(service_url.url)},
    {STRING(service_url.name)},
};

static const struct sccp_field time_date[] = {
    {U32(time_date.year)},   {U32(time_date.month)},       {U32(time_date.weekday)},
    {U32(time_date.day)},    {U32(time_date.hour)},        {U32(time_date.minute)},
    {U32(time_date.second)}, {U32(time_date.millisecond)}, {U32(time_date.unix_time)},
};

static const struct sccp_field subscription_req[] = {
    {U32(subscription_req.transaction)},
    {U32(subscription_req.feature)},
    {U32(subscription_req.timer)},
    {TEXT(subscription_req.subscription, 64)},
};
static const struct sccp_field subscription[] = {
    {U32(subscription.transaction)},
    {U32(subscription.feature)},
    {U32(subscription.timer)},
    {U32(subscription.cause)},
};

/* ---- data of applications ---- */

static const struct sccp_field user_data[] = {
    {U32(user_data.application)}, {U32(user_data.line)},    {U32(user_data.call)},
    {U32(user_data.transaction)}, {LENGTH(user_data.data)}, {DATA(user_data.data)},
};
static const struct sccp_field user_data_v1[] = {
    {U32(user_data.application)},      {U32(user_data.line)},       {U32(user_data.call)},
    {U32(user_data.transaction)},      {LENGTH(user_data.data)},    {U32(user_data.sequence)},
    {U32(user_data.display_priority)}, {U32(user_data.conference)}, {U32(user_data.instance)},
    {U32(user_data.routing)},          {DATA(user_data.data)},
};

/* Read, never written: nobody knows which phones want it. */
#define NEVER .from = SCCP_VERSION_MAX + 1

static const struct sccp_layout layouts[] = {
    {PHONE(SCCP_KEEP_ALIVE, "KeepAlive"), .unversioned = true},
    {PHONE(SCCP_REGISTER_REQ, "RegisterReq"), .unversioned = true, FIELDS(register_req)},
    {PHONE(SCCP_IP_PORT, "IpPort"), FIELDS(ip_port)},
    {PHONE(SCCP_FORWARD_STAT_REQ, "ForwardStatReq"), FIELDS(request)},
    {PHONE(SCCP_SPEED_DIAL_STAT_REQ, "SpeedDialStatReq"), FIELDS(request)},
    {PHONE(SCCP_LINE_STAT_REQ, "LineStatReq"), FIELDS(request)},
    {PHONE(SCCP_CONFIG_STAT_REQ, "ConfigStatReq")},
    {PHONE(SCCP_TIME_DATE_REQ, "TimeDateReq")},
    {PHONE(SCCP_BUTTON_TEMPLATE_REQ, "ButtonTemplateReq")},
    {PHONE(SCCP_VERSION_REQ, "VersionReq")},
    {PHONE(SCCP_CAPABILITIES_RES, "CapabilitiesRes"), FIELDS(capabilities)},
    {PHONE(SCCP_SERVER_REQ, "ServerReq")},
    {PHONE(SCCP_ALARM, "Alarm"), .unversioned = true, FIELDS(alarm)},
    {PHONE(SCCP_SOFT_KEY_SET_REQ, "SoftKeySetReq")},
    {PHONE(SCCP_UNREGISTER, "Unregister"), FIELDS(unregister)},
    {PHONE(SCCP_SOFT_KEY_TEMPLATE_REQ, "SoftKeyTemplateReq")},
    {PHONE(SCCP_REGISTER_TOKEN_REQ, "RegisterTokenReq"), .unversioned = true, FIELDS(token_req)},
    {PHONE(SCCP_REGISTER_AVAILABLE_LINES, "RegisterAvailableLines"), FIELDS(available_lines)},
    {PHONE(SCCP_DEVICE_TO_USER_DATA, "DeviceToUserData"), FIELDS(user_data)},
    {PHONE(SCCP_DEVICE_TO_USER_DATA_RESPONSE, "DeviceToUserDataResponse"), FIELDS(user_data)},
    {PHONE(SCCP_UPDATE_CAPABILITIES, "UpdateCapabilities")},
    {PHONE(SCCP_SERVICE_URL_STAT_REQ, "ServiceURLStatReq"), FIELDS(request)},
    {PHONE(SCCP_FEATURE_STAT_REQ, "FeatureStatReq"), FIELDS(feature_request)},
    {PHONE(SCCP_DEVICE_TO_USER_DATA_V1, "DeviceToUserDataVersion1"), FIELDS(user_data_v1)},
    {PHONE(SCCP_DEVICE_TO_USER_DATA_RESPONSE_V1, "DeviceToUserDataResponseVersion1"),
     FIELDS(user_data_v1)},
    {PHONE(SCCP_UPDATE_CAPABILITIES_V2, "UpdateCapabilitiesV2")},
    {PHONE(SCCP_UPDATE_CAPABILITIES_V3, "UpdateCapabilitiesV3")},
    {PHONE(SCCP_SUBSCRIPTION_STAT_REQ, "SubscriptionStatReq"), FIELDS(subscription_req)},
    {PHONE(SCCP_ACCESSORY_STATUS, "AccessoryStatus")},
    {PHONE(SCCP_MEDIA_PATH_CAPABILITY, "MediaPathCapability")},
    {PHONE(SCCP_LOCATION_INFO, "LocationInfo")},
    {PHONE(SCCP_EXTENSION_DEVICE_CAPS, "ExtensionDeviceCaps")},
    {PHONE(SCCP_XML_ALARM, "XMLAlarm")},
    {PHONE(SCCP_SPCP_TOKEN_REQ, "SPCPRegisterTokenReq"), .unversioned = true,
     FIELDS(spcp_token_req)},

    {SERVES(SCCP_REGISTER_ACK, "RegisterAck"), .unversioned = true, FIELDS(register_ack)},
    {SERVES(SCCP_FORWARD_STAT, "ForwardStat"), FIELDS(forward_stat)},
    {SERVES(SCCP_SPEED_DIAL_STAT, "SpeedDialStat"), FIELDS(speed_dial_stat)},
    {NEWER(0x0149, SCCP_SPEED_DIAL_STAT, "SpeedDialStat"), NEVER, FIELDS(speed_dial_stat_v2)},
    {SERVES(SCCP_LINE_STAT, "LineStat"), UNTIL(16), FIELDS(line_stat)},
    {NEWER(0x0147, SCCP_LINE_STAT, "LineStat"), SINCE(17), FIELDS(line_stat_v2)},
    {SERVES(SCCP_CONFIG_STAT, "ConfigStat"), FIELDS(config_stat)},
    {SERVES(SCCP_TIME_DATE, "DefineTimeDate"), FIELDS(time_date)},
    {SERVES(SCCP_BUTTON_TEMPLATE, "ButtonTemplate"), FIELDS(button_template)},
    {SERVES(SCCP_VERSION, "Version"), FIELDS(version)},
    {SERVES(SCCP_CAPABILITIES_REQ, "CapabilitiesReq")},
    {SERVES(SCCP_REGISTER_REJECT, "RegisterReject"), .unversioned = true, FIELDS(register_reject)},
    {SERVES(SCCP_SERVER, "ServerRes"), FIELDS(server)},
    {SERVES(SCCP_RESET, "Reset"), FIELDS(reset)},
    {SERVES(SCCP_KEEP_ALIVE_ACK, "KeepAliveAck"), .unversioned = true},
    {SERVES(SCCP_SOFT_KEY_TEMPLATE, "SoftKeyTemplateRes"), FIELDS(soft_key_template)},
    {SERVES(SCCP_SOFT_KEY_SET, "SoftKeySetRes"), FIELDS(soft_key_sets)},
    {SERVES(SCCP_SELECT_SOFT_KEYS, "SelectSoftKeys"), FIELDS(select_soft_keys)},
    {SERVES(SCCP_UNREGISTER_ACK, "UnregisterAck"), .unversioned = true, FIELDS(unregister_ack)},
    {SERVES(SCCP_REGISTER_TOKEN_ACK, "RegisterTokenAck"), .unversioned = true},
    {SERVES(SCCP_REGISTER_TOKEN_REJECT, "RegisterTokenReject"), .unversioned = true,
     FIELDS(token_reject)},
    {SERVES(SCCP_USER_TO_DEVICE_DATA, "UserToDeviceData"), FIELDS(user_data)},
    {SERVES(SCCP_FEATURE_STAT, "FeatureStat"), FIELDS(feature_stat)},
    {NEWER(0x0146, SCCP_FEATURE_STAT, "FeatureStat"), NEVER, FIELDS(feature_stat_v2)},
    {SERVES(SCCP_SERVICE_URL_STAT, "ServiceURLStat"), FIELDS(service_url)},
    {NEWER(0x0148, SCCP_SERVICE_URL_STAT, "ServiceURLStat"), NEVER, FIELDS(service_url_v2)},
    {SERVES(SCCP_USER_TO_DEVICE_DATA_V1, "UserToDeviceDataVersion1"), FIELDS(user_data_v1)},
    {SERVES(SCCP_SUBSCRIPTION_STAT, "SubscriptionStat"), FIELDS(subscription)},
    {SERVES(SCCP_SPCP_TOKEN_ACK, "SPCPRegisterTokenAck"), .unversioned = true,
     FIELDS(spcp_token_ack)},
    {SERVES(SCCP_SPCP_TOKEN_REJECT, "SPCPRegisterTokenReject"), .unversioned = true,
     FIELDS(token_reject)},
};

const struct sccp_layouts sccp_station_layouts = {layouts, COUNT_OF(layouts)};
